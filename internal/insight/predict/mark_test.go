package predict_test

import (
	"context"
	"math"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// was is a former score as the history and the mark tell it.
type was struct {
	day         int64
	active, clv int64
}

// formerly reads what the store tells of the past of everybody, by day.
func formerly(t *testing.T, db *store.DB) map[int64][]was {
	t.Helper()
	all := map[int64][]was{}
	err := db.Read(context.Background(), func(tx *store.Tx) error {
		clear(all)
		rows, err := tx.Query(context.Background(), `SELECT customer, day, active, clv FROM score_history
			UNION SELECT customer, mark_day, mark_active, mark_clv FROM score WHERE mark_day IS NOT NULL ORDER BY 1, 2`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			var w was
			if err := rows.Scan(&id, &w.day, &w.active, &w.clv); err != nil {
				return err
			}
			all[id] = append(all[id], w)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAFormerScoreIsKnownToWithinWhatIsNoticeable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := loyalShop(t, "2025-10-30")
		type moment struct {
			day clock.Day
			predict.Score
		}
		var seen []moment
		first := mustDay(t, "2025-10-20")
		for _, night := range []int{0, 1, 2, 9, 10, 11, 11, 12, 13, 40, 41, 42, 44, 44, 60} { // some twice, as after a change of settings, ends of months among them
			s := foretell(t, house, first.AddDays(night).String())
			record(t, db, s)
			for i := range s.Len() {
				if sc, ok := s.At(i); ok {
					seen = append(seen, moment{first.AddDays(night), sc})
				}
			}
		}
		past := formerly(t, db)
		moments, exact := 0, 0
		for _, m := range seen {
			var at *was
			for i, w := range past[m.Customer] {
				if w.day <= int64(m.day) {
					at = &past[m.Customer][i]
				}
			}
			if at == nil {
				t.Fatalf("of customer %d nothing is known on %s", m.Customer, m.day)
			}
			if d := math.Abs(float64(at.active)/10_000 - m.Active); d > 0.0301 {
				t.Errorf("customer %d on %s: %v, %v was kept", m.Customer, m.day, m.Active, at.active)
			}
			if d := math.Abs(float64(at.clv - m.CLV)); d > 200 && d > 0.05*math.Abs(float64(at.clv)) {
				t.Errorf("customer %d on %s: worth %d, %d was kept", m.Customer, m.day, m.CLV, at.clv)
			}
			if moments++; at.day == int64(m.day) {
				exact++
			}
		}
		if exact == moments {
			t.Error("every score was kept")
		}
		err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return predict.Forget(context.Background(), tx, 8) })
		if err != nil {
			t.Fatal(err)
		}
		if left := formerly(t, db)[8]; len(left) > 0 {
			t.Errorf("of who was forgotten is left: %v", left)
		}
	})
}
