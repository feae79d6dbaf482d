package api

import (
	"context"
	"net/http"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// DocumentBody is a document as it is sent. Amounts are in its currency.
type DocumentBody struct {
	Customer    *CustomerRef   `json:"customer,omitempty"`
	Time        string         `json:"time"`
	Status      string         `json:"status,omitempty" maxLength:"100"`
	Currency    string         `json:"currency,omitempty"`
	Rate        Decimal        `json:"rate,omitempty"`
	Net         Decimal        `json:"net,omitempty"`
	Tax         Decimal        `json:"tax,omitempty"`
	Gross       Decimal        `json:"gross,omitempty"`
	Shipping    Decimal        `json:"shipping,omitempty"`
	DueDay      string         `json:"due_day,omitempty" format:"date"`
	PromisedDay string         `json:"promised_day,omitempty" format:"date"`
	KeptDay     string         `json:"kept_day,omitempty" format:"date"`
	Reference   string         `json:"reference,omitempty" maxLength:"200"`
	Coupons     []string       `json:"coupons,omitempty" maxItems:"20" nullable:"false"`
	Lines       []DocumentLine `json:"lines,omitempty" maxItems:"500" nullable:"false"`
}

// DocumentLine is one position of a document.
type DocumentLine struct {
	SKU         string  `json:"sku,omitempty" maxLength:"200"`
	Description string  `json:"description,omitempty" maxLength:"1000"`
	Quantity    Decimal `json:"quantity,omitempty"`
	UnitPrice   Decimal `json:"unit_price,omitempty"`
	Amount      Decimal `json:"amount,omitempty"`
	Cost        Decimal `json:"cost,omitempty"`
}

// DocumentRecord is a document in a batch.
type DocumentRecord struct {
	Kind       string `json:"kind" enum:"quote,order,delivery,invoice,credit_note,return,payment,service_visit"`
	ExternalID string `json:"external_id" maxLength:"200"`
	DocumentBody
}

// DocumentBatch are documents of one source sent together.
type DocumentBatch struct {
	Source  string           `json:"source" maxLength:"100"`
	Records []DocumentRecord `json:"records" maxItems:"1000" nullable:"false"`
}

// Document is a document as it is kept.
type Document struct {
	ID         int64  `json:"id"`
	Source     string `json:"source"`
	Kind       string `json:"kind"`
	ExternalID string `json:"external_id"`
	DocumentBody
	CouponsRefused []CouponRefusal `json:"coupons_refused,omitempty" nullable:"false"`
	Day            string          `json:"day" format:"date"`
	Sale           bool            `json:"sale"`
	Value          Decimal         `json:"value"`
	CreatedAt      string          `json:"created_at"`
	ChangedAt      string          `json:"changed_at"`
	Links          []DocumentLink  `json:"links,omitempty" nullable:"false"`
}

// DocumentLink ties a document to another one.
type DocumentLink struct {
	Kind       string  `json:"kind" enum:"reverses,credits,invoices,pays,delivers,follows"`
	Direction  string  `json:"direction" enum:"to,from"`
	Document   int64   `json:"document"`
	Of         string  `json:"of"`
	ExternalID string  `json:"external_id"`
	Amount     Decimal `json:"amount,omitempty"`
}

func (s *server) addDocuments() {
	const tag = "documents"
	add(s, route{id: "list_documents", method: http.MethodGet, path: "/documents", tag: tag, scope: auth.ReadDocuments}, s.listDocuments)
	add(s, route{id: "get_document", method: http.MethodGet, path: "/documents/{id}", tag: tag, scope: auth.ReadDocuments}, s.getDocument)
	add(s, route{id: "find_document", method: http.MethodGet, path: "/documents/{source}/{kind}/{external_id}", tag: tag, scope: auth.ReadDocuments}, s.findDocument)
	add(s, route{id: "put_document", method: http.MethodPut, path: "/documents/{source}/{kind}/{external_id}", tag: tag, scope: auth.WriteDocuments,
		body: bodyOf[DocumentBody]()}, s.putDocument)
	add(s, route{id: "put_documents", method: http.MethodPost, path: "/documents/batch", tag: tag, scope: auth.WriteDocuments,
		body: bodyOf[DocumentBatch](), limit: maxBatchBody}, s.putDocuments)
}

type IDPath struct {
	ID int64 `path:"id" minimum:"1"`
}

type documentPath struct {
	Source     string `path:"source"`
	Kind       string `path:"kind" enum:"quote,order,delivery,invoice,credit_note,return,payment,service_visit"`
	ExternalID string `path:"external_id"`
}

type ofCustomer struct {
	PageQuery
	Customer int64 `query:"customer" minimum:"1"`
}

func (s *server) listDocuments(ctx context.Context, _ *call, in *ofCustomer) (page Page[Document], err error) {
	page.Items = []Document{}
	settings, err := s.company.get(ctx)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		docs, next, err := in.documents(ctx, tx)
		if err != nil {
			return err
		}
		page.Items, err = documentsOf(ctx, tx, docs, settings.Currency)
		if len(docs) == in.Limit {
			page.Next = next(docs[len(docs)-1])
		}
		return err
	})
	return page, err
}

