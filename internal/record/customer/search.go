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
	enough     = 5     // finds that make looking for typos needless
	maxTerms   = 8     // words of a query that count
	countUpTo  = 10000 // up to which frequent words are counted, to begin with the rarest
	firstLook  = 2000  // finds of the rarest word that are compared with the other words, and
	lastLook   = 4     // how often more of them are while there is not a page of finds, four times as many each time
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
	ids, more, err := find(ctx, tx, terms, limit)
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
			if ids, more, err = find(ctx, tx, terms, limit); err != nil {
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

// find returns candidates that fit all terms. Of several terms the rarest leads, and each of its finds is compared with
// the others. Where that is frequent too, a part of its finds is likely to do.
func find(ctx context.Context, tx *store.Tx, terms []*term, limit int) (ids []int64, more bool, err error) {
	if len(terms) == 1 {
		return look(ctx, tx, terms, terms[0], candidates, 0)
	}
	lead, n, err := rarest(ctx, tx, terms)
	if err != nil {
		return nil, false, err
	}
	from, size := 0, firstLook
	for range lastLook {
		found, _, err := look(ctx, tx, terms, lead, size, from)
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, found...)
		from, size = from+size, size*4
		more = n > from
		if len(ids) >= limit || n < countUpTo && from >= n {
			break
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), more && len(ids) >= limit, nil
}

// look compares up to size finds of each span of the leading term, from the given one on, with the other terms.
func look(ctx context.Context, tx *store.Tx, terms []*term, lead *term, size, from int) (ids []int64, more bool, err error) {
	q := searchQuery{tx: tx}
	text := "SELECT d.customer FROM (" + q.driver(lead, size, from) + ") d"
	joint := " WHERE "
	for _, t := range terms {
		if t != lead {
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

// rarest is the term that leads to the fewest customers and to how many, as far as counting goes: further where all
// are frequent. Among equals it is the longest.
func rarest(ctx context.Context, tx *store.Tx, terms []*term) (best *term, fewest int, err error) {
	for _, most := range []int{firstLook, countUpTo} {
		best, fewest = nil, math.MaxInt
		for _, t := range terms {
			q := searchQuery{tx: tx}
			var n int
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM ("+q.driver(t, most, 0)+") d", q.args...).Scan(&n); err != nil {
				return nil, 0, err
			}
			if n = min(n, most); n < fewest || n == fewest && t.letters() > best.letters() {
				best, fewest = t, n
			}
		}
		if fewest < most {
			break
		}
	}
	return best, fewest, nil
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

// driver is the text that runs through the customers of a term, at most n of each span from one on.
func (q *searchQuery) driver(t *term, n, from int) string {
	var all []string
	for _, s := range t.spans {
		n, order := n, " ORDER BY "+s.column
		if s.words != nil || s.high == nil {
			order = ""
		}
		if s.most > 0 {
			n = s.most
		}
		all = append(all, fmt.Sprintf("SELECT customer FROM (SELECT %s AS customer FROM %s WHERE %s%s LIMIT %d OFFSET %d) s", s.owner, s.table, q.condition(s), order, n, from))
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
