package customer

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/store"
)

const (
	candidates = 200   // customers that are ranked at most
	countUpTo  = 2000  // up to which the finds of a word are counted, to begin with the rarest
	scanUpTo   = 20000 // finds of the rarest word that are compared with the other words
	enough     = 5     // finds that make looking for typos needless
	maxTerms   = 8     // words of a query that count
)

// Found is what a search found.
type Found struct {
	Rows  []Row // best first
	More  bool  // there are more than these
	Typos bool  // some were found only by forgiving a typo
}

// Search finds customers as somebody types: by the beginning of each word of name and company, of a mail address, a
// telephone number or a customer number. All words must fit. Accents and umlauts are as good as the plain letters;
// where hardly anything fits, one wrong, missing, additional or swapped letter in a whole word is forgiven.
func Search(ctx context.Context, tx *store.Tx, text string, limit int) (Found, error) {
	var f Found
	sources, err := Sources(ctx, tx)
	if err != nil {
		return f, err
	}
	terms, err := parseTerms(ctx, tx, text, sources)
	if err != nil || len(terms) == 0 {
		return f, err
	}
	ids, more, err := find(ctx, tx, terms)
	if err != nil {
		return f, err
	}
	if len(ids) < enough {
		corrected, err := correct(ctx, tx, terms)
		if err != nil {
			return f, err
		}
		if corrected {
			exact := len(ids)
			if ids, more, err = find(ctx, tx, terms); err != nil {
				return f, err
			}
			f.Typos = len(ids) > exact
		}
	}
	page, err := rank(ctx, tx, terms, ids)
	if err != nil {
		return f, err
	}
	f.More = more || len(page) > limit
	f.Rows = page[:min(limit, len(page))]
	return f, fillRows(ctx, tx, f.Rows)
}

// term is one word of a query: where customers that fit it are found.
type term struct {
	words  []string // spellings of which one must begin a search word; empty for a mail address or a number
	prefix string   // the word as it was typed, lower case, for mail addresses and numbers
	spans  []span
	fixes  []string // whole words it may have been meant to be
}

// span is a range of an index that leads to customers.
type span struct {
	table, column string
	owner         string // the column with the customer
	fixed         string // a condition on another column of the index
	low, high     any
	words         []string // instead of the range: one of these
	most          int      // finds that count, where it is not for the query to say
}

func wordSpan(word string) span {
	return span{table: "customer_word", column: "word", owner: "customer", low: word, high: word + string(utf8.MaxRune)}
}

func (t *term) letters() int { return utf8.RuneCountInString(t.prefix) }

// find returns candidates that fit all terms.
func find(ctx context.Context, tx *store.Tx, terms []*term) (ids []int64, more bool, err error) {
	first := terms[0]
	most := candidates
	if len(terms) > 1 {
		if first, err = rarest(ctx, tx, terms); err != nil {
			return nil, false, err
		}
		most = scanUpTo
	}
	q := searchQuery{tx: tx}
	text := "SELECT d.customer FROM (" + q.driver(first, most) + ") d"
	joint := " WHERE "
	for _, t := range terms {
		if t != first {
			text += joint + q.fits(t)
			joint = " AND "
		}
	}
	text += fmt.Sprintf(" LIMIT %d", 2*candidates) // a name in two spellings comes twice
	n := 0
	seen := map[int64]bool{}
	err = each(ctx, tx, text, q.args, func(found *sql.Rows) error {
		var id int64
		if err := found.Scan(&id); err != nil {
			return err
		}
		if n++; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		return nil
	})
	return ids, n >= candidates, err
}

// rarest is the term that leads to the fewest customers, as far as counting goes; among frequent ones the longest.
func rarest(ctx context.Context, tx *store.Tx, terms []*term) (*term, error) {
	best, fewest := terms[0], math.MaxInt
	for _, t := range terms {
		q := searchQuery{tx: tx}
		var n int
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM ("+q.driver(t, countUpTo)+") d", q.args...).Scan(&n); err != nil {
			return nil, err
		}
		n = min(n, countUpTo)
		if n < fewest || n == fewest && t.letters() > best.letters() {
			best, fewest = t, n
		}
	}
	return best, nil
}

// searchQuery puts the text of a search together.
type searchQuery struct {
	tx   *store.Tx
	args []any
}

func (q *searchQuery) bind(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *searchQuery) condition(s span) string {
	var c string
	switch {
	case s.words != nil:
		c = s.column + " " + q.tx.Strings(q.bind(store.JSON(s.words)))
	case s.high == nil:
		c = s.column + " = " + q.bind(s.low)
	default:
		c = s.column + " >= " + q.bind(s.low) + " AND " + s.column + " < " + q.bind(s.high)
	}
	if s.fixed != "" {
		c = s.fixed + " AND " + c
	}
	return c
}

// driver is the text that runs through the customers of a term, at most n of each span.
func (q *searchQuery) driver(t *term, n int) string {
	var all []string
	for _, s := range t.spans {
		n, order := n, " ORDER BY "+s.column
		if s.words != nil || s.high == nil {
			order = ""
		}
		if s.most > 0 {
			n = s.most
		}
		all = append(all, fmt.Sprintf("SELECT customer FROM (SELECT %s AS customer FROM %s WHERE %s%s LIMIT %d) s", s.owner, s.table, q.condition(s), order, n))
	}
	return strings.Join(all, " UNION ALL ")
}

// fits is the condition that customer d fits a term.
func (q *searchQuery) fits(t *term) string {
	var any []string
	for _, s := range t.spans {
		any = append(any, fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s = d.customer AND %s)", s.table, s.owner, q.condition(s)))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// candidate is a customer to be ranked.
type candidate struct {
	row   Row
	score int
}

// rank puts the candidates in order: whole words before beginnings, the front of a name before its rest, everything
// before what only a forgiven typo finds; then by name.
func rank(ctx context.Context, tx *store.Tx, terms []*term, ids []int64) ([]Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list := store.JSON(ids)
	page, err := scanRows(ctx, tx, fmt.Sprintf("SELECT "+rowColumns+" FROM customer c WHERE c.id %s AND c.merged_into IS NULL AND c.erased_at IS NULL", tx.Numbers("$1")), list)
	if err != nil {
		return nil, err
	}
	all := make([]candidate, len(page))
	for i, r := range page {
		all[i] = candidate{row: r}
		for _, t := range terms {
			all[i].score += t.score(&all[i].row)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.row.sortName, b.row.sortName), cmp.Compare(a.row.ID, b.row.ID))
	})
	for i := range all {
		page[i] = all[i].row
	}
	return page, nil
}

// score tells how well a customer fits a term, 0 best.
func (t *term) score(r *Row) int {
	const wholeWord, frontWord, anyWord, elsewhere, typo = 0, 1, 2, 3, 6
	if strings.EqualFold(r.ExternalID, t.prefix) {
		return wholeWord
	}
	best := elsewhere
	if len(t.words) == 0 {
		return best
	}
	for _, name := range []string{r.lastName, r.Name, r.Company, r.firstName} {
		for i, w := range Fold(name) {
			for _, word := range t.words {
				switch {
				case w == word:
					return wholeWord
				case !strings.HasPrefix(w, word):
				case i == 0:
					best = min(best, frontWord)
				default:
					best = min(best, anyWord)
				}
			}
			if best == elsewhere && slices.Contains(t.fixes, w) {
				best = typo
			}
		}
	}
	return best
}
