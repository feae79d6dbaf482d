package btyd

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// NameCovariates is the name of Pareto/NBD with covariates.
const NameCovariates = "pnbd_cov"

// Covariates is Pareto/NBD whose customers buy and leave faster or slower by what is known of them apart from their purchases, such as
// their country (Fader, Hardie 2007, note 019): with covariates z the rates are multiplied by exp(Buys·z) and exp(Leaves·z), so
//
//	alpha_z = alpha exp(-Buys·z),  beta_z = beta exp(-Leaves·z).
//
// Base is the model of a customer whose covariates are all 0.
type Covariates struct {
	Base         ParetoNBD
	Buys, Leaves []float64
}

// Of is the model of customers with these covariates, also of ones that no customer of the fit had together; what is missing is 0.
func (m Covariates) Of(z []float64) ParetoNBD {
	p := m.Base
	p.Alpha *= math.Exp(-dot(m.Buys, z))
	p.Beta *= math.Exp(-dot(m.Leaves, z))
	return p
}

func dot(a, z []float64) (sum float64) {
	for i := range min(len(a), len(z)) {
		sum += a[i] * z[i]
	}
	return sum
}

// Cell are the customers who share their covariates.
type Cell struct {
	Z        []float64
	Patterns []Pattern
}

// CovariateFit is a fitted Pareto/NBD with covariates. Where Status is not OK nothing could be told, and Model has no effects.
type CovariateFit struct {
	Model            Covariates
	Status           Status
	SE               []float64 // of r, alpha, s, beta
	BuysSE, LeavesSE []float64
	LL               float64 // at the maximum, time in the unit
	LR               float64 // twice the log-likelihood gained over Pareto/NBD without covariates
	N                int64
	Warnings         []Warning

	cov *mat.SymDense // of the logarithms of r, alpha, s, beta and the effects on buying, then on leaving; nil if not known
}

// mostEffect is how far the logarithm of a rate may move by an effect.
const mostEffect = 5

// FitCovariates fits Pareto/NBD with covariates; each cell has as many. plain is the fit of Pareto/NBD to the same customers without
// covariates, where it begins. It fails only when ctx ends.
//
// Within a cell the likelihood is that of Pareto/NBD, and the logarithms of its parameters are a linear function of those of the whole
// model, so first and second derivatives are those of the cells, put together.
func FitCovariates(ctx context.Context, cells []Cell, plain Fit) (CovariateFit, error) {
	base, ok := plain.Model.(ParetoNBD)
	effects := 0
	if len(cells) > 0 {
		effects = len(cells[0].Z)
	}
	f := CovariateFit{Model: Covariates{Base: base}, Status: plain.Status, LL: plain.LL, N: plain.N}
	if !ok || plain.Status != OK || effects == 0 {
		if f.Status == OK {
			f.Status = TooFew
		}
		return f, ctx.Err()
	}
	o := newCovariateObjective(cells, base, effects, 1)
	point := []float64{math.Log(base.R), math.Log(base.Alpha), math.Log(base.S), math.Log(base.Beta)}
	point = append(point, make([]float64, 2*effects)...)
	if o.rows >= sampleFrom {
		near, err := newCovariateObjective(cells, base, effects, sampleEvery).refine(ctx, point)
		if err != nil {
			return f, err
		}
		point, o.near = near.point, nearMany
	}
	end, err := o.refine(ctx, point)
	if err != nil {
		return f, err
	}
	f.take(o, end, plain.LL, effects)
	return f, nil
}

// take reads the end of the walk.
func (f *CovariateFit) take(o *covariateObjective, end place, plain float64, effects int) {
	f.cov = o.precision(end)
	if f.cov == nil || end.ll < plain-leastGain {
		f.Status = NoDropout
		f.Warnings = append(f.Warnings, Warning{Code: WarnAlike})
		return
	}
	f.Model = covariatesAt(end.point, effects, f.Model.Base.Per)
	f.LL, f.LR = end.ll, 2*max(0, end.ll-plain)
	for i := range end.point {
		se := math.Sqrt(f.cov.At(i, i))
		switch {
		case i < 4:
			f.SE = append(f.SE, se*math.Exp(end.point[i]))
		case i < 4+effects:
			f.BuysSE = append(f.BuysSE, se)
		default:
			f.LeavesSE = append(f.LeavesSE, se)
		}
	}
}

// covariatesAt is the model of a point.
func covariatesAt(point []float64, effects int, unit Unit) Covariates {
	return Covariates{ParetoNBD{math.Exp(point[0]), math.Exp(point[1]), math.Exp(point[2]), math.Exp(point[3]), unit},
		append([]float64(nil), point[4:4+effects]...), append([]float64(nil), point[4+effects:]...)}
}

// point is the other way round.
func (m Covariates) point() []float64 {
	p := []float64{math.Log(m.Base.R), math.Log(m.Base.Alpha), math.Log(m.Base.S), math.Log(m.Base.Beta)}
	return append(append(p, m.Buys...), m.Leaves...)
}

// covariateObjective is the likelihood of all cells.
type covariateObjective struct {
	objective
	cells   []Cell
	data    []*dataset
	effects int
	rows    int
	unit    Unit
}

