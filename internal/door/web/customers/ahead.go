package customers

import (
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
)

// foreseen is what is foreseen of a customer; nil where she has no score.
func foreseen(r *page.Request, tx *store.Tx, id int64) (*predict.Foreseen, error) {
	f, known, err := predict.ForCustomer(r.Context(), tx, id)
	if err != nil || !known {
		return nil, err
	}
	return &f, nil
}

// reasonSentence is why her chance is what it is.
func reasonSentence(r *page.Request, f *predict.Foreseen) string {
	text := predict.Sentence(r.P, f.Reasons, f.Outlook.AsOf)
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// aheadPairs are her chance, what to expect of her and what she is worth.
func aheadPairs(r *page.Request, f *predict.Foreseen) []ui.Pair {
	p, currency := r.P, f.Outlook.Currency
	days := int64(f.Outlook.Horizon)
	pairs := []ui.Pair{
		{Term: p.T("customers.ahead.chance"), Text: p.Chance(f.Active), Note: p.N("customers.ahead.chance_note", days, "between", figure.Between(p, f.ActiveLo, f.ActiveHi))},
		{Term: p.T("customers.ahead.expected"), Text: p.Decimal(f.Expected, 1), Note: expectedNote(r, f)},
	}
	if f.Then > 0 && f.Band != predict.New {
		pairs = slices.Insert(pairs, 1, ui.Pair{Term: p.T("outlook.bands.band"), Text: f.Band.Words(p),
			Note: p.T("customers.ahead.left_note", "then", p.Chance(f.Then), "left", leftWords(p, f.Active/f.Then))})
	}
	if predict.Past(f.Outlook.AsOf, r.Today()) {
		pairs = slices.Insert(pairs, 0, ui.Pair{Term: p.T("customers.ahead.as_of"), Text: p.Date(f.Outlook.AsOf), Note: p.T("customers.ahead.as_of_note")})
	}
	if f.NextDay != nil {
		pairs = append(pairs, ui.Pair{Term: p.T("customers.ahead.next"), Text: p.Date(*f.NextDay)})
	}
	pairs = append(pairs, ui.Pair{Term: p.T("customers.ahead.clv"), Text: p.MoneyRounded(f.CLV, currency),
		Note: p.T("customers.ahead.clv_note", "lo", p.MoneyRounded(f.CLVLo, currency), "hi", p.MoneyRounded(f.CLVHi, currency))})
	if f.AtRisk > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("outlook.risk.title"), Text: p.MoneyRounded(f.AtRisk, currency), Note: riskNote(r, f)})
	}
	return pairs
}

// leftWords are how much of a chance is left: all of it, or a share that is never nothing.
func leftWords(p *i18n.Printer, left float64) string {
	if left >= 1 {
		return p.Percent(1, 0)
	}
	return p.Chance(left)
}

// expectedNote is what the purchases are worth, and how sure both numbers are.
func expectedNote(r *page.Request, f *predict.Foreseen) string {
	p, currency := r.P, f.Outlook.Currency
	note := p.T("customers.ahead.expected_note", "value", p.Money(f.Value, currency))
	if f.ExpectedHi <= 0 {
		return note
	}
	return joined(p.T("customers.ahead.between", "lo", p.Decimal(f.ExpectedLo, 1), "hi", p.Decimal(f.ExpectedHi, 1)),
		note+" "+p.T("customers.ahead.between_money", "lo", p.MoneyRounded(f.ValueLo, currency), "hi", p.MoneyRounded(f.ValueHi, currency)))
}

// aliveNote says what the chance to be still a customer means, and how sure it is.
func aliveNote(r *page.Request, f *predict.Foreseen) string {
	note := r.P.T("customers.ahead.part.alive_note")
	if f.AliveLo == nil || f.AliveHi == nil {
		return note
	}
	return joined(note, figure.Between(r.P, *f.AliveLo, *f.AliveHi))
}

// riskNote is how sure the value at risk is, and since when she has been at risk.
func riskNote(r *page.Request, f *predict.Foreseen) string {
	note, currency := "", f.Outlook.Currency
	if f.AtRiskHi > 0 {
		note = r.P.T("customers.ahead.clv_note", "lo", r.P.MoneyRounded(f.AtRiskLo, currency), "hi", r.P.MoneyRounded(f.AtRiskHi, currency))
	}
	switch {
	case f.RiskSince == nil:
		return note
	case note == "":
		return r.P.T("customers.ahead.since", "day", *f.RiskSince)
	}
	return joined(note, r.P.T("customers.ahead.since", "day", *f.RiskSince))
}

