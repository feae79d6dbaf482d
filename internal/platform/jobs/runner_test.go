package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func decode(t *testing.T, raw json.RawMessage, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
}

func TestManyRunnersDoEachJobOnceAndKeepTheirSlots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const many, slots = 300, 2
		var mu sync.Mutex
		times := map[int64]int{}
		for range 4 {
			var busy, most int
			start(t, db, func(r *jobs.Runner) {
				r.Handle("count", slots, func(ctx context.Context, task *jobs.Task) error {
					mu.Lock()
					busy++
					most = max(most, busy)
					times[task.ID]++
					mu.Unlock()
					err := task.Progress(ctx, 1, 1)
					mu.Lock()
					busy--
					mu.Unlock()
					return err
				})
			})
			defer func() {
				if most > slots {
					t.Errorf("a runner had %d jobs at a time, want at most %d", most, slots)
				}
			}()
		}
		var last int64
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for range many {
				var err error
				if last, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: "count"}); err != nil {
					return err
				}
			}
			return nil
		})
		await(t, db, last, func(jobs.Job) bool { return len(list(t, db, jobs.Filter{State: jobs.Done, Limit: many})) == many })
		mu.Lock()
		defer mu.Unlock()
		for id, n := range times {
			if n != 1 {
				t.Errorf("job %d ran %d times", id, n)
			}
		}
		if len(times) != many {
			t.Errorf("%d jobs ran, want %d", len(times), many)
		}
	})
}

func TestWhatFailsIsTriedAgainWithGrowingPausesAndThenKept(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		start(t, db, func(r *jobs.Runner) {
			r.Handle("fetch", 1, func(ctx context.Context, task *jobs.Task) error {
				if task.Attempt == 2 {
					panic("boom")
				}
				return fault.New(fault.Unavailable, "errors.too_small", "min", 3).On("x").Because(errors.New("secret"))
			})
		})
		id := enqueue(t, db, jobs.New{Kind: "fetch", MaxAttempts: 4})
		for attempt, pause := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
			job := await(t, db, id, func(j jobs.Job) bool { return j.Attempts == attempt+1 && j.State == jobs.Queued })
			if got := job.RunAt.Sub(clock.now()); got != pause {
				t.Errorf("pause after attempt %d is %v, want %v", attempt+1, got, pause)
			}
			want := fault.Unavailable
			if attempt == 1 {
				want = fault.Internal
			}
			if fault.CodeOf(job.Err) != want {
				t.Errorf("error of attempt %d is %v", attempt+1, job.Err)
			}
			clock.advance(pause)
			nudge(t, db)
		}
		job := await(t, db, id, in(jobs.Failed))
		f := fault.As(job.Err)
		if f.Key != "errors.too_small" || f.Field != "x" || len(f.Args) != 2 || f.Args[1] != int64(3) || f.Err != nil {
			t.Errorf("kept error %#v", f)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return jobs.Retry(ctx, tx, id) })
		await(t, db, id, func(j jobs.Job) bool { return j.Attempts == 1 && j.State == jobs.Queued })
	})
}

func TestJitterSpreadsThePauses(t *testing.T) {
	clock := newClock()
	db := storetest.Open(t, storetest.SQLite(t), store.Options{Now: clock.now})
	r := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler), Random: func() float64 { return 0 }})
	r.Handle("fetch", 1, func(context.Context, *jobs.Task) error { return errors.New("no") })
	r.Start()
	defer r.Close(context.Background())
	id := enqueue(t, db, jobs.New{Kind: "fetch"})
	job := await(t, db, id, func(j jobs.Job) bool { return j.Attempts == 1 && j.State == jobs.Queued })
	if got := job.RunAt.Sub(clock.now()); got != 3750*time.Millisecond {
		t.Errorf("shortest first pause %v, want a quarter less than 5 s", got)
	}
}

func TestWhatIsInVainIsNotTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		start(t, db, func(r *jobs.Runner) {
			r.Handle("read", 1, func(ctx context.Context, task *jobs.Task) error {
				var v []string
				return task.Args(&v)
			})
		})
		id := enqueue(t, db, jobs.New{Kind: "read", Args: 5})
		if job := await(t, db, id, in(jobs.Failed)); job.Attempts != 1 || fault.CodeOf(job.Err) != fault.Invalid {
			t.Errorf("job %+v", job)
		}
	})
}

// blocking handles a kind by telling of each task and then waiting for the end of its context, whose cause it tells.
type blocking struct {
	begun chan *jobs.Task
	ended chan error
}

func newBlocking() blocking { return blocking{make(chan *jobs.Task, 10), make(chan error, 10)} }

func (b blocking) handle(r *jobs.Runner) {
	r.Handle("wait", 5, func(ctx context.Context, task *jobs.Task) error {
		b.begun <- task
		<-ctx.Done()
		b.ended <- context.Cause(ctx)
		return ctx.Err()
	})
}

func TestCancelEndsQueuedAndRunningJobs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBlocking()
		start(t, db, b.handle)
		later := enqueue(t, db, jobs.New{Kind: "wait", RunAt: time.Now().Add(time.Hour)})
		running := enqueue(t, db, jobs.New{Kind: "wait"})
		receive(t, b.begun)
		for _, id := range []int64{later, running} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return jobs.Cancel(ctx, tx, id) })
			await(t, db, id, in(jobs.Cancelled))
		}
		if cause := receive(t, b.ended); cause != jobs.ErrCancelled {
			t.Errorf("the handler's context ended because of %v", cause)
		}
		ctx := context.Background()
		if err := db.Write(ctx, user, func(tx *store.Tx) error { return jobs.Cancel(ctx, tx, later) }); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("cancelling again gives %v", err)
		}
	})
}

func TestCloseWaitsAndQueuesAgainWhatWasNotFinished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBlocking()
		r := start(t, db, b.handle)
		id := enqueue(t, db, jobs.New{Kind: "wait"})
		receive(t, b.begun)
		if err := r.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if cause := receive(t, b.ended); cause != jobs.ErrClosing {
			t.Errorf("the handler's context ended because of %v", cause)
		}
		if job := find(t, db, id); job.State != jobs.Queued || job.Attempts != 0 || job.Lost != 0 {
			t.Errorf("after Close the job is %+v, want it queued and no attempt counted", job)
		}
		start(t, db, b.handle)
		if task := receive(t, b.begun); task.ID != id || task.Attempt != 1 {
			t.Errorf("the next runner got %+v", task)
		}
	})
}

func TestLeasesAreRenewedWhileTheHandlerWorks(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		first, second := newBlocking(), newBlocking()
		start(t, db, first.handle)
		id := enqueue(t, db, jobs.New{Kind: "wait"})
		receive(t, first.begun)
		start(t, db, second.handle)
		for range 10 { // three leases long
			clock.advance(21 * time.Second)
			nudge(t, db)
			awaitSQL(t, db, `SELECT lease_until - $1 FROM job WHERE id = $2`, func(left int64) bool { return left == time.Minute.Microseconds() }, clock.now().UnixMicro(), id)
		}
		if job := find(t, db, id); job.Attempts != 1 || job.Lost != 0 || len(second.begun) > 0 {
			t.Errorf("a job in good hands was taken away: %+v", job)
		}
	})
}

func awaitSQL(t *testing.T, db *store.DB, text string, wanted func(int64) bool, args ...any) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := db.Changed()
		var v int64
		ctx := context.Background()
		if err := db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, text, args...).Scan(&v) }); err != nil {
			t.Fatal(err)
		}
		if wanted(v) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s stayed at %d", text, v)
		}
	}
}

