package customers

import (
	"fmt"
	"strings"

	"stamm/internal/action/coupon"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// minor is how many minor units one unit of a currency has.
func minor(currency string) float64 {
	units := 1.0
	for range money.Digits(currency) {
		units *= 10
	}
	return units
}

// amountCell is an amount as spreadsheets read it in the user's language: without sign of the currency and grouping.
func amountCell(r *page.Request, minor int64, currency string) string {
	text := money.FormatScaled(minor, money.Digits(currency))
	if r.P.Lang() == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// paper is a document with what its page says beside it.
type paper struct {
	*document.Document
	customer whole // its Whole is nil for nobody known
	names    names
	products map[int64]string
	from, to []document.Bond
	coupons  []coupon.Shown
}

func showDocument(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var d paper
	err = r.Read(func(tx *store.Tx) (err error) {
		d = paper{}
		if d.Document, err = document.Load(r.Context(), tx, id); err != nil {
			return err
		}
		shown, err := coupon.ShownBy(r.Context(), tx, []int64{id})
		if err != nil {
			return err
		}
		d.coupons = shown[id]
		if d.from, d.to, err = document.Bonds(r.Context(), tx, id); err != nil {
			return err
		}
		var ids []int64
		for _, l := range d.Lines {
			if l.Product != 0 {
				ids = append(ids, l.Product)
			}
		}
		if d.products, err = product.Names(r.Context(), tx, ids); err != nil {
			return err
		}
		if d.names, err = loadNames(r, tx); err != nil || d.Customer == 0 {
			return err
		}
		d.customer.Whole, err = customer.Load(r.Context(), tx, d.Customer)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(documentTitle(r, d.Document), documentView(r, d))
}

func documentTitle(r *page.Request, d *document.Document) string {
	return r.P.T("customers.document.name", "kind", r.P.T("document.kind."+d.Kind.String()), "number", d.ExternalID)
}

func documentIcon(k document.Kind) string {
	switch k {
	case document.Order:
		return "shopping-cart"
	case document.Return, document.CreditNote:
		return "receipt-refund"
	case document.Payment:
		return "coin"
	case document.Delivery:
		return "send"
	}
	return "file-text"
}

func givesBack(k document.Kind) bool { return k == document.Return || k == document.CreditNote }

// documentAmount is what a document is worth to the customer, in its own currency where it says so; what is given back
// stands with a minus.
func documentAmount(r *page.Request, d *document.Document) string {
	if amount, currency, known := worth(r, d); known {
		return r.P.Money(amount, currency)
	}
	return ""
}

func worth(r *page.Request, d *document.Document) (amount int64, currency string, known bool) {
	amount, currency = d.Amount, r.Company.Currency
	switch {
	case d.Gross != nil:
		amount, currency = *d.Gross, d.Currency
	case d.Net != nil:
		amount, currency = *d.Net, d.Currency
	}
	if amount == 0 && d.Gross == nil && d.Net == nil && !d.Sale && !givesBack(d.Kind) {
		return 0, "", false
	}
	if givesBack(d.Kind) {
		amount = -max(amount, -amount)
	}
	return amount, currency, true
}

// back leads to the customer, or to the list.
func (d paper) back(r *page.Request) *ui.Anchor {
	if d.customer.Whole == nil {
		return &ui.Anchor{Text: r.P.T("common.customers"), Href: listPath}
	}
	return &ui.Anchor{Text: displayName(r.P, d.customer.Whole), Href: customerPath(d.customer.ID)}
}

// counts says whether the document is a sale, and if not why.
func (d paper) counts(r *page.Request) string {
	var key string
	switch {
	case d.Sale && d.Document.Customer == 0:
		return r.P.T("customers.document.why.anonymous")
	case d.Sale && d.leftOut():
		return r.P.T("customers.document.why.excluded")
	case d.Sale:
		return r.P.T("customers.document.why.sale", "amount", r.P.Money(d.Amount, r.Company.Currency))
	case givesBack(d.Kind) && d.reverses():
		key = "reverses"
	case givesBack(d.Kind):
		key = "unlinked"
	case d.Kind != document.Order && d.Kind != document.Invoice:
		key = "kind"
	case d.bills():
		key = "order_counts"
	default:
		key = "no_line"
	}
	return r.P.T("customers.document.why." + key)
}

// leftOut tells that the customer does not count in figures.
func (d paper) leftOut() bool { return d.customer.Whole != nil && d.customer.Excluded != "" }

func (d paper) reverses() bool {
	for _, b := range d.from {
		if b.Kind == "reverses" || b.Kind == "credits" {
			return true
		}
	}
	return false
}

func (d paper) bills() bool {
	for _, b := range d.from {
		if b.Kind == "invoices" {
			return true
		}
	}
	return false
}

func (d paper) lines(r *page.Request) ui.Table {
	t := ui.Table{
		ID: "lines", Title: r.P.T("customers.document.lines"), Caption: r.P.T("customers.document.lines"),
		Columns: []ui.Column{
			{Title: r.P.T("customers.document.product"), Narrow: ui.NarrowLead}, {Title: r.P.T("customers.document.quantity"), Number: true},
			{Title: r.P.T("customers.document.price"), Number: true}, {Title: r.P.T("common.amount"), Number: true, Narrow: ui.NarrowValue},
		},
		Empty: &ui.Empty{Icon: "file-text", Title: r.P.T("customers.document.no_lines"), Text: r.P.T("customers.document.no_lines_text")},
	}
	var sum int64
	for _, l := range d.Lines {
		name, sub := d.products[l.Product], l.Description
		if name == "" {
			name, sub = l.Description, ""
		}
		if sub == name {
			sub = ""
		}
		if !l.Sale && d.Sale {
			sub = joined(sub, r.P.T("customers.document.line_left_out"))
		}
		quantity, price := r.P.Quantity(l.Quantity), r.P.Price(l.UnitPrice, d.Currency)
		if l.NoQuantity {
			quantity = ""
		}
		if l.NoPrice {
			price = ""
		}
		what := ui.Lines(name, sub)
		if d.products[l.Product] != "" {
			what.Href = productPath(l.Product)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{what, ui.Text(quantity), ui.Text(price), ui.Text(r.P.Money(l.Amount, d.Currency))}})
		sum += l.Amount
	}
	if len(d.Lines) > 1 {
		t.Total = &ui.Row{Cells: []ui.Cell{ui.Text(r.P.N("customers.document.sum", int64(len(d.Lines)))), {}, {}, {Text: r.P.Money(sum, d.Currency), Strong: true}}}
	}
	return t
}

// facts are the pairs beside the lines.
func (d paper) facts(r *page.Request) []ui.Pair {
	var pairs []ui.Pair
	add := func(key, text, href string) {
		if text != "" {
			pairs = append(pairs, ui.Pair{Term: r.P.T(key), Text: text, Href: href})
		}
	}
	if d.customer.Whole == nil {
		add("common.customer", r.P.T("customers.document.anonymous"), "")
	} else {
		add("common.customer", displayName(r.P, d.customer.Whole), customerPath(d.customer.ID))
	}
	add("common.date", r.P.DateTime(d.At), "")
	add("common.status", statusName(r.P, d.Status), "")
	amount := func(key string, v *int64) {
		if v != nil {
			add(key, r.P.Money(*v, d.Currency), "")
		}
	}
	amount("customers.document.net", d.Net)
	amount("customers.document.tax", d.Tax)
	amount("customers.document.gross", d.Gross)
	amount("customers.document.shipping", d.Shipping)
	if d.Currency != r.Company.Currency {
		add("customers.document.rate", fmt.Sprint(d.Rate), "")
	}
	add("customers.document.due", dateOrNone(r.P, d.DueDay), "")
	add("customers.document.promised", dateOrNone(r.P, d.Promised), "")
	add("customers.document.kept", dateOrNone(r.P, d.Kept), "")
	add("customers.document.reference", d.Reference, "")
	for _, c := range d.coupons {
		pair := ui.Pair{Term: r.P.T("customers.document.coupon"), Text: c.Code}
		if c.Why != nil {
			pair.Note = r.P.Err(c.Why)
		} else if c.Coupon != 0 {
			pair.Note, pair.Href = r.P.T("customers.document.coupon_off", "amount", r.P.Money(c.Off.Minor, c.Off.Currency)), fmt.Sprintf("/engage/coupons/%d", c.Coupon)
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

// origin tells where the document came from.
func (d paper) origin(r *page.Request) []ui.Pair {
	pairs := []ui.Pair{{Term: r.P.T("customers.data.source"), Text: d.names.source(r.P, d.Source)}, {Term: r.P.T("customers.document.number"), Text: d.ExternalID}}
	if d.MadeRun != 0 {
		pairs = append(pairs, importPair(r, "customers.document.made_by", d.MadeRun))
	}
	if d.Run != 0 && d.Run != d.MadeRun {
		pairs = append(pairs, importPair(r, "customers.document.written_by", d.Run))
	}
	return append(pairs, ui.Pair{Term: r.P.T("customers.document.changed_at"), Text: r.P.DateTime(d.ChangedAt)})
}

// bonds are the documents this one belongs to, each with what ties them.
func (d paper) bonds(r *page.Request) []ui.Item {
	var items []ui.Item
	add := func(list []document.Bond, direction string) {
		for _, b := range list {
			item := ui.Item{Icon: documentIcon(b.Other), Title: r.P.T("customers.document.name", "kind", r.P.T("document.kind."+b.Other.String()), "number", b.ExternalID),
				Href: documentPath(b.Document), Text: joined(r.P.T("customers.bond."+direction+"."+b.Kind), r.P.Date(b.Day))}
			if b.Amount != 0 {
				item.Meta = r.P.Money(b.Amount, r.Company.Currency)
			}
			items = append(items, item)
		}
	}
	add(d.from, "from")
	add(d.to, "to")
	return items
}
