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
	return m.Alive(h) * m.survivor(h).purchases(m.Per.Of(horizon(days)))
}

// Active implements Model.
func (m ParetoNBD) Active(h History, days float64) float64 {
	return m.Alive(h) * m.survivor(h).buys(m.Per.Of(horizon(days)))
}

func (m ParetoNBD) outlook(h History, days float64) (alive, active, expected float64) {
	alive = m.Alive(h)
	t, s := m.Per.Of(horizon(days)), m.survivor(h)
	return alive, alive * s.buys(t), alive * s.purchases(t)
}

// stayed is what is known of a customer who has not left: she buys at a rate from Gamma(k, a) and leaves at one from Gamma(s, b).
type stayed struct{ k, a, s, b float64 }

func (m ParetoNBD) survivor(h History) stayed {
	t := m.Per.Of(float64(h.T))
	return stayed{m.R + float64(h.X), m.Alpha + t, m.S, m.Beta + t}
}

// purchases is the number of purchases to expect within t.
func (c stayed) purchases(t float64) float64 {
	return c.k / c.a * c.b * -expm1Over(c.s-1, -math.Log1p(t/c.b))
}

// buys is the probability of a purchase within t: the integral over u from 0 to t of the density of the next purchase at u, were
// she never to leave, times the probability that she has not left by then.
func (c stayed) buys(t float64) float64 {
	first := min(c.a, c.b)
	shareA, shareB := first/c.a, first/c.b
	end := math.Log1p(t / first)
	if fall := (c.k+1)*shareA + c.s*shareB - 1; fall*end > cut {
		end = cut / fall
	}
	return min(1, c.k*shareA*newLegendre().integral(end, func(v float64) float64 {
		grown := math.Exp(v) - 1
		return math.Exp(v - (c.k+1)*math.Log(1+shareA*grown) - c.s*math.Log(1+shareB*grown))
	}))
}

// residual is the number of purchases to expect within t, discounted at a continuous rate per unit of time:
// k/a ∫ e^-δu (b/(b+u))^s du over v = ln((b+u)/b), in two parts at the knee of the discount.
func (c stayed) residual(delta, t float64) float64 {
	if delta == 0 {
		return c.purchases(t)
	}
	l := newLegendre()
	integral := func(from, to float64) float64 {
		return c.b * l.integral(to-from, func(v float64) float64 {
			v += from
			return math.Exp((1-c.s)*v - delta*c.b*(math.Exp(v)-1))
		})
	}
	last := math.Log1p(t / c.b)
	if fall := c.s - 1 + delta*c.b; fall*last > cut {
		last = cut / fall
	}
	knee := min(last, math.Log1p(1/(delta*c.b)))
	return c.k / c.a * (integral(0, knee) + integral(knee, last))
}

// Mean implements Model.
func (m ParetoNBD) Mean(days float64) float64 {
	return m.survivor(History{}).purchases(m.Per.Of(horizon(days)))
}

// Residual implements Model. Over an endless horizon it is the DERT of Fader, Hardie, Lee (2005b).
func (m ParetoNBD) Residual(h History, annualRate, days float64) float64 {
	delta, t := m.Per.discount(annualRate, days)
	return m.Alive(h) * m.survivor(h).residual(delta, t)
}
