package event_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/event"
)

func TestAnEventCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		add := func(ids ...string) (n int) {
			var events []*event.Event
			for _, id := range ids {
				events = append(events, &event.Event{Source: 1, ExternalID: id, Customer: 7, Name: "visit", At: time.Unix(1e9, 0), Properties: []byte(`{"page":"/"}`)})
			}
			err := db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
				n, err = event.Add(ctx, tx, events, feed.Live)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := add("a", "b", "a"); n != 2 {
			t.Errorf("added %d, want 2", n)
		}
		if n := add("b", "c"); n != 1 {
			t.Errorf("added %d, want 1", n)
		}
		err := db.Read(ctx, func(tx *store.Tx) error {
			first, err := event.OfCustomer(ctx, tx, 7, time.Time{}, 0, 2)
			if err != nil {
				return err
			}
			rest, err := event.OfCustomer(ctx, tx, 7, first[1].At, first[1].ID, 2)
			if len(first) != 2 || len(rest) != 1 {
				t.Errorf("pages of %d and %d, want 2 and 1", len(first), len(rest))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnEventTooLargeIsRefusedWithItsField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := event.Add(ctx, tx, []*event.Event{{ExternalID: "a", Name: "x", At: time.Unix(1, 0), Properties: []byte(`"` + strings.Repeat("a", event.MaxProperties) + `"`)}}, feed.Live)
			return err
		})
		if f := fault.As(err); f == nil || f.Code != fault.Invalid || f.Field != "events[0].properties" {
			t.Errorf("got %v, want an invalid fault on events[0].properties", err)
		}
	})
}
