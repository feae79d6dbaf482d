package btyd_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

// spending are customers whose purchases follow Gamma-Gamma.
func spending(g btyd.GammaGamma, seed uint64, customers int) []btyd.Spend {
	rnd := rand.New(rand.NewPCG(seed, 2))
	all := make([]btyd.Spend, customers)
	for i := range all {
		x, rate := 1+rnd.Int32N(12), gamma(rnd, g.Q, g.V)
		all[i] = btyd.Spend{X: x, Mean: gamma(rnd, g.P*float64(x), rate) / float64(x), N: 1}
	}
	return all
}

func TestGammaGammaRecoversItsParameters(t *testing.T) {
	want := btyd.GammaGamma{P: 6.25, Q: 3.74, V: 15.44}
	fit, err := btyd.FitGammaGamma(t.Context(), spending(want, 1, 50_000))
	if err != nil || fit.Status != btyd.OK || len(fit.Warnings) > 0 {
		t.Fatalf("%+v %v", fit, err)
	}
	for i, p := range fit.Model.Params() {
		if w := want.Params()[i].Value; math.Abs(p.Value-w) > 3.5*fit.SE[i] || fit.SE[i] > 0.05*w {
			t.Errorf("%s is %v ± %v, simulated with %v", p.Name, p.Value, fit.SE[i], w)
		}
	}
	within(t, "correlation", fit.Corr, 0, 0.03)
}

func TestGammaGammaOfOddSpending(t *testing.T) {
	heavy := spending(btyd.GammaGamma{P: 2, Q: 0.6, V: 10}, 3, 5000)
	grows := spending(btyd.GammaGamma{P: 6, Q: 4, V: 15}, 4, 5000)
	for i := range grows {
		grows[i].Mean *= float64(grows[i].X)
	}
	for name, c := range map[string]struct {
		spends  []btyd.Spend
		status  btyd.Status
		warning string
	}{
		"nobody":             {nil, btyd.TooFew, btyd.WarnFewCustomers},
		"nobody came back":   {[]btyd.Spend{{X: 0, Mean: 10, N: 900}}, btyd.TooFew, btyd.WarnFewCustomers},
		"all refunded":       {[]btyd.Spend{{X: 3, Mean: 0, N: 900}, {X: 3, Mean: -20, N: 900}}, btyd.TooFew, btyd.WarnFewCustomers},
		"not numbers":        {[]btyd.Spend{{X: 3, Mean: math.NaN(), N: 900}, {X: 3, Mean: math.Inf(1), N: 900}}, btyd.TooFew, btyd.WarnFewCustomers},
		"one customer":       {[]btyd.Spend{{X: 3, Mean: 25, N: 1}}, btyd.TooFew, btyd.WarnFewCustomers},
		"all spend alike":    {[]btyd.Spend{{X: 3, Mean: 25, N: 500}, {X: 7, Mean: 25, N: 500}}, btyd.TooFew, ""},
		"no mean":            {heavy, btyd.OK, btyd.WarnHeavyTail},
		"more costs more":    {grows, btyd.OK, btyd.WarnValueGrows},
		"cents and millions": {[]btyd.Spend{{X: 1, Mean: 0.01, N: 300}, {X: 1, Mean: 1e9, N: 300}, {X: 1000, Mean: 5, N: 300}}, btyd.OK, btyd.WarnValueGrows},
	} {
		t.Run(name, func(t *testing.T) {
			fit, err := btyd.FitGammaGamma(t.Context(), c.spends)
			if err != nil || fit.Status != c.status {
				t.Fatalf("%+v %v", fit, err)
			}
			t.Log(fit.Model, fit.Evaluations, fit.Warnings)
			if c.warning != "" && !slices.ContainsFunc(fit.Warnings, func(w btyd.Warning) bool { return w.Code == c.warning }) {
				t.Errorf("no warning %s in %+v", c.warning, fit)
			}
			finite(t, "fit", fit.LL, fit.Corr, fit.Model.P, fit.Model.Q, fit.Model.V, fit.Model.Population())
			if fit.Model.Q <= 1 {
				t.Errorf("a mean that is not finite: %+v", fit.Model)
			}
			for _, s := range append(c.spends, btyd.Spend{X: 1000, Mean: 1e6}, btyd.Spend{X: 1, Mean: -3}) {
				if v := fit.Model.Conditional(s.X, s.Mean); !(v >= 0) || math.IsInf(v, 0) {
					t.Errorf("%+v of %+v: %v", s, fit.Model, v)
				}
			}
		})
	}
}

func TestGammaGammaCountsEqualCustomersAsWeights(t *testing.T) {
	one := spending(btyd.GammaGamma{P: 6, Q: 4, V: 15}, 5, 500)
	twice := slices.Clone(one)
	for i := range twice {
		twice[i].N = 2
	}
	a, err1 := btyd.FitGammaGamma(t.Context(), append(slices.Clone(one), one...))
	b, err2 := btyd.FitGammaGamma(t.Context(), twice)
	if err1 != nil || err2 != nil || a.N != b.N {
		t.Fatal(err1, err2, a, b)
	}
	near(t, "LL", a.LL, b.LL, 1e-9)
	near(t, "population", a.Model.Population(), b.Model.Population(), 1e-6)
}

func BenchmarkFitGammaGamma(b *testing.B) {
	all := spending(btyd.GammaGamma{P: 6.25, Q: 3.74, V: 15.44}, 1, 1_000_000)
	b.ResetTimer()
	cpu := cpuSeconds(b)
	for b.Loop() {
		if _, err := btyd.FitGammaGamma(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuSeconds(b)-cpu)/float64(b.N), "cpu-s/op")
}
