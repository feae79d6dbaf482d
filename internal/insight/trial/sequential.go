package trial

import (
	"math"
	"slices"
)

// tightest is the number of customers at which the always valid interval is narrowest, in relation to that of Compare. 5,000
// is what GrowthBook uses by default.
const tightest = 5000

// AlwaysValid is an interval that holds however often and whenever people look, and stop when they like what they see: an
// asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, arXiv 2103.06476, equation 9, from the
// mixture test of Robbins 1970). n counts the customers of both groups. It is wider than Lo to Hi; ok is false where those are not
// known.
func (e Estimate) AlwaysValid(n int64) (lo, hi float64, ok bool) {
	if !e.Known || n < 1 {
		return 0, 0, false
	}
	rho2 := (-2*math.Log(Alpha) + math.Log(1-2*math.Log(Alpha))) / tightest
	nr := float64(n) * rho2
	// sqrt(SE²·n)·sqrt(2(nρ²+1)·ln(sqrt(nρ²+1)/α))/(nρ), with n·nρ² instead of (nρ)²/ρ²
	half := e.SE * math.Sqrt(2*(nr+1)*math.Log(math.Sqrt(nr+1)/Alpha)/nr)
	return e.Effect - half, e.Effect + half, true
}

// Holm returns the p values corrected for being several (Holm 1979, Scandinavian Journal of Statistics 6, 65): that any of them
// falls below Alpha without an effect is then as rare as for one. Bonferroni's correction would see less.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	corrected := make([]float64, len(p))
	most := 0.
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(len(p)-rank)))
		corrected[i] = most
	}
	return corrected
}
