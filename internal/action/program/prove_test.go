package program_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
)

// shop is a warehouse in the making, and what a plain reading of it comes to.
type shop struct {
	tables map[string][][]any
	next   int64
}

func (s *shop) add(table string, row ...any) { s.tables[table] = append(s.tables[table], row) }

// document adds one and returns its id. cost is nil where it is not known.
func (s *shop) document(customer int64, kind string, day clock.Day, amount int64, cost any) int64 {
	s.next++
	s.add("document", s.next, customer, kind, int64(day), int64(0), kind == "order", int64(1), amount, cost, int64(1))
	return s.next
}

func (s *shop) customer(id int64, kind, country string) {
	s.add("customer", id, "K", "", kind, country, "", "de", false, false, int64(first-900), "", nil, int64(0))
}

func (s *shop) open(t testing.TB) *warehouse.DB {
	w := warehousetest.Open(t, company.Projection(), customer.Projection(), document.Projection(), predict.Projection(), program.Projection(), event.Projection(), hit.Projection())
	warehousetest.Fill(t, w, s.tables)
	return w
}

// did is what a customer did, by hand.
type did struct {
	arm                         string
	net, margin, orders, before float64
	visits                      float64
}

// random makes 3,000 customers of whom all were drawn, with orders in, before and after their days, and returns.
func random(seed uint64, share int) (*shop, map[int64]did) {
	dice := rand.New(rand.NewPCG(seed, 1))
	s := &shop{tables: map[string][][]any{}}
	all := map[int64]did{}
	for id := int64(1); id <= 3000; id++ {
		s.customer(id, "person", "DE")
		d := did{arm: []string{"control", "a", "a", "a", "b", "b", "b", "global"}[dice.IntN(8)]}
		day := first.AddDays(dice.IntN(3))
		s.add("measure_customer", id, int64(7), id, d.arm, int64(100_000), int64(day))
		for range dice.IntN(4) {
			at, amount := dice.IntN(500)-400, int64(100+dice.IntN(9000))
			cost := any(amount / 2)
			if dice.IntN(3) == 0 {
				cost = nil
			}
			sale := s.document(id, "order", day.AddDays(at), amount, cost)
			var kept, back int64
			switch dice.IntN(6) {
			case 0:
				back = amount
			case 1:
				back = amount / 3
			}
			if kept = amount - back; back > 0 {
				s.add("link", s.document(id, "return", day.AddDays(at+20), back, nil), int64(1), sale, "reverses", back)
			}
			margin := float64(kept) * float64(share) / 100
			if cost != nil {
				margin = float64(amount-cost.(int64)) * float64(kept) / float64(amount)
			}
			switch {
			case at >= 0 && at < 28:
				d.net, d.margin = d.net+float64(kept), d.margin+margin
				if kept > 0 {
					d.orders++
				}
			case at < 0 && at >= -365:
				d.before += float64(kept)
			}
		}
		if dice.IntN(20) == 0 { // a return nobody knows the sale of
			s.document(id, "return", day.AddDays(5), 50, nil)
			d.net, d.margin = d.net-50, d.margin-50*float64(share)/100
		}
		d.visits = s.visits(dice, id, day)
		all[id] = d
	}
	return s, all
}

// visits lets a customer visit the shop, by events and by clicks, and returns on how many days of those that count.
func (s *shop) visits(dice *rand.Rand, id int64, day clock.Day) float64 {
	days := map[clock.Day]bool{}
	for range dice.IntN(4) {
		at := day.AddDays(dice.IntN(60) - 20)
		s.next++
		switch dice.IntN(4) {
		case 0, 1:
			s.add("event", s.next, id, "visit", int64(at), int64(0))
		case 2:
			s.add("hit", s.next, int64(7), "a", "email", "click", int64(1), int64(1), id, true, "", "firefox", int64(at))
		default: // neither is a visit
			s.add("event", s.next, id, "login", int64(at), int64(0))
			s.add("hit", s.next, int64(7), "a", "email", "click", int64(1), int64(1), id, false, "burst", "firefox", int64(at))
			continue
		}
		days[at] = at >= day && at < day.AddDays(28)
	}
	n := 0.
	for _, counts := range days {
		if counts {
			n++
		}
	}
	return n
}

func measure() *program.Measure {
	return &program.Measure{ID: 7, Start: first, End: first.AddDays(2), Window: 28, Control: 143, Outcome: program.Net, State: program.Done,
		Arms: []program.Arm{{Name: "a", Share: 500}, {Name: "b", Share: 500}}}
}

