package btyd

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// betaGeometric is what BG/NBD and MBG/NBD share, with time in one unit. after is 1 where a customer can leave after her first
// purchase too (MBG), 0 where she cannot (BG).
type betaGeometric struct {
	r, alpha, a, b, after float64
	unit                  Unit
}

func (m betaGeometric) params() []Param {
	return []Param{{"r", m.r}, {"alpha", m.alpha}, {"a", m.a}, {"b", m.b}}
}

// odds is the logarithm of the odds that she has left.
func (m betaGeometric) odds(h History) float64 {
	stayed := m.b + float64(h.X) + m.after - 1
	if h.X == 0 && m.after == 0 {
		return math.Inf(-1)
	}
	return math.Log(m.a) - math.Log(stayed) +
		(m.r+float64(h.X))*(math.Log(m.alpha+m.unit.Of(float64(h.T)))-math.Log(m.alpha+m.unit.Of(float64(h.Tx))))
}

func (m betaGeometric) logLikelihood(h History) float64 {
	x := float64(h.X)
	return logRising(m.r, x) + m.r*math.Log(m.alpha) + logBetaRatio(m.a, m.b, x+m.after) -
		(m.r+x)*math.Log(m.alpha+m.unit.Of(float64(h.T))) + softplus(m.odds(h))
}

func (m betaGeometric) alive(h History) float64 { return logistic(-m.odds(h)) }

// survivor is what is known of a customer who has not left: her rate is from Gamma(k, rate), the probability to leave after a
// purchase from Beta(a, b).
type survivor struct{ k, rate, a, b float64 }

func (m betaGeometric) survivor(h History) survivor {
	return survivor{m.r + float64(h.X), m.alpha + m.unit.Of(float64(h.T)), m.a, m.b + float64(h.X) + m.after}
}

// stays is the probability that a survivor has not left after t: the mean of (1 + p t/rate)^-k, which is
// (1-z)^a 2F1(a, a+b-k; a+b; z) with z = t/(rate+t).
func (s survivor) stays(t float64) float64 {
	grown := math.Log1p(t / s.rate)
	if sum, ok := series2F1(s.a, s.a+s.b-s.k, s.a+s.b, t/(s.rate+t)); ok && s.a*grown < 500 {
		return min(1, max(0, math.Exp(-s.a*grown)*sum))
	}
	return min(1, max(0, betaMean(s.a, s.b, s.k*t/(s.rate+t), func(p, _ float64) float64 { return math.Exp(-s.k * math.Log1p(p*t/s.rate)) })))
}

// buys is the probability that a survivor buys within t. She can only leave by buying.
func (s survivor) buys(t float64) float64 { return -math.Expm1(-s.k * math.Log1p(t/s.rate)) }

// purchases is the number of purchases to expect of a survivor within t. Textbooks write it with a - 1 in the denominator;
// Euler's transformation of their hypergeometric function leaves, with e = a-1, z = t/(rate+t), l = ln(1-z), c = a+b-1 and
// q = c-k,
//
//	-[c (exp(e l) - 1)/e + exp(e l) Σ (1+e)_{n-1} (q)_n z^n / ((c+1)_{n-1} n!)],  n = 1, 2, …
//
// which is exact through a = 1 and does not overflow for any number of purchases.
func (s survivor) purchases(t float64) float64 {
	if t <= 0 {
		return 0
	}
	e, c := s.a-1, s.a+s.b-1
	q, z, l := c-s.k, t/(s.rate+t), -math.Log1p(t/s.rate)
	first, scale := c*expm1Over(e, l), math.Exp(e*l)
	term := q * z
	sum, size := term, math.Abs(term)
	for n := 1.0; n < maxTerms; n++ {
		ratio := (e + n) * (q + n) * z / ((c + n) * (n + 1))
		term *= ratio
		sum += term
		size += math.Abs(term)
		if !(math.Abs(ratio) < 1 && math.Abs(term) <= 1e-17*(1-max(z, ratio))*math.Abs(first/scale+sum) && q+n >= 0) {
			continue
		}
		if v := -(first + scale*sum); size < huge && v > cancellation*(math.Abs(first)+scale*size) {
			return min(v, s.k*t/s.rate)
		}
		break
	}
	return s.purchasesByQuadrature(t)
}

