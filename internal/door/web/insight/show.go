package insight

import (
	"context"
	"iter"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse"
)

const explainID = "explain"

// shown is a report on its page. res is nil while it is being computed; before too, or when there is nothing to compare.
type shown struct {
	query  figure.Query
	res    *report.Result
	before *report.Comparison
	extent figure.Extent
	parts  *report.Table // by kind, country or region of customers; nil for none
}

func run(q figure.Query) func(context.Context, *warehouse.View) (*report.Result, error) {
	return func(ctx context.Context, v *warehouse.View) (*report.Result, error) {
		return q.Report.Run(ctx, v, q.Params)
	}
}

// compare computes what a report is compared with.
func compare(q figure.Query) func(context.Context, *warehouse.View) (*report.Comparison, error) {
	return func(ctx context.Context, v *warehouse.View) (*report.Comparison, error) {
		if q.Against == figure.YearAgo {
			return q.Report.Compare(ctx, v, q.Params)
		}
		before := q.Params
		before.AsOf = before.AsOf.AddDays(-90)
		res, err := q.Report.Run(ctx, v, before)
		if err != nil || res.From == nil {
			return nil, err
		}
		return &report.Comparison{Result: res}, nil
	}
}

func (d Deps) show(r *page.Request) error {
	q, err := figure.Read(r, r.PathValue("name"))
	if err != nil {
		return err
	}
	if r.CSVWanted {
		return d.csv(r, q)
	}
	s := shown{query: q}
	from := figure.From(d.Warehouse, d.Patience, r.URL.RequestURI())
	if s.extent, err = figure.ExtentOf(r.Context(), from); err != nil {
		return err
	}
	res, known, err := figure.Soon(r.Context(), from, q.Key("report"), run(q))
	if err != nil {
		return err
	}
	if known {
		s.res = res
		if err := s.more(r, from); err != nil {
			return err
		}
	}
	content, err := s.page(r, from)
	if err != nil {
		return err
	}
	return r.Render(q.Report.Title(r.P), content)
}

// more adds what stands beside the report: the comparison and the parts.
func (s *shown) more(r *page.Request, from *figure.Source) (err error) {
	q := s.query
	if q.Against != figure.Nothing && q.Report.Name != nowOnly {
		if s.before, _, err = figure.Soon(r.Context(), from, q.Key("compare"+string(q.Against)), compare(q)); err != nil {
			return err
		}
	}
	if part := r.Text("parts"); part != "" && s.res.From != nil {
		s.parts, _, err = figure.Soon(r.Context(), from, q.Key("parts-"+part), func(ctx context.Context, v *warehouse.View) (*report.Table, error) {
			return q.Report.Breakdown(ctx, v, q.Params, part)
		})
	}
	return err
}

func (s shown) page(r *page.Request, from *figure.Source) (templ.Component, error) {
	foot := ui.AsOfLine(r.P, from.AsOf(s.source(r.P)))
	if s.res == nil {
		return ui.All(reportHeader(r, s), ui.EmptyState(ui.Empty{Icon: "clock", Title: r.P.T("insight.pending"), Text: r.P.T("insight.pending_text")}), foot), nil
	}
	if figure.Blank(s.res) {
		nothing, err := s.empty(r)
		return ui.All(reportHeader(r, s), ui.EmptyState(nothing), foot), err
	}
	parts := []templ.Component{reportHeader(r, s)}
	if tiles := s.tiles(r.P); len(tiles) > 0 {
		parts = append(parts, ui.Tiles(r.P, tiles))
	}
	rest := s.res.Tables
	if c := s.res.Chart; c != nil {
		parts = append(parts, s.picture(r.P))
		if c.Kind == report.Heat {
			rest = rest[1:] // its numbers stand in the picture
		}
	}
	if s.parts != nil {
		parts = append(parts, ui.TableBox(r.P, s.partTable(r.P)))
	}
	var list []ui.Table
	for _, t := range rest {
		table := figure.Table(r.P, s.query, s.res, t, r.Text("rows") == "all")
		if c := s.res.Chart; c != nil && t.Name == s.res.Tables[c.Table].Name {
			figure.Beside(r.P, &table, s.res, s.before, t)
		}
		list = append(list, table)
	}
	if s.res.Chart == nil && len(list) == 0 {
		title := s.query.Report.Title(r.P)
		parts = append(parts, ui.ExplainCard(r.P, r.P.T("insight.explained"), *figure.Explain(r.P, "explained", title, s.query, s.res)))
	}
	return ui.All(append(parts, tables(r.P, list), foot)...), nil
}

// nowOnly is the report of the state of the data, which is about now: as of a year ago all later documents would be
// documents of the future.
const nowOnly = "data_quality"

