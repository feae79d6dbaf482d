package ui

import (
	"encoding/json"
	"math"

	"stamm/internal/platform/i18n"
)

// Kind is the kind of a chart.
type Kind string

// The kinds. A heat map and a five-by-five map are tables: see HeatMap and
// Square.
const (
	LineChart Kind = "line"
	BarChart  Kind = "bar"     // bars beside each other, axis from zero
	Stacked   Kind = "stacked" // bars on top of each other, axis from zero
	Histogram Kind = "histogram"
	Lorenz    Kind = "lorenz" // share of customers against share of revenue; X is the share, 0 to 1
)

// Unit says how the numbers of a chart are written.
type Unit struct {
	Kind     UnitKind
	Digits   int    // digits behind the decimal sign
	Currency string // for Money
	Name     string // behind the number in the tooltip, "Kunden"
}

// UnitKind is the kind of a number.
type UnitKind string

// The kinds of numbers.
const (
	Count UnitKind = "number"
	Rate  UnitKind = "percent" // 0.29 is 29 %
	Money UnitKind = "money"   // values in major units: 12.50
)

// Chart is a picture of numbers that stand in a table below it.
type Chart struct {
	ID     string
	Kind   Kind
	Title  string   // says what the picture shows, for screen readers and above the chart
	Labels []string // along the horizontal axis
	Series []Series
	Unit   Unit
	XName  string // what the horizontal axis counts, "" for obvious ones such as months
	YName  string
	Tall   bool
	Across bool      // bars lie on their side, for labels that are names; not for Stacked
	Hide   bool      // leave the title to screen readers, when a heading above says it
	X      []float64 // Lorenz: shares of customers, one for each value of the series
}

// Series is one line or one set of bars. A NaN is a gap.
type Series struct {
	Name   string
	Values []float64
	Color  int    // 0 to 7 in the palette; by default the place in the list
	Dots   bool   // of a line chart: points without a line between them
	Past   bool   // what it is compared with: quieter and dashed
	Note   string // said with the name
}

// chartData is what app.js gets.
type chartData struct {
	Kind     Kind         `json:"kind"`
	Lang     string       `json:"lang"`
	Labels   []string     `json:"labels,omitempty"`
	X        []float64    `json:"x,omitempty"`
	XName    string       `json:"xName,omitempty"`
	YName    string       `json:"yName,omitempty"`
	Unit     chartUnit    `json:"unit"`
	Series   []chartSerie `json:"series"`
	Everyone string       `json:"everyone,omitempty"`
	Across   bool         `json:"across,omitempty"`
}

type chartUnit struct {
	Kind     UnitKind `json:"kind"`
	Digits   int      `json:"digits"`
	Currency string   `json:"currency,omitempty"`
	Name     string   `json:"name,omitempty"`
}

type chartSerie struct {
	Name   string     `json:"name"`
	Color  int        `json:"color"`
	Past   bool       `json:"past,omitempty"`
	Dots   bool       `json:"dots,omitempty"`
	Values []*float64 `json:"values"`
}

// data is the chart as JSON for a data attribute.
func (c Chart) data(p *i18n.Printer) (string, error) {
	d := chartData{
		Kind: c.Kind, Lang: locale(p), Labels: c.Labels, X: c.X, XName: c.XName, YName: c.YName,
		Unit: chartUnit(c.Unit), Across: c.Across,
	}
	if d.Unit.Kind == "" {
		d.Unit.Kind = Count
	}
	if c.Kind == Lorenz {
		d.Everyone = p.T("ui.chart.equal")
	}
	for i, s := range c.Series {
		d.Series = append(d.Series, chartSerie{Name: s.Name, Color: c.color(i), Past: s.Past, Dots: s.Dots, Values: gaps(s.Values)})
	}
	text, err := json.Marshal(d)
	return string(text), err
}

// color is the place in the palette of the i-th series.
func (c Chart) color(i int) int {
	if c.Series[i].Color != 0 {
		return c.Series[i].Color % paletteSize
	}
	return i % paletteSize
}

// paletteSize is how many colours the palette has; app.css names them.
const paletteSize = 8

// gaps makes what is no number null.
func gaps(values []float64) []*float64 {
	out := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
			out[i] = &values[i]
		}
	}
	return out
}

// locale is the browser's name of the conventions the printer follows.
func locale(p *i18n.Printer) string {
	if p.Lang() == "en" {
		return "en-GB"
	}
	return "de-DE"
}

// HeatMap is a table whose cells are coloured by their value: cohorts.
type HeatMap struct {
	ID      string
	Caption string
	Corner  string   // heading of the first column
	Fixed   []string // headings of plain figures after the first column, such as the size of the cohort
	Columns []string // headings of the coloured cells
	Rows    []HeatRow
	Legend  string // what the colour means
	Low     string // text at the light end
	High    string // text at the dark end
}

// HeatRow is one line of a heat map.
type HeatRow struct {
	Name  string
	Href  string
	Fixed []string
	Cells []HeatCell // may be shorter than the columns: the triangle of cohorts
}

// HeatCell is one coloured cell.
type HeatCell struct {
	Text  string
	Share float64 // 0 to 1 of the darkest colour; NaN leaves the cell plain
	Href  string  // the rows behind the figure
	Hint  string  // for the pointer: "29 von 100"
}

// heatSteps is how many colours a heat map has beside plain.
const heatSteps = 10

// class is the class of a cell; every step has its own colour of text.
func (c HeatCell) class() string {
	if math.IsNaN(c.Share) {
		return "s-heat-none"
	}
	step := int(math.Ceil(math.Min(math.Max(c.Share, 0), 1) * heatSteps))
	return "s-heat-" + string(rune('0'+step/10)) + string(rune('0'+step%10))
}

// Square is a map of five by five (or n by m) fields, such as recency against
// frequency.
type Square struct {
	ID      string
	Caption string
	XName   string   // "Häufigkeit →"
	YName   string   // "Aktualität →"
	XLabels []string // left to right
	YLabels []string // top to bottom
	Fields  [][]SquareField
}

// SquareField is one field of a Square.
type SquareField struct {
	Value string
	Name  string // of the segment, "" for none
	Share float64
	Href  string
	Hint  string
}
