package btyd

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Prediction is what is to be expected of one customer, with the standard errors that come from the parameters being
// estimates (delta method); 0 where Fit.Cov is not known. What chance does beyond that is not in them: a customer of whom 2.0 ±
// 0.1 purchases are expected may well make none.
type Prediction struct {
	Alive, AliveSE       float64 // at the end of observation; Alive is 1 where withheld
	Active, ActiveSE     float64 // probability of a purchase within the horizon
	Expected, ExpectedSE float64 // purchases within the horizon
}

// Residual is the number of purchases to expect of one customer within a horizon, discounted, and its standard error as of a Prediction,
// in proportion to that of the number without discount.
type Residual struct{ Value, SE float64 }

// Predict predicts the next `days` of each pattern, in their order, on all cores. It fails only when ctx ends.
func (f Fit) Predict(ctx context.Context, patterns []Pattern, days float64) ([]Prediction, error) {
	errors := f.errors()
	return perPattern(ctx, patterns, func(h History) Prediction {
		o := f.outlook(h, days, true)
		return Prediction{o.alive, errors.of(&o.slopes[0]), o.active, errors.of(&o.slopes[1]), o.expected, errors.of(&o.slopes[2])}
	})
}

// Residuals are the purchases of the next `days` of each pattern, discounted by a yearly rate (see Model.Residual); otherwise as Predict.
func (f Fit) Residuals(ctx context.Context, patterns []Pattern, days, annualRate float64) ([]Residual, error) {
	errors := f.errors()
	return perPattern(ctx, patterns, func(h History) Residual {
		o := f.outlook(h, days, false)
		r := Residual{Value: o.expected}
		if annualRate > 0 {
			r.Value = f.Model.Residual(h, annualRate, days)
		}
		if o.expected > 0 {
			r.SE = errors.of(&o.slopes[2]) * (r.Value / o.expected)
		}
		return r
	})
}

// perPattern calls fn for each pattern, on all cores.
func perPattern[T any](ctx context.Context, patterns []Pattern, fn func(History) T) ([]T, error) {
	all := make([]T, len(patterns))
	parallel((len(patterns)+chunk-1)/chunk, func(piece int) {
		if ctx.Err() != nil {
			return
		}
		for i := piece * chunk; i < min((piece+1)*chunk, len(patterns)); i++ {
			all[i] = fn(patterns[i].admissible())
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return all, nil
}

// outlook is that of the model; where it does not work one out itself, without slopes.
func (f Fit) outlook(h History, days float64, active bool) outlook {
	if m, ok := f.Model.(foreseer); ok {
		return m.outlook(h, days, active)
	}
	return outlook{alive: f.Model.Alive(h), active: f.Model.Active(h, days), expected: f.Model.Expected(h, days)}
}

// directions are the columns of the root of the covariance of the logarithms of the parameters.
type directions [4][4]float64

// of is the standard error of what changes so with the logarithms of the parameters.
func (e *directions) of(slopes *[4]float64) float64 {
	var variance float64
	for j := range e {
		var d float64
		for i, slope := range slopes {
			d += slope * e[i][j]
		}
		variance += d * d
	}
	return math.Sqrt(variance)
}

// errors is the covariance of the logarithms of the parameters as L·Lᵀ: the columns of L are directions that are uncorrelated
// and in which a step of 1 is one standard error. It is 0 where the covariance is not known.
func (f Fit) errors() (lower directions) {
	params := f.Model.Params()
	n := len(params)
	if len(f.Cov) != n {
		return lower
	}
	logs := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			logs.SetSym(i, j, f.Cov[i][j]/(params[i].Value*params[j].Value))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(logs) {
		return lower
	}
	var l mat.TriDense
	chol.LTo(&l)
	for i := range n {
		for j := range i + 1 {
			lower[i][j] = l.At(i, j)
		}
	}
	return lower
}

// StdErr is the standard error of any function of the model that comes from the parameters being estimates (delta method); 0
// where Fit.Cov is not known.
func (f Fit) StdErr(of func(Model) float64) float64 {
	const step = 1e-3
	errors, params, variance := f.errors(), f.Model.Params(), 0.0
	for j := range params {
		var ends [2]float64
		for side, sign := range []float64{-1, 1} {
			moved := make([]float64, len(params))
			for i := range params {
				moved[i] = params[i].Value * math.Exp(sign*step*errors[i][j])
			}
			ends[side] = of(build(f.Model.Name(), f.Model.Unit(), moved))
		}
		d := (ends[1] - ends[0]) / (2 * step)
		variance += d * d
	}
	return math.Sqrt(variance)
}

// ProbabilityInterval is the interval p ± z standard errors, taken on the scale of log odds so that it stays within 0 and 1.
func ProbabilityInterval(p, se, z float64) (lo, hi float64) {
	if !(p > 0 && p < 1) || !(se > 0) {
		return p, p
	}
	odds, width := math.Log(p/(1-p)), z*se/(p*(1-p))
	return logistic(odds - width), logistic(odds + width)
}

// PositiveInterval is the interval v ± z standard errors, taken on the scale of logarithms so that it stays above 0.
func PositiveInterval(v, se, z float64) (lo, hi float64) {
	if !(v > 0) || !(se > 0) {
		return v, v
	}
	factor := math.Exp(min(z*se/v, 300))
	return v / factor, min(v*factor, math.MaxFloat64)
}
