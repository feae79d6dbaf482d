package report

import (
	"context"

	"stamm/internal/platform/clock"
)

// PurchaseDays is what figures of other packages are computed from, so that all of them count the same purchases.
type PurchaseDays struct {
	// SQL is a subquery in brackets with a row for each purchase day up to AsOf: customer, day, orders, lines, value, nth, prev,
	// next, total_orders, total. value and total are minor units of Currency; nth counts the purchase days of the customer from
	// 1; next may lie after AsOf.
	SQL      string
	Currency string
	First    *clock.Day // first purchase up to AsOf, returned or not; nil if there is none
}

// Purchases are the purchase days as of p.AsOf on p.Basis, of the customers p is about. On the net basis a day whose every sale
// had been returned in full by then is no purchase day, and value is what was left of the others.
func Purchases(ctx context.Context, q Querier, p Params) (PurchaseDays, error) {
	s, err := newSession(ctx, q, p)
	if err != nil {
		return PurchaseDays{}, err
	}
	return PurchaseDays{SQL: s.days(), Currency: s.currency, First: s.first}, nil
}
