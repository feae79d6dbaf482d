package product

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// separator stands between a category and the one below it: "Kaffee > Espresso".
const separator = " > "

// Filter narrows a list of products; the zero value is all of them.
type Filter struct {
	Query    string // words of the name, the SKU or the GTIN
	Category string // main category, or one above it
	After    string // SKU the page begins behind
	Limit    int    // at least 1
}

const (
	sqlSearch = `SELECT id, sku, gtin, name FROM product WHERE sku > $1 AND ($2 = '' OR category = $2 OR substr(category, 1, $3) = $4)
		ORDER BY sku`
	sqlByID         = `SELECT ` + fields + ` FROM product WHERE id %s ORDER BY sku`
	sqlMainCategory = `SELECT DISTINCT category FROM product WHERE category <> '' ORDER BY category`
)

// Search pages through the products of a filter by SKU. A word finds names with a word that begins with it, from three
// letters on also in the middle ("kaffee" finds Filterkaffee); umlauts, accents and case do not count. It reads names
// until the page is full: products are thousands where customers are millions.
func Search(ctx context.Context, tx *store.Tx, f Filter) ([]*Product, error) {
	words := wanted(f.Query)
	ids, err := matching(ctx, tx, f, words)
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

func matching(ctx context.Context, tx *store.Tx, f Filter, words [][]string) (ids []int64, err error) {
	under := f.Category + separator
	rows, err := tx.Query(ctx, sqlSearch, f.After, f.Category, len([]rune(under)), under)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for len(ids) < f.Limit && rows.Next() {
		var id int64
		var sku, gtin, name string
		if err := rows.Scan(&id, &sku, &gtin, &name); err != nil {
			return nil, err
		}
		if matches(words, sku, gtin, name) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// wanted are the words of a query, each in its spellings.
func wanted(query string) [][]string {
	var words [][]string
	for _, word := range strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
		if spellings := customer.Fold(word); len(spellings) > 0 {
			words = append(words, spellings)
		}
	}
	return words
}

// matches tells whether every word stands in the product in one of its spellings.
func matches(words [][]string, sku, gtin, name string) bool {
	if len(words) == 0 {
		return true
	}
	has := append(customer.Fold(name+" "+sku), strings.Join(customer.Fold(sku), ""), gtin)
	return !slices.ContainsFunc(words, func(spellings []string) bool {
		return !slices.ContainsFunc(spellings, func(word string) bool {
			return slices.ContainsFunc(has, func(part string) bool {
				return strings.HasPrefix(part, word) || len(word) >= 3 && strings.Contains(part, word)
			})
		})
	})
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
