package warehouse_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// touchedSince is whom the commits behind a place concern, and the place reached.
func touchedSince(t testing.TB, db *warehouse.DB, after feed.Cursor) warehouse.Touched {
	t.Helper()
	var touched warehouse.Touched
	err := db.View(t.Context(), func(v *warehouse.View) (err error) {
		touched, err = v.Touched(t.Context(), after)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return touched
}

func TestTouchedNamesWhomACommitConcerns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		k.do(feed.Rows{"gift": {{1, 3}}}, `INSERT INTO t_gift VALUES (1, 11, 19000, 1), (2, 12, 19000, 1), (3, 13, 19000, 1)`)
		steps := []struct {
			name string
			rows feed.Rows
			do   string
			want map[string]warehouse.Touch
		}{
			{"nothing", nil, ``, nil},
			{"a gift that moves concerns both", feed.Rows{"gift": one(1)}, `UPDATE t_gift SET customer = 21 WHERE id = 1`,
				map[string]warehouse.Touch{"gift": {Live: []int64{11, 21}}}},
			{"a gift that goes", feed.Rows{"gift": one(2)}, `DELETE FROM t_gift WHERE id = 2`, map[string]warehouse.Touch{"gift": {Live: []int64{12}}}},
			{"a rule concerns anybody", feed.Rows{"rule": nil}, `INSERT INTO t_rule VALUES ('a', 'b')`,
				map[string]warehouse.Touch{"rule": {Anybody: true, AnybodyLive: true}}},
			{"a buyer", feed.Rows{"buyer": one(5)}, `INSERT INTO t_buyer VALUES (5, 'DE', 0)`, map[string]warehouse.Touch{"buyer": {Live: []int64{5}}}},
		}
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		at := touchedSince(t, db, feed.Cursor{}).To
		for _, step := range steps {
			if step.do != "" {
				k.do(step.rows, step.do)
			}
			if err := db.CatchUp(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			got := touchedSince(t, db, at)
			if step.want == nil {
				step.want = map[string]warehouse.Touch{}
			}
			if diff := cmp.Diff(step.want, got.Tables); diff != "" || got.Lost {
				t.Errorf("%s: lost %v, touched (-want +got):\n%s", step.name, got.Lost, diff)
			}
			at = got.To
		}
		if err := db.Rebuild(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got := touchedSince(t, db, at); got.Lost || len(got.Tables) > 0 {
			t.Errorf("after a rebuild at the same place: %+v", got)
		}
		k.do(feed.Rows{"gift": one(3)}, `UPDATE t_gift SET worth = 5 WHERE id = 3`)
		if err := db.Rebuild(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got := touchedSince(t, db, at); !got.Lost {
			t.Errorf("after a rebuild that saw more: %+v, but nobody knows what changed", got)
		}
	})
}

func TestTouchedTellsHistoryFromWhatHappensNow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		at := touchedSince(t, db, feed.Cursor{}).To
		k.write(func(ctx context.Context, tx *store.Tx) error {
			for id := range 40 {
				if _, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO t_gift VALUES (%d, %d, 19000, 1)`, id+1, id+101)); err != nil {
					return err
				}
			}
			if _, err := feed.Append(ctx, tx, feed.New{Kind: "shop.old", Origin: feed.History, Rows: feed.Rows{"gift": {{1, 3}, {6, 6}}}}); err != nil {
				return err
			}
			_, err := feed.Append(ctx, tx, feed.New{Kind: "shop.new", Rows: feed.Rows{"gift": {{3, 4}}, "part": {{40, 40}}}})
			return err
		})
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		got := touchedSince(t, db, at).Tables["gift"]
		if diff := cmp.Diff([]int64{103, 104}, got.Live); diff != "" {
			t.Errorf("live (-want +got):\n%s", diff)
		}
		for _, id := range []int64{101, 102, 106} {
			if !contains(got.History, id) {
				t.Errorf("history %v lacks %d", got.History, id)
			}
		}
	})
}

func contains(all []int64, id int64) bool {
	for _, a := range all {
		if a == id {
			return true
		}
	}
	return false
}

func TestWhoeverChangesIsTouched(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		state := func() map[int64]string {
			all := map[int64]string{}
			for _, row := range warehousetest.Rows(t, db, `SELECT g.customer, string_agg(g.day || ':' || coalesce(g.worth, 0), ' ' ORDER BY g.id) FROM gift g GROUP BY g.customer`) {
				all[row[0].(int64)] += fmt.Sprint(row[1])
			}
			for _, row := range warehousetest.Rows(t, db, `SELECT id, hidden FROM buyer`) {
				all[row[0].(int64)] += fmt.Sprint(" buyer ", row[1])
			}
			return all
		}
		r := rand.New(rand.NewPCG(4, 2))
		at, before := touchedSince(t, db, feed.Cursor{}).To, state()
		for range 30 {
			k.randomly(r, 1+r.IntN(6))
			if err := db.CatchUp(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			got, now := touchedSince(t, db, at), state()
			for id := range int64(60) {
				if id != 0 && before[id] != now[id] && !contains(got.Tables["gift"].Live, id) && !contains(got.Tables["buyer"].Live, id) {
					t.Fatalf("customer %d changed from %q to %q, but was not touched: %+v", id, before[id], now[id], got)
				}
			}
			at, before = got.To, now
		}
	})
}
