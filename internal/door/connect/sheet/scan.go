package sheet

import (
	"bytes"
	"errors"
	"io"
)

// Row is one row of a table before anything is interpreted. It is valid until the next row is read.
type Row struct {
	Line  int64 // first physical line of the row, from 1; in a workbook the row's number
	text  []byte
	spans []span
	kinds []cellKind // per cell, only in workbooks, where numbers and dates are marked as such
	fault string     // why the row cannot be read, as a message key; the cells then hold what could be taken of it
}

// span is where a cell stands in the text of its row.
type span struct{ from, to int32 }

// cellKind is what a workbook says a cell is.
type cellKind uint8

const (
	cellText   cellKind = iota // also everything in a CSV
	cellNumber                 // written with a decimal point and without grouping
	cellDate                   // written as 2006-01-02 or 2006-01-02T15:04:05
)

// Len is the number of cells.
func (r *Row) Len() int { return len(r.spans) }

// Cell is the i-th cell as it was written, without its quotes.
func (r *Row) Cell(i int) []byte { return r.text[r.spans[i].from:r.spans[i].to] }

// Fault is the message key of why the row cannot be read, empty for a sound row. The texts are as for RowError.
func (r *Row) Fault() string { return r.fault }

// kind is what the i-th cell is said to be.
func (r *Row) kind(i int) cellKind {
	if i < len(r.kinds) {
		return r.kinds[i]
	}
	return cellText
}

// errRecordTooLong stops the reading of a file: without an end of line in sight it is no table.
var errRecordTooLong = errors.New("sheet: row without end")

// scanner cuts a CSV into rows. Unlike encoding/csv it neither allocates per row nor gives up at a misplaced quote: a broken row
// is marked and reading goes on at the next line, and quotes inside an unquoted cell (a 5" pipe) are taken as they stand.
type scanner struct {
	src        io.Reader
	sep        byte
	newline    byte // '\n', or '\r' in files of old Macs
	max        int  // longest row in bytes
	buf        []byte
	start, end int   // what is read and not yet handed out
	line       int64 // physical line at start
	eof        bool
	err        error // what src answered at its end, if not io.EOF
	spans      []span
	escaped    []int // cells that still hold doubled quotes or \r\n
}

const firstBuffer = 128 << 10

func newScanner(src io.Reader, sep, newline byte, max int) *scanner {
	return &scanner{src: src, sep: sep, newline: newline, max: max, buf: make([]byte, firstBuffer), line: 1}
}

// next reads a row; empty lines are passed over. The error is io.EOF at the end, errRecordTooLong, or that of the source.
func (s *scanner) next(row *Row) error {
	for {
		length, err := s.lineLength()
		if err != nil {
			return err
		}
		text := s.buf[s.start : s.start+length]
		used := min(length+1, s.end-s.start)
		row.Line, row.kinds, row.fault = s.line, nil, ""
		s.spans = s.spans[:0]
		if bytes.IndexByte(text, '"') >= 0 {
			if text, used, err = s.quoted(row, length); err != nil {
				return err
			}
		} else {
			text = bytes.TrimSuffix(text, []byte{'\r'})
			s.split(text)
		}
		s.line++
		if used > length+1 { // a cell of several lines
			s.line += int64(bytes.Count(s.buf[s.start:s.start+used-1], []byte{s.newline}))
		}
		s.start += used
		if len(text) == 0 {
			continue
		}
		row.text, row.spans = text, s.spans
		return nil
	}
}

// split cuts a line without quotes at its separators.
func (s *scanner) split(line []byte) {
	from := 0
	for {
		i := bytes.IndexByte(line[from:], s.sep)
		if i < 0 {
			s.spans = append(s.spans, span{int32(from), int32(len(line))})
			return
		}
		s.spans = append(s.spans, span{int32(from), int32(from + i)})
		from += i + 1
	}
}

// lineLength returns the length of the physical line at start, without its end.
func (s *scanner) lineLength() (int, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(s.buf[s.start+seen:s.end], s.newline); i >= 0 {
			if seen+i > s.max {
				return 0, errRecordTooLong
			}
			return seen + i, nil
		}
		seen = s.end - s.start
		switch {
		case seen > s.max:
			return 0, errRecordTooLong
		case s.eof && s.err != nil:
			return 0, s.err
		case s.eof && seen == 0:
			return 0, io.EOF
		case s.eof:
			return seen, nil
		}
		s.fill()
	}
}

