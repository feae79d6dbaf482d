package report

import (
	"encoding/json"
	"io"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// Result is what a report found.
type Result struct {
	Report   *Report
	Params   Params
	Currency string     // of every amount: the company's base currency
	From     *clock.Day // first purchase; nil if there is none
	JSON     any        // the object for machines; marshals in a fixed order of keys
	Figures  []Figure   // the headline figures, most important first
	Tables   []Table
	Chart    *Chart // nil if a picture would show nothing
	SQL      []string

	sentence func(*i18n.Printer) string
}

// Sentence says in one sentence what the report found.
func (r *Result) Sentence(p *i18n.Printer) string {
	if r.sentence == nil {
		return p.T("report.empty", "day", r.Params.AsOf)
	}
	return r.sentence(p)
}

// WriteJSON writes the object for machines as one line.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r.JSON)
}

// Kind is what a value counts, and thereby how it is written.
type Kind uint8

const (
	Count   Kind = iota // a whole number
	Money               // minor units of the base currency
	Share               // a share of 1, written as per cent
	Days                // a number of days, perhaps with a half
	Decimal             // a number with two decimals
	Day                 // a clock.Day
	Month               // the first clock.Day of a month
	Text
)

// String returns the name for attributes of pages: "count", "money", …
func (k Kind) String() string {
	return [...]string{"count", "money", "share", "days", "decimal", "day", "month", "text"}[k]
}

// Ref names the customers behind a figure, for Report.Rows; "" means that no customers stand behind it. It holds letters,
// digits and / + - . _ only and may stand in an address.
type Ref string

// Anonymous is behind figures of sales without a customer: no customers, but a list of documents.
const Anonymous Ref = "anonymous"

// Cell is a value in a table. Which field counts is said by the kind of its column.
type Cell struct {
	Int   int64   // Count, Money, Day, Month
	Float float64 // Share, Days, Decimal
	Text  string  // Text
	Key   string  // Text: key of a text in the catalogue, instead of Text
	None  bool    // there is no value, such as a rate of nothing
	Ref   Ref
}

// Column is a column of a table.
type Column struct {
	Name string // its heading is report.column.NAME
	Kind Kind
	N    int // for headings with a number in them
}

// Heading returns the heading of a column.
func (c Column) Heading(p *i18n.Printer) string { return p.T("report.column."+c.Name, "n", c.N) }

// columns names the columns of a table: name, kind, name, kind, …
func columns(list ...any) []Column {
	var out []Column
	for i := 0; i < len(list); i += 2 {
		out = append(out, Column{Name: list[i].(string), Kind: list[i+1].(Kind)})
	}
	return out
}

// Table is a table of a result; every row has a cell for each column.
type Table struct {
	Name    string // its heading is report.table.NAME; "" where there is only one
	Columns []Column
	Rows    [][]Cell
	Total   []Cell // what the columns add up to; nil if they do not
	More    int    // rows left out because they are many; the object for machines has them
}

// Figure is one value with its name.
type Figure struct {
	Name string // its label is report.column.NAME
	Kind Kind
	Cell
}

// Label returns the name people read.
func (f Figure) Label(p *i18n.Printer) string { return p.T("report.column." + f.Name) }

// Format writes a value as people of the printer's language do; an en dash stands for none.
func (c Cell) Format(p *i18n.Printer, kind Kind, currency string) string {
	if c.None {
		return "–"
	}
	switch kind {
	case Count:
		return p.Number(c.Int)
	case Money:
		return p.Money(c.Int, currency)
	case Share:
		return p.Percent(c.Float, 1)
	case Days:
		return p.Decimal(c.Float, 1)
	case Decimal:
		return p.Decimal(c.Float, 2)
	case Day:
		return p.Date(clock.Day(c.Int))
	case Month:
		return p.MonthShort(clock.Day(c.Int))
	}
	if c.Key != "" {
		return p.T(c.Key)
	}
	return c.Text
}

// Value returns a numeric value for a chart: amounts in whole units of the currency, shares of 1. false if there is none.
func (c Cell) Value(kind Kind, currency string) (float64, bool) {
	switch kind {
	case Share, Days, Decimal:
		return c.Float, !c.None
	case Money:
		return float64(c.Int) / pow10(money.Digits(currency)), !c.None
	}
	return float64(c.Int), !c.None && kind != Text
}

// ChartKind is a way to draw.
type ChartKind string

const (
	Line    ChartKind = "line"    // values over time
	Bars    ChartKind = "bars"    // values beside each other
	Stacked ChartKind = "stacked" // parts of a whole on top of each other
	Heat    ChartKind = "heat"    // a table whose cells are coloured by value
	Lorenz  ChartKind = "lorenz"  // cumulated share over cumulated share, both from 0 to 1
)

// Chart is a picture of a table: columns of a result's table drawn against its first.
type Chart struct {
	Kind   ChartKind
	Table  int   // index into Result.Tables
	X      int   // column with the labels of the axis
	Series []int // columns drawn; for Heat the columns in their order
}

func number(n int64, ref ...Ref) Cell   { return Cell{Int: n, Ref: refOf(ref)} }
func cash(minor int64, ref ...Ref) Cell { return Cell{Int: minor, Ref: refOf(ref)} }
func value(f float64, ref ...Ref) Cell  { return Cell{Float: f, Ref: refOf(ref)} }
func day(d clock.Day) Cell              { return Cell{Int: int64(d)} }
func text(s string) Cell                { return Cell{Text: s} }
func word(key string) Cell              { return Cell{Key: key} }
func none() Cell                        { return Cell{None: true} }
func refOf(ref []Ref) Ref {
	if len(ref) == 0 {
		return ""
	}
	return ref[0]
}

// rate is a share or an average as a cell, none if there is nothing to divide by.
func rate(part, whole int64, ref ...Ref) Cell {
	if whole == 0 {
		return none()
	}
	return value(float64(part)/float64(whole), ref...)
}
