package filter_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
)

// The reference evaluates a tree once more, person by person and straight from the definitions, sharing nothing with the
// package but its types.

// meets tells whether somebody who counts meets a tree on a day. named are the segments.
func meets(t filter.Tree, p person, today clock.Day, named map[string]filter.Tree) bool {
	held := 0
	for _, part := range t.Parts {
		if meets(part, p, today, named) {
			held++
		}
	}
	switch t.Join {
	case filter.And:
		return held == len(t.Parts)
	case filter.Or:
		return held > 0
	case filter.Not:
		return held == 0
	case filter.AtLeast:
		return held >= t.N
	}
	if t.Is == nil {
		return true
	}
	if t.Is.Field == filter.FieldSegment {
		return meets(named[t.Is.Values[0].Text], p, today, named) == (t.Is.Is == filter.In)
	}
	return holds(*t.Is, p, today)
}

// opposite are the operators that hold where another does not.
var opposite = map[filter.Operator]filter.Operator{filter.NotEqual: filter.Equal, filter.NotIn: filter.In, filter.NotContains: filter.Contains, filter.Empty: filter.NotEmpty}

func holds(c filter.Condition, p person, today clock.Day) bool {
	if is, ok := opposite[c.Is]; ok {
		c.Is = is
		return !holds(c, p, today)
	}
	switch c.Field {
	case "tag":
		return slices.ContainsFunc(p.tags, func(tag string) bool { return textHolds(c, tag) })
	case "bought":
		return slices.ContainsFunc(counted(c, p, today), func(b buy) bool { return textHolds(c, b.product) })
	case "country":
		return textHolds(c, p.country)
	case "name":
		return textHolds(c, p.name)
	case "level":
		if c.Is == filter.Changed {
			return p.levelSince != nil && inWindow(c.Window, *p.levelSince, today)
		}
		return textHolds(c, p.level)
	case "vip":
		return p.vip == c.Values[0].Flag
	case "born", "joined", "last_order":
		d := map[string]*clock.Day{"born": p.born, "joined": p.joined, "last_order": last(counted(c, p, today))}[c.Field]
		return d != nil && dayHolds(c, *d, today)
	}
	if c.Is == filter.Fell || c.Is == filter.Rose {
		return moved(c, p, today)
	}
	v, there := measured(c, p, today)
	return there && numberHolds(c, v)
}

// moved compares the chance with what it was on the last day before the window.
func moved(c filter.Condition, p person, today clock.Day) bool {
	begin := meant(c.Window.From, today)
	if c.Window.Kind == filter.Last {
		begin = clock.Span{N: -c.Window.Span.N, Unit: c.Window.Span.Unit}.AddToDay(today) + 1
	}
	var was *float64
	for _, f := range p.chances { // by day
		if f.day < begin {
			was = &f.chance
		}
	}
	if was == nil || p.chance == nil || begin > today {
		return false
	}
	change := *p.chance - *was
	if c.Is == filter.Fell {
		change = -change
	}
	return numberHolds(filter.Condition{Is: filter.NotLess, Values: c.Values}, change)
}

// counted are the purchases that count for a condition.
func counted(c filter.Condition, p person, today clock.Day) (all []buy) {
	for _, b := range p.buys {
		ok := inWindow(c.Window, b.day, today)
		for _, with := range c.With {
			is := with
			if o, negative := opposite[with.Is]; negative {
				is.Is = o
			}
			held := with.Field == "product" && textHolds(is, b.product) || with.Field == "amount" && numberHolds(is, float64(b.amount))
			ok = ok && held == (is.Is == with.Is)
		}
		if ok {
			all = append(all, b)
		}
	}
	return all
}

func last(buys []buy) *clock.Day {
	var d *clock.Day
	for _, b := range buys {
		if d == nil || b.day > *d {
			d = &b.day
		}
	}
	return d
}

func measured(c filter.Condition, p person, today clock.Day) (v float64, there bool) {
	buys := counted(c, p, today)
	sum := int64(0)
	for _, b := range buys {
		sum += b.amount
	}
	switch c.Field {
	case "orders":
		return float64(len(buys)), true
	case "revenue":
		return float64(sum), true
	case "average":
		if len(buys) == 0 {
			return 0, false
		}
		return math.Round(float64(sum) / float64(len(buys))), true
	case "silent":
		if d := last(buys); d != nil {
			return float64(today - *d), true
		}
		return 0, false
	case "overdue":
		owed := int64(0)
		for _, d := range p.debts {
			if d.due < today {
				owed += d.amount
			}
		}
		return float64(owed), true
	case "points", "chance":
		if f := map[string]*float64{"points": p.points, "chance": p.chance}[c.Field]; f != nil {
			return *f, true
		}
		return 0, false
	case filter.FieldShare:
		return shareOf(c.With[0].Values[0].Text, p.id), true
	}
	panic("no field " + c.Field)
}

