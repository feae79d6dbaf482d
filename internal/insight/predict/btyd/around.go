package btyd

import "math"

// Around are models as far from the estimates as these are unsure: two for each direction in which the logarithms of the parameters are
// uncorrelated, sqrt(n) standard errors to either side, n being the number of parameters. The mean square of how far anything differs
// between them and Model is its variance, also of what changes by steps, such as how many customers lie above a limit, where
// StdErr finds no slope. None where Fit.Cov is not known.
//
// Source: the sigma points of Julier and Uhlmann, Unscented filtering and nonlinear estimation, Proceedings of the IEEE 92 (2004).
func (f Fit) Around() []Model {
	errors, params := f.errors(), f.Model.Params()
	far := math.Sqrt(float64(len(params)))
	var all []Model
	for j := range params {
		if errors[j][j] == 0 {
			return nil
		}
		for _, sign := range []float64{-1, 1} {
			moved := make([]float64, len(params))
			for i := range params {
				moved[i] = params[i].Value * math.Exp(sign*far*errors[i][j])
			}
			all = append(all, build(f.Model.Name(), f.Model.Unit(), moved))
		}
	}
	return all
}
