package btyd

// Name implements Model.
func (m ParetoNBD) Name() string { return NameParetoNBD }

// Unit implements Model.
func (m ParetoNBD) Unit() Unit { return m.Per }

// Params implements Model.
func (m ParetoNBD) Params() []Param { return nil }

// LogLikelihood implements Model.
func (m ParetoNBD) LogLikelihood(h History) float64 { return 0 }

// Alive implements Model.
func (m ParetoNBD) Alive(h History) float64 { return 0 }

// AliveAt implements Model.
func (m ParetoNBD) AliveAt(h History, days float64) float64 { return 0 }

// Expected implements Model.
func (m ParetoNBD) Expected(h History, days float64) float64 { return 0 }

// Active implements Model.
func (m ParetoNBD) Active(h History, days float64) float64 { return 0 }

// Mean implements Model.
func (m ParetoNBD) Mean(days float64) float64 { return 0 }

// Residual implements Model.
func (m ParetoNBD) Residual(h History, annualRate, days float64) float64 { return 0 }
