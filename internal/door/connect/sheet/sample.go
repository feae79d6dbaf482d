package sheet

import (
	"unicode/utf8"
)

// sample are the first rows of a table, kept to guess from.
type sample struct {
	rows []sampleRow
}

type sampleRow struct {
	line  int64
	cells []string
	kinds []cellKind
	fault string
}

func (r *sampleRow) kind(i int) cellKind {
	if i < len(r.kinds) {
		return r.kinds[i]
	}
	return cellText
}

// filled is the number of cells that are not empty.
func (r *sampleRow) filled() int {
	n := 0
	for _, c := range r.cells {
		if trim(c) != "" {
			n++
		}
	}
	return n
}

// width is the number of cells without the empty ones at the end.
func (r *sampleRow) width() int {
	n := len(r.cells)
	for n > 0 && trim(r.cells[n-1]) == "" {
		n--
	}
	return n
}

const sampleRows = 2000

// takeSample reads rows from next until it has enough.
func takeSample(next func(*Row) error) (sample, error) {
	var s sample
	var row Row
	for len(s.rows) < sampleRows {
		if err := next(&row); err != nil {
			return s, err
		}
		r := sampleRow{line: row.Line, fault: row.fault}
		for i := range row.Len() {
			r.cells = append(r.cells, string(row.Cell(i)))
		}
		r.kinds = append(r.kinds, row.kinds...)
		s.rows = append(s.rows, r)
	}
	return s, nil
}

// columnFacts are what the cells of a column look like.
type columnFacts struct {
	filled     int
	numbers    int // read as a number
	fractions  int // with digits behind a decimal sign
	small      int // whole and below 1,000
	zeros      int // numbers that begin with a zero they do not need: keys
	negatives  int
	dates      int
	serials    int // numbers of a workbook that could be dates
	mails      int
	currencies int
	countries  int
	distinct   int
	returns    int // values that come again after others came between
	length     int // of all values together, in letters
	words      map[string]int
}

// share is the part of the filled cells that n are.
func (c *columnFacts) share(n int) float64 {
	if c.filled == 0 {
		return 0
	}
	return float64(n) / float64(c.filled)
}

// factsOf looks at the columns of the rows that hold data.
func factsOf(rows []sampleRow, columns int) []columnFacts {
	facts := make([]columnFacts, columns)
	for i := range facts {
		facts[i].look(rows, i)
	}
	return facts
}

func (c *columnFacts) look(rows []sampleRow, column int) {
	c.words = map[string]int{}
	last := ""
	for i := range rows {
		r := &rows[i]
		if column >= len(r.cells) || r.fault != "" {
			continue
		}
		v := trim(r.cells[column])
		if v == "" || nothing(v) {
			continue
		}
		c.filled++
		c.length += utf8.RuneCountInString(v)
		if c.words[v] == 0 {
			c.distinct++
		} else if v != last {
			c.returns++
		}
		c.words[v]++
		last = v
		c.count(v, r.kind(column))
	}
}

// count notes what one cell could be.
func (c *columnFacts) count(v string, kind cellKind) {
	if kind == cellDate || dateShapeOf(v) != dateNone {
		c.dates++
	}
	if kind != cellDate && (kind == cellNumber || shapeOf(v) != shapeNone) {
		c.numbers++
		if kind == cellNumber {
			if _, ok := serialDate(v); ok {
				c.serials++
			}
		}
		n, _ := dress(v)
		if n.negative {
			c.negatives++
		}
		switch digits := digitsAtMost(n.core, 20); {
		case len(n.core) > digits:
			c.fractions++
		case digits > 1 && n.core[0] == '0':
			c.zeros++
		case digits <= 3:
			c.small++
		}
	}
	if MailPlausible(v) {
		c.mails++
	}
	if len(v) <= 5 && currencyOf(v) != "" {
		c.currencies++
	}
	if v[0] > '9' && CountryCode(v) != "" {
		c.countries++
	}
}
