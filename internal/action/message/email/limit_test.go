package email_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/task"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestARelayWarmsUpByDoublingEachDayOnWhichItSends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := relayTo("neu", nil)
		r.WarmFrom, r.PerDay = 50, 300
		r.ID = addRelay(t, db, r)
		first := r.WarmOn
		var got []int
		for i, day := range []clock.Day{first, first + 1, first + 5, first + 6, first + 7} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				a, err := email.Allowed(ctx, tx, r, day)
				got = append(got, a.Limit)
				want := i + 1
				if a.Limit == r.PerDay {
					want = 0
				}
				if a.WarmDay != want {
					t.Errorf("day %d of warming up is said to be %d", want, a.WarmDay)
				}
				if err != nil {
					return err
				}
				taken := 0
				for {
					n, err := email.TakeAllowance(ctx, tx, r, day)
					if err != nil {
						return err
					}
					if taken += n; n == 0 {
						break
					}
				}
				if taken != a.Limit {
					t.Errorf("%d mails on a day that allows %d", taken, a.Limit)
				}
				return nil
			})
		}
		if diff := cmp.Diff([]int{50, 100, 200, 300, 300}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheLimitOfADaySurvivesARestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		srv := serve(t, extensions["pipelined"], nil)
		r := relayTo("klein", srv)
		r.PerDay = 10
		addRelay(t, db, r)
		sent := 0
		for range 3 {
			out := open(t, db, email.Options{})
			s, err := out.Dial(context.Background())
			for id := int64(1); err == nil && id <= 4; id++ {
				got := s.Send(context.Background(), letter(id))
				switch got.State {
				case message.Sent:
					sent++
				case message.Queued:
					if got.Text != "email.limited" || !got.Retry.After(db.Now()) {
						t.Errorf("%+v", got)
					}
				default:
					t.Errorf("%+v", got)
				}
			}
			if sent == 10 && !out.Ready("a@b.example", db.Now()).After(db.Now()) {
				t.Error("ready although the day is used up")
			}
			if err := out.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if sent != 10 {
			t.Errorf("%d mails sent, want 10", sent)
		}
	})
}

func TestNoMoreGoToADomainThanItTakes(t *testing.T) {
	srv := serve(t, extensions["pipelined"], nil)
	db := sqlite(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return email.SaveLimit(ctx, tx, email.Limit{Name: "gmx", Domains: []string{"gmx.de", "gmx.net"}, PerMinute: 5})
	})
	s, out := session(t, db, email.Options{}, relayTo("eins", srv))
	counts := map[message.State]int{}
	var last message.Outcome
	for id := int64(1); id <= 8; id++ {
		m := letter(id)
		m.To.Address = []string{"a@gmx.de", "b@GMX.net"}[id%2]
		last = s.Send(context.Background(), m)
		counts[last.State]++
	}
	if counts[message.Sent] != 5 || counts[message.Queued] != 3 {
		t.Errorf("%v, want 5 sent", counts)
	}
	now := db.Now()
	if wait := last.Retry.Sub(now); wait < 50*time.Second || wait > time.Minute {
		t.Errorf("to be tried again in %v", wait)
	}
	if wait := out.Ready("c@gmx.de", now).Sub(now); wait < 50*time.Second || wait > time.Minute {
		t.Errorf("ready in %v", wait)
	}
	if out.Ready("c@web.de", now).After(now) {
		t.Error("another domain has to wait, too")
	}
}

// TestAFreePlaceIsPromisedToOne: sixty connections that ask at once must not all run for one place.
func TestAFreePlaceIsPromisedToOne(t *testing.T) {
	srv := serve(t, extensions["pipelined"], nil)
	db := sqlite(t)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return email.SaveLimit(ctx, tx, email.Limit{Name: "gmx", Domains: []string{"gmx.de"}, PerMinute: 5})
	})
	r := relayTo("eins", srv)
	r.PerMinute = 8
	s, out := session(t, db, email.Options{}, r)
	ready := func(to string) (n int) {
		for range 20 {
			if now := db.Now(); !out.Ready(to, now).After(now) {
				n++
			}
		}
		return n
	}
	if n := ready("a@gmx.de"); n != 5 {
		t.Errorf("%d may leave at once, want 5", n)
	}
	for id := int64(1); id <= 5; id++ {
		m := letter(id)
		m.To.Address = "a@gmx.de"
		if got := s.Send(context.Background(), m); got.State != message.Sent {
			t.Errorf("promised and not kept: %+v", got)
		}
	}
	if n := ready("a@gmx.de"); n != 0 {
		t.Errorf("%d more may leave", n)
	}
	if n := ready("b@beispiel.example"); n != 3 {
		t.Errorf("%d to others may leave, want 3", n)
	}
}

func TestReceiversWhoPutUsOffGetAPauseThatSurvivesARestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		srv := serve(t, extensions["pipelined"], func(c string, _ int) string {
			if c == "RCPT" {
				return "450 4.7.1 too fast"
			}
			return ""
		})
		s, out := session(t, db, email.Options{}, relayTo("eins", srv))
		var pauses []time.Duration
		for id := int64(1); id <= 3; id++ {
			got := s.Send(context.Background(), letter(id))
			pauses = append(pauses, got.Retry.Sub(db.Now()).Round(time.Minute))
		}
		again := s.Send(context.Background(), letter(1)) // refused before it leaves
		if again.Code != 0 || again.Text != "email.limited" || srv.counted("MAIL") != 3 {
			t.Errorf("%+v after %d mails", again, srv.counted("MAIL"))
		}
		if diff := cmp.Diff([]time.Duration{5 * time.Minute, 5 * time.Minute, 5 * time.Minute}, pauses); diff != "" {
			t.Error(diff)
		}
		for _, o := range []*email.Outlet{out, open(t, db, email.Options{})} {
			now := db.Now()
			if wait := o.Ready("x@beispiel.example", now).Sub(now); wait < 50*time.Second || wait > 61*time.Second {
				t.Errorf("ready in %v", wait)
			}
		}
	})
}

