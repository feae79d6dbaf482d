package api

import (
	"context"
	"net/http"

	"stamm/internal/action/coupon"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// CouponClaim is an order that shows a code.
type CouponClaim struct {
	Code     string       `json:"code" maxLength:"100"`
	Source   string       `json:"source" maxLength:"100"`
	Order    string       `json:"order" maxLength:"90"`
	Customer *CustomerRef `json:"customer,omitempty"`
	Day      string       `json:"day,omitempty" format:"date"`
	Amount   Decimal      `json:"amount,omitempty"`
	Currency string       `json:"currency,omitempty"`
	Lines    []CouponLine `json:"lines,omitempty" maxItems:"1000" nullable:"false"`
	Discount Decimal      `json:"discount,omitempty"`
}

// CouponLine is a position of the order.
type CouponLine struct {
	SKU    string  `json:"sku" maxLength:"200"`
	Amount Decimal `json:"amount"`
}

// CouponOutcome is what a code takes off the order.
type CouponOutcome struct {
	Coupon     int64   `json:"coupon"`
	Redemption int64   `json:"redemption,omitempty"`
	Repeated   bool    `json:"repeated"`
	Day        string  `json:"day" format:"date"`
	Amount     Decimal `json:"amount"`
	Discount   Decimal `json:"discount"`
	Currency   string  `json:"currency"`
}

// maxCouponOrder is how long the number of an order may be: with the source before it, it is what the coupon keeps.
const maxCouponOrder = 90

func (s *server) addCoupons() {
	const tag = "coupons"
	body := bodyOf[CouponClaim]()
	add(s, route{id: "check_coupon", method: http.MethodPost, path: "/coupons/check", tag: tag, scope: auth.WriteDocuments, body: body}, s.checkCoupon)
	add(s, route{id: "redeem_coupon", method: http.MethodPost, path: "/coupons/redeem", tag: tag, scope: auth.WriteDocuments, body: body}, s.redeemCoupon)
}

// claim reads a body.
func (b *CouponClaim) claim(settings settings) (coupon.Claim, error) {
	var c checker
	c.key("source", b.Source)
	c.key("code", b.Code)
	b.Customer.check(&c, "customer")
	currency := c.currency("currency", b.Currency, settings.Currency)
	digits := money.Digits(currency)
	claim := coupon.Claim{Code: b.Code, Order: b.Source + "/" + c.text("order", b.Order, maxCouponOrder), Day: c.day("day", b.Day), Amount: money.Of(0, currency),
		Discount: c.number("discount", b.Discount, digits, wholeAmount)}
	if b.Order == "" {
		c.fail("order", fault.New(fault.Invalid, "errors.required"))
	}
	if v := c.number("amount", b.Amount, digits, wholeAmount); v != nil {
		claim.Amount.Minor = *v
	}
	for i, l := range b.Lines {
		v := c.number(place(lineAt(i), "amount"), l.Amount, digits, wholeAmount)
		if v == nil {
			v = new(int64)
		}
		claim.Lines = append(claim.Lines, coupon.Line{SKU: l.SKU, Amount: *v})
	}
	return claim, c.bad.err()
}

func (s *server) checkCoupon(ctx context.Context, c *call, _ *struct{}) (out CouponOutcome, err error) {
	body, claim, err := s.couponClaim(ctx, c)
	if err != nil {
		return out, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if claim.Customer, err = known(ctx, tx, body.Source, body.Customer); err != nil {
			return err
		}
		o, err := coupon.Check(ctx, tx, claim)
		out = couponOutcome(o)
		return err
	})
	return out, err
}

func (s *server) redeemCoupon(ctx context.Context, c *call, _ *struct{}) (out CouponOutcome, err error) {
	body, claim, err := s.couponClaim(ctx, c)
	if err != nil {
		return out, err
	}
	from, err := s.origin(ctx, body.Source)
	if err != nil {
		return out, err
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		claim := claim
		if body.Customer != nil {
			source, err := from.source(ctx, tx)
			if err != nil {
				return err
			}
			who, err := people(ctx, tx, source, []*CustomerRef{body.Customer}, func(int) string { return "customer" })
			if err != nil {
				return err
			}
			claim.Customer = who[0].id
		}
		o, err := coupon.Redeem(ctx, tx, claim)
		out = couponOutcome(o)
		return err
	})
	return out, err
}

func (s *server) couponClaim(ctx context.Context, c *call) (*CouponClaim, coupon.Claim, error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return nil, coupon.Claim{}, err
	}
	body, err := decode[CouponClaim](c)
	if err != nil {
		return nil, coupon.Claim{}, err
	}
	claim, err := body.claim(settings)
	if err == nil {
		err = checkSource(body.Source)
	}
	return body, claim, err
}

// known is whom a reference names, 0 for nobody we know or more than one.
func known(ctx context.Context, tx *store.Tx, source string, r *CustomerRef) (int64, error) {
	switch {
	case r == nil:
		return 0, nil
	case r.ID != 0:
		names, err := customer.Names(ctx, tx, []int64{r.ID})
		if _, ok := names[r.ID]; !ok {
			return 0, err
		}
		return r.ID, err
	case r.ExternalID != "":
		id, err := customer.FindSource(ctx, tx, source)
		if fault.CodeOf(err) == fault.NotFound {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return customer.Resolve(ctx, tx, id, r.ExternalID)
	}
	ids, err := customer.ResolveMail(ctx, tx, r.Email)
	if err != nil || len(ids) != 1 {
		return 0, err
	}
	return ids[0], nil
}

func couponOutcome(o coupon.Outcome) CouponOutcome {
	return CouponOutcome{Coupon: o.Coupon, Redemption: o.ID, Repeated: o.Repeated, Day: o.Day.String(), Amount: amount(&o.Amount, o.Currency),
		Discount: amount(&o.Discount, o.Currency), Currency: o.Currency}
}
