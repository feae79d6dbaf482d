package sheet

import "context"

// PaymentRow is one row of a payment file. As with OrderRow it is used again for the next row, and its texts stay valid.
type PaymentRow struct {
	Place
	Payment    string // number in the other system, empty if the file has none
	Order      string
	Invoice    string
	Customer   string
	Date       Instant
	Amount     Value  // minor units
	Currency   string // code of ISO 4217, never empty
	Rate       Value  // as in OrderRow
	Occurrence int    // among equal rows without payment number of the same file, from 1
}

var paymentAccess = map[string]access[PaymentRow]{
	"payment":  {words: func(r *PaymentRow) *string { return &r.Payment }},
	"order":    {words: func(r *PaymentRow) *string { return &r.Order }},
	"invoice":  {words: func(r *PaymentRow) *string { return &r.Invoice }},
	"customer": {words: func(r *PaymentRow) *string { return &r.Customer }},
	"date":     {instant: func(r *PaymentRow) *Instant { return &r.Date }},
	"amount":   {number: func(r *PaymentRow) *Value { return &r.Amount }},
	"currency": {words: func(r *PaymentRow) *string { return &r.Currency }},
	"rate":     {number: func(r *PaymentRow) *Value { return &r.Rate }},
}

// Payments reads the rows of payment files, as Orders does.
func (f *Files) Payments(ctx context.Context, s *Survey, skip int64, row func(*PaymentRow) error, bad func(RowError) error) error {
	p := &paymentReader{survey: s}
	return readRows(ctx, f, s, Payments, skip, paymentAccess, p.finish, func(r *PaymentRow) *Place { return &r.Place }, row, bad)
}

type paymentReader struct {
	survey      *Survey
	file        *FilePlan
	occurrences *occurrences
}

func (p *paymentReader) finish(in *interpreter, r *PaymentRow) *RowError {
	if p.file != in.plan {
		p.file, p.occurrences = in.plan, newOccurrences(p.survey.repeated[r.File])
	}
	r.Currency, r.Occurrence = in.currency, 1
	if r.Payment == "" {
		r.Occurrence = p.occurrences.number(r.Hash)
	}
	switch {
	case !r.Date.Set:
		return in.bad("date", badMissing, "")
	case !r.Amount.Set:
		return in.bad("amount", badMissing, "")
	case r.Invoice == "" && r.Order == "" && r.Customer == "" && r.Payment == "":
		return in.bad("invoice", badMissing, "")
	}
	return nil
}
