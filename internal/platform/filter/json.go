package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// wire is a tree as JSON: {"and": […]}, {"or": […]}, {"not": {…}}, {"at_least": 2, "of": […]} or a condition; {} is met by
// everybody.
type wire struct {
	And     []wire      `json:"and,omitempty"`
	Or      []wire      `json:"or,omitempty"`
	Not     *wire       `json:"not,omitempty"`
	AtLeast *int        `json:"at_least,omitempty"`
	Of      []wire      `json:"of,omitempty"`
	Field   string      `json:"field,omitempty"`
	With    []wire      `json:"with,omitempty"`
	Window  *wireWindow `json:"window,omitempty"`
	Is      Operator    `json:"is,omitempty"`
	Value   *wireValue  `json:"value,omitempty"`
	Values  []wireValue `json:"values,omitempty"`
	Span    *clock.Span `json:"span,omitempty"`
}

// wireWindow is {"last": "P365D"}, {"since": "2026-01-01"}, {"until": "today-P30D"} or {"between": ["2026-01-01", "2026-01-31"]}.
type wireWindow struct {
	Last    *clock.Span `json:"last,omitempty"`
	Since   *Moment     `json:"since,omitempty"`
	Until   *Moment     `json:"until,omitempty"`
	Between []Moment    `json:"between,omitempty"`
}

// wireValue is a text, a number, true or false, {"percent": 10}, {"amount": "200.00", "currency": "EUR"} or {"day": "today-P30D"}.
type wireValue Value

type wireParts struct {
	Percent  *float64 `json:"percent,omitempty"`
	Amount   *string  `json:"amount,omitempty"`
	Currency string   `json:"currency,omitempty"`
	Day      *Moment  `json:"day,omitempty"`
}

// MarshalJSON writes the tree for programs and for keeping.
func (t Tree) MarshalJSON() ([]byte, error) { return json.Marshal(toWire(t)) }

// UnmarshalJSON reads a tree. What is too deep, too long or of no known form is an Invalid fault; whether its fields exist,
// Check tells.
func (t *Tree) UnmarshalJSON(data []byte) error {
	if len(data) > MaxJSON {
		return invalid("json_too_long", "max", MaxJSON>>20)
	}
	if nesting(data) > 2*MaxDepth+10 { // a level of a tree is an object and a list; a value has a few of its own
		return invalid("depth", "max", MaxDepth)
	}
	var w wire
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return f
		}
		return invalid("json").Because(err)
	}
	tree, err := fromWire(w)
	if err == nil {
		*t = tree
	}
	return err
}

// nesting is how deep the brackets of JSON stand within each other.
func nesting(data []byte) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

func toWire(t Tree) wire {
	switch t.Join {
	case And:
		return wire{And: wires(t.Parts)}
	case Or:
		return wire{Or: wires(t.Parts)}
	case Not:
		if len(t.Parts) != 1 {
			return wire{}
		}
		part := toWire(t.Parts[0])
		return wire{Not: &part}
	case AtLeast:
		return wire{AtLeast: &t.N, Of: wires(t.Parts)}
	}
	if t.Is == nil {
		return wire{}
	}
	return conditionWire(*t.Is)
}

func wires(parts []Tree) []wire {
	all := make([]wire, len(parts))
	for i, p := range parts {
		all[i] = toWire(p)
	}
	return all
}

func conditionWire(c Condition) wire {
	w := wire{Field: c.Field, Is: c.Is, Span: c.Span}
	for _, with := range c.With {
		w.With = append(w.With, conditionWire(with))
	}
	if c.Window != nil {
		w.Window = windowWire(*c.Window)
	}
	if len(c.Values) == 1 {
		v := wireValue(c.Values[0])
		w.Value = &v
		return w
	}
	for _, v := range c.Values {
		w.Values = append(w.Values, wireValue(v))
	}
	return w
}

func windowWire(w Window) *wireWindow {
	switch w.Kind {
	case Last:
		return &wireWindow{Last: &w.Span}
	case Since:
		return &wireWindow{Since: &w.From}
	case Until:
		return &wireWindow{Until: &w.To}
	}
	return &wireWindow{Between: []Moment{w.From, w.To}}
}

