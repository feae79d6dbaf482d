package predict

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/fault"
)

// Bootstrapped is a total over all customers with the spread that refits of simulated data give it, beside that of the delta method.
type Bootstrapped struct {
	What     string  `json:"what"` // active, purchases or alive
	Expected float64 `json:"expected"`
	SE       float64 `json:"se"`       // of the refits
	Lo       float64 `json:"lo"`       // quantiles of 2.5 and 97.5 % of the refits, around what is expected
	Hi       float64 `json:"hi"`       //
	DeltaSE  float64 `json:"delta_se"` // by the covariance of the parameters
}

// Bootstrap is a parametric bootstrap of totals.
type Bootstrap struct {
	Model     string         `json:"model"`
	Status    btyd.Status    `json:"status"`
	Seed      uint64         `json:"seed"` // the same seed and data give the same numbers
	Refits    int            `json:"refits"`
	Customers int            `json:"customers"` // simulated for each refit; of more the spread is brought to all
	Horizon   int            `json:"horizon_days"`
	Totals    []Bootstrapped `json:"totals"`
}

// Bounds of a bootstrap.
const (
	mostRefits    = 2000
	mostSimulated = 20_000
)

// BootstrapTotals fits Pareto/NBD, has as many customers as there are, watched as long, buy and leave as it says, fits it to them, and does
// so again: how far totals of the next o.Horizon days differ between the fits is how unsure they are because the parameters are
// estimates. Where the data show nobody leaving, NBD takes its place.
func BootstrapTotals(ctx context.Context, q Querier, o Options, refits int, seed uint64) (*Bootstrap, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if refits < 20 || refits > mostRefits {
		return nil, fault.New(fault.Invalid, "predict.error.refits", "min", 20, "max", mostRefits).On("refits")
	}
	book, err := Load(ctx, q, Scope{AsOf: o.AsOf, Recent: o.Horizon, Gross: o.Gross, Merge: o.Merge})
	if err != nil {
		return nil, err
	}
	cr := newCrowd(book)
	fit, err := btyd.FitParetoNBD(ctx, cr.patterns, btyd.Week)
	if err != nil {
		return nil, err
	}
	out := &Bootstrap{Model: fit.Model.Name(), Status: fit.Status, Seed: seed, Refits: refits, Horizon: o.Horizon, Totals: []Bootstrapped{}}
	if fit.Status == btyd.TooFew {
		out.Refits = 0
		return out, nil
	}
	watched := cr.watched()
	out.Customers = len(watched)
	some := cr.sample(mostSampled)
	totals := func(m btyd.Model) [3]float64 {
		var t [3]float64
		for _, p := range some {
			n := float64(p.N)
			t[0] += n * m.Active(p.History, float64(o.Horizon))
			t[1] += n * m.Expected(p.History, float64(o.Horizon))
			t[2] += n * m.Alive(p.History)
		}
		return t
	}
	found, err := again(ctx, fit, watched, refits, seed, totals)
	if err != nil {
		return nil, err
	}
	size, scale := 0.0, float64(cr.Len())
	for _, p := range some {
		size += float64(p.N)
	}
	shrink := math.Sqrt(float64(len(watched)) / scale)
	expected := totals(fit.Model)
	for k, what := range []string{"active", "purchases", "alive"} {
		if what == "alive" && fit.Withheld() {
			continue
		}
		delta := fit.StdErr(func(m btyd.Model) float64 { return totals(m)[k] })
		out.Totals = append(out.Totals, spreadOf(what, found, k, expected[k]*scale/size, scale/size, shrink, delta))
	}
	return out, nil
}

// watched is for how many days each simulated customer is watched: as those of the crowd are, or a sample of them.
func (cr *crowd) watched() []int32 {
	step := (cr.Len() + mostSimulated - 1) / mostSimulated
	var all []int32
	for i := 0; i < cr.Len(); i += max(1, step) {
		all = append(all, cr.patterns[cr.of[i]].T)
	}
	return all
}

// again simulates and refits.
func again(ctx context.Context, fit btyd.Fit, watched []int32, refits int, seed uint64, totals func(btyd.Model) [3]float64) ([][3]float64, error) {
	found := make([][3]float64, refits)
	histories := make([]btyd.History, len(watched))
	for run := range found {
		dice := rand.New(rand.NewPCG(seed, uint64(run)))
		for i, days := range watched {
			histories[i] = btyd.Simulate(fit.Model, dice, days)
		}
		f, err := btyd.FitNear(ctx, fit.Model.Name(), btyd.Collapse(histories), btyd.Week, fit.Model)
		if err != nil {
			return nil, err
		}
		found[run] = totals(f.Model)
	}
	return found, nil
}

// spreadOf sums up what the refits said of one total. scale brings a total of the sample to everybody, shrink a spread of fewer simulated
// customers to that of as many as there are.
func spreadOf(what string, found [][3]float64, k int, expected, scale, shrink, delta float64) Bootstrapped {
	values := make([]float64, len(found))
	mean := 0.0
	for i, f := range found {
		values[i] = f[k] * scale
		mean += values[i] / float64(len(found))
	}
	variance := 0.0
	for _, v := range values {
		variance += (v - mean) * (v - mean) / float64(len(found)-1)
	}
	slices.Sort(values)
	at := func(share float64) float64 {
		place := share * float64(len(values)-1)
		low := int(place)
		high := min(low+1, len(values)-1)
		return expected + shrink*(values[low]+(place-float64(low))*(values[high]-values[low])-mean)
	}
	return Bootstrapped{What: what, Expected: finite(expected), SE: finite(shrink * math.Sqrt(variance)), Lo: finite(max(0, at(0.025))), Hi: finite(at(0.975)), DeltaSE: finite(delta * scale)}
}
