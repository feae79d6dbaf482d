package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

var longAgo = clock.NewDay(2020, 5, 4)

func held() program.Measure {
	return program.Measure{Name: "Winback 2020", Start: longAgo, End: longAgo.AddDays(2), Control: 200, Outcome: program.Margin, Learned: "It works."}
}

func past(arm string, probability float64, days int, customers ...int64) (all []program.Past) {
	for _, id := range customers {
		all = append(all, program.Past{Assigned: program.Assigned{Customer: id, Arm: arm, Probability: probability}, Day: longAgo.AddDays(days)})
	}
	return all
}

func TestAMeasureHeldElsewhereIsBroughtInOnceWithItsGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		adopt := func(m program.Measure) (id int64, err error) {
			err = db.Write(t.Context(), store.System(), func(tx *store.Tx) error { id, err = program.Adopt(t.Context(), tx, m); return err })
			return id, err
		}
		draw := func(id int64, all []program.Past) (n int, err error) {
			err = db.Bulk(t.Context(), store.System(), func(tx *store.Tx) error { n, err = program.AdoptDraws(t.Context(), tx, id, all); return err })
			return n, err
		}
		id, err := adopt(held())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := adopt(held()); err != nil || again != id {
			t.Errorf("the same again is %d, %v, want %d", again, err, id)
		}
		other := held()
		other.Control = 300
		if _, err := adopt(other); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("another share left alone: %v", err)
		}
		all := append(past("control", .2, 0, 1, 2), past("a", .8, 2, 3, 4, 5)...)
		if n, err := draw(id, all); n != 5 || err != nil {
			t.Errorf("%d drawn, %v", n, err)
		}
		if n, err := draw(id, all); n != 0 || err != nil {
			t.Errorf("again: %d drawn, %v", n, err)
		}
		if _, err := draw(id, past("a", .8, 0, 1)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("another group: %v", err)
		}
		for what, p := range map[string][]program.Past{"unknown group": past("b", .8, 0, 9), "certain twice over": past("a", 1.2, 0, 9), "no chance": past("a", 0, 0, 9),
			"before the start": past("a", .8, -1, 9), "after the end": past("a", .8, 3, 9)} {
			if _, err := draw(id, p); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		err = db.Read(t.Context(), func(tx *store.Tx) error {
			m, err := program.Load(t.Context(), tx, id)
			if err != nil {
				return err
			}
			if m.State != program.Done || m.StartedAt == nil || m.EndedAt == nil || m.Learned != "It works." || m.Start != longAgo {
				t.Errorf("%+v", m)
			}
			got, err := program.Drawn(t.Context(), tx, id, []int64{2, 4})
			if d := cmp.Diff([]program.Assigned{{Customer: 2, Arm: "control", Probability: .2}, {Customer: 4, Arm: "a", Probability: .8}}, got); d != "" {
				t.Error(d)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAMeasureHeldElsewhereMayStillRunButNotBeginTomorrow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		today := clock.DayOf(db.Now(), time.UTC)
		m := held()
		m.Start, m.End = today.AddDays(-3), today.AddDays(3)
		var id int64
		write(t, db, func(tx *store.Tx) (err error) { id, err = program.Adopt(t.Context(), tx, m); return err })
		write(t, db, func(tx *store.Tx) error {
			m, err := program.Load(t.Context(), tx, id)
			if err == nil && (m.State != program.Running || m.EndedAt != nil) {
				t.Errorf("%+v", m)
			}
			return err
		})
		m.Start = today.AddDays(2)
		err := db.Write(t.Context(), store.System(), func(tx *store.Tx) error { _, err := program.Adopt(t.Context(), tx, m); return err })
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("the day after tomorrow: %v", err)
		}
	})
}

