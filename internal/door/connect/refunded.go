package connect

import (
	"stamm/internal/record/document"
)

// refund is the return that the status "refunded" of an order stands for: all that was sold is given back, on the day of the sale,
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
	if err := document.Assess(&back.doc, base); err != nil {
		back.problem = &RowError{File: d.file, Line: d.line, Key: "import.amount"}
	}
	back.doc.Hash = back.hash()
	return back
}

func total(lines []document.Line) (sum int64) {
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}
