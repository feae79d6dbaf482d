package program

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// CostKind is what money was spent on.
type CostKind string

// The kinds of costs.
const (
	Media  CostKind = "media"  // sending, printing, postage, advertising
	Coupon CostKind = "coupon" // the value of coupons, as they are redeemed
	Work   CostKind = "work"
	Other  CostKind = "sundry"
)

// CostKinds are all of them.
func CostKinds() []CostKind { return []CostKind{Media, Coupon, Work, Other} }

// Cost is something a measure cost.
type Cost struct {
	ID      int64
	Key     string // names the cost for ever, as in "coupon:4711:redeemed"
	Measure int64
	Kind    CostKind
	Amount  int64 // minor units of the base currency; negative gives back

	// Included tells that the amounts of the orders have it taken off already, as those of shops have coupons. It is shown, and not
	// taken off what the measure brought a second time.
	Included bool

	Day  clock.Day
	Note string
}

// Book adds a cost. The same cost again changes nothing; another one under a key that is taken is a conflict.
func Book(ctx context.Context, tx *store.Tx, c Cost) error {
	c.Key, c.Note = strings.TrimSpace(c.Key), strings.TrimSpace(c.Note)
	if err := c.check(); err != nil {
		return err
	}
	if _, err := Load(ctx, tx, c.Measure); err != nil {
		return err
	}
	id, err := tx.InsertID(ctx, sqlBook, c.Key, c.Measure, string(c.Kind), c.Amount, store.Flag(c.Included), int64(c.Day), c.Note, clock.Micros(tx.Now))
	if errors.Is(err, store.ErrNoRows) {
		return booked(ctx, tx, c)
	}
	if err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCost, Subject: c.Measure, Body: map[string]any{"kind": string(c.Kind), "amount": c.Amount},
		Rows: feed.Rows{tableCost: {{id, id}}}})
	return err
}

func (c Cost) check() error {
	bad := func(field, key string, args ...any) error { return fault.New(fault.Invalid, key, args...).On(field) }
	switch {
	case c.Key == "":
		return bad("key", "errors.required")
	case len(c.Key) > 200:
		return bad("key", "errors.too_long", "max", 200)
	case c.Kind != Media && c.Kind != Coupon && c.Kind != Work && c.Kind != Other:
		return bad("kind", "errors.choice", "text", string(c.Kind))
	case c.Amount == 0 || c.Amount > maxBudget || c.Amount < -maxBudget:
		return bad("amount", "program.error.amount")
	case c.Day == 0:
		return bad("day", "errors.required")
	case utf8.RuneCountInString(c.Note) > maxText:
		return bad("note", "errors.too_long", "max", maxText)
	}
	return nil
}

// booked makes sure that what stands under the key is the same cost.
func booked(ctx context.Context, tx *store.Tx, c Cost) error {
	var is Cost
	var day int64
	if err := tx.QueryRow(ctx, sqlBooked, c.Key).Scan(&is.Measure, &is.Kind, &is.Amount, &is.Included, &day); err != nil {
		return err
	}
	if is.Measure != c.Measure || is.Kind != c.Kind || is.Amount != c.Amount || is.Included != c.Included {
		return fault.New(fault.Conflict, "program.error.cost_key", "key", c.Key).On("key")
	}
	return nil
}

// Costs lists what a measure cost, in the order of days.
func Costs(ctx context.Context, tx *store.Tx, measure int64) ([]Cost, error) {
	rows, err := tx.Query(ctx, sqlCosts, measure)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Cost
	for rows.Next() {
		var c Cost
		var day int64
		if err := rows.Scan(&c.ID, &c.Key, &c.Measure, &c.Kind, &c.Amount, &c.Included, &day, &c.Note); err != nil {
			return nil, err
		}
		c.Day = clock.Day(day)
		all = append(all, c)
	}
	return all, rows.Err()
}

// Spending is what a measure has cost so far.
type Spending struct {
	ByKind   map[CostKind]int64
	Total    int64
	Included int64 // the part that the amounts of the orders have taken off already
}

// Beside is what has to be taken off what the measure brought.
func (s Spending) Beside() int64 { return s.Total - s.Included }

// Spent sums the costs by measure.
func Spent(ctx context.Context, tx *store.Tx) (map[int64]Spending, error) {
	rows, err := tx.Query(ctx, sqlSpent)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]Spending{}
	for rows.Next() {
		var measure, amount int64
		var kind CostKind
		var included bool
		if err := rows.Scan(&measure, &kind, &included, &amount); err != nil {
			return nil, err
		}
		s := all[measure]
		if s.ByKind == nil {
			s.ByKind = map[CostKind]int64{}
		}
		s.ByKind[kind] += amount
		s.Total += amount
		if included {
			s.Included += amount
		}
		all[measure] = s
	}
	return all, rows.Err()
}

// Year is the plan of a calendar year, in minor units of the base currency.
type Year struct {
	Year    int
	Budget  int64 // for keeping customers
	Winning int64 // spent on winning new customers
	Keeping int64 // spent on keeping customers, beside what the measures cost
	Booked  int64 // costs of measures in that year
}

// LoadYear reads the plan of a year and what was booked in it; zeros where nothing was planned.
func LoadYear(ctx context.Context, tx *store.Tx, year int) (Year, error) {
	y := Year{Year: year}
	err := tx.QueryRow(ctx, sqlYear, year).Scan(&y.Budget, &y.Winning, &y.Keeping)
	if err != nil && !errors.Is(err, store.ErrNoRows) {
		return y, err
	}
	err = tx.QueryRow(ctx, sqlSpentIn, int64(clock.NewDay(year, 1, 1)), int64(clock.NewDay(year, 12, 31))).Scan(&y.Booked)
	return y, err
}

// SaveYear keeps the plan of a year.
func SaveYear(ctx context.Context, tx *store.Tx, y Year) error {
	var wrong []error
	for field, amount := range map[string]int64{"budget": y.Budget, "winning": y.Winning, "keeping": y.Keeping} {
		if amount < 0 || amount > maxBudget {
			wrong = append(wrong, fault.New(fault.Invalid, "program.error.amount").On(field))
		}
	}
	if y.Year < 1990 || y.Year > 2200 {
		wrong = append(wrong, fault.New(fault.Invalid, "program.error.year").On("year"))
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlPutYear, y.Year, y.Budget, y.Winning, y.Keeping, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindRules, Body: map[string]any{"year": y.Year, "budget": y.Budget}})
	return err
}
