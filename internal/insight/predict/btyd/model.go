package btyd

// Model is a fitted or given model of buying and leaving. Every method returns a finite number for every admissible history
// and every days ≥ 0.
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
// exist, a wrong number of parameters, or parameters or a unit that are not positive and finite.
func New(name string, unit Unit, params ...float64) (Model, bool) { return nil, false }

// BGNBD buys at a rate from Gamma(R, Alpha) and leaves after each repeat purchase with a probability from Beta(A, B).
type BGNBD struct {
	R, Alpha, A, B float64
	Per            Unit // unit of Alpha
}

// MBGNBD is BGNBD that can also leave after the first purchase.
type MBGNBD struct {
	R, Alpha, A, B float64
	Per            Unit // unit of Alpha
}

// ParetoNBD buys at a rate from Gamma(R, Alpha) and leaves at any time, at a rate from Gamma(S, Beta).
type ParetoNBD struct {
	R, Alpha, S, Beta float64
	Per               Unit // unit of Alpha and Beta
}

// NBD buys at a rate from Gamma(R, Alpha) and never leaves.
type NBD struct {
	R, Alpha float64
	Per      Unit // unit of Alpha
}
