package sheet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// Options are what a person, or a saved profile, has decided about files of one kind. The zero value decides nothing.
type Options struct {
	// Map names the column of a field, by its heading or its number from 1. It overrides the guess for the fields it names; an empty
	// column takes a field out.
	Map       map[string]string `json:"map,omitempty"`
	Decimal   Decimal           `json:"decimal,omitempty"`
	Dates     DateOrder         `json:"dates,omitempty"`
	Encoding  Encoding          `json:"encoding,omitempty"`
	Separator string            `json:"separator,omitempty"` // "tab" and "\t" are both understood, and " " or "blank" for any number of blanks
	Heading   int64             `json:"heading,omitempty"`   // line of the headings; -1 for none
	Sheet     string            `json:"sheet,omitempty"`     // of a workbook; the first visible one with rows, and those that go on with its table, if empty
	Currency  string            `json:"currency,omitempty"`  // of amounts without one; EUR if empty
	Zone      string            `json:"zone,omitempty"`      // IANA name, of times without one; UTC if empty
}

// Plan is how files are read: what was told, what was guessed. It is stored with a run, so it says all that is needed to read the
// same files again the same way.
type Plan struct {
	Kind    Kind       `json:"kind"`
	Options Options    `json:"options"`
	Formats Formats    `json:"formats"`
	Files   []FilePlan `json:"files"`
}

// Formats are how numbers and dates are written. Before a survey they come from the first rows.
type Formats struct {
	Decimal Decimal   `json:"decimal,omitempty"` // empty if nothing depends on it, or it is not known
	Dates   DateOrder `json:"dates,omitempty"`
}

// FilePlan is how one table is read: a file, or an entry of a zip.
type FilePlan struct {
	Name     string   `json:"name"` // file, or file/entry
	Input    int      `json:"input"`
	Entry    int      `json:"entry"` // place in the zip, -1 if it is in none
	Packing  uint8    `json:"packing,omitempty"`
	Book     bool     `json:"book,omitempty"`
	Sheet    string   `json:"sheet,omitempty"`
	Dialect  Dialect  `json:"dialect"`
	Headings []string `json:"headings"` // 1, 2, 3 … where the file has none
	Columns  []Column `json:"columns"`
	Layout   string   `json:"layout,omitempty"` // name of a known export
	Guest    string   `json:"guest,omitempty"`  // the customer number of all who have none

	sureEncoding bool // told, or seen in a mark or in letters
}

func (p *FilePlan) ref() tableRef {
	return tableRef{input: p.Input, entry: p.Entry, name: p.Name, packing: packing(p.Packing), book: p.Book}
}

// Unused are the columns no field is read from. Of customers they may become custom fields.
func (p *FilePlan) Unused() []string {
	var names []string
	for i, h := range p.Headings {
		if !slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Index == i }) {
			names = append(names, h)
		}
	}
	return names
}

// column finds the column of a field.
func (p *FilePlan) column(field string) (Column, bool) {
	i := slices.IndexFunc(p.Columns, func(c Column) bool { return c.Field == field })
	if i < 0 {
		return Column{}, false
	}
	return p.Columns[i], true
}

// Has tells whether a column of the file says the field.
func (p *FilePlan) Has(field string) bool {
	_, ok := p.column(field)
	return ok
}

// Location is the zone of times without one.
func (p *Plan) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(p.Options.Zone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "errors.zone", "text", p.Options.Zone).On("zone").Because(err)
	}
	return loc, nil
}

// Prepare looks at the beginning of every file and plans how to read them. Faults are Invalid and say which file, field or flag they
// are about. What the first rows leave open is decided, or named, by Survey.
func (f *Files) Prepare(ctx context.Context, kind Kind, o Options) (*Plan, error) {
	if err := o.check(kind); err != nil {
		return nil, err
	}
	refs, err := f.tables()
	if err != nil {
		return nil, err
	}
	plan := &Plan{Kind: kind, Options: o}
	view := newEvidence(kind)
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fp, s, err := f.prepareTable(ref, kind, o)
		if err != nil {
			return nil, err
		}
		if fp == nil {
			continue
		}
		view.sample(fp, s)
		more, err := f.furtherSheets(ctx, ref, kind, o, fp, view)
		if err != nil {
			return nil, err
		}
		plan.Files = append(append(plan.Files, *fp), more...)
	}
	if len(plan.Files) == 0 {
		return nil, invalid("empty", refs[0].name)
	}
	plan.Formats, _ = view.resolve(o)
	return plan, nil
}

