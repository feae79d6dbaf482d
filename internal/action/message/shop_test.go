package message_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("STAMM_TEST_CRASH_SENDER"); url != "" {
		crashSender(url, os.Getenv("STAMM_TEST_CRASH_SINK"))
		return
	}
	os.Exit(m.Run())
}

// noon is a working day in Hamburg, 12:00.
var noon = time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)

// manualClock is the time of a test; it moves only when the test says so.
type manualClock struct{ micros atomic.Int64 }

func newClock(at time.Time) *manualClock {
	c := &manualClock{}
	c.set(at)
	return c
}

func (c *manualClock) now() time.Time         { return clock.Time(c.micros.Load()) }
func (c *manualClock) set(at time.Time)       { c.micros.Store(at.UnixMicro()) }
func (c *manualClock) add(d time.Duration)    { c.micros.Add(d.Microseconds()) }
func (c *manualClock) options() store.Options { return store.Options{Now: c.now} }

func write(t testing.TB, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Write(ctx, store.Actor{Kind: "user", ID: 7}, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Read(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// customers makes n customers with a mail address and returns their ids.
func customers(t testing.TB, db *store.DB, n int) []int64 {
	t.Helper()
	var ids []int64
	for start := 0; start < n; start += customer.MaxRows {
		b := customer.Batch{Fields: []string{customer.FieldExternalID, "last_name", customer.FieldEmail, "country", "region"}}
		for i := start; i < min(n, start+customer.MaxRows); i++ {
			b.Rows = append(b.Rows, []string{fmt.Sprint("K", i), fmt.Sprint("Name", i), mailOf(i), "DE", "HH"})
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			if b.Source, err = customer.SourceID(ctx, tx, "shop"); err != nil {
				return err
			}
			w, err := customer.Upsert(ctx, tx, b)
			for _, o := range w.Outcomes {
				ids = append(ids, o.ID)
			}
			return err
		})
	}
	return ids
}

func mailOf(i int) string { return fmt.Sprintf("kunde%d@example.de", i) }

// agree gives consent to advertising by mail.
func agree(t testing.TB, db *store.DB, ids []int64) {
	t.Helper()
	for start := 0; start < len(ids); start += 1000 {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			var entries []consent.Entry
			for i := start; i < min(len(ids), start+1000); i++ {
				entries = append(entries, consent.Entry{Customer: ids[i], Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: mailOf(i),
					Evidence: "form", Source: consent.SourcePerson})
			}
			_, err := consent.Record(ctx, tx, entries)
			return err
		})
	}
}

// notice is a message that passes all gates but the address.
func notice(measure, id int64, i int) message.New {
	return message.New{Measure: measure, Customer: id, Channel: consent.Email, Kind: "test", Address: mailOf(i), Ask: consent.Ask{Purpose: consent.Advertising, Basis: consent.LegalDuty}}
}

// advert is a message that has to pass them all.
func advert(measure, id int64, i int) message.New {
	n := notice(measure, id, i)
	n.Ask.Basis = ""
	return n
}

// plan decides about messages and records them.
func plan(t testing.TB, db *store.DB, news ...message.New) []message.Decision {
	t.Helper()
	var all []message.Decision
	for start := 0; start < len(news); start += 1000 {
		var ds []message.Decision
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			if ds, err = message.Decide(ctx, tx, news[start:min(len(news), start+1000)]); err != nil {
				return err
			}
			return message.Record(ctx, tx, ds)
		})
		all = append(all, ds...)
	}
	return all
}

func countsOf(t testing.TB, db *store.DB, measure int64) (c message.Counts) {
	t.Helper()
	read(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = message.CountsOf(ctx, tx, measure)
		return err
	})
	return c
}

// adds checks what the ledger promises: the counters add up to what was planned and are what the rows say.
func adds(t testing.TB, db *store.DB) {
	t.Helper()
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		all, err := message.AllCounts(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT measure, CASE WHEN attempting = 1 THEN 'attempting' ELSE state END, CASE WHEN state = 'sent' THEN '' ELSE reason END, COUNT(1) FROM message GROUP BY 1, 2, 3`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var measure, n int64
			var state message.State
			var reason string
			if err := rows.Scan(&measure, &state, &reason, &n); err != nil {
				return err
			}
			c := all[measure]
			if c == nil {
				t.Fatalf("measure %d is not counted", measure)
			}
			if state == message.Failed || state == message.Unclear || state == message.Suppressed {
				if c.Reasons[state][reason] != n {
					t.Errorf("measure %d: %d are %s (%s), counted as %d", measure, n, state, reason, c.Reasons[state][reason])
				}
				delete(c.Reasons[state], reason)
				continue
			}
			if c.Of(state) != n {
				t.Errorf("measure %d: %d are %s, counted as %d", measure, n, state, c.Of(state))
			}
		}
		for measure, c := range all {
			if c.Sum() != c.Planned {
				t.Errorf("measure %d: %d planned, but the states add up to %d: %+v", measure, c.Planned, c.Sum(), c)
			}
			for state, left := range c.Reasons {
				if len(left) > 0 {
					t.Errorf("measure %d: counted, but not there: %s %v", measure, state, left)
				}
			}
		}
		return rows.Err()
	})
}

// letters is the Composer of the tests.
type letters struct{}

func (letters) Compose(_ context.Context, _ *store.Tx, ms []message.Message) ([]message.Mail, error) {
	mails := make([]message.Mail, len(ms))
	for i, m := range ms {
		mails[i] = message.Mail{Subject: "Hallo", Text: fmt.Sprint("Nachricht ", m.ID)}
		if m.Arm == "broken" {
			panic("a letter that cannot be written")
		}
	}
	return mails, nil
}

// post is an outlet that keeps in mind what was handed over, and answers as the test says.
type post struct {
	mu     sync.Mutex
	got    map[int64]int
	answer func(m *message.Mail) message.Outcome
	ready  func(to string, now time.Time) time.Time
	refuse error // of Dial
}

func newPost() *post { return &post{got: map[int64]int{}} }

func (p *post) Ready(to string, now time.Time) time.Time {
	if p.ready != nil {
		return p.ready(to, now)
	}
	return now
}

func (p *post) Dial(context.Context) (message.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return nil, p.refuse
	}
	return p, nil
}

func (p *post) Send(_ context.Context, m *message.Mail) message.Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got[m.ID]++
	if p.answer != nil {
		return p.answer(m)
	}
	return message.Outcome{State: message.Sent, Code: 250, Text: "2.0.0 Ok", Relay: "post"}
}

func (p *post) Close() error { return nil }

func (p *post) taken() map[int64]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[int64]int{}
	for id, n := range p.got {
		all[id] = n
	}
	return all
}

// start begins to send; the test ends it, or it ends with the test.
func start(t testing.TB, db *store.DB, outlet message.Outlet, connections int) *message.Sender {
	t.Helper()
	s := &message.Sender{DB: db, Outlet: outlet, Connections: connections, Composers: map[string]message.Composer{"test": letters{}, message.KindAPI: message.Texts{}}}
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// await looks at the counts of a measure after every commit until they are as they should.
func await(t testing.TB, db *store.DB, measure int64, what string, holds func(message.Counts) bool) message.Counts {
	t.Helper()
	timeout := time.After(60 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond) // commits of another process are not announced here
	defer tick.Stop()
	for {
		changed := db.Changed()
		c := countsOf(t, db, measure)
		if holds(c) {
			return c
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-timeout:
			t.Fatalf("%s: %+v", what, c)
		}
	}
}

func done(c message.Counts) bool { return c.Planned > 0 && c.Pending() == 0 }
