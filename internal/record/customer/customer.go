// Package customer keeps who the customers are: persons and companies, how to reach them, what other systems call
// them, and where each of these facts came from.
//
// Whatever changes a customer (a form, the API, an import, an undo) changes a state in memory; saving it finds the
// differences field by field and writes rows, search words, origins and old values from them. So history, undo and
// "where does this come from" hold for every field without code of their own. Imports go through Upsert and Ensure,
// which decide about up to 1,000 rows with a handful of statements. Erase takes everything that tells who somebody was
// and leaves an empty shell for the figures.
package customer

import (
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// The two kinds of customers.
const (
	Person  = "person"
	Company = "company"
)

// Why a customer is left out of all figures.
const (
	Internal = "internal" // the company itself, its staff, its tests
	Reseller = "reseller" // sells on to customers unknown
)

// Customer is a person or a company.
type Customer struct {
	ID          int64
	Kind        string // Person or Company
	Name        string // as shown: given, or put together from first and last name or the company
	FirstName   string
	LastName    string
	Company     string // of a person: whom she buys for, as text
	Salutation  string // ms, mr, family, neutral or empty
	Title       string // Dr., Prof.
	AddressForm string // sie, du or empty
	Language    string // ISO 639, lower case
	Country     string // ISO 3166, two capitals
	Region      string
	Birthday    *clock.Day
	Owner       int64      // user who looks after her, 0 for nobody
	Excluded    string     // Internal, Reseller, or empty for a customer that counts
	Since       *clock.Day // customer since, where it is known

	Source     int64  // where she came from, and
	ExternalID string // what she is called there
	MadeRun    int64  // the import that made her, 0 for none
	Run        int64  // the import that wrote her last, 0 since a person or program did
	MergedInto int64
	ErasedAt   time.Time // zero for everybody who is not erased
	CreatedAt  time.Time
	ChangedAt  time.Time

	sortName string
	hash     int64
	mail     int // noMail, badMail or goodMail
}

// Whether somebody can be written to.
const (
	noMail = iota
	badMail
	goodMail
)

// Email is a mail address of a customer. Valid tells that it can be one; what cannot be one is kept as it was given.
type Email struct {
	ID        int64      `json:"id"`
	Address   string     `json:"address"`
	Type      string     `json:"type"` // work, private, billing or empty
	Main      bool       `json:"main"`
	Valid     bool       `json:"valid"`
	Source    int64      `json:"source"`
	From      *clock.Day `json:"from,omitempty"`  // first day it holds
	Until     *clock.Day `json:"until,omitempty"` // last day it holds
	CreatedAt int64      `json:"created"`         // microseconds
}

// Phone is a telephone number of a customer. Number is in E.164 form, or empty where Written cannot be read as one.
type Phone struct {
	ID        int64      `json:"id"`
	Number    string     `json:"number"`
	Written   string     `json:"written"`
	Type      string     `json:"type"` // work, private, mobile, fax or empty
	Main      bool       `json:"main"`
	Valid     bool       `json:"valid"`
	Source    int64      `json:"source"`
	From      *clock.Day `json:"from,omitempty"`
	Until     *clock.Day `json:"until,omitempty"`
	CreatedAt int64      `json:"created"`
}

// Address is a postal address of a customer.
type Address struct {
	ID        int64      `json:"id"`
	Type      string     `json:"type"` // billing, shipping, private or empty
	Line1     string     `json:"line1"`
	Line2     string     `json:"line2"`
	Postcode  string     `json:"postcode"`
	City      string     `json:"city"`
	Region    string     `json:"region"`
	Country   string     `json:"country"`
	Main      bool       `json:"main"`
	Source    int64      `json:"source"`
	From      *clock.Day `json:"from,omitempty"`
	Until     *clock.Day `json:"until,omitempty"`
	CreatedAt int64      `json:"created"`
}

// Contact says that a person acts for a company, in a role and for a time. A person may have several roles.
type Contact struct {
	ID        int64      `json:"id"`
	Company   int64      `json:"company"`
	Person    int64      `json:"person"`
	Role      string     `json:"role"`
	Source    int64      `json:"source"`
	From      *clock.Day `json:"from,omitempty"`
	Until     *clock.Day `json:"until,omitempty"`
	CreatedAt int64      `json:"created"`
}

// Note is what somebody wrote down about a customer.
type Note struct {
	ID     int64  `json:"id"`
	Text   string `json:"text"`
	Author int64  `json:"author"` // user, 0 for none
	At     int64  `json:"at"`     // microseconds
}

// External is what a source calls a customer, byte for byte.
type External struct {
	Source int64
	ID     string
	hash   int64
}

// The kinds of changes this package writes into the feed. Bodies carry the names of the fields.
const (
	KindCreated = "customer.created"
	KindChanged = "customer.changed"
	KindNoted   = "customer.noted"
	KindContact = "customer.contact" // to the person, of what changed on the company's side
	KindErased  = "customer.erased"
	KindRemoved = "customer.removed"
)

func notFound() *fault.Error { return fault.New(fault.NotFound, "customer.not_found") }