// fill makes room and reads until the buffer is full. It does not stop at the first bytes that come, so that a cell of many lines
// is measured a few times only, however small the portions of the source are.
func (s *scanner) fill() {
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.end])
		s.start, s.end = 0, s.end-s.start
	}
	if s.end == len(s.buf) {
		grown := make([]byte, 2*len(s.buf))
		copy(grown, s.buf)
		s.buf = grown
	}
	empty := 0
	for s.end < len(s.buf) && !s.eof {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		if n == 0 && err == nil {
			if empty++; empty == 100 {
				err = io.ErrNoProgress
			}
		}
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
		}
	}
}

// quoted reads a row in whose first line, of that length, stands a quote. It returns the row's text and how many bytes it takes
// up with its line end. Nothing is changed in the buffer before the row is known to be sound, because a broken row ends at its
// first line after all.
func (s *scanner) quoted(row *Row, firstLine int) (text []byte, used int, err error) {
	for {
		length, state := s.measure()
		switch state {
		case rowWhole:
			used = min(length+1, s.end-s.start)
			text = s.buf[s.start : s.start+length]
			s.unescape(text)
			return text, used, nil
		case rowNeedsMore:
			if s.end-s.start <= s.max && !s.eof {
				s.fill()
				continue
			}
			if s.err != nil {
				return nil, 0, s.err
			}
			row.fault = "sheet.bad.quote_open"
		case rowBroken:
			row.fault = "sheet.bad.quote"
		}
		text = bytes.TrimSuffix(s.buf[s.start:s.start+firstLine], []byte{'\r'})
		s.spans = s.spans[:0]
		s.split(text)
		return text, min(firstLine+1, s.end-s.start), nil
	}
}

type rowState uint8

const (
	rowWhole rowState = iota
	rowNeedsMore
	rowBroken
)

// measure finds the cells of the row at start and its length without the line end. Cells with something to unescape are noted.
func (s *scanner) measure() (length int, state rowState) {
	b := s.buf[s.start:s.end]
	s.spans, s.escaped = s.spans[:0], s.escaped[:0]
	i := 0
	for {
		open := i
		for open < len(b) && (b[open] == ' ' || b[open] == '\t') && b[open] != s.sep {
			open++
		}
		var last bool
		if open < len(b) && b[open] == '"' {
			i, last, state = s.quotedCell(b, open+1)
		} else {
			i, last, state = s.plainCell(b, i)
		}
		if state != rowWhole {
			return 0, state
		}
		if last {
			return i, rowWhole
		}
		i++ // the separator
	}
}

// plainCell ends at the next separator or line end, whose place it returns.
func (s *scanner) plainCell(b []byte, from int) (next int, last bool, state rowState) {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case s.sep:
			s.spans = append(s.spans, span{int32(from), int32(i)})
			return i, false, rowWhole
		case s.newline:
			s.spans = append(s.spans, span{int32(from), int32(trimCR(b, from, i))})
			return i, true, rowWhole
		}
	}
	if !s.eof {
		return 0, false, rowNeedsMore
	}
	s.spans = append(s.spans, span{int32(from), int32(trimCR(b, from, len(b)))})
	return len(b), true, rowWhole
}

// quotedCell begins behind its opening quote and ends at the separator or line end behind the closing one.
func (s *scanner) quotedCell(b []byte, from int) (next int, last bool, state rowState) {
	escaped := false
	i := from
	for {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return 0, false, rowNeedsMore
		}
		i += q
		if i+1 == len(b) && !s.eof {
			return 0, false, rowNeedsMore
		}
		if i+1 < len(b) && b[i+1] == '"' {
			escaped = true
			i += 2
			continue
		}
		break
	}
	if escaped || bytes.IndexByte(b[from:i], '\r') >= 0 {
		s.escaped = append(s.escaped, len(s.spans))
	}
	s.spans = append(s.spans, span{int32(from), int32(i)})
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == s.sep:
			return i, false, rowWhole
		case c == s.newline:
			return i, true, rowWhole
		case c != ' ' && c != '\t' && c != '\r':
			return 0, false, rowBroken
		}
	}
	if !s.eof {
		return 0, false, rowNeedsMore
	}
	return len(b), true, rowWhole
}

func trimCR(b []byte, from, to int) int {
	if to > from && b[to-1] == '\r' {
		return to - 1
	}
	return to
}

// unescape makes doubled quotes single and line ends inside cells \n, in place.
func (s *scanner) unescape(text []byte) {
	for _, n := range s.escaped {
		sp := &s.spans[n]
		cell := text[sp.from:sp.to]
		w := 0
		for r := 0; r < len(cell); r++ {
			switch {
			case cell[r] == '"':
				r++ // its double
				cell[w] = '"'
			case cell[r] == '\r' && r+1 < len(cell) && cell[r+1] == '\n':
				continue
			default:
				cell[w] = cell[r]
			}
			w++
		}
		sp.to = sp.from + int32(w)
	}
}
