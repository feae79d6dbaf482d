package predict

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// Querier is a warehouse that can be asked; pass one view, so that all answers fit each other.
type Querier = report.Querier

// Scope says which histories a Book holds.
type Scope struct {
	AsOf       clock.Day // last day observed, included
	From       clock.Day // only customers whose first purchase is on or after it; 0 is all
	Recent     int       // days before AsOf that Book.Recent counts
	Gross      bool      // as sold; else after returns, where a day whose every sale came back is no purchase
	Details    bool      // also what only reasons and the logistic regression need: years, returns, invoices
	Every      int       // only every so many-th customer by number, to save time; 0 and 1 are all
	Covariates []string  // of company.Covariates, by which rates may differ
	Merge      int       // days after a counted purchase within which others are a part of it; 0 is its own day
}

// some is the condition on a column with a customer's number.
func (s Scope) some(column string) string {
	if s.Every <= 1 {
		return "true"
	}
	return fmt.Sprintf("%s %% %d = 0", column, s.Every)
}

func (s Scope) basis() report.Basis {
	if s.Gross {
		return report.Gross
	}
	return report.Net
}

// Book holds the purchase histories of all customers as of a day, one column for each thing known, by ascending number of the
// customer. Customers without a purchase by then are not in it.
//
// A purchase is a day with at least one sale: several orders of one day are one purchase, and those within Scope.Merge days after it
// belong to it. The first purchase day makes a customer and counts neither in X nor in Repeat.
type Book struct {
	Scope
	Currency string
	Digits   int // of its minor unit

	ID           []int64
	First, Last  []clock.Day
	X            []int32 // purchase days without the first
	Recent       []int32 // purchase days within the last Scope.Recent days
	Lately       []int64 // minor units: of these
	Begun        []int64 // minor units: of the first purchase day
	Repeat       []int64 // minor units: of the other days, less returns for which no sale was found
	Year, Prior  []int64 // minor units: of the last 365 days, and of the 365 before
	Returns      []int32 // returns
	LastReturned []bool  // something of the last purchase, or of one after it, came back
	Unpaid       []int32 // invoices of the last year that are more than 45 days old and were not paid at all
	Erased       []bool  // erased: her figures count, she is not scored

	season *seasonClock // by which the models see the histories
	traits []trait      // the covariates that have several levels
}

// ahead is the length of the so many days after AsOf, by the clock of the season.
func (b *Book) ahead(days int) float64 { return b.season.between(b.AsOf, b.AsOf.AddDays(days)) }

// by is the book with another clock.
func (b *Book) by(c *seasonClock) *Book {
	other := *b
	other.season = c
	return &other
}

// Len is how many customers there are.
func (b *Book) Len() int { return len(b.ID) }

// unpaidAfter is how old an invoice has to be, in days, to be a sign.
const unpaidAfter = 45

// Load reads the histories. It takes about a hundred bytes of memory a customer.
func Load(ctx context.Context, q Querier, s Scope) (*Book, error) {
	days, err := s.purchases(ctx, q, s.AsOf)
	if err != nil {
		return nil, err
	}
	b := &Book{Scope: s, Currency: days.Currency, Digits: money.Digits(days.Currency)}
	if err := b.histories(ctx, q, days.SQL); err != nil {
		return nil, err
	}
	if err := b.returns(ctx, q); err != nil {
		return nil, err
	}
	if s.Details {
		if err := b.unpaid(ctx, q); err != nil {
			return nil, err
		}
	}
	if err := b.readTraits(ctx, q); err != nil {
		return nil, err
	}
	return b, b.erased(ctx, q)
}

