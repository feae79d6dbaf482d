package sheet

import (
	"io"
	"time"
)

// What tests of the parts see.

var ErrRecordTooLong = errRecordTooLong

// Blanks is a text with one tab for all blanks between two words.
func Blanks(r io.Reader) io.Reader { return &blanksReader{src: r} }

// ScannedRow is a row of the scanner with its cells copied.
type ScannedRow struct {
	Line  int64
	Cells []string
	Fault string
}

// Scan reads all rows, and the error they end with.
func Scan(r io.Reader, sep, newline byte, max int) ([]ScannedRow, error) {
	s := newScanner(r, sep, newline, max)
	var all []ScannedRow
	var row Row
	for {
		if err := s.next(&row); err != nil {
			return all, err
		}
		var cells []string
		for i := range row.Len() {
			cells = append(cells, string(row.Cell(i)))
		}
		all = append(all, ScannedRow{row.Line, cells, row.fault})
	}
}

// ParseNumber reads a number in its scale-th decimal place.
func ParseNumber(s string, d Decimal, scale int) (int64, string, string) {
	v, currency, p := parseNumber(s, d.sign(), scale)
	return v, currency, string(p)
}

// ParseDate reads a date and gives its instant and local day in a zone.
func ParseDate(s string, o DateOrder, loc *time.Location) (Instant, string) {
	m, p := parseDate(s, o, pivot)
	if p != "" {
		return Instant{}, string(p)
	}
	at, day := newLocalDays(loc).at(m)
	return Instant{At: at, Day: day, HasTime: m.hasTime, Set: true}, ""
}

// NumberShape and DateShape name what a value says about its file.
func NumberShape(s string) string {
	return [...]string{"none", "whole", "comma", "point", "ambiguous"}[shapeOf(s)]
}

// PlainShape is the quick look that must agree with NumberShape wherever it knows an answer.
func PlainShape(s string) string {
	return [...]string{"none", "whole", "comma", "point", "ambiguous"}[plainShape([]byte(s))]
}

func DateShape(s string) string {
	return [...]string{"none", "neutral", "dmy", "mdy", "ymd", "ambiguous"}[dateShapeOf(s)]
}

var (
	ExcelRuined = excelRuined
	Fold        = fold
	CurrencyOf  = currencyOf
	LanguageOf  = languageOf
)

// XMLPieces writes down the pieces of a document, and the error they end with.
func XMLPieces(r io.Reader) (string, error) {
	x := newXMLScanner(r, 1<<20)
	var out []byte
	for {
		if err := x.next(); err != nil {
			return string(out), err
		}
		switch {
		case x.kind == xmlText:
			out = x.appendTo(out)
		case x.kind == xmlEnd:
			out = append(out, "</"+string(x.name)+">"...)
		default:
			out = append(out, "<"+string(x.name)+">"...)
			if x.closed {
				out = append(out, "</"+string(x.name)+">"...)
			}
		}
	}
}

// Decode decodes to UTF-8.
func Decode(e Encoding, r io.Reader) io.Reader { return e.reader(r) }

// GuessEncoding looks at the first bytes of a file.
func GuessEncoding(head []byte) (Encoding, bool) { return guessEncoding(head) }
