package sheet

import (
	"bytes"
	"context"
	"hash/maphash"
	"io"
	"slices"
	"unicode/utf8"

	"stamm/internal/platform/fault"
)

// Survey is what reading everything once has shown. It belongs to the process that made it: the hashes of order numbers are made
// with a key of their own, so that nobody can prepare numbers that meet. After a restart a survey is made again.
type Survey struct {
	Plan        *Plan // with the formats as all rows decide them
	Rows        int64 // rows with data, bad ones included
	FileRows    []int64
	Fields      []FieldEvidence // of the fields that have a column
	Ambiguities []Ambiguity

	seed      maphash.Seed
	recurring []uint64   // orders whose rows stand apart
	repeated  [][]uint64 // per file, rows without an order number that come more than once
}

// Err is the fault of the first ambiguity, nil if there is none.
func (s *Survey) Err() error {
	if len(s.Ambiguities) == 0 {
		return nil
	}
	return s.Ambiguities[0].Fault()
}

// Recurs reports whether rows of an order stand in more than one place of the files, so that it is not complete when the next order
// begins. It may be true for an order by chance, about once in 10^12.
func (s *Survey) Recurs(order string) bool {
	if len(s.recurring) == 0 {
		return false
	}
	_, found := slices.BinarySearch(s.recurring, maphash.String(s.seed, order))
	return found
}

// RecurringOrders is how many orders have rows in more than one place.
func (s *Survey) RecurringOrders() int { return len(s.recurring) }

// Survey reads everything once. Ambiguities are no error here: they stand in the survey. A file whose first rows were plain ASCII may
// turn out to be Windows-1252; it is then read once more.
func (f *Files) Survey(ctx context.Context, plan *Plan) (*Survey, error) {
	p := *plan
	p.Files = slices.Clone(plan.Files)
	for {
		s, changed, err := f.surveyOnce(ctx, &p)
		if err != nil || !changed {
			return s, err
		}
	}
}

