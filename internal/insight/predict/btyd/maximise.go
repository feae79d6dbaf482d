package btyd

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// objective is what is minimised: minus the log-likelihood per customer over the logarithms of the parameters, plus a wall of
// squares outside of a wide box, so that a likelihood that rises for ever ends somewhere.
type objective struct {
	likelihood func(params []float64, second bool) moments
	customers  float64
	low, high  []float64 // the box, of logarithms
	floor      []float64 // what is added to the exponentials: parameters stay above it; nil for 0
	calls      int
	// free takes the place of likelihood where not all of the point are logarithms: it works out the place, without the wall.
	free func(point []float64, second bool) place
	// level is the log-likelihood below which it does not matter where the maximum is: refine gives up when it cannot get there.
	level float64
	// near is what a step must promise the log-likelihood of all for its end to be evaluated: within it the likelihood is a parabola, and the
	// end is where the step says. 0 has everything evaluated.
	near float64
}

// nearMany is near where a look at all rows takes time. What is left behind such a step is under 1e-5, parameters are within a hundredth of
// their standard errors.
const nearMany = 0.02

// params are the parameters of a point.
func (o *objective) params(point []float64) []float64 {
	p := make([]float64, len(point))
	for i, v := range point {
		if p[i] = math.Exp(v); o.floor != nil {
			p[i] += o.floor[i]
		}
	}
	return p
}

// place is an evaluated point: value and derivatives of the objective.
type place struct {
	point    []float64
	ll       float64 // log-likelihood of all, without the wall
	value    float64
	gradient []float64
	hessian  *mat.SymDense // nil without second derivatives
}

// at evaluates a point.
func (o *objective) at(point []float64, second bool) place {
	o.calls++
	p := o.within(point, second)
	for i, v := range point {
		over := max(0, v-o.high[i]) + min(0, v-o.low[i])
		p.value += over * over
		p.gradient[i] += 2 * over
		if second && over != 0 {
			p.hessian.SetSym(i, i, p.hessian.At(i, i)+2)
		}
	}
	return p
}

// within evaluates a point without the wall.
func (o *objective) within(point []float64, second bool) place {
	if o.free != nil {
		return o.free(point, second)
	}
	n := len(point)
	m := o.likelihood(o.params(point), second)
	p := place{point: append([]float64(nil), point...), ll: m.ll, value: -m.ll / o.customers, gradient: make([]float64, n)}
	slope := make([]float64, n) // of a parameter by its logarithm
	for i, v := range point {
		slope[i] = math.Exp(v)
		p.gradient[i] = -m.first[i] * slope[i] / o.customers
	}
	if second {
		p.hessian = mat.NewSymDense(n, nil)
		for i := range n {
			for j := i; j < n; j++ {
				p.hessian.SetSym(i, j, -m.second[packed(i, j)]*slope[i]*slope[j]/o.customers)
			}
			p.hessian.SetSym(i, i, p.hessian.At(i, i)+p.gradient[i])
		}
	}
	return p
}

