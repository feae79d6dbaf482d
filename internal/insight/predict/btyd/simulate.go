package btyd

import (
	"math"
	"math/rand/v2"
)

// Simulate draws the history of a customer of Pareto/NBD or NBD who is watched for so many days: purchases of one day are one. Of
// another model she never buys.
func Simulate(m Model, dice *rand.Rand, days int32) History {
	h := History{T: max(0, days)}
	rate, lifetime := 0.0, math.Inf(1)
	switch m := m.(type) {
	case ParetoNBD:
		rate = drawGamma(dice, m.R, m.Alpha)
		lifetime = -math.Log(1-dice.Float64()) / drawGamma(dice, m.S, m.Beta)
	case NBD:
		rate = drawGamma(dice, m.R, m.Alpha)
	}
	if !(rate > 0) {
		return h
	}
	unit := float64(m.Unit())
	for at := 0.0; ; {
		at -= math.Log(1-dice.Float64()) / rate
		if day := math.Ceil(at * unit); at > lifetime || day > float64(h.T) {
			return h
		} else if int32(day) > h.Tx {
			h.X, h.Tx = h.X+1, int32(day)
		} else {
			// A rate of hundreds a day: on to the next day, which it has a purchase for.
			at = max(at, float64(h.Tx)/unit)
		}
	}
}

// drawGamma draws from Gamma(shape, rate) (Marsaglia, Tsang 2000), at least the smallest positive number.
func drawGamma(dice *rand.Rand, shape, rate float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(dice.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	for {
		z := dice.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-dice.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return max(d*v*boost/rate, math.SmallestNonzeroFloat64)
		}
	}
}
