package survival_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"stamm/internal/insight/predict/survival"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func spells(ended []int, running []int) *survival.Table {
	var all []survival.Spell
	for _, t := range ended {
		all = append(all, survival.Spell{Length: t, Ended: true, Count: 1})
	}
	for _, t := range running {
		all = append(all, survival.Spell{Length: t, Count: 1})
	}
	return survival.Collapse(all)
}

// remission are the weeks of remission of 21 patients under 6-MP (Freireich and others 1963), the example of every
// textbook.
func remission() *survival.Table {
	return spells([]int{6, 6, 6, 7, 10, 13, 16, 22, 23}, []int{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35})
}

func TestKaplanMeierIsThatOfTheTextbook(t *testing.T) {
	c := survival.KaplanMeier(remission(), .95, survival.Log)
	// time, at risk, events, S, standard error and limits as R's survfit prints them
	want := [][]string{
		{"6", "21", "3", "0.857", "0.0764", "0.720", "1.000"},
		{"7", "17", "1", "0.807", "0.0869", "0.653", "0.996"},
		{"10", "15", "1", "0.753", "0.0963", "0.586", "0.968"},
		{"13", "12", "1", "0.690", "0.1068", "0.510", "0.935"},
		{"16", "11", "1", "0.627", "0.1141", "0.439", "0.896"},
		{"22", "7", "1", "0.538", "0.1282", "0.337", "0.858"},
		{"23", "6", "1", "0.448", "0.1346", "0.249", "0.807"},
	}
	var got [][]string
	for _, s := range c.Steps {
		if s.Events > 0 {
			got = append(got, []string{fmt.Sprint(s.T), fmt.Sprint(s.AtRisk), fmt.Sprint(s.Events), fmt.Sprintf("%.3f", s.S),
				fmt.Sprintf("%.4f", s.SE), fmt.Sprintf("%.3f", s.Lo), fmt.Sprintf("%.3f", s.Hi)})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.N != 21 || c.Events != 9 || *c.Median != 23 || *c.MedianLo != 16 || c.MedianHi != nil {
		t.Errorf("n %d, events %d, median %v (%v to %v)", c.N, c.Events, *c.Median, *c.MedianLo, c.MedianHi)
	}
	if s, _, _ := c.At(15); math.Abs(s-.690) > 5e-4 {
		t.Errorf("after 15 periods %.3f still run", s)
	}
	if s, lo, hi := c.At(5); s != 1 || lo != 1 || hi != 1 {
		t.Errorf("before anybody left: %v, %v to %v", s, lo, hi)
	}
}

func TestLogLogLimitsStayBetweenNoneAndAll(t *testing.T) {
	c := survival.KaplanMeier(remission(), .95, survival.LogLog)
	if s := c.Steps[0]; fmt.Sprintf("%.3f %.3f", s.Lo, s.Hi) != "0.620 0.952" {
		t.Errorf("after 6 weeks from %.3f to %.3f", s.Lo, s.Hi)
	}
}

func TestTheMedianOfACurveFlatAtOneHalfIsTheMiddle(t *testing.T) {
	c := survival.KaplanMeier(spells([]int{2, 4, 8, 9}, nil), .95, survival.Log)
	if *c.Median != 6 {
		t.Errorf("median %v, want 6", *c.Median)
	}
	if last := c.Steps[3]; last.S != 0 || last.Lo != 0 || last.Hi != c.Steps[2].Hi {
		t.Errorf("when the last has left: %+v", last)
	}
	if c := survival.KaplanMeier(spells(nil, []int{3, 4}), .95, survival.Log); c.Median != nil || c.Steps[1].S != 1 {
		t.Errorf("nobody left: %+v", c)
	}
}

func drawTable(t *rapid.T) *survival.Table {
	var all []survival.Spell
	for range rapid.IntRange(0, 30).Draw(t, "spells") {
		all = append(all, survival.Spell{Length: rapid.OneOf(rapid.IntRange(-1, 6), rapid.IntRange(1, 4000)).Draw(t, "length"),
			Ended: rapid.Bool().Draw(t, "ended"), Count: int64(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 1e9)).Draw(t, "count"))})
	}
	return survival.Collapse(all)
}

func finite(t *rapid.T, what string, all ...float64) {
	for _, x := range all {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Fatalf("%s: %v", what, all)
		}
	}
}

