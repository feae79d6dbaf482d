package sheet

import "stamm/internal/platform/fault"

// FieldEvidence is what the values of one field say about how they are to be read.
type FieldEvidence struct {
	Field   string
	Heading string // in the first file that has the field
	Filled  int64
	Empty   int64
	Bad     int64 // neither number nor date where one belongs

	Comma, Point int64 // numbers that can only be meant with a decimal comma, or point
	DMY, MDY     int64 // dates that can only be meant one way
	YMD          int64
	Ambiguous    int64 // 1.234 or 03/04/2011

	AmbiguousExample           Example
	CommaExample, PointExample Example
	DMYExample, MDYExample     Example
	kind                       fieldType
}

// Example is a value with its place.
type Example struct {
	Value string
	File  string
	Line  int64
}

// Ambiguity is a question that no row answers. It is put to a person, on the command line by the flag.
type Ambiguity struct {
	Option  string // the member of Options that answers it: decimal or dates
	Field   string
	Heading string
	Flag    string // as it is written on the command line
	Key     string // message key
	Example Example
	Other   Example // of the other way to write, where a file has both
}

// Fault is the question as an error.
func (a Ambiguity) Fault() *fault.Error {
	args := []any{"field", a.Heading, "value", a.Example.Value, "line", a.Example.Line, "file", a.Example.File, "flag", a.Flag}
	if a.Other.Value != "" {
		args = append(args, "other", a.Other.Value, "other_line", a.Other.Line)
	}
	return fault.New(fault.Invalid, a.Key, args...).On(a.Option)
}

// evidence collects it over all files of a run, because files that come together are written the same way.
type evidence struct {
	kind   Kind
	fields []FieldEvidence
	file   string
	watch  []watch
}

// watch is a column of the file at hand that is worth looking at.
type watch struct {
	column int
	kind   fieldType
	field  *FieldEvidence
}

func newEvidence(k Kind) *evidence {
	e := &evidence{kind: k, fields: make([]FieldEvidence, len(fieldsOf(k)))}
	for i, f := range fieldsOf(k) {
		e.fields[i].Field, e.fields[i].kind = f.name, f.kind
	}
	return e
}

// begin turns to another file.
func (e *evidence) begin(p *FilePlan) {
	e.file, e.watch = p.Name, e.watch[:0]
	for _, c := range p.Columns {
		f, place, _ := fieldNamed(e.kind, c.Field)
		if place < 0 {
			continue
		}
		if e.fields[place].Heading == "" {
			e.fields[place].Heading = c.Heading
		}
		e.watch = append(e.watch, watch{c.Index, f.kind, &e.fields[place]})
	}
}

// row takes in a row.
func (e *evidence) row(r *Row) {
	for i := range e.watch {
		w := &e.watch[i]
		if w.column >= len(r.spans) {
			w.field.Empty++
			continue
		}
		cell := r.Cell(w.column)
		if len(cell) == 0 {
			w.field.Empty++
			continue
		}
		w.field.Filled++
		switch {
		case r.kind(w.column) != cellText:
		case w.kind.numeric():
			s := plainShape(cell)
			if s == shapeNone {
				s = shapeOf(string(cell))
			}
			if s != shapeWhole {
				w.number(s, string(cell), e.file, r.Line)
			}
		case w.kind.dated():
			if s := dateShapeOf(string(cell)); s != dateNeutral {
				w.date(s, string(cell), e.file, r.Line)
			}
		}
	}
}

// sample takes in the first rows of a table.
func (e *evidence) sample(p *FilePlan, s sample) {
	e.begin(p)
	for i := range s.rows {
		if s.rows[i].line > p.Dialect.Skip && s.rows[i].fault == "" {
			e.sampleRow(&s.rows[i])
		}
	}
}

// sampleRow is row for a row of a sample.
func (e *evidence) sampleRow(r *sampleRow) {
	for i := range e.watch {
		w := &e.watch[i]
		switch {
		case w.column >= len(r.cells) || r.kind(w.column) != cellText:
		case w.kind.numeric():
			w.number(shapeOf(r.cells[w.column]), r.cells[w.column], e.file, r.line)
		case w.kind.dated():
			w.date(dateShapeOf(r.cells[w.column]), r.cells[w.column], e.file, r.line)
		}
	}
}

// plainShape is shapeOf for nothing but digits and at most one sign; shapeNone for everything else.
func plainShape(b []byte) shape {
	at := -1
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) > 40 {
		return shapeNone
	}
	for i, c := range b {
		switch {
		case c-'0' <= 9:
		case (c == '.' || c == ',') && at < 0:
			at = i
		default:
			return shapeNone
		}
	}
	switch {
	case len(b) == 0 || len(b) == 1 && at == 0:
		return shapeNone
	case at < 0:
		return shapeWhole
	case len(b)-at-1 == 3 && at >= 1 && at <= 3 && b[0] != '0':
		return shapeAmbiguous
	case b[at] == ',':
		return shapeComma
	}
	return shapePoint
}

