package predict

import (
	"math"
)

// finite is v, and 0 where v is no number: JSON has none for it, and a person no use.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// within brings a probability into 0 to 1.
func within(p float64) float64 { return min(1, max(0, finite(p))) }

// round is the nearest whole number, halves away from zero, held within what an amount can be.
func round(v float64) int64 {
	const most = 1 << 53
	return int64(math.Round(min(most, max(-most, finite(v)))))
}

// pow10 is 10 to the n.
func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// z95 is how many standard deviations a normal interval of 95 % reaches to each side.
const z95 = 1.959963984540054

// wilson is the interval of 95 % of a share of k in n (Wilson 1927): it stays within 0 and 1 and says something also for 0 of n.
func wilson(k, n float64) (lo, hi float64) {
	if n <= 0 {
		return 0, 1
	}
	p, z2 := k/n, z95*z95
	mid := (p + z2/(2*n)) / (1 + z2/n)
	half := z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return max(0, mid-half), min(1, mid+half)
}
