package btyd

// Name implements Model.
func (m BGNBD) Name() string { return NameBGNBD }

// Unit implements Model.
func (m BGNBD) Unit() Unit { return m.Per }

// Params implements Model.
func (m BGNBD) Params() []Param { return nil }

// LogLikelihood implements Model.
func (m BGNBD) LogLikelihood(h History) float64 { return 0 }

// Alive implements Model.
func (m BGNBD) Alive(h History) float64 { return 0 }

// AliveAt implements Model.
func (m BGNBD) AliveAt(h History, days float64) float64 { return 0 }

// Expected implements Model.
func (m BGNBD) Expected(h History, days float64) float64 { return 0 }

// Active implements Model.
func (m BGNBD) Active(h History, days float64) float64 { return 0 }

// Mean implements Model.
func (m BGNBD) Mean(days float64) float64 { return 0 }

// Residual implements Model.
func (m BGNBD) Residual(h History, annualRate, days float64) float64 { return 0 }

// PMF is the probability that a new customer makes exactly n repeat purchases within `days` of her first.
func (m BGNBD) PMF(n int, days float64) float64 { return 0 }

var _ = []Model{BGNBD{}, MBGNBD{}, ParetoNBD{}, NBD{}}
