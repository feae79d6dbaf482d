package sim

import (
	"context"
	"math"
	"slices"

	"stamm/internal/platform/clock"
)

// refused is the order number of a customer that stands for a quote nobody took.
const refused = math.MaxUint16

// documents calls do for each document in time. It first draws the orders of all customers into one bucket per month, then
// goes through the months: numbers the orders, draws what follows from them and writes all out. The parts of the work done
// are reported to progress, if there is one, from 0 to 1.
func (c *Company) documents(ctx context.Context, progress func(float64), do func(*Document) error) (err error) {
	p := &plan{c: c, months: newMonths(c.cal.start, c.cal.until)}
	p.store = newBuckets(c.cfg.TempDir, p.months.count)
	defer func() {
		if e := p.store.close(); err == nil {
			err = e
		}
	}()
	if progress == nil {
		progress = func(float64) {}
	}
	if err := p.orders(ctx, progress); err != nil {
		return err
	}
	return p.write(ctx, progress, do)
}

// plan is the state of one run through the documents.
type plan struct {
	c      *Company
	months months
	store  *buckets
	number uint32 // of the last order
	err    error  // of the store

	placed  []wall // the orders of the customer at hand
	treated []treatment
}

// planShare is the part of the time that drawing the orders takes.
const planShare = 0.25

