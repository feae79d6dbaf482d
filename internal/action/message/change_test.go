package message_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// withdraw takes the consent of the i-th customer back.
func withdraw(ctx context.Context, tx *store.Tx, id int64, i int) error {
	_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Withdrawn, Address: mailOf(i), Source: consent.SourceLink}})
	return err
}

// startling is a Composer of the tests that changes something while it writes the first time.
type startling struct {
	letters
	once   sync.Once
	change func()
}

func (s *startling) Compose(ctx context.Context, tx *store.Tx, ms []message.Message) ([]message.Mail, error) {
	s.once.Do(s.change)
	return s.letters.Compose(ctx, tx, ms)
}

func TestWhatChangesBetweenDecidingAndSendingCounts(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 12)
		agree(t, db, ids)
		for measure, when := range []string{"before the mails are written", "after the gates were asked again"} {
			changes := changes{measure: int64(measure) + 1, first: 6 * measure, ids: ids[6*measure : 6*measure+6]}
			changes.plan(t, db)
			p := newPost()
			s := &message.Sender{DB: db, Outlet: p, Connections: 2, Composers: map[string]message.Composer{"test": letters{}}}
			if measure == 0 {
				changes.make(t, db)
			} else {
				s.Composers["test"] = &startling{change: func() { changes.make(t, db) }}
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := await(t, db, changes.measure, "all decided", done)
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			why := c.Reasons[message.Suppressed]
			if c.Sent != 2 || why["withdrawn"]+why["suppressed"] != 1 || why["bereavement"] != 1 || why["bounced"] != 1 || why["erased"] != 1 {
				t.Errorf("%s: %+v", when, c)
			}
			if len(p.taken()) != 2 {
				t.Errorf("%s: %d messages left", when, len(p.taken()))
			}
			adds(t, db)
			read(t, db, func(ctx context.Context, tx *store.Tx) error {
				all, err := message.OfCustomer(ctx, tx, changes.ids[3], 0, 10)
				if len(all) != 1 || all[0].Address != "" {
					t.Errorf("%s: of the erased one: %+v", when, all)
				}
				return err
			})
		}
	})
}

// changes are six customers with a message each, of whom four change what gates go by.
type changes struct {
	measure int64
	first   int // number of the first of them
	ids     []int64
}

func (c changes) plan(t *testing.T, db *store.DB) {
	var news []message.New
	for i, id := range c.ids {
		news = append(news, advert(c.measure, id, c.first+i))
	}
	plan(t, db, news...)
}

func (c changes) make(t *testing.T, db *store.DB) {
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := withdraw(ctx, tx, c.ids[0], c.first); err != nil {
			return err
		}
		if err := message.Hold(ctx, tx, c.ids[1], message.HoldBereavement, "1"); err != nil {
			return err
		}
		if err := message.MarkAddress(ctx, tx, consent.Email, mailOf(c.first+2), message.AddressBounced, "5.1.1"); err != nil {
			return err
		}
		if err := message.Erase(ctx, tx, c.ids[3]); err != nil {
			return err
		}
		return customer.Erase(ctx, tx, c.ids[3])
	})
}

func TestAWithdrawalTakesBackWhatWaitsForLater(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 2)
		agree(t, db, ids)
		later := advert(7, ids[0], 0)
		later.NotBefore = noon.AddDate(0, 0, 7)
		other := advert(7, ids[1], 1)
		other.NotBefore = later.NotBefore
		plan(t, db, later, other)
		start(t, db, newPost(), 1)
		await(t, db, 7, "both wait", func(c message.Counts) bool { return c.Queued == 2 })
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return withdraw(ctx, tx, ids[0], 0) })
		c := await(t, db, 7, "taken back", func(c message.Counts) bool { return c.Suppressed == 1 })
		if c.Queued != 1 {
			t.Errorf("%+v", c)
		}
		adds(t, db)
	})
}

