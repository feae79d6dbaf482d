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

// odds is the logarithm of the odds that she has left: of
//
//	s ∫ ((alpha+T)/(alpha+u))^(r+x) ((beta+T)/(beta+u))^s du/(beta+u),  u from t_x to T.
func (m ParetoNBD) odds(h History) float64 {
	buys, leaves := m.sides(h)
	if h.T == h.Tx {
		return math.Inf(-1)
	}
	in, nodes := newIntegrals(buys, leaves), newLegendre()
	return math.Log(m.S*in.alone(&nodes)*leaves.inverse) + buys.power*buys.span + m.S*leaves.span
}

// sides are the factors of that integral, of buying and of leaving, from t_x on.
func (m ParetoNBD) sides(h History) (buys, leaves side) {
	tx, silent := m.Per.Of(float64(h.Tx)), m.Per.Of(float64(h.T-h.Tx))
	return newSide(m.Alpha+tx, m.R+float64(h.X), silent), newSide(m.Beta+tx, m.S+1, silent)
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

// next is the density of the next purchase at u, were she never to leave, times the probability that she has not left by then,
// as two sides and what they are to be multiplied by.
func (c stayed) next(t float64) (in integrals, factor float64) {
	return newIntegrals(newSide(c.a, c.k+1, t), newSide(c.b, c.s, t)), c.k / c.a
}

// buys is the probability of a purchase within t.
func (c stayed) buys(t float64) float64 {
	in, factor := c.next(t)
	nodes := newLegendre()
	return min(1, factor*in.alone(&nodes))
}

// residual is the number of purchases to expect within t, discounted at a continuous rate per unit of time:
// k/a ∫ e^-δu (b/(b+u))^s du over v = ln((b+u)/b), in two parts at the knee of the discount.
func (c stayed) residual(delta, t float64) float64 {
	if delta == 0 {
		return c.purchases(t)
	}
	f := func(v float64) float64 { return math.Exp((1-c.s)*v - delta*c.b*(math.Exp(v)-1)) }
	last := math.Log1p(t / c.b)
	if last <= 2 && delta*t <= 2 {
		l := shortLegendre()
		return c.k / c.a * c.b * l.integral(0, last, f)
	}
	if fall := c.s - 1 + delta*c.b; fall*last > cut {
		last = cut / fall
	}
	l, knee := newLegendre(), min(last, math.Log1p(1/(delta*c.b)))
	return c.k / c.a * c.b * (l.integral(0, knee, f) + l.integral(knee, last, f))
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