// histories groups the purchase days by customer.
func (b *Book) histories(ctx context.Context, q Querier, days string) error {
	year := "CAST(0 AS BIGINT), CAST(0 AS BIGINT)"
	if b.Details {
		year = fmt.Sprintf(`CAST(coalesce(sum(value) FILTER (day > %[1]s), 0) AS BIGINT),
	CAST(coalesce(sum(value) FILTER (day <= %[1]s AND day > %[2]s), 0) AS BIGINT)`, date(b.AsOf.AddDays(-365)), date(b.AsOf.AddDays(-730)))
	}
	query := fmt.Sprintf(`SELECT customer, CAST(min(day) - DATE '1970-01-01' AS INTEGER), CAST(max(day) - DATE '1970-01-01' AS INTEGER), CAST(count(*) AS INTEGER),
	CAST(count(*) FILTER (day > %[1]s) AS INTEGER), CAST(coalesce(sum(value) FILTER (day > %[1]s), 0) AS BIGINT), CAST(coalesce(sum(value) FILTER (nth = 1), 0) AS BIGINT), CAST(sum(value) AS BIGINT), %[2]s
FROM %[3]s d WHERE %[4]s GROUP BY customer`, date(b.AsOf.AddDays(-b.Scope.Recent)), year, days, b.some("customer"))
	if b.From != 0 {
		query += " HAVING min(day) >= " + date(b.From)
	}
	var id, lately, begun, total, last, prior int64
	var first, latest, n, recent int32
	into := []any{&id, &first, &latest, &n, &recent, &lately, &begun, &total, &last, &prior}
	return each(ctx, q, query+" ORDER BY customer", into, func() {
		b.ID = append(b.ID, id)
		b.First, b.Last = append(b.First, clock.Day(first)), append(b.Last, clock.Day(latest))
		b.X, b.Recent, b.Lately = append(b.X, n-1), append(b.Recent, recent), append(b.Lately, lately)
		b.Begun, b.Repeat = append(b.Begun, begun), append(b.Repeat, total-begun)
		b.Year, b.Prior = append(b.Year, last), append(b.Prior, prior)
	})
}

// returns takes off what was returned without its sale having been found, and notes who returned.
func (b *Book) returns(ctx context.Context, q Querier) error {
	n := b.Len()
	b.Returns, b.LastReturned = make([]int32, n), make([]bool, n)
	if b.Gross {
		return nil
	}
	query := fmt.Sprintf(`SELECT customer, CAST(count(DISTINCT document) AS INTEGER), CAST(coalesce(sum(amount) FILTER (sale = 0), 0) AS BIGINT),
	CAST(coalesce(max(sale_day) - DATE '1970-01-01', 0) AS INTEGER)
FROM refund WHERE customer <> 0 AND %s AND day <= %s GROUP BY customer ORDER BY customer`, b.some("customer"), date(b.AsOf))
	var id, loose int64
	var count, latest int32
	at := 0
	return each(ctx, q, query, []any{&id, &count, &loose, &latest}, func() {
		if i, ok := b.find(&at, id); ok {
			b.Returns[i], b.LastReturned[i] = count, clock.Day(latest) >= b.Last[i]
			b.Repeat[i] -= loose
		}
	})
}

// unpaid counts invoices that nobody paid, where payments are kept at all.
func (b *Book) unpaid(ctx context.Context, q Querier) error {
	b.Unpaid = make([]int32, b.Len())
	query := fmt.Sprintf(`SELECT i.customer, CAST(count(*) AS INTEGER) FROM document i
WHERE i.kind = 'invoice' AND i.customer <> 0 AND %s AND i.day > %s AND i.day <= %s
	AND EXISTS (SELECT 1 FROM document p WHERE p.kind = 'payment' AND p.day <= %s)
	AND NOT EXISTS (SELECT 1 FROM link l JOIN document p ON p.id = l.document
		WHERE l.target = i.id AND l.kind IN ('pays', 'reverses', 'credits') AND p.day <= %s)
GROUP BY i.customer ORDER BY i.customer`, b.some("i.customer"), date(b.AsOf.AddDays(-365)), date(b.AsOf.AddDays(-unpaidAfter)), date(b.AsOf), date(b.AsOf))
	var id int64
	var count int32
	at := 0
	return each(ctx, q, query, []any{&id, &count}, func() {
		if i, ok := b.find(&at, id); ok {
			b.Unpaid[i] = count
		}
	})
}

func (b *Book) erased(ctx context.Context, q Querier) error {
	b.Erased = make([]bool, b.Len())
	if b.Unpaid == nil {
		b.Unpaid = make([]int32, b.Len())
	}
	var id int64
	at := 0
	return each(ctx, q, "SELECT id FROM customer WHERE erased ORDER BY id", []any{&id}, func() {
		if i, ok := b.find(&at, id); ok {
			b.Erased[i] = true
		}
	})
}