// picture is what people would rather look at.
func (s shown) picture(p *i18n.Printer) templ.Component {
	switch t := s.res.Tables[s.res.Chart.Table]; {
	case s.res.Chart.Kind == report.Heat && t.Name == "rfm_grid":
		return page.Inside(ui.CardBox(ui.Card{Title: p.T("insight.square.title")}), ui.SquareMap(p, figure.Square(p, s.query, s.res)))
	case s.res.Chart.Kind == report.Heat:
		return ui.HeatTable(p, figure.Heat(p, s.query, s.res))
	}
	return ui.ChartBox(p, figure.Chart(p, s.res, s.before, 0))
}

// tiles are the headline figures, each with how it moved.
func (s shown) tiles(p *i18n.Printer) []ui.Tile {
	var tiles []ui.Tile
	for _, f := range s.res.Figures {
		tile := ui.Tile{Name: f.Label(p), Value: f.Format(p, f.Kind, s.res.Currency)}
		if f.None {
			tile.Value, tile.Missing = "", p.T("insight.no_value")
		}
		if f.Kind != report.Count || f.Int != 0 {
			tile.Href = s.query.Behind(f.Ref)
		}
		if s.before != nil && s.before.Result != nil {
			for _, was := range s.before.Figures {
				if was.Name == f.Name {
					tile.Change = figure.Change(p, f.Kind, s.res.Currency, f.Cell, was.Cell, figure.When(p, s.before))
				}
			}
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// partTable is the headline figures by kind, country or region.
func (s shown) partTable(p *i18n.Printer) ui.Table {
	t := figure.Table(p, s.query, s.res, *s.parts, true)
	t.CSV = ""
	for i, row := range s.parts.Rows {
		part := s.query
		group := row[0].Text
		switch s.parts.Columns[0].Name {
		case "kind":
			for _, kind := range []string{"person", "company"} {
				if row[0].Key == "report.explain.kind."+kind {
					part.Params.Kind = kind
				}
			}
		case "country":
			part.Params.Country = group
		case "region":
			part.Params.Region = group
		}
		t.Rows[i].Cells[0].Href = part.Page()
		for k := 1; k < len(row); k++ {
			if t.Rows[i].Cells[k].Href != "" {
				t.Rows[i].Cells[k].Href = part.Behind(row[k].Ref)
			}
		}
	}
	return t
}

// empty explains why there is nothing: no data at all, or none up to the day.
func (s shown) empty(r *page.Request) (ui.Empty, error) {
	if !s.query.Fixed && s.query.Params.Kind+s.query.Params.Country+s.query.Params.Region == "" {
		return figure.Empty(r)
	}
	plain, _ := figure.Of(s.query.Report.Name, r.Today())
	return ui.Empty{Icon: "calendar", Title: r.P.T("insight.none.title"), Text: figure.Sentence(r.P, s.res), Action: &ui.Anchor{Text: r.P.T("insight.none.today"), Href: plain.Page()}}, nil
}

// csv sends one table of the report; without a name the first.
func (d Deps) csv(r *page.Request, q figure.Query) error {
	from := figure.From(d.Warehouse, warehouse.Forever, "")
	res, _, err := figure.Soon(r.Context(), from, q.Key("report"), run(q))
	if err != nil {
		return err
	}
	at := 0
	for i, t := range res.Tables {
		if t.Name == r.Text("table") {
			at = i
		}
	}
	if len(res.Tables) == 0 {
		return r.SendCSV(q.Report.Name+"-"+q.Params.AsOf.String(), []string{r.P.T("insight.csv.figure"), r.P.T("insight.csv.value")}, figures(r.P, res))
	}
	t := res.Tables[at]
	name := q.Report.Name
	if t.Name != "" && t.Name != name {
		name += "-" + t.Name
	}
	headings := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		headings[i] = c.Heading(r.P)
	}
	return r.SendCSV(name+"-"+q.Params.AsOf.String(), headings, func(yield func([]string, error) bool) {
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, c := range row {
				cells[i] = figure.Raw(r.P, c, t.Columns[i].Kind, res.Currency)
			}
			if !yield(cells, nil) {
				return
			}
		}
	})
}

// figures are the headline figures of a report as rows of a CSV.
func figures(p *i18n.Printer, res *report.Result) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, f := range res.Figures {
			if !yield([]string{f.Label(p), figure.Raw(p, f.Cell, f.Kind, res.Currency)}, nil) {
				return
			}
		}
	}
}

// errNoCustomers says that a figure has no customers behind it.
var errNoCustomers = fault.New(fault.NotFound, "insight.error.ref")

// monthEnd is the last day of the month before the one of d.
func monthEnd(d clock.Day) clock.Day { return d.Month().AddDays(-1) }
