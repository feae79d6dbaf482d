package btyd

// Unit is how many days there are in one unit of a model's time. Parameters that are times (alpha, beta) count in it; what
// goes in and comes out of functions is always days. Data with a finer clock than days can say so: for weeks rounded to two
// places, days are hundredths of a week and the unit is 100.
type Unit float64

// The units people use. A month is a twelfth of a year of 365.25 days.
const (
	Day   Unit = 1
	Week  Unit = 7
	Month Unit = 30.4375
	Year  Unit = 365.25
)

// Of returns days in this unit.
func (u Unit) Of(days float64) float64 { return days / float64(u) }

// History is what one customer did: everything the models need to know about her.
//
// Admissible is 0 ≤ Tx ≤ T, X ≥ 0, and Tx = 0 where X = 0. What is not is brought there by Collapse: negative numbers
// become 0, Tx is cut at T.
type History struct {
	X  int32 // repeat purchases: days with a purchase without the first
	Tx int32 // days from the first to the last purchase, 0 if there was only one
	T  int32 // days from the first purchase to the end of observation
}

// Pattern is a history and how many customers share it.
type Pattern struct {
	History
	N int64
}
