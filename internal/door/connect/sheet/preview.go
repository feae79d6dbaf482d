package sheet

import (
	"context"
	"errors"

	"stamm/internal/platform/i18n"
)

// Preview shows a person how the first rows of a file are understood.
type Preview struct {
	Columns []Column // a column of a field that is computed has Index -1 and no heading
	Rows    []PreviewRow
	Unused  []string // headings no field is read from
}

// PreviewRow is a row as it would be taken, or the reason why not.
type PreviewRow struct {
	Line    int64
	Cells   []PreviewCell // one per column of the preview
	Raw     []string      // the whole row as it was written, one per heading
	Err     *RowError
	Notices []Notice
}

// PreviewCell is a value, as understood in the reader's language and as it was written. Text is empty in a row that is not taken.
type PreviewCell struct{ Text, Raw string }

var errEnough = errors.New("sheet: enough rows")

// Preview reads the first n rows of a file of the plan with the formats the plan has.
func (f *Files) Preview(ctx context.Context, plan *Plan, file, n int, p *i18n.Printer) (*Preview, error) {
	one := *plan
	one.Files = plan.Files[file : file+1]
	s := &Survey{Plan: &one, repeated: make([][]uint64, 1)}
	v := &Preview{Columns: one.Files[0].Columns, Unused: one.Files[0].Unused()}
	var err error
	switch plan.Kind {
	case Orders:
		if _, ok := one.Files[0].column("amount"); !ok {
			v.Columns = append(v.Columns[:len(v.Columns):len(v.Columns)], Column{Field: "amount", Index: -1, Confidence: 1, Reason: "sheet.guess.computed"})
		}
		o := &orderReader{survey: s}
		err = previewRows(ctx, f, s, v, n, p, orderAccess, o.finish, func(r *OrderRow) (*Place, string) { return &r.Place, r.Currency })
	case Customers:
		err = previewRows(ctx, f, s, v, n, p, customerFieldsOf(&one), finishCustomer, func(r *CustomerRow) (*Place, string) { return &r.Place, "" })
	case Products:
		err = previewRows(ctx, f, s, v, n, p, productAccess, finishProduct, func(r *ProductRow) (*Place, string) { return &r.Place, r.Currency })
	case Payments:
		o := &paymentReader{survey: s}
		err = previewRows(ctx, f, s, v, n, p, paymentAccess, o.finish, func(r *PaymentRow) (*Place, string) { return &r.Place, r.Currency })
	case Contracts:
		err = previewRows(ctx, f, s, v, n, p, contractAccess, finishContract, func(r *ContractRow) (*Place, string) { return &r.Place, "" })
	case Consents:
		err = previewRows(ctx, f, s, v, n, p, consentAccess, finishConsent, func(r *ConsentRow) (*Place, string) { return &r.Place, "" })
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return v, nil
}

// previewRows interprets rows and writes down their fields.
func previewRows[R any](ctx context.Context, f *Files, s *Survey, v *Preview, n int, p *i18n.Printer, fields map[string]access[R],
	finish func(*interpreter, *R) *RowError, place func(*R) (*Place, string)) error {
	raw, err := f.firstRows(ctx, &s.Plan.Files[0], n)
	if err != nil {
		return err
	}
	add := func(row PreviewRow) error {
		if len(v.Rows) == len(raw) {
			return errEnough
		}
		cells := raw[len(v.Rows)]
		if row.Cells == nil {
			row.Cells = make([]PreviewCell, len(v.Columns))
		}
		for i, c := range v.Columns {
			if c.Index >= 0 && c.Index < len(cells) {
				row.Cells[i].Raw = cells[c.Index]
			}
		}
		row.Raw = cells
		v.Rows = append(v.Rows, row)
		if len(v.Rows) == n {
			return errEnough
		}
		return nil
	}
	at := func(r *R) *Place { pl, _ := place(r); return pl }
	return readRows(ctx, f, s, s.Plan.Kind, 0, fields, finish, at, func(r *R) error {
		pl, currency := place(r)
		row := PreviewRow{Line: pl.Line, Notices: pl.Notices}
		for _, c := range v.Columns {
			row.Cells = append(row.Cells, PreviewCell{Text: shown(p, s.Plan.Kind, c.Field, fields[c.Field], r, currency)})
		}
		return add(row)
	}, func(e RowError) error { return add(PreviewRow{Line: e.Line, Err: &e}) })
}

// firstRows are the cells of all columns as they were written.
func (f *Files) firstRows(ctx context.Context, p *FilePlan, n int) ([][]string, error) {
	var rows [][]string
	err := f.each(ctx, p, &tally{}, func(r *Row) error {
		cells := make([]string, len(p.Headings))
		for i := range min(len(cells), r.Len()) {
			cells[i] = shorten(string(r.Cell(i)))
		}
		if rows = append(rows, cells); len(rows) >= n {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, err
}

// shown writes a field the way the reader's language does.
func shown[R any](p *i18n.Printer, k Kind, name string, a access[R], r *R, currency string) string {
	f, place, _ := fieldNamed(k, name)
	switch {
	case f.kind == typeCurrency:
		return currency
	case place < 0:
		return shorten(customValue(any(r), name))
	case a.words != nil:
		return shorten(*a.words(r))
	case a.number != nil:
		v := *a.number(r)
		switch {
		case !v.Set:
			return ""
		case f.kind == typeAmount:
			return p.Money(v.N, currency)
		case f.kind == typePrice:
			return p.Price(v.N, currency)
		case f.kind == typeRate:
			return p.Decimal(float64(v.N)/1e9, 6)
		}
		return p.Quantity(v.N)
	case a.instant != nil:
		v := *a.instant(r)
		switch {
		case !v.Set:
			return ""
		case v.HasTime:
			return p.DateTime(v.At)
		}
		return p.Date(v.Day)
	case a.flag != nil:
		v := *a.flag(r)
		switch {
		case !v.Set:
			return ""
		case v.Yes:
			return p.T("common.yes")
		}
		return p.T("common.no")
	}
	return ""
}

// customValue is the value of a field the company made itself.
func customValue(r any, name string) string {
	if c, ok := r.(*CustomerRow); ok {
		for _, v := range c.Custom {
			if customPrefix+v.Name == name {
				return v.Value
			}
		}
	}
	return ""
}

// FieldLabel is the name of a field for people. Custom fields are called what the company calls them.
func FieldLabel(p *i18n.Printer, field string) string {
	if len(field) > len(customPrefix) && field[:len(customPrefix)] == customPrefix {
		return field[len(customPrefix):]
	}
	return p.T("sheet.field." + field)
}
