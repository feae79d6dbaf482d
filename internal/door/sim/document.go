package sim

import (
	"strconv"

	"stamm/internal/platform/clock"
)

// Kind is what a document is.
type Kind string

// The kinds of documents.
const (
	Quote        Kind = "quote"
	Order        Kind = "order"
	Delivery     Kind = "delivery"
	Invoice      Kind = "invoice"
	CreditNote   Kind = "credit_note"
	Return       Kind = "return"
	Payment      Kind = "payment"
	ServiceVisit Kind = "service_visit"
)

// Document is one document of the company. Amounts are minor units of its currency. Those of returns and credit notes are
// what is given back, above zero; a payment to the customer is below zero.
type Document struct {
	Kind      Kind
	Number    string
	Reference string // number of the document this one belongs to: the order of an invoice, the invoice of a payment, …; may be empty
	Customer  string // number of the customer; empty for guests
	At        Moment
	Country   string
	Currency  string
	Rate      int64  // what one unit of the currency is in euros, in millionths, pinned for the month
	Lines     []Line // none for deliveries, invoices and payments
	Shipping  int64  // without tax
	Net       int64  // lines and shipping, without tax
	Tax       int64
	Gross     int64
	Method    string    // how it is paid: "Rechnung", "PayPal", …
	Due       clock.Day // of an invoice
	Promised  clock.Day // of an order and its delivery: the day it was promised for; 0 if not kept track of
	Delivered clock.Day // of an order and its delivery: the day it came
	Status    string    // "offen", "geliefert", …
	Reason    string    // of a return or credit note
	Coupon    string    // code that an order showed
}

// terms is how many days a segment has to pay an invoice.
var terms = [4]int{household: 14, office: 14, cafe: 21, reseller: 30}

// fill makes d the document of the ticket. It reports false for one that turns out to be nothing, as the payment of an
// invoice whose goods all came back.
func (c *Company) fill(d *Document, t *ticket) bool {
	p := t.profile
	*d = Document{At: t.when.moment(), Country: p.country.String(), Currency: p.country.currency(), Rate: c.rate(p.country, t.when.day()), Lines: d.Lines[:0]}
	if !p.marks.has(asGuest) {
		d.Customer = customerID(t.customer, p.segment)
	}
	switch t.kind {
	case anOrder:
		c.fillOrder(d, t)
	case aDelivery:
		f := c.fate(t)
		d.Kind, d.Number, d.Reference = Delivery, numbered("L-", t.number), numbered("B-", t.number)
		d.Promised, d.Delivered, d.Status = f.promised, f.delivered.day(), "geliefert"
	case anInvoice:
		c.total(d, t)
		d.Lines = d.Lines[:0]
		d.Kind, d.Number, d.Reference = Invoice, numbered("R-", t.number), numbered("B-", t.number)
		d.Due, d.Method, d.Status = t.when.day().AddDays(terms[p.segment]), "Rechnung", "gebucht"
	case aReturn:
		f := c.fate(t)
		c.fillReturn(d, t)
		d.Kind, d.Number, d.Status, d.Reason = Return, numbered("T-", t.number), "erhalten", f.why
		if f.linked {
			d.Reference = numbered("B-", t.number)
		}
	case aCredit:
		c.fillCredit(d, t)
		d.Kind, d.Number, d.Reference, d.Status = CreditNote, numbered("G-", t.number), numbered("B-", t.number), "gebucht"
	case aPayment:
		return c.fillPayment(d, t)
	case aQuote:
		c.total(d, t)
		d.Kind, d.Number, d.Status = Quote, quoteNumber(t.customer, t.seq), "abgelehnt"
		if t.seq == 0 {
			d.Status = "angenommen"
		}
	case aVisit:
		c.fillVisit(d, t)
	}
	return true
}

// numbered writes the number of a document of order n: all documents of one order share it behind their letter.
func numbered(letter string, n uint32) string {
	b := append(make([]byte, 0, 12), letter...)
	return string(strconv.AppendUint(b, 1_000_000+uint64(n), 10))
}

func quoteNumber(customer uint32, seq uint16) string {
	b := appendPadded(append(make([]byte, 0, 16), 'A', '-'), uint64(customer), 7)
	if seq == 0 {
		return string(append(b, "-1"...))
	}
	return string(append(b, "-2"...))
}

// total fills the lines with the basket of the order and sums up.
func (c *Company) total(d *Document, t *ticket) {
	d.Lines = c.basket(t, d.Lines[:0])
	d.sum()
	d.Shipping = shipping(t.profile, d.Net)
	tax := taxOf(d.Shipping, taxRate(t.profile.country, true))
	d.Net += d.Shipping
	d.Tax += tax
	d.Gross = d.Net + d.Tax
}

func (d *Document) sum() {
	d.Net, d.Tax = 0, 0
	for i := range d.Lines {
		d.Net += d.Lines[i].Net
		d.Tax += d.Lines[i].Tax
	}
	d.Gross = d.Net + d.Tax
}

