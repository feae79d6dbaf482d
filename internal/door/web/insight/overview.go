package insight

import (
	"context"
	"iter"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
)

// groups is how the overview sorts the reports; one that is in no group stands in the last.
var groups = []struct {
	name    string
	reports []string
}{
	{"business", []string{"totals", "revenue", "average_order_value", "historic_clv"}},
	{"return", []string{"period_retention", "cohorts", "monthly", "second_purchase_within", "repeat_purchase_rate", "sector_churn"}},
	{"rhythm", []string{"buying_rate", "purchase_frequency", "interpurchase", "inactivity"}},
	{"who", []string{"rfm", "abc", "products"}},
	{"trust", []string{"refunds", "data_quality"}},
}

// card is a report on the overview. res has no tables; nil while it is being computed.
type card struct {
	report *report.Report
	res    *report.Result
}

// board is every report as of a day, by name.
type board map[string]*report.Result

// boardOf computes all reports on one state of the warehouse, one after the other, so that they leave room for others. Of
// each only the sentence and the headline figures are kept.
func boardOf(day clock.Day) func(context.Context, *warehouse.View) (board, error) {
	return func(ctx context.Context, v *warehouse.View) (board, error) {
		b := board{}
		for _, r := range report.All() {
			res, err := r.Run(ctx, v, report.Params{AsOf: day})
			if err != nil {
				return nil, err
			}
			short := *res
			short.Tables, short.Chart, short.JSON, short.SQL = nil, nil, nil, nil
			b[r.Name] = &short
		}
		return b, nil
	}
}

func (d Deps) overview(r *page.Request) error {
	day, fixed, err := figure.ReadDay(r)
	if err != nil {
		return err
	}
	patience := d.Patience
	if r.CSVWanted {
		patience = warehouse.Forever
	}
	from := figure.From(d.Warehouse, patience, r.URL.RequestURI())
	extent, err := figure.ExtentOf(r.Context(), from)
	if err != nil {
		return err
	}
	b, known, err := figure.Soon(r.Context(), from, "insight/overview/"+day.String(), boardOf(day))
	if err != nil {
		return err
	}
	if r.CSVWanted {
		return r.SendCSV("insight", []string{r.P.T("insight.csv.report"), r.P.T("insight.csv.figure"), r.P.T("insight.csv.value"), r.P.T("insight.csv.sentence")}, overviewRows(r, b))
	}
	if known && !fixed && figure.Blank(b["totals"]) && figure.Blank(b["data_quality"]) {
		nothing, err := figure.Empty(r)
		if err != nil {
			return err
		}
		return r.Render(r.P.T("insight.title"), ui.All(
			ui.PageHeader(r.P, ui.Header{Title: r.P.T("insight.title")}),
			ui.EmptyState(nothing),
			ui.AsOfLine(r.P, from.AsOf(""))))
	}
	pages := overviewState{day: day, fixed: fixed, groups: sorted(b), days: days(r, day, extent, func(as string) string { return r.Link("as_of", as) })}
	if extent.Old(day) {
		pages.hint = r.P.T("insight.old", "day", *extent.Last)
		pages.then = "/insight?as_of=" + extent.Last.String()
	}
	return r.Render(r.P.T("insight.title"), overviewPage(r, pages, from.AsOf(r.P.T("insight.source.net"))))
}

// overviewState is what the overview shows.
type overviewState struct {
	day    clock.Day
	fixed  bool
	groups []cardGroup
	days   ui.Picker
	hint   string // that purchases ended long ago; "" if they have not
	then   string // the overview of that day
}

// to is the address of a report as of the day of the overview.
func (s overviewState) to(r *report.Report) string {
	q := figure.Query{Report: r, Params: report.Params{AsOf: s.day}, Fixed: s.fixed}
	return q.Page()
}

type cardGroup struct {
	name  string
	cards []card
}

// sorted puts the cards into their groups.
func sorted(b board) []cardGroup {
	var out []cardGroup
	placed := map[string]bool{}
	add := func(g *cardGroup, r *report.Report) {
		g.cards = append(g.cards, card{r, b[r.Name]})
		placed[r.Name] = true
	}
	for _, group := range groups {
		g := cardGroup{name: group.name}
		for _, name := range group.reports {
			if r, err := report.Find(name); err == nil {
				add(&g, r)
			}
		}
		out = append(out, g)
	}
	for _, r := range report.All() {
		if !placed[r.Name] {
			add(&out[len(out)-1], r)
		}
	}
	return out
}

// overviewRows is the overview as a file: the headline figures of each report.
func overviewRows(r *page.Request, b board) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, rep := range report.All() {
			res := b[rep.Name]
			for _, f := range res.Figures {
				if !yield([]string{rep.Title(r.P), f.Label(r.P), figure.Raw(r.P, f.Cell, f.Kind, res.Currency), figure.Sentence(r.P, res)}, nil) {
					return
				}
			}
		}
	}
}
