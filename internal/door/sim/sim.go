// Package sim simulates a company with known truth: a coffee roaster whose every customer has an own buying rate and an
// own day of leaving, for demonstrations, tests and measurements.
//
// Everything about the company follows from a seed. The same seed gives the same bytes on any number of cores, and each
// record can be drawn again alone from the seed and its number: nothing is kept in memory, so a company of a million
// customers needs little more than a small one. What is true of a customer (Truth) is what no real company knows; what the
// company has on file (customers, documents) is what an import sees.
//
// The mails and web names end in example domains, nobody can have the phone numbers, all names of people and firms are put
// together from lists.
package sim

import (
	"context"
	"errors"
	"iter"
	"math"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Name and Place say who the simulated company is; Zone is the time zone of its clock on the wall, Currency its books' one.
const (
	Name     = "Rösterei Tidenlicht GmbH"
	Place    = "Hamburg"
	Zone     = "Europe/Berlin"
	Currency = "EUR"
)

// Config says which company to simulate.
type Config struct {
	Seed      uint64
	Customers int       // 20,000 if 0
	Until     clock.Day // the last day; must be given
	Years     int       // of history up to Until, 3 if 0
	Quiet     bool      // holds no measures in its last year
	TempDir   string    // for the file that sorts documents by time; the system's if empty
}

// Limits of a Config.
const (
	maxCustomers = 50_000_000
	maxYears     = 20
)

// Company is a simulated company. It holds only the assortment and the calendar and may be used by several goroutines.
type Company struct {
	cfg   Config
	cal   *calendar
	goods *assortment

	measures []measure // by day
}

// New returns the company of cfg. What cfg asks for and cannot be is an Invalid fault on "customers", "years" or "until".
func New(cfg Config) (*Company, error) {
	if cfg.Customers == 0 {
		cfg.Customers = 20_000
	}
	if cfg.Years == 0 {
		cfg.Years = 3
	}
	if err := within(cfg.Customers, maxCustomers); err != nil {
		return nil, err.On("customers")
	}
	if err := within(cfg.Years, maxYears); err != nil {
		return nil, err.On("years")
	}
	if cfg.Until == 0 {
		return nil, fault.New(fault.Invalid, "errors.required").On("until")
	}
	c := &Company{cfg: cfg, cal: newCalendar(cfg.Until, cfg.Years)}
	if !cfg.Quiet {
		c.measures = newMeasures(cfg.Until)
	}
	first, last := c.cal.years()
	c.goods = newAssortment(cfg.Seed, first, last)
	return c, nil
}

// within returns a fault if n is not between 1 and limit.
func within(n, limit int) *fault.Error {
	switch {
	case n < 1:
		return fault.New(fault.Invalid, "errors.too_small", "min", 1)
	case n > limit:
		return fault.New(fault.Invalid, "errors.too_large", "max", limit)
	}
	return nil
}

// Start returns the first day of the company's history.
func (c *Company) Start() clock.Day { return c.cal.start }

// Products returns the assortment, about 200 articles.
func (c *Company) Products() []Product { return c.goods.products }

// Customers goes through all customers by number. The people of a company are not among them; see Contacts.
func (c *Company) Customers() iter.Seq[Customer] {
	return func(yield func(Customer) bool) {
		for i := range c.cfg.Customers {
			l := c.life(uint32(i + 1))
			if !yield(c.person(&l)) {
				return
			}
		}
	}
}

// Contacts goes through the people who act for companies, company by company.
func (c *Company) Contacts() iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for i := range c.cfg.Customers {
			l := c.life(uint32(i + 1))
			for _, k := range c.contacts(&l) {
				if !yield(k) {
					return
				}
			}
		}
	}
}

// Documents goes through all documents in the order of their time. The document and its lines are valid until the next one:
// copy what you keep. An error (of the temporary file, or because ctx ended) comes with a nil document and is the last.
func (c *Company) Documents(ctx context.Context) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		stop := errors.New("stopped")
		err := c.documents(ctx, nil, func(d *Document) error {
			if !yield(d, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	}
}

// Truth goes through what is true of all customers, by number.
func (c *Company) Truth() iter.Seq[Truth] {
	return func(yield func(Truth) bool) {
		for i := range c.cfg.Customers {
			if !yield(c.truth(uint32(i + 1))) {
				return
			}
		}
	}
}

// Truth is what is true of a customer.
type Truth struct {
	ID       string
	Segment  string
	Start    clock.Day // of the first order
	Rate     float64   // orders in an average week
	Risk     float64   // risk per week to leave for good, before the better last year
	Dropout  clock.Day // the first day on which the customer has left; 0 if that is after the last day
	Alive    bool      // has not left by the end of the last day
	Reason   string    // "delivery" if late parcels drove the customer away, "cooling" for the chain that orders less; else empty
	Expected float64   // orders to be expected up to the last day, the first one included, from rate and dropout; without what measures brought
	NextYear float64   // orders to be expected in the 52 weeks after the last day, from rate and risk
	Orders   int       // orders placed
	Moved    int       // of them, those that a measure brought
}

func (c *Company) truth(i uint32) Truth {
	l := c.life(i)
	orders := c.orderTimes(&l, nil)
	moved := 0
	for _, t := range c.treatments(&l, orders, nil) {
		if t.extra != 0 {
			moved++
		}
	}
	t := Truth{ID: customerID(i, l.segment), Segment: l.segment.String(), Start: l.start, Rate: l.rate, Risk: l.risk, Dropout: l.drop,
		Alive: l.drop == 0, Reason: l.reason, Expected: c.expected(&l), Orders: len(orders) + moved, Moved: moved}
	if t.Alive {
		risk, rate := l.risk*laterRisk, l.rate
		if l.chain {
			t.Reason, rate = "cooling", l.rate*c.cal.warmth(c.cal.until)
		}
		t.NextYear = rate * -math.Expm1(-risk*52) / risk
	}
	return t
}
