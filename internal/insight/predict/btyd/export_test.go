package btyd

import "math"

// Hyp2F1 is Gauss's hypergeometric function for z < 1 where c > b > 0 or c > a > 0, by the series and
// the quadrature that the models use.
func Hyp2F1(a, b, c, z float64) float64 {
	if z < 0 { // Pfaff's transformation
		return math.Exp(-a*math.Log1p(-z)) * Hyp2F1(a, c-b, c, z/(z-1))
	}
	// Euler's transformation makes the terms fall faster.
	factor, u, v := 1.0, a, b
	if c < a+b {
		factor, u, v = math.Exp((c-a-b)*math.Log1p(-z)), c-a, c-b
	}
	if sum, ok := series2F1(u, v, c, z); ok {
		return factor * sum
	}
	// Otherwise Euler's integral, of that form whose function is the tamer one.
	for _, form := range [][3]float64{{u, v, factor}, {v, u, factor}, {a, b, 1}, {b, a, 1}} {
		if power, p := form[0], form[1]; 0 < p && p < c {
			return form[2] * betaMean(p, c-p, math.Abs(power), func(_, q float64) float64 { return math.Exp(-power * math.Log((1-z)+z*q)) })
		}
	}
	sum, _ := series2F1(u, v, c, z)
	return factor * sum
}

// PurchasesBothWays are the purchases to expect of a customer of BG/NBD who has not left, by the series and by quadrature.
func (m BGNBD) PurchasesBothWays(h History, days float64) (series, quadrature float64) {
	s, t := m.shared().survivor(h), m.Per.Of(days)
	return s.purchases(t), s.purchasesByQuadrature(t)
}

// BetaMean is the mean of g over Beta(a, b).
func BetaMean(a, b, k float64, g func(p, q float64) float64) float64 { return betaMean(a, b, k, g) }

// CovariateSlopes are value and gradient of what FitCovariates minimises, and its second derivatives.
func CovariateSlopes(cells []Cell, base ParetoNBD, point []float64) (value float64, gradient []float64, second [][]float64) {
	p := newCovariateObjective(cells, base, len(cells[0].Z), 1).at(point, true)
	for i := range point {
		line := make([]float64, len(point))
		for j := range line {
			line[j] = p.hessian.At(i, j)
		}
		second = append(second, line)
	}
	return p.value, p.gradient, second
}
