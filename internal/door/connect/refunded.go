package connect

import (
	"errors"

	"stamm/internal/platform/money"
	"stamm/internal/record/document"
)

// refund is the return that the status "refunded" of an order stands for, or an amount that was given back: on the day of the sale,
// since the file does not tell another. It has the order's number, so that a return of that number that comes later takes its place.
func (d *draft) refund(base string) *draft {
	back := &draft{doc: d.doc, buyer: d.buyer, file: d.file, line: d.line, currency: d.currency, rate: d.rate}
	back.doc.Kind = document.Return
	if d.doc.Kind == document.Invoice {
		back.doc.Kind = document.CreditNote
	}
	back.doc.Reference, back.doc.Status = d.doc.ExternalID, ""
	back.doc.Shipping, back.doc.DueDay, back.doc.Promised, back.doc.Kept = nil, nil, nil, nil
	back.doc.Lines = nil
	for i, l := range d.doc.Lines {
		if l.Sale {
			back.doc.Lines = append(back.doc.Lines, l)
			back.lines = append(back.lines, d.lines[i])
		}
	}
	if len(d.doc.Lines) > 0 {
		back.doc.Net, back.doc.Tax, back.doc.Gross = nil, nil, &[]int64{total(back.doc.Lines)}[0]
	}
	var err error
	if !d.refunded {
		err = back.part(d.givenBack, d.withTax())
	}
	if err = errors.Join(err, document.Assess(&back.doc, base)); err != nil {
		back.problem = &RowError{File: d.file, Line: d.line, Key: "import.amount"}
	}
	back.doc.Hash = back.hash()
	return back
}

// part makes it the return of an amount only, at most of all that was sold: shops count shipping in where the sale is counted without.
// An amount with tax is brought to what the sale counts by whole, the total with tax, or nil. Which lines came back is not told.
func (d *draft) part(amount int64, whole *int64) error {
	sold := d.doc.Gross
	switch {
	case d.doc.Net != nil:
		sold = d.doc.Net
	case d.doc.Gross != nil && d.doc.Tax != nil:
		sold = &[]int64{*d.doc.Gross - *d.doc.Tax}[0]
	}
	if whole == nil || *whole < *sold {
		whole = sold
	}
	if amount >= *whole {
		return nil
	}
	back, err := money.MulDiv(*sold, amount, *whole)
	d.doc.Net, d.doc.Tax, d.doc.Gross = nil, nil, &back
	d.doc.Lines, d.lines = nil, nil
	return err
}

func total(lines []document.Line) (sum int64) {
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// withTax is the total with tax, nil where the file does not tell it.
func (d *draft) withTax() *int64 {
	if d.doc.Gross == nil && d.doc.Net != nil && d.doc.Tax != nil {
		return &[]int64{*d.doc.Net + *d.doc.Tax}[0]
	}
	return d.doc.Gross
}