// documents reads a page: of all by id, of one customer the newest first.
func (q ofCustomer) documents(ctx context.Context, tx *store.Tx) ([]*document.Document, func(*document.Document) string, error) {
	if q.Customer == 0 {
		after, err := q.id()
		if err != nil {
			return nil, nil, err
		}
		docs, err := document.Page(ctx, tx, after, q.Limit)
		return docs, func(d *document.Document) string { return idText(d.ID) }, err
	}
	at, id, err := q.place()
	if err != nil {
		return nil, nil, err
	}
	docs, err := document.OfCustomer(ctx, tx, q.Customer, document.Place{At: at, ID: id}, q.Limit)
	if err != nil {
		return nil, nil, err
	}
	return docs, func(d *document.Document) string { return placeText(d.At, d.ID) }, document.LoadLines(ctx, tx, docs)
}

func (s *server) getDocument(ctx context.Context, _ *call, in *IDPath) (Document, error) {
	return s.document(ctx, func(*store.Tx) (int64, error) { return in.ID, nil })
}

func (s *server) findDocument(ctx context.Context, _ *call, in *documentPath) (Document, error) {
	kind, _ := document.ParseKind(in.Kind)
	return s.document(ctx, func(tx *store.Tx) (int64, error) {
		source, err := customer.FindSource(ctx, tx, in.Source)
		if err != nil {
			return 0, err
		}
		key := document.Key{Kind: kind, ExternalID: in.ExternalID}
		known, err := document.Find(ctx, tx, source, []document.Key{key})
		if err == nil && known[key].ID == 0 {
			err = fault.New(fault.NotFound, "document.none")
		}
		return known[key].ID, err
	})
}

// document reads one document with its links.
func (s *server) document(ctx context.Context, find func(*store.Tx) (int64, error)) (found Document, err error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return found, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		id, err := find(tx)
		if err != nil {
			return err
		}
		d, err := document.Load(ctx, tx, id)
		if err != nil {
			return err
		}
		all, err := documentsOf(ctx, tx, []*document.Document{d}, settings.Currency)
		if err != nil {
			return err
		}
		found = all[0]
		from, to, err := document.Bonds(ctx, tx, id)
		for _, b := range from {
			found.Links = append(found.Links, linkOf(b, "to", settings.Currency))
		}
		for _, b := range to {
			found.Links = append(found.Links, linkOf(b, "from", settings.Currency))
		}
		return err
	})
	return found, err
}

func linkOf(b document.Bond, direction, base string) DocumentLink {
	l := DocumentLink{Kind: b.Kind, Direction: direction, Document: b.Document, Of: b.Other.String(), ExternalID: b.ExternalID}
	if b.Amount != 0 {
		l.Amount = amount(&b.Amount, base)
	}
	return l
}

// documentsOf writes documents as they are answered; base is the currency of the company.
func documentsOf(ctx context.Context, tx *store.Tx, docs []*document.Document, base string) ([]Document, error) {
	out := make([]Document, len(docs))
	names, err := sourceNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	var products []int64
	for _, d := range docs {
		for _, l := range d.Lines {
			if l.Product != 0 {
				products = append(products, l.Product)
			}
		}
	}
	var skus map[int64]string
	if len(products) > 0 {
		if skus, err = product.SKUs(ctx, tx, products); err != nil {
			return nil, err
		}
	}
	for i, d := range docs {
		out[i] = Document{ID: d.ID, Source: names[d.Source], Kind: d.Kind.String(), ExternalID: d.ExternalID, DocumentBody: documentBody(d, skus),
			Day: d.Day.String(), Sale: d.Sale, Value: amount(&d.Amount, base), CreatedAt: timeText(d.CreatedAt), ChangedAt: timeText(d.ChangedAt)}
	}
	return out, showCoupons(ctx, tx, out)
}

func documentBody(d *document.Document, skus map[int64]string) DocumentBody {
	b := DocumentBody{Time: timeText(d.At), Status: d.Status, Currency: d.Currency, Net: amount(d.Net, d.Currency), Tax: amount(d.Tax, d.Currency),
		Gross: amount(d.Gross, d.Currency), Shipping: amount(d.Shipping, d.Currency), DueDay: dayText(d.DueDay), PromisedDay: dayText(d.Promised),
		KeptDay: dayText(d.Kept), Reference: d.Reference}
	b.Customer = refOf(d.Customer)
	if !d.Rate.IsZero() {
		b.Rate = Decimal(d.Rate.String())
	}
	for _, l := range d.Lines {
		line := DocumentLine{SKU: skus[l.Product], Description: l.Description, Amount: amount(&l.Amount, d.Currency), Cost: amount(l.Cost, d.Currency)}
		if l.Quantity != 0 || l.UnitPrice != 0 {
			line.Quantity = decimal(l.Quantity, quantityDigits, 0)
		}
		if l.UnitPrice != 0 {
			line.UnitPrice = price(&l.UnitPrice, d.Currency)
		}
		b.Lines = append(b.Lines, line)
	}
	return b
}

