package btyd

import "math"

// outlook is what is to be expected of a customer, and how it changes with the logarithms of the parameters: lines are alive,
// active, expected; columns are the parameters.
type outlook struct {
	alive, active, expected float64
	slopes                  [3][4]float64
}

// foreseer is a model that works out an outlook in one go. Without active the probability of a purchase is left out, which costs as much as
// all else.
type foreseer interface {
	outlook(h History, days float64, active bool) outlook
}

// newOutlook combines being there with what one who is there does: d are the log odds of having left, buys and purchases those of
// a customer who has not; the derivatives of d and of the logarithms of the other two are by the logarithms of the parameters.
func newOutlook(d, buys, purchases float64, dSlope, buysSlope, purchasesSlope [4]float64) outlook {
	alive := logistic(-d)
	o := outlook{alive: alive, active: alive * buys, expected: alive * purchases}
	for i := range dSlope {
		log := -(1 - alive) * dSlope[i] // of ln alive
		o.slopes[0][i] = o.alive * log
		o.slopes[1][i] = o.active * (log + buysSlope[i])
		o.slopes[2][i] = o.expected * (log + purchasesSlope[i])
	}
	return o
}

func (m NBD) outlook(h History, days float64, _ bool) outlook {
	k, a, t := m.R+float64(h.X), m.Alpha+m.Per.Of(float64(h.T)), m.Per.Of(horizon(days))
	buys, slope := gammaBuys(k, a, t)
	return newOutlook(math.Inf(-1), buys, k/a*t, [4]float64{},
		[4]float64{m.R * slope[0], m.Alpha * slope[1]}, [4]float64{m.R / k, -m.Alpha / a})
}

// gammaBuys is the probability of a purchase within t at a rate from Gamma(k, a), and how its logarithm changes with k and a.
func gammaBuys(k, a, t float64) (buys float64, slope [2]float64) {
	grown := math.Log1p(t / a)
	none := math.Exp(-k * grown)
	if buys = -math.Expm1(-k * grown); buys > 0 {
		slope = [2]float64{none * grown / buys, -k * none * t / (a * (a + t)) / buys}
	}
	return buys, slope
}

func (m BGNBD) outlook(h History, days float64, _ bool) outlook  { return m.shared().outlook(h, days) }
func (m MBGNBD) outlook(h History, days float64, _ bool) outlook { return m.shared().outlook(h, days) }

func (m betaGeometric) outlook(h History, days float64) outlook {
	s, t := m.survivor(h), m.unit.Of(horizon(days))
	var d [4]float64
	odds := m.odds(h)
	if !math.IsInf(odds, -1) {
		last := m.alpha + m.unit.Of(float64(h.Tx))
		d = [4]float64{m.r * (math.Log(s.rate) - math.Log(last)), m.alpha * s.k * (1/s.rate - 1/last), 1, -m.b / (s.b - 1)}
	}
	buys, slope := gammaBuys(s.k, s.rate, t)
	purchases := s.purchases(t)
	return newOutlook(odds, buys, purchases, d,
		[4]float64{m.r * slope[0], m.alpha * slope[1]},
		s.slopes(t, purchases, m.r/s.k, m.alpha/s.rate, 1, m.b/s.b))
}

// slopes are the derivatives of ln purchases by the logarithms of k, rate, a and b, each times its factor: by differences, since
// those of a hypergeometric function by its parameters have no short form.
func (s survivor) slopes(t, purchases float64, factors ...float64) (slopes [4]float64) {
	if !(purchases > 0) {
		return slopes
	}
	const step = 1e-5
	near := [4]survivor{s, s, s, s}
	near[0].k *= 1 + step
	near[1].rate *= 1 + step
	near[2].a *= 1 + step
	near[3].b *= 1 + step
	for i, n := range near {
		slopes[i] = (n.purchases(t)/purchases - 1) / step * factors[i]
	}
	return slopes
}

func (m ParetoNBD) outlook(h History, days float64, active bool) outlook {
	s, t, nodes := m.survivor(h), m.Per.Of(horizon(days)), newLegendre()
	odds, d := math.Inf(-1), [4]float64{}
	if h.T > h.Tx {
		buys, leaves := m.sides(h)
		in := newIntegrals(buys, leaves)
		in.first(&nodes)
		odds = math.Log(m.S*in.value*leaves.inverse) + s.k*buys.span + m.S*leaves.span
		d = [4]float64{m.R * (buys.span - in.mean[0]), m.Alpha * s.k * (1/s.a - in.mean[1]),
			1 + m.S*(leaves.span-in.mean[2]), m.Beta * (m.S/s.b - (m.S+1)*in.mean[3])}
	}
	purchases := s.purchases(t)
	if !(t > 0) {
		return newOutlook(odds, 0, 0, d, [4]float64{}, [4]float64{})
	}
	byB, byS := s.purchasesSlopes(t, purchases)
	purchasesSlope := [4]float64{m.R / s.k, -m.Alpha / s.a, m.S * byS, m.Beta * byB}
	if !active {
		return newOutlook(odds, 0, purchases, d, [4]float64{}, purchasesSlope)
	}
	next, factor := s.next(t)
	next.first(&nodes)
	return newOutlook(odds, min(1, factor*next.value), purchases, d,
		[4]float64{m.R * (1/s.k - next.mean[0]), m.Alpha * (s.k/s.a - (s.k+1)*next.mean[1]),
			-m.S * next.mean[2], m.Beta * m.S * (1/s.b - next.mean[3])}, purchasesSlope)
}

// purchasesSlopes are the derivatives of ln purchases by b and s.
func (c stayed) purchasesSlopes(t, purchases float64) (byB, byS float64) {
	grown, e := math.Log1p(t/c.b), c.s-1
	time := purchases * c.a / c.k // that she can be expected to stay of t
	// time is of first degree in b and t together, and its derivative by t is (b/(b+t))^s.
	byB = (1 - t*math.Exp(-c.s*grown)/time) / c.b
	if y := e * grown; math.Abs(y) < 1e-4 {
		byS = c.b * grown * grown * (-0.5 + y/3 - y*y/8)
	} else {
		byS = c.b * (y*math.Exp(-y) + math.Expm1(-y)) / (e * e)
	}
	return byB, byS / time
}
