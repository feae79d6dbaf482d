package btyd

import "math"

// paretoLikelihood is that of Pareto/NBD, by r, alpha, s, beta.
type paretoLikelihood struct {
	purchasing
	s, beta         float64
	byAlpha, byBeta byTime
	nodes           legendre
}

func newParetoLikelihood(d *dataset, p []float64) *paretoLikelihood {
	return &paretoLikelihood{purchasing: purchasing{d, p[0], p[1]}, s: p[2], beta: p[3],
		byAlpha: newByTime(d.times, p[1]), byBeta: newByTime(d.times, p[3]), nodes: newLegendre()}
}

func (l *paretoLikelihood) groups(m *moments) {
	l.purchasing.groups(m)
	for _, g := range l.d.ts {
		t := l.d.times[g.value]
		inverse, grown := 1/(l.beta+t), math.Log1p(t/l.beta)
		m.ll -= l.s * g.customers * grown
		m.first[2] -= g.customers * grown
		m.first[3] += l.s * g.customers * t / l.beta * inverse
		m.second[packed(2, 3)] += g.customers * t / l.beta * inverse
		m.second[packed(3, 3)] -= l.s * g.customers * t / l.beta * (inverse + 1/l.beta) * inverse
	}
}

func (l *paretoLikelihood) rows(rows []row, second bool, m *moments) {
	for _, row := range rows {
		if row.t == row.tx {
			continue // she bought on the last day: she is there
		}
		k := l.r + float64(l.d.xs[row.x].value)
		in := newIntegrals(
			side{k, l.byAlpha.log[row.t] - l.byAlpha.log[row.tx], l.byAlpha.inverse[row.tx]},
			side{l.s + 1, l.byBeta.log[row.t] - l.byBeta.log[row.tx], l.byBeta.inverse[row.tx]})
		if second {
			in.second(&l.nodes)
		} else {
			in.first(&l.nodes)
		}
		d := math.Log(l.s*in.value*l.byBeta.inverse[row.tx]) +
			k*(l.byAlpha.log[row.t]-l.byAlpha.log[row.tx]) + l.s*(l.byBeta.log[row.t]-l.byBeta.log[row.tx])
		if !(d >= negligible) {
			continue
		}
		more, w := share(d)
		m.ll += row.n * more
		l.derivatives(m, &in, row, k, w, second)
	}
}

// derivatives adds those of one row, where w is the probability of having left: of d = ln s + ln I + k ln(alpha+T) +
// s ln(beta+T) with I the integral of (alpha+u)^-k (beta+u)^-(s+1), whose derivatives are means and covariances of those of its
// logarithm.
func (l *paretoLikelihood) derivatives(m *moments, in *integrals, row row, k, w float64, second bool) {
	ia, ib, s1 := l.byAlpha.inverse[row.t], l.byBeta.inverse[row.t], l.s+1
	g := [4]float64{
		l.byAlpha.log[row.t] - l.byAlpha.log[row.tx] - in.mean[0],
		k * (ia - in.mean[1]),
		1/l.s + l.byBeta.log[row.t] - l.byBeta.log[row.tx] - in.mean[2],
		l.s*ib - s1*in.mean[3],
	}
	n := row.n * w
	for i := range g {
		m.first[i] += n * g[i]
	}
	if !second {
		return
	}
	c := &in.covariance
	h := [10]float64{
		c[0], -in.mean[1] + k*c[1] + ia, c[2], s1 * c[3],
		k*(c[4]+in.mean[1]*in.mean[1]) + k*k*c[4] - k*ia*ia, k * c[5], k * s1 * c[6],
		c[7] - 1/(l.s*l.s), -in.mean[3] + s1*c[8] + ib,
		s1*(c[9]+in.mean[3]*in.mean[3]) + s1*s1*c[9] - l.s*ib*ib,
	}
	at := 0
	for i := range g {
		for j := i; j < 4; j++ {
			m.second[at] += n * (h[at] + (1-w)*g[i]*g[j])
			at++
		}
	}
}
