package call_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/privacy"
	"stamm/internal/action/program"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/task"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// noon is a working day in Hamburg, 12:00.
var noon = time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)

// words is a Writer whose calls two users make in turn.
type words struct{}

func (words) Orders(context.Context, *store.Tx, int64) (call.Orders, error) {
	return call.Orders{Owners: []int64{3, 4}, Most: 2}, nil
}

func (words) Script(_ context.Context, _ *store.Tx, m *message.Message) (call.Script, error) {
	return call.Script{About: "Frühling", Text: "Guten Tag"}, nil
}

// shop is a company with a measure and customers who may be called.
type shop struct {
	t       testing.TB
	db      *store.DB
	desk    *call.Desk
	micros  *atomic.Int64
	measure int64
	people  []int64 // who agreed to be called
}

func each(t *testing.T, people int, fn func(t *testing.T, s *shop)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		micros := &atomic.Int64{}
		micros.Store(noon.UnixMicro())
		s := &shop{t: t, micros: micros}
		s.db = storetest.Open(t, url, store.Options{Now: func() time.Time { return clock.Time(micros.Load()) }})
		s.desk = &call.Desk{DB: s.db, Writers: map[string]call.Writer{"spring": words{}}}
		s.do(func(ctx context.Context, tx *store.Tx) (err error) {
			if s.measure, err = program.Create(ctx, tx, program.Measure{Name: "Frühling", Goal: "zurück", Start: clock.DayOf(noon, time.UTC), End: clock.DayOf(noon, time.UTC).AddDays(9)}); err != nil {
				return err
			}
			if err := program.Start(ctx, tx, s.measure); err != nil {
				return err
			}
			for i := range people {
				id := s.person(ctx, tx, fmt.Sprint("K", i), number(i))
				s.people = append(s.people, id)
			}
			return nil
		})
		s.turn()
		fn(t, s)
	})
}

func number(i int) string { return fmt.Sprintf("+494012345%02d", i) }

func (s *shop) do(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	if err := s.try(fn); err != nil {
		s.t.Fatal(err)
	}
}

// try runs fn as user 3.
func (s *shop) try(fn func(context.Context, *store.Tx) error) error {
	ctx := context.Background()
	return s.db.Write(ctx, store.Actor{Kind: "user", ID: 3}, func(tx *store.Tx) error { return fn(ctx, tx) })
}

// turn lets the desk read all there is.
func (s *shop) turn() {
	s.t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.desk.Turn(context.Background()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// made makes a customer; values are pairs of field and value.
func (s *shop) made(ctx context.Context, tx *store.Tx, ext string, values ...string) int64 {
	s.t.Helper()
	b := customer.Batch{Fields: []string{customer.FieldExternalID}, Rows: [][]string{{ext}}}
	for i := 0; i < len(values); i += 2 {
		b.Fields, b.Rows[0] = append(b.Fields, values[i]), append(b.Rows[0], values[i+1])
	}
	var err error
	if b.Source, err = customer.SourceID(ctx, tx, "shop"); err != nil {
		s.t.Fatal(err)
	}
	w, err := customer.Upsert(ctx, tx, b)
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Outcomes[0].ID
}

// person makes a customer who agreed to be called at a number.
func (s *shop) person(ctx context.Context, tx *store.Tx, ext, at string) int64 {
	s.t.Helper()
	id := s.made(ctx, tx, ext, "last_name", "Berg", "country", "DE", customer.FieldPhone, at)
	_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: id, Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Granted, Address: at, Evidence: "Formular 7",
		Source: consent.SourcePerson}})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// propose decides about calls to customers and records them.
func (s *shop) propose(to map[int64]string) []message.Decision {
	s.t.Helper()
	var ds []message.Decision
	s.do(func(ctx context.Context, tx *store.Tx) (err error) {
		var news []message.New
		for id, at := range to {
			news = append(news, message.New{Measure: s.measure, Customer: id, Channel: consent.Phone, Kind: "spring", Subject: 1, Arm: "a", Address: at,
				Ask: consent.Ask{Channel: consent.Phone, Purpose: consent.Advertising}})
		}
		if ds, err = message.Decide(ctx, tx, news); err != nil {
			return err
		}
		return message.Record(ctx, tx, ds)
	})
	s.turn()
	return ds
}

