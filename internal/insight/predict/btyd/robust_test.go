package btyd_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict/btyd"
)

func finite(t *testing.T, what string, values ...float64) {
	t.Helper()
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%s: %v", what, values)
		}
	}
}

// checkModel asks a model everything about a history.
func checkModel(t *testing.T, m btyd.Model, h btyd.History, days, rate float64) {
	t.Helper()
	of := fmt.Sprintf("%#v %+v %v days %v a year", m, h, days, rate)
	alive, then, active, expected := m.Alive(h), m.AliveAt(h, days), m.Active(h, days), m.Expected(h, days)
	residual, mean := m.Residual(h, rate, days), m.Mean(days)
	finite(t, of, m.LogLikelihood(h), alive, then, active, expected, residual, mean, m.Residual(h, rate, math.Inf(1)))
	const slack = 1e-9
	for _, p := range []float64{alive, then, active} {
		if p < 0 || p > 1 {
			t.Fatalf("%s: probabilities %v %v %v", of, alive, then, active)
		}
	}
	if then > alive*(1+slack) || active > alive*(1+slack) || expected < 0 || mean < 0 || residual < 0 || residual > expected*(1+1e-6)+1e-300 {
		t.Fatalf("%s: alive %v then %v active %v expected %v residual %v mean %v", of, alive, then, active, expected, residual, mean)
	}
	if active > expected*(1+1e-6)+1e-300 {
		t.Fatalf("%s: active %v above expected %v", of, active, expected)
	}
}

