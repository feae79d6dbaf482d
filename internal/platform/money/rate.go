package money

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"stamm/internal/platform/fault"
)

// Rate is an exchange rate pinned to a document: how many units of the base currency one unit of the document's currency was
// worth when it was written. It is kept with the document as text and never looked up again, so that old figures stand still.
// It is a decimal of at most 15 significant digits and 15 decimal places. The zero Rate is none and converts nothing.
type Rate struct {
	coefficient uint64 // below 10^15
	places      uint8  // at most 15
}

// rateDigits bounds a rate so that every product in Convert fits 128 bits and every power of ten 64.
const rateDigits = 15

// rateContext computes with more digits than any rate text has, so that only rateOf rounds: half away from zero.
var rateContext = apd.Context{
	Precision:   maxRateText,
	MaxExponent: 1000,
	MinExponent: -1000,
	Rounding:    apd.RoundHalfUp,
	Traps:       apd.InvalidOperation | apd.DivisionByZero | apd.Overflow | apd.DivisionUndefined,
}

const maxRateText = 100 // bytes; longer texts are no rates

// ParseRate reads a rate written as a plain decimal with point, "0.9312"; more digits than a Rate has are rounded. A text that
// is no number above zero, or a number too large or small for a Rate, is an Invalid fault.
func ParseRate(text string) (Rate, error) {
	if _, _, _, ok := splitDecimal(text); !ok || len(text) > maxRateText {
		return Rate{}, badRate(text)
	}
	d, _, err := rateContext.NewFromString(text)
	if err != nil {
		return Rate{}, badRate(text).Because(err)
	}
	r, ok := rateOf(d)
	if !ok {
		return Rate{}, badRate(text)
	}
	return r, nil
}

// rateOf brings a decimal into the bounds of a Rate, rounding it once.
func rateOf(d *apd.Decimal) (Rate, bool) {
	if d.Form != apd.Finite || d.Sign() <= 0 {
		return Rate{}, false
	}
	last := max(int64(d.Exponent)+d.NumDigits()-rateDigits, -rateDigits) // the place of the last digit a rate can keep
	if last > 0 {
		return Rate{}, false
	}
	if int64(d.Exponent) < last {
		if _, err := rateContext.Quantize(d, d, int32(last)); err != nil {
			return Rate{}, false
		}
	}
	if d.Exponent < 0 {
		d.Reduce(d)
	}
	if d.Exponent > 0 {
		if _, err := rateContext.Quantize(d, d, 0); err != nil {
			return Rate{}, false
		}
	}
	if d.Sign() <= 0 || d.NumDigits() > rateDigits {
		return Rate{}, false
	}
	return Rate{coefficient: d.Coeff.Uint64(), places: uint8(-d.Exponent)}, true
}

func badRate(text string) *fault.Error { return fault.New(fault.Invalid, "errors.rate", "text", text) }

// IsZero reports whether r is no rate.
func (r Rate) IsZero() bool { return r.coefficient == 0 }

// String writes the rate as ParseRate reads it, without needless zeros; the zero Rate is empty.
func (r Rate) String() string {
	if r.IsZero() {
		return ""
	}
	text := FormatScaled(int64(r.coefficient), int(r.places))
	if r.places > 0 {
		text = strings.TrimRight(text, "0")
	}
	return strings.TrimSuffix(text, ".")
}

// Inverse returns 1 / r, for rates quoted the other way round ("1 EUR = 1.0823 USD"), rounded to the digits a Rate has. It is an
// Invalid fault if r is no rate or its inverse has none.
func (r Rate) Inverse() (Rate, error) {
	if r.IsZero() {
		return Rate{}, badRate("")
	}
	d := apd.New(int64(r.coefficient), -int32(r.places))
	if _, err := rateContext.Quo(d, apd.New(1, 0), d); err != nil {
		return Rate{}, badRate(r.String()).Because(err)
	}
	inverse, ok := rateOf(d)
	if !ok {
		return Rate{}, badRate(r.String())
	}
	return inverse, nil
}

// Convert returns what a is worth in the currency to, by the pinned rate to the base currency (units of to for one unit of
// a.Currency), rounded once, half away from zero. An amount that is in that currency already stays as it is. A missing rate and
// an amount beyond int64 are Invalid faults.
func Convert(a Amount, to string, rate Rate) (Amount, error) {
	if a.Currency == to {
		return a, nil
	}
	if rate.IsZero() {
		return Amount{}, badRate("")
	}
	multiplier, divisor := rate.coefficient, uint64(1)
	if places := int(rate.places) + Digits(a.Currency) - Digits(to); places >= 0 {
		divisor = pow10(places)
	} else {
		multiplier *= pow10(-places)
	}
	minor, ok := mulDiv(magnitude(a.Minor), multiplier, divisor, a.Minor < 0)
	if !ok {
		return Amount{}, tooLarge(a.String())
	}
	return Amount{minor, to}, nil
}

// MarshalText writes the rate as String does, in JSON as a string.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (r *Rate) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Rate{}
		return nil
	}
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
