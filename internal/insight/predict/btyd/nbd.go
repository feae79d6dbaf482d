package btyd

// Name implements Model.
func (m NBD) Name() string { return NameNBD }

// Unit implements Model.
func (m NBD) Unit() Unit { return m.Per }

// Params implements Model.
func (m NBD) Params() []Param { return nil }

// LogLikelihood implements Model.
func (m NBD) LogLikelihood(h History) float64 { return 0 }

// Alive implements Model.
func (m NBD) Alive(h History) float64 { return 0 }

// AliveAt implements Model.
func (m NBD) AliveAt(h History, days float64) float64 { return 0 }

// Expected implements Model.
func (m NBD) Expected(h History, days float64) float64 { return 0 }

// Active implements Model.
func (m NBD) Active(h History, days float64) float64 { return 0 }

// Mean implements Model.
func (m NBD) Mean(days float64) float64 { return 0 }

// Residual implements Model.
func (m NBD) Residual(h History, annualRate, days float64) float64 { return 0 }
