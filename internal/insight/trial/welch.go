package trial

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// Level is the share of intervals that hold the true value, in the long run.
	Level = .95
	// Alpha is how often a measure without any effect may look as if it had one.
	Alpha = 1 - Level
	// Power is how often an effect of the size planned for is to be seen.
	Power = .80
)

// Estimate is a difference against the control group, in the unit of the outcome and per customer.
type Estimate struct {
	Effect float64 // mean of the arm less mean of the control group

	// Known tells that the spread could be measured. It is false when a group has fewer than two customers, and when all values
	// of both are the same: then only Effect means something, as far as both groups have anybody.
	Known  bool
	SE     float64 // standard error of Effect
	DF     float64 // degrees of freedom
	Lo, Hi float64 // the interval of Level
	P      float64 // how likely a difference as large or larger is without an effect, to both sides
}

// Sure tells that the interval does not hold 0.
func (e Estimate) Sure() bool { return e.Known && (e.Lo > 0 || e.Hi < 0) }

// times is the estimate in another unit: that of f customers, or in euros instead of cents.
func (e Estimate) times(f float64) Estimate {
	e.Effect, e.SE, e.Lo, e.Hi = e.Effect*f, e.SE*math.Abs(f), e.Lo*f, e.Hi*f
	if f < 0 {
		e.Lo, e.Hi = e.Hi, e.Lo
	}
	return e
}

// Total is what all n customers of the arm brought together.
func (e Estimate) Total(n int64) Estimate { return e.times(float64(n)) }

// Less takes off a cost that is known exactly.
func (e Estimate) Less(cost float64) Estimate {
	e.Effect, e.Lo, e.Hi = e.Effect-cost, e.Lo-cost, e.Hi-cost
	return e
}

// Compare is the plain difference of two means with its interval after Welch, which does not suppose that both groups spread
// equally (Welch 1947, Biometrika 34, 28; degrees of freedom after Satterthwaite 1946, Biometrics Bulletin 2, 110).
func Compare(control, arm Moments) Estimate {
	if control.N < 1 || arm.N < 1 {
		return Estimate{}
	}
	e := Estimate{Effect: arm.Mean - control.Mean}
	vc, va := control.varianceOfMean(), arm.varianceOfMean()
	se := math.Sqrt(vc + va)
	if control.N < 2 || arm.N < 2 || se == 0 {
		return e
	}
	// The shares keep the squares from running out of range.
	sc, sa := vc/(vc+va), va/(vc+va)
	e.Known, e.SE = true, se
	e.DF = 1 / (sc*sc/float64(control.N-1) + sa*sa/float64(arm.N-1))
	half := critical(e.DF) * se
	e.Lo, e.Hi = e.Effect-half, e.Effect+half
	e.P = twoSided(e.Effect/se, e.DF)
	return e
}

// twoSided is the chance of a Student t of that size or larger, to both sides.
func twoSided(t, df float64) float64 {
	return mathext.RegIncBeta(df/2, .5, df/(df+t*t))
}

// manyDF is from where on the first term of the expansion about the normal quantile (Abramowitz and Stegun 26.7.5) is exact to ten
// digits.
const manyDF = 1e5

// critical is how many standard errors to each side make the interval of Level.
func critical(df float64) float64 {
	if df > manyDF { // the inverse of the incomplete beta function loses digits there
		z := distuv.UnitNormal.Quantile(1 - Alpha/2)
		return z + (z*z*z+z)/(4*df)
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(1 - Alpha/2)
}

// Lift is the difference as a share of the mean of the control group.
type Lift struct {
	Known  bool // false where the mean of the control group is not above 0, and where the difference is not Known
	Share  float64
	Lo, Hi float64
}

// LiftOf is the relative difference with its interval by the delta method: the variance of the ratio m_a/m_c is
// v_a/m_c² + m_a²·v_c/m_c⁴ (Deng, Knoblich, Lu 2018, KDD, section 3.1), with the degrees of freedom of Compare.
func LiftOf(control, arm Moments) Lift {
	e := Compare(control, arm)
	if control.N < 1 || arm.N < 1 || control.Mean <= 0 {
		return Lift{}
	}
	l := Lift{Share: e.Effect / control.Mean}
	if !e.Known {
		return finiteLift(l)
	}
	ratio := arm.Mean / control.Mean
	half := critical(e.DF) * math.Sqrt(arm.varianceOfMean()+ratio*ratio*control.varianceOfMean()) / control.Mean
	l.Known, l.Lo, l.Hi = true, l.Share-half, l.Share+half
	return finiteLift(l)
}

// finiteLift gives up where the mean of the control group is so close to 0 that the share is no number.
func finiteLift(l Lift) Lift {
	for _, v := range []float64{l.Share, l.Lo, l.Hi} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Lift{}
		}
	}
	return l
}

// normal is an estimate of that variance whose degrees of freedom are many.
func normal(effect, variance float64) Estimate {
	e := Estimate{Effect: effect, Known: true, SE: math.Sqrt(variance), DF: 1e9}
	half := critical(e.DF) * e.SE
	e.Lo, e.Hi, e.P = effect-half, effect+half, twoSided(effect/e.SE, e.DF)
	return e
}
