package product

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// leastInside is how many letters a query needs to find a word by its middle, and so how long an ending is at least.
const leastInside = 3

var (
	wordColumns = []string{"word", "product", "middle"}
	endColumns  = []string{"ending", "word"}
)

// words are what the search finds a product by. The value tells whether also the middle of a word counts: it does in words of
// the name ("kaffee" finds Filterkaffee), of which a shop has a few thousand, but not in numbers, of which each product has its own.
func (p *Product) words() map[string]bool {
	all := map[string]bool{}
	sku := customer.Fold(p.SKU)
	for _, word := range append(sku, strings.Join(sku, ""), p.GTIN) {
		all[word] = false
		for _, piece := range pieces(word) {
			all[piece] = false
		}
	}
	for _, word := range customer.Fold(p.Name) {
		all[word] = all[word] || strings.ContainsFunc(word, unicode.IsLetter)
	}
	delete(all, "")
	return all
}

// wordText is the words as one text, in which fits looks for what was asked.
func (p *Product) wordText() string {
	words := p.words()
	var numbers, names strings.Builder
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if words[word] {
			names.WriteString(" " + word)
		} else {
			numbers.WriteString(" " + word)
		}
	}
	return numbers.String() + "~" + names.String()
}

// pieces cuts a word where letters and digits meet: kb1013 is found by 1013 too.
func pieces(word string) (all []string) {
	from, digit := 0, false
	for i, r := range word {
		if d := unicode.IsDigit(r); i == 0 {
			digit = d
		} else if d != digit {
			all, from, digit = append(all, word[from:i]), i, d
		}
	}
	return append(all, word[from:])
}

// endings are a word and its ends of at least leastInside letters.
func endings(word string) (all []string) {
	n := utf8.RuneCountInString(word)
	for i := range word {
		if n < leastInside {
			break
		}
		all = append(all, word[i:])
		n--
	}
	return all
}

// addWords writes the words of products that have none.
func addWords(ctx context.Context, tx *store.Tx, products []*Product) error {
	var rows [][]any
	inside := map[string]bool{}
	for _, p := range products {
		words := p.words()
		for _, word := range slices.Sorted(maps.Keys(words)) {
			rows = append(rows, []any{word, p.ID, store.Flag(words[word])})
			if words[word] && utf8.RuneCountInString(word) >= leastInside {
				inside[word] = true
			}
		}
	}
	if err := tx.Insert(ctx, "product_word", wordColumns, rows); err != nil {
		return err
	}
	return addEndings(ctx, tx, inside)
}

// addEndings writes the ends of words of which they are not known yet. They stay when no product has the word any more.
func addEndings(ctx context.Context, tx *store.Tx, words map[string]bool) error {
	if len(words) == 0 {
		return nil
	}
	found, err := tx.Query(ctx, fmt.Sprintf(sqlKnownWords, tx.Strings("$1")), store.JSON(slices.Collect(maps.Keys(words))))
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var word string
		if err := found.Scan(&word); err != nil {
			return err
		}
		delete(words, word)
	}
	if err := found.Err(); err != nil {
		return err
	}
	var rows [][]any
	for _, word := range slices.Sorted(maps.Keys(words)) {
		for _, ending := range endings(word) {
			rows = append(rows, []any{ending, word})
		}
	}
	return tx.Insert(ctx, "product_word_end", endColumns, rows)
}

func deleteWords(ctx context.Context, tx *store.Tx, product int64) error {
	_, err := tx.Exec(ctx, sqlDeleteWords, product)
	return err
}

// AddWords writes the words of up to limit products from before there were any, and returns how many it wrote: none means that
// the search finds them all.
func AddWords(ctx context.Context, tx *store.Tx, limit int) (int, error) {
	rows, err := tx.Query(ctx, sqlUnworded, limit)
	if err != nil {
		return 0, err
	}
	all, err := scan(rows)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for _, p := range all {
		if _, err := tx.Exec(ctx, sqlWords, p.ID, p.wordText()); err != nil {
			return 0, err
		}
	}
	return len(all), addWords(ctx, tx, all)
}
