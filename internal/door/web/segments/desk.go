package segments

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// desk is what lines and trees need to be made of each other.
type desk struct {
	all *filter.Catalogue
	p   *i18n.Printer
}

// The parameter of a random share.
const salt = "salt"

// field finds what a line asks for, the two that need no domain among it.
func (d desk) field(name string) (filter.Field, bool) {
	switch name {
	case filter.FieldSegment:
		return filter.Field{Name: name, Type: filter.TypeChoice, Words: "segments.field.segment"}, true
	case filter.FieldShare:
		return filter.Field{Name: name, Type: filter.TypeShare, Zero: true, Words: "segments.field.share",
			Params: []filter.Param{{Name: salt, Type: filter.TypeText, Words: "filter.salt"}}}, true
	}
	return d.all.Field(name)
}

// operators are what a line offers for a field.
func operators(f filter.Field) []filter.Operator {
	if f.Name == filter.FieldSegment {
		return []filter.Operator{filter.In, filter.NotIn}
	}
	return slices.DeleteFunc(f.Operators(), func(o filter.Operator) bool {
		switch o {
		case filter.Equal, filter.NotEqual:
			return several(f) // "one of" says it too
		case filter.In, filter.NotIn:
			return !several(f)
		}
		return false
	})
}

// fresh is a new line for a field, with what people most often ask it for.
func (d desk) fresh(f filter.Field) row {
	line := row{Field: f.Name, Op: string(operators(f)[0])}
	if f.Name == filter.FieldShare {
		line.Op, line.Values = string(filter.Less), []string{"10"}
		return line
	}
	switch f.Type {
	case filter.TypeFlag:
		line.Values = []string{"true"}
	case filter.TypeCount:
		line.Op, line.Values = string(filter.NotLess), []string{"1"}
	case filter.TypeMoney, filter.TypeDays, filter.TypeNumber, filter.TypeShare:
		line.Op = string(filter.NotLess)
	case filter.TypeDay:
		line.Op, line.AheadN, line.AheadUnit = string(filter.WithinLast), "30", "D"
		if f.Yearly {
			line.Op, line.AheadN = string(filter.WithinNext), "14"
		}
	}
	if f.Windowed() && (f.Type == filter.TypeCount || f.Type == filter.TypeMoney) {
		line.Window, line.N, line.Unit = string(filter.Last), "365", "D"
	}
	return line
}

// build makes a tree of the lines. What is not complete or wrong is left out and marked; wrong tells that there was any.
func (d desk) build(rows []row) (t filter.Tree, wrong bool) {
	for i := range rows {
		rows[i].wrong = nil
	}
	t = d.group(rows, 0)
	return t, slices.ContainsFunc(rows, func(l row) bool { return l.wrong != nil })
}

// group is the tree of a group with all in it; the zero Tree where nothing in it counts.
func (d desk) group(rows []row, at int) filter.Tree {
	var parts []filter.Tree
	for i := at + 1; i < end(rows, at); i = end(rows, i) {
		part := filter.Tree{}
		if rows[i].Group != "" {
			part = d.group(rows, i)
		} else if c, err := d.condition(rows[i]); err != nil {
			rows[i].wrong = fault.As(err)
		} else {
			part = c
		}
		if !part.Everybody() {
			parts = append(parts, part)
		}
	}
	return d.join(&rows[at], parts)
}

