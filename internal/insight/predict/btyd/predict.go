package btyd

import "context"

// Prediction is what is to be expected of one customer, with the standard errors that come from the parameters being
// estimates (delta method); 0 where Fit.Cov is not known.
type Prediction struct {
	Alive              float64 // 1 where withheld
	Active, ActiveSE   float64 // probability of a purchase within the horizon
	Expected           float64 // purchases within the horizon
	ExpectedSE         float64
	Residual           float64 // purchases within the horizon, discounted
	ResidualSE         float64
	AliveSE, AliveThen float64 // AliveThen: at the end of the horizon
}

// Predict predicts the next `days` of each pattern, in their order, on all cores. annualRate is that of Residual.
func (f Fit) Predict(ctx context.Context, patterns []Pattern, days, annualRate float64) ([]Prediction, error) {
	return nil, nil
}

// StdErr is the standard error of any function of the model, by the delta method; 0 where Fit.Cov is not known.
func (f Fit) StdErr(of func(Model) float64) float64 { return 0 }

// ProbabilityInterval is the interval p ± z standard errors, taken on the scale of log odds so that it stays within 0 and 1.
func ProbabilityInterval(p, se, z float64) (lo, hi float64) { return 0, 0 }

// PositiveInterval is the interval v ± z standard errors, taken on the scale of logarithms so that it stays above 0.
func PositiveInterval(v, se, z float64) (lo, hi float64) { return 0, 0 }
