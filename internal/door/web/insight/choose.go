package insight

import (
	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// lead is the sentence of the report; while it is being computed, the question it answers.
func (s shown) lead(p *i18n.Printer) templ.Component {
	if s.res == nil || figure.Blank(s.res) {
		return ui.Plainly(s.query.Report.Question(p))
	}
	return ui.Plainly(figure.Sentence(p, s.res))
}

// source says on what the figures rest: "nach Retouren, nur Firmen".
func (s shown) source(p *i18n.Printer) string {
	text := p.T("insight.source.beside")
	if s.query.Report.Basis {
		text = p.T("insight.source." + string(s.query.Params.Basis))
	}
	if s.res != nil {
		if e := s.res.Explain(p); e.Only != "" {
			text += ", " + p.T("insight.only", "whom", e.Only)
		}
	}
	return text
}

// on is the address of the report as of another day.
func (s shown) on(day string) string { return s.query.Page("as_of", day) }

// days offers the days people ask for; to is the address of one, "" for today.
func days(r *page.Request, chosen clock.Day, extent figure.Extent, to func(day string) string) ui.Picker {
	p, today := r.P, r.Today()
	picker := ui.Picker{Label: p.T("insight.day.label"), Value: p.Date(chosen)}
	year, _, _ := today.Date()
	type offer struct {
		key string
		day clock.Day
	}
	offers := []offer{{"today", today}, {"month", monthEnd(today)}, {"month_before", monthEnd(monthEnd(today))}, {"year", clock.NewDay(year-1, 12, 31)}}
	if extent.Old(today) {
		offers = append(offers, offer{"last", *extent.Last})
	}
	for _, o := range offers {
		as := ""
		if o.day != today {
			as = o.day.String()
		}
		picker.Choices = append(picker.Choices, ui.Choice{Text: p.T("insight.day."+o.key, "day", o.day), Href: to(as), Active: chosen == o.day})
	}
	if chosen == today {
		picker.Value = p.T("common.today")
	}
	return picker
}

// pickers are the other choices of a report.
func (s shown) pickers(p *i18n.Printer) []ui.Picker {
	q := s.query
	var out []ui.Picker
	choose := func(label, name, chosen string, options ...string) {
		picker := ui.Picker{Label: p.T("insight." + label + ".label")}
		for i := 0; i < len(options); i += 2 {
			picker.Choices = append(picker.Choices, ui.Choice{Text: options[i+1], Href: q.Page(name, options[i]), Active: chosen == options[i]})
			if chosen == options[i] {
				picker.Value = options[i+1]
			}
		}
		if picker.Value == "" {
			picker.Value = chosen
		}
		out = append(out, picker)
	}
	if len(q.Report.By) > 0 {
		by := q.Params.By
		if by == "product" {
			by = ""
		}
		choose("by", "by", by, "", p.T("insight.by.product"), "category", p.T("insight.by.category"))
	}
	if q.Report.Basis {
		basis := ""
		if q.Params.Basis == report.Gross {
			basis = "gross"
		}
		choose("basis", "basis", basis, "", p.T("report.basis.net"), "gross", p.T("report.basis.gross"))
	}
	if q.Report.Name != nowOnly {
		choose("compare", "compare", string(q.Against), "", p.T("insight.compare.year"), string(figure.Before), p.T("insight.compare.before"),
			string(figure.Nothing), p.T("insight.compare.none"))
	}
	part := ""
	if s.parts != nil {
		part = s.parts.Columns[0].Name
	}
	choose("parts", "parts", part, "", p.T("insight.parts.none"), "kind", p.T("insight.parts.kind"), "country", p.T("insight.parts.country"),
		"region", p.T("insight.parts.region"))
	if only := q.Params.Kind + q.Params.Country + q.Params.Region; only != "" {
		if q.Params.Kind != "" {
			only = p.T("report.explain.kind." + q.Params.Kind)
		}
		out = append(out, ui.Picker{Label: p.T("insight.who.label"), Value: only,
			Choices: []ui.Choice{{Text: p.T("insight.who.all"), Href: q.Page("kind", "", "country", "", "region", "")}}})
	}
	return out
}

// hidden is the state that the form for another day keeps.
func hidden(q figure.Query) []ui.Hidden {
	var out []ui.Hidden
	add := func(name, value string) {
		if value != "" {
			out = append(out, ui.Hidden{Name: name, Value: value})
		}
	}
	if q.Params.Basis == report.Gross {
		add("basis", "gross")
	}
	add("compare", string(q.Against))
	add("by", q.Params.By)
	add("kind", q.Params.Kind)
	add("country", q.Params.Country)
	add("region", q.Params.Region)
	return out
}
