package today

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// figures is what the warehouse says for the page.
type figures struct {
	today   *report.Today
	revenue *report.Result
	reports map[string]*report.Result // behind the tiles, by name
}

// compute asks the warehouse for everything on the page, on one state.
func compute(day clock.Day) func(context.Context, *warehouse.View) (*figures, error) {
	return func(ctx context.Context, v *warehouse.View) (*figures, error) {
		p := report.Params{AsOf: day, Basis: report.Net}
		today, err := report.ForToday(ctx, v, p)
		if err != nil {
			return nil, err
		}
		f := &figures{today: today, reports: map[string]*report.Result{}}
		names := []string{"revenue"}
		for _, tile := range today.Tiles {
			names = append(names, tile.Report)
		}
		for _, name := range names {
			rep, err := report.Find(name)
			if err != nil {
				return nil, err
			}
			if f.reports[name], err = rep.Run(ctx, v, p); err != nil {
				return nil, err
			}
		}
		f.revenue = f.reports["revenue"]
		return f, nil
	}
}

func (d Deps) show(r *page.Request) error {
	p := r.P
	from := figure.From(d.Warehouse, d.Patience, "/")
	f, known, err := figure.Soon(r.Context(), from, "today/"+r.Today().String(), compute(r.Today()))
	if err != nil {
		return err
	}
	extent, err := figure.ExtentOf(r.Context(), from)
	if err != nil {
		return err
	}
	var tasks tasksShown
	if r.Can(auth.WriteTasks) {
		if tasks, err = read(r, onToday); err != nil {
			return err
		}
	}
	foot := ui.AsOfLine(p, from.AsOf(p.T("insight.source.net")))
	if known && f.revenue.From == nil {
		nothing, err := figure.Empty(r)
		if err != nil {
			return err
		}
		parts := []templ.Component{ui.PageHeader(p, ui.Header{Title: p.T("today.title")}), ui.EmptyState(nothing)}
		if len(tasks.rows)+len(tasks.first) > 0 {
			parts = append(parts, tasksCard(r, tasks))
		}
		return r.Render(p.T("today.title"), ui.All(append(parts, foot)...))
	}
	head := ui.Header{Title: p.T("today.title"), Lead: ui.Plainly(p.T("insight.pending"))}
	side := page.Inside(ui.CardBox(ui.Card{Title: p.T("today.revenue.title")}), ui.Words(p.T("insight.pending_text")))
	var tiles templ.Component = ui.Tiles(p, pending(p))
	if known {
		head.Lead = story(p, f.today)
		risk, err := riskTile(r)
		if err != nil {
			return err
		}
		effect, err := effectTile(r, from)
		if err != nil {
			return err
		}
		tiles = ui.Tiles(p, slices.Concat(f.tiles(p, r.Today()), risk, effect))
		if side, err = f.revenueOf(r, from, extent); err != nil {
			return err
		}
	}
	body := side
	if r.Can(auth.WriteTasks) {
		body = ui.TwoThirds(tasksCard(r, tasks), side)
	}
	if extent.Old(r.Today()) {
		head.Lead = ui.Sentence(p.T("today.old", "day", *extent.Last), map[string]string{"then": "/insight?as_of=" + extent.Last.String()})
	}
	return r.Render(p.T("today.title"), ui.All(ui.PageHeader(p, head), tiles, body, foot))
}

func pending(p *i18n.Printer) []ui.Tile {
	return []ui.Tile{{Name: p.T("report.tile.retention"), Missing: p.T("insight.pending")}, {Name: p.T("report.tile.loyalty"), Missing: p.T("insight.pending")}}
}

// enough is how many customers it takes to speak of a hundred.
const enough = 50

// story is the sentence of the day, its numbers links to the customers.
func story(p *i18n.Printer, t *report.Today) templ.Component {
	s := t.Story
	if s == nil {
		return ui.Plainly(t.Sentence(p))
	}
	_, month, _ := s.Month.Date()
	name := p.T(fmt.Sprintf("report.month.%d", month))
	again, _ := figure.Of("second_purchase_within", t.AsOf)
	first, _ := figure.Of("monthly", t.AsOf)
	hrefs := map[string]string{"first": first.Behind(report.Ref("new/" + s.Month.String()[:len("2006-01")])), "again": again.Behind(s.Ref)}
	if s.Customers < enough {
		return ui.Sentence(p.N("today.story.few", s.Customers, "month", name, "again", s.Again), hrefs)
	}
	now := of100(s.Again, s.Customers)
	text := p.T("today.story.alone", "month", name, "of100", now)
	if b := s.Before; b != nil && b.Customers >= enough {
		then := of100(b.Again, b.Customers)
		when := p.T("today.story.year")
		hrefs["then"] = again.Behind(report.Ref("month/" + b.Month.String()[:len("2006-01")]))
		if !b.Year {
			_, month, _ := b.Month.Date()
			when = p.T("today.story.month", "month", p.T(fmt.Sprintf("report.month.%d", month)))
		}
		key := "same"
		if now > then {
			key = "more"
		} else if now < then {
			key = "less"
		}
		text = p.T("today.story."+key, "month", name, "of100", now, "diff", max(now-then, then-now), "when", when)
	}
	return ui.Sentence(text, hrefs)
}

func of100(part, whole int64) int64 { return int64(math.Round(100 * float64(part) / float64(whole))) }

