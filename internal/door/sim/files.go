package sim

import (
	"context"
	"path/filepath"
	"strings"
)

// Files says where WriteFiles put what, and how many rows each file has below its headings.
type Files struct {
	Customers, Contacts, Products, Orders, Payments, Quotes, Visits string
	Consents, Permissions, Measures, MeasurePlans, MeasureCosts     string
	Rows                                                            map[string]int64 // per file name
	Documents                                                       map[Kind]int64
}

// The headings of the files, as a German shop would write them. Orders, quotes and visits have the same layout.
var (
	customerHeadings = []string{"Kundennummer", "Art", "Firma", "Anrede", "Titel", "Vorname", "Nachname", "E-Mail", "Telefon", "Mobil", "Straße", "PLZ", "Ort",
		"Region", "Land", "Sprache", "Anredeform", "Geburtsdatum", "Kunde seit", "Kundengruppe", "Ausgeschlossen", "Kanal", "Röstgrad", "Newsletter", "Schlagworte", "Betreuer"}
	contactHeadings = append([]string{"Firmennummer", "Rolle", "Von", "Bis"}, customerHeadings...)
	productHeadings = []string{"Artikelnummer", "EAN", "Bezeichnung", "Kategorie", "Einheit", "Gewicht (g)", "MwSt %", "Preis EUR", "Preis CHF", "Einkaufspreis"}
	orderHeadings   = []string{"Bestellnummer", "Belegart", "Bezug", "Kundennummer", "Bestelldatum", "Status", "Artikelnummer", "Bezeichnung", "Menge", "Einzelpreis",
		"Rabatt %", "Gesamt netto", "MwSt %", "Gesamt brutto", "Währung", "Kurs", "Versandkosten", "Zahlungsart", "Zahlbar bis", "Zugesagt", "Geliefert", "Lieferland", "Grund", "Gutschein"}
	consentHeadings = []string{"Kundennummer", "E-Mail", "Kanal", "Einwilligung", "Datum", "Bestätigt am", "Einwilligungstext", "Formular"}
	paymentHeadings = []string{"Zahlungsnummer", "Rechnungsnummer", "Kundennummer", "Zahlungsdatum", "Betrag", "Währung", "Kurs", "Zahlungsart"}
)

// WriteFiles writes the company as its shop would export it into dir, which must exist: customers.csv, contacts.csv,
// products.csv, orders.csv (orders, invoices, returns and credit notes, one row per line, sorted by time), payments.csv,
// quotes.csv, visits.csv, consents.csv (who asked for the newsletter, with its double opt-in) and permissions.csv (who may be called, and of whom it may be known what she
// opens); and, as Stamm reads them, measures.csv (who was drawn for the measures of the last year), measure_plans.csv
// and measure_costs.csv. Deliveries have no file: an order has the days for which it was promised and on which it came. progress, if
// not nil, is told how much is done, from 0 to 1.
func (c *Company) WriteFiles(ctx context.Context, dir string, progress func(done float64)) (*Files, error) {
	if progress == nil {
		progress = func(float64) {}
	}
	x := &export{c: c, files: &Files{Rows: map[string]int64{}, Documents: map[Kind]int64{}}}
	x.files.Customers = x.open(dir, "customers.csv", customerHeadings, &x.customers)
	x.files.Contacts = x.open(dir, "contacts.csv", contactHeadings, &x.contacts)
	x.files.Products = x.open(dir, "products.csv", productHeadings, &x.products)
	x.files.Orders = x.open(dir, "orders.csv", orderHeadings, &x.orders)
	x.files.Payments = x.open(dir, "payments.csv", paymentHeadings, &x.payments)
	x.files.Quotes = x.open(dir, "quotes.csv", orderHeadings, &x.quotes)
	x.files.Visits = x.open(dir, "visits.csv", orderHeadings, &x.visits)
	x.files.Consents = x.open(dir, "consents.csv", consentHeadings, &x.consents)
	x.files.Permissions = x.open(dir, "permissions.csv", permissionHeadings, &x.permissions)
	x.openMeasures(dir)
	if x.err == nil {
		x.err = x.write(ctx, progress)
	}
	for _, t := range x.tables {
		if err := t.close(); x.err == nil {
			x.err = err
		}
		x.files.Rows[filepath.Base(t.file.Name())] = t.rows
	}
	return x.files, x.err
}

