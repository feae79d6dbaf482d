package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strings"
)

// book is an open workbook. Sheets are read row by row; only the shared strings are held, packed.
type book struct {
	files    *Files
	name     string
	parts    map[string]*zip.File // by lower-case name
	sheets   []bookSheet
	isDate   []bool // per cell format
	date1904 bool
	strings  packedStrings
}

type bookSheet struct {
	name, part string
	hidden     bool
}

// maxShared bounds the text of all shared strings of a workbook.
const maxShared = 1 << 30

// openBook reads what a workbook says about itself.
func (f *Files) openBook(o *opened, name string) (*book, error) {
	z, err := zip.NewReader(o.book, o.bookSize)
	if err != nil || overlapping(z, o.bookSize) || len(z.File) > 10*f.limits().Entries {
		return nil, invalid("damaged", name).Because(err)
	}
	b := &book{files: f, name: name, parts: map[string]*zip.File{}}
	for _, e := range z.File {
		b.parts[strings.ToLower(strings.ReplaceAll(e.Name, `\`, "/"))] = e
	}
	for _, read := range []func() error{b.readWorkbook, b.readStyles, b.readShared} {
		if err := read(); err != nil {
			return nil, b.damaged(err)
		}
	}
	return b, nil
}

// damaged makes broken XML a fault; faults and disk errors stay what they are.
func (b *book) damaged(err error) error {
	if errors.Is(err, errXML) || errors.Is(err, errRecordTooLong) || isDamage(err) {
		return invalid("damaged", b.name).Because(err)
	}
	return err
}

// part starts reading a part of the workbook; nil if it has none of that name.
func (b *book) part(name string) (*xmlScanner, io.Closer, error) {
	e := b.parts[strings.ToLower(name)]
	if e == nil {
		return nil, nil, nil
	}
	r, err := e.Open()
	if err != nil {
		return nil, nil, invalid("damaged", b.name).Because(err)
	}
	return newXMLScanner(b.files.meter(r, b.name, int64(e.CompressedSize64)), b.files.limits().Record), r, nil
}

// each calls fn at every start of a part, which may be missing.
func (b *book) each(part string, fn func(x *xmlScanner, name string) error) error {
	x, closer, err := b.part(part)
	if err != nil || x == nil {
		return err
	}
	defer closer.Close()
	for {
		switch err := x.next(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if x.kind == xmlStart {
			if err := fn(x, string(x.name)); err != nil {
				return err
			}
		}
	}
}

func (b *book) readWorkbook() error {
	targets := map[string]string{}
	err := b.each("xl/_rels/workbook.xml.rels", func(x *xmlScanner, name string) error {
		if name == "Relationship" {
			targets[string(x.attr("Id"))] = string(x.attr("Target"))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.each("xl/workbook.xml", func(x *xmlScanner, name string) error {
		switch name {
		case "workbookPr":
			v := string(x.attr("date1904"))
			b.date1904 = v == "1" || v == "true"
		case "sheet":
			target, ok := targets[string(x.attr("id"))]
			if !ok || len(b.sheets) == 1000 {
				return nil
			}
			if rest, ok := strings.CutPrefix(target, "/"); ok {
				target = rest
			} else {
				target = path.Join("xl", target)
			}
			state := string(x.attr("state"))
			b.sheets = append(b.sheets, bookSheet{string(appendText(nil, x.attr("name"))), target, state == "hidden" || state == "veryHidden"})
		}
		return nil
	})
}

// packedStrings holds many strings as one text.
type packedStrings struct {
	text []byte
	ends []uint32
}

func (p *packedStrings) at(i int) ([]byte, bool) {
	if i < 0 || i >= len(p.ends) {
		return nil, false
	}
	from := uint32(0)
	if i > 0 {
		from = p.ends[i-1]
	}
	return p.text[from:p.ends[i]], true
}

// readShared reads the strings that cells point to.
func (b *book) readShared() error {
	x, closer, err := b.part("xl/sharedStrings.xml")
	if err != nil || x == nil {
		return err
	}
	defer closer.Close()
	inText, phonetic := false, false
	for {
		switch err := x.next(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch name := string(x.name); {
		case x.kind == xmlText:
			if inText && !phonetic {
				b.strings.text = x.appendTo(b.strings.text)
			}
		case name == "t":
			inText = x.kind == xmlStart && !x.closed
		case name == "rPh":
			phonetic = x.kind == xmlStart && !x.closed
		case name == "si" && (x.kind == xmlEnd || x.closed):
			if len(b.strings.text) > maxShared || len(b.strings.ends) > maxShared/8 {
				return invalid("too_large", b.name, "max", maxShared>>20)
			}
			b.strings.ends = append(b.strings.ends, uint32(len(b.strings.text)))
		}
	}
}

// appendTo appends the text at hand.
func (x *xmlScanner) appendTo(dst []byte) []byte {
	if x.cdata {
		return append(dst, x.text...)
	}
	return appendText(dst, x.text)
}

// sheetRows reads one sheet.
type sheetRows struct {
	b        *book
	x        *xmlScanner
	close    io.Closer
	line     int64
	maxCells int
	text     []byte
	spans    []span
	kinds    []cellKind
	value    []byte
}

// rows starts a sheet by its name, or the first visible one that has a row.
func (b *book) rows(name string) (*sheetRows, string, error) {
	for _, s := range b.sheets {
		if name != "" && !strings.EqualFold(s.name, name) || name == "" && s.hidden {
			continue
		}
		for pass := 0; ; pass++ { // once to see whether there is a row, once to read
			x, closer, err := b.part(s.part)
			if err != nil {
				return nil, "", b.damaged(err)
			}
			if x == nil {
				break
			}
			r := &sheetRows{b: b, x: x, close: closer, maxCells: b.files.limits().Columns}
			if pass == 1 || name != "" {
				return r, s.name, nil
			}
			var row Row
			err = r.next(&row)
			closer.Close()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, "", err
			}
		}
	}
	if name != "" {
		return nil, "", invalid("no_sheet", b.name, "sheet", name, "sheets", strings.Join(b.sheetNames(), ", "))
	}
	return nil, "", invalid("empty", b.name)
}

func (b *book) sheetNames() []string {
	var names []string
	for _, s := range b.sheets {
		names = append(names, s.name)
	}
	return names
}

func (r *sheetRows) Close() error { return r.close.Close() }

// next reads a row that has at least one filled cell.
func (r *sheetRows) next(row *Row) error {
	for {
		if err := r.x.next(); err != nil {
			return r.b.damaged(err)
		}
		if r.x.kind != xmlStart || string(r.x.name) != "row" {
			continue
		}
		r.line++
		if n := wholeNumber(r.x.attr("r")); n > 0 {
			r.line = int64(n)
		}
		if r.x.closed {
			continue
		}
		row.Line, row.fault = r.line, ""
		r.text, r.spans, r.kinds = r.text[:0], r.spans[:0], r.kinds[:0]
		if err := r.cells(row); err != nil {
			return r.b.damaged(err)
		}
		if len(r.text) == 0 {
			continue
		}
		row.text, row.spans, row.kinds = r.text, r.spans, r.kinds
		return nil
	}
}

// cells reads to the end of the row.
func (r *sheetRows) cells(row *Row) error {
	for {
		if err := r.x.next(); err == io.EOF {
			return errXML
		} else if err != nil {
			return err
		}
		switch {
		case r.x.kind == xmlEnd && string(r.x.name) == "row":
			return nil
		case r.x.kind != xmlStart || string(r.x.name) != "c":
			continue
		}
		column := cellColumn(r.x.attr("r"), len(r.spans))
		style := wholeNumber(r.x.attr("s"))
		kind := cellTypeOf(r.x.attr("t"))
		if r.x.closed {
			continue
		}
		if err := r.cellValue(); err != nil {
			return err
		}
		if len(r.value) == 0 {
			continue
		}
		if column >= r.maxCells || len(r.text) > r.b.files.limits().Record {
			row.fault = "sheet.bad.fields_many"
			continue
		}
		if !r.put(column, kind, style) {
			row.fault = "sheet.bad.row_long"
		}
	}
}

// cellValue reads to the end of the cell and keeps the text of v, or of t in an inline string.
func (r *sheetRows) cellValue() error {
	r.value = r.value[:0]
	inText, phonetic := false, false
	for {
		if err := r.x.next(); err == io.EOF {
			return errXML
		} else if err != nil {
			return err
		}
		if r.x.kind == xmlText {
			if inText && !phonetic && len(r.value) < r.x.max {
				r.value = r.x.appendTo(r.value)
			}
			continue
		}
		open := r.x.kind == xmlStart && !r.x.closed
		switch string(r.x.name) {
		case "v", "t":
			inText = open
		case "rPh":
			phonetic = open
		case "c":
			if !open {
				return nil
			}
		}
	}
}

type cellType uint8

const (
	typeNumber cellType = iota
	typeShared
	typeText
	typeBool
	typeDate
)

func cellTypeOf(t []byte) cellType {
	switch string(t) {
	case "s":
		return typeShared
	case "str", "inlineStr", "e":
		return typeText
	case "b":
		return typeBool
	case "d":
		return typeDate
	}
	return typeNumber
}

// put stores the value read last as the cell of a column; the columns left out before it are empty. It refuses a shared string too
// long for a row: a thousand cells may point to the same.
func (r *sheetRows) put(column int, t cellType, style int) bool {
	at := int32(len(r.text))
	for len(r.spans) <= column {
		r.spans = append(r.spans, span{at, at})
		r.kinds = append(r.kinds, cellText)
	}
	kind := cellText
	switch t {
	case typeShared:
		s, _ := r.b.strings.at(wholeNumber(r.value))
		if len(r.text)+len(s) > r.b.files.limits().Record {
			return false
		}
		r.text = appendUnescaped(r.text, s)
	case typeText:
		r.text = appendUnescaped(r.text, r.value)
	case typeBool:
		r.text = append(r.text, r.value...)
	case typeDate:
		r.text, kind = append(r.text, r.value...), cellDate
	default:
		r.text, kind = r.b.appendNumber(r.text, r.value, style)
	}
	r.spans[column] = span{at, int32(len(r.text))}
	r.kinds[column] = kind
	return true
}

// wholeNumber reads digits, -1 for anything else. Unlike strconv it needs no string.
func wholeNumber(b []byte) int {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// cellColumn is the column of a reference like AB12, counted from 0; next where there is none.
func cellColumn(ref []byte, next int) int {
	n := 0
	for _, c := range ref {
		if c |= 32; c < 'a' || c > 'z' {
			break
		}
		if n = n*26 + int(c-'a') + 1; n > 1<<20 {
			return n
		}
	}
	if n == 0 {
		return next
	}
	return n - 1
}
