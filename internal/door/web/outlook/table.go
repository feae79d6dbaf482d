package outlook

import (
	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/i18n"
)

// cell is a figure as it stands on the page, and as it stands in a file.
type cell struct {
	ui.Cell
	raw  string
	ends []string // of its interval, in a file
}

// to makes the figure a link.
func (c cell) to(href string) cell {
	c.Href = href
	return c
}

// sub sets a quieter second line.
func (c cell) sub(text string) cell {
	c.Sub = text
	return c
}

// between sets the interval of the figure below it, unless the figure is certain; in a file its ends stand in columns of their own.
func (c cell) between(p *i18n.Printer, lo, hi cell) cell {
	if lo.raw != c.raw || hi.raw != c.raw {
		c.Sub = p.T("outlook.between", "lo", lo.Text, "hi", hi.Text)
	}
	c.ends = []string{lo.raw, hi.raw}
	return c
}

// table is a table of the page that can be had as a file.
type table struct {
	name string
	page ui.Table
	raw  [][]string
	ends map[int][]string // column → headings of the ends of its interval, in a file
}

func (t *table) row(cells ...cell) {
	row := ui.Row{}
	var raw []string
	for i, c := range cells {
		row.Cells = append(row.Cells, c.Cell)
		raw = append(raw, c.raw)
		switch {
		case t.ends[i] == nil:
		case c.ends == nil:
			raw = append(raw, "", "")
		default:
			raw = append(raw, c.ends...)
		}
	}
	t.page.Rows = append(t.page.Rows, row)
	t.raw = append(t.raw, raw)
}

func (t *table) total(cells ...cell) {
	t.page.Total = &ui.Row{}
	for _, c := range cells {
		t.page.Total.Cells = append(t.page.Total.Cells, c.Cell)
	}
}

func (t *table) headings() []string {
	var all []string
	for i, c := range t.page.Columns {
		all = append(append(all, c.Title), t.ends[i]...)
	}
	return all
}

// ranged says that the figures of some columns carry intervals.
func (t *table) ranged(p *i18n.Printer, columns ...int) {
	t.ends = map[int][]string{}
	for _, c := range columns {
		title := t.page.Columns[c].Title
		t.ends[c] = []string{p.T("outlook.at_least", "what", title), p.T("outlook.at_most", "what", title)}
	}
}

// pen writes figures for one reader.
type pen struct {
	p        *i18n.Printer
	currency string
}

// table begins one whose columns after the first are numbers. Their headings stand under outlook.NAME.COLUMN.
func (w pen) table(name string, columns ...string) table {
	t := table{name: name, page: ui.Table{ID: "t-" + name, Caption: w.p.T("outlook." + name + ".title"), Compact: true, Scroll: len(columns) > 4}}
	for i, c := range columns {
		column := ui.Column{Title: w.p.T("outlook." + name + "." + c), Number: i > 0}
		switch i {
		case 0:
			column.Narrow = ui.NarrowLead
		case 1:
			column.Narrow = ui.NarrowValue
		}
		t.page.Columns = append(t.page.Columns, column)
	}
	return t
}

func (w pen) words(text string) cell { return cell{Cell: ui.Text(text), raw: text} }

func (w pen) rich(content templ.Component, raw string) cell {
	return cell{Cell: ui.Rich(content), raw: raw}
}

func (w pen) count(n int64) cell {
	return cell{Cell: ui.Text(w.p.Number(n)), raw: figure.Raw(w.p, report.Cell{Int: n}, report.Count, "")}
}

// money is an amount of all customers together: cents say nothing there.
func (w pen) money(minor int64) cell {
	return cell{Cell: ui.Text(w.p.MoneyRounded(minor, w.currency)), raw: figure.Raw(w.p, report.Cell{Int: minor}, report.Money, w.currency)}
}

func (w pen) share(f float64, digits int) cell {
	return cell{Cell: ui.Text(w.p.Percent(f, digits)), raw: figure.Raw(w.p, report.Cell{Float: f}, report.Share, "")}
}

func (w pen) number(f float64, digits int) cell {
	return cell{Cell: ui.Text(w.p.Decimal(f, digits)), raw: figure.Raw(w.p, report.Cell{Float: f}, report.Decimal, "")}
}

// maybe is a number that some models cannot give.
func (w pen) maybe(f *float64, digits int) cell {
	if f == nil {
		return w.none()
	}
	return w.number(*f, digits)
}

// none is a figure there is not.
func (w pen) none() cell { return cell{Cell: ui.Text("–"), raw: ""} }
