package report

import (
	"strings"

	"stamm/internal/platform/i18n"
)

// Explanation is everything one can ask about a figure, in the reader's language.
type Explanation struct {
	Definition string   // what is counted
	Formula    string   // how
	Source     string   // where the definition comes from
	Purchase   string   // what counts as a purchase
	Returns    string   // what happens to returns
	Period     string   // first purchase to the day the figures are as of
	Only       string   // which customers; "" is all
	SQL        []string // what the warehouse was asked
}

// Explain returns the explanation of a result.
func (r *Result) Explain(p *i18n.Printer) Explanation {
	key := "report." + r.Report.Name
	e := Explanation{
		Definition: p.T(key + ".definition"), Formula: p.T(key + ".formula"), Source: p.T(key + ".source"),
		Purchase: p.T("report.explain.purchase"), Returns: p.T("report.explain.returns_" + string(r.Params.Basis)),
		Period: p.T("report.explain.no_period", "day", r.Params.AsOf), SQL: r.SQL,
	}
	if !r.Report.Basis {
		e.Returns = p.T("report.explain.returns_beside")
	}
	if r.From != nil {
		e.Period = p.T("report.explain.period", "first", *r.From, "day", r.Params.AsOf)
	}
	var only []string
	if r.Params.Kind != "" {
		only = append(only, p.T("report.explain.kind."+r.Params.Kind))
	}
	for _, place := range []string{r.Params.Country, r.Params.Region} {
		if place != "" {
			only = append(only, place)
		}
	}
	e.Only = strings.Join(only, " · ")
	return e
}