func TestWindowsNeverLetThroughMoreThanTheyShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		w := email.NewWindow(n, time.Second)
		var went []time.Duration
		now := time.Duration(0)
		for _, pause := range rapid.SliceOfN(rapid.IntRange(0, 700), 1, 40).Draw(t, "pauses") {
			now += time.Duration(pause) * time.Millisecond
			if w.Free(now) > now {
				continue
			}
			w.Take(now)
			went = append(went, now)
		}
		for i := n; i < len(went); i++ {
			if went[i]-went[i-n] < time.Second {
				t.Fatalf("%d within %v: %v", n+1, went[i]-went[i-n], went)
			}
		}
	})
}

func TestMailsGoByTheWeightsOfTheRelaysAndRoundOneThatIsDown(t *testing.T) {
	one, two := serve(t, extensions["pipelined"], nil), serve(t, extensions["pipelined"], nil)
	db := sqlite(t)
	heavy := relayTo("schwer", two)
	heavy.Weight = 3
	s, _ := session(t, db, email.Options{}, relayTo("leicht", one), heavy)
	for id := int64(1); id <= 40; id++ {
		if out := s.Send(context.Background(), letter(id)); out.State != message.Sent {
			t.Fatalf("%+v", out)
		}
	}
	if n := len(one.received()); n < 9 || n > 11 {
		t.Errorf("%d of 40 over the light relay", n)
	}
	two.Close()
	before := len(one.received())
	states := map[message.State]int{}
	dead := relayTo("tot", two)
	dead.Weight = 1000
	addRelay(t, db, dead)
	other := open(t, db, email.Options{})
	s2, err := other.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s2.Close()
		other.Close(context.Background())
	})
	for id := int64(41); id <= 60; id++ {
		states[s2.Send(context.Background(), letter(id)).State]++
	}
	if states[message.Sent] < 18 || states[message.Sent]+states[message.Queued] != 20 || len(one.received())-before != states[message.Sent] {
		t.Errorf("%v, %d over the relay that works", states, len(one.received())-before)
	}
}

func TestARelayThatKeepsRefusingAsksForAPersonUntilItWorksAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := relayTo("krank", nil)
		r.ID = addRelay(t, db, r)
		open := func() (n int) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				all, err := task.Pending(ctx, tx, email.TaskRelay)
				n = len(all)
				return err
			})
			return n
		}
		for level, want := range []int{0, 0, 0, 1, 1} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return email.KeepPause(ctx, tx, email.Pause{What: r.PauseKey(), Level: level, Until: tx.Now, Answer: "454 later"})
			})
			if got := open(); got != want {
				t.Errorf("after pause %d there are %d tasks, want %d", level, got, want)
			}
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return email.ResumeRelay(ctx, tx, r.ID) })
		if got := open(); got != 0 {
			t.Errorf("it works again, and %d tasks are open", got)
		}
	})
}

func TestMistakesOfRelaysAndSendersAreNamed(t *testing.T) {
	db := sqlite(t)
	err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
		_, err := email.SaveRelay(context.Background(), tx, vault(t), &email.Relay{Host: "a b", Port: 0, Security: email.Plain, Login: "x\r\ny", Hello: "-", PerDay: -1})
		return err
	})
	fields(t, err, "name", "host", "port", "security", "password", "hello", "weight", "connections", "per_connection", "per_day")
	err = db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
		_, err := email.SaveSender(context.Background(), tx, vault(t), &email.Sender{Address: "x", ReplyTo: "y", KeyKind: "dsa", Selector: "a b"})
		return err
	})
	fields(t, err, "name", "address", "reply_to", "key_kind", "selector")
	err = db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
		return email.SaveLimit(context.Background(), tx, email.Limit{Name: "a b"})
	})
	fields(t, err, "name")
}

func fields(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, f.Field)
		for _, lang := range i18n.Languages() {
			if f.Code != fault.Invalid || !i18n.For(lang, nil).Has(f.Key) {
				t.Errorf("%v in %s", f, lang)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPasswordStaysWithItsServerAndIsNotInTheStore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := relayTo("eins", nil)
		r.Login, r.Password = "konto", "geheim-9"
		r.ID = addRelay(t, db, r)
		var sealed string
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT password FROM relay`).Scan(&sealed); err != nil {
				return err
			}
			got, err := email.FindRelay(ctx, tx, r.ID)
			if err != nil || !got.HasPassword() || got.Password != "" {
				t.Errorf("%+v, %v", got, err)
			}
			got.Weight = 2
			_, err = email.SaveRelay(ctx, tx, vault(t), got) // keeps it
			return err
		})
		if sealed == "" || sealed == "geheim-9" {
			t.Errorf("kept as %q", sealed)
		}
		if text, err := vault(t).Open("relay", sealed); text != "geheim-9" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		if _, err := vault(t).Open("dkim", sealed); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("opened for another purpose: %v", err)
		}
		err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
			got, err := email.FindRelay(context.Background(), tx, r.ID)
			if err != nil {
				return err
			}
			got.Host = "localhost"
			_, err = email.SaveRelay(context.Background(), tx, vault(t), got)
			return err
		})
		fields(t, err, "password")
	})
}
