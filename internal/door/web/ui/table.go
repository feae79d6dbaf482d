package ui

import "github.com/a-h/templ"

// Table is a list or a matrix of figures. Sorting, columns and paging are links
// the caller makes with With; the table only shows them.
type Table struct {
	ID      string // unique on the page; what htmx replaces while someone types in the search
	Caption string // for screen readers: what the table lists
	Columns []Column
	Rows    []Row
	Total   *Row          // the last line, nil for none; its first cell says what it totals
	Empty   *Empty        // what stands there instead of no rows
	Scroll  bool          // a matrix of figures: keeps its columns and scrolls sideways on a phone
	Paging  *Paging       // nil when everything is shown
	CSV     string        // address of this table as CSV, "" for none
	Choose  *ColumnChoice // which columns to show, nil for all
	Bulk    *Bulk         // actions for several rows at once, nil for none
	Compact bool          // narrower rows, for tables below a chart
	Title   string        // above the table, "" for none
}

// Narrow says where a column stands on a phone, where a row becomes a small card.
type Narrow int

// Places of a column on a phone.
const (
	NarrowMeta  Narrow = iota // in the second line, with its heading in front
	NarrowBare                // in the second line, without heading
	NarrowLead                // first line, left
	NarrowValue               // first line, right
	NarrowHide                // not at all
)

// Column describes one column.
type Column struct {
	Key    string // of the parameter that chooses columns
	Title  string
	Help   string          // explains the heading, "" for none
	Mark   string          // short words below the heading: "geraten"
	Head   templ.Component // instead of the title: a select that says what the column is
	Number bool            // right-aligned, figures of equal width
	Narrow Narrow
	Wide   bool   // left out below 1,200 px
	Sort   string // address sorted by this column, "" for a column that cannot be sorted
	Sorted Sorted
}

// Sorted says whether and how the table is sorted by a column.
type Sorted string

// The directions.
const (
	Unsorted   Sorted = ""
	Ascending  Sorted = "ascending"
	Descending Sorted = "descending"
)

// Row is one line. The first cell should say what the row is; with Href the
// whole row opens that page.
type Row struct {
	ID    string // for bulk actions
	Href  string
	Cells []Cell
	Muted bool
}

// Cell is what stands at one place of a table. Content wins over Text.
type Cell struct {
	Text    string
	Sub     string // second, quieter line
	Href    string
	Tone    Tone
	Strong  bool
	Content templ.Component
}

// Text is a cell with words or a formatted number.
func Text(text string) Cell { return Cell{Text: text} }

// Lines is a cell with a second, quieter line.
func Lines(text, sub string) Cell { return Cell{Text: text, Sub: sub} }

// LinkTo is a cell that leads somewhere else than its row.
func LinkTo(text, href string) Cell { return Cell{Text: text, Href: href} }

// Rich is a cell with a component, such as a Chip.
func Rich(content templ.Component) Cell { return Cell{Content: content} }

// Cells is a row of plain texts.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i] = Text(text)
	}
	return cells
}

// Paging leads through a list by key: there is a next page, not a page 317.
type Paging struct {
	Shown int64  // rows on this page
	Of    int64  // rows in all; below 0 for not counted
	Noun  string // what is counted, "Kunden"
	First string // address of the first page, "" on it
	Next  string // address of the next page, "" on the last
}

// ColumnChoice lets people choose columns; a GET to Action with one parameter
// Name per column.
type ColumnChoice struct {
	Action  string
	Name    string
	Options []Option
	Hidden  []Hidden // the rest of the state in the address
}

// Bulk are actions for the rows that are ticked: a POST with field Name once for
// each ticked row's ID. Tell people what happens, and give Undo in the Flash.
type Bulk struct {
	Action  string
	Name    string
	Buttons []BulkButton
}

// BulkButton is one action; its name and value are sent with the form.
type BulkButton struct{ Label, Name, Value string }

// Empty is what stands where nothing is yet: what will stand there and the first
// step towards it.
type Empty struct {
	Title  string
	Text   string
	Icon   string
	Action *Anchor // the first step
	Second *Anchor
}

func narrowClass(n Narrow) string {
	switch n {
	case NarrowBare:
		return "s-n-bare"
	case NarrowLead:
		return "s-n-lead"
	case NarrowValue:
		return "s-n-value"
	case NarrowHide:
		return "s-n-hide"
	}
	return "s-n-meta"
}

func columnClass(c Column) string {
	class := narrowClass(c.Narrow)
	if c.Number {
		class += " s-num"
	}
	if c.Wide {
		class += " s-wide"
	}
	return class
}

// at is the column of the i-th cell; rows with more cells than columns are a
// mistake of the page that must not break it.
func (t Table) at(i int) Column {
	if i < len(t.Columns) {
		return t.Columns[i]
	}
	return Column{}
}

// sortIcon is the arrow beside a heading.
func sortIcon(s Sorted) string {
	if s == Ascending {
		return "arrow-up"
	}
	return "arrow-down"
}

func ariaSort(c Column) templ.Attributes {
	if c.Sorted == Unsorted {
		return nil
	}
	return templ.Attributes{"aria-sort": string(c.Sorted)}
}
