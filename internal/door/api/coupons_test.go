package api_test

import (
	"context"
	"testing"

	"stamm/internal/action/coupon"
	"stamm/internal/platform/store"
)

func TestACouponIsCheckedThenRedeemedAndRedeemedAgainWithTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
			return coupon.Create(context.Background(), tx, &coupon.Coupon{Name: "Herbst", Kind: coupon.Percent, Value: 10_00, Code: "HERBST", Once: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		const claim = `{"code":"herbst","source":"shop","order":"A1","customer":{"external_id":"C1"},"amount":"50.00","day":"2026-11-05"}`
		if a := c.do("POST", "/coupons/check", claim); a.status != 422 && a.body["code"] != "invalid" {
			t.Errorf("for an unknown customer: %d %s", a.status, a.text)
		}
		c.put("/customers/shop/C1", `{"last_name":"Berg"}`)
		for _, tt := range []struct {
			path     string
			repeated bool
		}{{"/coupons/check", false}, {"/coupons/redeem", false}, {"/coupons/redeem", true}, {"/coupons/check", true}} {
			a := c.do("POST", tt.path, claim)
			if a.status != 200 || a.body["discount"] != "5.00" || a.body["repeated"] != tt.repeated || a.body["currency"] != "EUR" || a.body["day"] != "2026-11-05" {
				t.Errorf("%s: %d %s", tt.path, a.status, a.text)
			}
		}
		for _, tt := range []struct{ body, code string }{
			{`{"code":"herbst","source":"shop","order":"A2","customer":{"external_id":"C1"},"amount":"50.00"}`, "conflict"},
			{`{"code":"summer","source":"shop","order":"A2","amount":"50.00"}`, "notfound"},
			{`{"code":"herbst","source":"shop","order":"","amount":"50.00"}`, "invalid"},
			{`{"code":"herbst","source":"shop","order":"A3","amount":"many"}`, "invalid"},
			{`{"code":"herbst","source":"shop","order":"A3","lines":[{"sku":"X","amount":"1.234"}]}`, "invalid"},
		} {
			if a := c.do("POST", "/coupons/redeem", tt.body); a.body["code"] != tt.code {
				t.Errorf("%s: %d %s", tt.body, a.status, a.text)
			}
		}
	})
}