// checkFit looks at a fit and what it predicts.
func checkFit(t *testing.T, fit btyd.Fit, patterns []btyd.Pattern) {
	t.Helper()
	finite(t, "fit", append([]float64{fit.LL, fit.LRvsNBD}, fit.SE...)...)
	for _, line := range fit.Cov {
		finite(t, "covariance", line...)
	}
	for _, w := range fit.Warnings {
		finite(t, w.Code, w.Numbers...)
	}
	predictions, err := fit.Predict(t.Context(), patterns, 91)
	if err != nil {
		t.Fatal(err)
	}
	discounted, err := fit.Residuals(t.Context(), patterns, 91, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range predictions {
		finite(t, fmt.Sprintf("%v %v", fit.Model, patterns[i]), p.Alive, p.AliveSE, p.Active, p.ActiveSE, p.Expected, p.ExpectedSE,
			discounted[i].Value, discounted[i].SE)
		if i%(1+len(patterns)/50) == 0 {
			checkModel(t, fit.Model, patterns[i].History, 91, 0.1)
		}
	}
}

func fitAll(t *testing.T, all []btyd.History, each func(fit btyd.Fit)) {
	t.Helper()
	patterns := btyd.Collapse(all)
	for _, name := range btyd.Names() {
		fit, err := btyd.FitModel(t.Context(), name, patterns, btyd.Week)
		if err != nil || fit.Name != name || fit.N != int64(len(all)) || fit.Patterns != len(patterns) {
			t.Fatalf("%s: %+v %v", name, fit, err)
		}
		checkFit(t, fit, patterns)
		each(fit)
	}
}

func repeat(h btyd.History, n int) []btyd.History { return slices.Repeat([]btyd.History{h}, n) }

func TestFitsOfHardlyAnythingSaySo(t *testing.T) {
	for name, all := range map[string][]btyd.History{
		"nobody":              nil,
		"one customer":        {{X: 3, Tx: 40, T: 100}},
		"one who bought once": {{T: 100}},
		"all bought once":     repeat(btyd.History{T: 200}, 5000),
		"one day of history":  repeat(btyd.History{}, 5000),
		"nine customers":      repeat(btyd.History{X: 2, Tx: 50, T: 60}, 9),
	} {
		t.Run(name, func(t *testing.T) {
			fitAll(t, all, func(fit btyd.Fit) {
				if _, shown := fit.Alive(btyd.History{T: 9}); fit.Status != btyd.TooFew || fit.Model.Name() != "nbd" || shown || len(fit.Warnings) == 0 {
					t.Errorf("%+v", fit)
				}
			})
		})
	}
}

func TestFitsOfStrangeCustomersStayFinite(t *testing.T) {
	mixed := func(h btyd.History) []btyd.History {
		return append(repeat(btyd.History{T: 300}, 100), repeat(h, 100)...)
	}
	for name, all := range map[string][]btyd.History{
		"all alike":                repeat(btyd.History{X: 4, Tx: 90, T: 100}, 500),
		"all bought today":         repeat(btyd.History{X: 4, Tx: 100, T: 100}, 500),
		"all gone at once":         repeat(btyd.History{X: 5, Tx: 5, T: 2000}, 500),
		"a thousand purchases":     mixed(btyd.History{X: 1000, Tx: 1500, T: 1500}),
		"ten years":                mixed(btyd.History{X: 12, Tx: 3000, T: 3653}),
		"a hundred years":          mixed(btyd.History{X: 12, Tx: 3000, T: 36525}),
		"beyond every calendar":    mixed(btyd.History{X: 12, Tx: 3000, T: math.MaxInt32}),
		"more purchases than days": mixed(btyd.History{X: math.MaxInt32, Tx: 1, T: 2}),
		"not admissible":           mixed(btyd.History{X: -5, Tx: 400, T: -3}),
		"last before first":        mixed(btyd.History{X: 5, Tx: -5, T: 30}),
		"purchases in no time":     mixed(btyd.History{X: 5}),
		"two days":                 append(repeat(btyd.History{T: 1}, 500), repeat(btyd.History{X: 1, Tx: 1, T: 1}, 50)...),
		"three repeat buyers":      append(repeat(btyd.History{T: 100}, 500), repeat(btyd.History{X: 1, Tx: 50, T: 100}, 3)...),
	} {
		t.Run(name, func(t *testing.T) {
			fitAll(t, all, func(fit btyd.Fit) {
				t.Log(fit.Name, fit.Status, fit.Model, fit.LL, fit.LRvsNBD, fit.Evaluations, fit.Warnings)
			})
		})
	}
}

func TestWhoNeverLeavesIsFoundToStay(t *testing.T) {
	stay := btyd.NBD{R: 0.7, Alpha: 9, Per: btyd.Week}
	withheld := 0
	for seed := range uint64(6) {
		fitAll(t, simulated(stay, seed, 2000, 500), func(fit btyd.Fit) {
			if fit.Name == "nbd" {
				return
			}
			t.Log(fit.Name, fit.Status, fit.Model, fit.LRvsNBD, fit.Evaluations, fit.Warnings)
			if fit.LRvsNBD > 8 {
				t.Errorf("%s sees dropout where there is none: %v", fit.Name, fit.LRvsNBD)
			}
			if fit.Status == btyd.NoDropout {
				withheld++
				if !fit.Withheld() || fit.SE == nil {
					t.Errorf("%+v", fit)
				}
			} else if fit.LRvsNBD < 2.71 && !slices.ContainsFunc(fit.Warnings, func(w btyd.Warning) bool { return w.Code == btyd.WarnWeakDropout }) {
				t.Errorf("no warning: %+v", fit)
			}
		})
	}
	if withheld < 6 {
		t.Errorf("only %d of 18 fits see that nobody leaves", withheld)
	}
}

func TestFitsRecoverTheParametersOfSimulatedCustomers(t *testing.T) {
	for _, m := range []btyd.Model{largeBG, btyd.MBGNBD(largeBG), largePareto, btyd.NBD{R: 0.5, Alpha: 9, Per: btyd.Week}} {
		// a tenth of a day is short beside the time between purchases, so that one purchase a day at most changes nothing
		slow, ok := btyd.New(m.Name(), 70, parameters(m)...)
		if !ok {
			t.Fatal(m)
		}
		all := simulated(slow, 11, 60_000, 7300)
		fit, err := btyd.FitModel(t.Context(), m.Name(), btyd.Collapse(all), 70)
		if err != nil || fit.Status != btyd.OK || fit.SE == nil {
			t.Fatalf("%+v %v", fit, err)
		}
		for i, p := range fit.Model.Params() {
			want := m.Params()[i].Value
			if math.Abs(p.Value-want) > 3.5*fit.SE[i] {
				t.Errorf("%s: %s is %.4f ± %.4f, simulated with %.4f", m.Name(), p.Name, p.Value, fit.SE[i], want)
			}
			if fit.SE[i] > 0.2*want {
				t.Errorf("%s: error of %s is %v", m.Name(), p.Name, fit.SE[i])
			}
		}
	}
}

func parameters(m btyd.Model) []float64 {
	var v []float64
	for _, p := range m.Params() {
		v = append(v, p.Value)
	}
	return v
}

func TestTheUnitOfTimeChangesNothingButTheUnit(t *testing.T) {
	all := simulated(largePareto, 3, 3000, 600)
	patterns := btyd.Collapse(all)
	var purchases float64
	for _, h := range all {
		purchases += float64(h.X)
	}
	for name := range paramNames {
		weeks, err1 := btyd.FitModel(t.Context(), name, patterns, btyd.Week)
		days, err2 := btyd.FitModel(t.Context(), name, patterns, btyd.Day)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		within(t, name+" LL", days.LL, weeks.LL-purchases*math.Log(7), 1e-6)
		for i, p := range weeks.Model.Params() {
			factor := 1.0
			if p.Name == "alpha" || p.Name == "beta" {
				factor = 7
			}
			near(t, name+" "+p.Name, days.Model.Params()[i].Value, p.Value*factor, 1e-6)
			near(t, name+" SE of "+p.Name, days.SE[i], weeks.SE[i]*factor, 1e-5)
		}
		for _, h := range all[:50] {
			near(t, name, days.Model.Expected(h, 91), weeks.Model.Expected(h, 91), 1e-6)
			near(t, name, days.Model.Residual(h, 0.1, 1000), weeks.Model.Residual(h, 0.1, 1000), 1e-6)
			near(t, name, days.Model.Active(h, 91), weeks.Model.Active(h, 91), 1e-6)
		}
	}
}

func TestTheSameInputGivesTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	patterns := btyd.Collapse(simulated(largePareto, 5, 60_000, 700))
	if len(patterns) < 20_000 {
		t.Fatal("too few patterns to start from a sample:", len(patterns))
	}
	shuffled := slices.Clone(patterns)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name := range paramNames {
		var first btyd.Fit
		var ahead []btyd.Prediction
		for _, cores := range []int{1, 2, 3} {
			runtime.GOMAXPROCS(cores)
			input := patterns
			if cores == 3 {
				input = shuffled
			}
			fit, err := btyd.FitModel(t.Context(), name, input, btyd.Week)
			if err != nil {
				t.Fatal(err)
			}
			predictions, err := fit.Predict(t.Context(), patterns[:3000], 91)
			if err != nil {
				t.Fatal(err)
			}
			if cores == 1 {
				first, ahead = fit, predictions
			}
			if diff := cmp.Diff(first, fit); diff != "" {
				t.Errorf("%s on %d cores: %s", name, cores, diff)
			}
			if !slices.Equal(ahead, predictions) {
				t.Errorf("%s on %d cores predicts otherwise", name, cores)
			}
		}
	}
}

func TestFitsEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	patterns := btyd.Collapse(simulated(largeBG, 5, 1000, 700))
	for name := range paramNames {
		if _, err := btyd.FitModel(ctx, name, patterns, btyd.Week); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := btyd.FitGammaGamma(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := (btyd.Fit{Model: largeBG}).Predict(ctx, patterns, 91); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, unit := range []btyd.Unit{0, -1, btyd.Unit(math.NaN()), btyd.Unit(math.Inf(1))} {
		if _, err := btyd.FitNBD(t.Context(), patterns, unit); err == nil {
			t.Errorf("unit %v", unit)
		}
	}
	if _, err := btyd.FitModel(t.Context(), "sbg", patterns, btyd.Week); err == nil {
		t.Error("a model that does not exist")
	}
}
