package btyd

import "math"

// Model is a fitted or given model of buying and leaving. Every method returns a finite number for every admissible history
// and every days ≥ 0; a horizon of more than a million days is taken as a million.
type Model interface {
	// Name is bgnbd, mbgnbd, pnbd or nbd.
	Name() string
	// Unit is the unit of those parameters that are times.
	Unit() Unit
	// Params are the parameters in the order of Fit.SE and Fit.Cov.
	Params() []Param
	// LogLikelihood is that of one history, with time in Unit.
	LogLikelihood(h History) float64
	// Alive is the probability that the customer has not left by the end of her observation. For NBD it is 1 by definition
	// and says nothing; in BG/NBD it is 1 for all who bought once: never rank by it, rank by Active.
	Alive(h History) float64
	// AliveAt is the probability that she will not have left `days` after the end of her observation.
	AliveAt(h History, days float64) float64
	// Expected is the number of purchases to expect within `days` after the end of observation.
	Expected(h History, days float64) float64
	// Active is the probability of at least one purchase within `days` after the end of observation.
	Active(h History, days float64) float64
	// Mean is the number of repeat purchases to expect of a new customer within `days` of her first.
	Mean(days float64) float64
	// Residual is Expected with each purchase discounted to the end of observation by a yearly rate (0.1 = 10 % a year of
	// 365.25 days). days may be +Inf: without a discount, or with a negative one, it means a hundred years.
	Residual(h History, annualRate, days float64) float64
}

// Param is a parameter by the name the literature gives it: r, alpha, a, b, s, beta, p, q, v.
type Param struct {
	Name  string
	Value float64
}

// Names of the models, as FitModel and New take them.
const (
	NameBGNBD     = "bgnbd"
	NameMBGNBD    = "mbgnbd"
	NameParetoNBD = "pnbd"
	NameNBD       = "nbd"
)

// Names are the models there are.
func Names() []string { return []string{NameBGNBD, NameMBGNBD, NameParetoNBD, NameNBD} }

// New is the model of that name with these parameters, in the order of Params. It reports false for a name that does not
// exist, a wrong number of parameters, or parameters or a unit that are not between 1e-9 and 1e9.
func New(name string, unit Unit, params ...float64) (Model, bool) {
	want := 4
	if name == NameNBD {
		want = 2
	}
	if len(params) != want {
		return nil, false
	}
	for _, v := range append([]float64{float64(unit)}, params...) {
		if !(v >= 1e-9 && v <= 1e9) {
			return nil, false
		}
	}
	m := build(name, unit, params)
	return m, m != nil
}

// build is New without its care, nil for a name that does not exist.
func build(name string, unit Unit, p []float64) Model {
	switch name {
	case NameBGNBD:
		return BGNBD{p[0], p[1], p[2], p[3], unit}
	case NameMBGNBD:
		return MBGNBD{p[0], p[1], p[2], p[3], unit}
	case NameParetoNBD:
		return ParetoNBD{p[0], p[1], p[2], p[3], unit}
	case NameNBD:
		return NBD{p[0], p[1], unit}
	}
	return nil
}

// farthest is the longest horizon, in days: more than what any model can say something about, and short enough to count in.
const farthest = 1e6

// horizon brings days into 0 to farthest.
func horizon(days float64) float64 {
	if !(days > 0) {
		return 0
	}
	return min(days, farthest)
}

// discount is a yearly rate as a continuous one per unit, and the horizon up to which discounted purchases still count.
func (u Unit) discount(annualRate, days float64) (delta, t float64) {
	if math.IsInf(days, 1) && !(annualRate > 0) {
		days = 100 * float64(Year)
	}
	if !(annualRate > 0) {
		return 0, u.Of(horizon(days))
	}
	delta = math.Log1p(min(annualRate, 1e6)) / u.Of(float64(Year))
	return delta, min(u.Of(horizon(days)), cut/delta)
}
