package filter

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// Text writes a tree as people type it. It is the canonical form: what Parse reads from it is the same condition and has
// the same text. The zero Tree is an empty text.
func Text(t Tree) string {
	var b strings.Builder
	writeTree(&b, t)
	return b.String()
}

// Text is the canonical text as people expect it: shares of fields that the catalogue knows stand in per cent. It means the same and
// is read as the same condition.
func (c *Catalogue) Text(t Tree) string { return Text(c.inPercent(t)) }

func (c *Catalogue) inPercent(t Tree) Tree {
	if t.Is != nil {
		if f, ok := c.Field(t.Is.Field); t.Is.Field == FieldShare || ok && f.Type == TypeShare {
			is := *t.Is
			is.Values = slices.Clone(is.Values)
			for i, v := range is.Values {
				is.Values[i] = v.inPercent()
			}
			t.Is = &is
		}
	}
	t.Parts = slices.Clone(t.Parts)
	for i, p := range t.Parts {
		t.Parts[i] = c.inPercent(p)
	}
	return t
}

// inPercent is a share as a percentage, unless that would be another number.
func (v Value) inPercent() Value {
	const places = 1e10
	if percent := math.Round(v.Number*100*places) / places; v.Kind == NumberValue && percent/100 == v.Number {
		return Value{Kind: PercentValue, Number: percent}
	}
	return v
}

func writeTree(b *strings.Builder, t Tree) {
	switch t.Join {
	case Leaf:
		if t.Is != nil {
			writeCondition(b, *t.Is)
		}
	case Not:
		b.WriteString("not ")
		if len(t.Parts) == 1 && t.Parts[0].Is != nil && t.Parts[0].Is.Field == FieldSegment {
			b.WriteByte('(') // "not in segment" is a condition of its own
			writeTree(b, t.Parts[0])
			b.WriteByte(')')
			return
		}
		writeParts(b, t.Parts, "")
	case And:
		writeParts(b, t.Parts, " and ")
	case Or:
		writeParts(b, t.Parts, " or ")
	case AtLeast:
		b.WriteString("at least " + strconv.Itoa(t.N) + " of (")
		for i, p := range t.Parts {
			if i > 0 {
				b.WriteString("; ")
			}
			writeTree(b, p)
		}
		b.WriteByte(')')
	}
}

// writeParts puts groups into brackets wherever a reader might wonder.
func writeParts(b *strings.Builder, parts []Tree, between string) {
	for i, p := range parts {
		if i > 0 {
			b.WriteString(between)
		}
		if p.Join == And || p.Join == Or {
			b.WriteByte('(')
			writeTree(b, p)
			b.WriteByte(')')
			continue
		}
		writeTree(b, p)
	}
}

func writeCondition(b *strings.Builder, c Condition) {
	switch c.Field {
	case FieldSegment:
		b.WriteString(string(c.Is) + " segment ")
		writeValues(b, c.Values, "")
		return
	case FieldShare:
		b.WriteString("share(")
		for _, w := range c.With {
			writeValues(b, w.Values, "")
		}
		b.WriteString(")")
		writeComparison(b, c)
		return
	}
	b.WriteString(c.Field)
	windowed := c.Window != nil && !c.Is.LooksBack()
	if windowed || len(c.With) > 0 {
		b.WriteByte('(')
		for i, w := range c.With {
			if i > 0 {
				b.WriteString(", ")
			}
			writeCondition(b, w)
		}
		if windowed {
			if len(c.With) > 0 {
				b.WriteString(", ")
			}
			b.WriteString(c.Window.text())
		}
		b.WriteByte(')')
	}
	writeComparison(b, c)
}

func writeComparison(b *strings.Builder, c Condition) {
	b.WriteString(" " + string(c.Is))
	switch c.Is {
	case In, NotIn:
		b.WriteString(" (")
		writeValues(b, c.Values, ", ")
		b.WriteByte(')')
	case Between:
		b.WriteByte(' ')
		writeValues(b, c.Values, " and ")
	case WithinNext, WithinLast, AnniversaryIn:
		if c.Span != nil {
			b.WriteString(" " + spanText(*c.Span))
		}
	case Changed, Fell, Rose:
		b.WriteByte('(')
		if c.Window != nil {
			b.WriteString(c.Window.text())
		}
		b.WriteByte(')')
		if c.Is.Moves() {
			b.WriteString(" by ")
			writeValues(b, c.Values, ", ")
		}
	case Empty, NotEmpty, Anniversary:
	default:
		b.WriteByte(' ')
		writeValues(b, c.Values, ", ")
	}
}

func writeValues(b *strings.Builder, values []Value, between string) {
	for i, v := range values {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(v.text())
	}
}

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$`)

func (v Value) text() string {
	switch v.Kind {
	case NumberValue:
		return numberText(v.Number)
	case PercentValue:
		return numberText(v.Number) + " %"
	case MoneyValue:
		return amountText(v.Money) + " " + v.Money.Currency
	case DayValue:
		return v.Day.text()
	case FlagValue:
		if v.Flag {
			return "yes"
		}
		return "no"
	}
	if plainWord.MatchString(v.Text) && !ambiguous(v.Text) && !strings.HasPrefix(strings.ToLower(v.Text), "today") {
		return v.Text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v.Text) + `"`
}

func numberText(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// amountText leaves out cents that are none.
func amountText(a money.Amount) string {
	text := money.FormatScaled(a.Minor, money.Digits(a.Currency))
	if whole, cents, ok := strings.Cut(text, "."); ok && strings.Trim(cents, "0") == "" {
		return whole
	}
	return text
}

func (m Moment) text() string {
	switch {
	case !m.Relative:
		return m.Day.String()
	case m.Shift.N < 0:
		return "today - " + spanText(clock.Span{N: -m.Shift.N, Unit: m.Shift.Unit})
	case m.Shift.N > 0:
		return "today + " + spanText(m.Shift)
	}
	return "today"
}

func spanText(s clock.Span) string {
	unit := map[clock.Unit]string{clock.UnitDay: "d", clock.UnitWeek: "week", clock.UnitMonth: "month", clock.UnitYear: "year"}[s.Unit]
	if s.N != 1 && s.Unit != clock.UnitDay {
		unit += "s"
	}
	return strconv.Itoa(s.N) + " " + unit
}

func (w Window) text() string {
	switch w.Kind {
	case Last:
		return "last " + spanText(w.Span)
	case Since:
		return "since " + w.From.text()
	case Until:
		return "until " + w.To.text()
	}
	return "between " + w.From.text() + " and " + w.To.text()
}
