package sheet

import (
	"strings"

	"stamm/internal/platform/i18n"
)

// RowError says why a row was not taken.
type RowError struct {
	File   string
	Line   int64  // first physical line of the row; the row's number in a workbook
	Number int64  // of the row among those with data, over all files, from 0
	Field  string // empty if the row as a whole is broken
	Column string // heading of the field's column
	Value  string // as it was written, shortened
	Key    string // the texts are Key.reason and Key.remedy
	Args   []any  // name, value, … for both texts
}

// Reason says what is wrong.
func (e RowError) Reason(p *i18n.Printer) string { return p.T(e.Key+".reason", e.Args...) }

// Remedy says what to do about it.
func (e RowError) Remedy(p *i18n.Printer) string { return p.T(e.Key+".remedy", e.Args...) }

// Notice says that a row was taken, but not all of it was understood.
type Notice struct {
	Field string
	Value string // as it was written, shortened
	Key   string // message key, with {value}; the remedy stands under it, too
}

// Text says what was not understood.
func (n Notice) Text(p *i18n.Printer) string { return p.T(n.Key+".reason", "value", n.Value) }

// bad is the error of the row at hand.
func (in *interpreter) bad(field string, p problem, value string) *RowError {
	e := &RowError{File: in.plan.Name, Line: in.line, Number: in.number, Field: field, Value: shorten(value), Key: "sheet.bad." + string(p)}
	if c, ok := in.plan.column(field); ok {
		e.Column = c.Heading
	}
	switch p {
	case badCurrencyMixed:
		e.Args = []any{"currency", in.currency}
	case badKind:
		e.Args = []any{"kinds", strings.Join(documentKinds, ", ")}
	case badLong:
		e.Args = []any{"max", maxID}
	}
	return e
}

// broken is the error of a row that could not be cut into cells.
func (in *interpreter) broken(r *Row) *RowError {
	e := &RowError{File: in.plan.Name, Line: r.Line, Number: in.number, Key: r.fault, Value: shorten(string(r.text[:min(len(r.text), 200)]))}
	if r.fault == badRowFew || r.fault == badRowMany {
		e.Args = []any{"found", len(r.spans), "expected", len(in.plan.Headings)}
	}
	return e
}
