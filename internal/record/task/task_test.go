package task_test

import (
	"context"
	"errors"
	"testing"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/task"

	"github.com/google/go-cmp/cmp"
)

const today = clock.Day(20000)

func kinds(t *testing.T, db *store.DB, f task.Filter) (all []string) {
	t.Helper()
	ctx := context.Background()
	f.Limit = 10
	err := db.Read(ctx, func(tx *store.Tx) error {
		tasks, err := task.List(ctx, tx, f)
		for _, t := range tasks {
			all = append(all, t.Kind)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func do(t *testing.T, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Write(ctx, store.Actor{Kind: "user", ID: 3}, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestTasksAreRaisedOnceAndShownWorstFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var light int64
		do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			if light, err = task.Raise(ctx, tx, task.New{Kind: "light", Key: "a", Weight: 1}); err != nil {
				return err
			}
			if _, err = task.Raise(ctx, tx, task.New{Kind: "heavy", Key: "b", Weight: 9}); err != nil {
				return err
			}
			again, err := task.Raise(ctx, tx, task.New{Kind: "light", Key: "a", Weight: 2})
			if again != light {
				t.Errorf("the same key made a second task")
			}
			return err
		})
		if got, want := kinds(t, db, task.Filter{Today: today}), []string{"heavy", "light"}; !cmp.Equal(got, want) {
			t.Errorf("open: %v, want %v", got, want)
		}
		if got, want := kinds(t, db, task.Filter{Today: today, Not: []string{"heavy"}}), []string{"light"}; !cmp.Equal(got, want) {
			t.Errorf("without a kind: %v, want %v", got, want)
		}
		do(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := task.CountOpen(ctx, tx, today)
			some, err2 := task.CountOpen(ctx, tx, today, "heavy", "other")
			if all != 2 || some != 1 {
				t.Errorf("%d are open, %d of them of other kinds; want 2, 1", all, some)
			}
			return errors.Join(err, err2)
		})
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return task.Snooze(ctx, tx, light, today+3, today) })
		if got, want := kinds(t, db, task.Filter{Today: today}), []string{"heavy"}; !cmp.Equal(got, want) {
			t.Errorf("snoozed: %v, want %v", got, want)
		}
		if got, want := kinds(t, db, task.Filter{Today: today + 3}), []string{"heavy", "light"}; !cmp.Equal(got, want) {
			t.Errorf("its day has come: %v, want %v", got, want)
		}
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return task.Finish(ctx, tx, light) })
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return task.Settle(ctx, tx, "b") })
		if got := kinds(t, db, task.Filter{Today: today + 3}); got != nil {
			t.Errorf("all done, but %v", got)
		}
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return task.Reopen(ctx, tx, light) })
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return task.HandOver(ctx, tx, light, 5) })
		if got := kinds(t, db, task.Filter{Today: today, Owner: 4}); got != nil {
			t.Errorf("user 4 sees %v of user 5", got)
		}
		if got, want := kinds(t, db, task.Filter{Today: today, Owner: 5}), []string{"light"}; !cmp.Equal(got, want) {
			t.Errorf("user 5 sees %v, want %v", got, want)
		}
	})
}

func TestATaskIsNotSnoozedIntoThePast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			id, err := task.Raise(ctx, tx, task.New{Kind: "x", Key: "x"})
			if err != nil {
				return err
			}
			return task.Snooze(ctx, tx, id, today, today)
		})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v, want an invalid fault", err)
		}
	})
}

func TestTheLastTaskAPersonDidIsKnownByCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		do(t, db, func(ctx context.Context, tx *store.Tx) error {
			for _, n := range []task.New{{Kind: "call", Key: "a", Customer: 5}, {Kind: "call", Key: "b", Customer: 6}, {Kind: "call", Key: "c", Customer: 7}} {
				id, err := task.Raise(ctx, tx, n)
				if err == nil && n.Customer == 5 {
					err = task.Finish(ctx, tx, id)
				}
				if err != nil {
					return err
				}
			}
			return task.Settle(ctx, tx, "b")
		})
		do(t, db, func(ctx context.Context, tx *store.Tx) error {
			last, err := task.LastDone(ctx, tx, []int64{5, 6, 7, 8})
			if len(last) != 1 || last[5].IsZero() || last[5].After(tx.Now) {
				t.Errorf("last done: %v", last)
			}
			if none, err := task.LastDone(ctx, tx, nil); err != nil || len(none) != 0 {
				t.Errorf("of nobody: %v, %v", none, err)
			}
			return err
		})
	})
}