func TestALostLeaseStopsTheHandlerAndCountsForNothing(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		b := newBlocking()
		start(t, db, b.handle)
		id := enqueue(t, db, jobs.New{Kind: "wait"})
		task := receive(t, b.begun)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE job SET lease_by = 'another', lease_until = $2 WHERE id = $1`, id, clock.now().Add(time.Hour).UnixMicro())
			return err
		})
		ctx := context.Background()
		if err := db.Read(ctx, func(tx *store.Tx) error { return task.Hold(ctx, tx) }); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("Hold gives %v", err)
		}
		clock.advance(30 * time.Second)
		nudge(t, db)
		if cause := receive(t, b.ended); cause != jobs.ErrLost {
			t.Errorf("the handler's context ended because of %v", cause)
		}
		if job := find(t, db, id); job.State != jobs.Running {
			t.Errorf("the job of another runner became %s", job.State)
		}
	})
}

func TestAJobThatKeepsKillingItsProcessIsGivenUp(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		id := enqueue(t, db, jobs.New{Kind: "deadly"})
		for n := 1; ; n++ {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE job SET state = 'running', attempts = attempts + 1 WHERE id = $1`, id)
				return err
			})
			write(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := jobs.Release(ctx, tx); return err })
			job := find(t, db, id)
			if job.State == jobs.Failed {
				if n != 21 || fault.As(job.Err).Key != "jobs.lost" {
					t.Errorf("given up after %d deaths with %v", n, job.Err)
				}
				return
			}
			if job.State != jobs.Queued || job.Attempts != 0 || job.Lost != n || n > 30 {
				t.Fatalf("after %d deaths the job is %+v", n, job)
			}
		}
	})
}

func TestFinishEndsTheJobInTheTransactionOfItsEffect(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		start(t, db, func(r *jobs.Runner) {
			r.Handle("post", 1, func(ctx context.Context, task *jobs.Task) error {
				err := db.Write(ctx, task.Actor(), func(tx *store.Tx) error {
					if err := task.Hold(ctx, tx); err != nil {
						return err
					}
					return task.Finish(ctx, tx, "posted")
				})
				if err != nil {
					return err
				}
				return fmt.Errorf("what comes after does not matter")
			})
		})
		id := enqueue(t, db, jobs.New{Kind: "post"})
		if job := await(t, db, id, func(j jobs.Job) bool { return j.State.Over() }); job.State != jobs.Done || string(job.Result) != `"posted"` {
			t.Errorf("job %+v", job)
		}
	})
}

func TestWhatIsMarkedInVainIsNotTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		n := 0
		r := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler)})
		r.Handle("once", 1, func(context.Context, *jobs.Task) error { n++; return jobs.InVain(errors.New("broken")) })
		r.Start()
		defer r.Close(context.Background())
		var id int64
		err := db.Write(t.Context(), store.System(), func(tx *store.Tx) (err error) {
			id, err = jobs.Enqueue(t.Context(), tx, jobs.New{Kind: "once"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		job, err := jobs.Wait(t.Context(), db, id, nil)
		if err != nil || job.State != jobs.Failed || n != 1 {
			t.Errorf("after %d attempts the job is %s, %v", n, job.State, err)
		}
	})
}

func TestAHurriedJobIsDueAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler)})
		r.Handle("later", 1, func(context.Context, *jobs.Task) error { return nil })
		r.Start()
		defer r.Close(context.Background())
		var id int64
		write := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), store.System(), fn); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *store.Tx) (err error) {
			id, err = jobs.Enqueue(t.Context(), tx, jobs.New{Kind: "later", RunAt: tx.Now.Add(time.Hour)})
			return err
		})
		write(func(tx *store.Tx) error { return jobs.Hurry(t.Context(), tx, id) })
		if job, err := jobs.Wait(t.Context(), db, id, nil); err != nil || job.State != jobs.Done {
			t.Errorf("the job is %s, %v", job.State, err)
		}
	})
}
