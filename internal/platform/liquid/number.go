package liquid

import (
	"math"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// numberFilter returns the filters about numbers, amounts and days.
func numberFilter(name string) (filter, bool) {
	switch name {
	case "plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most":
		return filter{least: 1, most: 1, apply: func(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
			return r.calculate(call, name, v, args[0])
		}}, true
	case "round", "number":
		return filter{most: 1, apply: func(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
			return r.rounded(call, name == "number", v, args[0])
		}}, true
	case "floor", "ceil", "abs":
		return filter{apply: func(r *run, call *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
			return r.integral(call, name, v)
		}}, true
	case "money":
		return filter{most: 1, apply: amounting}, true
	case "percent":
		return filter{most: 1, apply: perCent}, true
	case "date":
		return filter{most: 1, apply: dating}, true
	default:
		return filter{}, false
	}
}

// operand reads a number that a filter calculates with.
func (r *run) operand(call *filterCall, v Value) (float64, error) {
	f, ok := v.number()
	if !ok {
		return 0, wrongAt(call.line, "number", "text", r.text(v))
	}
	return f, nil
}

// calculate applies one of the four rules and their relatives. Whole numbers stay whole while they fit, amounts stay amounts.
func (r *run) calculate(call *filterCall, rule string, v, by Value) (Value, error) {
	if by.Missing() {
		return Value{}, nil
	}
	a, err := r.operand(call, v)
	if err != nil {
		return v, err
	}
	b, err := r.operand(call, by)
	if err != nil {
		return v, err
	}
	if b == 0 && (rule == "divided_by" || rule == "modulo") {
		return v, wrongAt(call.line, "zero")
	}
	if v.kind == moneyKind && by.kind == moneyKind && v.text != by.text {
		return v, wrongAt(call.line, "currency", "a", v.text, "b", by.text)
	}
	result := arithmetic(rule, a, b)
	switch {
	case math.IsNaN(result) || math.Abs(result) > largestResult:
		return v, wrongAt(call.line, "large", "word", r.text(by))
	case v.kind == moneyKind:
		return amountOf(result, v.text), nil
	case by.kind == moneyKind && rule != "divided_by":
		return amountOf(result, by.text), nil
	case v.isWhole() && by.isWhole():
		return Int(int64(math.Floor(result))), nil
	default:
		return Float(result), nil
	}
}

// largestResult keeps results where every whole number has its own float64.
const largestResult = 1 << 53

// isWhole tells whether a value is written as a whole number.
func (v Value) isWhole() bool {
	if v.isText() {
		_, err := strconv.ParseInt(v.text, 10, 64)
		return err == nil
	}
	return v.kind == intKind
}

func arithmetic(rule string, a, b float64) float64 {
	switch rule {
	case "plus":
		return a + b
	case "minus":
		return a - b
	case "times":
		return a * b
	case "divided_by":
		return a / b
	case "modulo":
		return a - b*math.Floor(a/b)
	case "at_least":
		return math.Max(a, b)
	default:
		return math.Min(a, b)
	}
}

// amountOf is a number of main units as an amount, rounded half away from zero.
func amountOf(f float64, currency string) Value {
	return Money(money.Of(int64(math.Round(f*math.Pow10(money.Digits(currency)))), currency))
}

// rounded rounds to digits after the point, or writes a number so in the habits of the language.
func (r *run) rounded(call *filterCall, write bool, v, digits Value) (Value, error) {
	f, err := r.operand(call, v)
	if err != nil {
		return v, err
	}
	places, err := r.places(call, digits)
	if err != nil {
		return v, err
	}
	switch {
	case write:
		return String(r.reader.Printer.Decimal(f, places)), nil
	case v.kind == moneyKind:
		return amountOf(roundTo(f, places), v.text), nil
	case places > 0:
		return Float(roundTo(f, places)), nil
	case math.Abs(f) > largestResult:
		return v, nil
	default:
		return Int(int64(math.Round(f))), nil
	}
}

// mostPlaces is how many digits after the point a number is written with.
const mostPlaces = 9

func (r *run) places(call *filterCall, digits Value) (int, error) {
	if digits.Missing() {
		return 0, nil
	}
	n, err := r.operand(call, digits)
	return int(min(max(n, 0), mostPlaces)), err
}

func roundTo(f float64, places int) float64 {
	unit := math.Pow10(places)
	if math.Abs(f) > largestResult/unit {
		return f
	}
	return math.Round(f*unit) / unit
}

// integral is floor, ceil and abs.
func (r *run) integral(call *filterCall, rule string, v Value) (Value, error) {
	f, err := r.operand(call, v)
	if err != nil || math.Abs(f) > largestResult {
		return v, err
	}
	switch rule {
	case "floor":
		f = math.Floor(f)
	case "ceil":
		f = math.Ceil(f)
	default:
		f = math.Abs(f)
	}
	switch {
	case v.kind == moneyKind:
		return amountOf(f, v.text), nil
	case rule == "abs" && !v.isWhole():
		return Float(f), nil
	default:
		return Int(int64(f)), nil
	}
}

// amounting writes a number of main units as an amount: 12.5 | money: "EUR". Amounts have their currency.
func amounting(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	currency := strings.ToUpper(r.text(args[0]))
	if v.kind == moneyKind {
		currency = v.text
	}
	if currency == "" {
		currency = "EUR"
	}
	if !money.Known(currency) {
		return v, wrongAt(call.line, "unknown_currency", "text", currency)
	}
	f, err := r.operand(call, v)
	if err == nil && math.Abs(f) > largestResult/1000 {
		err = wrongAt(call.line, "large", "word", r.text(v))
	}
	if err != nil {
		return v, err
	}
	a := amountOf(f, currency)
	return String(r.reader.Printer.Money(a.n, a.text)), nil
}

// perCent writes a share of one in per cent.
func perCent(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	f, err := r.operand(call, v)
	if err != nil {
		return v, err
	}
	places, err := r.places(call, args[0])
	return String(r.reader.Printer.Percent(f, places)), err
}

// date writes a day or an instant in the habits of the language.
func (r *run) date(v Value) string {
	if v.kind == timeKind {
		return r.reader.Printer.DateTime(time.UnixMicro(v.n))
	}
	return r.reader.Printer.Date(clock.Day(v.n))
}

// longestFormat is how long the format of a date may be.
const longestFormat = 100

// dating writes a day: without an argument as the language does, otherwise as the signs say. The words now and today are days
// too, as is a text such as 2026-12-31.
func dating(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	at, ok := r.instant(v)
	if !ok {
		return v, wrongAt(call.line, "date", "text", r.text(v))
	}
	format := r.text(args[0])
	if len(format) > longestFormat {
		return v, wrongAt(call.line, "format", "sign", format[:1])
	}
	if format == "" {
		return String(r.reader.Printer.Date(clock.DayOf(at, at.Location()))), nil
	}
	text, bad := r.formatted(at, format)
	if bad != "" {
		return v, wrongAt(call.line, "format", "sign", bad)
	}
	return r.long(call, text)
}

// instant reads a value as a time of the reader's zone; a day is its midnight in UTC, so that it stays that day.
func (r *run) instant(v Value) (time.Time, bool) {
	loc := r.reader.Printer.Location()
	switch {
	case v.kind == timeKind:
		return time.UnixMicro(v.n).In(loc), true
	case v.isText() && (v.text == "now" || v.text == "today"):
		return r.reader.Now.In(loc), true
	}
	if day := v.asDay(); day != nil {
		y, m, d := clock.Day(*day).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
	}
	return time.Time{}, false
}

// formatted writes a time by the signs of strftime; %-d is without a leading zero. bad is a sign that there is not.
func (r *run) formatted(at time.Time, format string) (text, bad string) {
	var b strings.Builder
	day := clock.DayOf(at, at.Location())
	p := r.reader.Printer
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		plain := format[i] == '-' && i+1 < len(format)
		if plain {
			i++
		}
		switch c := format[i]; c {
		case '%':
			b.WriteByte('%')
		case 'Y':
			b.WriteString(strconv.Itoa(at.Year()))
		case 'B':
			b.WriteString(firstPart(p.Month(day)))
		case 'b':
			b.WriteString(firstPart(p.MonthShort(day)))
		case 'A':
			b.WriteString(p.Weekday(at.Weekday()))
		case 'a':
			b.WriteString(p.WeekdayShort(at.Weekday()))
		default:
			n, ok := part(at, c)
			if !ok {
				return "", "%" + string(rune(c))
			}
			if n < 10 && !plain {
				b.WriteByte('0')
			}
			b.WriteString(strconv.Itoa(n))
		}
	}
	return b.String(), ""
}

func firstPart(text string) string {
	first, _, _ := strings.Cut(text, " ")
	return first
}

// part is a number of a time by its sign.
func part(at time.Time, sign byte) (int, bool) {
	switch sign {
	case 'd', 'e':
		return at.Day(), true
	case 'm':
		return int(at.Month()), true
	case 'y':
		return at.Year() % 100, true
	case 'H':
		return at.Hour(), true
	case 'M':
		return at.Minute(), true
	case 'S':
		return at.Second(), true
	default:
		return 0, false
	}
}
