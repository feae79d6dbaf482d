package btyd_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict/btyd"
)

// strange is a truth with two covariates: a country whose people buy one and a half times as often, and companies, who leave at half the
// rate. Purchases are rare enough that two of one day do not matter.
func strange() btyd.Covariates {
	return btyd.Covariates{Base: btyd.ParetoNBD{R: 1.2, Alpha: 30, S: 0.8, Beta: 30, Per: btyd.Week},
		Buys: []float64{math.Log(1.5), 0}, Leaves: []float64{0, math.Log(0.5)}}
}

// cellsOf are simulated customers of all four kinds.
func cellsOf(m btyd.Covariates, customers int) (cells []btyd.Cell, all []btyd.Pattern) {
	for i, z := range [][]float64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		patterns := btyd.Collapse(simulated(m.Of(z), uint64(11+i), customers, 730))
		cells = append(cells, btyd.Cell{Z: z, Patterns: patterns})
		all = append(all, patterns...)
	}
	return cells, all
}

func TestCovariatesAreFoundAgain(t *testing.T) {
	t.Parallel()
	truth := strange()
	cells, all := cellsOf(truth, 4000)
	plain, err := btyd.FitParetoNBD(context.Background(), all, btyd.Week)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := btyd.FitCovariates(context.Background(), cells, plain)
	if err != nil {
		t.Fatal(err)
	}
	if fit.Status != btyd.OK || fit.LR < 20 {
		t.Fatalf("status %s, likelihood ratio %v", fit.Status, fit.LR)
	}
	within := func(what string, got, want, se float64) {
		t.Helper()
		if !(se > 0) || math.Abs(got-want) > 3.5*se {
			t.Errorf("%s is %.4f ± %.4f, the truth %.4f", what, got, se, want)
		}
	}
	for k := range truth.Buys {
		within("effect on buying", fit.Model.Buys[k], truth.Buys[k], fit.BuysSE[k])
		within("effect on leaving", fit.Model.Leaves[k], truth.Leaves[k], fit.LeavesSE[k])
	}
	for i, p := range truth.Base.Params() {
		within(p.Name, fit.Model.Base.Params()[i].Value, p.Value, fit.SE[i])
	}
	again, err := btyd.FitCovariates(context.Background(), cells, plain)
	if err != nil || !cmp.Equal(fit.Model, again.Model) || fit.LL != again.LL {
		t.Errorf("a second fit differs: %v, %v", again.Model, err)
	}
}

func TestDerivativesOfCovariatesAreTheNumericOnes(t *testing.T) {
	t.Parallel()
	truth := strange()
	cells, _ := cellsOf(truth, 300)
	point := []float64{0.1, 2.2, -0.4, 2.9, 0.3, -0.2, 0.15, -0.5}
	_, gradient, second := btyd.CovariateSlopes(cells, truth.Base, point)
	const step = 1e-5
	for i := range point {
		moved := func(by float64) (float64, []float64) {
			p := append([]float64(nil), point...)
			p[i] += by
			value, slopes, _ := btyd.CovariateSlopes(cells, truth.Base, p)
			return value, slopes
		}
		up, slopesUp := moved(step)
		down, slopesDown := moved(-step)
		if d := (up - down) / (2 * step); math.Abs(d-gradient[i]) > 1e-7*(1+math.Abs(d)) {
			t.Errorf("slope %d is %v, by differences %v", i, gradient[i], d)
		}
		for j := range point {
			if d := (slopesUp[j] - slopesDown[j]) / (2 * step); math.Abs(d-second[i][j]) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("second derivative %d, %d is %v, by differences %v", i, j, second[i][j], d)
			}
		}
	}
}

// Customers of a kind that nobody of the fit was are scored by what is known of its parts, with an error that grows.
func TestNewKindsOfCustomersAreScoredWithoutAnotherFit(t *testing.T) {
	t.Parallel()
	truth := strange()
	cells, all := cellsOf(truth, 1200)
	cells = cells[:3]
	plain, err := btyd.FitParetoNBD(context.Background(), all, btyd.Week)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := btyd.FitCovariates(context.Background(), cells, plain)
	if err != nil {
		t.Fatal(err)
	}
	h := btyd.Pattern{History: btyd.History{X: 4, Tx: 200, T: 300}, N: 1}
	said, err := fit.Of([]float64{1, 1}).Predict(context.Background(), []btyd.Pattern{h}, 91)
	if err != nil {
		t.Fatal(err)
	}
	want := truth.Of([]float64{1, 1}).Active(h.History, 91)
	if p := said[0]; !(p.ActiveSE > 0) || math.Abs(p.Active-want) > 4*p.ActiveSE+0.01 {
		t.Errorf("chance %.4f ± %.4f, by the truth %.4f", p.Active, p.ActiveSE, want)
	}
}

// What cannot be told is said, and nothing is not a number.
func TestCovariatesOfTooLittleAreNotUsed(t *testing.T) {
	t.Parallel()
	few := []btyd.Pattern{{History: btyd.History{X: 1, Tx: 10, T: 20}, N: 3}}
	plain, err := btyd.FitParetoNBD(context.Background(), few, btyd.Week)
	if err != nil {
		t.Fatal(err)
	}
	for name, cells := range map[string][]btyd.Cell{"nobody": nil, "no covariates": {{Patterns: few}}, "few": {{Z: []float64{1}, Patterns: few}}} {
		fit, err := btyd.FitCovariates(context.Background(), cells, plain)
		if err != nil || fit.Status == btyd.OK {
			t.Errorf("%s: status %s, %v", name, fit.Status, err)
		}
	}
	one := simulated(largePareto, 3, 3000, 700)
	all := btyd.Collapse(one)
	if plain, err = btyd.FitParetoNBD(context.Background(), all, btyd.Week); err != nil {
		t.Fatal(err)
	}
	// a covariate that everybody has cannot be told from the rates themselves
	fit, err := btyd.FitCovariates(context.Background(), []btyd.Cell{{Z: []float64{1}, Patterns: all}}, plain)
	if err != nil || math.IsNaN(fit.LL) || fit.Status == btyd.OK && !(fit.BuysSE[0] > 1) {
		t.Errorf("a covariate of everybody: %+v, %v", fit, err)
	}
}