// all proposes calls to everybody and returns the messages by customer.
func (s *shop) all() map[int64]int64 {
	s.t.Helper()
	to := map[int64]string{}
	for i, id := range s.people {
		to[id] = number(i)
	}
	ids := map[int64]int64{}
	for _, d := range s.propose(to) {
		if d.State != message.Queued {
			s.t.Fatalf("%+v", d)
		}
		ids[d.Customer] = d.ID
	}
	return ids
}

func (s *shop) find(id int64) (c *call.Call, m *message.Message) {
	s.t.Helper()
	s.do(func(ctx context.Context, tx *store.Tx) (err error) {
		if c, err = call.Find(ctx, tx, id); err != nil {
			return err
		}
		m, err = message.Find(ctx, tx, id)
		return err
	})
	return c, m
}

func (s *shop) begin(id int64) (stopped string) {
	s.t.Helper()
	s.do(func(ctx context.Context, tx *store.Tx) (err error) {
		stopped, err = call.Begin(ctx, tx, id)
		return err
	})
	return stopped
}

func (s *shop) end(id int64, r call.Result) {
	s.t.Helper()
	s.do(func(ctx context.Context, tx *store.Tx) error { return call.End(ctx, tx, id, r) })
}

// adds makes sure that the ledger adds up, and returns how it stands.
func (s *shop) adds() (c message.Counts) {
	s.t.Helper()
	s.do(func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = message.CountsOf(ctx, tx, s.measure)
		return err
	})
	if c.Planned != c.Sum() {
		s.t.Errorf("planned %d, but it adds up to %d: %+v", c.Planned, c.Sum(), c)
	}
	return c
}

func (s *shop) conflict(about, key string, fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	if f := fault.As(s.try(fn)); f == nil || f.Key != "call."+key {
		s.t.Errorf("%s: %v, want %s", about, f, key)
	}
}

func TestEachOutcomeMovesTheMessageAndTheLedgerAddsUp(t *testing.T) {
	each(t, 6, func(t *testing.T, s *shop) {
		ids := s.all()
		s.turn()
		owners := map[int64]int{}
		for _, id := range ids {
			c, _ := s.find(id)
			owners[c.Owner]++
		}
		if !cmp.Equal(owners, map[int64]int{3: 3, 4: 3}) {
			t.Errorf("calls by owner: %v", owners)
		}
		s.conflict("not begun", "not_begun", func(ctx context.Context, tx *store.Tx) error {
			return call.End(ctx, tx, ids[s.people[0]], call.Result{Outcome: call.Interested})
		})
		for i, tt := range []struct {
			outcome call.Outcome
			message message.State
			reason  string
			state   call.State
		}{
			{call.Interested, message.Sent, "", call.Over}, {call.NotInterested, message.Sent, "", call.Over}, {call.NoMore, message.Sent, "", call.Over},
			{call.NotReached, message.Queued, "", call.Open}, {call.Wrong, message.Failed, message.ReasonWrong, call.Over}, {call.Later, message.Queued, "", call.Open},
		} {
			id := ids[s.people[i]]
			if stopped := s.begin(id); stopped != "" {
				t.Fatalf("%s: stopped by %s", tt.outcome, stopped)
			}
			s.begin(id) // twice is once
			r := call.Result{Outcome: tt.outcome, Note: "Notiz"}
			if tt.outcome == call.Later {
				r.Again = noon.Add(100 * time.Hour)
			}
			s.end(id, r)
			s.end(id, r)
			c, m := s.find(id)
			if c.State != tt.state || m.State != tt.message || m.Reason != tt.reason || c.Tries != 1 || m.Attempts != 1 {
				t.Errorf("%s: call %+v, message %s %s", tt.outcome, c, m.State, m.Reason)
			}
			s.adds()
		}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			uses, err := consent.Uses(ctx, tx, s.people[0])
			if len(uses) != 1 || uses[0].Subject != "Frühling" || uses[0].Entry == 0 || !uses[0].At.Equal(noon) {
				t.Errorf("uses of the consent: %+v", uses)
			}
			open, err2 := task.Pending(ctx, tx, call.TaskCall)
			if len(open) != 2 {
				t.Errorf("%d tasks are open, want those of two calls", len(open))
			}
			said, err3 := consent.Check(ctx, tx, consent.Ask{Channel: consent.Phone, Purpose: consent.Advertising}, []consent.Recipient{{Customer: s.people[2], Address: number(2)}})
			if said[0].Reason != consent.ReasonSuppressed {
				t.Errorf("who wants no more calls: %+v", said[0])
			}
			counted, err4 := call.OutcomesOf(ctx, tx, s.measure)
			for outcome, n := range counted {
				calls, err := call.With(ctx, tx, call.Filter{Measure: s.measure, Outcome: outcome, Limit: 100})
				if err != nil || int64(len(calls)) != n || calls[0].Outcome != outcome {
					t.Errorf("%d calls came to %s, and it opens to %d (%v)", n, outcome, len(calls), err)
				}
			}
			if len(counted) < 5 {
				t.Errorf("outcomes: %v", counted)
			}
			return first(err, err2, err3, err4)
		})
	})
}

