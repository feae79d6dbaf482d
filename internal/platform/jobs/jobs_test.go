package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("STAMM_TEST_CRASH_RUNNER"); url != "" {
		crashRunner(url)
		return
	}
	os.Exit(m.Run())
}

var user = store.Actor{Kind: "user", ID: 7}

// manualClock is the time of a test; it moves only when the test says so.
type manualClock struct{ micros atomic.Int64 }

func newClock() *manualClock {
	c := &manualClock{}
	c.micros.Store(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *manualClock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *manualClock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// eachWithClock runs fn on both databases by a clock that the test moves.
func eachWithClock(t *testing.T, fn func(t *testing.T, db *store.DB, clock *manualClock)) {
	t.Helper()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := newClock()
		fn(t, storetest.Open(t, url, store.Options{Now: clock.now, Log: slog.New(slog.DiscardHandler)}), clock)
	})
}

// start gives db a runner whose pauses have no jitter; it is closed when the test ends.
func start(t *testing.T, db *store.DB, handle func(*jobs.Runner)) *jobs.Runner {
	t.Helper()
	r := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler), Random: func() float64 { return 0.5 }})
	handle(r)
	r.Start()
	t.Cleanup(func() { r.Close(context.Background()) })
	return r
}

func enqueue(t *testing.T, db *store.DB, n jobs.New) (id int64) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) { id, err = jobs.Enqueue(ctx, tx, n); return err })
	return id
}

func write(t *testing.T, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Write(ctx, user, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// nudge makes runners look again, after the clock was moved.
func nudge(t *testing.T, db *store.DB) {
	t.Helper()
	write(t, db, func(context.Context, *store.Tx) error { return nil })
}

// await returns the job as soon as it is as wanted.
func await(t *testing.T, db *store.DB, id int64, wanted func(jobs.Job) bool) jobs.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		changed := db.Changed()
		job := find(t, db, id)
		if wanted(job) {
			return job
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the job never came to be as wanted: %+v", job)
		}
	}
}

func in(s jobs.State) func(jobs.Job) bool { return func(j jobs.Job) bool { return j.State == s } }

func find(t *testing.T, db *store.DB, id int64) (job jobs.Job) {
	t.Helper()
	ctx := context.Background()
	if err := db.Read(ctx, func(tx *store.Tx) (err error) { job, err = jobs.Find(ctx, tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return job
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("waited 30 s in vain")
		panic("unreachable")
	}
}

func TestAJobRunsOnceItsTransactionCommits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		type args struct{ File string }
		start(t, db, func(r *jobs.Runner) {
			r.Handle("read", 1, func(ctx context.Context, task *jobs.Task) error {
				var a args
				if err := task.Args(&a); err != nil {
					return err
				}
				task.SetResult(map[string]any{"read": a.File, "by": task.By.ID, "attempt": task.Attempt})
				return task.Progress(ctx, 5, 5)
			})
		})
		taken := fmt.Errorf("taken back")
		err := db.Write(ctx, user, func(tx *store.Tx) error {
			if _, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: "read", Args: args{"never"}}); err != nil {
				return err
			}
			return taken
		})
		if err != taken {
			t.Fatal(err)
		}
		id := enqueue(t, db, jobs.New{Kind: "read", Args: args{"orders.csv"}})
		job, err := jobs.Wait(ctx, db, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if job.State != jobs.Done || job.Attempts != 1 || job.Done != 5 || job.Total != 5 || job.Actor != user || job.Finished.IsZero() || job.Err != nil {
			t.Errorf("job %+v", job)
		}
		var result map[string]any
		decode(t, job.Result, &result)
		if diff := cmp.Diff(map[string]any{"read": "orders.csv", "by": 7.0, "attempt": 1.0}, result); diff != "" {
			t.Errorf("result:\n%s", diff)
		}
		if all := list(t, db, jobs.Filter{}); len(all) != 1 {
			t.Errorf("%d jobs, want 1: what was rolled back must not exist", len(all))
		}
	})
}

