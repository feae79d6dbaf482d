package btyd

import "math"

// ParetoNBD buys at a rate from Gamma(R, Alpha) and leaves at any time, at a rate from Gamma(S, Beta).
type ParetoNBD struct {
	R, Alpha, S, Beta float64
	Per               Unit // unit of Alpha and Beta
}

// Name implements Model.
func (m ParetoNBD) Name() string { return NameParetoNBD }

// Unit implements Model.
func (m ParetoNBD) Unit() Unit { return m.Per }

// Params implements Model: r, alpha, s, beta.
func (m ParetoNBD) Params() []Param {
	return []Param{{"r", m.R}, {"alpha", m.Alpha}, {"s", m.S}, {"beta", m.Beta}}
}

// cut is how many powers of e an integrand may fall before it is left out.
const cut = 45

// odds is the logarithm of the odds that she has left: of
//
//	s ∫ ((alpha+T)/(alpha+u))^(r+x) ((beta+T)/(beta+u))^s du/(beta+u),  u from t_x to T,
//
// by Gauss-Legendre over v = ln((c+u)/(c+t_x)), c the smaller of alpha and beta. The usual form with Gauss's hypergeometric
// function overflows for buyers with many purchases.
func (m ParetoNBD) odds(h History) float64 {
	k, t, tx := m.R+float64(h.X), m.Per.Of(float64(h.T)), m.Per.Of(float64(h.Tx))
	c := min(m.Alpha, m.Beta)
	shareA, shareB := (c+tx)/(m.Alpha+tx), (c+tx)/(m.Beta+tx)
	end := math.Log1p((t - tx) / (c + tx))
	if end <= 0 {
		return math.Inf(-1)
	}
	if fall := k*shareA + (m.S+1)*shareB - 1; fall*end > cut {
		end = cut / fall
	}
	q := newLegendre().integral(end, func(v float64) float64 {
		grown := math.Exp(v) - 1
		return math.Exp(v - k*math.Log(1+shareA*grown) - (m.S+1)*math.Log(1+shareB*grown))
	})
	return math.Log(m.S) + math.Log(shareB) + math.Log(q) +
		k*math.Log1p((t-tx)/(m.Alpha+tx)) + m.S*math.Log1p((t-tx)/(m.Beta+tx))
}

// LogLikelihood implements Model.
func (m ParetoNBD) LogLikelihood(h History) float64 {
	x, t := float64(h.X), m.Per.Of(float64(h.T))
	return logRising(m.R, x) - m.R*math.Log1p(t/m.Alpha) - x*math.Log(m.Alpha+t) - m.S*math.Log1p(t/m.Beta) + softplus(m.odds(h))
}

// Alive implements Model.
func (m ParetoNBD) Alive(h History) float64 { return logistic(-m.odds(h)) }

// AliveAt implements Model.
func (m ParetoNBD) AliveAt(h History, days float64) float64 {
	t := m.Per.Of(horizon(days))
	return m.Alive(h) * math.Exp(-m.S*math.Log1p(t/(m.Beta+m.Per.Of(float64(h.T)))))
}

// Expected implements Model.
func (m ParetoNBD) Expected(h History, days float64) float64 {
	t := m.Per.Of(float64(h.T))
	return m.Alive(h) * m.purchases(m.R+float64(h.X), m.Alpha+t, m.Beta+t, m.Per.Of(horizon(days)))
}

// purchases is the number of purchases to expect within t of a customer who has not left, whose rates are from Gamma(k, a) and
// Gamma(S, b).
func (m ParetoNBD) purchases(k, a, b, t float64) float64 {
	return k / a * b * -expm1Over(m.S-1, -math.Log1p(t/b))
}

// Active implements Model: the integral over u from 0 to t of the density of the next purchase at u, were she never to leave,
// times the probability that she has not left by then.
func (m ParetoNBD) Active(h History, days float64) float64 {
	t0, t := m.Per.Of(float64(h.T)), m.Per.Of(horizon(days))
	k, a, b := m.R+float64(h.X), m.Alpha+t0, m.Beta+t0
	c := min(a, b)
	shareA, shareB := c/a, c/b
	end := math.Log1p(t / c)
	if fall := (k+1)*shareA + m.S*shareB - 1; fall*end > cut {
		end = cut / fall
	}
	buys := k * shareA * newLegendre().integral(end, func(v float64) float64 {
		grown := math.Exp(v) - 1
		return math.Exp(v - (k+1)*math.Log(1+shareA*grown) - m.S*math.Log(1+shareB*grown))
	})
	return m.Alive(h) * min(buys, 1)
}

// Mean implements Model.
func (m ParetoNBD) Mean(days float64) float64 {
	return m.purchases(m.R, m.Alpha, m.Beta, m.Per.Of(horizon(days)))
}

// Residual implements Model. Over an endless horizon it is the DERT of Fader, Hardie, Lee (2005b).
func (m ParetoNBD) Residual(h History, annualRate, days float64) float64 {
	t := m.Per.Of(float64(h.T))
	delta, end := m.Per.discount(annualRate, days)
	k, a, b := m.R+float64(h.X), m.Alpha+t, m.Beta+t
	if delta == 0 {
		return m.Alive(h) * m.purchases(k, a, b, end)
	}
	// ∫ e^-δu (b/(b+u))^s du over v = ln((b+u)/b), in two parts at the knee of the discount
	l := newLegendre()
	integral := func(from, to float64) float64 {
		return b * l.integral(to-from, func(v float64) float64 {
			v += from
			return math.Exp((1-m.S)*v - delta*b*(math.Exp(v)-1))
		})
	}
	last := math.Log1p(end / b)
	if fall := m.S - 1 + delta*b; fall*last > cut {
		last = cut / fall
	}
	knee := min(last, math.Log1p(1/(delta*b)))
	return m.Alive(h) * k / a * (integral(0, knee) + integral(knee, last))
}