func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestNobodyIsTriedMoreOftenThanWantedAndAnOutcomeCanBeTakenBack(t *testing.T) {
	each(t, 2, func(t *testing.T, s *shop) {
		ids := s.all()
		id := ids[s.people[0]]
		s.begin(id)
		s.end(id, call.Result{Outcome: call.NotReached})
		c, m := s.find(id)
		if want := noon.Add(24 * time.Hour); !c.Due.Equal(want) || !m.Due.Equal(want) {
			t.Errorf("again at %s and %s, want %s", c.Due, m.Due, want)
		}
		s.micros.Store(c.Due.UnixMicro())
		s.begin(id)
		s.end(id, call.Result{Outcome: call.NotReached})
		if c, m := s.find(id); c.State != call.Over || m.State != message.Failed || m.Reason != message.ReasonNotReached {
			t.Errorf("after two tries of two: %+v %s", c, m.State)
		}
		s.do(func(ctx context.Context, tx *store.Tx) error { return call.Undo(ctx, tx, id) })
		if c, m := s.find(id); c.State != call.Begun || m.State != message.Queued {
			t.Errorf("taken back: %+v %s", c, m.State)
		}
		s.end(id, call.Result{Outcome: call.Interested})
		if c, m := s.find(id); c.Outcome != call.Interested || m.State != message.Sent || m.Attempts != 2 {
			t.Errorf("said anew: %+v %s after %d", c, m.State, m.Attempts)
		}
		other := ids[s.people[1]]
		s.begin(other)
		s.do(func(ctx context.Context, tx *store.Tx) error { return call.Drop(ctx, tx, other) })
		if c, _ := s.find(other); c.State != call.Open || c.Tries != 0 {
			t.Errorf("not dialled: %+v", c)
		}
		s.begin(other)
		s.end(other, call.Result{Outcome: call.NoMore})
		s.conflict("no more calls", "no_undo", func(ctx context.Context, tx *store.Tx) error { return call.Undo(ctx, tx, other) })
		s.do(func(ctx context.Context, tx *store.Tx) error {
			uses, err := consent.Uses(ctx, tx, s.people[0])
			if len(uses) != 2 {
				t.Errorf("%d uses for two tries", len(uses))
			}
			return err
		})
		s.adds()
	})
}

func TestNobodyIsCalledInQuietHoursOrAfterANo(t *testing.T) {
	each(t, 3, func(t *testing.T, s *shop) {
		ids := s.all()
		id := ids[s.people[0]]
		s.micros.Store(time.Date(2026, 3, 3, 20, 30, 0, 0, time.UTC).UnixMicro())
		s.conflict("in the evening", "quiet", func(ctx context.Context, tx *store.Tx) error { _, err := call.Begin(ctx, tx, id); return err })
		s.micros.Store(noon.UnixMicro())
		s.do(func(ctx context.Context, tx *store.Tx) error { return message.Pause(ctx, tx, s.measure) })
		s.conflict("paused", "resting", func(ctx context.Context, tx *store.Tx) error { _, err := call.Begin(ctx, tx, id); return err })
		s.do(func(ctx context.Context, tx *store.Tx) error {
			due, err := call.Due(ctx, tx, noon, call.Filter{Limit: 10})
			rest, err2 := call.CountResting(ctx, tx, 3)
			if len(due) != 0 || rest == 0 {
				t.Errorf("of a paused measure %d are due and %d rest", len(due), rest)
			}
			return first(err, err2, message.Continue(ctx, tx, s.measure))
		})
		s.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: s.people[0], Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Withdrawn, Source: consent.SourcePerson}})
			return err
		})
		if stopped := s.begin(id); stopped != consent.ReasonSuppressed {
			t.Errorf("who withdrew is called: %q", stopped)
		}
		if c, m := s.find(id); c.State != call.Over || m.State != message.Suppressed || m.Gates.Stop() != message.GateLegal {
			t.Errorf("%+v %s %s", c, m.State, m.Gates)
		}
		s.begin(ids[s.people[1]]) // under way while the measure is cancelled
		s.do(func(ctx context.Context, tx *store.Tx) error { return message.Cancel(ctx, tx, s.measure, "") })
		s.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := privacy.Erase(ctx, tx, s.people[2])
			return err
		})
		s.turn()
		if c, m := s.find(ids[s.people[2]]); c.State != call.Over || c.Reason != message.ReasonErased || m.Address != "" {
			t.Errorf("erased: %+v", c)
		}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			if _, err := message.Reconsider(ctx, tx, s.people[1]); err != nil {
				return err
			}
			open, err := task.Pending(ctx, tx, call.TaskCall)
			if len(open) != 1 {
				t.Errorf("%d tasks are open, want the one under way", len(open))
			}
			return err
		})
		s.end(ids[s.people[1]], call.Result{Outcome: call.NotInterested})
		if counts := s.adds(); counts.Sent != 1 || counts.Pending() != 0 {
			t.Errorf("%+v", counts)
		}
	})
}

