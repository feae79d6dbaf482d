package btyd_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

// sharedData finds the folder with the data sets of the golden numbers, or skips the test.
func sharedData(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAMM_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		data := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(data, "golden.json")); err == nil {
			return data
		}
		if dir == filepath.Dir(dir) {
			t.Skip("golden numbers: no shared/data here and STAMM_DATA is not set")
		}
	}
}

// readGolden reads the part of golden.json under these keys into v.
func readGolden(t testing.TB, v any, keys ...string) {
	t.Helper()
	part, err := os.ReadFile(filepath.Join(sharedData(t), "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(part, &m); err != nil {
			t.Fatal(err)
		}
		part = m[key]
	}
	if err := json.Unmarshal(part, v); err != nil {
		t.Fatal(keys, err)
	}
}

// near reports a number that differs from want by more than the relative tolerance.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(math.Abs(want), 1e-300)) {
		t.Errorf("%s: got %.17g, want %.17g, off by %.2g", what, got, want, got-want)
	}
}

// within reports a number that differs from want by more than the tolerance.
func within(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.17g, want %.17g, off by %.2g", what, got, want, got-want)
	}
}

func TestHypergeometricFunctionHasTwelveDigits(t *testing.T) {
	var vectors []struct {
		A, B, C, Z float64
		Value      json.Number
	}
	readGolden(t, &vectors, "contractual_and_special", "hyp2f1_vectors", "vectors")
	for _, v := range vectors {
		want, err := v.Value.Float64()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "2F1", btyd.Hyp2F1(v.A, v.B, v.C, v.Z), want, 1e-12)
	}
}

func TestFitsReachTheMaximumOfTheLikelihood(t *testing.T) {
	cdnow(t, func(t *testing.T, customers []customer, week btyd.Unit, want set) {
		patterns := btyd.Collapse(histories(customers))
		if len(patterns) != want.Patterns {
			t.Errorf("%d patterns, want %d", len(patterns), want.Patterns)
		}
		for name, params := range paramNames {
			m := want.Models[name]
			fit, err := btyd.FitModel(t.Context(), name, patterns, week)
			if err != nil || fit.Status != btyd.OK || fit.Model.Name() != name || fit.N != want.N || len(fit.Warnings) != 0 {
				t.Fatalf("%s: %+v, %v", name, fit, err)
			}
			within(t, name+" LL", fit.LL, m.LL, 1e-4)
			if fit.LL < m.LL-1e-6 {
				t.Errorf("%s: LL %v is below %v", name, fit.LL, m.LL)
			}
			within(t, name+" LR", fit.LRvsNBD, m.LR, 2e-4)
			for i, p := range fit.Model.Params() {
				if p.Name != params[i] {
					t.Errorf("%s: parameter %s, want %s", name, p.Name, params[i])
				}
				near(t, name+" "+p.Name, p.Value, m.Params[p.Name], 1e-5)
				if m.SE != nil {
					near(t, name+" SE "+p.Name, fit.SE[i], m.SE[p.Name], 1e-4)
					near(t, name+" variance", fit.Cov[i][i], fit.SE[i]*fit.SE[i], 1e-12)
				}
			}
			t.Log(name, fit.Evaluations, "evaluations, LL above golden by", fit.LL-m.LL)
		}
	})
}

func TestGammaGammaReachesTheMaximumOfItsLikelihood(t *testing.T) {
	cdnow(t, func(t *testing.T, customers []customer, _ btyd.Unit, want set) {
		for _, scale := range []float64{1, 100} {
			var spends []btyd.Spend
			for _, c := range customers {
				spends = append(spends, btyd.Spend{X: c.history.X, Mean: c.mean * scale, N: 1})
			}
			m := want.Models["gg"]
			fit, err := btyd.FitGammaGamma(t.Context(), spends)
			if err != nil || fit.Status != btyd.OK || fit.N != m.N || len(fit.Warnings) != 0 {
				t.Fatalf("%+v, %v", fit, err)
			}
			within(t, "LL", fit.LL+float64(fit.N)*math.Log(scale), m.LL, 1e-6)
			near(t, "correlation", fit.Corr, m.Corr, 1e-9)
			near(t, "population", fit.Model.Population()/scale, m.Population, 1e-6)
			for i, p := range fit.Model.Params() {
				if p.Name == "v" {
					p.Value, fit.SE[i] = p.Value/scale, fit.SE[i]/scale
				}
				near(t, p.Name, p.Value, m.Params[p.Name], 1e-5)
				near(t, "SE "+p.Name, fit.SE[i], m.SE[p.Name], 1e-4)
			}
			t.Log(fit.Evaluations, "evaluations")
		}
	})
}