// sent is a checked document and the customer it names.
type sent struct {
	document.Document
	customer *CustomerRef
	skus     []product.Seen // one a line
	given    Decimal        // the rate, where one was sent
	coupons  []string       // nil where nothing was said
}

// document checks a record.
func (r *DocumentRecord) document(settings settings) (*sent, error) {
	var c checker
	kind, ok := document.ParseKind(r.Kind)
	if !ok {
		c.fail("kind", fault.New(fault.Invalid, "errors.choice", "text", r.Kind))
	}
	d := &sent{customer: r.Customer}
	d.Kind, d.ExternalID = kind, c.key("external_id", r.ExternalID)
	r.Customer.check(&c, "customer")
	d.At, d.Day = c.when("time", r.Time, settings.zone)
	d.Status, d.Reference = c.text("status", r.Status, maxStatus), c.text("reference", r.Reference, maxKey)
	d.Cancelled = r.Status == statusCancelled
	d.Currency = c.currency("currency", r.Currency, settings.Currency)
	d.rate(&c, r.Rate, settings)
	digits := money.Digits(d.Currency)
	d.Net, d.Tax = c.number("net", r.Net, digits, wholeAmount), c.number("tax", r.Tax, digits, wholeAmount)
	d.Gross, d.Shipping = c.number("gross", r.Gross, digits, wholeAmount), c.number("shipping", r.Shipping, digits, wholeAmount)
	d.coupons = checkCodes(&c, r.Coupons)
	d.DueDay, d.Promised, d.Kept = c.day("due_day", r.DueDay), c.day("promised_day", r.PromisedDay), c.day("kept_day", r.KeptDay)
	if len(r.Lines) > maxLines {
		c.fail("lines", fault.New(fault.Invalid, "api.too_many", "max", maxLines))
		return d, c.bad.err()
	}
	d.lines(&c, r.Lines, digits)
	if len(c.bad) == 0 {
		if err := document.Assess(&d.Document, settings.Currency); err != nil {
			c.fail("", err)
		}
	}
	return d, c.bad.err()
}

// rate pins the rate of a foreign currency: the one sent, else the company's of that day.
func (d *sent) rate(c *checker, text Decimal, settings settings) {
	if d.Currency == settings.Currency || len(c.bad) > 0 {
		return
	}
	d.given = text
	if text == "" {
		d.Rate, _ = company.RateOn(settings.rates, d.Currency, d.Day) // Assess says that there is none
		return
	}
	rate, err := money.ParseRate(string(text))
	if err != nil {
		c.fail("rate", err)
	}
	d.Rate = rate
}

// statusCancelled is the status of a document that nothing came of, which is no sale.
const statusCancelled = "cancelled"

// Limits of one document.
const (
	maxLines       = 500
	maxStatus      = 100
	maxDescription = 1000
)

func (d *sent) lines(c *checker, lines []DocumentLine, digits int) {
	for i, l := range lines {
		var own checker
		line := document.Line{Description: own.text("description", l.Description, maxDescription),
			NoQuantity: l.Quantity == "" && l.UnitPrice == "", NoPrice: l.UnitPrice == "", Cost: own.number("cost", l.Cost, digits, wholeAmount)}
		own.text("sku", l.SKU, maxKey)
		if q := own.number("quantity", l.Quantity, quantityDigits, wholeQuantity); q != nil {
			line.Quantity = *q
		} else if !line.NoQuantity {
			line.Quantity = 1000 // a price alone is for one
		}
		if p := own.number("unit_price", l.UnitPrice, priceDigits, wholePrice); p != nil {
			line.UnitPrice = *p
		}
		total := own.number("amount", l.Amount, digits, wholeAmount)
		switch {
		case l.Amount == "" && l.UnitPrice == "":
			own.fail("amount", fault.New(fault.Invalid, "errors.required"))
		case total != nil:
			line.Amount = *total
		case len(own.bad) == 0:
			line.Amount = own.lineAmount(line.Quantity, line.UnitPrice, digits)
		}
		if len(own.bad) > 0 {
			c.fail(lineAt(i), own.bad)
		}
		d.Lines = append(d.Lines, line)
		d.skus = append(d.skus, product.Seen{SKU: l.SKU, Name: l.Description})
	}
}

// lineAmount is quantity times price, within what an amount may be.
func (c *checker) lineAmount(quantity, price int64, digits int) int64 {
	v, err := money.LineAmount(quantity, price, digits)
	if err != nil {
		c.fail("amount", err)
		return 0
	}
	text := Decimal(money.FormatScaled(v, digits))
	if _, err := text.scaled(digits, wholeAmount); err != nil {
		c.fail("amount", err)
	}
	return v
}
