package document

import (
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// Assess decides whether the document is a sale and what it is worth in the base currency.
//
// A sale is an order or invoice with at least one line whose quantity and unit price, as written, are above zero, or
// one given only by an amount of zero or more,
// that was not cancelled. Only sale lines count towards its value. Returns and credit notes are
// worth what they give back, whichever sign the file gives it.
func Assess(d *Document, base string) error {
	d.Sale, d.SaleRows, d.Amount, d.Cost = false, 0, 0, nil
	sells := d.Kind.sells() && !d.Cancelled
	if len(d.Lines) == 0 {
		return assessTotal(d, base, sells)
	}
	var sum int64
	costs, known := int64(0), true
	for i := range d.Lines {
		l := &d.Lines[i]
		l.Sale = sells && (l.NoQuantity || l.Quantity > 0) && (l.NoPrice || l.UnitPrice > 0) && (!l.NoQuantity || !l.NoPrice || l.Amount >= 0)
		if l.Sale {
			d.SaleRows++
			if l.Cost == nil {
				known = false
			} else {
				costs += *l.Cost
			}
		}
		if l.Sale || d.Kind.gives() {
			sum += l.Amount
		}
	}
	d.Sale = d.SaleRows > 0
	if d.Sale && known {
		d.Cost = &costs
	}
	return assessLines(d, base, sum)
}

func assessLines(d *Document, base string, sum int64) error {
	total, err := toBase(d, base, sum)
	if err != nil {
		return err
	}
	if d.Currency == base || d.Currency == "" {
		for i := range d.Lines {
			d.Lines[i].BaseAmount = d.Lines[i].Amount
		}
	} else if err := splitBase(d, base, total); err != nil {
		return err
	}
	d.Amount = total
	if d.Kind.gives() && total < 0 {
		d.Amount = -total
	}
	return nil
}

// splitBase converts the lines so that those that count add up to the converted total: the total is rounded once and
// the difference goes to the last line that counts.
func splitBase(d *Document, base string, total int64) error {
	var sum int64
	last := -1
	for i := range d.Lines {
		l := &d.Lines[i]
		var err error
		if l.BaseAmount, err = toBase(d, base, l.Amount); err != nil {
			return err
		}
		if l.Sale || d.Kind.gives() {
			sum += l.BaseAmount
			last = i
		}
	}
	if last >= 0 {
		d.Lines[last].BaseAmount += total - sum
	}
	return nil
}

// assessTotal is Assess for a document without lines: net where it is told, else what is left of gross without tax.
func assessTotal(d *Document, base string, sells bool) error {
	var value int64
	switch {
	case d.Net != nil:
		value = *d.Net
	case d.Gross != nil && d.Tax != nil:
		value = *d.Gross - *d.Tax
	case d.Gross != nil:
		value = *d.Gross
	}
	total, err := toBase(d, base, value)
	if err != nil {
		return err
	}
	d.Amount = total
	if d.Kind.gives() && total < 0 {
		d.Amount = -total
	}
	if sells && value >= 0 {
		d.Sale, d.SaleRows = true, max(d.FileRows, 1)
	}
	return nil
}

func toBase(d *Document, base string, minor int64) (int64, error) {
	if d.Currency == base || d.Currency == "" {
		return minor, nil
	}
	if d.Rate.IsZero() {
		return 0, fault.New(fault.Invalid, "document.no_rate", "currency", d.Currency, "base", base).On("currency")
	}
	a, err := money.Convert(money.Amount{Minor: minor, Currency: d.Currency}, base, d.Rate)
	return a.Minor, err
}
