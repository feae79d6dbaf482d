package message_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/task"
)

func TestEveryMessageIsSentOnceAndCounted(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 2500)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		plan(t, db, news...)
		plan(t, db, news...) // again changes nothing
		p := newPost()
		s := start(t, db, p, 16)
		c := await(t, db, 7, "all sent", func(c message.Counts) bool { return c.Sent == 2500 })
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if c.Planned != 2500 {
			t.Errorf("planned twice: %+v", c)
		}
		for id, n := range p.taken() {
			if n != 1 {
				t.Errorf("message %d left %d times", id, n)
			}
		}
		adds(t, db)
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			left, err := tx.QueryIDs(ctx, `SELECT id FROM message_claim`)
			if len(left) > 0 {
				t.Errorf("claims are left: %v", left)
			}
			return err
		})
	})
}

func TestAnswersOfTheRelayDecideWhatBecomesOfAMessage(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		ids := customers(t, db, 5)
		p := newPost()
		var tries atomic.Int32
		p.answer = func(m *message.Mail) message.Outcome {
			switch m.To.Address {
			case mailOf(1):
				return message.Outcome{State: message.Failed, Code: 550, Text: "5.1.1 no such user\r\nhere"}
			case mailOf(2):
				return message.Outcome{State: message.Failed, Code: 554, Text: "5.7.1 spam"}
			case mailOf(3):
				if tries.Add(1) == 1 {
					return message.Outcome{State: message.Queued, Code: 451, Text: "4.7.1 later"}
				}
			case mailOf(4):
				return message.Outcome{State: message.Unclear, Text: "connection reset"}
			}
			return message.Outcome{State: message.Sent, Code: 250}
		}
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		ds := plan(t, db, news...)
		s := start(t, db, p, 2)
		await(t, db, 7, "one waits for its second try", func(c message.Counts) bool {
			return tries.Load() == 1 && c.Queued == 1 && c.Sent == 1 && c.Failed == 2 && c.Unclear == 1
		})
		adds(t, db)
		c.add(2 * time.Minute)
		await(t, db, 7, "the second try", func(c message.Counts) bool { return c.Sent == 2 })
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			for i, want := range map[int]string{1: message.AddressBounced, 2: message.AddressOK} {
				state, err := message.AddressOf(ctx, tx, "email", mailOf(i))
				if err != nil {
					return err
				}
				if state.State != want {
					t.Errorf("address %d is %+v, want %s", i, state, want)
				}
			}
			return nil
		})
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			open, err := task.Pending(ctx, tx, message.TaskUnclear)
			if len(open) != 1 {
				t.Errorf("%d tasks ask a person to decide", len(open))
			}
			return err
		})
		// Nobody but a person decides about the unclear one.
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return message.CountAsSent(ctx, tx, ds[4].ID) })
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			open, err := task.Pending(ctx, tx, message.TaskUnclear)
			if len(open) != 0 {
				t.Errorf("everything is decided, but a task is open: %+v", open[0])
			}
			return err
		})
		if c := countsOf(t, db, 7); c.Sent != 3 || c.Unclear != 0 {
			t.Errorf("counted as sent: %+v", c)
		}
		adds(t, db)
		if p.taken()[ds[4].ID] != 1 {
			t.Error("the unclear one was sent again")
		}
	})
}

func TestEveryMessageKeepsTheAnswerTheRelayGaveToIt(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 300)
		p := newPost()
		p.answer = func(m *message.Mail) message.Outcome {
			return message.Outcome{State: message.Sent, Code: 250, Text: `2.0.0 "Ok": queued as ` + m.To.Address}
		}
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		plan(t, db, news...)
		s := start(t, db, p, 16)
		await(t, db, 7, "all sent", func(c message.Counts) bool { return c.Sent == 300 })
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			for i, id := range ids {
				ms, err := message.OfCustomer(ctx, tx, id, 0, 5)
				if err != nil {
					return err
				}
				if len(ms) != 1 || ms[0].Answer != `2.0.0 "Ok": queued as `+mailOf(i) {
					t.Fatalf("customer %d has %+v", i, ms)
				}
			}
			return nil
		})
	})
}

func TestALetterThatCannotBeWrittenFailsAlone(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 3)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		news[1].Arm = "broken"
		plan(t, db, news...)
		start(t, db, newPost(), 2)
		c := await(t, db, 7, "done", done)
		if c.Sent != 2 || c.Reasons[message.Failed][message.ReasonNotMade] != 1 {
			t.Errorf("%+v", c)
		}
		adds(t, db)
	})
}

func TestClosingFinishesWhatIsUnderWayAndFreesTheRest(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 600)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		plan(t, db, news...)
		p := newPost()
		var all int
		for round := 0; ; round++ {
			s := start(t, db, p, 8)
			goal := min(int64(60*(round+1)), 600)
			await(t, db, 7, "some sent", func(c message.Counts) bool { return c.Sent >= goal })
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			c := countsOf(t, db, 7)
			if c.Attempting != 0 || c.Unclear != 0 || c.Sent+c.Queued != 600 {
				t.Fatalf("after closing: %+v", c)
			}
			adds(t, db)
			if all = len(p.taken()); all == 600 {
				break
			}
		}
		for id, n := range p.taken() {
			if n != 1 {
				t.Errorf("message %d left %d times", id, n)
			}
		}
	})
}

func TestAStoppedMeasureSendsNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 40)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i), notice(8, id, i))
		}
		plan(t, db, news...)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(message.Pause(ctx, tx, 7), message.Cancel(ctx, tx, 8, ""))
		})
		p := newPost()
		start(t, db, p, 4)
		c := await(t, db, 8, "taken back", done)
		if c.Reasons[message.Suppressed][message.ReasonCancelled] != 40 || len(p.taken()) != 0 {
			t.Errorf("cancelled: %+v, sent %d", c, len(p.taken()))
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return message.Continue(ctx, tx, 7) })
		await(t, db, 7, "goes on", func(c message.Counts) bool { return c.Sent == 40 })
		adds(t, db)
	})
}

func TestTheClockPutBackNeitherStopsNorRepeatsAnything(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		ids := customers(t, db, 300)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		plan(t, db, news...)
		p := newPost()
		start(t, db, p, 4)
		await(t, db, 7, "begun", func(c message.Counts) bool { return c.Sent >= 20 })
		c.add(-time.Hour)
		await(t, db, 7, "all sent", func(c message.Counts) bool { return c.Sent == 300 })
		for id, n := range p.taken() {
			if n != 1 {
				t.Errorf("message %d left %d times", id, n)
			}
		}
		adds(t, db)
	})
}

func TestTheOutboxKeepsWhatNobodyTakes(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, newClock(noon).options())
		ids := customers(t, db, 2)
		ds := plan(t, db, notice(7, ids[0], 0), notice(7, ids[1], 1))
		start(t, db, message.Outbox{DB: db}, 2)
		await(t, db, 7, "sent", func(c message.Counts) bool { return c.Sent == 2 })
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := message.Mails(ctx, tx, 0, 10)
			if len(all) != 2 || all[1].ID != ds[0].ID || all[1].To.Address != mailOf(0) || all[1].Subject != "Hallo" {
				t.Errorf("outbox: %+v", all)
			}
			return err
		})
	})
}
