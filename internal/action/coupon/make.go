package coupon

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// MaxCodes is how many own codes a coupon may have.
const MaxCodes = 10_000_000

// The turns in which codes are made.
const (
	makeTurn  = 1_000  // a turn of the bulk lane
	makeAlone = 20_000 // at most while nobody waits
	attempts  = 5      // when a number drawn is taken already
)

var codeColumns = []string{"number", "coupon", "n", "customer", "measure", "given_at", "redeemed"}

// Make makes own codes until the coupon has so many, in turns of the bulk lane. It can be called again after it was
// interrupted: what is made stays. step, if not nil, is told after each turn how many there are.
func Make(ctx context.Context, db *store.DB, by store.Actor, id, wanted int64, step func(made int64)) error {
	if wanted > MaxCodes {
		return fault.New(fault.Invalid, "coupon.error.too_many", "max", MaxCodes).On("codes")
	}
	for made := int64(0); ; {
		var err error
		for range attempts {
			err = db.Bulk(ctx, by, func(tx *store.Tx) (err error) {
				made, err = makeSome(ctx, tx, id, wanted)
				return err
			})
			if !store.IsUnique(err) {
				break
			}
		}
		if err != nil {
			return err
		}
		if step != nil {
			step(made)
		}
		if made >= wanted {
			return nil
		}
	}
}

// makeSome makes the codes of one turn and returns how many the coupon has then.
func makeSome(ctx context.Context, tx *store.Tx, id, wanted int64) (int64, error) {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if !c.Unique() {
		return 0, fault.New(fault.Conflict, "coupon.error.shared")
	}
	before := c.Made
	for c.Made < wanted && c.Made-before < makeAlone && (c.Made == before || tx.Alone()) {
		if err := c.make(ctx, tx, min(makeTurn, wanted-c.Made)); err != nil {
			return 0, err
		}
	}
	if c.Made == before {
		return c.Made, nil
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCodes, Subject: id, Body: map[string]any{"made": c.Made - before}})
	return c.Made, err
}

// make adds n codes.
func (c *Coupon) make(ctx context.Context, tx *store.Tx, n int64) error {
	numbers := draw(int(n))
	rows := store.NewRows(len(numbers), len(codeColumns))
	for i, number := range numbers {
		rows.End(append(rows.Row(), number, c.ID, c.Made+int64(i)+1, int64(0), int64(0), nil, int64(0)))
	}
	if err := tx.Insert(ctx, "coupon_code", codeColumns, rows.All); err != nil {
		return err
	}
	c.Made += int64(len(numbers))
	_, err := tx.Exec(ctx, sqlMade, c.ID, len(numbers))
	return err
}

// Give gives each of the customers an own code and returns the codes as people see them, in the same order. Whoever has one of this
// coupon keeps it, so that giving again changes nothing. measure bears the cost of what they redeem from now on. Where the codes made
// in advance run out, more are made. With one code for all, everybody gets that. It is for slices of at most about 1,000.
func Give(ctx context.Context, tx *store.Tx, id, measure int64, customers []int64) ([]string, error) {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := c.note(ctx, tx, measure, customers); err != nil {
		return nil, err
	}
	codes := make([]string, len(customers))
	if !c.Unique() {
		for i := range codes {
			codes[i] = c.Code
		}
		return codes, nil
	}
	have, err := Given(ctx, tx, id, customers)
	if err != nil {
		return nil, err
	}
	var without []int64
	for _, customer := range customers {
		if _, ok := have[customer]; !ok {
			have[customer] = 0
			without = append(without, customer)
		}
	}
	if err := c.give(ctx, tx, measure, without, have); err != nil {
		return nil, err
	}
	for i, customer := range customers {
		codes[i] = Format(have[customer])
	}
	return codes, nil
}

// give gives the next codes to customers who have none, and notes them in have.
func (c *Coupon) give(ctx context.Context, tx *store.Tx, measure int64, without []int64, have map[int64]int64) error {
	if len(without) == 0 {
		return nil
	}
	if missing := c.Given + int64(len(without)) - c.Made; missing > 0 {
		if err := c.make(ctx, tx, missing); err != nil {
			return err
		}
	}
	free, err := tx.QueryIDs(ctx, sqlFree, c.ID, c.Given, c.Given+int64(len(without)))
	if err != nil {
		return err
	}
	if len(free) != len(without) {
		return fmt.Errorf("coupon %d: %d codes after the %d-th, not %d", c.ID, len(free), c.Given, len(without))
	}
	for i, customer := range without {
		if _, err := tx.Exec(ctx, sqlGive, free[i], customer, measure, clock.Micros(tx.Now)); err != nil {
			return err
		}
		have[customer] = free[i]
	}
	_, err = tx.Exec(ctx, sqlGiven, c.ID, len(without))
	return err
}

// Given returns the numbers of the own codes that the customers have of a coupon; who has none is missing.
func Given(ctx context.Context, tx *store.Tx, id int64, customers []int64) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlCodesOf, tx.Numbers("$2")), id, store.JSON(customers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := make(map[int64]int64, len(customers))
	for rows.Next() {
		var customer, number int64
		if err := rows.Scan(&customer, &number); err != nil {
			return nil, err
		}
		have[customer] = number
	}
	return have, rows.Err()
}