func TestAKeyHasOneLivingJob(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first := enqueue(t, db, jobs.New{Kind: "read", Key: "a"})
		if again := enqueue(t, db, jobs.New{Kind: "read", Key: "a"}); again != first {
			t.Errorf("the same key gave job %d beside %d", again, first)
		}
		if other := enqueue(t, db, jobs.New{Kind: "write", Key: "a"}); other == first {
			t.Error("another kind gave the same job")
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return jobs.Cancel(ctx, tx, first) })
		second := enqueue(t, db, jobs.New{Kind: "read", Key: "a"})
		if second == first {
			t.Error("the key was not free after the job was over")
		}
		ctx := context.Background()
		err := db.Write(ctx, user, func(tx *store.Tx) error { return jobs.Retry(ctx, tx, first) })
		if fault.CodeOf(err) != fault.Conflict {
			t.Errorf("retry beside a living job of the key gives %v, want a conflict", err)
		}
	})
}

func TestListPagesFiltersAndPrunes(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		var ids []int64
		for i := range 5 {
			ids = append(ids, enqueue(t, db, jobs.New{Kind: []string{"even", "odd"}[i%2]}))
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return jobs.Cancel(ctx, tx, ids[0]) })
		numbers := func(f jobs.Filter) (got []int64) {
			for _, j := range list(t, db, f) {
				got = append(got, j.ID)
			}
			return got
		}
		tests := []struct {
			name   string
			filter jobs.Filter
			want   []int64
		}{
			{"newest first", jobs.Filter{Limit: 2}, []int64{ids[4], ids[3]}},
			{"next page", jobs.Filter{Limit: 2, Before: ids[3]}, []int64{ids[2], ids[1]}},
			{"kind", jobs.Filter{Kind: "odd"}, []int64{ids[3], ids[1]}},
			{"state", jobs.Filter{State: jobs.Cancelled}, []int64{ids[0]}},
			{"state and kind", jobs.Filter{State: jobs.Queued, Kind: "even"}, []int64{ids[4], ids[2]}},
		}
		for _, tt := range tests {
			if diff := cmp.Diff(tt.want, numbers(tt.filter)); diff != "" {
				t.Errorf("%s:\n%s", tt.name, diff)
			}
		}
		clock.advance(time.Hour)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			n, err := jobs.Prune(ctx, tx, clock.now(), 10)
			if n != 1 {
				t.Errorf("pruned %d jobs, want the one that is over", n)
			}
			return err
		})
		if got := numbers(jobs.Filter{}); len(got) != 4 {
			t.Errorf("left are %v", got)
		}
	})
}

func TestRateAndTimeLeftFollowThePresentAttempt(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		steps := make(chan int64)
		start(t, db, func(r *jobs.Runner) {
			r.Handle("count", 1, func(ctx context.Context, task *jobs.Task) error {
				for n := range steps {
					clock.advance(10 * time.Second)
					if err := task.Progress(ctx, n, 1000); err != nil {
						return err
					}
					for range 1000 { // within the same moment: not written
						if err := task.Progress(ctx, n+1, 1000); err != nil {
							return err
						}
					}
				}
				return nil
			})
		})
		id := enqueue(t, db, jobs.New{Kind: "count"})
		steps <- 100
		job := await(t, db, id, func(j jobs.Job) bool { return j.Done > 0 })
		if job.Done != 100 {
			t.Errorf("progress %d, want 100: more within 300 ms is not written", job.Done)
		}
		if got := job.Rate(clock.now()); got != 10 {
			t.Errorf("rate %v per second, want 10", got)
		}
		if left, ok := job.Left(clock.now()); !ok || left != 90*time.Second {
			t.Errorf("left %v %v, want 90 s", left, ok)
		}
		close(steps)
		job = await(t, db, id, in(jobs.Done))
		if job.Done != 101 {
			t.Errorf("progress at the end %d, want 101", job.Done)
		}
		if _, ok := job.Left(clock.now()); ok {
			t.Error("a job that is over has time left")
		}
	})
}

func list(t *testing.T, db *store.DB, f jobs.Filter) (all []jobs.Job) {
	t.Helper()
	ctx := context.Background()
	if err := db.Read(ctx, func(tx *store.Tx) (err error) { all, err = jobs.List(ctx, tx, f); return err }); err != nil {
		t.Fatal(err)
	}
	return all
}