// tiles are the key figures.
func (f *figures) tiles(p *i18n.Printer, today clock.Day) []ui.Tile {
	var tiles []ui.Tile
	for _, t := range f.today.Tiles {
		q, _ := figure.Of(t.Report, today)
		res := f.reports[t.Report]
		tile := ui.Tile{Name: t.Label(p), Value: t.Now.Format(p, t.Kind, res.Currency), Change: t.Change(p), Href: q.Page(),
			Explain: figure.Explain(p, "explain-"+t.Name, t.Label(p), q, res)}
		if t.Now.None {
			tile.Value, tile.Missing = "", p.T("today.tile_missing")
		}
		switch {
		case t.Change(p) == "":
		case t.Now.Float > t.Before.Float:
			tile.Tone = ui.Good
		case t.Now.Float < t.Before.Float:
			tile.Tone = ui.Bad
		}
		for _, c := range t.Trend {
			v := c.Float
			if c.None {
				v = math.NaN()
			}
			tile.Spark = append(tile.Spark, v)
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// shownMonths is how many months the picture of revenue has; the table below it has the newest half.
const shownMonths = 12

// revenueOf is the card of the revenue; of old data as of their last day, since the last months have none.
func (f *figures) revenueOf(r *page.Request, from *figure.Source, extent figure.Extent) (templ.Component, error) {
	if !extent.Old(r.Today()) {
		return revenueCard(r.P, f.revenue, r.Today()), nil
	}
	q, err := figure.Of("revenue", *extent.Last)
	if err != nil {
		return nil, err
	}
	res, known, err := figure.Soon(r.Context(), from, q.Key("report"), func(ctx context.Context, v *warehouse.View) (*report.Result, error) {
		return q.Report.Run(ctx, v, q.Params)
	})
	if err != nil || !known {
		return page.Inside(ui.CardBox(ui.Card{Title: r.P.T("today.revenue.title")}), ui.Words(r.P.T("insight.pending_text"))), err
	}
	return revenueCard(r.P, res, *extent.Last), nil
}

// revenueCard is the revenue of new and returning customers by month.
func revenueCard(p *i18n.Printer, res *report.Result, today clock.Day) templ.Component {
	q, _ := figure.Of("revenue", today)
	card := ui.Card{Title: p.T("today.revenue.title"), Link: &ui.Anchor{Text: p.T("today.revenue.report"), Href: q.Page()}}
	if res.Chart == nil {
		return page.Inside(ui.CardBox(card), ui.Words(res.Sentence(p)))
	}
	short := *res
	table := res.Tables[0]
	table.Rows = table.Rows[max(0, len(table.Rows)-shownMonths):]
	short.Tables = []report.Table{table}
	t := ui.Table{ID: "revenue", Caption: p.T("today.revenue.title"), Compact: true, Columns: []ui.Column{
		{Title: table.Columns[0].Heading(p), Narrow: ui.NarrowLead}, {Title: p.T("today.revenue.new"), Number: true},
		{Title: p.T("today.revenue.returning"), Number: true, Narrow: ui.NarrowValue},
	}}
	for i := len(table.Rows) - 1; i >= max(0, len(table.Rows)-shownMonths/2); i-- {
		row := table.Rows[i]
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: row[0].Format(p, report.Month, "")},
			amount(p, q, row[2], res.Currency), amount(p, q, row[3], res.Currency)}})
	}
	return page.Inside(ui.CardBox(card), ui.All(ui.ChartBox(p, figure.Chart(p, &short, nil, 0)), ui.TableBox(p, t)))
}

// amount is a revenue that opens its customers, where there are any.
func amount(p *i18n.Printer, q figure.Query, c report.Cell, currency string) ui.Cell {
	cell := ui.Cell{Text: p.MoneyRounded(c.Int, currency)}
	if c.Int != 0 {
		cell.Href = q.Behind(c.Ref)
	}
	return cell
}

// riskTile is the value at risk, once there are scores.
func riskTile(r *page.Request) ([]ui.Tile, error) {
	var o predict.Outlook
	var known bool
	err := r.Read(func(tx *store.Tx) (err error) {
		o, known, err = predict.Newest(r.Context(), tx)
		return err
	})
	if err != nil || !known {
		return nil, err
	}
	p := r.P
	const to = "/insight/outlook"
	var n int64
	for _, b := range o.Bands {
		if b.Band == predict.Cooling || b.Band == predict.AtRisk {
			n += b.N
		}
	}
	return []ui.Tile{{Name: p.T("outlook.risk.title"), Value: p.MoneyRounded(o.AtRisk, o.Currency), Change: p.N("outlook.risk.change", n), Href: to,
		Explain: &ui.Explain{ID: "explain-risk", Title: p.T("outlook.risk.title"), Definition: p.T("outlook.explain.risk.definition"), Formula: p.T("outlook.explain.risk.formula"),
			Period: p.T("outlook.explain.period", "from", o.First, "until", o.AsOf), AsOf: p.Date(o.AsOf), Purchase: p.T("outlook.explain.purchase"),
			Refunds: p.T("outlook.explain.refunds"), Source: p.T("outlook.explain.risk.source"),
			Rows: &ui.Anchor{Text: p.T("outlook.rows.risk"), Href: to + "/customers?band=cooling&band=at_risk"}}}}, nil
}
