package sheet

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"stamm/internal/platform/i18n"
)

// Writer writes tables that spreadsheets open as they are meant: UTF-8 with byte order mark, semicolons, CRLF, every quote doubled,
// and no cell that a spreadsheet would run as a formula. Errors are kept and returned by Flush.
type Writer struct{ out *bufio.Writer }

// NewWriter begins a table.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{bufio.NewWriterSize(w, 32<<10)}
	out.out.Write(bomUTF8)
	return out
}

// Write writes a row.
func (w *Writer) Write(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			w.out.WriteByte(';')
		}
		w.cell(Harmless(c))
	}
	w.out.WriteString("\r\n")
}

func (w *Writer) cell(c string) {
	if c != "" && !strings.ContainsAny(c, ";\"\r\n,\t") && c[0] != ' ' && c[len(c)-1] != ' ' {
		w.out.WriteString(c)
		return
	}
	if c == "" {
		return
	}
	w.out.WriteByte('"')
	w.out.WriteString(strings.ReplaceAll(c, `"`, `""`))
	w.out.WriteByte('"')
}

// Flush writes what is left and returns the first error there was.
func (w *Writer) Flush() error { return w.out.Flush() }

// Harmless puts an apostrophe before a cell that a spreadsheet would take for a formula: one that begins, after white space, with
// = + - @ or a full-width form of them, or with a tab or line end. Numbers with a sign stay numbers.
func Harmless(c string) string {
	if c == "" {
		return c
	}
	if c[0] == '\t' || c[0] == '\r' || c[0] == '\n' {
		return "'" + c
	}
	rest := strings.TrimLeft(c, " \u00a0\u200b\ufeff")
	if rest == "" {
		return c
	}
	switch rest[0] {
	case '=', '@', '+', '\t', '\r', '\n':
		return "'" + c
	case '-':
		if negativeNumber(rest) {
			return c
		}
		return "'" + c
	}
	for _, wide := range [...]string{"＝", "＋", "－", "＠"} {
		if strings.HasPrefix(rest, wide) {
			return "'" + c
		}
	}
	return c
}

// negativeNumber reports a minus, digits with points and commas, and a currency or per cent sign at most.
func negativeNumber(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case i == 0:
		case r >= '0' && r <= '9':
			digits++
		case r == '.' || r == ',' || r == ' ' || r == '\u00a0' || r == '\u202f':
		case digits > 0 && (r == '%' || r == '€' || r == '£' || r == '$'):
			return i+len(string(r)) == len(s)
		default:
			return false
		}
	}
	return digits > 0
}

// ErrorWriter writes the rows that were not taken, with reason and remedy, for a person to put right and import again.
type ErrorWriter struct {
	out *Writer
	p   *i18n.Printer
}

// NewErrorWriter begins a table of errors in the language of p.
func NewErrorWriter(w io.Writer, p *i18n.Printer) *ErrorWriter {
	e := &ErrorWriter{NewWriter(w), p}
	e.out.Write(p.T("sheet.errors.file"), p.T("sheet.errors.line"), p.T("sheet.errors.field"), p.T("sheet.errors.column"), p.T("sheet.errors.value"),
		p.T("sheet.errors.reason"), p.T("sheet.errors.remedy"))
	return e
}

// Write writes one error.
func (e *ErrorWriter) Write(r RowError) {
	field := ""
	if r.Field != "" {
		field = FieldLabel(e.p, r.Field)
	}
	e.out.Write(r.File, strconv.FormatInt(r.Line, 10), field, r.Column, r.Value, r.Reason(e.p), r.Remedy(e.p))
}

// Flush writes what is left and returns the first error there was.
func (e *ErrorWriter) Flush() error { return e.out.Flush() }
