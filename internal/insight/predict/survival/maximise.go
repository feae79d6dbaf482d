package survival

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// optimum is where a function of logarithms of parameters is largest.
type optimum struct {
	at       []float64
	value    float64
	variance []float64 // diagonal of the inverse curvature; nil where it has none
	atBound  bool
}

// The range of the logarithms: e^-18 to e^18.
const lowest, highest = -18, 18

// maximise climbs by damped Newton steps within the range. f fills in the slope. The curvature is made of differences
// of the slope, which is exact, at steps of 1e-5; for a handful of parameters that is the shortest way there is, and where the
// function is flat or bent the wrong way the damping turns it into a climb along the slope. It always ends and returns the best
// point seen.
func maximise(f func(theta, slope []float64) float64, start []float64) optimum {
	k := len(start)
	at, slope := append([]float64(nil), start...), make([]float64, k)
	value := f(at, slope)
	damping := 1e-3
	for range 200 {
		bend := curvature(f, at)
		improved := false
		for range 40 {
			next, moved := step(at, slope, bend, damping)
			if !moved {
				break
			}
			nextSlope := make([]float64, k)
			if v := f(next, nextSlope); v >= value && !math.IsNaN(v) {
				improved = v-value > 1e-13*math.Abs(v)
				at, slope, value = next, nextSlope, v
				damping = max(damping/10, 1e-12)
				break
			}
			damping = min(damping*10, 1e12)
		}
		if !improved {
			break
		}
	}
	o := optimum{at: at, value: value}
	for _, x := range at {
		o.atBound = o.atBound || x <= lowest || x >= highest
	}
	if !o.atBound {
		o.variance = inverseDiagonal(curvature(f, at))
	}
	return o
}

// curvature is minus the matrix of second derivatives.
func curvature(f func(theta, slope []float64) float64, at []float64) *mat.SymDense {
	const h = 1e-5
	k := len(at)
	rows := make([][]float64, k)
	for i := range k {
		there, up, down := append([]float64(nil), at...), make([]float64, k), make([]float64, k)
		there[i] = at[i] + h
		f(there, up)
		there[i] = at[i] - h
		f(there, down)
		rows[i] = make([]float64, k)
		for j := range k {
			rows[i][j] = (down[j] - up[j]) / (2 * h)
		}
	}
	m := mat.NewSymDense(k, nil)
	for i := range k {
		for j := range i + 1 {
			m.SetSym(i, j, (rows[i][j]+rows[j][i])/2)
		}
	}
	return m
}

// step is a damped Newton step, at most 2 in each direction and not beyond the range. A parameter that stands at the
// end of the range and is pushed outward is left there.
func step(at, slope []float64, bend *mat.SymDense, damping float64) (next []float64, moved bool) {
	var free []int
	for i := range at {
		if !(at[i] <= lowest && slope[i] < 0) && !(at[i] >= highest && slope[i] > 0) {
			free = append(free, i)
		}
	}
	next = append([]float64(nil), at...)
	if len(free) == 0 {
		return next, false
	}
	g, largest := mat.NewVecDense(len(free), nil), 0.0
	for a, i := range free {
		g.SetVec(a, slope[i])
		largest = max(largest, math.Abs(bend.At(i, i)))
	}
	var d mat.VecDense
	for ; ; damping = max(damping*10, 1e-12) {
		m := mat.NewSymDense(len(free), nil)
		for a, i := range free {
			for b, j := range free[:a+1] {
				m.SetSym(a, b, bend.At(i, j))
			}
			m.SetSym(a, a, m.At(a, a)+damping*(largest+1e-300))
		}
		var c mat.Cholesky
		if c.Factorize(m) && c.SolveVecTo(&d, g) == nil {
			break
		}
		if damping > 1e30 || math.IsNaN(largest) {
			return next, false
		}
	}
	for a, i := range free {
		next[i] = min(max(at[i]+min(max(d.AtVec(a), -2), 2), lowest), highest)
		moved = moved || next[i] != at[i]
	}
	return next, moved
}

// inverseDiagonal is nil where the matrix is not positive definite.
func inverseDiagonal(m *mat.SymDense) []float64 {
	var c mat.Cholesky
	if !c.Factorize(m) {
		return nil
	}
	var inv mat.SymDense
	if c.InverseTo(&inv) != nil {
		return nil
	}
	d := make([]float64, m.SymmetricDim())
	for i := range d {
		if d[i] = inv.At(i, i); !(d[i] > 0) || math.IsInf(d[i], 0) {
			return nil
		}
	}
	return d
}
