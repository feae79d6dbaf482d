package sim

import (
	"slices"
	"time"

	"stamm/internal/platform/clock"
)

// measure is something the company did in its last year to keep its customers, with what is true of it: by how much it made those who
// got it order more. What it does to a customer is at most one more order within its days.
type measure struct {
	name, goal     string
	day            clock.Day // on which it was sent
	open           int       // days after it on which others may still get it
	window         int       // days that count, the first included
	control        int       // per mille left alone
	media          int64     // cents for each customer who got it
	coupon         int64     // cents for each coupon redeemed; it is credited, so the amounts of the orders do not show it
	code           string    // of that coupon, the same for all who get it
	work           int64     // cents in all
	calls          bool      // told on the telephone; by post or by mail otherwise
	budget         int64     // cents
	learned, again string

	audience func(*state) bool
	effect   func(*state) float64 // the chance of one more order
}

// state is how a customer stands on the day of a measure. What the company cannot know is gone.
type state struct {
	*life
	bought int // orders so far
	silent int // days since the last one
	gone   bool
}

// private tells that somebody buys for a household and is not of the staff.
func (s *state) private() bool { return s.segment == household && !s.staff }

const measureWindow = 28

// newMeasures returns what was held in the year before until, by day. Those of this year lie more than their days apart, so that
// one does not blur what another one brought; the one at Christmas lies where Christmas is. Nobody who has left comes back for any of them.
func newMeasures(until clock.Day) []measure {
	back := until.AddDays
	advent := christmas(until)
	all := []measure{
		{name: "Weihnachtspost", goal: "Allen Privatkunden mit Karte und einer Praline frohe Weihnachten wünschen", day: advent, window: measureWindow, control: 300,
			media: 290, work: 900_00, budget: 20_000_00, learned: "Die Post kostet mehr, als sie bringt: im Advent bestellt ohnehin, wer bestellen will.", again: "no",
			audience: func(s *state) bool { return s.private() && s.silent <= 365 },
			effect:   func(*state) float64 { return 0.008 }},
		{name: "Nachkauf-Erinnerung", goal: "Wer seit fünf bis zwölf Wochen nichts bestellt hat, an neue Bohnen erinnern", day: back(-262), window: measureWindow, control: 300,
			media: 2, work: 240_00, budget: 1_000_00, learned: "Eine kurze Mail zur rechten Zeit genügt, ein Gutschein ist nicht nötig.", again: "yes",
			audience: func(s *state) bool { return s.private() && s.silent >= 35 && s.silent <= 84 },
			effect: func(s *state) float64 {
				if s.bought == 1 { // one who does not know us well yet is moved less
					return 0.14
				}
				return 0.28
			}},
		{name: "Reaktivierung mit Katalog", goal: "Lange Verlorene mit Katalog und Gutschein über 10 Euro zurückholen", day: back(-214), window: measureWindow, control: 150,
			media: 260, coupon: 10_00, code: "KATALOG10", work: 650_00, budget: 12_000_00, learned: "Wer über ein Jahr weg ist, kommt auch mit Gutschein nicht wieder.", again: "no",
			audience: func(s *state) bool { return s.private() && s.silent > 365 },
			effect:   func(*state) float64 { return 0.02 }},
		{name: "Rückgewinnung mit Gutschein", goal: "Abkühlende Privatkunden mit einem Gutschein über 5 Euro zurückholen", day: back(-166), window: measureWindow, control: 250,
			media: 2, coupon: 5_00, code: "RUECKKEHR5", work: 400_00, budget: 4_000_00, learned: "Wer zwei bis fünf Monate still war, kommt für 5 Euro wieder; später nicht mehr.", again: "yes",
			audience: func(s *state) bool { return s.private() && s.bought >= 2 && s.silent >= 50 && s.silent <= 170 },
			effect: func(s *state) float64 {
				if s.rate > 0.05 {
					return 0.24
				}
				return 0.16
			}},
		{name: "Maschinenpflege", goal: "Besitzer einer Maschine an Entkalken und Reinigen erinnern", day: back(-118), window: measureWindow, control: 300,
			media: 2, work: 180_00, budget: 500_00, again: "change",
			audience: func(s *state) bool {
				return s.private() && s.machine >= 0 && s.bought > s.machine && s.silent <= 365
			},
			effect: func(*state) float64 { return 0.05 }},
		{name: "Barista-Nachmittag für Cafés", goal: "Cafés in Österreich zu einem Nachmittag mit unserer Barista einladen", day: back(-70), window: measureWindow, control: 300,
			media: 120, work: 350_00, budget: 800_00, calls: true, learned: "Am Telefon sagen die meisten zu; wie viel mehr sie danach bestellen, ist bei so wenigen nicht zu sehen.",
			audience: func(s *state) bool {
				return s.segment == cafe && s.country == austria && s.silent <= 120
			},
			effect: func(*state) float64 { return 0.1 }},
		{name: "Herbströstung vorgestellt", goal: "Treuen Kunden die neue Röstung als Ersten anbieten", day: back(-10), open: 20, window: measureWindow, control: 200,
			media: 2, work: 200_00, budget: 1_500_00,
			audience: func(s *state) bool { return s.private() && s.bought >= 3 && s.silent <= 90 },
			effect:   func(*state) float64 { return 0.1 }},
		{name: "Anruf bei stillen Büros", goal: "Büros, die seit zwei bis vier Monaten still sind, fragen, was ihnen fehlt", day: back(-7), open: 20, window: measureWindow, control: 200,
			work: 260_00, budget: 600_00, calls: true,
			audience: func(s *state) bool {
				return s.segment == office && s.country == germany && s.silent >= 60 && s.silent <= 120
			},
			effect: func(*state) float64 { return 0.06 }},
	}
	slices.SortStableFunc(all, func(a, b measure) int { return int(a.day - b.day) })
	return all
}

