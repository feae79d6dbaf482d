package figure

import (
	"math"
	"strconv"
	"strings"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// plain writes a number without thousands separators.
func plain(p *i18n.Printer, f float64, digits int) string {
	text := strconv.FormatFloat(f, 'f', digits, 64)
	if p.Lang() == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

func iso(c report.Cell, kind report.Kind) string {
	day := clock.Day(c.Int).String()
	if kind == report.Month {
		return day[:len("2006-01")]
	}
	return day
}

// Explain is everything that stands behind a result. id is unique on the page.
func Explain(p *i18n.Printer, id, title string, q Query, res *report.Result) *ui.Explain {
	e := res.Explain(p)
	out := &ui.Explain{
		ID: id, Title: title, Definition: e.Definition, Formula: e.Formula, Purchase: e.Purchase, Refunds: e.Returns, Period: e.Period,
		AsOf: p.Date(res.Params.AsOf), Source: e.Source, SQL: strings.Join(e.SQL, ";\n\n"),
	}
	if e.Only != "" {
		out.Period += " " + p.T("insight.only", "whom", e.Only)
	}
	for _, f := range res.Figures {
		if hasCustomers(f.Cell, f.Kind) {
			out.Rows = &ui.Anchor{Text: p.T("insight.behind.show", "figure", f.Label(p)), Href: q.Behind(f.Ref)}
			break
		}
	}
	return out
}

// Sentence is what a result says. Where there are purchases but none that this report is about, it says that.
func Sentence(p *i18n.Printer, res *report.Result) string {
	text := res.Sentence(p)
	if res.From != nil && text == p.T("report.empty", "day", res.Params.AsOf) {
		return p.T("insight.nothing", "day", res.Params.AsOf)
	}
	return text
}

// Change says in words how a figure moved since: "12 mehr als vor einem Jahr". It is "" where one of the two is missing.
func Change(p *i18n.Printer, kind report.Kind, currency string, now, before report.Cell, when string) string {
	if now.None || before.None {
		return ""
	}
	moved := report.Cell{Int: now.Int - before.Int, Float: now.Float - before.Float}
	direction := "more"
	if moved.Int < 0 || moved.Float < 0 {
		direction = "less"
		moved.Int, moved.Float = -moved.Int, -moved.Float
	}
	var diff string
	switch kind {
	case report.Count, report.Money, report.Decimal:
		diff = moved.Format(p, kind, currency)
	case report.Days:
		diff = p.T("insight.change.days", "n", p.Decimal(moved.Float, 1))
	case report.Share:
		diff = p.T("insight.change.points", "n", p.Decimal(100*moved.Float, 1))
	default:
		return ""
	}
	if moved.Int == 0 && math.Abs(moved.Float) < unseen(kind) {
		direction = "same"
	}
	return p.T("insight.change."+direction, "diff", diff, "when", when)
}

// When names what a comparison compares with: "vor einem Jahr".
func When(p *i18n.Printer, c *report.Comparison) string {
	if c.YearAgo {
		return p.T("insight.when.year")
	}
	return p.T("insight.when.before", "day", c.Params.AsOf)
}

// unseen is a change that its digits do not show.
func unseen(kind report.Kind) float64 {
	switch kind {
	case report.Decimal:
		return 0.005
	case report.Days:
		return 0.05
	}
	return 0.0005
}
