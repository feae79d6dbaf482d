package btyd

// Accuracy says how well predicted numbers of purchases met the actual ones.
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

// Measure compares predictions with what happened, customer by customer.
func Measure(predicted, actual []float64) Accuracy { return Accuracy{} }

// AUC is the chance that a random customer with yes was scored above a random one without, ties half. It reports false where
// one of the two kinds is missing.
func AUC(score []float64, yes []bool) (float64, bool) { return 0, false }

// Bin is a group of customers of a calibration picture.
type Bin struct {
	N                 int
	Predicted, Actual float64 // means
}

// Deciles are up to ten groups of equal size from the lowest prediction to the highest; equal predictions stay in the order
// given.
func Deciles(predicted, actual []float64) []Bin { return nil }

// ByCount are the groups with 0, 1, … repeat purchases, the last of them with `top` or more.
func ByCount(x []int32, top int32, predicted, actual []float64) []Bin { return nil }