func TestCurvesFallBetweenOneAndNoneWhateverTheSpells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		for _, scale := range []survival.Interval{survival.Log, survival.LogLog} {
			before := 1.0
			for _, s := range survival.KaplanMeier(table, .95, scale).Steps {
				finite(t, "step", s.S, s.SE, s.Lo, s.Hi)
				if s.S > before || s.S < s.Lo || s.S > s.Hi || s.Lo < 0 || s.Hi > 1 {
					t.Fatalf("after %v: %+v", before, s)
				}
				before = s.S
			}
		}
	})
}

func TestAnSBGFitNeverFailsAndNoOtherParametersAreBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		fit := survival.FitSBG(table)
		finite(t, "fit", fit.Alpha, fit.Beta, fit.LL, fit.ConstantLL, fit.DERL(1, .1), fit.DERL(7, 0), fit.Expected(3, 24), fit.MeanChurn())
		if fit.SE != nil {
			finite(t, "errors", fit.SE[:]...)
		}
		before := 1.0
		for n := range 40 {
			s := fit.Survival(n)
			lo, hi := fit.SurvivalInterval(n, .95)
			finite(t, "S", s, lo, hi)
			if s > before || lo > s || hi < s || lo < 0 || hi > 1 {
				t.Fatalf("S(%d) = %v after %v, from %v to %v", n, s, before, lo, hi)
			}
			before = s
		}
		if table.Longest() == 0 || fit.Status == survival.NoDropout {
			return
		}
		other := survival.NewSBG(math.Exp(rapid.Float64Range(-8, 12).Draw(t, "alpha")), math.Exp(rapid.Float64Range(-8, 12).Draw(t, "beta")))
		if ll := likelihoodOf(other, table); ll > fit.LL+1e-6*math.Abs(fit.LL)+1e-6 {
			t.Fatalf("alpha %v and beta %v have %v, the fit %v and %v only %v", other.Alpha, other.Beta, ll, fit.Alpha, fit.Beta, fit.LL)
		}
	})
}

// likelihoodOf adds up what the definition says, spell by spell.
func likelihoodOf(b *survival.SBG, table *survival.Table) float64 {
	ll := 0.0
	for _, s := range table.Sorted() {
		p := b.Survival(s.Length)
		if s.Ended {
			p = b.Survival(s.Length-1) * (1 - b.Retention(s.Length))
		}
		ll += float64(s.Count) * math.Log(p)
	}
	return ll
}

func TestSBGFindsTheParametersItsDataWereDrawnWith(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	truth := survival.NewSBG(.9, 3.5)
	var all []survival.Spell
	for range 200_000 {
		s := survival.Spell{Count: 1}
		for age := 1 + dice.IntN(36); s.Length < age && !s.Ended; {
			s.Length++
			s.Ended = dice.Float64() > truth.Retention(s.Length)
		}
		all = append(all, s)
	}
	fit := survival.FitSBG(survival.Collapse(all))
	if math.Abs(fit.Alpha-.9) > 3*fit.SE[0] || math.Abs(fit.Beta-3.5) > 3*fit.SE[1] || fit.SE[0] > .03 {
		t.Errorf("alpha %.3f ± %.3f, beta %.3f ± %.3f, drawn with 0.9 and 3.5", fit.Alpha, fit.SE[0], fit.Beta, fit.SE[1])
	}
	lo, hi := fit.SurvivalInterval(24, .999)
	if s := truth.Survival(24); s < lo || s > hi {
		t.Errorf("S(24) is %.4f, the interval is from %.4f to %.4f", s, lo, hi)
	}
}

func TestDegenerateSpellsAreNamedNotRefused(t *testing.T) {
	running := func(n ...int) *survival.Table { return spells(nil, n) }
	for name, c := range map[string]struct {
		table *survival.Table
		want  survival.Status
	}{
		"none":            {running(), survival.NoDropout},
		"nobody left":     {running(3, 8, 20), survival.NoDropout},
		"too new":         {running(0, 0), survival.NoDropout},
		"one left":        {spells([]int{4}, []int{9, 9}), survival.TooFew},
		"all left first":  {spells([]int{1, 1, 1, 1, 1, 1}, nil), survival.TooFew},
		"first or never":  {spells([]int{1, 1, 1, 1, 1, 1}, []int{20, 20, 20, 20, 20, 20}), survival.AllOrNothing},
		"more with age":   {spells([]int{4, 5, 5, 5, 6, 6}, []int{6}), survival.ConstantHazard},
		"the same always": {constant(), survival.ConstantHazard},
	} {
		t.Run(name, func(t *testing.T) {
			if fit := survival.FitSBG(c.table); fit.Status != c.want {
				t.Errorf("status %q, want %q: %+v", fit.Status, c.want, fit)
			}
		})
	}
}