func (d desk) join(l *row, parts []filter.Tree) filter.Tree {
	if len(parts) == 0 {
		return filter.Tree{}
	}
	switch l.Group {
	case groupLeast:
		n, err := strconv.Atoi(l.Least)
		if err != nil || n < 1 || n > len(parts) {
			l.wrong = fault.New(fault.Invalid, "filter.error.at_least", "n", l.Least, "parts", len(parts))
			n = min(max(n, 1), len(parts))
		}
		return filter.Tree{Join: filter.AtLeast, N: n, Parts: parts}
	case groupNone:
		if len(parts) == 1 {
			return filter.Tree{Join: filter.Not, Parts: parts}
		}
		return filter.Tree{Join: filter.Not, Parts: []filter.Tree{{Join: filter.Or, Parts: parts}}}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	if l.Group == groupAny {
		return filter.Tree{Join: filter.Or, Parts: parts}
	}
	return filter.Tree{Join: filter.And, Parts: parts}
}

// condition is what a line asks, checked.
func (d desk) condition(l row) (filter.Tree, error) {
	if l.Field == "" {
		t, err := filter.Parse(l.Text, d.all)
		if err == nil && t.Everybody() {
			err = fault.New(fault.Invalid, "segments.wrong.empty")
		}
		return t, err
	}
	f, known := d.field(l.Field)
	if !known {
		return filter.Tree{}, fault.New(fault.Invalid, "filter.error.gone", "field", l.Field)
	}
	c := filter.Condition{Field: f.Name, Is: filter.Operator(l.Op)}
	var err error
	if c.Values, err = d.values(f, l); err != nil {
		return filter.Tree{}, err
	}
	switch c.Is {
	case filter.WithinNext, filter.WithinLast, filter.AnniversaryIn:
		span, err := spanOf(l.AheadN, l.AheadUnit)
		if err != nil {
			return filter.Tree{}, err
		}
		c.Span = &span
	case filter.In, filter.NotIn:
		if len(c.Values) == 1 && f.Name != filter.FieldSegment {
			c.Is = map[filter.Operator]filter.Operator{filter.In: filter.Equal, filter.NotIn: filter.NotEqual}[c.Is]
		}
	}
	if c.Window, err = window(l); err != nil {
		return filter.Tree{}, err
	}
	if c.With, err = d.with(f, l); err != nil {
		return filter.Tree{}, err
	}
	t := filter.Tree{Is: &c}
	return t, filter.Check(t, d.all)
}

// values are what the field is compared with.
func (d desk) values(f filter.Field, l row) ([]filter.Value, error) {
	switch filter.Operator(l.Op) {
	case filter.Empty, filter.NotEmpty, filter.WithinNext, filter.WithinLast, filter.Anniversary, filter.AnniversaryIn, filter.Changed:
		return nil, nil
	}
	var all []filter.Value
	for _, text := range l.Values {
		for _, part := range d.parts(f, l, text) {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			v, err := d.value(f.Type, part)
			if err != nil {
				return nil, err
			}
			if !several(f) || !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	least, most := 1, 1
	switch {
	case filter.Operator(l.Op) == filter.Between:
		least, most = 2, 2
	case several(f) && f.Name != filter.FieldSegment:
		most = filter.MaxList + 1
	}
	if len(all) < least {
		return nil, fault.New(fault.Invalid, "segments.wrong.value")
	}
	return all[:min(len(all), most)], nil
}

// parts are the values of one input: those of a list stand one a line.
func (d desk) parts(f filter.Field, l row, text string) []string {
	if several(f) && f.Name != filter.FieldSegment && (l.Op == string(filter.In) || l.Op == string(filter.NotIn)) {
		return strings.Split(text, "\n")
	}
	return []string{text}
}

// value reads what was typed, as people of the language write it.
func (d desk) value(t filter.Type, text string) (filter.Value, error) {
	switch t {
	case filter.TypeText, filter.TypeChoice:
		return filter.Value{Text: text}, nil
	case filter.TypeFlag:
		return filter.Value{Kind: filter.FlagValue, Flag: text == "true"}, nil
	case filter.TypeDay:
		day, err := clock.ParseDay(text)
		if err != nil {
			return filter.Value{}, fault.New(fault.Invalid, "segments.wrong.day", "value", cut(text))
		}
		return filter.Value{Kind: filter.DayValue, Day: filter.Moment{Day: day}}, nil
	}
	digits := d.p.Typed(text)
	if t == filter.TypeMoney {
		a, err := money.Parse(digits, d.all.Currency())
		if err != nil {
			return filter.Value{}, fault.New(fault.Invalid, "segments.wrong.number", "value", cut(text))
		}
		return filter.Value{Kind: filter.MoneyValue, Money: a}, nil
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.ContainsAny(digits, "xXpPnNiI_") {
		return filter.Value{}, fault.New(fault.Invalid, "segments.wrong.number", "value", cut(text))
	}
	if t == filter.TypeShare {
		return filter.Value{Kind: filter.PercentValue, Number: n}, nil
	}
	return filter.Value{Kind: filter.NumberValue, Number: n}, nil
}

func spanOf(n, unit string) (clock.Span, error) {
	number, err := strconv.Atoi(n)
	if err != nil || len(unit) != 1 || !slices.Contains(units(), clock.Unit(unit[0])) {
		return clock.Span{}, fault.New(fault.Invalid, "segments.wrong.span")
	}
	return clock.Span{N: number, Unit: clock.Unit(unit[0])}, nil
}

// window is when rows must lie to count; nil for always.
func window(l row) (*filter.Window, error) {
	w := &filter.Window{Kind: filter.WindowKind(l.Window)}
	var errs [3]error
	switch w.Kind {
	case "":
		return nil, nil
	case filter.Last:
		w.Span, errs[0] = spanOf(l.N, l.Unit)
	case filter.Since:
		w.From.Day, errs[1] = dayOf(l.From)
	case filter.Until:
		w.To.Day, errs[2] = dayOf(l.To)
	case filter.Range:
		w.From.Day, errs[1] = dayOf(l.From)
		w.To.Day, errs[2] = dayOf(l.To)
	}
	return w, errors.Join(errs[:]...)
}

func dayOf(text string) (clock.Day, error) {
	day, err := clock.ParseDay(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, "segments.wrong.day", "value", cut(text))
	}
	return day, nil
}

// with is what rows must meet to count.
func (d desk) with(f filter.Field, l row) ([]filter.Condition, error) {
	var all []filter.Condition
	for i, p := range f.Params {
		if i >= len(l.With) || l.With[i] == "" {
			if f.Name == filter.FieldShare {
				return nil, fault.New(fault.Invalid, "segments.wrong.salt")
			}
			continue
		}
		v, err := d.value(p.Type, l.With[i])
		if err != nil {
			return nil, err
		}
		c := filter.Condition{Field: p.Name, Is: filter.Equal, Values: []filter.Value{v}}
		if compared(p) && i < len(l.WithOp) && l.WithOp[i] != "" {
			c.Is = filter.Operator(l.WithOp[i])
		}
		all = append(all, c)
	}
	return all, nil
}

// cut keeps texts from outside short.
func cut(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}
