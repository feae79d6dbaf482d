package jobs_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestSpecsAreDueAtLocalTimes(t *testing.T) {
	tests := []struct{ name, spec, after, want string }{
		{"after so long", "every 15m", "2026-03-02T10:00:00Z", "2026-03-02T10:15:00Z"},
		{"later today", "daily 03:00", "2026-01-10T01:59:59Z", "2026-01-10T02:00:00Z"},
		{"exactly now is tomorrow", "daily 03:00", "2026-01-10T02:00:00Z", "2026-01-11T02:00:00Z"},
		{"summer time", "daily 03:00", "2026-07-10T02:00:00Z", "2026-07-11T01:00:00Z"},
		{"the hour the clocks skip", "daily 02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		{"the hour there is twice", "daily 02:30", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00Z"},
		{"and only once", "daily 02:30", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"},
		{"weekly", "Weekly Monday 07:30", "2026-03-02T10:00:00Z", "2026-03-09T06:30:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec, err := jobs.ParseSpec(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			if got := spec.Next(after, berlin(t)).UTC().Format(time.RFC3339); got != tt.want {
				t.Errorf("due %s, want %s", got, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "every", "every 1s", "every -1h", "every 99999h", "daily", "daily 25:00", "daily 3", "weekly 03:00", "weekly someday 03:00", "monthly 03:00", "daily 03:00 x"} {
		if _, err := jobs.ParseSpec(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q gives %v, want an invalid fault", bad, err)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"every 15m", "daily 03:00", "weekly monday 07:30", "every 1e9h", "daily 24:00", "weekly  x 1"} {
		f.Add(s)
	}
	loc := berlin(f)
	from := time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := jobs.ParseSpec(text)
		if err != nil {
			return
		}
		if next := spec.Next(from, loc); !next.After(from) || next.After(from.AddDate(1, 0, 2)) {
			t.Errorf("%q is due %v after %v", text, next, from)
		}
	})
}

func TestSchedulesEnqueueOncePerTurn(t *testing.T) {
	eachWithClock(t, func(t *testing.T, db *store.DB, clock *manualClock) {
		set := func(spec string) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return jobs.SetSchedule(ctx, tx, jobs.Schedule{Name: "nightly", Kind: "clean", Args: 5, Spec: spec}, berlin(t))
			})
		}
		set("daily 03:00")
		set("daily 03:00") // at each start of the program; the time it is due stays
		ran := make(chan *jobs.Task, 10)
		goOn := make(chan bool)
		r := jobs.NewRunner(db, jobs.Options{Zone: func(context.Context, *store.Tx) (*time.Location, error) { return berlin(t), nil }})
		r.Handle("clean", 5, func(ctx context.Context, task *jobs.Task) error {
			ran <- task
			select {
			case <-goOn:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		r.Start()
		t.Cleanup(func() { r.Close(context.Background()) })

		clock.advance(5 * 24 * time.Hour) // five turns missed, made up by one
		nudge(t, db)
		task := receive(t, ran)
		if task.Key != "schedule:nightly" {
			t.Errorf("task %+v", task)
		}
		next := time.Date(2026, 3, 8, 2, 0, 0, 0, time.UTC)
		if got := schedules(t, db); len(got) != 1 || !got[0].Next.Equal(next) {
			t.Errorf("schedules %+v, want the next turn at %v", got, next)
		}
		clock.advance(24 * time.Hour) // the first job still runs
		nudge(t, db)
		awaitSQL(t, db, `SELECT next_at FROM job_schedule`, func(v int64) bool { return v == next.Add(24*time.Hour).UnixMicro() })
		if n := len(list(t, db, jobs.Filter{})); n != 1 {
			t.Errorf("%d jobs, want 1: a turn while the last one runs enqueues nothing", n)
		}
		goOn <- true
		await(t, db, task.ID, in(jobs.Done))
		set("every 1h")
		if got := schedules(t, db); !got[0].Next.Equal(clock.now().Add(time.Hour)) {
			t.Errorf("a new spec is next due at %v", got[0].Next)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return jobs.DropSchedule(ctx, tx, "nightly") })
		if got := schedules(t, db); len(got) != 0 {
			t.Errorf("dropped, but there are %+v", got)
		}
	})
}

func schedules(t *testing.T, db *store.DB) (all []jobs.Schedule) {
	t.Helper()
	ctx := context.Background()
	if err := db.Read(ctx, func(tx *store.Tx) (err error) { all, err = jobs.Schedules(ctx, tx); return err }); err != nil {
		t.Fatal(err)
	}
	return all
}
