package filter

import (
	"fmt"
	"math"
	"strings"

	"stamm/internal/platform/clock"
)

// affirmed is the operator of which another is the opposite; empties meet the opposite only.
func affirmed(o Operator) Operator {
	switch o {
	case NotEqual:
		return Equal
	case NotIn:
		return In
	case NotContains:
		return Contains
	case Empty:
		return NotEmpty
	}
	return o
}

// compare is SQL that tells whether expr meets a condition. It is NULL instead of false for empties only where direct, which
// is enough where nothing but true counts.
func (w *writer) compare(expr string, t Type, c Condition, direct bool) string {
	is := affirmed(c.Is)
	sql := w.affirm(expr, t, is, c)
	switch {
	case is != c.Is && is == NotEmpty:
		return "NOT " + sql
	case is != c.Is:
		return "NOT coalesce(" + sql + ", false)"
	case direct || is == NotEmpty:
		return sql
	}
	return "coalesce(" + sql + ", false)"
}

func (w *writer) affirm(expr string, t Type, is Operator, c Condition) string {
	switch is {
	case NotEmpty:
		if t == TypeText || t == TypeChoice {
			return "(coalesce(" + expr + ", '') <> '')"
		}
		return "(" + expr + " IS NOT NULL)"
	case In:
		return "(" + folded(expr, t) + " IN (" + w.list(t, c.Values) + "))"
	case Contains:
		return "contains(" + folded(expr, t) + ", lower(" + w.arg(c.Values[0].Text) + "))"
	case StartsWith:
		return "starts_with(" + folded(expr, t) + ", lower(" + w.arg(c.Values[0].Text) + "))"
	case Between:
		return "(" + expr + " BETWEEN " + w.literal(t, c.Values[0]) + " AND " + w.literal(t, c.Values[1]) + ")"
	case WithinNext:
		return w.inDays(expr, w.q.asOf, c.Span.AddToDay(w.q.asOf))
	case WithinLast:
		return w.inDays(expr, back(*c.Span).AddToDay(w.q.asOf).AddDays(1), w.q.asOf)
	case Anniversary:
		return w.recurs(expr, w.q.asOf, w.q.asOf)
	case AnniversaryIn:
		return w.recurs(expr, w.q.asOf, c.Span.AddToDay(w.q.asOf))
	case anniversaryLast:
		return w.recurs(expr, back(*c.Span).AddToDay(w.q.asOf).AddDays(1), w.q.asOf)
	case Changed:
		from, until := w.q.bounds(c.Window)
		if from == nil {
			return "(" + expr + " <= " + date(until) + ")"
		}
		return w.inDays(expr, *from, until)
	case Fell, Rose:
		return w.moved(expr, t, is, c)
	}
	return "(" + folded(expr, t) + " " + string(is) + " " + w.literal(t, c.Values[0]) + ")"
}

// moved tells whether a change is large enough. In a window that has not begun yet nothing has changed.
func (w *writer) moved(change string, t Type, is Operator, c Condition) string {
	if w.q.before(c.Window) >= w.q.asOf {
		return "(" + change + " IS NULL AND false)"
	}
	if is == Fell {
		return "(-" + change + " >= " + w.literal(t, c.Values[0]) + ")"
	}
	return "(" + change + " >= " + w.literal(t, c.Values[0]) + ")"
}

func (w *writer) inDays(expr string, from, until clock.Day) string {
	return "(" + expr + " BETWEEN " + date(from) + " AND " + date(until) + ")"
}

// recurs tells whether the same day of a later year lies between two days, at most a year apart. The 29th of February counts
// on the 28th where there is none.
func (w *writer) recurs(expr string, from, until clock.Day) string {
	a, b := monthDay(from), monthDay(until)
	y, m, d := until.Date()
	if m == 2 && d == 28 && clock.NewDay(y, 2, 29).AddMonths(0) == clock.NewDay(y, 3, 1) {
		b = 229
	}
	day := "(month(" + expr + ") * 100 + day(" + expr + "))"
	in := fmt.Sprintf("%s BETWEEN %d AND %d", day, a, b)
	if a > b || from.AddMonths(12) <= until {
		in = fmt.Sprintf("(%s >= %d OR %s <= %d)", day, a, day, b)
	}
	return "(" + expr + " < " + date(from) + " AND " + in + ")"
}

func monthDay(d clock.Day) int {
	_, m, day := d.Date()
	return int(m)*100 + day
}

// folded is the form in which texts are compared.
func folded(expr string, t Type) string {
	if t == TypeText {
		return "lower(" + expr + ")"
	}
	return expr
}

// literal is a value as SQL. Days are written, everything else is bound.
func (w *writer) literal(t Type, v Value) string {
	switch t {
	case TypeText:
		return "lower(" + w.arg(v.Text) + ")"
	case TypeChoice:
		return w.arg(v.Text)
	case TypeFlag:
		return w.arg(v.Flag)
	case TypeDay:
		return date(w.q.day(v.Day))
	case TypeMoney:
		return w.arg(v.Money.Minor)
	}
	if v.Number == math.Trunc(v.Number) {
		return w.arg(int64(v.Number))
	}
	return w.arg(v.Number)
}

// fewValues is how many values of a list are bound one by one.
const fewValues = 20

// list is what stands behind IN.
func (w *writer) list(t Type, values []Value) string {
	if len(values) <= fewValues || t == TypeDay {
		all := make([]string, len(values))
		for i, v := range values {
			all[i] = w.literal(t, v)
		}
		return strings.Join(all, ", ")
	}
	switch t {
	case TypeText, TypeChoice:
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.Text
		}
		if t == TypeText {
			return "SELECT lower(u) FROM unnest(" + w.arg(texts) + "::VARCHAR[]) t(u)"
		}
		return "SELECT u FROM unnest(" + w.arg(texts) + "::VARCHAR[]) t(u)"
	case TypeMoney:
		amounts := make([]int64, len(values))
		for i, v := range values {
			amounts[i] = v.Money.Minor
		}
		return "SELECT u FROM unnest(" + w.arg(amounts) + "::BIGINT[]) t(u)"
	}
	numbers := make([]float64, len(values))
	for i, v := range values {
		numbers[i] = v.Number
	}
	return "SELECT u FROM unnest(" + w.arg(numbers) + "::DOUBLE[]) t(u)"
}
