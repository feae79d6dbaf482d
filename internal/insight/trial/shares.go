package trial

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// SharesWrong is the p value below which the arms cannot have been filled as drawn, and no result may be read: somebody lost
// customers of one arm on the way, and those who were lost are seldom like the others (Fabijan et al. 2019, KDD, "Diagnosing
// Sample Ratio Mismatch").
const SharesWrong = .001

// SampleRatio is the chance that counts stray as far from the planned shares as they do: Pearson's chi-square with one degree of
// freedom less than there are arms. Shares are in relation to their sum. ok is false with fewer than two arms, without customers and where
// the shares cannot be.
func SampleRatio(counts []int64, shares []float64) (p float64, ok bool) {
	if len(counts) < 2 || len(counts) != len(shares) {
		return 0, false
	}
	var n, sum float64
	for i, s := range shares {
		if counts[i] < 0 || s < 0 || math.IsNaN(s) || math.IsInf(s, 0) {
			return 0, false
		}
		n += float64(counts[i])
		sum += s
	}
	if n == 0 || sum <= 0 || math.IsInf(sum, 0) {
		return 0, false
	}
	chi2, arms := 0., 0
	for i, s := range shares {
		expected := n * (s / sum)
		if expected == 0 {
			if counts[i] > 0 {
				return 0, true // somebody is in an arm that nobody was drawn for
			}
			continue
		}
		d := float64(counts[i]) - expected
		chi2 += d * d / expected
		arms++
	}
	if arms < 2 {
		return 1, true
	}
	if math.IsInf(chi2, 0) {
		return 0, true
	}
	return mathext.GammaIncRegComp(float64(arms-1)/2, chi2/2), true
}
