package btyd

import (
	"cmp"
	"math"
	"slices"
)

// Accuracy says how well predicted numbers of purchases, or amounts of money, met the actual ones.
type Accuracy struct {
	N         int
	Predicted float64 // total
	Actual    float64 // total
	Bias      float64 // of the total in percent of the actual; 0 if nothing was bought
	MAE, RMSE float64 // per customer
	// Corr is the correlation of predicted and actual, AUC the chance that a customer who bought was predicted more than one
	// who did not, ties half. They are 0 and not known where all predictions, or all customers, are alike.
	Corr, AUC           float64
	CorrKnown, AUCKnown bool
}

// Measure compares predictions with what happened, customer by customer; both are equally long.
func Measure(predicted, actual []float64) Accuracy {
	a := Accuracy{N: len(predicted)}
	if a.N == 0 {
		return a
	}
	var absolute, squares float64
	bought := make([]bool, a.N)
	for i, p := range predicted {
		a.Predicted += p
		a.Actual += actual[i]
		absolute += math.Abs(p - actual[i])
		squares += (p - actual[i]) * (p - actual[i])
		bought[i] = actual[i] > 0
	}
	n := float64(a.N)
	if a.Actual != 0 {
		a.Bias = 100 * (a.Predicted/a.Actual - 1)
	}
	a.MAE, a.RMSE = absolute/n, math.Sqrt(squares/n)
	a.Corr, a.CorrKnown = correlation(predicted, actual)
	if slices.Min(predicted) < slices.Max(predicted) {
		a.AUC, a.AUCKnown = AUC(predicted, bought)
	}
	return a
}

// correlation is Pearson's, and false where one of the two does not vary.
func correlation(x, y []float64) (float64, bool) {
	if len(x) == 0 || slices.Min(x) == slices.Max(x) || slices.Min(y) == slices.Max(y) {
		return 0, false
	}
	var mx, my, xx, yy, xy float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(x))
	}
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	if !(xx > 0 && yy > 0) {
		return 0, false
	}
	return xy / math.Sqrt(xx*yy), true
}

// AUC is the chance that a random customer with yes was scored above a random one without, ties half. It reports false where
// one of the two kinds is missing.
func AUC(score []float64, yes []bool) (float64, bool) {
	order := rising(score)
	var with, without, wins float64
	for i := 0; i < len(order); {
		var here, others float64 // with and without among equal scores
		from := i
		for ; i < len(order) && score[order[i]] == score[order[from]]; i++ {
			if yes[order[i]] {
				here++
			} else {
				others++
			}
		}
		wins += here * (without + others/2)
		with, without = with+here, without+others
	}
	if with == 0 || without == 0 {
		return 0, false
	}
	return wins / (with * without), true
}

// rising are the indices of the values from the lowest to the highest, equal ones in their order.
func rising(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(values[i], values[j]), i-j) })
	return order
}

// Bin is a group of customers of a calibration picture.
type Bin struct {
	N                 int
	Predicted, Actual float64 // means
}

func (b *Bin) add(predicted, actual float64) {
	b.N++
	b.Predicted += (predicted - b.Predicted) / float64(b.N)
	b.Actual += (actual - b.Actual) / float64(b.N)
}

// Deciles are up to ten groups of equal size from the lowest prediction to the highest, parted at the quantiles (type 7) of the
// ranks; equal predictions stay in the order given.
func Deciles(predicted, actual []float64) []Bin {
	n := len(predicted)
	bins := make([]Bin, min(10, n))
	for rank, i := range rising(predicted) {
		at := 0
		if rank > 0 {
			at = (len(bins)*rank+n-2)/(n-1) - 1 // rounded up
		}
		bins[at].add(predicted[i], actual[i])
	}
	return bins
}

// ByCount are the groups with 0, 1, … repeat purchases, the last of them with `top` or more.
func ByCount(x []int32, top int32, predicted, actual []float64) []Bin {
	bins := make([]Bin, top+1)
	for i := range x {
		bins[min(max(x[i], 0), top)].add(predicted[i], actual[i])
	}
	return bins
}
