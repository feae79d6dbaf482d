package money

import (
	"cmp"
	"math/bits"
	"slices"

	"stamm/internal/platform/fault"
)

// Of returns an amount of minor units.
func Of(minor int64, currency string) Amount { return Amount{minor, currency} }

// IsZero reports whether the amount is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Neg returns the amount with the other sign.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Add returns a + b. It is an Invalid fault if their currencies differ or the sum is beyond int64.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := sameCurrency(a, b); err != nil {
		return Amount{}, err
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, tooLarge(a.String())
	}
	return Amount{sum, a.Currency}, nil
}

// Sub returns a - b. It is an Invalid fault if their currencies differ or the difference is beyond int64.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := sameCurrency(a, b); err != nil {
		return Amount{}, err
	}
	diff := a.Minor - b.Minor
	if (diff < a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, tooLarge(a.String())
	}
	return Amount{diff, a.Currency}, nil
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b. It is an Invalid fault if their currencies differ.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := sameCurrency(a, b); err != nil {
		return 0, err
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// Times returns a × numerator / denominator, rounded once: Times(19, 119) is the tax within a gross amount. It is an Invalid
// fault if the result is beyond int64; the denominator must not be 0.
func (a Amount) Times(numerator, denominator int64) (Amount, error) {
	minor, err := MulDiv(a.Minor, numerator, denominator)
	return Amount{minor, a.Currency}, err
}

func sameCurrency(a, b Amount) error {
	if a.Currency != b.Currency {
		return fault.New(fault.Invalid, "errors.currency_mixed", "a", a.Currency, "b", b.Currency)
	}
	return nil
}

func tooLarge(text string) error {
	return fault.New(fault.Invalid, "errors.amount_too_large", "text", text)
}

// LineAmount returns the minor units of a line: quantity (thousandths) × unit price (millionths) in a currency of that many
// minor digits, rounded once, half away from zero. It is an Invalid fault if the amount is beyond int64.
func LineAmount(quantity, unitPrice int64, digits int) (int64, error) {
	const placesOfProduct = 3 + 6
	minor, ok := mulDiv(magnitude(quantity), magnitude(unitPrice), pow10(placesOfProduct-digits), (quantity < 0) != (unitPrice < 0))
	if !ok {
		return 0, tooLarge(FormatScaled(quantity, 3) + " × " + FormatScaled(unitPrice, 6))
	}
	return minor, nil
}

// MulDiv returns v × numerator / denominator, rounded once, half away from zero, with the product in 128 bits. It is an Invalid
// fault if the result is beyond int64; the denominator must not be 0.
func MulDiv(v, numerator, denominator int64) (int64, error) {
	neg := (v < 0) != (numerator < 0) != (denominator < 0)
	r, ok := mulDiv(magnitude(v), magnitude(numerator), magnitude(denominator), neg)
	if !ok {
		return 0, tooLarge(FormatScaled(v, 0) + " × " + FormatScaled(numerator, 0) + " / " + FormatScaled(denominator, 0))
	}
	return r, nil
}

// mulDiv returns ±(a × b / c), rounded half away from zero, and whether it is within ±(2^63 - 1).
func mulDiv(a, b, c uint64, neg bool) (int64, bool) {
	hi, lo := bits.Mul64(a, b)
	if hi >= c && c != 0 {
		return 0, false
	}
	q, r := bits.Div64(hi, lo, c)
	if r >= c-r { // r is at least half of c
		q++
	}
	if q > 1<<63-1 {
		return 0, false
	}
	if neg {
		return -int64(q), true
	}
	return int64(q), true
}

// pow10 returns 10 to the n-th power, n from 0 to 19.
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// Allocate splits total in proportion to weights so that the parts sum to total exactly. Each part is rounded towards zero;
// what is left goes, unit by unit, to the parts with the largest remainders, among equals to the first (the Hare-Niemeyer
// method). A weight below zero counts as zero; if no weight is above zero, all count the same. Without weights there are no
// parts. Weights whose sum is beyond int64 are scaled down first.
func Allocate(total int64, weights []int64) []int64 {
	if len(weights) == 0 {
		return nil
	}
	w, sum := usable(weights)
	parts := make([]int64, len(w))
	remainders := make([]uint64, len(w))
	left := magnitude(total)
	for i := range w {
		hi, lo := bits.Mul64(magnitude(total), w[i])
		q, r := bits.Div64(hi, lo, sum) // hi < sum because w[i] <= sum < 2^63 and total <= 2^63
		parts[i], remainders[i] = int64(q), r
		left -= q
	}
	order := make([]int, len(w))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for i := range int(left) { // fewer than there are parts
		parts[order[i]]++
	}
	if total < 0 {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return parts
}

// usable returns the weights as Allocate counts them, and their sum, which is between 1 and the largest int64.
func usable(weights []int64) (w []uint64, sum uint64) {
	w = make([]uint64, len(weights))
	for i, v := range weights {
		w[i] = uint64(max(v, 0))
	}
	for {
		sum = 0
		fits := true
		for _, v := range w {
			sum += v
			if fits = sum < 1<<63; !fits {
				break
			}
		}
		switch {
		case !fits:
			for i := range w {
				w[i] /= 2
			}
		case sum == 0:
			for i := range w {
				w[i] = 1
			}
		default:
			return w, sum
		}
	}
}
