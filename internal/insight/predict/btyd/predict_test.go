package btyd_test

import (
	"fmt"
	"math"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

func TestPredictAgreesWithTheModelAndItsErrorsWithDifferences(t *testing.T) {
	patterns := btyd.Collapse(simulated(largeBG, 7, 3000, 730))
	for name := range paramNames {
		fit, err := btyd.FitModel(t.Context(), name, patterns, btyd.Week)
		if err != nil || fit.SE == nil {
			t.Fatalf("%+v %v", fit, err)
		}
		for _, days := range []float64{1, 91, 730} {
			got, err := fit.Predict(t.Context(), patterns, days)
			if err != nil {
				t.Fatal(err)
			}
			discounted, err := fit.Residuals(t.Context(), patterns, days, 0.1)
			if err != nil {
				t.Fatal(err)
			}
			falls, err := fit.Falls(t.Context(), patterns, days)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(patterns); i += 37 {
				h, p, later, m := patterns[i].History, got[i], discounted[i], fit.Model
				fallen := func(m btyd.Model) float64 {
					bought := h
					bought.T = h.Tx
					return m.Expected(bought, days) - m.Expected(h, days)
				}
				of := fmt.Sprintf("%s %+v %v days: ", name, h, days)
				near(t, of+"alive", p.Alive, m.Alive(h), 1e-12)
				near(t, of+"active", p.Active, m.Active(h, days), 1e-11)
				near(t, of+"expected", p.Expected, m.Expected(h, days), 1e-12)
				near(t, of+"residual", later.Value, m.Residual(h, 0.1, days), 1e-12)
				within(t, of+"fall", falls[i].Then-falls[i].Now, fallen(m), 1e-9)
				within(t, of+"error of fall", falls[i].SE, fit.StdErr(fallen), 1e-4*max(1, p.Expected))
				within(t, of+"error of alive", p.AliveSE, fit.StdErr(func(m btyd.Model) float64 { return m.Alive(h) }), 1e-6)
				near(t, of+"error of active", p.ActiveSE, fit.StdErr(func(m btyd.Model) float64 { return m.Active(h, days) }), 1e-4)
				near(t, of+"error of expected", p.ExpectedSE, fit.StdErr(func(m btyd.Model) float64 { return m.Expected(h, days) }), 1e-4)
				near(t, of+"error of residual", later.SE, fit.StdErr(func(m btyd.Model) float64 { return m.Residual(h, 0.1, days) }), 0.05)
			}
		}
	}
}

func TestIntervalsStayWithinTheirScale(t *testing.T) {
	lo, hi := btyd.ProbabilityInterval(0.99, 0.05, 1.96)
	if !(lo > 0 && lo < 0.99 && hi > 0.99 && hi < 1) {
		t.Error(lo, hi)
	}
	if lo, hi := btyd.ProbabilityInterval(1, 0.1, 2); lo != 1 || hi != 1 {
		t.Error(lo, hi)
	}
	lo, hi = btyd.PositiveInterval(2, 0.5, 2)
	near(t, "lower", lo, 2*math.Exp(-0.5), 1e-12)
	near(t, "upper", hi, 2*math.Exp(0.5), 1e-12)
	if lo, hi := btyd.PositiveInterval(0, 0, 2); lo != 0 || hi != 0 {
		t.Error(lo, hi)
	}
}
