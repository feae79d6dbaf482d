package btyd

// Value is the customer lifetime value of one customer over the next `days`: the purchases to expect, each worth `worth` (its
// expected value times the margin), discounted by a yearly rate. days may be +Inf as in Model.Residual.
func Value(m Model, h History, worth, annualRate, days float64) float64 {
	return worth * m.Residual(h, annualRate, days)
}

// LifetimesValue is the value as the Python library lifetimes defines it: purchases of each of `months` months of 4.345 weeks,
// discounted by a monthly rate at the month's end. It is for comparison with that library only.
func LifetimesValue(m Model, h History, worth, monthlyRate float64, months int) float64 { return 0 }

// Start is how many customers bought for the first time on a day (counted from any fixed day).
type Start struct {
	Day int32
	N   int64
}

// Tracking is the number of repeat purchases to expect of all these customers up to the end of each of these days (counted
// from the same fixed day), to be held against what was bought.
func Tracking(m Model, starts []Start, days []int32) []float64 { return nil }