// descend walks from start to near a minimum, by BFGS.
func (o *objective) descend(ctx context.Context, start []float64) ([]float64, error) {
	last := o.at(start, false)
	first := last.value
	evaluate := func(point []float64) *place {
		for i := range point {
			if point[i] != last.point[i] {
				last = o.at(point, false)
				break
			}
		}
		return &last
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { return evaluate(x).value },
		Grad: func(g, x []float64) { copy(g, evaluate(x).gradient) },
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{GradientThreshold: 1e-7, MajorIterations: 200, FuncEvaluations: 500,
		Converger: &optimize.FunctionConverge{Absolute: 1e-4 / o.customers, Iterations: 3}}
	result, err := optimize.Minimize(problem, start, settings, &optimize.BFGS{})
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	// A line search that finds nothing better any more is no failure: what it has is refined below.
	if result == nil || err != nil && !(evaluate(result.X).value <= first) {
		return start, nil
	}
	return result.X, nil
}

// Newton's method doubles the right digits with every step. One that still finds a little after so many small steps, or steps
// on the walls of the box, walks along a ridge, where the likelihood hardly changes and parameters mean nothing: there is no end
// to come to.
const (
	smallGain  = 0.01 // of the log-likelihood of all
	smallSteps = 6
	mostSteps  = 40
)

// refine walks on from near a minimum by Newton's method and ends with the second derivatives of its last point.
func (o *objective) refine(ctx context.Context, start []float64) (place, error) {
	p := o.at(start, true)
	for n, small := 0, 0; n < mostSteps && small < smallSteps; n++ {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		step, gain := p.step()
		gain *= o.customers
		inside := o.inside(p.point)
		if gain < smallGain || !inside {
			small++
		}
		// A likelihood that flattens out towards its limit has about twice as far to go as a parabola promises.
		if gain < 1e-9 || p.ll+4*gain < o.level {
			return p, nil
		}
		if gain < o.near && inside {
			return p.after(step, gain, o.customers), nil
		}
		better := false
		for size := 1.0; size > 1e-4 && !better && (size == 1 || inside); size /= 4 {
			next := make([]float64, len(step))
			for i := range step {
				next[i] = p.point[i] + size*step[i]
			}
			if q := o.at(next, true); q.value < p.value {
				p, better = q, true
			}
		}
		if !better {
			return p, nil
		}
	}
	return p, nil
}

// after is the end of a step that gains so much, taken as a parabola: the second derivatives stay.
func (p place) after(step []float64, gain, customers float64) place {
	q := place{point: make([]float64, len(step)), ll: p.ll + gain, value: p.value - gain/customers, gradient: make([]float64, len(step)), hessian: p.hessian}
	for i := range step {
		q.point[i] = p.point[i] + step[i]
	}
	return q
}

// step is Newton's, turned towards the gradient as far as needed where the objective is not bowl-shaped and no longer than 2
// in any direction, and what it should gain.
func (p place) step() (step []float64, gain float64) {
	n := len(p.point)
	var chol mat.Cholesky
	bowl := mat.NewSymDense(n, nil)
	for ridge := 0.0; ; ridge = max(1e-10, ridge*10) {
		bowl.CopySym(p.hessian)
		for i := range n {
			bowl.SetSym(i, i, bowl.At(i, i)+ridge)
		}
		if chol.Factorize(bowl) {
			break
		}
		if ridge > 1e10 {
			return nil, 0
		}
	}
	v := mat.NewVecDense(n, nil)
	// A nearly singular matrix gives a long step, which is cut.
	_ = chol.SolveVecTo(v, mat.NewVecDense(n, p.gradient))
	longest := 0.0
	for i := range n {
		longest = max(longest, math.Abs(v.AtVec(i)))
	}
	if math.IsNaN(longest) || math.IsInf(longest, 0) {
		return nil, 0
	}
	step = make([]float64, n)
	for i := range n {
		step[i] = -v.AtVec(i) * min(1, 2/max(longest, 1e-300))
		gain -= step[i] * p.gradient[i] / 2
	}
	return step, gain
}

// inside reports whether the point is well within the box, parameter by parameter.
func (o *objective) inside(point []float64) bool {
	for i, v := range point {
		if v < o.low[i]+0.01 || v > o.high[i]-0.01 {
			return false
		}
	}
	return true
}

// covariance is that of the parameters at a maximum, and their standard errors; nil where it cannot be told.
func (o *objective) covariance(p place) (cov [][]float64, se []float64) {
	n := len(p.point)
	var chol mat.Cholesky
	if !o.inside(p.point) || !chol.Factorize(p.hessian) {
		return nil, nil
	}
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		return nil, nil
	}
	se = make([]float64, n)
	for i := range n {
		line := make([]float64, n)
		for j := range n {
			line[j] = inverse.At(i, j) / o.customers * math.Exp(p.point[i]+p.point[j])
			if math.IsNaN(line[j]) || math.IsInf(line[j], 0) {
				return nil, nil
			}
		}
		cov = append(cov, line)
		se[i] = math.Sqrt(line[i])
	}
	return cov, se
}
