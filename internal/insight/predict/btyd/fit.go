package btyd

import (
	"context"
	"fmt"
	"math"
)

// Status says what a fit found.
type Status string

const (
	// OK: the model with its dropout could be told from the data.
	OK Status = "ok"
	// NoDropout: the data do not show anyone leaving. Model is an NBD, Alive is withheld.
	NoDropout Status = "no_dropout"
	// TooFew: there is too little to fit anything (under ten customers, or under three with a repeat purchase). Model is an NBD
	// with a cautious guess, Alive is withheld, there are no standard errors.
	TooFew Status = "too_few"
)

// Warning is something a person should know about a fit: a code, and the numbers of its sentence.
type Warning struct {
	Code    string    `json:"code"`
	Numbers []float64 `json:"numbers,omitempty"`
}

// Codes of warnings, with their numbers.
const (
	WarnFewCustomers = "few_customers" // customers, those with a repeat purchase: under 200 or under 50, so the errors are large
	WarnWeakDropout  = "weak_dropout"  // LRvsNBD: that anyone leaves could be chance (5 % level)
	WarnAlike        = "alike"         // customers do not differ in how they buy or leave; no standard errors
	WarnHeavyTail    = "heavy_tail"    // q: a few purchases are so large that their mean is hardly defined
	WarnValueGrows   = "value_grows"   // Corr: the value of a purchase depends on how many there are
)

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
func (f Fit) Alive(h History) (p float64, ok bool) {
	if f.Withheld() {
		return 0, false
	}
	return f.Model.Alive(h), true
}

// FitModel fits the model of that name (see Names). It fails only for an unknown name, a unit that is not positive, or when
// ctx ends. Patterns are best those of Collapse; any order and repetition is allowed.
func FitModel(ctx context.Context, name string, patterns []Pattern, unit Unit) (Fit, error) {
	return FitNear(ctx, name, patterns, unit, nil)
}

// FitNear is FitModel that begins where a fit to like data ended, and so takes a fraction of its time. near may be nil or of
// another kind, and where its way does not lead to a maximum the fit begins anew.
func FitNear(ctx context.Context, name string, patterns []Pattern, unit Unit, near Model) (Fit, error) {
	family, ok := families(name)
	if !ok {
		return Fit{}, fmt.Errorf("no model %q", name)
	}
	if !(unit > 0) || math.IsInf(float64(unit), 0) {
		return Fit{}, fmt.Errorf("no unit of %v days", float64(unit))
	}
	d := newDataset(patterns, unit)
	fit := Fit{Name: name, N: int64(d.customers), Patterns: len(d.rows)}
	if d.customers < 10 || d.repeaters < 3 || d.longest() == 0 {
		guess := d.guess()
		fit.Status, fit.Model, fit.LL = TooFew, guess, d.logLikelihood(guess)
		fit.Warnings = d.warnFew(nil)
		return fit, ctx.Err()
	}
	staying, _ := families(NameNBD)
	nbd, calls, err := staying.fit(ctx, d, nil, nil)
	if err != nil {
		return Fit{}, err
	}
	best := nbd
	if name != NameNBD {
		if best, calls, err = family.fit(ctx, d, &nbd, startOf(name, unit, near)); err != nil {
			return Fit{}, err
		}
	}
	fit.Evaluations = calls
	fit.judge(d, best, nbd)
	return fit, nil
}

// startOf are the parameters of a model of that name, in the unit; nil where it is of another kind.
func startOf(name string, unit Unit, near Model) []float64 {
	if near == nil || near.Name() != name || near.Unit() != unit {
		return nil
	}
	var start []float64
	for _, p := range near.Params() {
		start = append(start, p.Value)
	}
	return start
}

// judge decides which model to predict with, by how much more likely the data are with dropout than without.
func (f *Fit) judge(d *dataset, best, nbd estimate) {
	// All models come as close to NBD as one likes: where a fit gave up on its way there, that is its maximum.
	f.LL = max(best.ll, nbd.ll)
	f.LRvsNBD = 2 * (f.LL - nbd.ll)
	f.Status = OK
	chosen, name := best, f.Name
	// A likelihood that rises towards the model without dropout ends a little below it.
	if f.Name != NameNBD && f.LRvsNBD < 2*leastGain {
		f.Status, chosen, name = NoDropout, nbd, NameNBD
	}
	f.Model, f.SE, f.Cov = build(name, d.unit, chosen.params), chosen.se, chosen.cov
	f.Warnings = d.warnFew(nil)
	// Half the time there is nothing to gain from a dropout that is not there, hence 2.71 for 5 %.
	if f.Status == OK && f.Name != NameNBD && f.LRvsNBD < 2.71 {
		f.Warnings = append(f.Warnings, Warning{WarnWeakDropout, []float64{f.LRvsNBD}})
	}
	if chosen.se == nil {
		f.Warnings = append(f.Warnings, Warning{Code: WarnAlike})
	}
}

// warnFew adds a warning if there are few customers.
func (d *dataset) warnFew(w []Warning) []Warning {
	if d.customers < 200 || d.repeaters < 50 {
		w = append(w, Warning{WarnFewCustomers, []float64{d.customers, d.repeaters}})
	}
	return w
}

// guess is a model for too few customers: all buy alike, at the rate seen together with one more customer who bought half a time
// in a year.
func (d *dataset) guess() NBD {
	watched := d.unit.Of(float64(Year))
	for _, g := range d.ts {
		watched += g.customers * d.times[g.value]
	}
	return NBD{R: 1, Alpha: watched / (d.purchases + 0.5), Per: d.unit}
}

// logLikelihood is that of all customers with an NBD.
func (d *dataset) logLikelihood(m NBD) float64 {
	if d.customers == 0 {
		return 0
	}
	return d.sum(purchasing{d, m.R, m.Alpha}, false).ll
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
