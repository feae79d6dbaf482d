package customer

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/store"
	"stamm/internal/record/company"

	"github.com/nyaruka/phonenumbers"
)

// parseTerms reads what somebody typed: one number if there is nothing but digits and what people put between them,
// else word by word.
func parseTerms(ctx context.Context, tx *store.Tx, text string, sources []Source) ([]*term, error) {
	text = clean(text)
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	if digits, isNumber := onlyDigits(text); isNumber {
		t, err := numberTerm(ctx, tx, text, digits, sources)
		return []*term{t}, err
	}
	var terms []*term
	tokens := strings.Fields(text)
	if _, isMail := FoldMail(text); isMail { // in quotes it may hold blanks
		tokens = []string{text}
	}
	for _, token := range tokens {
		if len(terms) >= maxTerms {
			break
		}
		if len(tokens) > 1 && !strings.ContainsAny(token, "0123456789") { // among several words a number has digits
			terms = append(terms, tokenTerms(token, nil)...)
		} else {
			terms = append(terms, tokenTerms(token, sources)...)
		}
	}
	return terms[:min(len(terms), maxTerms)], nil
}

func onlyDigits(text string) (digits string, ok bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(" +-/().", r):
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// numberTerm finds customer numbers that begin so, as typed; our own number; telephone numbers that begin so, with
// the country or as one dials them at home; and words.
func numberTerm(ctx context.Context, tx *store.Tx, text, digits string, sources []Source) (*term, error) {
	t := &term{prefix: text, words: []string{digits}, spans: []span{wordSpan(digits)}}
	t.external(text, sources)
	if digits != text {
		t.external(digits, sources)
	}
	if id, err := strconv.ParseInt(digits, 10, 64); err == nil && digits == text {
		t.spans = append(t.spans, span{table: "customer", column: "id", owner: "id", low: id})
	}
	phone := func(start string) {
		t.spans = append(t.spans, span{table: "customer_phone", column: "number", owner: "customer", low: start, high: start + ":"})
	}
	switch {
	case len(digits) < 3:
	case strings.HasPrefix(text, "+"):
		phone("+" + digits)
	case strings.HasPrefix(digits, "00"):
		phone("+" + strings.TrimLeft(digits, "0"))
	default:
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return nil, err
		}
		national := strings.TrimPrefix(digits, "0")
		for _, region := range slices.Compact(slices.Sorted(slices.Values([]string{settings.Country, "AT", "CH", "DE"}))) {
			if code := phonenumbers.GetCountryCodeForRegion(region); code != 0 {
				phone(fmt.Sprintf("+%d%s", code, national))
			}
		}
		if national == digits {
			phone("+" + digits)
		}
	}
	return t, nil
}

// external adds the customer numbers of all sources that begin so, in the ways capitals may be meant.
func (t *term) external(start string, sources []Source) {
	ways := []string{start}
	for _, way := range []string{strings.ToUpper(start), strings.ToLower(start)} {
		if !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	for _, s := range sources {
		for _, way := range ways {
			t.spans = append(t.spans, span{table: "customer_external", column: "external_id", owner: "customer",
				fixed: fmt.Sprintf("source = %d", s.ID), low: way, high: way + string(utf8.MaxRune)})
		}
	}
}

// tokenTerms are the words of a piece of the query without a space.
func tokenTerms(token string, sources []Source) []*term {
	if at := strings.IndexByte(token, '@'); at > 0 {
		start := strings.ToLower(token)
		if folded, ok := FoldMail(token); ok {
			start = folded
		}
		return []*term{{prefix: start, spans: []span{{table: "customer_email", column: "folded", owner: "customer", low: start, high: start + string(utf8.MaxRune)}}}}
	}
	words := foldWords(token)
	var terms []*term
	for _, w := range words {
		t := &term{prefix: w.wide, words: []string{w.wide}, spans: []span{wordSpan(w.wide)}}
		switch {
		case w.narrow == w.wide:
		case strings.HasPrefix(w.wide, w.narrow): // mu is how mue begins
			t.words, t.spans = []string{w.narrow}, []span{wordSpan(w.narrow)}
		default:
			t.words = append(t.words, w.narrow)
			t.spans = append(t.spans, wordSpan(w.narrow))
		}
		terms = append(terms, t)
	}
	if len(terms) == 1 && isASCII(token) { // what stands in several pieces is found by its words
		terms[0].external(token, sources)
	}
	return terms
}

// maxFixes is how many words a misspelt one may have been meant to be.
const maxFixes = 50

// correct adds to the terms the words of the vocabulary that are one letter away, and reports whether there are any.
func correct(ctx context.Context, tx *store.Tx, terms []*term) (bool, error) {
	any := false
	for _, t := range terms {
		for _, word := range t.words {
			if !forgives(word) {
				continue
			}
			near, err := nearWords(ctx, tx, word)
			if err != nil {
				return false, err
			}
			t.fixes = append(t.fixes, near...)
		}
		if len(t.fixes) > 0 {
			any = true
			t.spans = append(t.spans, t.fixSpans(len(terms) == 1)...)
		}
	}
	return any, nil
}

// fixSpans are one span for all corrections, or, where they alone decide, one for each, so that a frequent one leaves
// room for the others.
func (t *term) fixSpans(alone bool) []span {
	if !alone {
		return []span{{table: "customer_word", column: "word", owner: "customer", words: t.fixes}}
	}
	var all []span
	for _, word := range t.fixes {
		all = append(all, span{table: "customer_word", column: "word", owner: "customer", low: word, most: candidates / len(t.fixes)})
	}
	return all
}

// nearWords are the words of the vocabulary with one letter wrong, missing, too many, or swapped with its neighbour.
func nearWords(ctx context.Context, tx *store.Tx, word string) ([]string, error) {
	var near []string
	err := each(ctx, tx, fmt.Sprintf(sqlNear, tx.Strings("$1")), []any{store.JSON(deletions(word))}, func(found *sql.Rows) error {
		var w string
		if err := found.Scan(&w); err != nil {
			return err
		}
		if w != word && oneOff(word, w) {
			near = append(near, w)
		}
		return nil
	})
	initial, _ := utf8.DecodeRuneInString(word)
	slices.SortFunc(near, func(a, b string) int { // the first letter is seldom the wrong one
		ra, _ := utf8.DecodeRuneInString(a)
		rb, _ := utf8.DecodeRuneInString(b)
		return cmp.Or(cmp.Compare(store.Flag(ra != initial), store.Flag(rb != initial)), cmp.Compare(a, b))
	})
	return near[:min(len(near), maxFixes)], err
}

// deletions are a word and the word without each of its letters.
func deletions(word string) []string {
	all := []string{word}
	for i, r := range word {
		d := word[:i] + word[i+utf8.RuneLen(r):]
		if !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	return all
}

// oneOff tells whether two words differ by one letter replaced, left out or added, or by two neighbours swapped.
func oneOff(a, b string) bool {
	ra, rb := []rune(a), []rune(b)
	for len(ra) > 0 && len(rb) > 0 && ra[0] == rb[0] {
		ra, rb = ra[1:], rb[1:]
	}
	for len(ra) > 0 && len(rb) > 0 && ra[len(ra)-1] == rb[len(rb)-1] {
		ra, rb = ra[:len(ra)-1], rb[:len(rb)-1]
	}
	switch {
	case len(ra)+len(rb) == 1, len(ra) == 1 && len(rb) == 1:
		return true
	}
	return len(ra) == 2 && len(rb) == 2 && ra[0] == rb[1] && ra[1] == rb[0]
}
