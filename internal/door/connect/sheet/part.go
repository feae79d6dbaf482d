package sheet

import (
	"slices"
	"strings"
	"unicode"
)

// What a heading says that holds a known one and more: "amount total" is an amount, "customer note" is no customer.

// otherThings are words that, beside a known heading, make another thing of it.
var otherThings = wordSet(`note notes notiz comment comments kommentar bemerkung message age alter type typ group gruppe segment size groesse line zeile position pos
	item items mail email rating rank score income margin marge profit gewinn method methode image bild url link weight gewicht brand marke gender geschlecht version
	hash token flag tax taxes steuer fee gebuehr discount rabatt refund refunded label level tier class klasse length lenght days day tage dow hour week month year
	since prior birth geburt merchant seller supplier vendor lieferant hersteller parent last letzte letzter letztes previous next modified updated geaendert
	percent percentage prozent channel iban bic change changed disc measure unit
	priority prioritaet mode risk card giftcard tracking`)

// keyWords name what identifies something: beside a heading of words they make a key of it.
var keyWords = wordSet(`id ids key code nr no number nummer`)

// timeWords name a date: beside the heading of a key or an amount they make a date of it.
var timeWords = wordSet(`date datum dt time zeit timestamp zeitstempel uhrzeit day`)

// wayWords tell of the way of a parcel: a date or state beside them is not that of the order.
var wayWords = wordSet(`ship shipped shipping versand versendet delivery delivered lieferung carrier fulfilled expiry expiration expire cancelled canceled storniert paid refund tax`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// wordsOf cuts a heading into its words, folded: at signs and blanks, and where small letters turn large (orderDate).
func wordsOf(heading string) []string {
	var words []string
	var word []rune
	end := func() {
		if w := fold(string(word)); w != "" {
			words = append(words, w)
		}
		word = word[:0]
	}
	for _, r := range heading {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && len(word) > 0 && unicode.IsLower(word[len(word)-1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}

// without takes the words of a known heading off one end of others; ok is false where they do not end there, as in CUSTOMERAGE.
func without(words []string, known string, front bool) (rest []string, ok bool) {
	joined := ""
	for i := range words {
		if front {
			joined += words[i]
			rest = words[i+1:]
		} else {
			joined = words[len(words)-1-i] + joined
			rest = words[:len(words)-1-i]
		}
		if joined == known {
			return rest, true
		}
	}
	return nil, false
}

// spoils reports whether words beside a known heading of a field make another thing of it.
func spoils(f field, rest []string) bool {
	return slices.ContainsFunc(rest, func(w string) bool {
		switch {
		case otherThings[w]:
			return true
		case f.kind.dated() || f.kind == typeStatus:
			return wayWords[w] && f.name != "delivered" && f.name != "promised" && f.name != "end" || f.kind == typeStatus && keyWords[w]
		case timeWords[w]:
			return true
		case f.kind == typeWords || f.kind == typeMail || f.kind == typeCountry:
			return keyWords[w] && f.name != "zip" && f.name != "country" && f.name != "phone"
		}
		return false
	})
}

// shortFields may be told by a short word at the end of a heading, or at its beginning: MailingCity, Ort geschäftlich.
var shortFields = []string{"date", "city", "zip", "country", "email", "phone"}

// partOf finds the field of a heading that begins or ends with a known one. The end weighs more: in English as in German a word says
// there what it is.
func (s *synonyms) partOf(k Kind, key string, words []string) []candidate {
	for _, front := range [...]bool{false, true} {
		for _, h := range s.long {
			if front && strings.HasPrefix(key, h) || !front && strings.HasSuffix(key, h) {
				return s.unspoilt(k, key, h, words, front)
			}
		}
	}
	for _, front := range [...]bool{false, true} {
		if len(words) < 2 {
			break
		}
		h := words[len(words)-1]
		if front {
			h = words[0]
		}
		if len(h) < 3 || len(h) > 4 {
			continue
		}
		for _, c := range s.unspoilt(k, key, h, words, front) {
			if slices.Contains(shortFields, c.field) {
				return []candidate{c}
			}
		}
	}
	return nil
}

// unspoilt are the fields of a known heading of which the words beside it do not make another thing.
func (s *synonyms) unspoilt(k Kind, key, known string, words []string, front bool) []candidate {
	rest, ok := without(words, known, front)
	if !ok { // one word, as in ORDERLINENUMBER: what is left of it is looked at as a whole and by its ends
		left := strings.TrimSuffix(key, known)
		if front {
			left = strings.TrimPrefix(key, known)
		}
		rest = []string{left}
		for w := range otherThings {
			if len(w) >= 4 && (strings.HasPrefix(left, w) || strings.HasSuffix(left, w)) {
				rest = append(rest, w)
			}
		}
	}
	var all []candidate
	for _, c := range s.exact[known] {
		if f, _, _ := fieldNamed(k, c.field); !spoils(f, rest) {
			all = append(all, candidate{c.field, c.score * (0.5 + 0.2*float64(len(known))/float64(len(key)))})
		}
	}
	return all
}

// outsideBrackets is a heading without what stands in brackets, which tells a unit or says more: Betrag (EUR), Created (UTC).
func outsideBrackets(heading string) string {
	from := strings.IndexAny(heading, "([")
	if from <= 0 {
		return heading
	}
	to := strings.IndexAny(heading[from:], ")]")
	if to < 0 {
		return heading[:from]
	}
	return heading[:from] + heading[from+to+1:]
}
