package i18n

import (
	"bytes"
	"math"
	"strconv"

	"stamm/internal/platform/money"
)

// noNumber stands where a figure cannot be computed.
const noNumber = "–"

// minus stands before what is below zero: the sign of arithmetic, at which no line breaks before a digit. glue is what keeps
// a line from breaking between it and the sign of a currency, where browsers would.
const (
	minus = "\u2212"
	glue  = "\u2060"
)

// numberRoom is the room on the stack in which numbers are written; the longest int64 with groups and currency fits.
const numberRoom = 64

// Number writes a whole number: 1.234 in German, 1,234 in English.
func (p *Printer) Number(n int64) string {
	var buf [numberRoom]byte
	b := buf[:0]
	if n < 0 {
		b = append(b, minus...)
	}
	return string(p.appendGrouped(b, magnitude(n)))
}

// Decimal writes a number with that many digits after the point: 1.234,5 in German, 1,234.5 in English. What is no number is a
// dash.
func (p *Printer) Decimal(f float64, digits int) string {
	var buf [numberRoom]byte
	return string(p.appendDecimal(buf[:0], f, digits))
}

// float writes a number with as many digits after the point as it has.
func (p *Printer) float(f float64) string {
	var buf [numberRoom]byte
	text := strconv.AppendFloat(buf[:0], f, 'f', -1, 64)
	digits := 0
	if i := bytes.IndexByte(text, '.'); i >= 0 {
		digits = len(text) - i - 1
	}
	return p.Decimal(f, digits)
}

// Percent writes a share of one in per cent: 0.123 with one digit is 12,3 % in German, 12.3% in English.
func (p *Printer) Percent(f float64, digits int) string {
	var buf [numberRoom]byte
	b := p.appendDecimal(buf[:0], f*100, digits)
	if string(b) == noNumber {
		return noNumber
	}
	b = append(b, p.form.unitSpace...)
	return string(append(b, '%'))
}

// Chance writes how likely something is that nobody can be certain of, in whole per cent: what would be rounded to never or to always is
// < 1 % or > 99 %.
func (p *Printer) Chance(f float64) string {
	switch {
	case f < 0.005:
		return "<" + p.form.unitSpace + p.Percent(0.01, 0)
	case f >= 0.995:
		return ">" + p.form.unitSpace + p.Percent(0.99, 0)
	}
	return p.Percent(f, 0)
}

// Money writes an amount of minor units: 1.234,56 € in German, €1,234.56 in English. A currency without a common sign is
// written with its code.
func (p *Printer) Money(minor int64, currency string) string {
	return p.amount(minor < 0, magnitude(minor), money.Digits(currency), currency)
}

// MoneyRounded writes an amount of minor units without them, rounded half away from zero: 1.235 €. It is for tiles and axes.
func (p *Printer) MoneyRounded(minor int64, currency string) string {
	unit := pow10(money.Digits(currency))
	whole := (magnitude(minor) + unit/2) / unit
	return p.amount(minor < 0 && whole != 0, whole, 0, currency)
}

func (p *Printer) amount(neg bool, u uint64, digits int, currency string) string {
	var buf [numberRoom]byte
	b := buf[:0]
	name, sign := symbol(currency)
	if p.form.currencyFirst {
		if !sign {
			b = append(append(b, name...), NBSP...)
		}
		if neg {
			b = append(b, minus...)
		}
		if neg && sign {
			b = append(b, glue...)
		}
		if sign {
			b = append(b, name...)
		}
		return string(p.appendFixed(b, u, digits))
	}
	if neg {
		b = append(b, minus...)
	}
	b = p.appendFixed(b, u, digits)
	return string(append(append(b, NBSP...), name...))
}

// Quantity writes thousandths without needless zeros: 1500 is 1,5 and 2000 is 2.
func (p *Printer) Quantity(thousandths int64) string {
	u, digits := magnitude(thousandths), 3
	for digits > 0 && u%10 == 0 {
		u /= 10
		digits--
	}
	var buf [numberRoom]byte
	b := buf[:0]
	if thousandths < 0 {
		b = append(b, minus...)
	}
	return string(p.appendFixed(b, u, digits))
}

// Price writes a unit price of millionths with the digits of its currency, and more only where it has them: 2,50 € and 0,0015 €.
func (p *Printer) Price(millionths int64, currency string) string {
	u, digits := magnitude(millionths), 6
	for digits > money.Digits(currency) && u%10 == 0 {
		u /= 10
		digits--
	}
	return p.amount(millionths < 0, u, digits, currency)
}

// appendFixed writes u units of the digits-th decimal place.
func (p *Printer) appendFixed(b []byte, u uint64, digits int) []byte {
	unit := pow10(digits)
	b = p.appendGrouped(b, u/unit)
	if digits == 0 {
		return b
	}
	b = append(b, p.form.point)
	rest := u % unit
	for unit /= 10; unit > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit%10))
	}
	return b
}

// appendGrouped writes u in groups of three digits.
func (p *Printer) appendGrouped(b []byte, u uint64) []byte {
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], u, 10)
	return p.appendGroups(b, digits)
}

func (p *Printer) appendGroups(b, digits []byte) []byte {
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, p.form.group)
		}
		b = append(b, d)
	}
	return b
}

func (p *Printer) appendDecimal(b []byte, f float64, digits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, noNumber...)
	}
	var buf [numberRoom]byte
	text := strconv.AppendFloat(buf[:0], math.Abs(f), 'f', max(digits, 0), 64)
	if f < 0 && !allZero(text) {
		b = append(b, minus...)
	}
	whole := len(text)
	if digits > 0 {
		whole -= digits + 1
	}
	b = p.appendGroups(b, text[:whole])
	if digits > 0 {
		b = append(b, p.form.point)
		b = append(b, text[whole+1:]...)
	}
	return b
}

func allZero(text []byte) bool {
	for _, c := range text {
		if c != '0' && c != '.' {
			return false
		}
	}
	return true
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// magnitude is |n|, right for the smallest int64 too.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