// furtherSheets plans the sheets of a workbook that go on with the table of the first: visible, with the same headings. Their names then
// stand behind that of the file.
func (f *Files) furtherSheets(ctx context.Context, ref tableRef, kind Kind, o Options, first *FilePlan, view *evidence) ([]FilePlan, error) {
	if !ref.book || o.Sheet != "" || first.Dialect.Heading == 0 {
		return nil, nil
	}
	names, err := f.sheetsBehind(ref, first.Sheet)
	if err != nil {
		return nil, err
	}
	var more []FilePlan
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o.Sheet = name
		fp, s, err := f.prepareTable(ref, kind, o)
		if fault.CodeOf(err) == fault.Invalid { // another table, or none
			continue
		}
		if err != nil {
			return nil, err
		}
		if fp == nil || !slices.EqualFunc(fp.Headings, first.Headings, func(a, b string) bool { return fold(a) == fold(b) }) {
			continue
		}
		fp.Name = ref.name + "/" + fp.Sheet
		fp.Columns = slices.Clone(first.Columns)
		view.sample(fp, s)
		more = append(more, *fp)
	}
	if len(more) > 0 {
		first.Name = ref.name + "/" + first.Sheet
	}
	return more, nil
}

// maxSheets bounds how many sheets of a workbook are looked at.
const maxSheets = 100

// sheetsBehind are the names of the visible sheets behind one.
func (f *Files) sheetsBehind(ref tableRef, first string) ([]string, error) {
	in, err := f.open(ref, &tally{})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := f.openBook(in, ref.name)
	if err != nil {
		return nil, err
	}
	var names []string
	behind := false
	for _, s := range b.sheets {
		if behind && !s.hidden && len(names) < maxSheets {
			names = append(names, s.name)
		}
		behind = behind || s.name == first
	}
	return names, nil
}

// check makes sure that the options name things that exist.
func (o *Options) check(kind Kind) error {
	choice := func(field, value string) error {
		return fault.New(fault.Invalid, "errors.choice", "text", value).On(field)
	}
	if o.Separator == "tab" || o.Separator == `\t` {
		o.Separator = "\t"
	}
	if o.Separator == "blank" {
		o.Separator = blankSeparator
	}
	switch {
	case fieldsOf(kind) == nil:
		return choice("kind", string(kind))
	case o.Decimal != "" && o.Decimal != Comma && o.Decimal != Point:
		return choice("decimal", string(o.Decimal))
	case o.Dates != "" && o.Dates != DMY && o.Dates != MDY && o.Dates != YMD:
		return choice("dates", string(o.Dates))
	case o.Encoding != "" && !o.Encoding.known():
		return choice("encoding", string(o.Encoding))
	case o.Separator != "" && !slices.Contains(Separators(), o.Separator):
		return choice("separator", o.Separator)
	}
	if o.Currency == "" {
		o.Currency = "EUR"
	}
	if !money.Known(o.Currency) {
		return fault.New(fault.Invalid, "errors.currency", "text", o.Currency).On("currency")
	}
	for name := range o.Map {
		if _, _, ok := fieldNamed(kind, name); !ok {
			return fault.New(fault.Invalid, "sheet.map.field", "field", name, "fields", strings.Join(FieldNames(kind), ", ")).On("map")
		}
	}
	_, err := (&Plan{Options: *o}).Location()
	return err
}

// prepareTable plans one table. A table in a zip that is empty is passed over: its plan is nil.
func (f *Files) prepareTable(ref tableRef, kind Kind, o Options) (*FilePlan, sample, error) {
	in, err := f.open(ref, &tally{})
	if err != nil {
		return nil, sample{}, err
	}
	defer in.Close()
	fp := &FilePlan{Name: ref.name, Input: ref.input, Entry: ref.entry, Packing: uint8(ref.packing), Book: ref.book}
	var s sample
	if ref.book {
		s, err = f.sampleBook(in, fp, o)
	} else {
		s, err = f.sampleCSV(in, fp, kind, o)
	}
	if err != nil {
		if ref.entry >= 0 && isEmptyFile(err) {
			return nil, sample{}, nil
		}
		return nil, sample{}, err
	}
	findHeading(&fp.Dialect, kind, s, o.Heading)
	if err := fp.setHeadings(s, f.limits()); err != nil {
		return nil, sample{}, err
	}
	var data []sampleRow
	for _, r := range s.rows {
		if r.line > fp.Dialect.Skip {
			data = append(data, r)
		}
	}
	fp.Columns, fp.Layout = guess(kind, fp.Headings, fp.Dialect.Heading > 0, data)
	if err := fp.apply(kind, o.Map); err != nil {
		return nil, sample{}, err
	}
	if kind == Orders {
		fp.Guest = fp.guest(data)
	}
	return fp, s, fp.complete(kind)
}