// export is the state of WriteFiles.
type export struct {
	c     *Company
	files *Files
	err   error

	documents                                                       int      // so far
	labels                                                          [][]byte // per product: number and name as they stand in an order
	tables                                                          []*table
	customers, contacts, products, orders, payments, quotes, visits *table
	consents, permissions, draws, plans, spent                      *table
}

func (x *export) open(dir, name string, headings []string, into **table) string {
	path := filepath.Join(dir, name)
	if x.err != nil {
		return path
	}
	t, err := newTable(path, headings)
	if err != nil {
		x.err = err
		return path
	}
	*into = t
	x.tables = append(x.tables, t)
	return path
}

// peopleShare is the part of the time that customers and contacts take.
const peopleShare = 0.2

func (x *export) write(ctx context.Context, progress func(float64)) error {
	for i := range x.c.goods.products {
		p := &x.c.goods.products[i]
		x.product(p)
		label := append([]byte(p.SKU), ';')
		x.labels = append(x.labels, append(appendText(label, p.Name), ';'))
	}
	n := x.c.cfg.Customers
	for i := range n {
		l := x.c.life(uint32(i + 1))
		u := x.c.person(&l)
		x.customer(x.customers, &u)
		x.permit(&l, &u)
		for _, k := range x.c.contacts(&l) {
			x.contact(&k)
		}
		if err := x.room(); err != nil {
			return err
		}
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(peopleShare * float64(i) / float64(n))
		}
	}
	if err := x.measured(); err != nil {
		return err
	}
	return x.c.documents(ctx, func(done float64) { progress(peopleShare + (1-peopleShare)*done) }, x.document)
}

func (x *export) product(p *Product) {
	t := x.products
	t.raw(p.SKU)
	t.raw(p.GTIN)
	t.text(p.Name)
	t.text(strings.Join(p.Category, " > "))
	t.raw(p.Unit)
	t.int(int64(p.Grams))
	t.tax(taxRate(germany, p.Reduced))
	t.amount(p.PriceEUR)
	t.amount(p.PriceCHF)
	t.amount(p.Cost)
	t.end()
}

// Choices are what a column of the file of customers can say; nil for one of free text.
func Choices(column string) []string {
	switch column {
	case "Kundengruppe":
		return []string{"Privat", "Büro", "Gastronomie", "Wiederverkäufer", "Ansprechpartner"}
	case "Röstgrad":
		return []string{"hell", "mittel", "dunkel"}
	}
	return nil
}

// groups are the names of the segments in the shop.
var groups = map[string]string{"household": "Privat", "office": "Büro", "cafe": "Gastronomie", "reseller": "Wiederverkäufer", "": "Ansprechpartner"}

func (x *export) customer(t *table, u *Customer) {
	kind, group := "Person", groups[u.Segment]
	if u.Company != "" {
		kind = "Firma"
	}
	excluded := ""
	switch {
	case u.Internal:
		group, excluded = "Intern", "intern"
	case u.Reseller:
		excluded = "Wiederverkäufer"
	}
	form := "Du"
	if u.Formal {
		form = "Sie"
	}
	t.raw(u.ID)
	t.raw(kind)
	t.text(u.Company)
	t.raw(u.Salutation)
	t.raw(u.Title)
	t.raw(u.First)
	t.raw(u.Last)
	t.text(u.Mail)
	t.raw(u.Phone)
	t.raw(u.Mobile)
	t.text(u.Street)
	t.raw(u.Zip)
	t.text(u.City)
	t.raw(u.Region)
	t.raw(u.Country)
	t.raw(u.Language)
	t.raw(form)
	t.day(u.Birthday, u.HasBirthday)
	t.moment(u.Created)
	t.raw(group)
	t.raw(excluded)
	t.raw(u.Channel)
	t.raw(u.Roast)
	t.yes(u.Newsletter)
	for i, tag := range u.Tags {
		if i > 0 {
			t.b = append(t.b, ", "...)
		}
		t.b = append(t.b, tag...)
	}
	t.b = append(t.b, ';')
	t.raw(u.Owner)
	t.end()
	x.consent(u)
}

// consent writes the sign-up to the newsletter, confirmed by a click in a mail some minutes later. Nobody can confirm by an address that
// cannot work.
func (x *export) consent(u *Customer) {
	if !u.Newsletter || !usable(u.Mail) {
		return
	}
	confirmed := u.Created
	confirmed.Second = min(confirmed.Second+120+confirmed.Second%1500, daySeconds-1)
	t := x.consents
	t.raw(u.ID)
	t.text(u.Mail)
	t.raw("E-Mail")
	t.raw("erteilt")
	t.moment(u.Created)
	t.moment(confirmed)
	t.text("Ja, ich möchte den Newsletter der Rösterei mit Angeboten und Neuigkeiten per E-Mail bekommen. Das kann ich jederzeit widerrufen.")
	t.raw("Bestellung im Shop")
	t.end()
}