// chanceCard is the chance of a purchase over time, with her purchases and how it was scored on earlier days.
func chanceCard(r *page.Request, f *predict.Foreseen) templ.Component {
	p := r.P
	asOf := f.Outlook.AsOf
	c := ui.Chart{ID: "chart-ahead", Kind: ui.LineChart, Title: p.N("customers.ahead.chart", int64(f.Outlook.Horizon)), Hide: true, Unit: ui.Unit{Kind: ui.Rate}, YName: p.T("customers.ahead.chance")}
	past, ahead, buys := ui.Series{Name: p.T("customers.ahead.so_far"), Color: 0}, ui.Series{Name: p.T("customers.ahead.if_silent"), Past: true, Color: 6}, ui.Series{Name: p.T("customers.ahead.bought"), Color: 1, Dots: true}
	none := math.NaN()
	for i, at := range f.Curve {
		c.Labels = append(c.Labels, p.Date(at.Day))
		now, then, bought := at.Active, none, none
		if at.Day >= asOf {
			then = at.Active
		}
		if at.Day > asOf {
			now = none
		}
		if i > 0 && boughtWithin(f.Purchases, f.Curve[i-1].Day, at.Day) || i == 0 {
			bought = at.Active
		}
		past.Values, ahead.Values, buys.Values = append(past.Values, now), append(ahead.Values, then), append(buys.Values, bought)
	}
	c.Series = []ui.Series{past, ahead, buys}
	parts := []templ.Component{ui.Words(p.N("customers.ahead.text", int64(f.Outlook.Horizon), "count", len(f.Purchases)))}
	if len(c.Labels) > 1 {
		parts = append(parts, ui.ChartBox(p, c))
	}
	parts = append(parts, ui.TableBox(p, momentTable(r, f)))
	return page.Inside(ui.CardBox(ui.Card{Title: p.T("customers.ahead.curve")}), ui.All(parts...))
}

// boughtWithin tells whether a purchase lies after from and not after to.
func boughtWithin(days []clock.Day, from, to clock.Day) bool {
	return slices.ContainsFunc(days, func(d clock.Day) bool { return d > from && d <= to })
}

// momentTable is how she was scored before: at the end of each month, when her band changed and when the score had moved noticeably.
func momentTable(r *page.Request, f *predict.Foreseen) ui.Table {
	p := r.P
	t := ui.Table{ID: "moments", Caption: p.T("customers.ahead.moments"), Compact: true, Columns: []ui.Column{
		{Title: p.T("common.day"), Narrow: ui.NarrowLead}, {Title: p.T("outlook.bands.band"), Narrow: ui.NarrowBare},
		{Title: p.T("customers.ahead.chance"), Number: true, Narrow: ui.NarrowValue}, {Title: p.T("customers.ahead.clv"), Number: true}}}
	const shown = 12
	row := func(day clock.Day, b predict.Band, active float64, clv int64) {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.Text(p.Date(day)), ui.Rich(figure.Band(p, b)), ui.Text(p.Chance(active)), ui.Text(p.MoneyRounded(clv, f.Outlook.Currency))}})
	}
	row(f.Outlook.AsOf, f.Band, f.Active, f.CLV)
	for _, m := range slices.Backward(f.History) {
		if m.Day < f.Outlook.AsOf && len(t.Rows) < shown {
			row(m.Day, m.Band, m.Active, m.CLV)
		}
	}
	return t
}

// worthCard is what her value is made of.
func worthCard(r *page.Request, f *predict.Foreseen) templ.Component {
	p, o := r.P, f.Outlook
	percent := func(whole int) string { return p.Percent(float64(whole)/100, 0) }
	pair := func(name, text, note string) ui.Pair {
		return ui.Pair{Term: p.T("customers.ahead.part." + name), Text: text, Note: note}
	}
	pairs := []ui.Pair{
		pair("worth", p.Money(f.Worth, o.Currency), p.T("customers.ahead.part.worth_note", "margin", percent(o.Margin))),
		pair("purchases", p.Decimal(f.Discounted, 2), p.N("customers.ahead.part.purchases_note", int64(o.ValueYears), "discount", percent(o.Discount))),
		pair("clv", p.Money(f.CLV, o.Currency), p.T("customers.ahead.clv_note", "lo", p.MoneyRounded(f.CLVLo, o.Currency), "hi", p.MoneyRounded(f.CLVHi, o.Currency))),
	}
	if f.Alive != nil {
		pairs = append(pairs, pair("alive", p.Chance(*f.Alive), aliveNote(r, f)))
	}
	if f.AtRisk > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("outlook.risk.title"), Text: p.MoneyRounded(f.AtRisk, o.Currency), Note: riskNote(r, f)})
	}
	e := ui.Explain{ID: "explain-ahead", Title: p.T("customers.ahead.clv"), Definition: p.T("customers.ahead.part.definition"), Formula: p.T("customers.ahead.part.formula"),
		AsOf: p.Date(o.AsOf), Purchase: p.T("outlook.explain.purchase"), Refunds: p.T("outlook.explain.refunds"), Source: predict.ModelWords(p, o.Chosen) + ", " + predict.ModelWords(p, o.Counts),
		Rows: &ui.Anchor{Text: p.T("outlook.title"), Href: "/insight/outlook"}}
	return page.Inside(ui.CardBox(ui.Card{Title: p.T("customers.ahead.parts"), Tools: ui.All(ui.ExplainButton(p, e), ui.ExplainDrawer(p, e))}),
		ui.All(ui.Words(reasonSentence(r, f)), ui.Pairs(pairs)))
}
