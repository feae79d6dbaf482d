package insight

import (
	"context"
	"fmt"
	"strings"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
)

const (
	pageRows = 50   // customers on a page
	fileRows = 2000 // customers read at once for a file
)

// behind is one page of the customers behind a figure.
type behind struct {
	rows []report.CustomerRow // one more than the page shows when there are more
	n    int64
}

func (d Deps) customers(r *page.Request) error {
	q, err := figure.Read(r, r.PathValue("name"))
	if err != nil {
		return err
	}
	ref, after := report.Ref(r.Text("ref")), r.Text("after")
	if ref == "" || len(ref) > 200 || len(after) > 60 {
		return errNoCustomers
	}
	if r.CSVWanted {
		return d.customersFile(r, q, ref)
	}
	from := figure.From(d.Warehouse, d.Patience, r.URL.RequestURI())
	list, known, err := figure.Soon(r.Context(), from, q.Key("behind/"+string(ref)+"/"+after), func(ctx context.Context, v *warehouse.View) (behind, error) {
		rows, err := q.Report.Rows(ctx, v, q.Params, ref, after, pageRows+1)
		if err != nil {
			return behind{}, err
		}
		n, err := q.Report.Count(ctx, v, q.Params, ref)
		return behind{rows, n}, err
	})
	if err != nil {
		return err
	}
	res, found, err := figure.Soon(r.Context(), from, q.Key("report"), run(q))
	if err != nil {
		return err
	}
	title := r.P.T("insight.behind.title")
	head := ui.Header{Title: title, Back: &ui.Anchor{Text: q.Report.Title(r.P), Href: q.Page()}, CSV: r.CSVLink("after", "")}
	source := shown{query: q}
	currency := r.Company.Currency
	if found {
		source.res, currency = res, res.Currency
		head.Lead = ui.Sentence(figureOf(r.P, res, ref, list.n, known), nil)
	}
	foot := ui.AsOfLine(r.P, from.AsOf(source.source(r.P)))
	if !known {
		return r.Render(title, ui.All(ui.PageHeader(r.P, head), ui.EmptyState(ui.Empty{Icon: "clock", Title: r.P.T("insight.pending"), Text: r.P.T("insight.pending_text")}), foot))
	}
	table, err := d.customerTable(r, list, currency, after)
	if err != nil {
		return err
	}
	return r.Render(title, ui.All(ui.PageHeader(r.P, head), ui.TableBox(r.P, table), foot))
}

// figureOf says which figure the customers stand behind: its value, its column and its row.
func figureOf(p *i18n.Printer, res *report.Result, ref report.Ref, n int64, counted bool) string {
	what := ""
	for _, t := range res.Tables {
		for _, row := range t.Rows {
			for i, c := range row {
				if c.Ref != ref || what != "" {
					continue
				}
				what = t.Columns[i].Heading(p)
				if i > 0 {
					what = t.Columns[0].Heading(p) + " " + row[0].Format(p, t.Columns[0].Kind, res.Currency) + ", " + what
				}
				what += ": " + c.Format(p, t.Columns[i].Kind, res.Currency)
			}
		}
	}
	for _, f := range res.Figures {
		if f.Ref == ref && what == "" {
			what = f.Label(p) + ": " + f.Format(p, f.Kind, res.Currency)
		}
	}
	what = strings.NewReplacer("[[", "", "]]", "").Replace(what)
	if !counted {
		return what
	}
	if what == "" {
		return p.N("insight.behind.count", n)
	}
	return p.N("insight.behind.sentence", n, "figure", what)
}

func (d Deps) customerTable(r *page.Request, list behind, currency, after string) (ui.Table, error) {
	p := r.P
	rows, next := list.rows, ""
	if len(rows) > pageRows {
		rows = rows[:pageRows]
		next = r.Link("after", rows[pageRows-1].Key())
	}
	first := ""
	if after != "" {
		first = r.Link("after", "")
	}
	names, err := namesOf(r, rows)
	if err != nil {
		return ui.Table{}, err
	}
	t := ui.Table{ID: "customers", Caption: p.T("insight.behind.title"), Columns: []ui.Column{
		{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("insight.behind.number"), Narrow: ui.NarrowBare},
		{Title: p.T("insight.behind.first"), Number: true, Narrow: ui.NarrowHide}, {Title: p.T("insight.behind.last"), Number: true},
		{Title: p.T("insight.behind.days"), Number: true}, {Title: p.T("insight.behind.orders"), Number: true, Narrow: ui.NarrowHide},
		{Title: p.T("insight.behind.value"), Number: true, Narrow: ui.NarrowValue},
	}, Paging: &ui.Paging{Shown: int64(len(rows)), Of: list.n, Noun: p.T("customers.noun"), Next: next, First: first},
		Empty: &ui.Empty{Icon: "users", Title: p.T("insight.behind.none"), Text: p.T("insight.behind.none_text")}}
	for _, c := range rows {
		t.Rows = append(t.Rows, ui.Row{Href: fmt.Sprintf("/customers/%d", c.ID), Cells: ui.Cells(called(p, names, c), c.External, date(p, c.First), date(p, c.Last),
			p.Number(c.Days), p.Number(c.Orders), p.Money(c.Value, currency))})
	}
	return t, nil
}

// namesOf looks up in the store what the customers are called; the warehouse knows no names.
func namesOf(r *page.Request, rows []report.CustomerRow) (names map[int64]string, err error) {
	ids := make([]int64, len(rows))
	for i, c := range rows {
		ids[i] = c.ID
	}
	err = r.Read(func(tx *store.Tx) error {
		names, err = customer.Names(r.Context(), tx, ids)
		return err
	})
	return names, err
}

// called is how people know a customer: by name, else by number.
func called(p *i18n.Printer, names map[int64]string, c report.CustomerRow) string {
	if name := names[c.ID]; name != "" {
		return name
	}
	if c.External != "" {
		return p.T("insight.behind.unnamed", "number", c.External)
	}
	return p.T("insight.behind.unnamed", "number", fmt.Sprintf("#%d", c.ID))
}

func date(p *i18n.Printer, d *clock.Day) string {
	if d == nil {
		return "–"
	}
	return p.Date(*d)
}

// customersFile sends all customers behind a figure.
func (d Deps) customersFile(r *page.Request, q figure.Query, ref report.Ref) error {
	p := r.P
	headings := []string{p.T("insight.behind.number"), p.T("common.name"), p.T("insight.behind.first"), p.T("insight.behind.last"), p.T("insight.behind.days"),
		p.T("insight.behind.orders"), p.T("insight.behind.value")}
	return r.SendCSV(q.Report.Name+"-customers", headings, func(yield func([]string, error) bool) {
		for after := ""; ; {
			rows, err := q.Report.Rows(r.Context(), d.Warehouse, q.Params, ref, after, fileRows)
			var names map[int64]string
			if err == nil {
				names, err = namesOf(r, rows)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range rows {
				value := figure.Raw(p, report.Cell{Int: c.Value}, report.Money, r.Company.Currency)
				if !yield([]string{c.External, names[c.ID], isoDay(c.First), isoDay(c.Last), fmt.Sprint(c.Days), fmt.Sprint(c.Orders), value}, nil) {
					return
				}
			}
			if len(rows) < fileRows {
				return
			}
			after = rows[len(rows)-1].Key()
		}
	})
}

func isoDay(d *clock.Day) string {
	if d == nil {
		return ""
	}
	return d.String()
}
