package sheet

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/fault"
)

// Pick is a column wanted by its name, of a file of any kind.
type Pick struct {
	Column string // heading, or number from 1
	Field  string // what the caller calls it, for faults
	Number bool   // holds numbers, else texts
}

// Extract reads some named columns of files whose kind nobody needs to know. One pass has been over the rows, so that it knows
// how many there are and how numbers are written.
type Extract struct {
	Rows int64 // with data, in all files

	files *Files
	plan  *Plan
	picks []Pick
	point byte
}

// Cell is what a row holds in a column that was picked: its text without spaces around it, and its number.
type Cell struct {
	Text   string
	Number float64
}

// Extract finds the columns, counts the rows and decides which sign separates decimals. Faults are Invalid and name file and column.
// Of o only Decimal, Encoding, Separator, Heading and Sheet count.
func (f *Files) Extract(ctx context.Context, picks []Pick, o Options) (*Extract, error) {
	if err := o.check(Orders); err != nil {
		return nil, err
	}
	refs, err := f.tables()
	if err != nil {
		return nil, err
	}
	e := &Extract{files: f, plan: &Plan{Options: o}, picks: picks}
	for _, ref := range refs {
		p, err := f.pickTable(ref, picks, o)
		switch {
		case err != nil && ref.entry >= 0 && isEmptyFile(err):
			continue
		case err != nil:
			return nil, err
		}
		e.plan.Files = append(e.plan.Files, *p)
	}
	if len(e.plan.Files) == 0 {
		return nil, invalid("empty", refs[0].name)
	}
	return e, e.survey(ctx)
}

// pickTable plans one table: its headings stand in the first row that has all the names.
func (f *Files) pickTable(ref tableRef, picks []Pick, o Options) (*FilePlan, error) {
	in, err := f.open(ref, &tally{})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	p := &FilePlan{Name: ref.name, Input: ref.input, Entry: ref.entry, Packing: uint8(ref.packing), Book: ref.book}
	var s sample
	if ref.book {
		s, err = f.sampleBook(in, p, o)
	} else {
		s, err = f.sampleCSV(in, p, "", o)
	}
	if err != nil {
		return nil, err
	}
	if line := headingWith(s.rows, picks); o.Heading == 0 && line > 0 {
		o.Heading = line
	}
	findHeading(&p.Dialect, "", s, o.Heading)
	if err := p.setHeadings(s, f.limits()); err != nil {
		return nil, err
	}
	for _, pick := range picks {
		i, ok := p.find(pick.Column)
		if !ok {
			return nil, fault.New(fault.NotFound, "sheet.extract.column", "column", pick.Column, "file", p.Name, "columns", strings.Join(p.Headings, ", ")).On(pick.Field)
		}
		if same := sameHeadings(s.rows, p.Dialect.Heading, pick.Column); len(same) > 1 {
			return nil, fault.New(fault.Invalid, "sheet.extract.twice", "column", pick.Column, "file", p.Name, "count", len(same), "places", strings.Join(same, ", ")).On(pick.Field)
		}
		p.Columns = append(p.Columns, Column{pick.Field, i, p.Headings[i], 1, reasonTold})
	}
	return p, nil
}

// sameHeadings are the places, from 1, of the headings that a name may mean: those that are written so, else those that read so.
func sameHeadings(rows []sampleRow, heading int64, column string) (places []string) {
	at := slices.IndexFunc(rows, func(r sampleRow) bool { return heading > 0 && r.line == heading })
	if at < 0 {
		return nil
	}
	for _, form := range []func(string) string{trim, fold} {
		for i, cell := range rows[at].cells {
			if name := form(cell); name != "" && name == form(column) {
				places = append(places, strconv.Itoa(i+1))
			}
		}
		if places != nil {
			break
		}
	}
	return places
}

// headingWith is the line of the first row that has all columns, 0 for none.
func headingWith(rows []sampleRow, picks []Pick) int64 {
	for i := range rows[:min(len(rows), 40)] {
		has := map[string]bool{}
		for _, c := range rows[i].cells {
			has[trim(c)], has[fold(c)] = true, true
		}
		all := true
		for _, p := range picks {
			all = all && (has[p.Column] || has[fold(p.Column)])
		}
		if all {
			return rows[i].line
		}
	}
	return 0
}

