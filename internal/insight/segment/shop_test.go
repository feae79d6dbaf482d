package segment_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/product"
)

// shop is a small company whose clock the test moves.
type shop struct {
	testing.TB
	db      *store.DB
	house   *warehouse.DB
	tracker *segment.Tracker
	now     time.Time
	docs    int
}

func projections() []warehouse.Projection {
	return []warehouse.Projection{company.Projection(), customer.Projection(), product.Projection(), document.Projection(), event.Projection(),
		report.Projection(), predict.Projection(), segment.Projection()}
}

func fields(ctx context.Context, tx *store.Tx) (*filter.Catalogue, error) {
	custom, err := customer.LoadCatalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	all := [][]filter.Field{customer.FieldsOf(custom)}
	for _, p := range projections() {
		all = append(all, p.Fields)
	}
	return filter.NewCatalogue("EUR", all...)
}

// each runs a test on a shop on both databases.
func each(t *testing.T, fn func(t *testing.T, s *shop)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := &shop{TB: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		s.db = storetest.Open(t, url, store.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.now }})
		s.house = warehousetest.Open(t, projections()...)
		s.tracker = segment.NewTracker(s.db, s.house, fields, slog.New(slog.DiscardHandler))
		fn(t, s)
	})
}

func (s *shop) write(fn func(context.Context, *store.Tx) error) {
	s.Helper()
	if err := s.db.Write(s.Context(), store.Actor{Kind: "user", ID: 1}, func(tx *store.Tx) error { return fn(s.Context(), tx) }); err != nil {
		s.Fatal(err)
	}
}

// today is the day of the shop's clock.
func (s *shop) today() clock.Day { return clock.DayOf(s.now, company.Defaults().Zone()) }

// person adds a customer and returns her id.
func (s *shop) person(number string, f customer.Fields) (id int64) {
	s.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, customer.Draft{ExternalID: number, Fields: f})
		id = e.ID
		return err
	})
	return id
}

// order puts a document of a kind: the same number again changes it.
func (s *shop) order(kind document.Kind, number string, who int64, day clock.Day, cents int64, origin feed.Origin) {
	s.Helper()
	d := &document.Document{Source: 1, Kind: kind, ExternalID: number, Customer: who, Currency: "EUR", Net: &cents, Gross: &cents,
		Day: day, At: day.Start(time.UTC).Add(12 * time.Hour), Lines: []document.Line{{Quantity: 1000, UnitPrice: cents * 10_000, Amount: cents}}}
	s.write(func(ctx context.Context, tx *store.Tx) error {
		_, _, err := document.Put(ctx, tx, d, "EUR", origin)
		return err
	})
}

// book reads the segments and fields.
func (s *shop) book() (b *segment.Book) {
	s.Helper()
	err := s.db.Read(s.Context(), func(tx *store.Tx) (err error) { b, err = segment.Open(s.Context(), tx, fields); return err })
	if err != nil {
		s.Fatal(err)
	}
	return b
}

// parse reads a condition.
func (s *shop) parse(text string) filter.Tree {
	s.Helper()
	t, err := s.book().Parse(text)
	if err != nil {
		s.Fatalf("%s: %v", text, err)
	}
	return t
}

// save makes a segment.
func (s *shop) save(name, text string, tracked bool) (id int64) {
	s.Helper()
	b, t := s.book(), s.parse(text)
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = segment.Create(ctx, tx, b, segment.Draft{Name: name, Condition: t, Tracked: tracked})
		return err
	})
	return id
}

// sync brings warehouse and members up to date.
func (s *shop) sync() {
	s.Helper()
	if err := s.house.CatchUp(s.Context(), s.db); err != nil {
		s.Fatal(err)
	}
	if err := s.tracker.CatchUp(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// list asks the warehouse who is in a segment.
func (s *shop) list(id int64) []int64 {
	s.Helper()
	b := s.book()
	seg, err := b.Find(id)
	if err != nil {
		s.Fatal(err)
	}
	q, err := b.Of(seg, b.Today)
	if err != nil {
		s.Fatal(err)
	}
	ids, err := segment.Customers(s.Context(), s.house, q, 0, 0)
	if err != nil {
		s.Fatal(err)
	}
	return ids
}

// members are who is in a tracked segment by what is written down.
func (s *shop) members(id int64) (ids []int64) {
	s.Helper()
	err := s.db.Read(s.Context(), func(tx *store.Tx) error {
		found, err := segment.Members(s.Context(), tx, id, 0, 1_000_000)
		for _, m := range found {
			ids = append(ids, m.Customer)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return ids
}

// told replays what the feed tells about a segment: who entered and did not leave, and whether each change was live. It fails if
// somebody enters or leaves twice.
func (s *shop) told(id int64) (ids map[int64]bool, live int) {
	s.Helper()
	s.settled()
	ids = map[int64]bool{}
	err := s.db.Read(s.Context(), func(tx *store.Tx) error {
		for at := (feed.Cursor{}); ; {
			changes, next, err := feed.Read(s.Context(), tx, at, 1000)
			if err != nil || len(changes) == 0 {
				return err
			}
			at = next
			for _, c := range changes {
				if c.Subject != id || c.Kind != segment.KindEntered && c.Kind != segment.KindLeft {
					continue
				}
				if c.Origin == feed.Live {
					live++
				}
				for _, who := range segment.Moved(c) {
					if in := c.Kind == segment.KindEntered; ids[who] == in {
						return fmt.Errorf("customer %d: %s twice", who, c.Kind)
					} else if in {
						ids[who] = true
					} else {
						delete(ids, who)
					}
				}
			}
		}
	})
	if err != nil {
		s.Fatal(err)
	}
	return ids, live
}

// settled waits until the feed can be read to its end: on PostgreSQL a transaction under way anywhere in the cluster, such as
// that of another test, hides the newest changes until it is over.
func (s *shop) settled() {
	s.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for whole := false; !whole; {
		err := s.db.Read(s.Context(), func(tx *store.Tx) error {
			horizon, err := tx.Horizon(s.Context())
			if err != nil {
				return err
			}
			var last int64
			err = tx.QueryRow(s.Context(), "SELECT COALESCE(MAX(xid), 0) FROM feed").Scan(&last)
			whole = last < horizon
			return err
		})
		if err != nil {
			s.Fatal(err)
		}
		if !whole {
			<-tick.C
		}
	}
}
