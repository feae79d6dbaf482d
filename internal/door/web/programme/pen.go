package programme

import (
	"math"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// pen writes figures for one reader, in the base currency.
type pen struct {
	p        *i18n.Printer
	currency string
}

// cell is a figure as it stands on the page, and as it stands in a file.
type cell struct {
	ui.Cell
	raw string
}

func (c cell) to(href string) cell   { c.Href = href; return c }
func (c cell) sub(text string) cell  { c.Sub = text; return c }
func (w pen) words(text string) cell { return cell{ui.Text(text), text} }
func (w pen) none() cell             { return cell{ui.Text("–"), ""} }

func (w pen) rich(content templ.Component, raw string) cell { return cell{ui.Rich(content), raw} }

func (w pen) count(n int64) cell { return cell{ui.Text(w.p.Number(n)), strconv.FormatInt(n, 10)} }

// raw writes a number for a file: without grouping, with the decimal sign of the language.
func (w pen) raw(f float64, digits int) string {
	text := strconv.FormatFloat(f, 'f', digits, 64)
	if w.p.Lang() == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// major turns minor units into those of the currency.
func (w pen) major(minor float64) float64 { return minor / math.Pow10(money.Digits(w.currency)) }

// whole is an amount in whole units of the currency.
func (w pen) whole(minor float64) string { return w.p.MoneyRounded(rounded(minor), w.currency) }

// exact is an amount with its minor units.
func (w pen) exact(minor float64) string { return w.p.Money(rounded(minor), w.currency) }

func (w pen) money(minor float64) cell {
	return cell{ui.Text(w.whole(minor)), w.raw(w.major(minor), money.Digits(w.currency))}
}

func (w pen) cents(minor float64) cell {
	return cell{ui.Text(w.exact(minor)), w.raw(w.major(minor), money.Digits(w.currency)+2)}
}

func (w pen) number(f float64, digits int) cell {
	return cell{ui.Text(w.p.Decimal(f, digits)), w.raw(f, digits+2)}
}

func (w pen) percent(f float64, digits int) cell {
	return cell{ui.Text(w.p.Percent(f, digits)), w.raw(f, digits+4)}
}

// chance is a p value with the sign before it.
func (w pen) chance(p float64) string {
	if p < .0001 {
		return "< " + w.p.Decimal(.0001, 4)
	}
	return "= " + w.p.Decimal(p, 4)
}

// pValue is a p value in a table.
func (w pen) pValue(p float64) cell {
	return cell{ui.Text(strings.TrimPrefix(w.chance(p), "= ")), w.raw(p, 8)}
}

func rounded(f float64) int64 { return int64(math.Round(max(-9e15, min(9e15, f)))) }

// amount reads what people type as an amount, in minor units: 1.234,56 or 1,234.56 by their language, with or without the currency.
func (w pen) amount(field, text string) (int64, error) {
	plain := w.p.Typed(strings.ReplaceAll(text, w.currency, ""))
	if plain == "" {
		return 0, nil
	}
	a, err := money.Parse(plain, w.currency)
	if err != nil {
		return 0, fault.New(fault.Invalid, "programme.error.amount", "text", text).On(field)
	}
	return a.Minor, nil
}

// table is a table of a page that can be had as a file.
type table struct {
	name string
	page ui.Table
	raw  [][]string
}

// table begins one whose columns after the first are numbers; their headings stand under programme.NAME.COLUMN.
func (w pen) table(name string, columns ...string) table {
	t := table{name: name, page: ui.Table{ID: "t-" + name, Caption: w.p.T("programme." + name + ".title"), Compact: true, Scroll: len(columns) > 5}}
	for i, c := range columns {
		column := ui.Column{Title: w.p.T("programme." + name + "." + c), Number: i > 0}
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

func (t *table) row(cells ...cell) *ui.Row {
	row := ui.Row{}
	raw := make([]string, len(cells))
	for i, c := range cells {
		row.Cells = append(row.Cells, c.Cell)
		raw[i] = c.raw
	}
	t.page.Rows = append(t.page.Rows, row)
	t.raw = append(t.raw, raw)
	return &t.page.Rows[len(t.page.Rows)-1]
}

func (t *table) headings() []string {
	all := make([]string, len(t.page.Columns))
	for i, c := range t.page.Columns {
		all[i] = c.Title
	}
	return all
}

// between writes an interval.
func (w pen) between(e trial.Estimate, write func(float64) string) string {
	if !e.Known {
		return "–"
	}
	return w.p.T("programme.between", "lo", write(e.Lo), "hi", write(e.Hi))
}
