package filter

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// saltParam is the parameter of FieldShare.
const saltParam = "salt"

// shareField is FieldShare as far as it is like others.
func shareField() Field {
	return Field{Name: FieldShare, Type: TypeShare, Zero: true, Words: "filter.share", Params: []Param{{Name: saltParam, Type: TypeText, Words: "filter.salt"}}}
}

// Check tells whether the tree can be asked: its fields exist, operators and values suit them, and the limits are kept.
// Anything else is an Invalid fault that says what is wrong. Whether the segments it names exist, Compile finds out.
func Check(t Tree, c *Catalogue) error {
	if t.Everybody() {
		return nil
	}
	k := &checker{catalogue: c}
	return k.tree(t, 1)
}

type checker struct {
	catalogue *Catalogue
	nodes     int
}

func (k *checker) tree(t Tree, depth int) error {
	if depth > MaxDepth {
		return invalid("depth", "max", MaxDepth)
	}
	if k.nodes++; k.nodes > MaxNodes {
		return invalid("nodes", "max", MaxNodes)
	}
	switch t.Join {
	case Leaf:
		if t.Is == nil {
			return invalid("empty_part")
		}
		return k.condition(*t.Is)
	case And, Or:
		if len(t.Parts) == 0 {
			return invalid("empty_part")
		}
	case Not:
		if len(t.Parts) != 1 {
			return invalid("empty_part")
		}
	case AtLeast:
		if t.N < 1 || t.N > len(t.Parts) {
			return invalid("at_least", "n", t.N, "parts", len(t.Parts))
		}
	default:
		return invalid("json_form")
	}
	for _, p := range t.Parts {
		if err := k.tree(p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) condition(c Condition) error {
	switch c.Field {
	case FieldSegment:
		return k.segment(c)
	case FieldShare:
		if len(c.With) != 1 {
			return invalid("share_salt")
		}
		return k.against(shareField(), c)
	}
	f, ok := k.catalogue.Field(c.Field)
	if !ok {
		return invalid("gone", "field", cut(c.Field))
	}
	return k.against(f, c)
}

func (k *checker) segment(c Condition) error {
	if c.Is != In && c.Is != NotIn || len(c.Values) != 1 || c.Values[0].Kind != TextValue || c.Window != nil || c.With != nil || c.Span != nil {
		return invalid("segment_form")
	}
	_, err := fitText(c.Values[0], FieldSegment)
	return err
}

// against checks a condition on a field that exists.
func (k *checker) against(f Field, c Condition) error {
	if !f.allows(c.Is) {
		return invalid("operator_field", "field", f.Name, "operator", cut(string(c.Is)), "operators", operatorList(f))
	}
	if err := k.window(f, c); err != nil {
		return err
	}
	if err := k.with(f, c); err != nil {
		return err
	}
	least, most := operandsOf(c.Is)
	if len(c.Values) < least || len(c.Values) > most {
		if most == MaxList && len(c.Values) > most {
			return invalid("list", "max", MaxList)
		}
		return invalid("operands", "field", f.Name, "operator", string(c.Is))
	}
	var low Value
	for i, v := range c.Values {
		fitted, err := fit(f, v, k.catalogue.currency)
		if err != nil {
			return err
		}
		if c.Is == Between && i == 1 && above(low, fitted) {
			return reversed(f.Name, c.Values[0].text(), v.text())
		}
		low = fitted
		if c.Is.Moves() && fitted.Number <= 0 && fitted.Money.Minor <= 0 {
			return invalid("no_change", "field", f.Name)
		}
		if f.Type == TypeShare && (fitted.Number < 0 || fitted.Number > 1) {
			return invalid("share_range", "field", f.Name)
		}
	}
	return checkSpan(f, c)
}

// reversed is the fault of bounds between which nothing lies.
func reversed(field, from, to string) error {
	return invalid("reversed", "field", field, "from", from, "to", to)
}

// above tells that a value of a field is above another one, on whatever day that is asked.
func above(a, b Value) bool {
	switch {
	case a.Kind == MoneyValue && b.Kind == MoneyValue:
		return a.Money.Minor > b.Money.Minor
	case a.Kind == DayValue && b.Kind == DayValue:
		return later(a.Day, b.Day)
	}
	return a.Number > b.Number
}

// later tells that a day is after another one whatever day today is. Of a date and a day counted from today see Reversed.
func later(a, b Moment) bool {
	if a.Relative != b.Relative {
		return false
	}
	if !a.Relative {
		return a.Day > b.Day
	}
	least, _ := reach(a.Shift)
	_, most := reach(b.Shift)
	return least > most
}

// reach is how many days a span has at least and at most.
func reach(s clock.Span) (least, most int) {
	per := map[clock.Unit][2]int{clock.UnitDay: {1, 1}, clock.UnitWeek: {7, 7}, clock.UnitMonth: {28, 31}, clock.UnitYear: {365, 366}}[s.Unit]
	least, most = per[0]*s.N, per[1]*s.N
	return min(least, most), max(least, most)
}

// operandsOf is how many values an operator takes.
func operandsOf(o Operator) (least, most int) {
	switch o {
	case In, NotIn:
		return 1, MaxList
	case Between:
		return 2, 2
	case Empty, NotEmpty, WithinNext, WithinLast, Anniversary, AnniversaryIn, Changed:
		return 0, 0
	}
	return 1, 1
}

func checkSpan(f Field, c Condition) error {
	wanted := c.Is == WithinNext || c.Is == WithinLast || c.Is == AnniversaryIn
	if wanted != (c.Span != nil) {
		return invalid("operands", "field", f.Name, "operator", string(c.Is))
	}
	if !wanted {
		return nil
	}
	if err := soundSpan(*c.Span); err != nil {
		return err
	}
	yearly := c.Is == AnniversaryIn || f.Yearly
	if yearly && spanDays(*c.Span) > 365 {
		return invalid("anniversary_span", "field", f.Name)
	}
	return nil
}

func (k *checker) window(f Field, c Condition) error {
	if c.Is.LooksBack() {
		if c.Window == nil {
			return invalid("operands", "field", f.Name, "operator", string(c.Is))
		}
		if c.Is.Moves() && c.Window.Kind != Last && c.Window.Kind != Since {
			return invalid("change_window", "field", f.Name, "operator", string(c.Is))
		}
	} else if c.Window != nil && !f.Windowed() {
		return invalid("no_window", "field", f.Name)
	}
	w := c.Window
	if w == nil {
		return nil
	}
	switch w.Kind {
	case Last:
		return soundSpan(w.Span)
	case Since:
		return soundMoment(w.From)
	case Until:
		return soundMoment(w.To)
	case Range:
		for _, m := range []Moment{w.From, w.To} {
			if err := soundMoment(m); err != nil {
				return err
			}
		}
		if later(w.From, w.To) {
			return reversed(f.Name, w.From.text(), w.To.text())
		}
		return nil
	}
	return invalid("json_form")
}

func (k *checker) with(f Field, c Condition) error {
	if len(c.With) > 20 {
		return invalid("parameters", "max", 20)
	}
	for _, w := range c.With {
		p := f.param(w.Field)
		if p == nil {
			return invalid("parameter_gone", "field", f.Name, "parameter", cut(w.Field), "names", strings.Join(f.paramNames(), ", "))
		}
		if w.Window != nil || w.With != nil {
			return invalid("json_form")
		}
		if err := k.against(p.field(), w); err != nil {
			return err
		}
	}
	return nil
}

// soundSpan tells whether a span has a known unit and a reach that makes sense.
func soundSpan(s clock.Span) error {
	if s.N < 1 || spanDays(s) > maxSpan {
		return invalid("span", "max", maxSpan/366)
	}
	return nil
}

// spanDays is about how many days a span has; more than any limit for a unit that is no part of the language.
func spanDays(s clock.Span) int {
	per, ok := map[clock.Unit]int{clock.UnitDay: 1, clock.UnitWeek: 7, clock.UnitMonth: 30, clock.UnitYear: 365}[s.Unit]
	if !ok || s.N > maxSpan || s.N < -maxSpan {
		return math.MaxInt
	}
	return per * s.N
}

var firstDay, lastDay = clock.NewDay(1800, 1, 1), clock.NewDay(2999, 12, 31)

func soundMoment(m Moment) error {
	if m.Relative {
		if m.Shift.N == 0 {
			return nil
		}
		return soundSpan(clock.Span{N: max(m.Shift.N, -m.Shift.N), Unit: m.Shift.Unit})
	}
	if m.Day < firstDay || m.Day > lastDay {
		return invalid("day", "day", m.Day.String())
	}
	return nil
}

// fit is the value as the field keeps its own: countries in capitals, choices as they are spelled, shares as parts of one.
func fit(f Field, v Value, currency string) (Value, error) {
	wrong := func() (Value, error) { return v, invalid("kind", "field", f.Name, "value", cut(v.text())) }
	switch f.Type {
	case TypeText, TypeChoice:
		if v.Kind != TextValue {
			return wrong()
		}
		if v, err := fitText(v, f.Name); err != nil {
			return v, err
		}
		return fitChoice(f, v)
	case TypeFlag:
		if v.Kind != FlagValue {
			return wrong()
		}
		return v, nil
	case TypeDay:
		if v.Kind != DayValue {
			return wrong()
		}
		return v, soundMoment(v.Day)
	case TypeMoney:
		if v.Kind == NumberValue {
			return fitAmount(f, v, currency)
		}
		if v.Kind != MoneyValue {
			return wrong()
		}
		if v.Money.Currency != currency {
			return v, invalid("currency", "field", f.Name, "currency", v.Money.Currency, "base", currency)
		}
		return v, nil
	case TypeShare:
		if v.Kind == PercentValue {
			v = Value{Kind: NumberValue, Number: v.Number / 100}
		}
	}
	if v.Kind != NumberValue {
		return wrong()
	}
	if math.IsNaN(v.Number) || math.Abs(v.Number) > maxNumber {
		return v, invalid("too_large", "field", f.Name)
	}
	return v, nil
}

// fitAmount is a bare number as an amount of the base currency.
func fitAmount(f Field, v Value, currency string) (Value, error) {
	a, err := money.Parse(numberText(v.Number), currency)
	if err != nil || math.IsNaN(v.Number) || math.Abs(v.Number) > maxNumber {
		return v, invalid("too_large", "field", f.Name)
	}
	return Value{Kind: MoneyValue, Money: a}, nil
}

func fitText(v Value, field string) (Value, error) {
	switch {
	case v.Text == "":
		return v, invalid("empty_text", "field", field)
	case len(v.Text) > utf8.UTFMax*MaxValue || utf8.RuneCountInString(v.Text) > MaxValue:
		return v, invalid("value_too_long", "max", MaxValue)
	case !utf8.ValidString(v.Text) || strings.ContainsFunc(v.Text, unicode.IsControl):
		return v, invalid("control", "field", field)
	}
	return v, nil
}

func fitChoice(f Field, v Value) (Value, error) {
	if f.Upper {
		v.Text = strings.ToUpper(v.Text)
	}
	if f.Type == TypeChoice && f.Names != nil && f.Names("en", v.Text) == "" {
		return v, invalid("code", "field", f.Name, "value", cut(v.Text))
	}
	if f.Type != TypeChoice || len(f.Choices) == 0 {
		return v, nil
	}
	i := slices.IndexFunc(f.Choices, func(c string) bool { return strings.EqualFold(c, v.Text) })
	if i < 0 {
		return v, invalid("choice", "field", f.Name, "value", cut(v.Text), "choices", strings.Join(f.Choices, ", "))
	}
	v.Text = f.Choices[i]
	return v, nil
}