func (p *plan) orders(ctx context.Context, progress func(float64)) error {
	for i := range p.c.cfg.Customers {
		p.customer(uint32(i + 1))
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(planShare * float64(i) / float64(p.c.cfg.Customers))
		}
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// customer draws the orders of one customer, guests beside them, what measures brought, quotes and visits.
func (p *plan) customer(i uint32) {
	c := p.c
	walked := c.life(i)
	l := walked // walking through the orders changes when she leaves, so each walk has its own
	w := c.walk(&l)
	guests := throw(c.cfg.Seed, forGuests, uint64(i), 0)
	p.placed = c.orderTimes(&walked, p.placed)
	p.treated = c.treatments(&walked, p.placed, p.treated)
	for seq, when, ok := w.next(); ok; seq, when, ok = w.next() {
		t := ticket{when: when, ordered: when, customer: i, seq: uint16(min(seq, extraSeq-1)), profile: l.profile(seq)}
		if slices.ContainsFunc(p.treated, func(x treatment) bool { return x.used == when }) {
			t.profile.marks |= showsCode
		}
		p.add(&t)
		if guests.chance(guestShare) {
			p.guest(&guests, t)
		}
		if seq == l.machine && (l.segment == office || l.segment == cafe) {
			p.visits(&l, when)
		}
	}
	for k := range p.treated {
		if p.treated[k].extra != 0 {
			t := p.treated[k].ticket(&l)
			p.add(&t)
		}
	}
	if l.segment == office || l.segment == reseller {
		p.quotes(&l)
	}
}

// profile says what is known of order seq of the customer.
func (l *life) profile(seq int) profile {
	p := profile{segment: l.segment, country: l.country, taste: l.taste}
	if seq == 0 {
		p.marks = firstOrder
		if l.trial {
			p.marks |= buysTrial
		}
		if l.voucher {
			p.marks |= usesVoucher
		}
	}
	if l.machine >= 0 && seq >= l.machine {
		p.marks |= hasMachine
		if seq == l.machine {
			p.marks |= buysMachine
		}
	}
	if l.chain {
		p.marks |= ofChain
	}
	return p
}

// guest adds an order without a customer on the same day as t: at the counter in Hamburg or in the shop without an account.
func (p *plan) guest(d *dice, t ticket) {
	t.profile = profile{taste: uint8(d.below(256)), marks: asGuest}
	day, second := t.when.day(), p.c.cal.second(d)
	if t.profile.taste&1 == 0 { // counter
		second = d.between(9*3600, 18*3600)
	} else if r := d.share(); r < 0.12 {
		t.profile.country = austria
	} else if r < 0.2 {
		t.profile.country = switzerland
	}
	t.when = at(day, second)
	t.ordered = t.when
	p.add(&t)
}

// visits adds the yearly maintenance while the company is a customer.
func (p *plan) visits(l *life, bought wall) {
	d := throw(p.c.cfg.Seed, forVisits, uint64(l.index), 0)
	for k := 1; ; k++ {
		day := bought.day().AddDays(365*k + d.between(-20, 20))
		if day > p.c.cal.until || l.drop != 0 && day >= l.drop {
			return
		}
		when := at(day, d.between(8*3600, 16*3600))
		p.add(&ticket{when: when, ordered: when, customer: l.index, kind: aVisit, part: uint8(k), profile: l.profile(1)})
	}
}

// quotes adds the quote before the first order, and now and then one that was not taken.
func (p *plan) quotes(l *life) {
	if when := p.c.quoteOf(l); when != 0 {
		p.add(&ticket{when: when, ordered: at(l.start, l.second), customer: l.index, kind: aQuote, profile: l.profile(0)})
	}
	d := throw(p.c.cfg.Seed, forQuotes, uint64(l.index), 1)
	if last := p.c.cal.until; d.chance(0.15) && last > l.start {
		when := at(l.start.AddDays(d.between(1, int(last-l.start))), d.between(8*3600, 17*3600))
		pr := l.profile(1)
		pr.marks |= buysMachine
		p.add(&ticket{when: when, ordered: when, customer: l.index, seq: refused, kind: aQuote, profile: pr})
	}
}

// add puts a ticket into the bucket of its month; what lies after the last day has not happened.
func (p *plan) add(t *ticket) {
	if day := t.when.day(); p.err == nil && day <= p.c.cal.until {
		p.err = p.store.put(p.months.of(day), t)
	}
}

// write goes through the months.
func (p *plan) write(ctx context.Context, progress func(float64), do func(*Document) error) error {
	var d Document
	var drawn, later []ticket
	var first, second sorter
	for m := range p.months.count {
		progress(planShare + (1-planShare)*p.months.share(m))
		var err error
		if drawn, err = p.store.take(m, drawn[:0]); err != nil {
			return err
		}
		begin := at(p.months.first[m], 0)
		known := first.sort(drawn, begin)
		later = later[:0]
		for i := range known {
			if t := &known[i]; t.kind == anOrder {
				p.number++
				t.number = p.number
				later = p.follow(m, t, later)
			}
		}
		if p.err != nil {
			return p.err
		}
		if err := p.merge(ctx, &d, known, second.sort(later, begin), do); err != nil {
			return err
		}
	}
	progress(1)
	return nil
}

// merge writes out two sorted lists as one.
func (p *plan) merge(ctx context.Context, d *Document, a, b []ticket, do func(*Document) error) error {
	for n := 0; len(a)+len(b) > 0; n++ {
		var t *ticket
		if len(b) == 0 || len(a) > 0 && a[0].when <= b[0].when {
			t, a = &a[0], a[1:]
		} else {
			t, b = &b[0], b[1:]
		}
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if p.c.fill(d, t) {
			if err := do(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow draws what comes after an order: what falls into the same month is added to later, the rest into its bucket.
func (p *plan) follow(month int, order *ticket, later []ticket) []ticket {
	f := p.c.fate(order)
	add := func(kind ticketKind, when wall, part paymentPart) {
		if when == 0 || when.day() > p.c.cal.until {
			return
		}
		t := *order
		t.kind, t.when, t.part = kind, when, uint8(part)
		if p.months.of(when.day()) == month {
			later = append(later, t)
		} else {
			p.add(&t)
		}
	}
	if f.promised != 0 {
		add(aDelivery, f.delivered, 0)
	}
	if f.invoiced {
		add(anInvoice, order.when+invoiceDelay, 0)
		for _, pay := range f.payments {
			add(aPayment, pay.when, pay.part)
		}
	}
	add(aReturn, f.returned, 0)
	add(aCredit, f.credited, 0)
	return later
}

// invoiceDelay is the time from an order to its invoice. It is short enough to stay clear of the hour that summer time skips.
const invoiceDelay = 90 * 60

// months numbers the calendar months of the history.
type months struct {
	start clock.Day
	index []uint16    // per day
	first []clock.Day // per month: its first day, or the start
	count int
}

func newMonths(start, until clock.Day) months {
	m := months{start: start}
	y0, m0, _ := start.Date()
	for d := start; d <= until; d++ {
		y, mo, _ := d.Date()
		k := (y-y0)*12 + int(mo-m0)
		m.index = append(m.index, uint16(k))
		if k == m.count {
			m.first = append(m.first, d)
			m.count++
		}
	}
	return m
}

func (m *months) of(d clock.Day) int { return int(m.index[d-m.start]) }

// share is the part of the documents that lie before month k: the company grows.
func (m *months) share(k int) float64 {
	x := float64(k) / float64(m.count)
	return x * (0.3 + 0.7*x)
}
