package coupon

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// offer is that a measure showed a customer a coupon.
type offer struct {
	measure int64
	day     clock.Day
	at      int64
}

// offers are by customer and coupon.
type offers map[[2]int64][]offer

// note writes down that a measure shows the coupon to customers. Whom it has shown it already keeps her first day.
func (c *Coupon) note(ctx context.Context, tx *store.Tx, measure int64, customers []int64) error {
	if measure == 0 || len(customers) == 0 {
		return nil
	}
	known, err := offersTo(ctx, tx, []int64{c.ID}, customers)
	if err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	day := int64(clock.DayOf(tx.Now, settings.Zone()))
	var rows [][]any
	seen := map[int64]bool{}
	for _, id := range customers {
		if !seen[id] && !known.by(id, c.ID, measure) {
			seen[id], rows = true, append(rows, []any{id, c.ID, measure, day, clock.Micros(tx.Now)})
		}
	}
	return tx.Insert(ctx, "coupon_offer", []string{"customer", "coupon", "measure", "day", "at"}, rows)
}

// offersTo reads who was shown which of the coupons.
func offersTo(ctx context.Context, tx *store.Tx, coupons, customers []int64) (offers, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlOffers, tx.Numbers("$1"), tx.Numbers("$2")), store.JSON(customers), store.JSON(coupons))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := offers{}
	for rows.Next() {
		var customer, coupon, day int64
		var one offer
		if err := rows.Scan(&customer, &coupon, &one.measure, &day, &one.at); err != nil {
			return nil, err
		}
		one.day = clock.Day(day)
		all[[2]int64{customer, coupon}] = append(all[[2]int64{customer, coupon}], one)
	}
	return all, rows.Err()
}

// by tells whether a measure has shown the coupon to the customer.
func (o offers) by(customer, coupon, measure int64) bool {
	for _, one := range o[[2]int64{customer, coupon}] {
		if one.measure == measure {
			return true
		}
	}
	return false
}

// measure is the one that bears a redemption: the last that had shown the customer the coupon when she ordered, else the one that gave her
// the code, else the one that the coupon was made for; 0 for none.
func (o offers) measure(c *Coupon, g given, customer int64, ordered clock.Day) int64 {
	var last offer
	for _, one := range o[[2]int64{customer, c.ID}] {
		if one.day <= ordered && (last.measure == 0 || one.at >= last.at) {
			last = one
		}
	}
	for _, measure := range []int64{last.measure, g.measure, c.Measure} {
		if measure != 0 {
			return measure
		}
	}
	return 0
}
