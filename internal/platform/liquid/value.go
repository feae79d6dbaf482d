package liquid

import (
	"math"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// kind tells values apart.
type kind byte

const (
	missingKind kind = iota
	textKind
	safeKind // text that may stand in HTML as it is
	intKind
	floatKind
	boolKind
	moneyKind
	dayKind
	timeKind
	listKind
	fieldsKind
)

// Value is what a template can name. The zero value is missing.
type Value struct {
	kind kind
	n    int64  // whole number, bits of a float, 0 or 1, minor units, day, microseconds
	text string // text, or the currency
	ref  any    // []Value or Fields
}

// Fields is a value with named parts, such as a customer. A part that does not exist is the zero Value.
type Fields interface {
	Field(name string) Value
}

// Map is the simplest Fields.
type Map map[string]Value

// Field returns the value of a name.
func (m Map) Field(name string) Value { return m[name] }

// String is a value of text. Bytes that are no UTF-8 become �.
func String(s string) Value { return Value{kind: textKind, text: strings.ToValidUTF8(s, "�")} }

// Int is a whole number.
func Int(n int64) Value { return Value{kind: intKind, n: n} }

// Float is a number.
func Float(f float64) Value { return Value{kind: floatKind, n: int64(math.Float64bits(f))} }

// Bool is yes or no.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolKind, n: 1}
	}
	return Value{kind: boolKind}
}

// Money is an amount, written in the habits of the reader's language.
func Money(a money.Amount) Value { return Value{kind: moneyKind, n: a.Minor, text: a.Currency} }

// Day is a day of the calendar.
func Day(d clock.Day) Value { return Value{kind: dayKind, n: int64(d)} }

// Time is an instant; it is written in the reader's zone.
func Time(t time.Time) Value { return Value{kind: timeKind, n: t.UnixMicro()} }

// List is several values in order.
func List(vs ...Value) Value { return Value{kind: listKind, ref: vs} }

// Record is a value with named parts; nil is missing.
func Record(f Fields) Value {
	if f == nil {
		return Value{}
	}
	return Value{kind: fieldsKind, ref: f}
}

// Missing reports whether there is nothing to write: no value, an empty text, an empty list.
func (v Value) Missing() bool {
	switch v.kind {
	case missingKind:
		return true
	case textKind, safeKind:
		return v.text == ""
	case listKind:
		return len(v.list()) == 0
	default:
		return false
	}
}

func (v Value) list() []Value {
	l, _ := v.ref.([]Value)
	return l
}

func (v Value) float() float64 { return math.Float64frombits(uint64(v.n)) }

func (v Value) truth() bool { return !v.Missing() && !(v.kind == boolKind && v.n == 0) }

func (v Value) isText() bool { return v.kind == textKind || v.kind == safeKind }

// number reads a value as a number; texts of digits are numbers too. Amounts count in their main unit.
func (v Value) number() (f float64, ok bool) {
	switch v.kind {
	case intKind:
		return float64(v.n), true
	case floatKind:
		return v.float(), true
	case moneyKind:
		return float64(v.n) / math.Pow10(money.Digits(v.text)), true
	case textKind, safeKind:
		f, err := strconv.ParseFloat(v.text, 64)
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	default:
		return 0, false
	}
}

// field returns a part of a value: of fields by name, of lists first, last and size, of texts their size.
func (v Value) field(name string) Value {
	switch v.kind {
	case fieldsKind:
		return v.ref.(Fields).Field(name)
	case listKind:
		all := v.list()
		switch {
		case name == "size":
			return Int(int64(len(all)))
		case len(all) == 0:
		case name == "first":
			return all[0]
		case name == "last":
			return all[len(all)-1]
		}
	case textKind, safeKind:
		if name == "size" {
			return size(v)
		}
	}
	return Value{}
}

// at returns the element of a list, counted from 0, or from the end by negative numbers.
func (v Value) at(index int64) Value {
	all := v.list()
	if index < 0 {
		index += int64(len(all))
	}
	if index < 0 || index >= int64(len(all)) {
		return Value{}
	}
	return all[index]
}

// equal compares two values. Everything missing is equal; numbers are equal by value, texts letter by letter.
func equal(a, b Value) bool {
	switch {
	case a.Missing() || b.Missing():
		return a.Missing() && b.Missing()
	case a.isText() && b.isText():
		return a.text == b.text
	case a.kind == boolKind || b.kind == boolKind:
		return a.kind == b.kind && a.n == b.n
	}
	order, ok := compare(a, b)
	return ok && order == 0
}

// compare orders two values, if they can be ordered: numbers and amounts by value, days, texts by their letters. A text that
// is a date compares with days.
func compare(a, b Value) (order int, ok bool) {
	if a.isText() && b.isText() {
		return strings.Compare(a.text, b.text), true
	}
	if da, db := a.asDay(), b.asDay(); da != nil && db != nil && (!a.isText() || !b.isText()) {
		if a.kind == timeKind && b.kind == timeKind {
			return sign(a.n, b.n), true
		}
		return sign(*da, *db), true
	}
	if a.kind == moneyKind && b.kind == moneyKind && a.text == b.text || a.kind == intKind && b.kind == intKind {
		return sign(a.n, b.n), true
	}
	if a.isText() || b.isText() {
		return 0, false
	}
	fa, okA := a.number()
	fb, okB := b.number()
	return sign(fa, fb), okA && okB
}

func sign[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// asDay reads a value as a day, nil if it is none. Instants count by their day in UTC, which is enough to compare.
func (v Value) asDay() *int64 {
	switch v.kind {
	case dayKind:
		return &v.n
	case timeKind:
		d := int64(clock.DayOf(time.UnixMicro(v.n), time.UTC))
		return &d
	case textKind, safeKind:
		if d, err := clock.ParseDay(v.text); err == nil {
			n := int64(d)
			return &n
		}
	}
	return nil
}

// contains tells whether a text holds a text, or a list a value.
func contains(a, b Value) bool {
	switch {
	case a.isText():
		return b.isText() && b.text != "" && strings.Contains(a.text, b.text)
	case a.kind == listKind:
		for _, v := range a.list() {
			if equal(v, b) {
				return true
			}
		}
	}
	return false
}

// Show writes a value as an output without filters does, for code that stands beside templates.
func Show(v Value, p *i18n.Printer) string {
	r := run{reader: Reader{Printer: p}}
	return r.text(v)
}
