package trial

import (
	"container/heap"
	"math"
)

// CapShare is the share of all customers of all arms whose outcome counts in full; what the rest brought counts as much as
// theirs. The quantile is that of all customers pooled, those who bought nothing included, as is common
// (Kohavi, Tang, Xu 2020, Trustworthy Online Controlled Experiments, chapter 22; GrowthBook's percentile capping). One limit for
// all arms keeps the comparison fair. Where so few bought that this quantile is 0, it is that of the positive outcomes.
const CapShare = .999

// CUPED takes off what was foreseeable from the time before: outcome - theta·(before - mean), theta = cov/var over all arms pooled
// (Deng, Xu, Kohavi, Walker 2013, WSDM, equation 4 and appendix). Means stay comparable because before cannot depend on the arm.
type CUPED struct {
	Theta       float64
	Correlation float64 // of before and outcome, all arms pooled
	center      float64
}

// NewCUPED returns how to adjust; false where before is the same for everybody, so that nothing can be gained.
func NewCUPED(arms ...Joint) (CUPED, bool) {
	var all Joint
	for _, j := range arms {
		all.Merge(j)
	}
	if all.Outcome.N < 2 || all.Before.M2 <= 0 {
		return CUPED{}, false
	}
	c := CUPED{Theta: all.C / all.Before.M2, center: all.Before.Mean}
	if root := math.Sqrt(all.Before.M2) * math.Sqrt(all.Outcome.M2); root > 0 {
		c.Correlation = max(-1, min(1, all.C/root))
	}
	if math.IsNaN(c.Theta) || math.IsInf(c.Theta, 0) {
		return CUPED{}, false
	}
	return c, true
}

// Adjust returns the moments of the adjusted outcome of an arm.
func (c CUPED) Adjust(j Joint) Moments { return j.adjusted(c.Theta, c.center) }

// Gain is the share of customers that an adjustment saves: with it as few give the same certainty. Negative where it does harm, 0
// where one of both is not known.
func Gain(raw, adjusted Estimate) float64 {
	if !raw.Known || !adjusted.Known {
		return 0
	}
	r := adjusted.SE / raw.SE
	return 1 - r*r
}

// Gatherer gathers the outcomes of several arms in one pass. It keeps the moments of all and, of single values, only the one in a
// thousand that a limit could cut, so its memory does not grow with the rest.
type Gatherer struct {
	room     int // how many of the greatest are kept
	positive int64
	n        int64
	below    []Joint // by arm, what is not kept
	top      greatest
}

// pair is one customer.
type pair struct {
	outcome, before float64
	arm             int
}

// NewGatherer makes room for so many customers in all arms together. Where many more come, Winsorised cannot tell its limit.
func NewGatherer(customers int64) *Gatherer {
	return &Gatherer{room: int(float64(customers)*(1-CapShare)) + 3}
}

// Add counts a customer of an arm, which are counted from 0; before is 0 where nothing is known of the time before.
func (g *Gatherer) Add(arm int, outcome, before float64) {
	for arm >= len(g.below) {
		g.below = append(g.below, Joint{})
	}
	g.n++
	if outcome > 0 {
		g.positive++
	}
	p := pair{outcome, before, arm}
	if len(g.top) < g.room {
		heap.Push(&g.top, p)
		return
	}
	if outcome > g.top[0].outcome {
		p, g.top[0] = g.top[0], p
		heap.Fix(&g.top, 0)
	}
	g.below[p.arm].Add(p.outcome, p.before)
}

// Arms returns the moments of each arm as they are.
func (g *Gatherer) Arms() []Joint { return g.arms(math.Inf(1)) }

func (g *Gatherer) arms(limit float64) []Joint {
	all := append([]Joint(nil), g.below...)
	for _, p := range g.top {
		all[p.arm].Add(min(p.outcome, limit), p.before)
	}
	return all
}

// Winsorised returns the moments of each arm with what lies above the limit cut to it, and the limit. ok is false where nobody has
// an outcome, or more came than were foretold.
func (g *Gatherer) Winsorised() (arms []Moments, limit float64, ok bool) {
	limit, ok = g.limit()
	if !ok {
		return nil, 0, false
	}
	for _, j := range g.arms(limit) {
		arms = append(arms, j.Outcome)
	}
	return arms, limit, true
}

// limit is the quantile of CapShare, interpolated between the two values next to it (type 7 of Hyndman and Fan 1996).
func (g *Gatherer) limit() (float64, bool) {
	if g.n == 0 {
		return 0, false
	}
	v, ok := g.quantile(g.n)
	if ok && v <= 0 && g.positive > 0 {
		return g.quantile(g.positive)
	}
	return v, ok
}

// quantile is that of the n greatest.
func (g *Gatherer) quantile(n int64) (float64, bool) {
	place := float64(n-1) * (1 - CapShare) // from the top
	low := int(place) + 1                  // place of the lower neighbour
	sorted := g.top.sorted()
	if int64(low) >= n {
		low = int(n - 1)
	}
	if low >= len(sorted) {
		return 0, false
	}
	high := sorted[int(place)]
	return high - (high-sorted[low])*(place-math.Floor(place)), true
}
