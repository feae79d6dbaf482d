package customer

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxWord is how many letters of a word count in the search; what is longer is cut at writing and at asking.
const maxWord = 40

// Fold splits s into the words one searches by: lower case, without accents, letters and digits only, ß as ss. A word
// with ä, ö or ü comes twice, as mueller and as muller, so that every habit of writing it finds it. Folding a folded
// word changes nothing.
func Fold(s string) []string {
	var words []string
	for _, w := range foldWords(s) {
		words = append(words, w.wide)
		if w.narrow != w.wide {
			words = append(words, w.narrow)
		}
	}
	return words
}

// folded is one word in its two spellings: ä as ae, and ä as a. joined tells that no space stood before it.
type folded struct {
	wide, narrow string
	joined       bool
}

func foldWords(s string) []folded {
	if !isASCII(s) {
		s = norm.NFC.String(s)
	}
	f := folder{}
	for _, r := range s {
		f.add(r)
	}
	f.end()
	return f.words
}

// folder collects words letter by letter. The narrow spelling exists only from the first letter on that has one.
type folder struct {
	words        []folded
	wide, narrow []byte
	letters      int
	differs      bool
	joined       bool // the word under way follows the last without a space between
}

func (f *folder) add(r rune) {
	if r < utf8.RuneSelf {
		f.ascii(byte(r))
		return
	}
	r = unicode.ToLower(r)
	if wide, narrow := twoSpellings(r); wide != "" {
		f.letter(wide, narrow)
		return
	}
	for _, d := range norm.NFKD.String(string(r)) {
		if unicode.Is(unicode.Mn, d) {
			continue
		}
		d = unicode.ToLower(d)
		switch wide, narrow := twoSpellings(d); {
		case wide != "":
			f.letter(wide, narrow)
		case d < utf8.RuneSelf:
			f.ascii(byte(d))
		case unicode.IsLetter(d) || unicode.IsDigit(d):
			f.letter(string(d), string(d))
		default:
			f.end()
			f.joined = f.joined && !unicode.IsSpace(d)
		}
	}
}

func (f *folder) ascii(c byte) {
	switch {
	case 'A' <= c && c <= 'Z':
		c += 'a' - 'A'
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
	default:
		f.end()
		f.joined = f.joined && c > ' ' && c != ',' && c != ';'
		return
	}
	if f.letters++; f.letters > maxWord {
		return
	}
	f.wide = append(f.wide, c)
	if f.differs {
		f.narrow = append(f.narrow, c)
	}
}

func (f *folder) letter(wide, narrow string) {
	if f.letters++; f.letters > maxWord {
		return
	}
	if wide != narrow && !f.differs {
		f.differs = true
		f.narrow = append(f.narrow[:0], f.wide...)
	}
	f.wide = append(f.wide, wide...)
	if f.differs {
		f.narrow = append(f.narrow, narrow...)
	}
}

func (f *folder) end() {
	if len(f.wide) > 0 {
		w := folded{wide: cut(string(f.wide)), joined: f.joined}
		w.narrow = w.wide
		if f.differs {
			w.narrow = cut(string(f.narrow))
		}
		f.words = append(f.words, w)
		f.joined = true
	}
	f.wide, f.narrow, f.letters, f.differs = f.wide[:0], f.narrow[:0], 0, false
}

// twoSpellings are the letters that people replace by two, or by one; empty for all others.
func twoSpellings(r rune) (wide, narrow string) {
	switch r {
	case 'ä', 'æ':
		return "ae", "a"
	case 'ö', 'ø', 'œ':
		return "oe", "o"
	case 'ü':
		return "ue", "u"
	case 'å':
		return "aa", "a"
	case 'ß':
		return "ss", "ss"
	case 'ł':
		return "l", "l"
	case 'đ', 'ð':
		return "d", "d"
	case 'þ':
		return "th", "th"
	case 'ı':
		return "i", "i"
	case 'ς':
		return "σ", "σ"
	}
	return "", ""
}

func cut(word string) string {
	if len(word) <= maxWord {
		return word
	}
	n := 0
	for i := range word {
		if n == maxWord {
			return word[:i]
		}
		n++
	}
	return word
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// sortKey is the order of names in lists: folded, ä as ae (DIN 5007-2, the rule for lists of names).
func sortKey(s string) string {
	var b strings.Builder
	for i, w := range foldWords(s) {
		if b.Len()+len(w.wide) > 100 {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.wide)
	}
	return b.String()
}

// FoldMail brings a mail address into the form by which two are the same: lower case, the domain in its ASCII form, the local part
// in quotes where it needs them and only there (RFC 5321, 4.1.2). ok tells whether it can be an address at all; what cannot is
// returned trimmed and lower-cased.
func FoldMail(s string) (address string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "mailto:")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || !utf8.ValidString(s) {
		return s, false
	}
	local, domain := s[:at], s[at+1:]
	if local[0] == '"' {
		var isQuoted bool
		if local, isQuoted = foldQuoted(local); !isQuoted {
			return s, false
		}
	} else if !isDotAtom(local) {
		return s, false
	}
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return s, false
		}
		domain = ascii
	}
	return local + "@" + domain, isDomain(domain)
}

// isDotAtom tells whether a local part may stand without quotes.
func isDotAtom(local string) bool {
	return local != "" && local[0] != '.' && !strings.HasSuffix(local, ".") && !strings.Contains(local, "..") && !strings.ContainsFunc(local, notInLocalPart)
}

// foldQuoted reads a local part in quotes. One that needs none loses them, since "anna"@b.de and anna@b.de are the same mailbox.
func foldQuoted(local string) (folded string, ok bool) {
	if len(local) < 3 || local[len(local)-1] != '"' {
		return "", false
	}
	var plain, quoted strings.Builder
	escaped := false
	for _, c := range local[1 : len(local)-1] {
		switch {
		case c < ' ' || c >= 0x7f && c < 0xa0:
			return "", false
		case c == '\\' && !escaped:
			escaped = true
			continue
		case c == '"' && !escaped:
			return "", false
		}
		escaped = false
		if c == '"' || c == '\\' {
			quoted.WriteByte('\\')
		}
		plain.WriteRune(c)
		quoted.WriteRune(c)
	}
	if isDotAtom(plain.String()) {
		return plain.String(), !escaped
	}
	return `"` + quoted.String() + `"`, !escaped
}

func notInLocalPart(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
}

func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	for _, l := range labels {
		if len(l) == 0 || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	top := labels[len(labels)-1]
	return len(top) > 1 && (top[0] < '0' || top[0] > '9')
}

// NormalPhone reads a telephone number as people in region (a country code such as DE) write it and returns it in the
// international form +4940123456. number is empty when it cannot be one; valid tells whether such numbers are given out.
func NormalPhone(written, region string) (number string, valid bool) {
	if len(written) > 60 {
		return "", false
	}
	p, err := phonenumbers.Parse(written, region)
	if err != nil || !phonenumbers.IsPossibleNumber(p) {
		return "", false
	}
	return phonenumbers.Format(p, phonenumbers.E164), phonenumbers.IsValidNumber(p)
}
