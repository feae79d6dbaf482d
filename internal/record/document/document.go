// Package document holds what passes between the company and its customers on paper: quotes, orders, deliveries,
// invoices, credit notes, returns, payments and service visits, so that every figure can be traced to a document.
//
// A document is known by (source, kind, external id). Whether it counts as a sale, and with which value, is decided
// once, when it is written (sale.go); which sale a return reverses is found afterwards (link.go), because files come
// in any order.
package document

import (
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// Kind is what a document is.
type Kind int

// The kinds. Their numbers stand in the store.
const (
	Quote Kind = 1 + iota
	Order
	Delivery
	Invoice
	CreditNote
	Return
	Payment
	ServiceVisit
)

var kindNames = [...]string{Quote: "quote", Order: "order", Delivery: "delivery", Invoice: "invoice",
	CreditNote: "credit_note", Return: "return", Payment: "payment", ServiceVisit: "service_visit"}

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{Quote, Order, Delivery, Invoice, CreditNote, Return, Payment, ServiceVisit}
}

// String is the kind's name in the API, the warehouse and the catalogues.
func (k Kind) String() string {
	if k < Quote || k > ServiceVisit {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kindNames[k]
}

// ParseKind finds a kind by its name.
func ParseKind(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if kindNames[k] == name {
			return k, true
		}
	}
	return 0, false
}

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the kind's name.
func (k *Kind) UnmarshalText(text []byte) error {
	got, ok := ParseKind(string(text))
	if !ok {
		return fmt.Errorf("document: no kind %q", text)
	}
	*k = got
	return nil
}

// gives tells whether a document of this kind gives money back to the customer.
func (k Kind) gives() bool { return k == Return || k == CreditNote }

// sells tells whether a document of this kind can be a sale.
func (k Kind) sells() bool { return k == Order || k == Invoice }

// Document is one document with its lines. Amounts other than Amount and Cost are minor units of Currency.
type Document struct {
	ID         int64
	Source     int64
	Kind       Kind
	ExternalID string
	Customer   int64 // 0: nobody known
	At         time.Time
	Day        clock.Day // the local day of At, fixed when written
	Status     string
	Currency   string
	Rate       money.Rate // what one unit of Currency is in the base currency; zero for the base currency itself
	Net        *int64
	Tax        *int64
	Gross      *int64
	Shipping   *int64
	DueDay     *clock.Day
	Promised   *clock.Day
	Kept       *clock.Day
	Reference  string // external id of the document this one reverses, bills or pays
	Lines      []Line
	Cancelled  bool // nothing came of it: it is no sale
	FileRows   int  // rows of the file it came from; 0 when it did not come from a file

	// Set by Assess.
	Amount   int64  // base currency: the value of the sale lines; for returns and credit notes what is given back, positive
	Cost     *int64 // base currency, when known for every sale line
	Sale     bool
	SaleRows int

	Hash    int64 // of the content, for telling an unchanged document from a changed one
	MadeRun int64 // the import that made it, 0 by hand
	Run     int64 // the import that wrote it last, 0 by hand

	CreatedAt, ChangedAt time.Time
}

// Line is one position of a document.
type Line struct {
	Product     int64 // 0: none named
	Description string
	Quantity    int64 // thousandths
	UnitPrice   int64 // millionths of Currency
	Amount      int64 // minor units of Currency
	Cost        *int64
	NoQuantity  bool // the source gave no quantity
	NoPrice     bool // the source gave no unit price

	// Set by Assess.
	BaseAmount int64
	Sale       bool
}