func (x *export) contact(k *Contact) {
	t := x.contacts
	t.raw(k.Company)
	t.raw(k.Role)
	t.day(k.From, k.From != 0)
	t.day(k.Until, k.Until != 0)
	x.customer(t, &k.Person)
}

// document writes a document into the file of its kind.
func (x *export) document(d *Document) error {
	x.files.Documents[d.Kind]++
	switch d.Kind {
	case Payment:
		t := x.payments
		t.raw(d.Number)
		t.raw(d.Reference)
		t.raw(d.Customer)
		t.moment(d.At)
		t.amount(d.Gross)
		t.raw(d.Currency)
		t.rate(d.Rate)
		t.raw(d.Method)
		t.end()
	case Delivery: // the order has its days
	case Quote:
		x.lines(x.quotes, d, "Angebot", 1)
	case ServiceVisit:
		x.lines(x.visits, d, "Serviceeinsatz", 1)
	case Invoice:
		x.invoice(d)
	case Return:
		x.lines(x.orders, d, "Retoure", -1)
	case CreditNote:
		x.lines(x.orders, d, "Gutschrift", -1)
	default:
		x.lines(x.orders, d, "Bestellung", 1)
	}
	if x.documents++; x.documents%64 == 0 {
		return x.room()
	}
	return nil
}

// room makes room in all tables.
func (x *export) room() error {
	for _, t := range x.tables {
		if err := t.room(); err != nil {
			return err
		}
	}
	return nil
}

// lines writes one row for each line. What holds for the document as a whole and is an amount, the shipping, stands in its
// first row only. Quantities and amounts of returns are below zero, as shops write them.
func (x *export) lines(t *table, d *Document, kind string, sign int64) {
	from := len(t.b)
	x.head(t, d, kind)
	head := t.b[from:len(t.b):len(t.b)]
	x.line(t, &d.Lines[0], sign)
	t.raw(d.Currency)
	t.rate(d.Rate)
	if d.Kind == Order {
		t.amount(d.Shipping)
	} else {
		t.empty(1)
	}
	from = len(t.b)
	x.tail(t, d)
	tail := t.b[from:len(t.b):len(t.b)]
	t.end()
	for i := range d.Lines[1:] {
		t.b = append(t.b, head...)
		x.line(t, &d.Lines[i+1], sign)
		t.raw(d.Currency)
		t.rate(d.Rate)
		t.empty(1)
		t.b = append(t.b, tail...)
		t.end()
	}
}

// line writes the columns in which the lines of a document differ.
func (x *export) line(t *table, l *Line, sign int64) {
	if l.Product != nil {
		t.b = append(t.b, x.labels[l.Product.index]...)
	} else {
		t.empty(1)
		t.text(l.Text)
	}
	t.int(sign * l.Quantity / 1000)
	t.amount(l.UnitPrice)
	t.int(int64(l.Discount))
	t.amount(sign * l.Net)
	t.tax(l.TaxRate)
	t.amount(sign * (l.Net + l.Tax))
}

// invoice writes the one row of an invoice: its lines are those of the order.
func (x *export) invoice(d *Document) {
	t := x.orders
	x.head(t, d, "Rechnung")
	t.empty(5)
	t.amount(d.Net)
	t.empty(1)
	t.amount(d.Gross)
	t.raw(d.Currency)
	t.rate(d.Rate)
	t.empty(1)
	x.tail(t, d)
	t.end()
}

func (x *export) head(t *table, d *Document, kind string) {
	t.raw(d.Number)
	t.raw(kind)
	if d.Kind == Order { // its quote stands in a file of its own, where an import of this one would look in vain
		t.empty(1)
	} else {
		t.raw(d.Reference)
	}
	t.raw(d.Customer)
	t.moment(d.At)
	t.raw(d.Status)
}

func (x *export) tail(t *table, d *Document) {
	t.raw(d.Method)
	t.day(d.Due, d.Due != 0)
	t.day(d.Promised, d.Promised != 0)
	t.day(d.Delivered, d.Delivered != 0)
	t.raw(d.Country)
	t.raw(d.Reason)
	t.raw(d.Coupon)
}