// constant halves a thousand in each period.
func constant() *survival.Table {
	var all []survival.Spell
	for i, n := 1, int64(1<<20); n > 1; i, n = i+1, n/2 {
		all = append(all, survival.Spell{Length: i, Ended: true, Count: n / 2})
	}
	return survival.Collapse(all)
}

func TestAllHistoriesOfBGBBTogetherAreCertain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		param := func(name string) float64 { return math.Exp(rapid.Float64Range(-3, 4).Draw(t, name)) }
		b := &survival.BGBB{Alpha: param("alpha"), Beta: param("beta"), Gamma: param("gamma"), Delta: param("delta")}
		past := rapid.SliceOfN(rapid.Bool(), 0, 5).Draw(t, "past")
		h := pattern(past)
		const ahead = 4
		sum, expected := 0.0, 0.0
		for future := range 1 << ahead {
			all, bought := append([]bool(nil), past...), 0
			for i := range ahead {
				all = append(all, future>>i&1 == 1)
				bought += future >> i & 1
			}
			p := math.Exp(b.LogLikelihood(pattern(all)) - b.LogLikelihood(h))
			sum += p
			expected += p * float64(bought)
		}
		if math.Abs(sum-1) > 1e-10 || math.Abs(b.Expected(h, ahead)-expected) > 1e-10 {
			t.Fatalf("all futures: %v; expected %v, by all futures %v", sum, b.Expected(h, ahead), expected)
		}
		rate := (b.Alpha + float64(h.X)) / (b.Alpha + b.Beta + float64(h.N))
		if alive := b.PAlive(h, 1); math.Abs(alive*rate-b.Expected(h, 1)) > 1e-10 || alive > 1 || b.PAlive(h, 0) < alive {
			t.Fatalf("P(alive) %v next, %v before; rate %v, expected next %v", alive, b.PAlive(h, 0), rate, b.Expected(h, 1))
		}
	})
}

func pattern(bought []bool) survival.Pattern {
	p := survival.Pattern{N: len(bought), Count: 1}
	for i, b := range bought {
		if b {
			p.X++
			p.TX = i + 1
		}
	}
	return p
}

func TestABGBBFitNeverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []survival.Pattern
		for range rapid.IntRange(0, 12).Draw(t, "patterns") {
			p := pattern(rapid.SliceOfN(rapid.Bool(), 0, 9).Draw(t, "bought"))
			p.Count = int64(rapid.IntRange(0, 100_000).Draw(t, "count"))
			all = append(all, p)
		}
		fit, err := survival.FitBGBB(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		finite(t, "fit", fit.Alpha, fit.Beta, fit.Gamma, fit.Delta, fit.LL, fit.StayLL, fit.Mean(12))
		if fit.LL < fit.StayLL-1e-2 {
			t.Fatalf("%v with dropout is worse than %v without", fit.LL, fit.StayLL)
		}
		for _, p := range all {
			finite(t, "customer", fit.PAlive(p, 1), fit.Expected(p, 10))
		}
	})
}

func TestHistoriesThatCannotBeAreRefused(t *testing.T) {
	for _, p := range []survival.Pattern{{X: 1}, {TX: 2, N: 3}, {X: 3, TX: 2, N: 3}, {X: 1, TX: 4, N: 3}, {X: -1, TX: 1, N: 3}, {N: 1 << 40}} {
		if _, err := survival.FitBGBB(t.Context(), []survival.Pattern{p}); err == nil {
			t.Errorf("%+v was taken", p)
		}
	}
}

func TestWithoutDropoutBGBBSaysSo(t *testing.T) {
	var all []survival.Pattern
	dice := rand.New(rand.NewPCG(3, 4))
	for range 3000 { // everybody buys at a fixed rate of his own, nobody is lost
		rate, bought := dice.Float64(), make([]bool, 8)
		for i := range bought {
			bought[i] = dice.Float64() < rate
		}
		all = append(all, pattern(bought))
	}
	fit, err := survival.FitBGBB(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if lr := 2 * (fit.LL - fit.StayLL); fit.Status != survival.NoDropout && lr > 4 || lr < -1e-6 {
		t.Errorf("likelihood ratio %v, status %q", lr, fit.Status)
	}
}
