package btyd

// BGNBD buys at a rate from Gamma(R, Alpha) and leaves after each repeat purchase with a probability from Beta(A, B).
type BGNBD struct {
	R, Alpha, A, B float64
	Per            Unit // unit of Alpha
}

// MBGNBD is BGNBD that can also leave after the first purchase.
type MBGNBD struct {
	R, Alpha, A, B float64
	Per            Unit // unit of Alpha
}

func (m BGNBD) shared() betaGeometric  { return betaGeometric{m.R, m.Alpha, m.A, m.B, 0, m.Per} }
func (m MBGNBD) shared() betaGeometric { return betaGeometric{m.R, m.Alpha, m.A, m.B, 1, m.Per} }

// PMF is the probability that a new customer makes exactly n repeat purchases within `days` of her first.
func (m BGNBD) PMF(n int, days float64) float64 { return m.shared().pmf(n, days) }

// Name implements Model.
func (m BGNBD) Name() string { return NameBGNBD }

// Unit implements Model.
func (m BGNBD) Unit() Unit { return m.Per }

// Params implements Model: r, alpha, a, b.
func (m BGNBD) Params() []Param { return m.shared().params() }

// LogLikelihood implements Model.
func (m BGNBD) LogLikelihood(h History) float64 { return m.shared().logLikelihood(h) }

// Alive implements Model.
func (m BGNBD) Alive(h History) float64 { return m.shared().alive(h) }

// AliveAt implements Model.
func (m BGNBD) AliveAt(h History, days float64) float64 { return m.shared().aliveAt(h, days) }

// Expected implements Model.
func (m BGNBD) Expected(h History, days float64) float64 { return m.shared().expected(h, days) }

// Active implements Model.
func (m BGNBD) Active(h History, days float64) float64 { return m.shared().active(h, days) }

// Mean implements Model.
func (m BGNBD) Mean(days float64) float64 { return m.shared().mean(days) }

// Residual implements Model.
func (m BGNBD) Residual(h History, annualRate, days float64) float64 {
	return m.shared().residual(h, annualRate, days)
}

// Name implements Model.
func (m MBGNBD) Name() string { return NameMBGNBD }

// Unit implements Model.
func (m MBGNBD) Unit() Unit { return m.Per }

// Params implements Model: r, alpha, a, b.
func (m MBGNBD) Params() []Param { return m.shared().params() }

// LogLikelihood implements Model.
func (m MBGNBD) LogLikelihood(h History) float64 { return m.shared().logLikelihood(h) }

// Alive implements Model.
func (m MBGNBD) Alive(h History) float64 { return m.shared().alive(h) }

// AliveAt implements Model.
func (m MBGNBD) AliveAt(h History, days float64) float64 { return m.shared().aliveAt(h, days) }

// Expected implements Model.
func (m MBGNBD) Expected(h History, days float64) float64 { return m.shared().expected(h, days) }

// Active implements Model.
func (m MBGNBD) Active(h History, days float64) float64 { return m.shared().active(h, days) }

// Mean implements Model.
func (m MBGNBD) Mean(days float64) float64 { return m.shared().mean(days) }

// Residual implements Model.
func (m MBGNBD) Residual(h History, annualRate, days float64) float64 {
	return m.shared().residual(h, annualRate, days)
}
