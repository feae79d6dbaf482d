package predict_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"

	"github.com/google/go-cmp/cmp"
)

func record(t *testing.T, db *store.DB, s *predict.Scores) predict.Recorded {
	t.Helper()
	done, err := s.Record(context.Background(), db, store.System(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func changes(t *testing.T, db *store.DB, kind string) (all []feed.Change) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		all, err = feed.Newest(context.Background(), tx, math.MaxInt64, kind, 0, 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func foreseen(t *testing.T, db *store.DB, id int64) (f predict.Foreseen, ok bool) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		f, ok, err = predict.ForCustomer(context.Background(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, ok
}

// loyalShop are forty customers: the first buys every ten days up to a day in 2025, the others at random.
func loyalShop(t *testing.T, until string) *warehouse.DB {
	orders := everyDay(1, mustDay(t, until), 10, 40, 4000)
	last := mustDay(t, "2025-10-31")
	for id := int64(2); id <= 40; id++ {
		orders = append(orders, everyDay(id, last.AddDays(-int(id*7%200)), int(10+id), int(1+id%9), 1000+100*id)...)
	}
	return shop(t, orders)
}

func TestTheFirstScoringIsHistoryAndTheNextOneWritesWhatChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := loyalShop(t, "2025-10-30")
		first := foretell(t, house, "2025-10-30")
		done := record(t, db, first)
		if done.Scores != 40 || done.Written != 40 || done.Bands != 0 || done.Dropped != 0 {
			t.Errorf("the first scoring: %+v", done)
		}
		all := changes(t, db, predict.KindChanged)
		if len(all) != 1 || all[0].Origin != feed.History || len(all[0].Rows["score"]) != 1 || len(all[0].Rows["score_history"]) != 0 {
			t.Errorf("the feed: %+v", all)
		}
		f, ok := foreseen(t, db, 1)
		want, _ := first.At(0)
		if !ok || f.Band != predict.Loyal || f.Band != want.Band || f.CLV != want.CLV || math.Abs(f.Active-want.Active) > 1e-4 || len(f.History) != 0 {
			t.Errorf("the first customer: %v %+v, want %+v", ok, f.Score, want)
		}
		if diff := cmp.Diff(want.Reasons, f.Reasons); diff != "" {
			t.Errorf("reasons: %s", diff)
		}
		if again := record(t, db, foretell(t, house, "2025-10-30")); again.Written != 0 || again.Scores != 40 {
			t.Errorf("the same again: %+v", again)
		}

		later := record(t, db, foretell(t, house, "2026-01-15"))
		if later.Bands == 0 || later.Written == 0 {
			t.Errorf("after two months of silence: %+v", later)
		}
		f, _ = foreseen(t, db, 1)
		if f.Band != predict.ProbablyLost && f.Band != predict.AtRisk || f.RiskSince == nil || len(f.History) != 2 || f.History[0].Band != predict.Loyal {
			t.Errorf("silent for long: %+v, before %+v", f.Score, f.History)
		}
		found := false
		for _, c := range changes(t, db, predict.KindBand) {
			found = found || c.Customer == 1 && c.Origin == feed.Live && string(c.Body) != ""
		}
		if !found {
			t.Error("the feed does not tell that her band changed")
		}
	})
}

func TestSinceWhenSheIsAtRiskNeverContradictsWhatWasToldBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rnd := rand.New(rand.NewPCG(5, 6))
		begin := mustDay(t, "2024-01-01")
		var orders []order
		for id := int64(1); id <= 120; id++ {
			day, rate := rnd.IntN(300), 0.01+0.03*rnd.ExpFloat64()
			for gone := day + int(250*rnd.ExpFloat64()); day <= min(gone, 640); day += 1 + int(rnd.ExpFloat64()/rate) {
				orders = append(orders, order{id, begin.AddDays(day).String(), 1000 + 10*id})
			}
		}
		house, calm, since := shop(t, orders), map[int64]clock.Day{}, map[int64]clock.Day{}
		corrected := 0
		for n := 400; n <= 640; n += 30 {
			asOf := begin.AddDays(n)
			s := foretell(t, house, asOf.String())
			record(t, db, s)
			for i := range s.Len() {
				computed, _ := s.At(i)
				f, _ := foreseen(t, db, computed.Customer)
				if f.RiskSince == nil {
					calm[f.Customer] = asOf
					delete(since, f.Customer)
					continue
				}
				if day, ok := since[f.Customer]; ok && *f.RiskSince != day && *f.RiskSince <= asOf.AddDays(-30) {
					t.Errorf("customer %d on %v: at risk since %v, before it was %v", f.Customer, asOf, *f.RiskSince, day)
				}
				if *f.RiskSince <= calm[f.Customer] || *f.RiskSince > asOf {
					t.Errorf("customer %d on %v: at risk since %v, but on %v she was not", f.Customer, asOf, *f.RiskSince, calm[f.Customer])
				}
				if *computed.RiskSince != *f.RiskSince {
					corrected++
				}
				since[f.Customer] = *f.RiskSince
			}
		}
		if corrected == 0 {
			t.Error("every scoring saw the same days; this test is about some that do not")
		}
	})
}

func TestAScoringThatWasKilledGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		orders := oneTimers(2500, "2025-06-01", 1000)
		orders = append(orders, everyDay(1, mustDay(t, "2025-09-30"), 9, 10, 100)...)
		house := shop(t, orders)
		killed := errors.New("killed")
		_, err := foretell(t, house, "2025-10-15").Record(context.Background(), db, store.System(), func(done, total int64) error { return killed })
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if _, ok := foreseen(t, db, 1); ok {
			t.Error("half a scoring is shown")
		}
		done := record(t, db, foretell(t, house, "2025-10-15"))
		if done.Scores != 2500 || done.Written != 1500 {
			t.Errorf("the second attempt: %+v", done)
		}
		if _, ok := foreseen(t, db, 2400); !ok {
			t.Error("the last customers have no score")
		}
	})
}

func TestWhoHasNoPurchasesAnyMoreOrIsErasedLosesHerScore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := loyalShop(t, "2025-10-30")
		record(t, db, foretell(t, house, "2025-10-30"))
		err := house.Fill(context.Background(), func(f *warehouse.Filler) error {
			if err := f.Exec(context.Background(), "UPDATE customer SET erased = true WHERE id = 7"); err != nil {
				return err
			}
			return f.Exec(context.Background(), "DELETE FROM document WHERE customer IN (9, 40)")
		})
		if err != nil {
			t.Fatal(err)
		}
		if done := record(t, db, foretell(t, house, "2025-10-30")); done.Dropped != 3 || done.Scores != 37 {
			t.Errorf("%+v", done)
		}
		for _, id := range []int64{7, 9, 40} {
			if f, ok := foreseen(t, db, id); ok {
				t.Errorf("customer %d still has %+v", id, f.Score)
			}
		}
		err = db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return predict.Forget(context.Background(), tx, 8) })
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := foreseen(t, db, 8); ok {
			t.Error("who was forgotten has a score")
		}
	})
}

func TestTheEndOfAMonthIsKeptForEverybody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := loyalShop(t, "2025-10-30")
		for _, day := range []string{"2025-10-30", "2025-10-31", "2025-11-02"} {
			record(t, db, foretell(t, house, day))
		}
		moved := 0
		for id := int64(1); id <= 40; id++ {
			f, _ := foreseen(t, db, id)
			days := map[string]bool{}
			for _, m := range f.History {
				days[m.Day.String()] = true
			}
			if !days["2025-10-31"] {
				t.Errorf("days kept of %d: %v", id, days)
			}
			if days["2025-11-02"] { // into another band
				moved++
			}
		}
		if moved > 10 {
			t.Errorf("the second of November was kept of %d", moved)
		}
	})
}

func TestTheOutlookAddsUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := foretell(t, cdnow(t), "1998-06-30")
		record(t, db, s)
		var o predict.Outlook
		err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
			var ok bool
			if o, ok, err = predict.Newest(context.Background(), tx); !ok {
				t.Error("no outlook")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Card, o.Card); diff != "" {
			t.Errorf("the card differs after it was stored: %s", diff)
		}
		n, active := int64(0), 0.0
		for _, b := range o.Bands {
			n += b.N
		}
		for i := range s.Len() {
			sc, _ := s.At(i)
			active += sc.Active
			if sc.AtRisk > 100 && !(sc.AtRiskLo < sc.AtRisk && sc.AtRisk < sc.AtRiskHi && sc.AtRiskLo > 0) {
				t.Fatalf("value at risk of customer %d: %d (%d to %d)", sc.Customer, sc.AtRisk, sc.AtRiskLo, sc.AtRiskHi)
			}
		}
		if n != 2357 || math.Abs(o.Stay[0].Active-active) > 1e-6 || o.Stay[0].ActiveLo >= active || o.Stay[0].ActiveHi <= active {
			t.Errorf("%d customers in bands, %v of %v stay", n, o.Stay[0], active)
		}
		buyers, atRisk := 0.0, int64(0)
		for _, b := range o.Bands {
			buyers += b.Buyers
			if b.Band == predict.Cooling || b.Band == predict.AtRisk {
				atRisk += b.AtRisk
			}
		}
		if math.Abs(buyers-active) > 1e-6 || atRisk != o.AtRisk || o.AtRiskLo >= atRisk || o.AtRiskHi <= atRisk || o.CLVLo >= o.CLV || o.CLVHi <= o.CLV {
			t.Errorf("%v buyers in bands, %d at risk (%d to %d), all worth %d (%d to %d)", buyers, o.AtRisk, o.AtRiskLo, o.AtRiskHi, o.CLV, o.CLVLo, o.CLVHi)
		}
		sum := int64(0)
		for _, w := range o.Sales.Weeks {
			sum += w.Expected
		}
		if d := sum - o.Sales.Expected; len(o.Sales.Weeks) != 13 || d < -13 || d > 13 || o.Sales.Lo >= sum || o.Sales.Hi <= sum {
			t.Errorf("sales: %+v", o.Sales)
		}
		if len(o.Test.Deciles) != 10 || len(o.Test.Tracking) < 50 || len(o.Models) != 4 || len(o.Stay) < 3 {
			t.Errorf("%d deciles, %d weeks, %d models, %d counts", len(o.Test.Deciles), len(o.Test.Tracking), len(o.Models), len(o.Stay))
		}
	})
}
