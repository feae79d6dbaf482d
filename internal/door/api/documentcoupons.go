package api

import (
	"context"
	"strings"

	"stamm/internal/action/coupon"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/document"
)

// CouponRefusal is a code that a document showed and that does not count.
type CouponRefusal struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// Limits of the codes of a document.
const (
	maxCodes     = 20
	maxCodeChars = 100
)

// checkCodes checks the codes of a document; nil where nothing was said about them.
func checkCodes(c *checker, codes []string) []string {
	if codes == nil {
		return nil
	}
	if len(codes) > maxCodes {
		c.fail("coupons", fault.New(fault.Invalid, "api.too_many", "max", maxCodes))
		return nil
	}
	all := make([]string, 0, len(codes))
	for _, code := range codes {
		if code = strings.TrimSpace(c.text("coupons", code, maxCodeChars)); code != "" {
			all = append(all, code)
		}
	}
	return all
}

// settleCoupons counts the codes of documents that were written. What does not count stands in the document; the order is
// taken all the same.
func settleCoupons(ctx context.Context, tx *store.Tx, source string, checked []*sent, entries []document.Entry, written []document.Outcome) error {
	var orders []coupon.Order
	var touched []int64
	for i, w := range written {
		d := checked[i]
		if w.Status == document.Unchanged {
			continue
		}
		if d.Kind == document.Return || d.Kind == document.CreditNote || d.coupons != nil {
			touched = append(touched, w.ID)
		}
		if d.coupons != nil || d.Cancelled {
			orders = append(orders, coupon.Order{Document: entries[i].Document, Source: source, Codes: d.coupons, Told: d.coupons != nil})
		}
	}
	if _, err := coupon.Settle(ctx, tx, orders); err != nil {
		return err
	}
	if len(touched) == 0 {
		return nil
	}
	return coupon.Returned(ctx, tx, touched)
}

// showCoupons adds the codes that documents showed.
func showCoupons(ctx context.Context, tx *store.Tx, out []Document) error {
	var orders []int64
	for _, d := range out {
		if d.Kind == document.Order.String() || d.Kind == document.Invoice.String() {
			orders = append(orders, d.ID)
		}
	}
	if len(orders) == 0 {
		return nil
	}
	shown, err := coupon.ShownBy(ctx, tx, orders)
	if err != nil {
		return err
	}
	for i := range out {
		for _, s := range shown[out[i].ID] {
			out[i].Coupons = append(out[i].Coupons, s.Code)
			if s.Why != nil {
				out[i].CouponsRefused = append(out[i].CouponsRefused, CouponRefusal{s.Code, strings.TrimPrefix(s.Why.Key, "coupon.error.")})
			}
		}
	}
	return nil
}