// christmas is the last first of December whose measure was over by until.
func christmas(until clock.Day) clock.Day {
	year, _, _ := until.Date()
	day := clock.NewDay(year, time.December, 1)
	if day.AddDays(measureWindow) > until {
		day = clock.NewDay(year-1, time.December, 1)
	}
	return day
}

// treatment is what a measure did to a customer in its audience.
type treatment struct {
	of       int     // index of the measure
	chance   float64 // with which it brings an order
	control  bool
	extra    wall // of the order that it brought; 0 for none, or for one that is still to come
	seq      int  // how many orders came before that one
	redeemed int  // coupons
	used     wall // of the order with which it was redeemed
}

// couponShare is the part of the orders that those who got a coupon would have placed anyway for which they redeem it nevertheless.
const couponShare = 0.4

// treatments returns what the measures did to a customer whose orders fell on these times. Which group she is in is drawn by a hash of the
// seed, the customer and the measure, and nothing else.
func (c *Company) treatments(l *life, orders []wall, all []treatment) []treatment {
	all = all[:0]
	var mail bool
	asked := false
	for k := range c.measures {
		m := &c.measures[k]
		s, ok := c.stateOn(l, m.day, orders, all)
		if !ok || l.chain || !m.audience(&s) {
			continue
		}
		if !asked { // drawing a person takes longer than anything else here
			mail, asked = c.person(l).Mail != "", true
		}
		if mail {
			all = append(all, c.treat(l, k, &s, orders))
		}
	}
	return all
}

// stateOn is how a customer stands on a day, what earlier measures brought included. It reports false for one who has not bought yet.
func (c *Company) stateOn(l *life, day clock.Day, orders []wall, before []treatment) (state, bool) {
	s := state{life: l, gone: l.drop != 0 && l.drop <= day}
	var last wall
	for _, when := range orders {
		if when.day() >= day {
			break
		}
		last = when
		s.bought++
	}
	for i := range before {
		if x := before[i].extra; x != 0 && x.day() < day {
			last = max(last, x)
		}
	}
	s.silent = int(day - last.day())
	return s, s.bought > 0
}

// treat draws group and effect.
func (c *Company) treat(l *life, k int, s *state, orders []wall) treatment {
	m := &c.measures[k]
	d := throw(c.cfg.Seed, forMeasures, uint64(l.index), uint64(k))
	t := treatment{of: k, seq: s.bought, control: d.below(1000) < m.control}
	moved, later := d.share(), 1+int(d.exp()*6)
	second := c.cal.second(&d)
	if t.control {
		return t
	}
	if !s.gone {
		t.chance = m.effect(s)
	}
	if day := m.day.AddDays(later); moved < t.chance && later < m.window && day <= c.cal.until && (l.drop == 0 || day < l.drop) {
		t.extra = at(day, second)
	}
	if m.coupon > 0 {
		if t.extra != 0 {
			t.redeemed, t.used = 1, t.extra
		}
		for _, when := range orders {
			if day := when.day(); day >= m.day && day < m.day.AddDays(m.window) && d.chance(couponShare) && t.redeemed == 0 {
				t.redeemed, t.used = 1, when
			}
		}
	}
	return t
}

// extraSeq is the number of the first order of a customer that a measure brought, far above those that came by themselves.
const extraSeq = refused - 64

// ticket is the order that the measure brought.
func (t *treatment) ticket(l *life) ticket {
	p := l.profile(t.seq)
	p.marks &^= buysMachine
	if t.used == t.extra {
		p.marks |= showsCode
	}
	return ticket{when: t.extra, ordered: t.extra, customer: l.index, seq: uint16(extraSeq + t.of), profile: p}
}

// letter is what a message costs at least that goes by post, cents.
const letter = 100

// ByPost tells whether a measure of the last year wrote letters rather than mails.
func (c *Company) ByPost(name string) bool {
	return slices.ContainsFunc(c.measures, func(m measure) bool { return m.name == name && m.media >= letter && !m.calls })
}

// ByPhone tells whether a measure of the last year was told on the telephone.
func (c *Company) ByPhone(name string) bool {
	return slices.ContainsFunc(c.measures, func(m measure) bool { return m.name == name && m.calls })
}

// Coupon is a coupon of a measure: one code for all who got the measure, for euros off one order.
type Coupon struct {
	Name, Code  string
	Cents       int64
	First, Last clock.Day
}

// Coupons are the coupons of the measures of the last year.
func (c *Company) Coupons() []Coupon {
	var all []Coupon
	for _, m := range c.measures {
		if m.coupon > 0 {
			all = append(all, Coupon{Name: m.name, Code: m.code, Cents: m.coupon, First: m.day, Last: m.day.AddDays(m.window - 1)})
		}
	}
	return all
}

// codeOn is the code that an order of a day shows.
func (c *Company) codeOn(day clock.Day) string {
	for _, m := range c.measures {
		if m.coupon > 0 && day >= m.day && day < m.day.AddDays(m.window) {
			return m.code
		}
	}
	return ""
}

// orderTimes are the times of a customer's orders, with what walking through them says of her leaving.
func (c *Company) orderTimes(l *life, into []wall) []wall {
	into = into[:0]
	w := c.walk(l)
	for _, when, ok := w.next(); ok; _, when, ok = w.next() {
		into = append(into, when)
	}
	return into
}