func (f *Files) surveyOnce(ctx context.Context, plan *Plan) (s *Survey, changed bool, err error) {
	s = &Survey{Plan: plan, seed: maphash.MakeSeed(), FileRows: make([]int64, len(plan.Files)), repeated: make([][]uint64, len(plan.Files))}
	ev := newEvidence(plan.Kind)
	orders := orderKeys{seed: s.seed}
	var hash hasher
	tally := f.tally()
	for i := range plan.Files {
		fp := &plan.Files[i]
		key := -1
		if c, ok := fp.column(keyField(plan.Kind)); ok {
			key = c.Index
		}
		ev.begin(fp)
		var rows hashes
		var sound, broken int64 // rows with letters beyond ASCII, in sound and in broken UTF-8
		err := f.each(ctx, fp, tally, func(r *Row) error {
			s.FileRows[i]++
			if r.fault == badRowEncoding {
				broken++
			}
			if r.fault != "" {
				orders.interrupt()
				return nil
			}
			if sound == 0 && !ascii(r.text) {
				sound++
			}
			ev.row(r)
			if keyField(plan.Kind) == "" {
				return nil
			}
			if number := keyCell(r, key); len(number) > 0 {
				orders.add(number)
			} else {
				orders.interrupt()
				rows.add(hash.row(r).short())
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		s.Rows += s.FileRows[i]
		s.repeated[i] = rows.recurring()
		if !fp.sureEncoding && broken > 0 && sound == 0 && fp.Dialect.Encoding == UTF8 {
			fp.Dialect.Encoding, fp.sureEncoding, changed = Windows1252, true, true
		}
	}
	if changed {
		return nil, true, nil
	}
	s.recurring = orders.all.recurring()
	plan.Formats, s.Ambiguities = ev.resolve(plan.Options)
	for _, e := range ev.fields {
		if e.Heading != "" {
			s.Fields = append(s.Fields, e)
		}
	}
	return s, false, nil
}

// keyField is the field that names the documents of a kind; empty where a row's key is not its own.
func keyField(k Kind) string {
	switch k {
	case Orders:
		return "order"
	case Payments:
		return "payment"
	}
	return ""
}

// keyCell is the number of the row's document, empty if it has none.
func keyCell(r *Row, column int) []byte {
	if column < 0 || column >= len(r.spans) {
		return nil
	}
	cell := r.Cell(column)
	for len(cell) > 0 && cell[0] <= ' ' {
		cell = cell[1:]
	}
	for len(cell) > 0 && cell[len(cell)-1] <= ' ' {
		cell = cell[:len(cell)-1]
	}
	if len(cell) > 0 && (cell[0] >= utf8.RuneSelf || cell[len(cell)-1] >= utf8.RuneSelf || nothing(string(cell))) {
		if s := trim(string(cell)); nothing(s) {
			return nil
		} else {
			return []byte(s)
		}
	}
	return cell
}

// The faults of rows as a whole.
const (
	badRowEncoding = "sheet.bad.encoding"
	badRowNUL      = "sheet.bad.nul"
	badRowMany     = "sheet.bad.fields_many"
	badRowFew      = "sheet.bad.fields_few"
)

// Rows reads the rows that hold data without interpreting them. file is the place in Plan.Files.
func (f *Files) Rows(ctx context.Context, plan *Plan, fn func(file int, r *Row) error) error {
	count := f.tally()
	for i := range plan.Files {
		if err := f.each(ctx, &plan.Files[i], count, func(r *Row) error { return fn(i, r) }); err != nil {
			return err
		}
	}
	return nil
}

// rowReader is a table being read.
type rowReader interface {
	next(*Row) error
}

// each calls fn for every row of a table that holds data, in order. Rows that cannot be read have their fault set.
func (f *Files) each(ctx context.Context, p *FilePlan, count *tally, fn func(*Row) error) error {
	if p.Input >= len(f.Inputs) {
		return fault.New(fault.Conflict, "sheet.file.changed", "file", p.Name).On("file")
	}
	in, err := f.open(p.ref(), count)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := f.reader(in, p)
	if err != nil {
		return err
	}
	var row Row
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch err := rows.next(&row); {
		case isEnd(err):
			return nil
		case err == errRecordTooLong:
			return invalid("row_endless", p.Name, "max", f.limits().Record>>10)
		case err != nil:
			return err
		}
		if row.Line <= p.Dialect.Skip || blank(&row) {
			continue
		}
		judge(&row, p)
		if err := fn(&row); err != nil {
			return err
		}
	}
}

func isEnd(err error) bool { return err == io.EOF }

// reader starts the rows of a table.
func (f *Files) reader(in *opened, p *FilePlan) (rowReader, error) {
	if !p.Book {
		return p.Dialect.scan(p.Dialect.Encoding.reader(in), f.limits().Record), nil
	}
	b, err := f.openBook(in, p.Name)
	if err != nil {
		return nil, err
	}
	rows, _, err := b.rows(p.Sheet)
	if err != nil {
		return nil, err
	}
	in.closers = append(in.closers, rows.Close)
	return rows, nil
}

// blank reports rows of nothing but separators and spaces, which spreadsheets leave behind.
func blank(r *Row) bool {
	for i := range r.spans {
		for _, c := range r.Cell(i) {
			if c > ' ' || c == 0 {
				return false
			}
		}
	}
	return true
}

// judge sets the fault of a row that is broken as a whole.
func judge(r *Row, p *FilePlan) {
	if r.fault != "" {
		return
	}
	switch n := len(p.Headings); {
	case bytes.IndexByte(r.text, 0) >= 0:
		r.fault = badRowNUL
	case !utf8.Valid(r.text):
		r.fault = badRowEncoding
	case len(r.spans) < n && !p.Book:
		r.fault = badRowFew
	case len(r.spans) > n:
		for i := n; i < len(r.spans); i++ {
			if trim(string(r.Cell(i))) != "" {
				r.fault = badRowMany
				return
			}
		}
	}
}