func (w *watch) number(s shape, value, file string, line int64) {
	f := w.field
	switch s {
	case shapeNone:
		if !nothing(trim(value)) {
			f.Bad++
		}
	case shapeComma:
		count(&f.Comma, &f.CommaExample, value, file, line)
	case shapePoint:
		count(&f.Point, &f.PointExample, value, file, line)
	case shapeAmbiguous:
		count(&f.Ambiguous, &f.AmbiguousExample, value, file, line)
	}
}

func (w *watch) date(s dateShape, value, file string, line int64) {
	f := w.field
	switch s {
	case dateNone:
		if v := trim(value); !nothing(v) && !zeroDate(v) {
			f.Bad++
		}
	case dateDMY:
		count(&f.DMY, &f.DMYExample, value, file, line)
	case dateMDY:
		count(&f.MDY, &f.MDYExample, value, file, line)
	case dateYMD:
		f.YMD++
	case dateAmbiguous:
		count(&f.Ambiguous, &f.AmbiguousExample, value, file, line)
	}
}

// count counts, and keeps the first value as the example.
func count(n *int64, example *Example, value, file string, line int64) {
	if *n == 0 {
		*example = Example{shorten(trim(value)), file, line}
	}
	*n++
}

// clearMajority is how many times more often one way of writing must occur than the other to be taken for the file's; the others are
// then bad rows.
const clearMajority = 20

// resolve decides the formats. What nobody told and no value decides is an ambiguity.
func (e *evidence) resolve(o Options) (Formats, []Ambiguity) {
	f := Formats{Decimal: o.Decimal, Dates: o.Dates}
	var open []Ambiguity
	if f.Decimal == "" {
		var a *Ambiguity
		if f.Decimal, a = e.decimal(); a != nil {
			open = append(open, *a)
		}
	}
	if f.Dates == "" {
		var a *Ambiguity
		if f.Dates, a = e.dates(); a != nil {
			open = append(open, *a)
		}
	}
	return f, open
}

func (e *evidence) decimal() (Decimal, *Ambiguity) {
	a := Ambiguity{Option: "decimal", Flag: "--decimal comma|point"}
	var comma, point, ambiguous int64
	for i := range e.fields {
		f := &e.fields[i]
		if !f.kind.numeric() {
			continue
		}
		if comma == 0 && f.Comma > 0 {
			a.Example = f.CommaExample
			a.Field, a.Heading = f.Field, f.Heading
		}
		if point == 0 && f.Point > 0 {
			a.Other = f.PointExample
		}
		comma += f.Comma
		point += f.Point
		ambiguous += f.Ambiguous
	}
	switch {
	case comma > clearMajority*point:
		return Comma, nil
	case point > clearMajority*comma:
		return Point, nil
	case comma+point > 0:
		a.Key = "sheet.ambiguous.decimal_mixed"
		return "", &a
	case ambiguous == 0:
		return "", nil
	}
	a.Key = "sheet.ambiguous.decimal"
	for i := range e.fields {
		if f := &e.fields[i]; f.kind.numeric() && f.Ambiguous > 0 {
			a.Field, a.Heading, a.Example = f.Field, f.Heading, f.AmbiguousExample
			break
		}
	}
	return "", &a
}

func (e *evidence) dates() (DateOrder, *Ambiguity) {
	a := Ambiguity{Option: "dates", Flag: "--dates dmy|mdy|ymd"}
	var dmy, mdy, ymd, ambiguous int64
	for i := range e.fields {
		f := &e.fields[i]
		if !f.kind.dated() {
			continue
		}
		if dmy == 0 && f.DMY > 0 {
			a.Example = f.DMYExample
			a.Field, a.Heading = f.Field, f.Heading
		}
		if mdy == 0 && f.MDY > 0 {
			a.Other = f.MDYExample
		}
		dmy += f.DMY
		mdy += f.MDY
		ymd += f.YMD
		ambiguous += f.Ambiguous
	}
	switch {
	case dmy > clearMajority*(mdy+ymd):
		return DMY, nil
	case mdy > clearMajority*(dmy+ymd):
		return MDY, nil
	case ymd > clearMajority*(dmy+mdy) && dmy+mdy == 0:
		return YMD, nil
	case dmy > 0 && mdy > 0:
		a.Key = "sheet.ambiguous.dates_mixed"
		return "", &a
	case ambiguous == 0:
		return "", nil
	}
	a.Key = "sheet.ambiguous.dates"
	for i := range e.fields {
		if f := &e.fields[i]; f.kind.dated() && f.Ambiguous > 0 {
			a.Field, a.Heading, a.Example = f.Field, f.Heading, f.AmbiguousExample
			break
		}
	}
	return "", &a
}
