package btyd

import "math"

// Start is how many customers bought for the first time on a day, counted from any fixed day.
type Start struct {
	Day int32
	N   int64
}

// Tracking is the number of repeat purchases to expect of all these customers up to the end of each of these days, counted
// from the same fixed day, to be held against what was bought.
func Tracking(m Model, starts []Start, days []int32) []float64 {
	mean := map[int32]float64{} // a start and a day a week later than another pair have the same distance
	expected := make([]float64, len(days))
	for i, day := range days {
		for _, s := range starts {
			since := day - s.Day
			if since <= 0 {
				continue
			}
			if _, known := mean[since]; !known {
				mean[since] = m.Mean(float64(since))
			}
			expected[i] += float64(s.N) * mean[since]
		}
	}
	return expected
}

// TrackingError says how far what was expected week by week (or day by day) was from what was bought, over the periods from
// `from` on; both are cumulative.
type TrackingError struct {
	MAPE      float64 // mean of |expected/actual - 1| of the cumulative numbers, in percent; periods without purchases so far are left out
	PerPeriod float64 // mean of |expected - actual| of the single periods
	AtEnd     float64 // expected/actual - 1 of the last period, in percent; 0 if nothing was bought
}

// CompareTracking holds expected against actual cumulative purchases from period `from` (counted from 0) on.
func CompareTracking(expected, actual []float64, from int) TrackingError {
	var e TrackingError
	n, counted := 0.0, 0.0
	for i := max(from, 0); i < min(len(expected), len(actual)); i++ {
		n++
		due, bought := expected[i], actual[i]
		if i > 0 {
			due, bought = due-expected[i-1], bought-actual[i-1]
		}
		e.PerPeriod += math.Abs(due - bought)
		e.AtEnd = 0
		if actual[i] > 0 {
			counted++
			e.AtEnd = 100 * (expected[i]/actual[i] - 1)
			e.MAPE += math.Abs(e.AtEnd)
		}
	}
	e.PerPeriod /= max(n, 1)
	e.MAPE /= max(counted, 1)
	return e
}
