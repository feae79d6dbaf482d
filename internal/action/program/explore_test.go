package program_test

import (
	"math"
	"testing"

	"stamm/internal/action/program"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// parted is a shop of two countries: variant a is good in one of them and b in the other, or a in both.
func parted(t testing.TB, differ bool) *warehouse.DB {
	s := &shop{tables: map[string][][]any{}}
	for id := int64(1); id <= 6000; id++ {
		country := []string{"DE", "AT"}[id%2]
		s.customer(id, "person", country)
		arm := []string{"control", "a", "b"}[id/2%3]
		s.add("measure_customer", id, int64(7), id, arm, int64(1), int64(first))
		good := arm == "a" && country == "DE" || arm == "b" && country == "AT"
		if !differ {
			good = arm == "a"
		}
		amount := 1000 + id%97*10
		if good {
			amount += 800
		}
		s.document(id, "order", first.AddDays(int(id%20)), amount, nil)
	}
	return s.open(t)
}

func TestPersonalisingIsAdvisedOnlyWhereItBeatsTheBestSingleAction(t *testing.T) {
	m := measure()
	m.Control = 333
	for _, differ := range []bool{true, false} {
		w := parted(t, differ)
		p := prove(t, w, m, program.Basis{AsOf: first.AddDays(90), Margin: 100}, program.Spending{})
		var c *trial.Choice
		var parts []program.Part
		err := w.View(t.Context(), func(v *warehouse.View) (err error) {
			if c, err = p.Personal(t.Context(), v, program.Split{By: program.ByCountry}); err != nil {
				return err
			}
			parts, err = p.Explore(t.Context(), v, program.Split{By: program.ByCountry}, program.Net)
			return err
		})
		if err != nil || c == nil || c.Personal != differ {
			t.Fatalf("different: %v, choice %+v, %v", differ, c, err)
		}
		if differ && (c.ByPart["DE"] != "a" || c.ByPart["AT"] != "b" || math.Abs(c.Gain.Effect-400) > 60) {
			t.Errorf("%+v", c)
		}
		if !differ && c.Best != "a" {
			t.Errorf("%+v", c)
		}
		if len(parts) != 2 || parts[0].N != 3000 || !parts[0].Together.Arms[0].Known {
			t.Errorf("%+v", parts)
		}
	}
}

func TestWhatCostsMoreThanItBringsIsNotAdvised(t *testing.T) {
	m := measure()
	m.Control = 333
	w := parted(t, false)
	for cost, best := range map[int64]string{0: "a", 100_000_000: program.Control} {
		p := prove(t, w, m, program.Basis{AsOf: first.AddDays(90), Margin: 100}, program.Spending{Total: cost})
		err := w.View(t.Context(), func(v *warehouse.View) error {
			c, err := p.Personal(t.Context(), v, program.Split{By: program.ByCountry})
			if err == nil && (c.Best != best || c.Personal) {
				t.Errorf("at a cost of %d: %+v", cost, c)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMeasureIsLookedAtInsideAndOutsideASegment(t *testing.T) {
	m := measure()
	m.Control = 333
	w := parted(t, true)
	p := prove(t, w, m, program.Basis{AsOf: first.AddDays(90), Margin: 100}, program.Spending{})
	in := filter.SQL{Text: "SELECT id AS customer FROM customer WHERE country = $1", Args: []any{"DE"}}
	var inside, country []program.Part
	err := w.View(t.Context(), func(v *warehouse.View) (err error) {
		if inside, err = p.Explore(t.Context(), v, program.Split{By: program.BySegment, In: &in}, program.Net); err != nil {
			return err
		}
		if _, err = p.Personal(t.Context(), v, program.Split{By: program.BySegment, In: &in}); err != nil {
			return err
		}
		country, err = p.Explore(t.Context(), v, program.Split{By: program.ByCountry}, program.Net)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, part := range country {
		found[map[string]string{"DE": "inside", "AT": "outside"}[part.Key]] = part.Together.Arms[0].Effect
	}
	if len(inside) != 2 {
		t.Fatalf("%d parts", len(inside))
	}
	for _, part := range inside {
		if want, ok := found[part.Key]; !ok || part.Together.Arms[0].Effect != want {
			t.Errorf("%s: %v, want %v", part.Key, part.Together.Arms[0].Effect, want)
		}
	}
}

func TestThePlanKnowsWhatCanBeSeenFromTheOwnCustomers(t *testing.T) {
	w := parted(t, false)
	plan := func(q program.PlanQuestion) (p *program.Plan) {
		q.AsOf, q.Margin, q.Window, q.Outcome = first.AddDays(200), 100, 28, program.Net
		err := w.View(t.Context(), func(v *warehouse.View) (err error) { p, err = program.PlanFor(t.Context(), v, q); return err })
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := plan(program.PlanQuestion{}); p.Customers != 6000 || p.Mean != 0 || p.MDE != 0 || p.Suggested != 200 {
		t.Errorf("nobody has bought lately: %+v", p)
	}
	if p := plan(program.PlanQuestion{Drawn: 1200}); p.Customers != 1200 {
		t.Errorf("a draft run found fewer: %+v", p)
	}
	few := filter.SQL{Text: "SELECT id AS customer FROM customer WHERE id <= $1", Args: []any{int64(2000)}}
	if p := plan(program.PlanQuestion{Without: &few}); p.Customers != 4000 {
		t.Errorf("without those who are left out: %+v", p)
	}
	q := program.PlanQuestion{AsOf: first.AddDays(27), Margin: 100, Window: 28, Outcome: program.Net, Control: 100, Effect: 50}
	var p *program.Plan
	err := w.View(t.Context(), func(v *warehouse.View) (err error) { p, err = program.PlanFor(t.Context(), v, q); return err })
	if err != nil || p.Customers != 0 {
		t.Errorf("nobody had bought before: %+v, %v", p, err)
	}
}

func TestTheProgrammeAsAWholeIsHeldAgainstThoseLeftAloneByAll(t *testing.T) {
	s := &shop{tables: map[string][][]any{}}
	for id := int64(1); id <= 2000; id++ {
		s.customer(id, "person", "DE")
		for m := range int64(2) {
			arm := "a"
			switch {
			case id%10 == 0:
				arm = "global"
			case (id+m)%5 == 0:
				arm = "control"
			}
			s.add("measure_customer", id*2+m, 7+m, id, arm, int64(1), int64(first)+7*m)
		}
		amount := 1000 + id%50
		if id%10 != 0 {
			amount += 500
		}
		s.document(id, "order", first.AddDays(int(id%90)), amount, nil)
	}
	w := s.open(t)
	var p *program.Proof
	err := w.View(t.Context(), func(v *warehouse.View) (err error) {
		p, err = program.ProveProgramme(t.Context(), v, 2026, program.Basis{AsOf: first.AddDays(100), Margin: 100}, 100, 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e := p.Effect(program.Net)
	if e == nil || p.Drawn[program.Control] != 200 || math.Abs(e.Effect-500) > 10 || p.Verdict.Code != program.Gain {
		t.Errorf("%+v %+v", e, p.Verdict)
	}
}