// newCovariateObjective arranges every n-th row of the cells.
func newCovariateObjective(cells []Cell, base ParetoNBD, effects, every int) *covariateObjective {
	o := &covariateObjective{cells: cells, effects: effects, unit: base.Per}
	longest := 0.0
	for _, c := range cells {
		d := newDataset(c.Patterns, base.Per)
		longest = max(longest, d.medianT())
		if every > 1 && len(d.rows) > every {
			d = d.thin(every)
		}
		o.data = append(o.data, d)
		o.customers += d.customers
		o.rows += len(d.rows)
	}
	o.free, o.level = o.all, math.Inf(-1)
	for i := range 4 + 2*effects {
		low, high := -float64(mostEffect), float64(mostEffect)
		if i < 4 {
			low, high = math.Log(lowest), math.Log(highest)
		}
		if i == 1 || i == 3 {
			low, high = low+math.Log(longest), high+math.Log(longest)
		}
		o.low, o.high = append(o.low, low), append(o.high, high)
	}
	return o
}

// all evaluates a point over all cells.
func (o *covariateObjective) all(point []float64, second bool) place {
	n := len(point)
	p := place{point: append([]float64(nil), point...), gradient: make([]float64, n)}
	if second {
		p.hessian = mat.NewSymDense(n, nil)
	}
	m := covariatesAt(point, o.effects, o.unit)
	for c, d := range o.data {
		here := m.Of(o.cells[c].Z)
		params := []float64{here.R, here.Alpha, here.S, here.Beta}
		found := d.sum(newParetoLikelihood(d, params), second)
		p.ll += found.ll
		o.add(&p, o.cells[c].Z, params, found)
	}
	p.value = -p.ll / o.customers
	return p
}

// part is a place of the point on which the logarithm of a parameter depends, and how.
type part struct {
	at   int
	with float64
}

// parts are what the logarithms of r, alpha, s and beta of a cell depend on.
func (o *covariateObjective) parts(z []float64) (parts [4][]part) {
	for i := range parts {
		parts[i] = []part{{i, 1}}
	}
	for k, v := range z {
		if v != 0 {
			parts[1] = append(parts[1], part{4 + k, -v})
			parts[3] = append(parts[3], part{4 + o.effects + k, -v})
		}
	}
	return parts
}

// add brings the derivatives of a cell to the point.
func (o *covariateObjective) add(p *place, z, params []float64, found moments) {
	parts := o.parts(z)
	for i, all := range parts {
		slope := found.first[i] * params[i]
		for _, a := range all {
			p.gradient[a.at] -= a.with * slope / o.customers
		}
		if p.hessian == nil {
			continue
		}
		for j := range parts {
			bend := found.second[packed(min(i, j), max(i, j))] * params[i] * params[j]
			if i == j {
				bend += slope
			}
			for _, a := range all {
				for _, b := range parts[j] {
					if a.at <= b.at {
						p.hessian.SetSym(a.at, b.at, p.hessian.At(a.at, b.at)-a.with*b.with*bend/o.customers)
					}
				}
			}
		}
	}
}

// precision is the covariance of the point at a maximum; nil where it cannot be told.
func (o *covariateObjective) precision(p place) *mat.SymDense {
	var chol mat.Cholesky
	if !o.inside(p.point) || !chol.Factorize(p.hessian) {
		return nil
	}
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		return nil
	}
	n := len(p.point)
	cov := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			v := inverse.At(i, j) / o.customers
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil
			}
			cov.SetSym(i, j, v)
		}
	}
	return cov
}

// Of is the fit of customers with these covariates, with the covariance of its parameters, to predict with.
func (f CovariateFit) Of(z []float64) Fit {
	m := f.Model.Of(z)
	out := Fit{Name: NameParetoNBD, Model: m, Status: f.Status, N: f.N}
	if f.cov == nil || f.Status != OK {
		return out
	}
	params := []float64{m.R, m.Alpha, m.S, m.Beta}
	parts := (&covariateObjective{effects: len(f.Model.Buys)}).parts(z[:min(len(z), len(f.Model.Buys))])
	for i := range parts {
		line := make([]float64, 4)
		for j := range parts {
			for _, a := range parts[i] {
				for _, b := range parts[j] {
					line[j] += a.with * b.with * f.cov.At(a.at, b.at)
				}
			}
			line[j] *= params[i] * params[j]
		}
		out.Cov = append(out.Cov, line)
		out.SE = append(out.SE, math.Sqrt(max(0, line[i])))
	}
	return out
}

// StdErr is the standard error of any function of the model that comes from the parameters being estimates (delta method); 0 where it
// is not known.
func (f CovariateFit) StdErr(of func(Covariates) float64) float64 {
	var chol mat.Cholesky
	if f.cov == nil || f.Status != OK || !chol.Factorize(f.cov) {
		return 0
	}
	var l mat.TriDense
	chol.LTo(&l)
	const step = 1e-3
	point, variance := f.Model.point(), 0.0
	for j := range point {
		var ends [2]float64
		for side, sign := range []float64{-1, 1} {
			moved := append([]float64(nil), point...)
			for i := j; i < len(point); i++ {
				moved[i] += sign * step * l.At(i, j)
			}
			ends[side] = of(covariatesAt(moved, len(f.Model.Buys), f.Model.Base.Per))
		}
		d := (ends[1] - ends[0]) / (2 * step)
		variance += d * d
	}
	return math.Sqrt(variance)
}
