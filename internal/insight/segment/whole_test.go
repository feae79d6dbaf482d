package segment_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// A changed product does not say whom it concerns, so that everybody is looked at, but not for each change.
func TestChangesThatNameNobodyAreLookedAtTogether(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		who := s.person("K1", customer.Fields{"name": "N"})
		put := func(category string) {
			s.write(func(ctx context.Context, tx *store.Tx) error {
				w, err := product.Upsert(ctx, tx, 0, []*product.Product{{SKU: "P1", Category: category, Active: true}})
				if err != nil {
					return err
				}
				_, err = feed.Append(ctx, tx, feed.New{Kind: "product.changed", Rows: w.Rows})
				return err
			})
		}
		put("tea")
		cents := int64(1000)
		s.write(func(ctx context.Context, tx *store.Tx) error {
			d := &document.Document{Source: 1, Kind: document.Order, ExternalID: "A1", Customer: who, Currency: "EUR", Day: s.today(), At: s.now,
				Net: &cents, Gross: &cents, Lines: []document.Line{{Product: 1, Quantity: 1000, UnitPrice: 10_000_000, Amount: cents}}}
			_, _, err := document.Put(ctx, tx, d, "EUR", feed.Live)
			return err
		})
		id := s.save("Coffee", `orders(category = coffee) >= 1`, true)
		s.sync()
		s.same(id)
		put("coffee")
		s.sync()
		if got := s.members(id); len(got) != 0 {
			t.Errorf("looked at at once: %v", got)
		}
		s.now = s.now.Add(11 * time.Minute)
		s.sync()
		if s.same(id); len(s.members(id)) != 1 {
			t.Errorf("members %v", s.members(id))
		}
		if _, live := s.told(id); live != 1 {
			t.Errorf("%d live changes", live)
		}
	})
}