func TestCompaniesThatBoughtMayBeCalledWithoutExpressConsent(t *testing.T) {
	each(t, 0, func(t *testing.T, s *shop) {
		to, want := map[int64]string{}, map[int64]consent.Basis{}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			source, err := customer.SourceID(ctx, tx, "shop")
			if err != nil {
				return err
			}
			add := func(i int, buys bool, basis consent.Basis, values ...string) int64 {
				id := s.made(ctx, tx, fmt.Sprint("F", i), append(values, customer.FieldPhone, number(i))...)
				to[id], want[id] = number(i), basis
				if buys {
					net := int64(2000)
					if _, err = document.PutAll(ctx, tx, []document.Entry{{Document: &document.Document{Source: source, Kind: document.Order, ExternalID: fmt.Sprint("O", i), Customer: id,
						At: tx.Now, Day: clock.DayOf(tx.Now, time.UTC), Currency: "EUR", Net: &net}}}, "EUR"); err != nil {
						t.Fatal(err)
					}
				}
				return id
			}
			add(1, true, consent.Presumed, "kind", "company", "company", "Café Nord", "country", "DE")
			add(2, false, "", "kind", "company", "company", "Café Süd", "country", "DE")
			add(3, true, "", "kind", "company", "company", "Café Wien", "country", "AT")
			add(4, true, "", "last_name", "Berg", "country", "DE")
			no := add(5, true, "", "kind", "company", "company", "Café Ost", "country", "DE")
			_, err = consent.Record(ctx, tx, []consent.Entry{{Customer: no, Purpose: consent.Advertising, Kind: consent.Objected, Source: consent.SourcePerson}})
			return err
		})
		for _, d := range s.propose(to) {
			if d.Basis != want[d.Customer] {
				t.Errorf("%s rests on %q (%s), want %q", d.Address, d.Basis, d.Reason, want[d.Customer])
			}
			if d.Basis == "" {
				continue
			}
			s.begin(d.ID)
			s.end(d.ID, call.Result{Outcome: call.NoMore})
			s.do(func(ctx context.Context, tx *store.Tx) error {
				said, err := consent.Check(ctx, tx, consent.Ask{Channel: consent.Phone, Purpose: consent.Advertising}, []consent.Recipient{{Customer: d.Customer, Address: d.Address}})
				if said[0].Basis != "" {
					t.Errorf("called again after a no: %+v", said[0])
				}
				return err
			})
		}
	})
}

func TestADeskThatComesLaterTakesWhatIsQueuedOnce(t *testing.T) {
	each(t, 3, func(t *testing.T, s *shop) {
		s.all()
		again := &call.Desk{DB: s.db, Writers: s.desk.Writers}
		s.do(func(ctx context.Context, tx *store.Tx) error { // as if no desk had ever read the feed
			_, err := tx.Exec(ctx, "DELETE FROM follower WHERE name = $1", "call")
			return err
		})
		if _, err := again.Turn(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			due, err := call.Due(ctx, tx, noon, call.Filter{Limit: 10})
			mine, err2 := call.CountDue(ctx, tx, 4, noon)
			if len(due) != 3 || mine == 0 || mine == 3 {
				t.Errorf("%d calls are due, %d of user 4", len(due), mine)
			}
			return first(err, err2)
		})
	})
}

