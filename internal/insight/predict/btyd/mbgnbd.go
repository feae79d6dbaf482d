package btyd

// Name implements Model.
func (m MBGNBD) Name() string { return NameMBGNBD }

// Unit implements Model.
func (m MBGNBD) Unit() Unit { return m.Per }

// Params implements Model.
func (m MBGNBD) Params() []Param { return nil }

// LogLikelihood implements Model.
func (m MBGNBD) LogLikelihood(h History) float64 { return 0 }

// Alive implements Model.
func (m MBGNBD) Alive(h History) float64 { return 0 }

// AliveAt implements Model.
func (m MBGNBD) AliveAt(h History, days float64) float64 { return 0 }

// Expected implements Model.
func (m MBGNBD) Expected(h History, days float64) float64 { return 0 }

// Active implements Model.
func (m MBGNBD) Active(h History, days float64) float64 { return 0 }

// Mean implements Model.
func (m MBGNBD) Mean(days float64) float64 { return 0 }

// Residual implements Model.
func (m MBGNBD) Residual(h History, annualRate, days float64) float64 { return 0 }
