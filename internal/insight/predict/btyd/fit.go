package btyd

import "context"

// Status says what a fit found.
type Status string

const (
	// OK: the model with its dropout could be told from the data.
	OK Status = "ok"
	// NoDropout: the data do not show anyone leaving. Model is an NBD, Alive is withheld.
	NoDropout Status = "no_dropout"
	// TooFew: there is too little to fit anything (no customers, no repeat purchase, no time). Model is an NBD with a cautious
	// guess, Alive is withheld, there are no standard errors.
	TooFew Status = "too_few"
)

// Warning is something a person should know about a fit: a code, and the numbers of its sentence.
type Warning struct {
	Code    string    `json:"code"`
	Numbers []float64 `json:"numbers,omitempty"`
}

// Fit is a fitted model with everything needed to judge it.
type Fit struct {
	Name        string      // the model asked for; Model.Name() is nbd where it could not be told
	Model       Model       // the model to predict with; never nil
	Status      Status      // whether Model is the one asked for
	SE          []float64   // standard errors in the order of Model.Params(); nil if not known
	Cov         [][]float64 // covariance of Model.Params(); nil if not known
	LL          float64     // log-likelihood of the model asked for at its maximum, time in the unit
	LRvsNBD     float64     // twice the log-likelihood it gains over NBD; 0 for NBD
	N           int64       // customers
	Patterns    int         // distinct histories
	Evaluations int         // of the likelihood over all patterns; those of a sample count by its share, rounded up
	Warnings    []Warning
}

// Withheld reports whether Model.Alive says nothing and must not be shown.
func (f Fit) Withheld() bool { return f.Model.Name() == NameNBD }

// Alive is Model.Alive, and false where it is withheld.
func (f Fit) Alive(h History) (p float64, ok bool) { return 0, false }

// FitModel fits the model of that name (see Names). It fails only for an unknown name, a unit that is not positive, or when
// ctx ends. Patterns are best those of Collapse; any order and repetition is allowed.
func FitModel(ctx context.Context, name string, patterns []Pattern, unit Unit) (Fit, error) {
	return Fit{}, nil
}

// FitBGNBD fits BG/NBD as FitModel does.
func FitBGNBD(ctx context.Context, patterns []Pattern, unit Unit) (Fit, error) {
	return FitModel(ctx, NameBGNBD, patterns, unit)
}

// FitMBGNBD fits MBG/NBD as FitModel does.
func FitMBGNBD(ctx context.Context, patterns []Pattern, unit Unit) (Fit, error) {
	return FitModel(ctx, NameMBGNBD, patterns, unit)
}

// FitParetoNBD fits Pareto/NBD as FitModel does.
func FitParetoNBD(ctx context.Context, patterns []Pattern, unit Unit) (Fit, error) {
	return FitModel(ctx, NameParetoNBD, patterns, unit)
}

// FitNBD fits NBD as FitModel does.
func FitNBD(ctx context.Context, patterns []Pattern, unit Unit) (Fit, error) {
	return FitModel(ctx, NameNBD, patterns, unit)
}

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