// asked is who meets a condition on the day it is.
func (s *shop) asked(house *warehouse.DB, text string) (ids []int64) {
	s.t.Helper()
	catalogue, err := filter.NewCatalogue("EUR", customer.Projection().Fields, call.Projection().Fields)
	if err != nil {
		s.t.Fatal(err)
	}
	tree, err := filter.Parse(text, catalogue)
	if err != nil {
		s.t.Fatal(err)
	}
	q, err := filter.Compile(tree, catalogue, clock.DayOf(clock.Time(s.micros.Load()), time.UTC), filter.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	if ids, err = segment.Customers(context.Background(), house, q, 0, 0); err != nil {
		s.t.Fatal(err)
	}
	return ids
}

// copied brings the warehouse up to date and makes sure that it knows the same tries as the store.
func (s *shop) copied(house *warehouse.DB) {
	s.t.Helper()
	held := func(text string) (all string) {
		for _, row := range warehousetest.Rows(s.t, house, text) {
			all += fmt.Sprintln(row)
		}
		return all
	}
	for deadline := time.Now().Add(20 * time.Second); ; { // on PostgreSQL a transaction of another test may hide the newest rows for a while
		if err := house.CatchUp(context.Background(), s.db); err != nil {
			s.t.Fatal(err)
		}
		var want string
		s.do(func(ctx context.Context, tx *store.Tx) error {
			add := func(_ []string, row []any) error { want += fmt.Sprintln(row); return nil }
			return tx.Values(ctx, "SELECT t.id, t.message, c.customer, t.outcome, t.day FROM phone_try t JOIN phone_call c ON c.message = t.message WHERE t.outcome <> '' ORDER BY t.id", nil, add)
		})
		got := held("SELECT id, message, customer, outcome, date_diff('day', DATE '1970-01-01', day) FROM phone_try ORDER BY id")
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the warehouse has %s, the store %s", got, want)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func TestConditionsAskWhoWasCalledAndReached(t *testing.T) {
	each(t, 4, func(t *testing.T, s *shop) {
		house := warehousetest.Open(t, customer.Projection(), call.Projection())
		ids := s.all()
		talk := func(i int, outcome call.Outcome) {
			t.Helper()
			s.begin(ids[s.people[i]])
			s.end(ids[s.people[i]], call.Result{Outcome: outcome})
		}
		want := func(text string, people ...int) {
			t.Helper()
			all := make([]int64, 0, len(people))
			for _, i := range people {
				all = append(all, s.people[i])
			}
			if diff := cmp.Diff(all, s.asked(house, text), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
		}
		talk(0, call.NotReached)
		talk(1, call.Wrong)
		s.micros.Add((48 * time.Hour).Microseconds())
		talk(0, call.Interested)
		talk(2, call.NotInterested)
		s.begin(ids[s.people[3]]) // nobody said yet what became of it
		s.copied(house)
		want("called(last 30 d) >= 1", 0, 1, 2)
		want("called(last 30 d) >= 2", 0)
		want("called(last 2 d) >= 1", 0, 2)
		want("called(last 2 d) >= 2")
		want("called(outcome = interested, last 30 d) >= 1", 0)
		want("called(outcome = not_reached, last 30 d) >= 1", 0)
		want("called(outcome = wrong, last 30 d) >= 1", 1)
		want("reached(last 30 d) >= 1", 0, 2)
		want("called(last 30 d) = 0", 3)
		want("reached(last 30 d) = 0", 1, 3)

		s.do(func(ctx context.Context, tx *store.Tx) error { return call.Undo(ctx, tx, ids[s.people[0]]) })
		s.copied(house)
		want("reached(last 30 d) >= 1", 2)
		want("called(last 30 d) >= 2")
		for _, i := range []int{0, 3} {
			s.do(func(ctx context.Context, tx *store.Tx) error { return call.Drop(ctx, tx, ids[s.people[i]]) })
		}
		s.copied(house)
		s.begin(ids[s.people[0]])
		s.micros.Add((2 * time.Hour).Microseconds())
		s.do(func(ctx context.Context, tx *store.Tx) error { // another takes over what was left behind
			tx.Actor.ID = 4
			_, err := call.Begin(ctx, tx, ids[s.people[0]])
			return err
		})
		s.copied(house)
		want("called(last 30 d) >= 1", 0, 1, 2)
		s.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := privacy.Erase(ctx, tx, s.people[2])
			return err
		})
		s.copied(house)
		want("called(last 30 d) >= 1", 0, 1)
		want("reached(last 30 d) >= 1")
		s.micros.Add((30 * 24 * time.Hour).Microseconds())
		want("called(last 30 d) >= 1")
	})
}
