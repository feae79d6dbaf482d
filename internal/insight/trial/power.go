package trial

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// MDE is the smallest effect per customer that a measure with so many customers sees in Power of all cases, at Alpha to both
// sides: (t_1-α/2 + t_power)·sd·sqrt(1/n_c + 1/n_a) (Bloom 1995, Evaluation Review 19(5), 547). sd is that of customers left
// alone: before a measure nothing else is known. ok is false where a group has fewer than two customers or sd is 0.
func MDE(control, arm int64, sd float64) (effect float64, ok bool) {
	if control < 2 || arm < 2 || sd <= 0 {
		return 0, false
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(control + arm - 2)}
	return (t.Quantile(1-Alpha/2) + t.Quantile(Power)) * sd * math.Sqrt(1/float64(control)+1/float64(arm)), true
}

// PowerOf is how often an effect of that size is seen.
func PowerOf(effect float64, control, arm int64, sd float64) float64 {
	if control < 2 || arm < 2 || sd <= 0 {
		return 0
	}
	z := math.Abs(effect) / (sd * math.Sqrt(1/float64(control)+1/float64(arm)))
	c := distuv.UnitNormal.Quantile(1 - Alpha/2)
	return distuv.UnitNormal.CDF(z-c) + distuv.UnitNormal.CDF(-z-c)
}

// both are the standard errors between 0 and an effect that is seen in Power of all cases.
func both() float64 {
	return distuv.UnitNormal.Quantile(1-Alpha/2) + distuv.UnitNormal.Quantile(Power)
}

// mostCustomers bounds what the planner asks for.
const mostCustomers = 1e12

// Customers is how many customers in all it takes to see an effect, a share of them left alone. ok is false where the share is
// not between 0 and 1, the effect 0, and where the answer would be absurd.
func Customers(effect, sd, control float64) (n int64, ok bool) {
	if !(control > 0 && control < 1) || effect == 0 || sd <= 0 {
		return 0, false
	}
	r := both() * sd / effect
	need := math.Ceil(r * r * (1/control + 1/(1-control)))
	if math.IsNaN(need) || need > mostCustomers {
		return 0, false
	}
	return max(int64(need), 4), true
}

// ControlShare is the smallest share of n customers that has to be left alone to see an effect; ok is false where even half of them do
// not do.
func ControlShare(effect, sd float64, n int64) (share float64, ok bool) {
	if n < 4 || effect == 0 || sd <= 0 {
		return 0, false
	}
	// 1/(n·s) + 1/(n·(1-s)) = w gives s·(1-s) = 1/(n·w).
	d := effect / (both() * sd)
	product := 1 / (float64(n) * d * d)
	if math.IsNaN(product) || product > .25 {
		return 0, false
	}
	s := (1 - math.Sqrt(1-4*product)) / 2
	return max(s, 2/float64(n)), true
}

// mostMore bounds what is said about deciding: beyond it the honest answer is that it cannot be told.
const mostMore = 100

// More is how much more it would take until the interval leaves 0, if the effect stays as it was measured. With it the chance to see
// the effect is about one half; it is an outlook, not a plan.
func (e Estimate) More() (times float64, ok bool) {
	if !e.Known || e.Effect == 0 || e.Sure() {
		return 0, false
	}
	r := (e.Hi - e.Lo) / 2 / e.Effect
	times = r * r
	return times, times <= mostMore
}
