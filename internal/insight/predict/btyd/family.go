package btyd

import (
	"context"
	"math"
)

// family is a kind of model as a fit sees it.
type family struct {
	// likelihood is that of a dataset with these parameters.
	likelihood func(d *dataset, params []float64) likelihood
	// start is where to begin, by the median observation.
	start func(median float64) []float64
	// weak is where to begin if hardly anyone leaves, by the parameters of NBD; nil for NBD.
	weak func(median float64, nbd []float64) []float64
	// times are the parameters that are times.
	times []int
}

func families(name string) (family, bool) {
	betaGeometric := func(after float64) family {
		return family{
			likelihood: func(d *dataset, p []float64) likelihood { return newBetaGeometricLikelihood(d, p, after) },
			start:      func(median float64) []float64 { return []float64{1, median / 4, 1, 1} },
			weak:       func(_ float64, nbd []float64) []float64 { return []float64{nbd[0], nbd[1], 0.05, 1} },
			times:      []int{1},
		}
	}
	switch name {
	case NameBGNBD:
		return betaGeometric(0), true
	case NameMBGNBD:
		return betaGeometric(1), true
	case NameParetoNBD:
		return family{
			likelihood: func(d *dataset, p []float64) likelihood { return newParetoLikelihood(d, p) },
			start:      func(median float64) []float64 { return []float64{1, median / 4, 1, median / 4} },
			weak:       func(median float64, nbd []float64) []float64 { return []float64{nbd[0], nbd[1], 0.05, median} },
			times:      []int{1, 3},
		}, true
	case NameNBD:
		return family{
			likelihood: func(d *dataset, p []float64) likelihood { return purchasing{d, p[0], p[1]} },
			start:      func(median float64) []float64 { return []float64{1, median / 4} },
			times:      []int{1},
		}, true
	}
	return family{}, false
}

// estimate is the end of a fit.
type estimate struct {
	params []float64
	ll     float64
	cov    [][]float64
	se     []float64
}

// The box of the logarithms: shapes from 1e-6 to 1e5, times that many medians of the observation.
const lowest, highest = 1e-6, 1e5

func (f family) objective(d *dataset, params int) *objective {
	o := &objective{customers: d.customers, low: make([]float64, params), high: make([]float64, params)}
	o.likelihood = func(p []float64, second bool) moments {
		return d.sum(f.likelihood(d, p), second)
	}
	for i := range o.low {
		o.low[i], o.high[i] = math.Log(lowest), math.Log(highest)
	}
	for _, i := range f.times {
		o.low[i] += math.Log(d.medianT())
		o.high[i] += math.Log(d.medianT())
	}
	return o
}

// leastGain is the log-likelihood a dropout must gain to be seen at all.
const leastGain = 0.05

// A large fit begins with a walk over every 20th row; rows are sorted, so that is a sample of its own layers.
const (
	sampleEvery = 20
	sampleFrom  = 20000
)

// fit maximises the likelihood, from near if that is not nil. calls is how often all rows were gone through, a sample by its share.
func (f family) fit(ctx context.Context, d *dataset, nbd *estimate, near []float64) (best estimate, calls int, err error) {
	if near != nil {
		if best, calls, err = f.near(ctx, d, nbd, near); err != nil || best.se != nil {
			return best, calls, err
		}
	}
	first := d
	if len(d.rows) >= sampleFrom && f.weak != nil {
		first = d.thin(sampleEvery)
	}
	start := f.start(d.medianT())
	walk := f.objective(first, len(start))
	point, err := walk.descend(ctx, logs(start))
	if err != nil {
		return estimate{}, 0, err
	}
	if f.weak != nil {
		if point, err = f.again(ctx, walk, point, d.medianT(), nbd.params); err != nil {
			return estimate{}, 0, err
		}
	}
	best, calls, err = f.refine(ctx, d, nbd, point)
	if first != d {
		walk.calls = (walk.calls + sampleEvery - 1) / sampleEvery
	}
	return best, walk.calls + calls, err
}

// refine walks on over all rows from near the maximum.
func (f family) refine(ctx context.Context, d *dataset, nbd *estimate, point []float64) (best estimate, calls int, err error) {
	whole := f.objective(d, len(point))
	if nbd != nil {
		whole.level = nbd.ll + leastGain
	} else {
		whole.level = math.Inf(-1)
	}
	if len(d.rows) >= sampleFrom {
		whole.near = nearMany
	}
	end, err := whole.refine(ctx, point)
	if err != nil {
		return estimate{}, 0, err
	}
	best = estimate{params: whole.params(end.point), ll: end.ll}
	best.cov, best.se = whole.covariance(end)
	return best, whole.calls, nil
}

// near is refine where a fit to like data ended. Its estimate has no standard errors, and does not count, where that is no maximum
// that says more than NBD.
func (f family) near(ctx context.Context, d *dataset, nbd *estimate, start []float64) (best estimate, calls int, err error) {
	point := logs(start)
	if !f.objective(d, len(point)).inside(point) {
		return estimate{}, 0, nil
	}
	best, calls, err = f.refine(ctx, d, nbd, point)
	if nbd == nil || best.ll < nbd.ll+10*leastGain {
		best.se = nil
	}
	return best, calls, err
}

// again walks from a second start where the first ended no better than NBD, and returns the better end.
func (f family) again(ctx context.Context, walk *objective, point []float64, median float64, nbd []float64) ([]float64, error) {
	stay := f.weak(median, nbd)
	start := logs(stay)
	first, second := walk.at(point, false), walk.at(start, false)
	if first.value < second.value-1/walk.customers {
		return point, nil
	}
	other, err := walk.descend(ctx, start)
	if err != nil {
		return nil, err
	}
	if walk.at(other, false).value < first.value {
		return other, nil
	}
	return point, nil
}

func logs(v []float64) []float64 {
	l := make([]float64, len(v))
	for i := range v {
		l[i] = math.Log(v[i])
	}
	return l
}
