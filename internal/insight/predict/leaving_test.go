package predict_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// contracts are many of two plans that end within 91 days with a chance of 30 and of 5 %, whatever their age; who is to end buys nothing in the time before.
func contracts(t *testing.T, n int) *warehouse.DB {
	t.Helper()
	dice := rand.New(rand.NewPCG(3, 4))
	first, today := mustDay(t, "2022-01-01"), mustDay(t, "2025-12-31")
	tables := map[string][][]any{}
	for id := int64(1); id <= int64(n); id++ {
		plan, chance := "Monthly", 0.3
		if id%3 == 0 {
			plan, chance = "Yearly", 0.05
		}
		begun := first.AddDays(dice.IntN(1200))
		end := any(nil)
		for at := begun; at.AddDays(91) <= today; at = at.AddDays(91) {
			over := dice.Float64() < chance
			if over {
				end = at.AddDays(91 + dice.IntN(91))
			} else if dice.Float64() < 0.5 {
				tables["document"] = append(tables["document"], []any{int64(len(tables["document"]) + 1), id, "order", at.AddDays(dice.IntN(90)), int64(0), true, int64(1), int64(1000), nil, int64(1)})
			}
			if over {
				break
			}
		}
		tables["customer"] = append(tables["customer"], []any{id, "", "x", "person", "", "", "", false, false, begun, "", nil, int64(0)})
		tables["contract"] = append(tables["contract"], []any{id, id, plan, begun, end, nil, end != nil, nil})
	}
	db := house(t)
	warehousetest.Fill(t, db, tables)
	return db
}

func TestTheChanceThatAContractEndsIsRight(t *testing.T) {
	l, err := predict.Leave(context.Background(), contracts(t, 3000), mustDay(t, "2025-12-31"), 91)
	if err != nil {
		t.Fatal(err)
	}
	if l.Status != survival.OK || l.Events < 500 || l.AUC == nil || *l.AUC < 0.7 || *l.Brier >= *l.SameRate {
		t.Fatalf("%+v", *l)
	}
	sum, n := map[string]float64{}, map[string]float64{}
	for i, c := range l.Contracts {
		if !(0 < c.Lo && c.Lo <= c.P && c.P <= c.Hi && c.Hi < 1) || i > 0 && c.P > l.Contracts[i-1].P {
			t.Fatalf("%+v", c)
		}
		sum[c.Plan], n[c.Plan] = sum[c.Plan]+c.P, n[c.Plan]+1
	}
	if yearly := sum["Yearly"] / n["Yearly"]; yearly < 0.03 || yearly > 0.08 {
		t.Errorf("of yearly contracts %.3f are foreseen to end, 0.05 should", yearly)
	}
	effects := map[string]float64{}
	for _, e := range l.Effects {
		effects[e.Feature+e.Plan] = e.Value
	}
	if effects["planYearly"] > -1 || effects["bought"] > -1 {
		t.Errorf("effects: %v", effects)
	}
}

func TestAStretchThatIsNotOverSaysNothingAboutContracts(t *testing.T) {
	today := mustDay(t, "2025-12-31")
	db := house(t)
	var all [][]any
	for id := range int64(200) { // each began ninety days ago; every other one ended at once
		begun, end := today.AddDays(-90), any(nil)
		if id%2 == 0 {
			end = begun.AddDays(3)
		}
		all = append(all, []any{id + 1, id + 1, "A", begun, end, nil, end != nil, nil})
	}
	warehousetest.Fill(t, db, map[string][][]any{"contract": all})
	for days, want := range map[int]int64{100: 0, 91: 100} {
		l, err := predict.Leave(context.Background(), db, today, days)
		if err != nil {
			t.Fatal(err)
		}
		if l.Events != want || l.Stretches != 2*want {
			t.Errorf("within %d days: %d of %d stretches ended, want %d of %d", days, l.Events, l.Stretches, want, 2*want)
		}
	}
}

func TestWhatCannotBeToldOfContractsIsSaid(t *testing.T) {
	ctx, today := context.Background(), mustDay(t, "2025-12-31")
	if _, err := predict.Leave(ctx, house(t), today, 91); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no contracts: %v", err)
	}
	for _, days := range []int{-1, 0, 4000} {
		if _, err := predict.Leave(ctx, house(t), today, days); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%d days: %v", days, err)
		}
	}
	db := house(t)
	begun, over := clock.NewDay(2025, 1, 1), clock.NewDay(2025, 1, 1)
	warehousetest.Fill(t, db, map[string][][]any{"contract": {
		{int64(1), int64(1), "A", begun, nil, nil, false, nil}, {int64(2), int64(2), "A", begun, over, nil, true, nil}, {int64(3), int64(3), "", nil, nil, int64(0), false, today},
		{int64(4), int64(4), "", nil, nil, int64(0), true, today}, {int64(5), int64(5), "B", clock.NewDay(2026, 5, 1), nil, nil, false, nil},
	}})
	l, err := predict.Leave(ctx, db, today, 91)
	if err != nil {
		t.Fatal(err)
	}
	if l.Status != survival.TooFew || l.Events != 2 || len(l.Contracts) != 2 || l.AUC != nil || l.TenureOnly != 2 {
		t.Errorf("%+v", *l)
	}
	for _, c := range l.Contracts {
		if c.P != l.Contracts[0].P || !(c.Lo <= c.P && c.P <= c.Hi) {
			t.Errorf("%+v", c)
		}
	}
}