func TestWhatIsLateWaitsForTheNextDecentHour(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		ids := customers(t, db, 1)
		agree(t, db, ids)
		ds := plan(t, db, advert(7, ids[0], 0))
		if !ds[0].Due.IsZero() || ds[0].Late.IsZero() {
			t.Fatalf("decided at noon: %+v", ds[0])
		}
		c.set(noon.Add(10 * time.Hour)) // the relay was away until the evening
		p := newPost()
		start(t, db, p, 1)
		waits := func() (m *message.Message) {
			read(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				m, err = message.Find(ctx, tx, ds[0].ID)
				return err
			})
			return m
		}
		await(t, db, 7, "put off", func(message.Counts) bool { return !waits().Due.IsZero() })
		if m := waits(); m.State != message.Queued || m.Due.Format("02. 15:04") != "04. 07:00" || len(p.taken()) != 0 {
			t.Errorf("in the evening: %s until %v, %d sent", m.State, m.Due, len(p.taken()))
		}
		for measure, want := range map[int64]time.Time{7: waits().Due, 8: {}} {
			read(t, db, func(ctx context.Context, tx *store.Tx) error {
				first, err := message.FirstDue(ctx, tx, measure)
				if !first.Equal(want) {
					t.Errorf("the first of measure %d may leave at %v, not %v", measure, first, want)
				}
				return err
			})
		}
		c.set(noon.Add(21 * time.Hour))
		await(t, db, 7, "sent in the morning", func(c message.Counts) bool { return c.Sent == 1 })
	})
}

func TestAThousandMailsToOneAddressLeaveOneByOne(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		id := customers(t, db, 1)[0]
		var news []message.New
		for step := range 1000 {
			n := notice(7, id, 0)
			n.Step = step
			news = append(news, n)
		}
		plan(t, db, news...)
		p := newPost()
		p.ready = func(_ string, now time.Time) time.Time { // the receiver takes one and then nothing for an hour
			if len(p.taken()) > 0 {
				return noon.Add(time.Hour)
			}
			return now
		}
		start(t, db, p, 8)
		got := await(t, db, 7, "the rest waits", func(c message.Counts) bool { return c.Sent >= 1 && c.Attempting == 0 })
		if got.Sent > 8 || got.Sent+got.Queued != 1000 {
			t.Errorf("%+v", got)
		}
		adds(t, db)
	})
}

func TestListsFindWhatTheirFilterMeans(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 30)
		var news []message.New
		for i, id := range ids {
			for measure := range int64(3) {
				n := notice(measure+1, id, i)
				switch {
				case i%5 == 0:
					n.Address = ""
				case i%7 == 0:
					n.NotBefore = noon.AddDate(0, 0, 1)
				case measure == 2:
					n.Ask.Basis = ""
				}
				news = append(news, n)
			}
		}
		plan(t, db, news...)
		s := start(t, db, newPost(), 2)
		await(t, db, 1, "sent", func(c message.Counts) bool { return c.Sent > 0 && c.Attempting == 0 })
		await(t, db, 2, "sent", func(c message.Counts) bool { return c.Sent > 0 && c.Attempting == 0 })
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := message.List(ctx, tx, message.Filter{Limit: 1000})
			if err != nil || len(all) != 90 {
				t.Fatalf("%d messages, %v", len(all), err)
			}
			two := int64(2)
			for _, f := range []message.Filter{{Measure: &two}, {State: message.Sent}, {State: message.Queued}, {Reason: "no_address"}, {Measure: &two, State: message.Suppressed, Reason: "no_address"},
				{State: message.Suppressed}, {Measure: &two, Before: all[40].ID}, {State: message.Failed}} {
				f.Limit = 7
				var want []int64
				for _, m := range all {
					if (f.Measure == nil || m.Measure == *f.Measure) && (f.State == "" || m.State == f.State) && (f.Reason == "" || m.Reason == f.Reason) && (f.Before == 0 || m.ID < f.Before) && len(want) < 7 {
						want = append(want, m.ID)
					}
				}
				found, err := message.List(ctx, tx, f)
				if err != nil {
					return err
				}
				var got []int64
				for _, m := range found {
					got = append(got, m.ID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%+v: %v, want %v", f, got, want)
				}
			}
			return nil
		})
	})
}
