package coupon

// What the tests of codes need to know.
const (
	Space    = space
	Alphabet = alphabet
)
