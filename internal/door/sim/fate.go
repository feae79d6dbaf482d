package sim

import "stamm/internal/platform/clock"

// fate is what becomes of an order: drawn again from its ticket wherever one of its documents is needed.
type fate struct {
	method    string
	invoiced  bool
	quoted    bool
	promised  clock.Day // 0 if the delivery is not kept track of
	delivered wall
	returned  wall // 0 if nothing came back
	linked    bool // the return names its order
	why       string
	credited  wall // 0 if there was no goodwill
	payments  [2]payment
}

type payment struct {
	when wall // 0 for none
	part paymentPart
}

// paymentPart says what a payment is for.
type paymentPart uint8

const (
	inFull     paymentPart = iota
	first60                // 60 % of an invoice
	last40                 // the rest of it
	lessReturn             // an invoice less what had come back before
	backReturn             // paid back after a return
	backCredit             // paid back for goodwill
)

// Shares of orders.
const (
	returnShare      = 0.034
	unlinkedShare    = 0.09 // of the returns
	creditShare      = 0.004
	creditInTrouble  = 0.14
	lateInTrouble    = 0.82
	householdInvoice = 0.22
)

var (
	methods = []string{"PayPal", "PayPal", "PayPal", "Kreditkarte", "Kreditkarte", "Lastschrift", "Lastschrift", "Vorkasse"}
	counter = []string{"Barzahlung", "Kartenzahlung", "Kartenzahlung"}
	whys    = []string{"zu dunkel geröstet", "zu hell geröstet", "falsch bestellt", "falsch geliefert", "Packung beschädigt", "gefällt nicht"}
	broken  = []string{"defekt", "defekt", "zu laut", "gefällt nicht", "Transportschaden"}
)

func (c *Company) fate(t *ticket) fate {
	d := throw(c.cfg.Seed, forFate, uint64(t.customer), uint64(t.seq)<<1|t.guestBit())
	p, day := t.profile, t.ordered.day()
	var f fate
	f.method = c.method(&d, t)
	f.invoiced = f.method == "Rechnung"
	f.quoted = t.seq == 0 && p.segment != household && c.quoteBefore(t.customer) > 0

	late := in(day, c.cal.trouble)
	tracked := 0.3
	if p.segment != household {
		tracked = 0.7
	}
	if late {
		tracked = 1
	}
	if r := d.share(); r < tracked && !p.marks.has(asGuest) {
		f.promised = day.AddDays(3)
		f.delivered = at(f.promised.AddDays(d.between(-1, 1)), d.between(9, 17)*3600)
		if late && d.chance(lateInTrouble) {
			f.delivered = at(f.promised.AddDays(d.between(6, 17)), d.between(9, 17)*3600)
		}
	}
	share, whys := returnShare, whys
	if p.marks.has(buysMachine) {
		share, whys = 2*returnShare, broken
	}
	if d.chance(share) {
		f.returned = at(day.AddDays(d.between(6, 28)), d.between(9*3600, 17*3600))
		f.returned = max(f.returned, f.delivered+2*daySeconds)
		f.linked, f.why = !d.chance(unlinkedShare), pick(&d, whys)
	}
	share = creditShare
	if late {
		share = creditInTrouble
	}
	if d.chance(share) && f.returned == 0 && !p.marks.has(asGuest) {
		f.credited = at(day.AddDays(d.between(18, 30)), d.between(9*3600, 17*3600))
	}
	if f.invoiced {
		c.pay(&d, t, &f)
	}
	return f
}

func (c *Company) method(d *dice, t *ticket) string {
	p, r := t.profile, d.share()
	switch {
	case p.marks.has(asGuest) && p.taste&1 == 0:
		return pick(d, counter)
	case p.marks.has(asGuest):
		return methods[int(r*float64(len(methods)))]
	case p.segment != household || r < householdInvoice:
		return "Rechnung"
	case r < 0.9: // people pay as they always do
		return methods[int(p.taste)%len(methods)]
	}
	return methods[d.below(len(methods))]
}

// pay draws when an invoice is paid. Who pays late, pays late every time.
func (c *Company) pay(d *dice, t *ticket, f *fate) {
	due := t.ordered.day().AddDays(terms[t.profile.segment])
	office := func(day clock.Day) wall { return at(day, d.between(8*3600, 18*3600)) }
	switch moral := mix(c.cfg.Seed^uint64(t.customer)*3) & 0xff; {
	case moral < 190:
		f.payments[0] = payment{office(due.AddDays(-d.between(0, 9))), inFull}
	case moral < 232:
		f.payments[0] = payment{office(due.AddDays(d.between(2, 24))), inFull}
	case moral < 247:
		f.payments[0] = payment{office(due.AddDays(d.between(20, 80))), inFull}
	default:
		switch r := d.share(); {
		case r < 0.3:
			f.payments[0] = payment{office(due.AddDays(d.between(5, 30))), first60}
			if r < 0.15 {
				f.payments[1] = payment{office(due.AddDays(d.between(40, 90))), last40}
			}
		case r < 0.75:
			f.payments[0] = payment{office(due.AddDays(d.between(40, 120))), inFull}
		}
	}
	first := &f.payments[0]
	switch {
	case first.when == 0 || first.part != inFull:
	case f.linked && f.returned != 0 && f.returned < first.when:
		first.part = lessReturn
	case f.linked && f.returned != 0:
		f.payments[1] = payment{office(f.returned.day().AddDays(3)), backReturn}
	case f.credited != 0:
		f.payments[1] = payment{office(max(f.credited, first.when).day().AddDays(2)), backCredit}
	}
}

// quoteBefore returns when a company asked for a quote before its first order; 0 if it did not.
func (c *Company) quoteBefore(i uint32) wall {
	l := c.life(i)
	return c.quoteOf(&l)
}

func (c *Company) quoteOf(l *life) wall {
	if l.segment != office && l.segment != reseller {
		return 0
	}
	d := throw(c.cfg.Seed, forQuotes, uint64(l.index), 0)
	if day := l.start.AddDays(-d.between(3, 21)); d.chance(0.4) && day >= c.cal.start {
		return at(day, d.between(8*3600, 17*3600))
	}
	return 0
}
