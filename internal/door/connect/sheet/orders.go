package sheet

import (
	"context"
	"strings"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// OrderRow is one row of an order file: an order, or a line of one. Rows of the same Order form one document. The row itself is used
// again for the next; its texts stay valid, but hold on to the whole row's text, so keep long what is worth it by strings.Clone.
type OrderRow struct {
	Place
	Order     string // number in the other system, without the white space around it; empty if the file has none
	Customer  string // likewise
	Date      Instant
	Quantity  Value  // thousandths
	UnitPrice Value  // millionths of Currency
	Amount    Value  // total of the row in minor units: as mapped, else quantity times unit price, else net, else gross
	Currency  string // code of ISO 4217, never empty
	Rate      Value  // what one unit of Currency is in the base currency, in billionths
	Kind      string // order, return, invoice, credit_note, quote, delivery, payment, service_visit
	Cancelled bool   // the status says that nothing came of it
	Refunded  bool   // the status says that all of it was given back

	Product, Description, Category string
	Country                        string // code of ISO 3166, or as written with a notice
	Name, FirstName, LastName      string
	Company, Email, Phone          string
	Street, Zip, City, Language    string
	Status, Reference              string
	Coupon                         string // codes the order showed, as written
	Tax, Net, Gross                Value  // minor units
	GivenBack                      Value  // of the whole order, as its first row says it
	Shipping, Cost                 Value
	Due, Promised, Delivered       Instant

	Occurrence int // among equal rows without order number of the same file, from 1
}

var orderAccess = map[string]access[OrderRow]{
	"order":       {words: func(r *OrderRow) *string { return &r.Order }},
	"customer":    {words: func(r *OrderRow) *string { return &r.Customer }},
	"date":        {instant: func(r *OrderRow) *Instant { return &r.Date }},
	"amount":      {number: func(r *OrderRow) *Value { return &r.Amount }},
	"quantity":    {number: func(r *OrderRow) *Value { return &r.Quantity }},
	"unit_price":  {number: func(r *OrderRow) *Value { return &r.UnitPrice }},
	"product":     {words: func(r *OrderRow) *string { return &r.Product }},
	"description": {words: func(r *OrderRow) *string { return &r.Description }},
	"currency":    {words: func(r *OrderRow) *string { return &r.Currency }},
	"rate":        {number: func(r *OrderRow) *Value { return &r.Rate }},
	"country":     {words: func(r *OrderRow) *string { return &r.Country }},
	"name":        {words: func(r *OrderRow) *string { return &r.Name }},
	"email":       {words: func(r *OrderRow) *string { return &r.Email }},
	"status":      {words: func(r *OrderRow) *string { return &r.Status }},
	"kind":        {words: func(r *OrderRow) *string { return &r.Kind }},
	"reference":   {words: func(r *OrderRow) *string { return &r.Reference }},
	"coupon":      {words: func(r *OrderRow) *string { return &r.Coupon }},
	"tax":         {number: func(r *OrderRow) *Value { return &r.Tax }},
	"net":         {number: func(r *OrderRow) *Value { return &r.Net }},
	"gross":       {number: func(r *OrderRow) *Value { return &r.Gross }},
	"refunded":    {number: func(r *OrderRow) *Value { return &r.GivenBack }},
	"shipping":    {number: func(r *OrderRow) *Value { return &r.Shipping }},
	"category":    {words: func(r *OrderRow) *string { return &r.Category }},
	"cost":        {number: func(r *OrderRow) *Value { return &r.Cost }},
	"due":         {instant: func(r *OrderRow) *Instant { return &r.Due }},
	"promised":    {instant: func(r *OrderRow) *Instant { return &r.Promised }},
	"delivered":   {instant: func(r *OrderRow) *Instant { return &r.Delivered }},
	"company":     {words: func(r *OrderRow) *string { return &r.Company }},
	"first_name":  {words: func(r *OrderRow) *string { return &r.FirstName }},
	"last_name":   {words: func(r *OrderRow) *string { return &r.LastName }},
	"phone":       {words: func(r *OrderRow) *string { return &r.Phone }},
	"street":      {words: func(r *OrderRow) *string { return &r.Street }},
	"zip":         {words: func(r *OrderRow) *string { return &r.Zip }},
	"city":        {words: func(r *OrderRow) *string { return &r.City }},
	"language":    {words: func(r *OrderRow) *string { return &r.Language }},
}

// Orders reads the rows of order files in order, after a survey. row is called for each good row, bad for each other; an error of
// either ends the reading and is returned. The first skip rows are read but not handed out, so that a run that was broken off goes
// on behind the last Number it dealt with.
func (f *Files) Orders(ctx context.Context, s *Survey, skip int64, row func(*OrderRow) error, bad func(RowError) error) error {
	o := &orderReader{survey: s}
	return readRows(ctx, f, s, Orders, skip, orderAccess, o.finish, func(r *OrderRow) *Place { return &r.Place }, row, bad)
}

// orderReader completes rows: what follows from several of their fields, and from the row before.
type orderReader struct {
	survey      *Survey
	file        *FilePlan
	occurrences *occurrences
	cancel      string // prefix of the numbers of cancellations
	has         struct{ amount, quantity, price bool }
	before      struct { // of the order at hand, for rows that leave out what its first row said
		order, currency string
		date            Instant
	}
}

// begin turns to another file.
func (o *orderReader) begin(p *FilePlan, place int) {
	o.file = p
	o.occurrences = newOccurrences(o.survey.repeated[place])
	o.cancel = ""
	if l := layoutNamed(Orders, p.Layout); l != nil {
		o.cancel = l.cancelPrefix
	}
	_, o.has.amount = p.column("amount")
	_, o.has.quantity = p.column("quantity")
	_, o.has.price = p.column("unit_price")
}

func (o *orderReader) finish(in *interpreter, r *OrderRow) *RowError {
	if o.file != in.plan {
		o.begin(in.plan, r.File)
	}
	r.Occurrence = 1
	if r.Order == "" {
		r.Occurrence = o.occurrences.number(r.Hash)
	}
	if o.file.Guest != "" && r.Customer == o.file.Guest {
		r.Customer = ""
	}
	o.inherit(in, r)
	r.Currency = in.currency
	if !r.Date.Set {
		return in.bad("date", badMissing, "")
	}
	if r.Kind == "" {
		r.Kind = "order"
		if o.cancel != "" && strings.HasPrefix(r.Order, o.cancel) {
			r.Kind = "return"
		}
	}
	if r.Status != "" {
		state := in.known.states.find(r.Status, endOf)
		r.Cancelled, r.Refunded = state == "cancelled", state == "refunded"
	}
	if r.Name == "" && (r.FirstName != "" || r.LastName != "") {
		r.Name = strings.TrimSpace(r.FirstName + " " + r.LastName)
	}
	return o.amount(in, r)
}

// endOf is what a status says of how an order ended: cancelled, refunded or nothing of the kind.
func endOf(status string) string {
	switch word := fold(status); {
	case cancelledWords[word]:
		return "cancelled"
	case refundedWords[word]:
		return "refunded"
	}
	return ""
}

// inherit takes date and currency from the row before if it is of the same order: many shops write them on the first line only.
func (o *orderReader) inherit(in *interpreter, r *OrderRow) {
	if r.Order != "" && r.Order == o.before.order {
		if !r.Date.Set {
			r.Date = o.before.date
		}
		if !in.told && money.Digits(o.before.currency) == in.digits {
			in.currency = o.before.currency
		}
	}
	o.before.order, o.before.date, o.before.currency = r.Order, r.Date, in.currency
}

// amount finds the total of the row. A file without amounts is legal; a row without one in a file that has them is not, unless
// nothing came of its order.
func (o *orderReader) amount(in *interpreter, r *OrderRow) *RowError {
	if r.Amount.Set {
		return nil
	}
	if r.UnitPrice.Set && (r.Quantity.Set || !o.has.quantity) {
		quantity := r.Quantity.N
		if !r.Quantity.Set {
			quantity = 1000
		}
		n, err := money.LineAmount(quantity, r.UnitPrice.N, in.digits)
		if err != nil || n > maxNumber || n < -maxNumber {
			return in.bad("unit_price", badTotal, "")
		}
		r.Amount = Value{n, true}
		return nil
	}
	switch {
	case r.Cancelled && !r.Net.Set && !r.Gross.Set:
	case r.Net.Set:
		r.Amount = r.Net
	case r.Gross.Set:
		r.Amount = r.Gross
	case o.has.amount:
		return in.bad("amount", badMissing, "")
	case o.has.price && !r.UnitPrice.Set:
		return in.bad("unit_price", badMissing, "")
	case o.has.price:
		return in.bad("quantity", badMissing, "")
	}
	return nil
}

// readRows reads the rows of one kind from all files.
func readRows[R any](ctx context.Context, f *Files, s *Survey, kind Kind, skip int64, fields map[string]access[R],
	finish func(*interpreter, *R) *RowError, place func(*R) *Place, row func(*R) error, bad func(RowError) error) error {
	if s.Plan.Kind != kind {
		return fault.New(fault.Internal, "errors.internal")
	}
	in, err := newInterpreter(s.Plan)
	if err != nil {
		return err
	}
	count := f.tally()
	number := int64(0)
	var out, empty R
	for i := range s.Plan.Files {
		in.plan = &s.Plan.Files[i]
		cells := slots(kind, in.plan, fields)
		err := f.each(ctx, in.plan, count, func(r *Row) error {
			in.line, in.number = r.Line, number
			number++
			var wrong *RowError
			if r.fault != "" {
				wrong = in.broken(r)
			} else {
				out = empty
				*place(&out) = Place{File: i, Line: r.Line, Number: in.number, Hash: in.hash.row(r)}
				if wrong = read(in, cells, r, string(r.text), &out); wrong == nil {
					wrong = finish(in, &out)
				}
			}
			switch {
			case in.number < skip:
				return nil
			case wrong != nil:
				return bad(*wrong)
			}
			place(&out).Notices = in.notices
			return row(&out)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
