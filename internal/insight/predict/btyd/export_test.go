package btyd

// Hyp2F1 opens hyp2F1 to the tests.
func Hyp2F1(a, b, c, z float64) float64 { return hyp2F1(a, b, c, z) }

// BetaMean opens betaMean to the tests.
func BetaMean(a, b, k float64, g func(p, q float64) float64) float64 { return betaMean(a, b, k, g) }
