package api_test

import (
	"context"
	"strings"
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

func TestDocumentsRedeemTheCouponsTheyShow(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		gift := &coupon.Coupon{Name: "Herbst", Kind: coupon.Percent, Value: 10_00, Code: "HERBST", Most: 2}
		if err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return coupon.Create(context.Background(), tx, gift) }); err != nil {
			t.Fatal(err)
		}
		redeemed := func(about string, want int64) {
			t.Helper()
			err := c.db.Read(context.Background(), func(tx *store.Tx) error {
				now, err := coupon.Load(context.Background(), tx, gift.ID)
				if err == nil && now.Redeemed != want {
					t.Errorf("%s: %d redeemed, want %d", about, now.Redeemed, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		order := func(number, status, coupons string) {
			t.Helper()
			a := c.do("PUT", "/documents/shop/order/"+number, `{"time":"2026-11-05T10:00:00Z","gross":"50.00","status":"`+status+`"`+coupons+`}`)
			if a.status >= 300 {
				t.Fatalf("%s: %d %s", number, a.status, a.text)
			}
		}
		c.do("POST", "/coupons/redeem", `{"code":"herbst","source":"shop","order":"1","amount":"50.00","day":"2026-11-05"}`)
		order("1", "", `,"coupons":["HERBST"]`)
		redeemed("told at the till and with the order", 1)
		order("2", "", `,"coupons":["herbst","NIE"]`)
		order("3", "", `,"coupons":["HERBST"]`)
		redeemed("no more than there are", 2)
		if a := c.do("GET", "/documents/shop/order/2", ""); !strings.Contains(a.text, `"coupons":["herbst","NIE"]`) || !strings.Contains(a.text, `"reason":"unknown"`) {
			t.Errorf("%s", a.text)
		}
		if a := c.do("GET", "/documents/shop/order/3", ""); !strings.Contains(a.text, `"reason":"used_up"`) {
			t.Errorf("%s", a.text)
		}
		order("2", "shipped", "")
		redeemed("nothing said about codes", 2)
		order("2", "shipped", `,"coupons":[]`)
		redeemed("no codes", 1)
		order("1", "cancelled", "")
		redeemed("cancelled", 0)
		order("4", "", `,"coupons":["HERBST"]`)
		redeemed("free again", 1)
		c.do("PUT", "/documents/shop/return/R4", `{"time":"2026-11-09T10:00:00Z","gross":"50.00","reference":"4"}`)
		redeemed("returned as a whole", 0)
	})
}