// find is the place of a customer, where ids are asked for in ascending order; at remembers how far it came.
func (b *Book) find(at *int, id int64) (int, bool) {
	i, ok := slices.BinarySearch(b.ID[*at:], id)
	*at += i
	return *at, ok
}

// place is the place of a customer; false where she is not in the book.
func (b *Book) place(id int64) (int, bool) { return slices.BinarySearch(b.ID, id) }

// history is what the models know of customer i.
func (b *Book) history(i int) btyd.History {
	h := btyd.History{X: b.X[i], T: b.season.whole(b.First[i], b.AsOf)}
	if h.X > 0 {
		h.Tx = min(h.T, max(1, b.season.whole(b.First[i], b.Last[i])))
	}
	return h
}

// mean is the mean value of a repeat purchase of customer i in units of the currency; 0 where there is none.
func (b *Book) mean(i int) float64 {
	if b.X[i] == 0 {
		return 0
	}
	return float64(b.Repeat[i]) / float64(b.X[i]) / float64(pow10(b.Digits))
}

// spends counts customers with the same number and value of repeat purchases, in a fixed order.
func (b *Book) spends() []btyd.Spend {
	type key struct {
		x     int32
		cents int64
	}
	var keys []key
	for i, x := range b.X {
		if x > 0 && b.Repeat[i] > 0 {
			keys = append(keys, key{x, b.Repeat[i]})
		}
	}
	slices.SortFunc(keys, func(a, c key) int {
		if a.x != c.x {
			return int(a.x) - int(c.x)
		}
		return cmp.Compare(a.cents, c.cents)
	})
	var all []btyd.Spend
	for i, k := range keys {
		if i > 0 && k == keys[i-1] {
			all[len(all)-1].N++
			continue
		}
		all = append(all, btyd.Spend{X: k.x, Mean: float64(k.cents) / float64(k.x) / float64(pow10(b.Digits)), N: 1})
	}
	return all
}

// hash names the histories: the same customers with the same purchases have the same one.
func (b *Book) hash() string {
	h := sha256.New()
	var row [48]byte
	for i := range b.ID {
		binary.LittleEndian.PutUint64(row[0:], uint64(b.ID[i]))
		binary.LittleEndian.PutUint32(row[8:], uint32(b.First[i]))
		binary.LittleEndian.PutUint32(row[12:], uint32(b.Last[i]))
		binary.LittleEndian.PutUint32(row[16:], uint32(b.X[i]))
		binary.LittleEndian.PutUint64(row[20:], uint64(b.Begun[i]))
		binary.LittleEndian.PutUint64(row[28:], uint64(b.Repeat[i]))
		binary.LittleEndian.PutUint32(row[36:], uint32(b.Returns[i]))
		h.Write(row[:40])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// each runs a query and calls row for each row after its columns were read into the places.
func each(ctx context.Context, q Querier, query string, into []any, row func()) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return asked(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return asked(ctx, err)
		}
		row()
	}
	return asked(ctx, rows.Err())
}

// asked makes an error of the warehouse a fault; that it was interrupted counts as the wish of who asked.
func asked(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case fault.CodeOf(err) != fault.Internal:
		return err
	}
	return fault.New(fault.Internal, "errors.internal").Because(err)
}

// date writes a day as SQL.
func date(d clock.Day) string { return "DATE '" + d.String() + "'" }

// Numbers are the numbers by which the company knows its customers, by our ids; # and our id where she has none.
func Numbers(ctx context.Context, q Querier) (map[int64]string, error) {
	all := map[int64]string{}
	var id int64
	var number string
	err := each(ctx, q, "SELECT id, coalesce(nullif(ext, ''), '#' || id) FROM customer ORDER BY id", []any{&id, &number}, func() { all[id] = number })
	return all, err
}

// ToldSince is since when customers are at risk by the scores that are kept, which stay with what was told once; see Record.
func ToldSince(ctx context.Context, q Querier) (map[int64]clock.Day, error) {
	all := map[int64]clock.Day{}
	var id, day int64
	err := each(ctx, q, "SELECT customer, CAST(risk_since - DATE '1970-01-01' AS BIGINT) FROM score WHERE risk_since IS NOT NULL", []any{&id, &day}, func() { all[id] = clock.Day(day) })
	return all, err
}
