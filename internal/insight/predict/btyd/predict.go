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
	AliveThen            float64 // at the end of the horizon
	Active, ActiveSE     float64 // probability of a purchase within the horizon
	Expected, ExpectedSE float64 // purchases within the horizon
	Residual, ResidualSE float64 // purchases within the horizon, discounted; its error in proportion to that of Expected
}

// outlook is a Model that can work out in one what its methods share.
type outlook interface {
	outlook(h History, days float64) (alive, active, expected float64)
}

// Predict predicts the next `days` of each pattern, in their order, on all cores. annualRate is that of Residual. It fails only
// when ctx ends.
func (f Fit) Predict(ctx context.Context, patterns []Pattern, days, annualRate float64) ([]Prediction, error) {
	nearby, step := f.nearby()
	predictions := make([]Prediction, len(patterns))
	parallel((len(patterns)+chunk-1)/chunk, func(piece int) {
		if ctx.Err() != nil {
			return
		}
		for i := piece * chunk; i < min((piece+1)*chunk, len(patterns)); i++ {
			predictions[i] = f.predict(patterns[i].admissible(), days, annualRate, nearby, step)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return predictions, nil
}

func (f Fit) predict(h History, days, annualRate float64, nearby []Model, step float64) Prediction {
	var p Prediction
	p.Alive, p.Active, p.Expected = look(f.Model, h, days)
	p.AliveThen, p.Residual = f.Model.AliveAt(h, days), p.Expected
	if annualRate > 0 {
		p.Residual = f.Model.Residual(h, annualRate, days)
	}
	for _, m := range nearby {
		alive, active, expected := look(m, h, days)
		p.AliveSE += (alive - p.Alive) * (alive - p.Alive)
		p.ActiveSE += (active - p.Active) * (active - p.Active)
		p.ExpectedSE += (expected - p.Expected) * (expected - p.Expected)
	}
	p.AliveSE = math.Sqrt(p.AliveSE) / step
	p.ActiveSE = math.Sqrt(p.ActiveSE) / step
	p.ExpectedSE = math.Sqrt(p.ExpectedSE) / step
	if p.Expected > 0 {
		p.ResidualSE = p.ExpectedSE * (p.Residual / p.Expected)
	}
	return p
}

func look(m Model, h History, days float64) (alive, active, expected float64) {
	if o, ok := m.(outlook); ok {
		return o.outlook(h, days)
	}
	return m.Alive(h), m.Active(h, days), m.Expected(h, days)
}

// nearby are models a small step away from the fitted one, along directions that are uncorrelated and in which one step of 1
// is one standard error: the squared differences of anything between them and the model, over the step squared, add up to its
// variance.
func (f Fit) nearby() (models []Model, step float64) {
	step = 1e-4
	params := f.Model.Params()
	n := len(params)
	if len(f.Cov) != n {
		return nil, step
	}
	logs := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			logs.SetSym(i, j, f.Cov[i][j]/(params[i].Value*params[j].Value))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(logs) {
		return nil, step
	}
	var lower mat.TriDense
	chol.LTo(&lower)
	for j := range n {
		moved := make([]float64, n)
		for i := range n {
			moved[i] = params[i].Value * math.Exp(step*lower.At(i, j))
		}
		models = append(models, build(f.Model.Name(), f.Model.Unit(), moved))
	}
	return models, step
}

// StdErr is the standard error of any function of the model that comes from the parameters being estimates (delta method); 0
// where Fit.Cov is not known.
func (f Fit) StdErr(of func(Model) float64) float64 {
	nearby, step := f.nearby()
	at, variance := of(f.Model), 0.0
	for _, m := range nearby {
		d := (of(m) - at) / step
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
