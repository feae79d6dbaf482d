package btyd

import "math"

// Value is the customer lifetime value of one customer over the next `days`: the purchases to expect, each worth `worth` (its
// expected value times the margin), discounted by a yearly rate. days may be +Inf as in Model.Residual.
func Value(m Model, h History, worth, annualRate, days float64) float64 {
	return worth * m.Residual(h, annualRate, days)
}

// LifetimesValue is the value as the Python library lifetimes defines it: the purchases of each of `months` months of 4.345
// weeks, discounted by a monthly rate at the end of their month. It is for comparison with that library only. week is how many
// days a week has, 7 unless the clock of the data is finer.
func LifetimesValue(m Model, h History, worth, monthlyRate float64, months int, week Unit) float64 {
	const weeks = 4.345
	var sum, before float64
	for k := 1; k <= months; k++ {
		by := m.Expected(h, weeks*float64(k)*float64(week))
		sum += (by - before) * math.Pow(1+monthlyRate, -float64(k))
		before = by
	}
	return worth * sum
}