func TestFilesOfMeasuresHeldElsewhereAreRead(t *testing.T) {
	var draws []program.PastDraw
	err := program.ReadPastDraws(strings.NewReader("\ufeffcustomer;measure;arm;day;probability\r\nK-1;\"Winback; May\";a;2026-05-04;0.8\r\n"), func(d program.PastDraw) { draws = append(draws, d) })
	want := []program.PastDraw{{Line: 2, Measure: "Winback; May", Customer: "K-1", Arm: "a", Probability: .8, Day: clock.NewDay(2026, 5, 4)}}
	if d := cmp.Diff(want, draws); d != "" || err != nil {
		t.Error(d, err)
	}
	var plans []program.PastPlan
	err = program.ReadPastPlans(strings.NewReader("measure,days,outcome,budget,again\nW,14,margin,1200.50,no\nX,,,,\n"), "EUR", func(p program.PastPlan) { plans = append(plans, p) })
	if d := cmp.Diff([]program.PastPlan{{Line: 2, Measure: "W", Days: 14, Outcome: program.Margin, Budget: 1200_50, Again: program.AgainNo}, {Line: 3, Measure: "X"}}, plans); d != "" || err != nil {
		t.Error(d, err)
	}
	var costs []program.PastCost
	err = program.ReadPastCosts(strings.NewReader("measure\tkind\tamount\tday\tincluded\nW\tcoupon\t55.5\t2026-05-04\tyes\n"), "EUR", func(p program.PastCost) { costs = append(costs, p) })
	if d := cmp.Diff([]program.PastCost{{Line: 2, Measure: "W", Key: "2", Kind: program.Coupon, Amount: 55_50, Included: true, Day: clock.NewDay(2026, 5, 4)}}, costs); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestEveryWrongLineOfAFileIsToldOf(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		wrong int
		key   string
	}{
		"empty":           {"", 1, "program.past.empty"},
		"columns missing": {"measure,arm\n", 3, "program.past.missing"},
		"unknown column":  {"measure,customer,arm,probability,day,colour\n", 1, "program.past.heading"},
		"column twice":    {"measure,customer,arm,probability,day,day\n", 1, "program.past.heading"},
		"wrong cells":     {"measure,customer,arm,probability,day\nW,1,a,NaN,2026-05-04\nW,1,a,.5,04.05.2026\n,1,a,.5,2026-05-04\nW,1,a,.5,2026-05-04\n", 3, "program.past.cell"},
		"a cell too few":  {"measure,customer,arm,probability,day\nW,1,a,.5\n", 1, "program.past.columns"},
		"open quote":      {"measure,customer,arm,probability,day\n\"W,1,a,.5,2026-05-04\n", 1, "program.past.broken"},
		"very wrong":      {"measure,customer,arm,probability,day\n" + strings.Repeat("W,1,a,2,2026-05-04\n", 100), 21, "program.past.cell"},
	} {
		t.Run(name, func(t *testing.T) {
			all := fault.All(program.ReadPastDraws(strings.NewReader(c.text), func(program.PastDraw) {}))
			if len(all) != c.wrong || all[0].Key != c.key || all[0].Code != fault.Invalid {
				t.Errorf("%d faults: %v", len(all), all)
			}
		})
	}
}

func FuzzPastFiles(f *testing.F) {
	f.Add("measure,customer,arm,probability,day\nW,1,a,.5,2026-05-04\n")
	f.Add("measure;kind;amount;day;included\nW;coupon;55.5;2026-05-04;yes\n")
	f.Add("measure\tdays\tbudget\nW\t14\t\"1\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = program.ReadPastDraws(strings.NewReader(text), func(d program.PastDraw) {
			if d.Measure == "" || d.Customer == "" || d.Arm == "" || d.Probability <= 0 || d.Probability > 1 || d.Day == 0 && !strings.Contains(text, "1970") || d.Line < 2 {
				t.Errorf("%+v", d)
			}
		})
		_ = program.ReadPastPlans(strings.NewReader(text), "EUR", func(p program.PastPlan) {
			if p.Measure == "" || p.Days < 0 {
				t.Errorf("%+v", p)
			}
		})
		_ = program.ReadPastCosts(strings.NewReader(text), "EUR", func(p program.PastCost) {
			if p.Measure == "" || p.Amount == 0 || p.Key == "" {
				t.Errorf("%+v", p)
			}
		})
	})
}
