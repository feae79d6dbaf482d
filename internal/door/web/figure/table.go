package figure

import (
	"math"
	"slices"
	"strings"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// Shown is how many rows of a long table a page shows before it offers the rest.
const Shown = 24

// few is how many rows more are not worth a page of their own.
const few = 12

// Heading is what stands above a table of a result.
func Heading(p *i18n.Printer, t report.Table) string {
	if t.Name == "" {
		return p.T("insight.numbers")
	}
	return p.T("report.table." + t.Name)
}

// Table shows a table of a result; every figure leads to its customers. Months and days stand newest first. Unless all is
// set, a long table is cut, with a link to the rest.
func Table(p *i18n.Printer, q Query, res *report.Result, t report.Table, all bool) ui.Table {
	out := ui.Table{ID: "t-" + name(t), Title: Heading(p, t), Caption: Heading(p, t), Compact: true, Scroll: len(t.Columns) > 3, CSV: q.CSV(t.Name)}
	for i, c := range t.Columns {
		column := ui.Column{Title: c.Heading(p), Number: i > 0 && c.Kind != report.Text}
		switch i {
		case 0:
			column.Narrow = ui.NarrowLead
		case 1:
			column.Narrow = ui.NarrowValue
		}
		out.Columns = append(out.Columns, column)
	}
	rows := order(t)
	if len(rows) > Shown+few && !all {
		out.Paging = &ui.Paging{Shown: Shown, Of: int64(len(rows)), Noun: p.T("insight.rows"), Next: q.Page("rows", "all") + "#" + out.ID}
		rows = rows[:Shown]
	}
	for _, row := range rows {
		out.Rows = append(out.Rows, ui.Row{Cells: cells(p, q, res, t, row)})
	}
	if t.Total != nil {
		out.Total = &ui.Row{Cells: totals(p, q, res, t)}
	}
	return out
}

// Beside adds to the table of the picture what the picture compares with, so that every number in it can be read.
func Beside(p *i18n.Printer, out *ui.Table, res *report.Result, before *report.Comparison, t report.Table) {
	x := t.Columns[res.Chart.X].Kind
	if !Overlay(res, before) || x == report.Month || x == report.Day {
		return // months of a year ago stand in the table themselves
	}
	column, old := res.Chart.Series[0], before.Tables[before.Chart.Table]
	kind := t.Columns[column].Kind
	was := map[string]string{}
	for _, row := range old.Rows {
		was[row[res.Chart.X].Format(p, x, before.Currency)] = row[column].Format(p, kind, before.Currency)
	}
	out.Columns = append(out.Columns, ui.Column{Title: t.Columns[column].Heading(p) + " " + When(p, before), Number: true})
	for i, row := range order(t)[:len(out.Rows)] {
		text, ok := was[row[res.Chart.X].Format(p, x, res.Currency)]
		if !ok {
			text = "–"
		}
		out.Rows[i].Cells = append(out.Rows[i].Cells, ui.Text(text))
	}
	if out.Total != nil {
		out.Total.Cells = append(out.Total.Cells, ui.Text(""))
	}
}

func name(t report.Table) string {
	if t.Name == "" {
		return "numbers"
	}
	return t.Name
}

// order is the rows as people read them: time backwards, the best first, and of a curve every tenth point.
func order(t report.Table) [][]report.Cell {
	rows := slices.Clone(t.Rows)
	if t.Name == "lorenz" && len(rows) == 101 {
		var tenth [][]report.Cell
		for i := 0; i < len(rows); i += 10 {
			tenth = append(tenth, rows[i])
		}
		return tenth
	}
	if c := t.Columns[0]; (c.Kind == report.Month || c.Kind == report.Day) && c.Name != "cohort" || t.Name == "rfm_cells" {
		slices.Reverse(rows)
	}
	return rows
}

func cells(p *i18n.Printer, q Query, res *report.Result, t report.Table, row []report.Cell) []ui.Cell {
	out := make([]ui.Cell, len(row))
	for i, c := range row {
		kind := t.Columns[i].Kind
		text := c.Format(p, kind, res.Currency)
		if t.Columns[i].Name == "difference" && kind == report.Share && !c.None { // between two shares
			text = p.T("insight.points", "n", signed(p, 100*c.Float))
		}
		if c.None && len(t.Columns) > 8 {
			text = "" // a triangle of cohorts
		}
		if i == 0 && kind != report.Text {
			text = strings.ReplaceAll(text, " ", i18n.NBSP)
		}
		out[i] = ui.Cell{Text: text}
		if hasCustomers(c, kind) {
			out[i].Href = q.Behind(c.Ref)
		}
	}
	return out
}

// totals is the line that totals; what has no total is left empty.
func totals(p *i18n.Printer, q Query, res *report.Result, t report.Table) []ui.Cell {
	out := cells(p, q, res, t, t.Total)
	for i, c := range t.Total {
		switch {
		case c.None && i == 0:
			out[i].Text = p.T("report.total")
		case c.None:
			out[i].Text = ""
		}
	}
	return out
}

// signed is a number that says which way it goes.
func signed(p *i18n.Printer, f float64) string {
	text := p.Decimal(f, 1)
	if f > 0 {
		text = "+" + text
	}
	return text
}

// hasCustomers tells whether it makes sense to open what is behind a cell: not behind a count or a sum of nobody.
func hasCustomers(c report.Cell, kind report.Kind) bool {
	return c.Ref != "" && !c.None && (kind != report.Count && kind != report.Money || c.Int != 0) && (kind != report.Share || c.Float != 0)
}

// Raw is a value for a spreadsheet: without thousands separators and units, shares as fractions, with the decimal sign
// of the reader's language.
func Raw(p *i18n.Printer, c report.Cell, kind report.Kind, currency string) string {
	if c.None {
		return ""
	}
	number := func(f float64, digits int) string { return plain(p, f, digits) }
	switch kind {
	case report.Count:
		return number(float64(c.Int), 0)
	case report.Money:
		digits := money.Digits(currency)
		return number(float64(c.Int)/math.Pow10(digits), digits)
	case report.Share:
		return number(c.Float, 6)
	case report.Days, report.Decimal:
		return number(c.Float, 4)
	case report.Day, report.Month:
		return iso(c, kind)
	}
	return c.Format(p, kind, currency)
}
