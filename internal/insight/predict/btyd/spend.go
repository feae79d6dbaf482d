package btyd

import "context"

// Spend is the mean value of the repeat purchases of N customers with the same history of value.
type Spend struct {
	X    int32   // repeat purchases
	Mean float64 // mean value of a repeat purchase, in any currency unit
	N    int64
}

// GammaGamma is the value of a purchase: each customer has her own mean, that of all is a distribution. V is in the currency
// of Spend.Mean.
type GammaGamma struct{ P, Q, V float64 }

// SpendFit is a fitted GammaGamma.
type SpendFit struct {
	Model    GammaGamma
	Status   Status // OK or TooFew (then every customer is expected to spend the mean of all)
	SE       []float64
	Cov      [][]float64
	LL       float64
	N        int64   // customers fitted: those with X > 0 and Mean > 0
	Corr     float64 // correlation of X and Mean; the model assumes 0
	Warnings []Warning
}

// FitGammaGamma fits to the customers with X > 0 and a positive mean; the others are left out. It fails only when ctx ends.
func FitGammaGamma(ctx context.Context, spends []Spend) (SpendFit, error) { return SpendFit{}, nil }

// Params are p, q, v.
func (g GammaGamma) Params() []Param { return nil }

// Conditional is the value to expect of a purchase of a customer with x repeat purchases of this mean; Population where x is 0
// or the mean is not positive.
func (g GammaGamma) Conditional(x int32, mean float64) float64 { return 0 }

// Population is the mean value of a purchase over all customers.
func (g GammaGamma) Population() float64 { return 0 }
