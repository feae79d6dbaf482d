package btyd

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// purchasing is the part of the likelihoods that is NBD's, by r and alpha (parameters 0 and 1): how often customers buy.
type purchasing struct {
	d        *dataset
	r, alpha float64
}

func (p purchasing) groups(m *moments) {
	psi, psi1 := mathext.Digamma(p.r), trigamma(p.r)
	for _, g := range p.d.xs {
		if g.value == 0 {
			continue
		}
		x := float64(g.value)
		m.ll += g.customers * logRising(p.r, x)
		m.first[0] += g.customers * (mathext.Digamma(p.r+x) - psi)
		m.second[packed(0, 0)] += g.customers * (trigamma(p.r+x) - psi1)
	}
	for _, g := range p.d.ts {
		t := p.d.times[g.value]
		inverse, grown := 1/(p.alpha+t), math.Log1p(t/p.alpha)
		m.ll -= p.r*g.customers*grown + g.purchases*math.Log(p.alpha+t)
		m.first[0] -= g.customers * grown
		m.first[1] += (p.r*g.customers*t/p.alpha - g.purchases) * inverse
		m.second[packed(0, 1)] += g.customers * t / p.alpha * inverse
		m.second[packed(1, 1)] += (g.purchases*inverse - p.r*g.customers*t/p.alpha*(inverse+1/p.alpha)) * inverse
	}
}

func (p purchasing) rows([]row, bool, *moments) {}

// byTime is a table of ln(v+t) and 1/(v+t) over the times of a dataset.
type byTime struct{ log, inverse []float64 }

func newByTime(times []float64, v float64) byTime {
	b := byTime{make([]float64, len(times)), make([]float64, len(times))}
	for i, t := range times {
		b.log[i], b.inverse[i] = math.Log(v+t), 1/(v+t)
	}
	return b
}

// betaGeometricLikelihood is that of BG/NBD and MBG/NBD, by r, alpha, a, b.
type betaGeometricLikelihood struct {
	purchasing
	a, b, after float64
	byAlpha     byTime
	byX         []leaving
}

// leaving is what the odds of having left take from x alone.
type leaving struct {
	k    float64 // r + x
	lead float64 // ln a - ln(b+x-1+after)
	byB  float64 // derivative of lead by b
}

func newBetaGeometricLikelihood(d *dataset, p []float64, after float64) *betaGeometricLikelihood {
	l := &betaGeometricLikelihood{purchasing: purchasing{d, p[0], p[1]}, a: p[2], b: p[3], after: after,
		byAlpha: newByTime(d.times, p[1]), byX: make([]leaving, len(d.xs))}
	for i, g := range d.xs {
		x := float64(g.value)
		if stayed := l.b + x - 1 + after; x+after > 0 {
			l.byX[i] = leaving{l.r + x, math.Log(l.a) - math.Log(stayed), -1 / stayed}
		}
	}
	return l
}

func (l *betaGeometricLikelihood) groups(m *moments) {
	l.purchasing.groups(m)
	psiB, psiAB := mathext.Digamma(l.b), mathext.Digamma(l.a+l.b)
	psi1B, psi1AB := trigamma(l.b), trigamma(l.a+l.b)
	for _, g := range l.d.xs {
		y := float64(g.value) + l.after
		if y == 0 {
			continue
		}
		b, ab := mathext.Digamma(l.b+y)-psiB, mathext.Digamma(l.a+l.b+y)-psiAB
		b1, ab1 := trigamma(l.b+y)-psi1B, trigamma(l.a+l.b+y)-psi1AB
		m.ll += g.customers * logBetaRatio(l.a, l.b, y)
		m.first[2] -= g.customers * ab
		m.first[3] += g.customers * (b - ab)
		m.second[packed(2, 2)] -= g.customers * ab1
		m.second[packed(2, 3)] -= g.customers * ab1
		m.second[packed(3, 3)] += g.customers * (b1 - ab1)
	}
}

// negligible is the logarithm of odds that change nothing in double precision.
const negligible = -45

func (l *betaGeometricLikelihood) rows(rows []row, second bool, m *moments) {
	byA := 1 / l.a
	for _, row := range rows {
		x := &l.byX[row.x]
		u := l.byAlpha.log[row.t] - l.byAlpha.log[row.tx]
		d := x.lead + x.k*u
		if d < negligible || x.k == 0 {
			continue
		}
		more, w := share(d)
		m.ll += row.n * more
		w *= row.n
		it, ix := l.byAlpha.inverse[row.t], l.byAlpha.inverse[row.tx]
		v := x.k * (it - ix)
		m.first[0] += w * u
		m.first[1] += w * v
		m.first[2] += w * byA
		m.first[3] += w * x.byB
		if !second {
			continue
		}
		ww := w * (1 - w/row.n)
		m.second[0] += ww * u * u
		m.second[1] += ww*u*v + w*(it-ix)
		m.second[2] += ww * u * byA
		m.second[3] += ww * u * x.byB
		m.second[4] += ww*v*v - w*v*(it+ix)
		m.second[5] += ww * v * byA
		m.second[6] += ww * v * x.byB
		m.second[7] += (ww - w) * byA * byA
		m.second[8] += ww * byA * x.byB
		m.second[9] += (ww + w) * x.byB * x.byB
	}
}

// share is softplus and logistic of d in one.
func share(d float64) (more, w float64) {
	if d > 0 {
		e := math.Exp(-d)
		return d + math.Log(1+e), 1 / (1 + e)
	}
	e := math.Exp(d)
	return math.Log(1 + e), e / (1 + e)
}