// purchasesByQuadrature is purchases where its series is long or loses digits: the mean of (1 - (1 + p t/rate)^-k) / p.
func (s survivor) purchasesByQuadrature(t float64) float64 {
	tau := t / s.rate
	v := betaMean(s.a, s.b, s.k*tau/(1+tau), func(p, _ float64) float64 {
		if p*tau < 1e-300 {
			return s.k * tau
		}
		return -math.Expm1(-s.k*math.Log1p(p*tau)) / p
	})
	return min(max(v, 0), s.k*tau)
}

// residual is purchases with each discounted at a continuous rate per unit of time, by parts:
// e^-δt E(t) + δ ∫ e^-δu E(u) du.
func (s survivor) residual(delta, t float64) float64 {
	if delta == 0 {
		return s.purchases(t)
	}
	// u = rate (e^v - 1) follows the purchases, which come ever more slowly.
	f := func(v float64) float64 {
		grown := math.Exp(v)
		u := s.rate * (grown - 1)
		return math.Exp(-delta*u) * s.purchases(u) * s.rate * grown
	}
	var integral float64
	if end := math.Log1p(t / s.rate); end <= 2 && delta*t <= 2 {
		l := shortLegendre()
		integral = l.integral(0, end, f)
	} else {
		l, knee := newLegendre(), min(end, math.Log1p(1/(delta*s.rate)))
		integral = l.integral(0, knee, f) + l.integral(knee, end, f)
	}
	return math.Exp(-delta*t)*s.purchases(t) + delta*integral
}

func (m betaGeometric) aliveAt(h History, days float64) float64 {
	return m.alive(h) * m.survivor(h).stays(m.unit.Of(horizon(days)))
}

func (m betaGeometric) expected(h History, days float64) float64 {
	return m.alive(h) * m.survivor(h).purchases(m.unit.Of(horizon(days)))
}

func (m betaGeometric) active(h History, days float64) float64 {
	return m.alive(h) * m.survivor(h).buys(m.unit.Of(horizon(days)))
}

func (m betaGeometric) mean(days float64) float64 {
	newcomer := survivor{m.r, m.alpha, m.a, m.b + m.after}
	stays := 1.0
	if m.after > 0 {
		stays = m.b / (m.a + m.b)
	}
	return stays * newcomer.purchases(m.unit.Of(horizon(days)))
}

func (m betaGeometric) residual(h History, annualRate, days float64) float64 {
	delta, t := m.unit.discount(annualRate, days)
	return m.alive(h) * m.survivor(h).residual(delta, t)
}

// pmf is the probability of n purchases of a new customer of BG/NBD within t (Fader, Hardie, Lee 2005, eq. 8). The second term
// is the upper tail of a negative binomial, which is an incomplete beta function.
func (m betaGeometric) pmf(n int, days float64) float64 {
	if n < 0 {
		return 0
	}
	t, x := m.unit.Of(horizon(days)), float64(n)
	if t == 0 {
		if n == 0 {
			return 1
		}
		return 0
	}
	p := math.Exp(logBetaRatio(m.a, m.b, x) + logRising(m.r, x) - logGamma(x+1) - m.r*math.Log1p(t/m.alpha) + x*math.Log(t/(m.alpha+t)))
	if n > 0 {
		left := math.Exp(math.Log(m.a) - math.Log(m.b+x-1) + logBetaRatio(m.a, m.b, x))
		p += left * mathext.RegIncBeta(x, m.r, t/(m.alpha+t))
	}
	return min(p, 1)
}
