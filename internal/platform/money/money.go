// Package money is for amounts that add up to the cent: whole numbers of minor units, each rounded exactly once.
//
// Amounts are int64 minor units (cents) of a currency of ISO 4217, quantities int64 thousandths, unit prices int64
// millionths, because a tenth of a cent is a price. Binary fractions never hold money. Every rounding is half away from zero,
// the rule of commercial invoices (DIN 1333), and happens once, at the end of a rule.
package money

import (
	"math"
	"strings"

	"stamm/internal/platform/fault"
)

// Amount is a sum of money in minor units (cents) of a currency.
type Amount struct {
	Minor    int64
	Currency string // code of ISO 4217, in capitals
}

// Parse reads an amount in the plain form of machines: "1234.56", "-3", with decimal point and without grouping. Digits
// beyond the currency's are rounded half away from zero. It is an Invalid fault if the text is no number, the currency unknown
// or the amount beyond int64. Amounts as people write them are read where the habits of their file are known.
func Parse(text, currency string) (Amount, error) {
	if !Known(currency) {
		return Amount{}, fault.New(fault.Invalid, "errors.currency", "text", currency)
	}
	minor, err := ParseScaled(text, Digits(currency))
	return Amount{minor, currency}, err
}

// String writes the amount in the plain form of machines: "1234.56 EUR".
func (a Amount) String() string {
	return FormatScaled(a.Minor, Digits(a.Currency)) + " " + a.Currency
}

// ParseScaled reads a plain decimal number ("-12.345", "4E-3") as a whole number of its digits-th decimal place, rounded
// half away from zero: ParseScaled("2.5", 3) is 2500. So thousandths, millionths and cents are read. A text that is no
// number and a value beyond int64 are Invalid faults.
func ParseScaled(text string, digits int) (int64, error) {
	neg, mantissa, exponent, ok := splitDecimal(text)
	if !ok {
		return 0, fault.New(fault.Invalid, "errors.number", "text", text)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	keep := len(whole) + exponent + digits // how many digits of all stand before the wanted place
	tooLarge := func() (int64, error) { return 0, fault.New(fault.Invalid, "errors.amount_too_large", "text", text) }

	var n uint64
	for i := range min(keep, len(all)) {
		if n > math.MaxInt64/10 {
			return tooLarge()
		}
		n = n*10 + uint64(all[i]-'0')
	}
	for i := len(all); i < keep && n != 0; i++ {
		if n > math.MaxInt64/10 {
			return tooLarge()
		}
		n *= 10
	}
	if keep >= 0 && keep < len(all) && all[keep] >= '5' {
		n++
	}
	if n > math.MaxInt64 {
		return tooLarge()
	}
	if neg {
		return -int64(n), nil
	}
	return int64(n), nil
}

// maxExponent bounds the exponent of a number, so that counting with it cannot overflow; no text is long enough to make up for it.
const maxExponent = 1 << 30

// splitDecimal takes a number apart: sign, digits with at most one point, and the exponent after e or E.
func splitDecimal(text string) (neg bool, mantissa string, exponent int, ok bool) {
	s := text
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	mantissa = s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		if exponent, ok = parseExponent(s[i+1:]); !ok {
			return false, "", 0, false
		}
	}
	seen, points := 0, 0
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c == '.':
			points++
		case c >= '0' && c <= '9':
			seen++
		default:
			return false, "", 0, false
		}
	}
	return neg, mantissa, exponent, seen > 0 && points <= 1
}

func parseExponent(s string) (int, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = min(n*10+int(s[i]-'0'), maxExponent)
	}
	if neg {
		n = -n
	}
	return n, true
}

// FormatScaled writes a whole number of the digits-th decimal place as a plain decimal: FormatScaled(2500, 3) is "2.500".
func FormatScaled(v int64, digits int) string {
	var buf [48]byte
	i := len(buf)
	u := magnitude(v)
	for n := 0; u > 0 || n <= digits; n++ {
		if n == digits && digits > 0 {
			i--
			buf[i] = '.'
		}
		i--
		buf[i] = byte('0' + u%10)
		u /= 10
	}
	if v < 0 {
		i--
		buf[i] = '-'
	}
	return string(buf[i:])
}

// magnitude is |v|, right for the smallest int64 too.
func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
