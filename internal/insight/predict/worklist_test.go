package predict_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/task"

	"github.com/google/go-cmp/cmp"
)

// driftingShop are sixty customers who bought every ten days until a hundred days before 30 October 2025, the higher the number
// the larger the orders, and some who go on.
func driftingShop(t *testing.T) *warehouse.DB {
	var orders []order
	for id := int64(1); id <= 60; id++ {
		orders = append(orders, everyDay(id, mustDay(t, "2025-10-30").AddDays(-30-int(id%20)), 10, 12, 1000*id)...)
	}
	for id := int64(61); id <= 120; id++ {
		orders = append(orders, everyDay(id, mustDay(t, "2025-10-29"), 11, 12, 5000)...)
	}
	return shop(t, orders)
}

func raiseCalls(t *testing.T, db *store.DB, s *predict.Scores) int {
	t.Helper()
	open, err := s.RaiseCalls(context.Background(), db, store.System())
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// calls are the customers of the open calls, the heaviest first.
func calls(t *testing.T, db *store.DB) (ids []int64, tasks []*task.Task) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		tasks, err = task.List(context.Background(), tx, task.Filter{Today: 1 << 20, OfKind: predict.TaskCall, Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tasks {
		ids = append(ids, c.Customer)
	}
	return ids, tasks
}

func write(t *testing.T, db *store.DB, fn func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Write(ctx, store.Actor{Kind: "user", ID: 3}, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestTheMostValuableCustomersAreToBeCalledOnceEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := foretell(t, driftingShop(t), "2025-10-30")
		open := raiseCalls(t, db, s)
		ids, tasks := calls(t, db)
		if open == 0 || open > 25 || len(ids) != open {
			t.Fatalf("%d open, %d listed", open, len(ids))
		}
		last := int64(1) << 62
		for i, id := range ids {
			at, _ := s.Place(id)
			sc, _ := s.At(at)
			if sc.Band != predict.Cooling && sc.Band != predict.AtRisk || sc.AtRisk <= 0 || sc.AtRisk > last {
				t.Errorf("place %d: %+v", i, sc)
			}
			if tasks[i].Weight >= 60 || tasks[i].Subject != id {
				t.Errorf("place %d: weighs %d", i, tasks[i].Weight)
			}
			last = sc.AtRisk
		}
		if again := raiseCalls(t, db, s); again != open {
			t.Errorf("raised twice: %d", again)
		}
		if same, _ := calls(t, db); !cmp.Equal(same, ids) {
			t.Errorf("other calls: %v, before %v", same, ids)
		}
	})
}

func TestWhoWasCalledMakesRoomAndWhoNeedsNoCallIsSettled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := driftingShop(t)
		s := foretell(t, house, "2025-10-30")
		raiseCalls(t, db, s)
		before, tasks := calls(t, db)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return task.Finish(ctx, tx, tasks[0].ID) })
		raiseCalls(t, db, s)
		after, _ := calls(t, db)
		for _, id := range after {
			if id == before[0] {
				t.Error("she was called a moment ago")
			}
		}
		if len(after) == 0 || after[0] != before[1] {
			t.Errorf("the next one is not first: %v", after)
		}
		// long after, everybody is lost
		if open := raiseCalls(t, db, foretell(t, house, "2026-10-30")); open != 0 {
			t.Errorf("%d are still worth a call", open)
		}
		if ids, _ := calls(t, db); len(ids) != 0 {
			t.Errorf("calls not settled: %v", ids)
		}
	})
}

func TestCustomersAreListedByValueAtRiskPageByPage(t *testing.T) {
	house := house(t)
	bands := []predict.Band{predict.Cooling, predict.AtRisk, predict.Loyal}
	ctx := context.Background()
	err := house.Fill(ctx, func(f *warehouse.Filler) error {
		for id := 1; id <= 30; id++ {
			if err := f.Exec(ctx, fmt.Sprintf("INSERT INTO score (customer, band, at_risk) VALUES (%d, '%s', %d)", id, bands[id%3], 100*(id%7))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]predict.Band{nil, {predict.Cooling}, {predict.Cooling, predict.AtRisk}, {predict.New}} {
		all, err := predict.Listed(ctx, house, want, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		n, err := predict.CountListed(ctx, house, want)
		if err != nil || n != int64(len(all)) || n != int64(map[int]int{0: 30, 1: 10, 2: 20}[len(want)]) && want[0] != predict.New {
			t.Errorf("%v: %d listed, %d counted, %v", want, len(all), n, err)
		}
		var paged []predict.Place
		for after := (*predict.Place)(nil); ; {
			page, err := predict.Listed(ctx, house, want, after, 4)
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, page...)
			if len(page) < 4 {
				break
			}
			after = &page[3]
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			t.Errorf("%v: pages differ from the whole: %s", want, diff)
		}
		for i := 1; i < len(all); i++ {
			if all[i].AtRisk > all[i-1].AtRisk || all[i].AtRisk == all[i-1].AtRisk && all[i].Customer <= all[i-1].Customer {
				t.Errorf("%v: %v before %v", want, all[i-1], all[i])
			}
		}
	}
	if got, err := predict.Listed(ctx, house, []predict.Band{"x' OR true --"}, nil, 5); err != nil || len(got) != 0 {
		t.Errorf("a band that is none: %v, %v", got, err)
	}
}

func TestScoresOfSomeCustomersAreThoseOfEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		record(t, db, foretell(t, loyalShop(t, "2025-10-30"), "2025-10-30"))
		var some map[int64]predict.Score
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			some, err = predict.ScoresOf(ctx, tx, []int64{1, 7, 999})
			return err
		})
		if len(some) != 2 {
			t.Fatalf("%d scores", len(some))
		}
		for id, got := range some {
			one, _ := foreseen(t, db, id)
			if diff := cmp.Diff(one.Score, got); diff != "" {
				t.Errorf("customer %d: %s", id, diff)
			}
		}
	})
}
