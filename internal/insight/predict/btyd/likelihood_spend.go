package btyd

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// objective is that of Gamma-Gamma, by p, q, v, where v counts in means of all. q stays above leastQ.
func (d *spendData) objective() *objective {
	low, high := math.Log(lowest), math.Log(highest)
	return &objective{
		likelihood: func(p []float64, second bool) moments {
			l := spendLikelihood{d, p[0], p[1], p[2]}
			return sumPieces(len(d.rows), second, l.groups, func(from, to int, m *moments) { l.rows(d.rows[from:to], m) })
		},
		customers: d.customers,
		low:       []float64{low, low, low},
		high:      []float64{high, high, high},
		floor:     []float64{0, leastQ, 0},
	}
}

// spendLikelihood is that of Gamma-Gamma: for x purchases of mean m
//
//	ln Γ(px+q) - ln Γ(px) - ln Γ(q) + q ln v + (px-1) ln m + px ln x - (px+q) ln(xm+v).
type spendLikelihood struct {
	d       *spendData
	p, q, v float64
}

func (l spendLikelihood) groups(m *moments) {
	psiQ, psi1Q := mathext.Digamma(l.q), trigamma(l.q)
	for _, g := range l.d.xs {
		px, logs := l.p*g.x, g.logs+g.customers*math.Log(g.x)
		m.ll += g.customers*(logRising(px, l.q)-logGamma(l.q)) + px*logs - g.logs
		psi, psi1 := mathext.Digamma(px+l.q), trigamma(px+l.q)
		m.first[0] += g.x * (g.customers*(psi-mathext.Digamma(px)) + logs)
		m.first[1] += g.customers * (psi - psiQ)
		m.second[packed(0, 0)] += g.customers * g.x * g.x * (psi1 - trigamma(px))
		m.second[packed(0, 1)] += g.customers * g.x * psi1
		m.second[packed(1, 1)] += g.customers * (psi1 - psi1Q)
	}
	n := l.d.customers
	m.ll += n * l.q * math.Log(l.v)
	m.first[1] += n * math.Log(l.v)
	m.first[2] += n * l.q / l.v
	m.second[packed(1, 2)] += n / l.v
	m.second[packed(2, 2)] -= n * l.q / (l.v * l.v)
}

func (l spendLikelihood) rows(rows []spendRow, m *moments) {
	for _, r := range rows {
		power, inverse, log := l.p*r.x+l.q, 1/(r.sum+l.v), math.Log(r.sum+l.v)
		m.ll -= r.n * power * log
		m.first[0] -= r.n * r.x * log
		m.first[1] -= r.n * log
		m.first[2] -= r.n * power * inverse
		m.second[packed(0, 2)] -= r.n * r.x * inverse
		m.second[packed(1, 2)] -= r.n * inverse
		m.second[packed(2, 2)] += r.n * power * inverse * inverse
	}
}
