package product

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// separator stands between a category and the one below it: "Kaffee > Espresso".
const separator = " > "

// maxWords is how many words of a query count.
const maxWords = 8

// Filter narrows a list of products; the zero value is all of them.
type Filter struct {
	Query    string // words of the name, the SKU or the GTIN
	Category string // main category, or one above it
	After    string // SKU the page begins behind
	Limit    int    // at least 1
}

const (
	firstLook = 5_000  // products that are compared with the words before their finds are asked for
	rare      = 50_000 // up to how many finds of its rarest word a query runs through them, and not through all products

	sqlCandidate = `SELECT p.id, p.sku, p.words FROM product p WHERE p.sku > $1 AND ($2 = '' OR p.category = $2 OR substr(p.category, 1, $3) = $4)`
	sqlFirst     = `SELECT id FROM (` + sqlCandidate + ` ORDER BY p.sku LIMIT $6) q WHERE %s ORDER BY sku LIMIT $5`
	sqlAll       = `SELECT id FROM (` + sqlCandidate + `) q WHERE %s ORDER BY sku LIMIT $5`
	sqlAmong     = `WITH f AS MATERIALIZED (SELECT DISTINCT product FROM (%s) d),
		hit AS MATERIALIZED (SELECT p.id, p.sku FROM f CROSS JOIN product p
			WHERE p.id = f.product AND p.sku > $1 AND ($2 = '' OR p.category = $2 OR substr(p.category, 1, $3) = $4) AND %s)
		SELECT id FROM hit ORDER BY sku LIMIT $5`

	sqlByID         = `SELECT ` + fields + ` FROM product WHERE id %s ORDER BY sku`
	sqlMainCategory = `SELECT DISTINCT category FROM product WHERE category <> '' ORDER BY category`
)

// Search pages through the products of a filter by SKU. All words must fit: a word finds products with a word in name, SKU or
// GTIN that begins with it, in names from three letters on also in the middle ("kaffee" finds Filterkaffee); umlauts,
// accents and case do not count.
func Search(ctx context.Context, tx *store.Tx, f Filter) ([]*Product, error) {
	ids, err := matching(ctx, tx, f, wanted(f.Query))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlByID, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	all, err := scan(rows)
	if err != nil {
		return nil, err
	}
	return all, loadCategories(ctx, tx, all)
}

// matching compares the first products with the words, which fills a page where they are frequent. Else it runs through the finds
// of the rarest word, or through all products where each word is in very many.
func matching(ctx context.Context, tx *store.Tx, f Filter, words [][]string) ([]int64, error) {
	under := f.Category + separator
	args := []any{f.After, f.Category, len([]rune(under)), under, f.Limit}
	q := wordQuery{args: append(slices.Clone(args), firstLook)}
	ids, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlFirst, q.fitAll(words)), q.args...)
	if err != nil || len(ids) == f.Limit || len(words) == 0 {
		return ids, err
	}
	lead, err := rarest(ctx, tx, words, firstLook)
	if err == nil && lead < 0 {
		lead, err = rarest(ctx, tx, words, rare)
	}
	if err != nil {
		return nil, err
	}
	q = wordQuery{args: args}
	if lead < 0 {
		return tx.QueryIDs(ctx, fmt.Sprintf(sqlAll, q.fitAll(words)), q.args...)
	}
	finds := q.finds(words[lead], 0)
	return tx.QueryIDs(ctx, fmt.Sprintf(sqlAmong, finds, q.fitAll(slices.Delete(slices.Clone(words), lead, lead+1))), q.args...)
}

// rarest is the word with the fewest finds, -1 if all have as many as few or more.
func rarest(ctx context.Context, tx *store.Tx, words [][]string, few int) (lead int, err error) {
	lead, fewest := -1, few
	for i, spellings := range words {
		q, n := wordQuery{}, 0
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM ("+q.finds(spellings, fewest)+") d", q.args...).Scan(&n); err != nil {
			return 0, err
		}
		if n < fewest {
			lead, fewest = i, max(1, n)
		}
	}
	return lead, nil
}

// wordQuery puts the conditions on words together.
type wordQuery struct{ args []any }

func (q *wordQuery) bind(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *wordQuery) begins(column, word string) string {
	return column + " >= " + q.bind(word) + " AND " + column + " < " + q.bind(word+string(utf8.MaxRune))
}

// finds is the text that runs through the products of a word in its spellings, at most n of each; 0 means all.
func (q *wordQuery) finds(spellings []string, n int) string {
	limit := func(column string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(" ORDER BY %s LIMIT %d", column, n) // in the order of the index, so that it is used
	}
	var all []string
	for _, word := range spellings {
		if utf8.RuneCountInString(word) < leastInside {
			all = append(all, "SELECT product FROM (SELECT product FROM product_word WHERE "+q.begins("word", word)+limit("word")+") b")
			continue
		}
		all = append(all, "SELECT product FROM (SELECT product FROM product_word WHERE middle = 0 AND "+q.begins("word", word)+limit("word")+") b",
			"SELECT product FROM (SELECT w.product FROM product_word_end e CROSS JOIN product_word w WHERE w.word = e.word AND w.middle = 1 AND "+
				q.begins("e.ending", word)+limit("e.ending")+") i")
	}
	return strings.Join(all, " UNION ALL ")
}

// fitAll is the condition that a product has all the words in its text, which holds letters, digits, spaces and one ~ only.
func (q *wordQuery) fitAll(words [][]string) string {
	all := []string{"1 = 1"}
	for _, spellings := range words {
		var any []string
		for _, word := range spellings {
			any = append(any, "words LIKE "+q.bind("% "+word+"%"))
			if utf8.RuneCountInString(word) >= leastInside {
				any = append(any, "words LIKE "+q.bind("%~%"+word+"%"))
			}
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	return strings.Join(all, " AND ")
}

// wanted are the words of a query, each in its spellings.
func wanted(query string) [][]string {
	var words [][]string
	for _, word := range strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
		if spellings := customer.Fold(word); len(spellings) > 0 && len(words) < maxWords {
			words = append(words, spellings)
		}
	}
	return words
}

// MainCategories lists the main categories in use and the ones above them, by name.
func MainCategories(ctx context.Context, tx *store.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, sqlMainCategory)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var category string
		if err := rows.Scan(&category); err != nil {
			return nil, err
		}
		parts := strings.Split(category, separator)
		for i := range parts {
			all = append(all, strings.Join(parts[:i+1], separator))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), rows.Err()
}
