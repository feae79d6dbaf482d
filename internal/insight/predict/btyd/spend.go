package btyd

import (
	"context"
	"math"
)

// Spend is the mean value of the repeat purchases of N customers with the same history of value.
type Spend struct {
	X    int32   // repeat purchases
	Mean float64 // mean value of a repeat purchase, in any currency unit
	N    int64
}

// GammaGamma is the value of a purchase: each customer has her own mean, that of all is a distribution (Fader, Hardie 2013,
// note 025). V is in the currency unit of Spend.Mean. Means are finite for Q > 1 only.
type GammaGamma struct{ P, Q, V float64 }

// SpendFit is a fitted GammaGamma.
type SpendFit struct {
	Model       GammaGamma
	Status      Status      // OK or TooFew (then every customer is expected to spend about the mean of all)
	SE          []float64   // of p, q, v; nil if not known
	Cov         [][]float64 // of p, q, v; nil if not known
	LL          float64
	N           int64   // customers fitted: those with X > 0 and Mean > 0
	Corr        float64 // correlation of X and Mean; the model assumes 0
	Evaluations int
	Warnings    []Warning
}

// Params are p, q, v.
func (g GammaGamma) Params() []Param { return []Param{{"p", g.P}, {"q", g.Q}, {"v", g.V}} }

// Conditional is the value to expect of a purchase of a customer with x repeat purchases of this mean; Population where x is 0
// or the mean is not a positive number.
func (g GammaGamma) Conditional(x int32, mean float64) float64 {
	if x <= 0 || !(mean > 0) || math.IsInf(mean, 1) {
		return g.Population()
	}
	weight := g.P * float64(x) / (g.P*float64(x) + g.Q - 1)
	return g.Population()*(1-weight) + mean*weight
}

// Population is the mean value of a purchase over all customers.
func (g GammaGamma) Population() float64 { return g.P * g.V / (g.Q - 1) }

// leastQ is the smallest q a fit may end at. The mean of a purchase is p v/(q-1): at 1 it is infinite, and below lifetimes
// returns a negative value of a customer.
const leastQ = 1.05

// Means outside of these are no prices in any currency and are left out.
const leastMean, mostMean = 1e-9, 1e15

// FitGammaGamma fits to the customers with X > 0 and a positive mean; the others are left out. It fails only when ctx ends.
func FitGammaGamma(ctx context.Context, spends []Spend) (SpendFit, error) {
	l := newSpendData(spends)
	fit := SpendFit{N: int64(l.customers), Status: TooFew}
	if l.customers < 200 {
		fit.Warnings = append(fit.Warnings, Warning{WarnFewCustomers, []float64{l.customers, l.customers}})
	}
	if fit.Corr = l.correlation(); math.Abs(fit.Corr) > 0.2 {
		fit.Warnings = append(fit.Warnings, Warning{WarnValueGrows, []float64{fit.Corr}})
	}
	if l.customers < 10 || l.spread() < 1e-9 {
		// one customer's worth of weight on the mean of all
		fit.Model = GammaGamma{P: 1, Q: 2, V: l.mean}
		return fit, ctx.Err()
	}
	o := l.objective()
	o.level = math.Inf(-1)
	point, err := o.descend(ctx, logs([]float64{2, 2, 1}))
	if err != nil {
		return SpendFit{}, err
	}
	end, err := o.refine(ctx, point)
	if err != nil {
		return SpendFit{}, err
	}
	p := o.params(end.point)
	fit.Model, fit.Status, fit.LL, fit.Evaluations = GammaGamma{p[0], p[1], p[2] * l.mean}, OK, end.ll-l.jacobian, o.calls
	if fit.Cov, fit.SE = o.covariance(end); fit.SE != nil { // v back into money
		fit.SE[2] *= l.mean
		for i := range fit.Cov {
			fit.Cov[i][2] *= l.mean
			fit.Cov[2][i] *= l.mean
		}
	}
	if p[1] < leastQ+0.01 {
		fit.Warnings = append(fit.Warnings, Warning{WarnHeavyTail, []float64{p[1]}})
	} else if fit.SE == nil {
		fit.Warnings = append(fit.Warnings, Warning{Code: WarnAlike})
	}
	return fit, nil
}

// spendData is what Gamma-Gamma is fitted to. Means are divided by the mean of all, so that cents and euros end alike.
type spendData struct {
	customers float64
	mean      float64 // of a purchase
	logs      float64 // sum of ln(mean of a purchase / mean)
	squares   float64 // of the same
	jacobian  float64 // what dividing by the mean takes from the log-likelihood
	xs        []spendGroup
	rows      []spendRow
}

// spendGroup is customers with x purchases, and the sum of their ln(mean of a purchase / mean).
type spendGroup struct{ x, customers, logs float64 }

type spendRow struct {
	x, sum, n float64 // purchases, their total in means of all, customers
}

func newSpendData(spends []Spend) *spendData {
	d := &spendData{}
	var purchases, value float64
	kept := make([]Spend, 0, len(spends))
	for _, s := range spends {
		if s.X > 0 && s.Mean >= leastMean && s.Mean <= mostMean && s.N > 0 {
			kept = append(kept, s)
			d.customers += float64(s.N)
			purchases += float64(s.N) * float64(s.X)
			value += float64(s.N) * (float64(s.X) * s.Mean)
		}
	}
	if d.customers == 0 {
		return d
	}
	d.mean = value / purchases
	byX := map[int32]int{}
	for _, s := range kept {
		at, known := byX[s.X]
		if !known {
			at = len(d.xs)
			byX[s.X] = at
			d.xs = append(d.xs, spendGroup{x: float64(s.X)})
		}
		n, x, log := float64(s.N), float64(s.X), math.Log(s.Mean/d.mean)
		d.xs[at].customers += n
		d.xs[at].logs += n * log
		d.logs += n * log
		d.squares += n * log * log
		d.rows = append(d.rows, spendRow{x, x * s.Mean / d.mean, n})
	}
	d.jacobian = d.customers * math.Log(d.mean)
	return d
}

// spread is the variance of the logarithms of the means.
func (d *spendData) spread() float64 {
	mean := d.logs / d.customers
	return d.squares/d.customers - mean*mean
}

// correlation is that of x and the mean over customers, 0 where one does not vary.
func (d *spendData) correlation() float64 {
	var mx, mm, xx, mv, xm float64
	for _, r := range d.rows {
		mx += r.n * r.x / d.customers
		mm += r.n * r.sum / r.x / d.customers
	}
	for _, r := range d.rows {
		dx, dm := r.x-mx, r.sum/r.x-mm
		xx, mv, xm = xx+r.n*dx*dx, mv+r.n*dm*dm, xm+r.n*dx*dm
	}
	if !(xx > 0 && mv > 0) {
		return 0
	}
	return xm / math.Sqrt(xx*mv)
}
