package message_test

import (
	"context"
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

func TestWhatChangesBetweenDecidingAndSendingCounts(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 6)
		agree(t, db, ids)
		var news []message.New
		for i, id := range ids {
			news = append(news, advert(7, id, i))
		}
		plan(t, db, news...)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := withdraw(ctx, tx, ids[0], 0); err != nil {
				return err
			}
			if err := message.Hold(ctx, tx, ids[1], message.HoldBereavement, "1"); err != nil {
				return err
			}
			if err := message.MarkAddress(ctx, tx, consent.Email, mailOf(2), message.AddressBounced, "5.1.1"); err != nil {
				return err
			}
			if err := message.Erase(ctx, tx, ids[3]); err != nil {
				return err
			}
			return customer.Erase(ctx, tx, ids[3])
		})
		p := newPost()
		start(t, db, p, 2)
		c := await(t, db, 7, "all decided", done)
		why := c.Reasons[message.Suppressed]
		if c.Sent != 2 || why["withdrawn"]+why["suppressed"] != 1 || why["bereavement"] != 1 || why["bounced"] != 1 || why["erased"] != 1 {
			t.Errorf("%+v", c)
		}
		if len(p.taken()) != 2 {
			t.Errorf("%d messages left", len(p.taken()))
		}
		adds(t, db)
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := message.OfCustomer(ctx, tx, ids[3], 0, 10)
			if len(all) != 1 || all[0].Address != "" {
				t.Errorf("of the erased one: %+v", all)
			}
			return err
		})
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
