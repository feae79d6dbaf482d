package connect

import (
	"context"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/record/document"
)

// cutPayments makes a document of every row of a payment file; a row that refers to an invoice or an order is linked
// to it afterwards.
func (r *runner) cutPayments(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	shared := &goods{known: map[string]good{}}
	var drafts []*draft
	c.work = func() work {
		s := &orderSlice{r: r, goods: shared, drafts: drafts}
		drafts = nil
		return s
	}
	err := files.Payments(ctx, survey, 0, func(row *sheet.PaymentRow) error {
		c.rows++
		c.full++
		d := r.payment(survey.Plan.Files, row)
		if d.problem != nil {
			c.errs = append(c.errs, *d.problem)
		} else {
			drafts = append(drafts, d)
		}
		return c.end(false)
	}, func(e sheet.RowError) error {
		if err := c.bad(e); err != nil {
			return err
		}
		return c.end(false)
	})
	if err != nil {
		return err
	}
	return c.end(true)
}

func (r *runner) payment(files []sheet.FilePlan, row *sheet.PaymentRow) *draft {
	d := &draft{file: files[row.File].Name, line: row.Line, rows: 1}
	d.doc.Kind, d.doc.ExternalID = document.Payment, row.Payment
	if row.Payment == "" {
		d.doc.ExternalID = rowKey(row.Hash, row.Occurrence)
	}
	d.doc.At, d.doc.Day, d.doc.Currency = row.Date.At, row.Date.Day, row.Currency
	d.rate = rateOf(row.Rate)
	if d.convert(r.rates, r.base); d.problem != nil {
		return d
	}
	amount := row.Amount.N
	d.doc.Gross = &amount
	d.doc.Reference = row.Invoice
	if d.doc.Reference == "" {
		d.doc.Reference = row.Order
	}
	d.buyer.id = row.Customer
	d.finish(r.base)
	return d
}