func prove(t testing.TB, w *warehouse.DB, m *program.Measure, b program.Basis, cost program.Spending) (p *program.Proof) {
	t.Helper()
	err := w.View(context.Background(), func(v *warehouse.View) (err error) { p, err = program.Prove(t.Context(), v, m, b, cost); return err })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheProofCountsWhatAPlainReadingDoes(t *testing.T) {
	s, all := random(5, 40)
	p := prove(t, s.open(t), measure(), program.Basis{AsOf: first.AddDays(200), Margin: 40}, program.Spending{Total: 1000, Included: 400})
	for _, o := range program.Outcomes() {
		g := trial.NewGatherer(2 * int64(len(all)))
		arms := []string{"control", "a", "b", "global"}
		for id := int64(1); id <= 3000; id++ {
			d := all[id]
			for i, arm := range arms {
				if d.arm == arm {
					g.Add(i, map[program.Outcome]float64{program.Net: d.net, program.Margin: d.margin, program.Orders: d.orders, program.Visits: d.visits}[o], d.before)
				}
			}
		}
		capped, limit, _ := g.Winsorised()
		groups := make([]trial.Group, 4)
		for i, j := range g.Arms() {
			groups[i] = trial.Group{Name: arms[i], Outcome: j.Outcome, Capped: &capped[i], Pairs: &j}
		}
		shares := []float64{143, 428.5, 428.5}
		want := trial.Read(groups[0], groups[1:3], shares)
		if d := cmp.Diff(want, p.Arms[o], cmp.Comparer(close), cmp.AllowUnexported(trial.CUPED{})); d != "" {
			t.Errorf("%s: %s", o, d)
		}
		if !close(limit, p.Limits[o]) {
			t.Errorf("%s: limit %g, want %g", o, p.Limits[o], limit)
		}
	}
	e := p.Effect(program.Margin)
	if want := e.Effect*float64(p.Treated()) - 600; !close(want, p.Verdict.Profit.Effect) {
		t.Errorf("profit %g, want %g", p.Verdict.Profit.Effect, want)
	}
	if p.Drawn["global"] == 0 || p.Treated()+p.Drawn["control"]+p.Drawn["global"] != 3000 || p.Early() {
		t.Errorf("%v", p.Drawn)
	}
}

func close(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-7*max(math.Abs(a), math.Abs(b), 1)
}

// won is a shop in which the treated bought for much more, or not.
func won(t testing.TB, customers int64, extra int64) *warehouse.DB {
	dice := rand.New(rand.NewPCG(8, 8))
	s := &shop{tables: map[string][][]any{}}
	for id := int64(1); id <= customers; id++ {
		s.customer(id, "person", "DE")
		arm, more := "a", extra
		if id%10 == 0 {
			arm, more = "control", 0
		}
		s.add("measure_customer", id, int64(7), id, arm, int64(100_000), int64(first))
		if dice.IntN(4) == 0 {
			s.document(id, "order", first.AddDays(dice.IntN(28)), 2000+more+int64(dice.IntN(1000)), nil)
		}
	}
	return s.open(t)
}

func TestTheVerdictSaysWhatWasLeftAndHowSureThatIs(t *testing.T) {
	m := measure()
	m.Control, m.Arms = 100, []program.Arm{{Name: "a", Share: 1000}}
	after := program.Basis{AsOf: first.AddDays(60), Margin: 100}
	words := func(p *program.Proof) (string, string) {
		return p.Verdict.Sentence(i18n.For("de", nil), "EUR"), p.Verdict.Sentence(i18n.For("en", nil), "EUR")
	}
	for name, c := range map[string]struct {
		w     *warehouse.DB
		basis program.Basis
		cost  int64
		code  string
		says  string
	}{
		"gain":         {won(t, 4000, 3000), after, 10_000, program.Gain, "more than it cost"},
		"loss":         {won(t, 4000, 0), after, 10_000_000, program.Loss, "proven"},
		"unsure":       {won(t, 2000, 900), after, 1_000, program.Unsure, "would decide"},
		"still early":  {won(t, 2000, 400), program.Basis{AsOf: first.AddDays(10), Margin: 100}, 1_000, program.Unsure, "so far"},
		"nobody":       {won(t, 0, 0), after, 0, program.NobodyYet, "Nobody"},
		"nobody comes": {won(t, 3, 0), after, 0, program.Untold, "cannot be told"},
	} {
		t.Run(name, func(t *testing.T) {
			p := prove(t, c.w, m, c.basis, program.Spending{Total: c.cost})
			de, en := words(p)
			if t.Log(de, en); p.Verdict.Code != c.code || !strings.Contains(en, c.says) || strings.Contains(de, "⟦") || strings.Contains(en, "⟦") {
				t.Errorf("%+v: %s", p.Verdict, en)
			}
		})
	}
	m.Control = 500
	if p := prove(t, won(t, 2000, 0), m, after, program.Spending{}); p.Verdict.Code != program.Blocked {
		t.Errorf("groups of other sizes than drawn: %+v", p.Verdict)
	}
	m.Control = 0
	if p := prove(t, won(t, 2000, 0), m, after, program.Spending{}); p.Verdict.Code != program.NoControl {
		t.Errorf("without a control group: %+v", p.Verdict)
	}
}

func TestMeasuresOfAYearAreCorrectedForBeingSeveral(t *testing.T) {
	m := measure()
	m.Control, m.Arms = 100, []program.Arm{{Name: "a", Share: 1000}}
	b := program.Basis{AsOf: first.AddDays(60), Margin: 100}
	good, same := prove(t, won(t, 4000, 3000), m, b, program.Spending{}), prove(t, won(t, 2000, 0), m, b, program.Spending{})
	program.CorrectYear([]*program.Proof{good, same})
	if g := good.Verdict.Holm; g == nil || !close(*g, 2*good.Effect(program.Net).P) || *g > .05 {
		t.Errorf("%v", g)
	}
	if s := same.Verdict.Holm; s == nil || !close(*s, same.Effect(program.Net).P) {
		t.Errorf("%v", s)
	}
}

func TestMessagesAndConsentsTellWhatBecameOfTheGroups(t *testing.T) {
	s := &shop{tables: map[string][][]any{}}
	m := measure()
	m.Arms = []program.Arm{{Name: "a", Share: 1000}}
	sent := func(id, measure, customer int64, state string, day clock.Day) {
		s.add("message", id, measure, customer, customer, int64(0), "email", "campaign", "a", state, "", int64(day))
	}
	for id := int64(1); id <= 40; id++ {
		s.customer(id, "person", "DE")
		arm := "a"
		if id%4 == 0 {
			arm = "control"
		}
		s.add("measure_customer", id, int64(7), id, arm, int64(1), int64(first))
		if arm == "a" {
			sent(id, 7, id, "sent", first)
		}
	}
	sent(101, 9, 4, "sent", first.AddDays(3))       // another measure reached her
	sent(102, 9, 8, "suppressed", first.AddDays(3)) // and her not
	sent(103, 9, 12, "sent", first.AddDays(40))     // too late to matter
	sent(104, 7, 16, "unclear", first.AddDays(1))   // this measure, which it should not have
	sent(105, 0, 20, "sent", first.AddDays(1))      // an order confirmation
	sent(106, 9, 1, "sent", first.AddDays(1))
	for id, status := range map[int64]string{1: "withdrawn", 2: "granted", 4: "objected"} {
		s.add("consent", id, "email", "advertising", status, int64(first.AddDays(2)))
	}
	w := warehousetest.Open(t, company.Projection(), customer.Projection(), document.Projection(), predict.Projection(), program.Projection(), message.Projection(), consent.Projection())
	warehousetest.Fill(t, w, s.tables)
	p := prove(t, w, m, program.Basis{AsOf: first.AddDays(60), Margin: 100}, program.Spending{})
	if d := cmp.Diff(map[string]int64{"control": 2, "a": 1}, p.Contaminated); d != "" {
		t.Error("contaminated:", d)
	}
	if d := cmp.Diff(map[string]int64{"control": 1, "a": 1}, p.Withdrawn); d != "" {
		t.Error("withdrawn:", d)
	}
}

func TestControlCustomersWhoGotAnotherMeasureAreCounted(t *testing.T) {
	s := &shop{tables: map[string][][]any{}}
	for id := int64(1); id <= 40; id++ {
		s.customer(id, "person", "DE")
		arm, other := "a", "a"
		if id%4 == 0 {
			arm = "control"
		}
		if id%3 == 0 {
			other = "control"
		}
		s.add("measure_customer", id, int64(7), id, arm, int64(1), int64(first))
		s.add("measure_customer", 100+id, int64(8), id, other, int64(1), int64(first.AddDays(int(id))))
	}
	m := measure()
	m.Arms = []program.Arm{{Name: "a", Share: 1000}}
	p := prove(t, s.open(t), m, program.Basis{AsOf: first.AddDays(60), Margin: 100}, program.Spending{})
	if got := p.Contaminated[program.Control]; got != 4 { // 4, 8, 16, 20 within 28 days; 12 and 24 were left alone there too
		t.Errorf("%d", got)
	}
}