// shareOf is the polynomial over the integers modulo 2^31 - 1.
func shareOf(salt string, id int64) float64 {
	const prime = 2147483647
	sum := sha256.Sum256([]byte(salt))
	h := uint64(0)
	for i := range 4 {
		h = (h*uint64(id%prime) + binary.BigEndian.Uint64(sum[8*i:])>>1%prime) % prime
	}
	return float64(h) / prime
}

func inWindow(w *filter.Window, d, today clock.Day) bool {
	if d > today {
		return false
	}
	if w == nil {
		return true
	}
	switch w.Kind {
	case filter.Last:
		return d > clock.Span{N: -w.Span.N, Unit: w.Span.Unit}.AddToDay(today)
	case filter.Since:
		return d >= meant(w.From, today)
	case filter.Until:
		return d <= meant(w.To, today)
	}
	return d >= meant(w.From, today) && d <= meant(w.To, today)
}

func meant(m filter.Moment, today clock.Day) clock.Day {
	if m.Relative {
		return m.Shift.AddToDay(today)
	}
	return m.Day
}

func textHolds(c filter.Condition, v string) bool {
	exact := c.Field == "country" || c.Field == "level"
	same := func(w filter.Value) bool {
		if exact {
			return v == w.Text || c.Field == "country" && v == strings.ToUpper(w.Text) || c.Field == "level" && v == strings.ToLower(w.Text)
		}
		return strings.EqualFold(v, w.Text)
	}
	switch c.Is {
	case filter.NotEmpty:
		return v != ""
	case filter.Contains:
		return strings.Contains(strings.ToLower(v), strings.ToLower(c.Values[0].Text))
	case filter.StartsWith:
		return strings.HasPrefix(strings.ToLower(v), strings.ToLower(c.Values[0].Text))
	}
	return slices.ContainsFunc(c.Values, same)
}

func numberHolds(c filter.Condition, v float64) bool {
	at := func(i int) float64 {
		switch w := c.Values[i]; w.Kind {
		case filter.MoneyValue:
			return float64(w.Money.Minor)
		case filter.PercentValue:
			return w.Number / 100
		default:
			return w.Number
		}
	}
	switch c.Is {
	case filter.NotEmpty:
		return true
	case filter.Equal, filter.In:
		for i := range c.Values {
			if v == at(i) {
				return true
			}
		}
		return false
	case filter.Less:
		return v < at(0)
	case filter.AtMost:
		return v <= at(0)
	case filter.More:
		return v > at(0)
	case filter.NotLess:
		return v >= at(0)
	case filter.Between:
		return at(0) <= v && v <= at(1)
	}
	panic("operator " + c.Is)
}

func dayHolds(c filter.Condition, d, today clock.Day) bool {
	at := func(i int) clock.Day { return meant(c.Values[i].Day, today) }
	switch c.Is {
	case filter.NotEmpty:
		return true
	case filter.Equal, filter.In:
		for i := range c.Values {
			if d == at(i) {
				return true
			}
		}
		return false
	case filter.Less:
		return d < at(0)
	case filter.AtMost:
		return d <= at(0)
	case filter.More:
		return d > at(0)
	case filter.NotLess:
		return d >= at(0)
	case filter.Between:
		return at(0) <= d && d <= at(1)
	case filter.WithinLast:
		if c.Field == "born" {
			return recurs(d, clock.Span{N: -c.Span.N, Unit: c.Span.Unit}.AddToDay(today).AddDays(1), today)
		}
		return d <= today && d > clock.Span{N: -c.Span.N, Unit: c.Span.Unit}.AddToDay(today)
	case filter.WithinNext:
		if c.Field != "born" {
			return today <= d && d <= c.Span.AddToDay(today)
		}
		return recurs(d, today, c.Span.AddToDay(today))
	case filter.Anniversary:
		return recurs(d, today, today)
	case filter.AnniversaryIn:
		return recurs(d, today, c.Span.AddToDay(today))
	}
	panic("operator " + c.Is)
}

// recurs tells whether an anniversary of d, at least one year after it, lies between two days.
func recurs(d, from, until clock.Day) bool {
	for years := 1; years < 200; years++ {
		if a := d.AddMonths(12 * years); from <= a && a <= until {
			return true
		}
	}
	return false
}