// survey counts rows and gathers what they tell about the decimal sign.
func (e *Extract) survey(ctx context.Context) error {
	seen := map[shape]bool{}
	var open *fault.Error // the first number that can be meant both ways
	for i := 0; i < len(e.plan.Files); i++ {
		p, broken := &e.plan.Files[i], false
		err := e.files.each(ctx, p, e.files.tally(), func(r *Row) error {
			e.Rows++
			if r.fault == badRowEncoding && !p.sureEncoding && p.Dialect.Encoding == UTF8 {
				broken = true
			}
			if r.fault != "" {
				return nil
			}
			for c, pick := range e.picks {
				if !pick.Number || r.kind(p.Columns[c].Index) != cellText {
					continue
				}
				text := cellAt(r, p.Columns[c].Index)
				s := shapeOf(text)
				if s == shapeAmbiguous && open == nil {
					open = fault.New(fault.Invalid, "sheet.ambiguous.decimal", "value", text, "field", p.Columns[c].Heading, "line", r.Line, "flag", "--decimal").On("decimal")
				}
				seen[s] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
		if broken { // read it again as what else it can be
			p.Dialect.Encoding, p.sureEncoding = Windows1252, true
			e.Rows, i = 0, -1
			clear(seen)
		}
	}
	return e.decide(seen, open)
}

// decide settles the decimal sign.
func (e *Extract) decide(seen map[shape]bool, open *fault.Error) error {
	switch e.plan.Options.Decimal {
	case Comma:
		e.point = ','
		return nil
	case Point:
		e.point = '.'
		return nil
	}
	switch {
	case seen[shapeComma] && !seen[shapePoint]:
		e.point = ','
	case open != nil && !seen[shapePoint]:
		return open
	default:
		e.point = '.'
	}
	return nil
}

// cellAt is a cell without spaces around it; empty where the row ends before it.
func cellAt(r *Row, i int) string {
	if i >= r.Len() {
		return ""
	}
	return trim(string(r.Cell(i)))
}

// Each hands out the cells of every row in the order of the picks. The first row that cannot be read ends it, since a comparison
// without some rows would be another one. cells are valid until the next row.
func (e *Extract) Each(ctx context.Context, fn func(line int64, cells []Cell) error) error {
	cells := make([]Cell, len(e.picks))
	for i := range e.plan.Files {
		p := &e.plan.Files[i]
		err := e.files.each(ctx, p, &tally{}, func(r *Row) error {
			if r.fault != "" {
				return e.bad(p, r.Line, "", "", r.fault, "found", r.Len(), "expected", len(p.Headings))
			}
			for c, pick := range e.picks {
				cells[c] = Cell{Text: cellAt(r, p.Columns[c].Index)}
				if cells[c].Text == "" || pick.Number && nothing(cells[c].Text) {
					return e.bad(p, r.Line, p.Columns[c].Heading, cells[c].Text, "sheet.bad.empty_cell")
				}
				if !pick.Number {
					continue
				}
				point := e.point
				if r.kind(p.Columns[c].Index) == cellNumber {
					point = '.'
				}
				v, wrong := parseFloat(cells[c].Text, point)
				if wrong != "" {
					return e.bad(p, r.Line, p.Columns[c].Heading, cells[c].Text, "sheet.bad."+string(wrong))
				}
				cells[c].Number = v
			}
			return fn(r.Line, cells)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bad is the fault of a row: where, what and what to do.
func (e *Extract) bad(p *FilePlan, line int64, column, value, key string, args ...any) *fault.Error {
	reason, remedy := fault.New(fault.Invalid, key+".reason", args...), fault.New(fault.Invalid, key+".remedy", args...)
	if column == "" {
		return fault.New(fault.Invalid, "sheet.extract.row", "file", p.Name, "line", line, "reason", reason, "remedy", remedy).On("csv")
	}
	return fault.New(fault.Invalid, "sheet.extract.cell", "file", p.Name, "line", line, "column", column, "value", shorten(value), "reason", reason, "remedy", remedy).On("csv")
}

// parseFloat reads a number that need not be an amount; true and false are 1 and 0.
func parseFloat(s string, point byte) (float64, problem) {
	switch strings.ToLower(s) {
	case "true":
		return 1, ""
	case "false":
		return 0, ""
	}
	n, ok := dress(s)
	if !ok {
		return 0, badNumber
	}
	var buf [64]byte
	text, ok := n.plain(buf[:0], point)
	if !ok {
		return 0, badNumber
	}
	v, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil && v == 0:
		return 0, badNumber
	case math.IsInf(v, 0) || math.IsNaN(v) || math.Abs(v) > maxNumber:
		return 0, badLarge
	}
	if n.negative {
		v = -v
	}
	return v, ""
}