func fromWire(w wire) (Tree, error) {
	forms := 0
	for _, is := range []bool{w.And != nil, w.Or != nil, w.Not != nil, w.AtLeast != nil || w.Of != nil, w.Field != ""} {
		if is {
			forms++
		}
	}
	if forms > 1 || w.Field == "" && (w.Is != "" || w.Value != nil || w.Values != nil || w.With != nil || w.Window != nil || w.Span != nil) {
		return Tree{}, invalid("json_form")
	}
	switch {
	case w.And != nil:
		return group(Tree{Join: And}, w.And)
	case w.Or != nil:
		return group(Tree{Join: Or}, w.Or)
	case w.Not != nil:
		return group(Tree{Join: Not}, []wire{*w.Not})
	case w.AtLeast != nil:
		return group(Tree{Join: AtLeast, N: *w.AtLeast}, w.Of)
	case w.Of != nil:
		return Tree{}, invalid("json_form")
	case w.Field == "":
		return Tree{}, nil
	}
	c, err := fromCondition(w)
	return Tree{Is: &c}, err
}

func group(t Tree, parts []wire) (Tree, error) {
	for _, w := range parts {
		part, err := fromWire(w)
		if err != nil {
			return t, err
		}
		t.Parts = append(t.Parts, part)
	}
	return t, nil
}

func fromCondition(w wire) (Condition, error) {
	c := Condition{Field: w.Field, Is: w.Is, Span: w.Span}
	for _, with := range w.With {
		t, err := fromWire(with)
		if err != nil {
			return c, err
		}
		if t.Is == nil {
			return c, invalid("json_form")
		}
		c.With = append(c.With, *t.Is)
	}
	if w.Window != nil {
		var err error
		if c.Window, err = fromWindow(*w.Window); err != nil {
			return c, err
		}
	}
	if w.Value != nil {
		c.Values = append(c.Values, Value(*w.Value))
	}
	for _, v := range w.Values {
		c.Values = append(c.Values, Value(v))
	}
	return c, nil
}

func fromWindow(w wireWindow) (*Window, error) {
	switch {
	case w.Last != nil:
		return &Window{Kind: Last, Span: *w.Last}, nil
	case w.Since != nil:
		return &Window{Kind: Since, From: *w.Since}, nil
	case w.Until != nil:
		return &Window{Kind: Until, To: *w.Until}, nil
	case len(w.Between) == 2:
		return &Window{Kind: Range, From: w.Between[0], To: w.Between[1]}, nil
	}
	return nil, invalid("json_form")
}

// MarshalJSON writes the value in the shortest form that tells its kind.
func (v wireValue) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case NumberValue:
		return json.Marshal(v.Number)
	case FlagValue:
		return json.Marshal(v.Flag)
	case PercentValue:
		return json.Marshal(wireParts{Percent: &v.Number})
	case MoneyValue:
		text := money.FormatScaled(v.Money.Minor, money.Digits(v.Money.Currency))
		return json.Marshal(wireParts{Amount: &text, Currency: v.Money.Currency})
	case DayValue:
		return json.Marshal(wireParts{Day: &v.Day})
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *wireValue) UnmarshalJSON(data []byte) error {
	var any any
	if err := json.Unmarshal(data, &any); err != nil {
		return err
	}
	switch x := any.(type) {
	case string:
		*v = wireValue{Text: x}
		return nil
	case float64:
		*v = wireValue{Kind: NumberValue, Number: x}
		return nil
	case bool:
		*v = wireValue{Kind: FlagValue, Flag: x}
		return nil
	}
	var parts wireParts
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	switch {
	case parts.Percent != nil:
		*v = wireValue{Kind: PercentValue, Number: *parts.Percent}
	case parts.Day != nil:
		*v = wireValue{Kind: DayValue, Day: *parts.Day}
	case parts.Amount != nil:
		a, err := money.Parse(*parts.Amount, parts.Currency)
		if err != nil {
			return err
		}
		*v = wireValue{Kind: MoneyValue, Money: a}
	default:
		return invalid("json_form")
	}
	return nil
}

// MarshalText writes the moment: 2026-01-31, today, today-P30D or today+P2M.
func (m Moment) MarshalText() ([]byte, error) {
	switch {
	case !m.Relative:
		return m.Day.MarshalText()
	case m.Shift.N < 0:
		return []byte("today-" + clock.Span{N: -m.Shift.N, Unit: m.Shift.Unit}.String()), nil
	case m.Shift.N > 0:
		return []byte("today+" + m.Shift.String()), nil
	}
	return []byte("today"), nil
}

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (m *Moment) UnmarshalText(text []byte) error {
	rest, relative := strings.CutPrefix(string(text), "today")
	if !relative {
		d, err := clock.ParseDay(string(text))
		*m = Moment{Day: d}
		return err
	}
	*m = Moment{Relative: true}
	if rest == "" {
		return nil
	}
	s, err := clock.ParseSpan(rest[1:])
	if err != nil || rest[0] != '-' && rest[0] != '+' {
		return fault.New(fault.Invalid, "errors.day", "text", string(text))
	}
	if rest[0] == '-' {
		s.N = -s.N
	}
	if s.N != 0 {
		m.Shift = s
	}
	return nil
}
