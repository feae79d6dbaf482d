package predict

import (
	"context"
	"fmt"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
)

// purchases are the purchase days up to a day as the models count them: those of the reports, where those that follow a counted one
// within Merge days count as a part of it, by its day. The window begins with the counted day and not with the last one, so that who
// buys every other day does not become somebody who bought once. Days before any day are merged alike whatever follows, so that a
// backtest sees what was seen then.
func (s Scope) purchases(ctx context.Context, q Querier, until clock.Day) (report.PurchaseDays, error) {
	days, err := report.Purchases(ctx, q, report.Params{AsOf: until, Basis: s.basis()})
	if err != nil || s.Merge <= 0 {
		return days, err
	}
	days.SQL = fmt.Sprintf(`(SELECT customer, counted AS day, CAST(sum(orders) AS INTEGER) AS orders, CAST(sum(lines) AS INTEGER) AS lines,
		CAST(sum(value) AS BIGINT) AS value, row_number() OVER (PARTITION BY customer ORDER BY counted) AS nth
	FROM (SELECT m.*, a.counted FROM %[1]s m ASOF JOIN (
			SELECT customer, unnest(list_reduce(list_transform(list(day ORDER BY day), lambda d: [d]),
				lambda kept, d: CASE WHEN d[1] - kept[len(kept)] > %[2]d THEN list_concat(kept, d) ELSE kept END)) AS counted
			FROM %[1]s e GROUP BY customer) a
		ON a.customer = m.customer AND a.counted <= m.day)
	GROUP BY customer, counted)`, days.SQL, s.Merge)
	return days, nil
}

// merged are the days that count of ascending ones, as Scope.purchases has them.
func merged(days []clock.Day, window int) []clock.Day {
	var kept []clock.Day
	for _, d := range days {
		if len(kept) == 0 || int(d-kept[len(kept)-1]) > window {
			kept = append(kept, d)
		}
	}
	return kept
}

// Counting says what became of a document when the purchases of a customer were counted.
type Counting string

// What can become of a document.
const (
	CountedFirst   Counting = "first"    // with it she became a customer; it is no repeat purchase
	CountedRepeat  Counting = "repeat"   // a repeat purchase
	CountedMerged  Counting = "merged"   // a part of the purchase of a day, its own or one shortly before
	LeftReturned   Counting = "returned" // all of it came back
	LeftBilled     Counting = "billed"   // bills or delivers what counts already
	LeftWorthless  Counting = "no_sale"  // cancelled, or without a line that was sold
	LeftUnobserved Counting = "later"    // after the last day observed
)

// Counted is an order or invoice of a customer and what became of it.
type Counted struct {
	Document int64
	Kind     string // of the document, as its package names it
	Day      clock.Day
	Amount   int64 // minor units of the base currency; 0 where nothing was sold
	Returned int64 // of it
	As       Counting
	With     clock.Day // the day whose purchase it is a part of; 0 where it is part of none
}

// Repeats is how many repeat purchases there are among them: the frequency of the models.
func Repeats(all []Counted) (n int) {
	for _, c := range all {
		if c.As == CountedRepeat {
			n++
		}
	}
	return n
}

// CountedOf are all orders and invoices of a customer, the oldest first, and why each counts as a purchase or does not, as of a day,
// after returns, with those within `window` days of a counted purchase being a part of it.
func CountedOf(ctx context.Context, q Querier, customer int64, asOf clock.Day, window int) ([]Counted, error) {
	query := fmt.Sprintf(`SELECT d.id, d.kind, CAST(d.day - DATE '1970-01-01' AS INTEGER), d.sale, CASE WHEN d.sale THEN d.amount ELSE 0 END,
	CAST(coalesce(r.amount, 0) AS BIGINT), coalesce(r.closed, false), EXISTS (SELECT 1 FROM link l WHERE l.document = d.id AND l.kind IN ('invoices', 'delivers'))
FROM document d LEFT JOIN (SELECT sale, sum(amount) AS amount, bool_or(closes) AS closed FROM refund WHERE customer = %[1]d AND sale <> 0 AND day <= %[2]s GROUP BY sale) r
	ON r.sale = d.id
WHERE d.customer = %[1]d AND d.kind IN ('order', 'invoice') ORDER BY d.day, d.happened, d.id`, customer, date(asOf))
	var all []Counted
	var one Counted
	var day int32
	var sale, closed, billed bool
	var last clock.Day // the counted day before
	begun := false
	err := each(ctx, q, query, []any{&one.Document, &one.Kind, &day, &sale, &one.Amount, &one.Returned, &closed, &billed}, func() {
		one.Day, one.With = clock.Day(day), 0
		switch {
		case !sale && billed:
			one.As = LeftBilled
		case !sale:
			one.As = LeftWorthless
		case one.Day > asOf:
			one.As = LeftUnobserved
		case closed:
			one.As = LeftReturned
		case begun && int(one.Day-last) <= window:
			one.As, one.With = CountedMerged, last
		default:
			one.As, one.With = CountedRepeat, one.Day
			if !begun {
				one.As = CountedFirst
			}
			begun, last = true, one.Day
		}
		all = append(all, one)
	})
	return all, err
}