// guest is the number 0 where customers with different mail addresses share it, as shops write it for orders without an account;
// else nothing.
func (p *FilePlan) guest(rows []sampleRow) string {
	customer, ok := p.column("customer")
	email, ok2 := p.column("email")
	if !ok || !ok2 {
		return ""
	}
	first := ""
	for i := range rows {
		cells := rows[i].cells
		if len(cells) <= max(customer.Index, email.Index) || trim(cells[customer.Index]) != "0" {
			continue
		}
		switch mail := strings.ToLower(trim(cells[email.Index])); {
		case mail == "" || nothing(mail):
		case first == "":
			first = mail
		case mail != first:
			return "0"
		}
	}
	return ""
}

func isEmptyFile(err error) bool {
	f := fault.As(err)
	return f != nil && f.Key == "sheet.file.empty"
}

func (f *Files) sampleCSV(in *opened, fp *FilePlan, kind Kind, o Options) (sample, error) {
	sn, err := sniff(in, fp.Name, o.Encoding, f.limits())
	if err != nil {
		return sample{}, err
	}
	s := sn.separate(kind, o.Separator, f.limits())
	fp.Dialect, fp.sureEncoding = sn.dialect, sn.sureEncoding
	return s, nil
}

func (f *Files) sampleBook(in *opened, fp *FilePlan, o Options) (sample, error) {
	b, err := f.openBook(in, fp.Name)
	if err != nil {
		return sample{}, err
	}
	rows, sheetName, err := b.rows(o.Sheet)
	if err != nil {
		return sample{}, err
	}
	defer rows.Close()
	fp.Sheet, fp.sureEncoding = sheetName, true
	s, err := takeSample(rows.next)
	if len(s.rows) == 0 && isEnd(err) {
		return s, invalid("empty", fp.Name)
	}
	if isEnd(err) {
		err = nil
	}
	return s, err
}

// setHeadings names the columns: by their headings, made distinct, or by their numbers.
func (p *FilePlan) setHeadings(s sample, limits Limits) error {
	columns := 0
	var cells []string
	for i := range s.rows {
		r := &s.rows[i]
		if p.Dialect.Heading > 0 && r.line == p.Dialect.Heading {
			cells = r.cells
			columns = max(columns, r.width())
		}
		if p.Dialect.Heading == 0 && r.line > p.Dialect.Skip && r.fault == "" {
			columns = max(columns, r.width())
		}
		if r.width() > limits.Columns && r.fault == "" {
			return invalid("columns", p.Name, "count", r.width(), "max", limits.Columns)
		}
	}
	if p.Dialect.Heading > 0 && columns == 0 {
		return invalid("no_heading", p.Name, "line", p.Dialect.Heading)
	}
	seen := map[string]int{}
	for i := range columns {
		name := strconv.Itoa(i + 1)
		if i < len(cells) && trim(cells[i]) != "" {
			name = shorten(trim(strings.ToValidUTF8(cells[i], "\ufffd")))
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s (%d)", name, seen[name])
		}
		p.Headings = append(p.Headings, name)
	}
	return nil
}

// apply overrides the guess by what was told.
func (p *FilePlan) apply(kind Kind, told map[string]string) error {
	for name, column := range told {
		p.Columns = slices.DeleteFunc(p.Columns, func(c Column) bool { return c.Field == name })
		if column == "" {
			continue
		}
		i, ok := p.find(column)
		if !ok {
			return fault.New(fault.Invalid, "sheet.map.column", "field", name, "column", column, "file", p.Name, "columns", strings.Join(p.Headings, ", ")).On("map")
		}
		p.Columns = append(p.Columns, Column{name, i, p.Headings[i], 1, reasonTold})
	}
	slices.SortFunc(p.Columns, func(a, b Column) int {
		_, pa, _ := fieldNamed(kind, a.Field)
		_, pb, _ := fieldNamed(kind, b.Field)
		if pa < 0 || pb < 0 {
			if pa != pb {
				return pb - pa // custom fields behind the others
			}
			return strings.Compare(a.Field, b.Field)
		}
		return pa - pb
	})
	return nil
}

// find finds a column by its heading, as written or folded, or by its number.
func (p *FilePlan) find(column string) (int, bool) {
	if i := slices.Index(p.Headings, column); i >= 0 {
		return i, true
	}
	if key := fold(column); key != "" {
		if i := slices.IndexFunc(p.Headings, func(h string) bool { return fold(h) == key }); i >= 0 {
			return i, true
		}
	}
	n, err := strconv.Atoi(column)
	return n - 1, err == nil && n >= 1 && n <= len(p.Headings)
}

// complete makes sure that the fields without which a row says nothing have a column.
func (p *FilePlan) complete(kind Kind) error {
	for _, group := range needs(kind) {
		if !slices.ContainsFunc(group, func(name string) bool { _, ok := p.column(name); return ok }) {
			return fault.New(fault.Invalid, "sheet.map.missing", "field", strings.Join(group, " | "), "file", p.Name, "columns", strings.Join(p.Headings, ", "),
				"flag", "--map "+group[0]+"=…").On(group[0])
		}
	}
	return nil
}
