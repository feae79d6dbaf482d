package message_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// TestADatabaseThatRestartsLosesNothingAndSendsNothingTwice: the server dies twice as in a crash while messages leave, and stays away a moment.
func TestADatabaseThatRestartsLosesNothingAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	server := storetest.OwnPostgres(t)
	db := storetest.Open(t, server.URL, newClock(noon).options())
	const many = 1500
	var news []message.New
	for i, id := range customers(t, db, many) {
		news = append(news, notice(7, id, i))
	}
	plan(t, db, news...)
	p := newPost()
	reached := map[int]chan struct{}{200: make(chan struct{}), 800: make(chan struct{})}
	sent := 0
	p.answer = func(*message.Mail) message.Outcome { // called by one at a time
		if sent++; reached[sent] != nil {
			close(reached[sent])
		}
		return message.Outcome{State: message.Sent, Code: 250}
	}
	s := start(t, db, p, 8)
	for _, at := range []int{200, 800} {
		<-reached[at]
		server.Stop()
		server.Start(t)
	}
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		var c message.Counts
		err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
			c, err = message.CountsOf(context.Background(), tx, 7)
			return err
		})
		if err == nil && c.Sum() != c.Planned {
			t.Errorf("%d planned, %d in all", c.Planned, c.Sum())
		}
		if err == nil && done(c) {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	adds(t, db)
	if c := countsOf(t, db, 7); c.Sent != many {
		t.Errorf("%+v", c)
	}
	for id, n := range p.taken() {
		if n != 1 {
			t.Errorf("message %d left %d times", id, n)
		}
	}
}

// TestMessagesKeepTheHourWhenTheClocksChange: an hour that does not exist, one that comes twice, and a morning after each; what is due in it leaves
// once.
func TestMessagesKeepTheHourWhenTheClocksChange(t *testing.T) {
	for _, c := range []struct {
		name, now, due string
		until          int // minutes of the day at which the quiet hours end
	}{
		{"the morning after summer time began", "2026-03-28T20:30:00Z", "2026-03-29T06:00:00Z", 8 * 60},
		{"half past two does not exist that night", "2026-03-28T20:30:00Z", "2026-03-29T01:00:00Z", 2*60 + 30},
		{"the morning after it ended", "2026-10-24T20:30:00Z", "2026-10-25T07:00:00Z", 8 * 60},
		{"half past two comes twice that night, the first counts", "2026-10-24T20:30:00Z", "2026-10-25T00:30:00Z", 2*60 + 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			hands := newClock(now)
			db := storetest.Open(t, storetest.SQLite(t), hands.options())
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return message.SaveRules(ctx, tx, message.Rules{QuietFrom: 20 * 60, QuietUntil: clock.TimeOfDay(c.until), KeepMails: 1})
			})
			ids := customers(t, db, 2)
			agree(t, db, ids)
			ds := plan(t, db, advert(7, ids[0], 0), advert(7, ids[1], 1))
			if got := ds[0].Due.UTC().Format(time.RFC3339); got != c.due {
				t.Fatalf("due at %s, want %s", got, c.due)
			}
			p := newPost()
			start(t, db, p, 2)
			hands.set(ds[0].Due.Add(-time.Second))
			if c := countsOf(t, db, 7); c.Queued != 2 {
				t.Errorf("before its hour: %+v", c)
			}
			hands.set(ds[0].Due)
			await(t, db, 7, "sent at its hour", func(c message.Counts) bool { return c.Sent == 2 })
			hands.add(-time.Hour) // where the hour comes twice
			adds(t, db)
			for id, n := range p.taken() {
				if n != 1 {
					t.Errorf("message %d left %d times", id, n)
				}
			}
		})
	}
}

// TestALimitIsNoAttempt: a message that a limit holds back far longer than anybody would try is sent in the end, and nothing counts as an attempt
// but its sending.
func TestALimitIsNoAttempt(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		hands := newClock(noon)
		db := storetest.Open(t, url, hands.options())
		ids := customers(t, db, 1)
		ds := plan(t, db, notice(7, ids[0], 0))
		p := newPost()
		const limited = 30 // more than the attempts after which a message is given up
		tries := 0
		p.answer = func(*message.Mail) message.Outcome {
			if tries++; tries <= limited {
				return message.Outcome{State: message.Queued, Text: "email.limited", Retry: hands.now(), Untried: true}
			}
			return message.Outcome{State: message.Sent, Code: 250}
		}
		start(t, db, p, 1)
		await(t, db, 7, "sent", func(c message.Counts) bool { return c.Sent == 1 })
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			m, err := message.Find(ctx, tx, ds[0].ID)
			if err == nil && m.Attempts != 1 {
				t.Errorf("%d attempts", m.Attempts)
			}
			return err
		})
		adds(t, db)
	})
}