func (c *Company) fillOrder(d *Document, t *ticket) {
	f := c.fate(t)
	c.total(d, t)
	d.Kind, d.Number, d.Method = Order, numbered("B-", t.number), f.method
	d.Promised, d.Delivered, d.Status = f.promised, f.delivered.day(), "geliefert"
	if t.when.day() > c.cal.until-3 {
		d.Status = "in Arbeit"
	}
	if d.Promised == 0 || d.Delivered > c.cal.until {
		d.Delivered = 0 // not kept track of, or still to come
	}
	if t.profile.marks.has(showsCode) && d.Currency == Currency { // in Switzerland the shop takes it off by hand
		d.Coupon = c.codeOn(t.when.day())
	}
	if t.seq == 0 && f.quoted {
		d.Reference = quoteNumber(t.customer, 0)
	}
}

// fillReturn keeps what came back of the order's lines: mostly one, sometimes all.
func (c *Company) fillReturn(d *Document, t *ticket) {
	c.total(d, t)
	d.Shipping = 0
	r := throw(c.cfg.Seed, forFate, uint64(t.customer), 1<<32|uint64(t.seq)<<1|t.guestBit())
	if len(d.Lines) > 1 && !r.chance(0.25) {
		k := r.below(len(d.Lines))
		l := d.Lines[k]
		if pieces := int(l.Quantity / 1000); pieces > 1 {
			l = c.line(uint16(l.Product.index), r.between(1, pieces), l.UnitPrice, l.Discount, t.profile.country)
		}
		d.Lines = append(d.Lines[:0], l)
	}
	d.sum()
}

// fillCredit makes the goodwill amount after a late or damaged parcel.
func (c *Company) fillCredit(d *Document, t *ticket) {
	r := throw(c.cfg.Seed, forFate, uint64(t.customer), 2<<32|uint64(t.seq))
	net := int64(r.between(2, 6)) * 100
	if t.profile.segment != household {
		net *= 5
	}
	l := Line{Text: "Gutschrift wegen Beschädigung", Quantity: 1000, UnitPrice: net, TaxRate: taxRate(t.profile.country, true), Net: net}
	d.Reason = "Beschädigung"
	if in(t.ordered.day(), c.cal.trouble) {
		l.Text, d.Reason = "Gutschrift wegen verspäteter Lieferung", "verspätete Lieferung"
	}
	l.Tax = taxOf(net, l.TaxRate)
	d.Lines = append(d.Lines[:0], l)
	d.sum()
}

// fillPayment works out what was paid with this part of an invoice.
func (c *Company) fillPayment(d *Document, t *ticket) bool {
	c.total(d, t)
	paid := d.Gross
	switch paymentPart(t.part) {
	case first60:
		paid = paid * 60 / 100
	case last40:
		paid -= paid * 60 / 100
	case lessReturn:
		c.fillReturn(d, t)
		paid -= d.Gross
	case backReturn:
		c.fillReturn(d, t)
		paid = -d.Gross
	case backCredit:
		c.fillCredit(d, t)
		paid = -d.Gross
	}
	if paid == 0 {
		return false
	}
	d.Lines, d.Shipping, d.Net, d.Tax, d.Gross = d.Lines[:0], 0, 0, 0, paid
	d.Kind, d.Reference, d.Method, d.Status, d.Reason = Payment, numbered("R-", t.number), "Überweisung", "gebucht", ""
	d.Number = numbered("Z-", t.number) + "-" + string(rune('1'+t.part))
	return true
}

// fillVisit makes the yearly maintenance of a company's machine.
func (c *Company) fillVisit(d *Document, t *ticket) {
	r := throw(c.cfg.Seed, forVisits, uint64(t.customer), uint64(t.part))
	k := len(c.goods.products) - 3
	if t.profile.segment == cafe {
		k++
	}
	list := inEUR
	if t.profile.country == switzerland {
		list = inCHF
	}
	prices := c.goods.net[len(c.goods.net)-1][list]
	d.Lines = append(d.Lines[:0], c.line(uint16(k), 1, prices[k], 0, t.profile.country))
	if r.chance(0.25) {
		last := len(c.goods.products) - 1
		d.Lines = append(d.Lines, c.line(uint16(last), r.between(1, 3), prices[last], 0, t.profile.country))
	}
	d.sum()
	d.Kind, d.Status = ServiceVisit, "erledigt"
	d.Number = "S-" + customerID(t.customer, t.profile.segment) + "-" + strconv.Itoa(int(t.part))
}

// rate is the euro value of a country's currency, in millionths, as the books had it in that month.
func (c *Company) rate(in country, day clock.Day) int64 {
	if in != switzerland {
		return 1_000_000
	}
	on := c.cal.date(day)
	return 1_031_000 + 1_500*int64((on.year*12+int(on.month))*7%23)
}
