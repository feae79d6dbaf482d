package btyd

import "math"

// NBD buys at a rate from Gamma(R, Alpha) and never leaves.
type NBD struct {
	R, Alpha float64
	Per      Unit // unit of Alpha
}

// Name implements Model.
func (m NBD) Name() string { return NameNBD }

// Unit implements Model.
func (m NBD) Unit() Unit { return m.Per }

// Params implements Model: r, alpha.
func (m NBD) Params() []Param { return []Param{{"r", m.R}, {"alpha", m.Alpha}} }

// LogLikelihood implements Model.
func (m NBD) LogLikelihood(h History) float64 {
	x, t := float64(h.X), m.Per.Of(float64(h.T))
	return logRising(m.R, x) - m.R*math.Log1p(t/m.Alpha) - x*math.Log(m.Alpha+t)
}

// Alive implements Model: 1.
func (m NBD) Alive(History) float64 { return 1 }

// AliveAt implements Model: 1.
func (m NBD) AliveAt(History, float64) float64 { return 1 }

// rate is the number of purchases to expect in one unit of time.
func (m NBD) rate(h History) float64 {
	return (m.R + float64(h.X)) / (m.Alpha + m.Per.Of(float64(h.T)))
}

// Expected implements Model.
func (m NBD) Expected(h History, days float64) float64 { return m.rate(h) * m.Per.Of(horizon(days)) }

// Active implements Model.
func (m NBD) Active(h History, days float64) float64 {
	return -math.Expm1(-(m.R + float64(h.X)) * math.Log1p(m.Per.Of(horizon(days))/(m.Alpha+m.Per.Of(float64(h.T)))))
}

// Mean implements Model.
func (m NBD) Mean(days float64) float64 { return m.R / m.Alpha * m.Per.Of(horizon(days)) }

// Residual implements Model.
func (m NBD) Residual(h History, annualRate, days float64) float64 {
	delta, t := m.Per.discount(annualRate, days)
	return m.rate(h) * -expm1Over(delta, -t) // ∫ e^-δu du
}
