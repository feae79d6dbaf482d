package btyd

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// logGamma is the logarithm of the gamma function of a positive number.
func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// logBetaRatio is ln B(a, b+n) - ln B(a, b).
func logBetaRatio(a, b, n float64) float64 {
	return logRising(b, n) - logRising(a+b, n)
}

// logRising is ln Γ(r+n) - ln Γ(r), the logarithm of r (r+1) … (r+n-1).
func logRising(r, n float64) float64 {
	if n == 0 {
		return 0
	}
	return logGamma(r+n) - logGamma(r)
}

// trigamma is the second derivative of logGamma.
func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// softplus is ln(1 + e^d), the logarithm of what a second term e^d adds to 1.
func softplus(d float64) float64 {
	if d > 0 {
		return d + math.Log1p(math.Exp(-d))
	}
	return math.Log1p(math.Exp(d))
}

// logistic is 1 / (1 + e^-d).
func logistic(d float64) float64 {
	if d < 0 {
		e := math.Exp(d)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-d))
}

// expm1Over is (e^(e·l) - 1) / e, and its limit l at e = 0.
func expm1Over(e, l float64) float64 {
	if math.Abs(e*l) < 1e-300 {
		return l
	}
	return math.Expm1(e*l) / e
}

// When quadrature takes over from a hypergeometric series: terms, the share of the sum that cancellation may leave, and the size
// of the terms above which a factor of the sum could be too small for a number.
const (
	maxTerms     = 600
	cancellation = 1e-3
	huge         = 1e100
)

// series2F1 sums the series of Gauss's hypergeometric function for 0 ≤ z < 1 and reports whether it has come to its end without losing digits.
func series2F1(a, b, c, z float64) (float64, bool) {
	term, sum, size := 1.0, 1.0, 1.0
	for n := 0.0; n < maxTerms; n++ {
		ratio := (a + n) * (b + n) / ((c + n) * (n + 1)) * z
		term *= ratio
		sum += term
		size += math.Abs(term)
		if math.Abs(ratio) < 1 && math.Abs(term) <= 1e-17*(1-max(z, ratio))*math.Abs(sum) && a+n >= 0 && b+n >= 0 || term == 0 {
			return sum, size < huge && math.Abs(sum) > cancellation*size
		}
	}
	return sum, false
}

// betaMean is the mean of g(p, 1-p) over p from Beta(a, b), for any a, b > 0 and a smooth g that is finite at both ends, where k
// is how fast ln g falls at p = 1: the trapezoid rule over the log odds of p, where it converges exponentially. Where a or b is
// small, most of Beta lies at the very ends, so the straight line through g(0), g(1) is taken out and its mean added.
func betaMean(a, b, k float64, g func(p, q float64) float64) float64 {
	var g0, g1, line float64
	if a < 1 || b < 1 {
		g0, g1 = g(0, 1), g(1, 0)
		line = (g0*b + g1*a) / (a + b)
	}
	// How narrow the product of weight and g can be: as narrow as the smaller of a and b makes the weight, unless g works against
	// it.
	curvature := min(a, b)
	if k > a {
		curvature = min(a, b+k)
	}
	h := min(0.25, 0.7/math.Sqrt(curvature))
	peak := math.Log(a / b)
	top := -a*math.Log1p(math.Exp(-peak)) - b*math.Log1p(math.Exp(peak))
	var sum, size, weight float64
	add := func(y float64) (small bool) {
		e := math.Exp(-math.Abs(y))
		p, q, lp, lq := 1/(1+e), e/(1+e), -math.Log1p(e), -math.Abs(y)-math.Log1p(e)
		if y < 0 {
			p, q, lp, lq = q, p, lq, lp
		}
		w := math.Exp(a*lp + b*lq - top)
		d := w * (g(p, q) - (g0*q + g1*p))
		sum, size, weight = sum+d, size+math.Abs(d), weight+w
		return math.Abs(d) <= 1e-18*size && w <= 1e-17*weight
	}
	add(peak)
	for y := peak + h; y < max(peak, 0)+45; y += h {
		if add(y) {
			break
		}
	}
	for y := peak - h; y > min(peak, 0)-45; y -= h {
		if add(y) {
			break
		}
	}
	if min(a, b) < 1 { // the weights reach beyond where g still changes
		weight = math.Exp(logGamma(a)+logGamma(b)-logGamma(a+b)-top) / h
	}
	return line + sum/weight
}
