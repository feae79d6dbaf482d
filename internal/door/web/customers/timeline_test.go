package customers_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"

	"github.com/google/go-cmp/cmp"
)

func TestTheTimelineIsPagedWithoutLosingAnything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		id := s.add(customer.Draft{Fields: customer.Fields{"last_name": "Lang"}})
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			var events []*event.Event
			for i := range 40 { // all at one time
				events = append(events, &event.Event{Source: 1, ExternalID: fmt.Sprint(i), Customer: id, Name: fmt.Sprintf("event-%02d.", i), At: tx.Now})
			}
			if _, err := event.Add(ctx, tx, events, feed.Live); err != nil {
				return err
			}
			for i := range 30 {
				if _, err := customer.AddNote(ctx, tx, id, fmt.Sprintf("note-%02d.", i)); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range 20 {
			s.put(document.Order, fmt.Sprintf("order-%02d.", i), id, i, "", line("x", 1, 1))
		}
		c := s.As(auth.Viewer)
		seen := map[string]int{}
		pages := 0
		for address := s.path("Lang"); address != ""; pages++ {
			body := c.Get(address).Body
			for _, kind := range []string{"event", "note", "order"} {
				for i := range 40 {
					name := fmt.Sprintf("%s-%02d.", kind, i)
					seen[name] += strings.Count(body, name)
				}
			}
			part := between(body, `s-timeline-more"><a class="btn btn-sm" href="`, `"`)
			address = strings.ReplaceAll(part, "&amp;", "&")
			if pages > 10 {
				t.Fatal("the timeline does not end")
			}
		}
		for _, k := range []struct {
			kind string
			n    int
		}{{"event", 40}, {"note", 30}, {"order", 20}} {
			for i := range k.n {
				if name := fmt.Sprintf("%s-%02d.", k.kind, i); seen[name] != 1 {
					t.Errorf("%s stands there %d times", name, seen[name])
				}
			}
		}
	})
}

func TestWhatProgramsDidStandsInTheTimelineInWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		id := s.add(customer.Draft{Fields: customer.Fields{"last_name": "Lang"}})
		err := db.Write(context.Background(), store.Actor{Kind: "job", ID: 3}, func(tx *store.Tx) error {
			for _, n := range []feed.New{{Kind: predict.KindBand, Body: map[string]any{"old": "loyal", "new": "cooling"}}, {Kind: "segment.entered", Subject: 7},
				{Kind: "coupon.redeemed", Subject: 7}, {Kind: "message.held"}, {Kind: "task.raised", Subject: 7}} {
				n.Customer = id
				if _, err := feed.Append(context.Background(), tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(s.As(auth.Viewer).Speak("en").Get(s.path("Lang")).Body, `id="timeline"`)
		words := webtest.Words(rest)
		for _, want := range []string{"Band from “Loyal” to “Cooling”", "Came into a segment", "Coupon redeemed", "Task raised"} {
			if !strings.Contains(words, want) {
				t.Errorf("%q is missing: %.800s", want, words)
			}
		}
		for _, raw := range []string{"customer.band", "segment.entered", "coupon.redeemed", "message.held", "import"} {
			if strings.Contains(words, raw) {
				t.Errorf("the timeline says %q", raw)
			}
		}
	})
}

// Messages are noted in another order than that in which they happened.
func TestMessagesStandInTheTimelineWhenTheyHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := &shop{t: t, ids: map[string]int64{}, docs: map[string]int64{}}
		s.Site = webtest.New(t, db, customers.Area(customers.Deps{Said: engage.Deps{}.Timeline}), engage.Area(engage.Deps{}), beside())
		const mail, agent, n = "k@example.de", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", 30
		id := s.add(customer.Draft{Fields: customer.Fields{"last_name": "Lang"}, Emails: []customer.Email{{Address: mail}}})
		var ids []int64
		var today clock.Day
		var hits []hit.Hit
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			today = clock.DayOf(tx.Now, time.UTC)
			var agreed []consent.Entry
			for _, p := range []consent.Purpose{consent.Advertising, consent.Tracking} {
				agreed = append(agreed, consent.Entry{Customer: id, Channel: consent.Email, Purpose: p, Kind: consent.Confirmed, Address: mail, Evidence: "form", Source: consent.SourcePerson})
			}
			if _, err := consent.Record(ctx, tx, agreed); err != nil {
				return err
			}
			for i := range n { // each of a measure of its own; every third is a call
				channel := consent.Email
				if i%3 == 0 {
					channel = consent.Phone
				}
				made, err := message.Adopt(ctx, tx, int64(i+1), channel, []message.Past{{Customer: id, Address: mail, Arm: "a", Basis: consent.Consent, Day: today.AddDays(-7 * (i * 11 % n))}})
				if err != nil {
					return err
				}
				ids = append(ids, made[0])
			}
			open := []hit.Link{{Measure: 2, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Open}, {Measure: 2, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Click, Position: 1, Target: "https://shop.example/"}}
			for i := range open {
				open[i].Identify()
			}
			if err := hit.Keep(ctx, tx, open); err != nil {
				return err
			}
			sent := today.AddDays(-7 * 11).Start(time.UTC).Add(12 * time.Hour)
			hits = []hit.Hit{{At: sent, Link: &open[0], Message: ids[1], Agent: agent}, {At: sent.Add(time.Minute), Link: &open[1], Message: ids[1], Agent: agent}}
			return nil
		})
		s.Write(func(ctx context.Context, tx *store.Tx) error { return hit.Record(ctx, tx, hits) })
		for i := range n {
			s.put(document.Order, fmt.Sprintf("order-%02d.", i), id, 7*i+3, "", line("x", 1, 1))
		}
		var order []string // what stands there, from the top
		p := i18n.For("en", nil)
		opened, clicked, pages := 0, 0, 0
		c := s.As(auth.Viewer).Speak("en")
		for address := s.path("Lang"); address != ""; pages++ {
			body := c.Get(address).Body
			_, rest, _ := strings.Cut(body, `id="timeline"`)
			opened, clicked = opened+strings.Count(rest, p.N("hit.opens", 1)), clicked+strings.Count(rest, p.N("hit.clicks", 1))
			order = append(order, saidOrBought.FindAllString(rest, -1)...)
			address = strings.ReplaceAll(between(body, `s-timeline-more"><a class="btn btn-sm" href="`, `"`), "&amp;", "&")
			if pages > 10 {
				t.Fatal("the timeline does not end")
			}
		}
		var want []string
		for week := range n {
			for i := range n {
				if i*11%n == week {
					want = append(want, fmt.Sprintf(`href="/engage/messages/%d"`, ids[i]))
				}
			}
			want = append(want, fmt.Sprintf("order-%02d.", week))
		}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("on %d pages: %s", pages, diff)
		}
		if opened != 1 || clicked != 1 || pages < 3 {
			t.Errorf("%d opens and %d clicks on %d pages", opened, clicked, pages)
		}
	})
}

var saidOrBought = regexp.MustCompile(`href="/engage/messages/\d+"|order-\d\d\.`)
