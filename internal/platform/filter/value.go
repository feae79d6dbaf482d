package filter

import (
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// value reads a value of a type.
func (p *parser) value(t Type) (Value, error) {
	switch t {
	case TypeText, TypeChoice:
		return p.textValue()
	case TypeFlag:
		return p.flagValue()
	case TypeDay:
		m, err := p.moment()
		return Value{Kind: DayValue, Day: m}, err
	}
	at := p.now()
	digits, err := p.digits()
	if err != nil {
		return Value{}, err
	}
	if t == TypeMoney {
		return p.moneyValue(at, digits)
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return Value{}, p.failAt(at, "number")
	}
	v := Value{Kind: NumberValue, Number: n}
	switch {
	case p.accept("%"):
		v.Kind = PercentValue
	case t == TypeDays && (p.now().is("d") || p.now().is("day") || p.now().is("days")):
		p.take()
	}
	return v, nil
}

// digits reads a number with its sign.
func (p *parser) digits() (string, error) {
	sign := ""
	if p.now().is("-") && p.ahead(1).kind == numberToken {
		p.take()
		sign = "-"
	}
	if p.now().kind != numberToken {
		return "", p.fail("number")
	}
	return sign + p.take().text, nil
}

func (p *parser) textValue() (Value, error) {
	t := p.now()
	switch {
	case t.kind == endToken || t.kind == signToken:
		return Value{}, p.fail("value")
	case t.kind == wordToken && ambiguous(t.text):
		return Value{}, p.fail("keyword")
	}
	p.take()
	if after := p.now(); t.kind == numberToken && after.kind == wordToken && after.at == t.at+len(t.text) {
		return Value{}, p.failAt(t, "quote") // 3M, written without quotes
	}
	return Value{Text: t.text}, nil
}

func (p *parser) flagValue() (Value, error) {
	switch {
	case p.accept("yes"), p.accept("true"):
		return Value{Kind: FlagValue, Flag: true}, nil
	case p.accept("no"), p.accept("false"):
		return Value{Kind: FlagValue}, nil
	}
	return Value{}, p.fail("flag")
}

// moneyValue reads the currency behind an amount; without one it is the base currency.
func (p *parser) moneyValue(at token, digits string) (Value, error) {
	currency := p.catalogue.currency
	if t := p.now(); t.kind == wordToken && len(t.text) == 3 && !keyword(t.text) {
		currency = strings.ToUpper(t.text)
		if !money.Known(currency) {
			return Value{}, p.fail("currency_unknown")
		}
		p.take()
	} else if t.kind == wordToken && strings.EqualFold(t.text, "euro") {
		currency = "EUR"
		p.take()
	}
	a, err := money.Parse(digits, currency)
	if err != nil {
		return Value{}, p.failAt(at, "number")
	}
	return Value{Kind: MoneyValue, Money: a}, nil
}

// moment reads a date, or today with or without a distance.
func (p *parser) moment() (Moment, error) {
	if p.now().kind == dateToken {
		d, err := clock.ParseDay(p.take().text)
		return Moment{Day: d}, err
	}
	if !p.accept("today") {
		return Moment{}, p.fail("moment")
	}
	m := Moment{Relative: true}
	back := p.accept("-")
	if !back && !p.accept("+") {
		return m, nil
	}
	s, err := p.span()
	if back {
		s.N = -s.N
	}
	if s.N != 0 {
		m.Shift = s
	}
	return m, err
}

// units are the words for units of time.
var units = map[string]clock.Unit{
	"d": clock.UnitDay, "day": clock.UnitDay, "days": clock.UnitDay, "w": clock.UnitWeek, "week": clock.UnitWeek, "weeks": clock.UnitWeek,
	"month": clock.UnitMonth, "months": clock.UnitMonth, "year": clock.UnitYear, "years": clock.UnitYear, "y": clock.UnitYear,
}

// span reads a number of days, weeks, months or years.
func (p *parser) span() (clock.Span, error) {
	n, err := strconv.Atoi(p.now().text)
	if p.now().kind != numberToken || err != nil {
		return clock.Span{}, p.fail("whole")
	}
	p.take()
	unit, ok := units[strings.ToLower(p.now().text)]
	if p.now().kind != wordToken || !ok {
		return clock.Span{}, p.fail("unit")
	}
	p.take()
	return clock.Span{N: n, Unit: unit}, nil
}

// window reads a window; nil if none begins here.
func (p *parser) window() (*Window, error) {
	var w Window
	var err error
	switch {
	case p.accept("last"):
		w.Kind = Last
		w.Span, err = p.span()
	case p.accept("since"):
		w.Kind = Since
		w.From, err = p.moment()
	case p.accept("until"):
		w.Kind = Until
		w.To, err = p.moment()
	case p.accept("between"):
		w.Kind = Range
		if w.From, err = p.moment(); err != nil {
			return nil, err
		}
		if err := p.expect("and"); err != nil {
			return nil, err
		}
		w.To, err = p.moment()
	default:
		return nil, nil
	}
	return &w, err
}
