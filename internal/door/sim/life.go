package sim

import "stamm/internal/platform/clock"

// segment is what kind of buyer a customer is.
type segment uint8

const (
	household segment = iota
	office
	cafe
	reseller
)

func (s segment) String() string { return [...]string{"household", "office", "cafe", "reseller"}[s] }

// country is where a customer lives; it decides on currency and tax.
type country uint8

const (
	germany country = iota
	austria
	switzerland
)

func (c country) String() string { return [...]string{"DE", "AT", "CH"}[c] }

func (c country) currency() string {
	if c == switzerland {
		return "CHF"
	}
	return "EUR"
}

// habits is how a segment buys and leaves: its rates are gamma-distributed over its customers.
type habits struct {
	share     float64 // of the customers
	rate      float64 // mean orders per week
	rateShape float64 // the smaller, the more unlike each other they are
	risk      float64 // mean risk per week to leave for good
	riskShape float64
	machine   float64 // share that buys a machine from us at some time
}

var habitsOf = [...]habits{
	household: {share: 0.877, rate: 0.070, rateShape: 0.85, risk: 0.017, riskShape: 0.75, machine: 0.16},
	office:    {share: 0.080, rate: 0.190, rateShape: 1.3, risk: 0.007, riskShape: 1.1, machine: 0.45},
	cafe:      {share: 0.040, rate: 0.420, rateShape: 1.6, risk: 0.008, riskShape: 1.1, machine: 0.30},
	reseller:  {share: 0.003, rate: 0.300, rateShape: 2, risk: 0.004, riskShape: 1, machine: 0},
}

// What makes the story of the simulated company.
const (
	grabberShare   = 0.65  // of the households won in the month of the newsletter voucher only wanted the voucher
	grabberRisk    = 0.35  // their risk per week to leave
	trialShare     = 0.07  // of the other households begin with the tasting set
	trialRisk      = 7     // times the usual risk, for those who do
	lostByTrouble  = 0.15  // of those who ordered while parcels were late leave over it
	chainRate      = 2.6   // orders per week of the big café chain, before it cools
	chainFloor     = 0.12  // of its rate is left in the end
	chainFade      = 140.0 // days over which it cools
	internalShare  = 0.0015
	guestShare     = 0.055 // guest orders for each order of a customer
	minForTheChain = 20    // fewer customers have no chain among them
)

// chainIndex is the customer number of the big café chain, one of the first.
const chainIndex = 6

// life is what is true of a customer before anything is sold: what no real company knows.
type life struct {
	index   uint32
	segment segment
	country country
	place   uint16 // index into places
	start   clock.Day
	second  int // of the first order
	rate    float64
	risk    float64
	drop    clock.Day // the first day on which it will not buy any more; 0 if that lies after the last day
	reason  string    // why it left, if there was an event: "delivery"
	machine int       // the order with which it buys its machine, -1 if never
	taste   uint8
	voucher bool // came for the newsletter voucher
	trial   bool // begins with the tasting set
	chain   bool
	staff   bool
}

// life draws the life of customer i. It takes less than a microsecond and is never stored: whoever needs it draws it again.
func (c *Company) life(i uint32) life {
	d := throw(c.cfg.Seed, forLife, uint64(i), 0)
	l := life{index: i, machine: -1, taste: uint8(d.below(256))}
	l.segment = drawSegment(d.share())
	l.country, l.place = drawPlace(&d)
	l.chain = i == chainIndex && c.cfg.Customers >= minForTheChain
	if l.chain {
		l.segment, l.country, l.place = cafe, germany, 0
	}
	h := &habitsOf[l.segment]
	l.rate = max(d.gamma(h.rateShape, h.rate), 1e-5)
	l.risk = max(d.gamma(h.riskShape, h.risk), 1e-6)
	if d.chance(h.machine) {
		l.machine = d.below(3)
	}

	x := (float64(i) + d.share()) / float64(c.cfg.Customers) * c.cal.arrivals.total()
	day, ok := c.cal.arrivals.find(x)
	if !ok {
		day = c.cal.until
	}
	l.start, l.second = day, c.cal.second(&d)

	if d.chance(c.cal.fromBefore(l.start)) {
		l.risk *= beforeRisk
	}
	if l.start >= c.cal.better {
		l.rate *= welcome
	}
	story := d.share()
	switch {
	case l.segment == household && in(l.start, c.cal.grabbers) && story < grabberShare:
		l.voucher, l.risk, l.machine = true, grabberRisk, -1
	case l.segment == household && story > 1-trialShare:
		l.trial, l.machine = true, -1
		l.risk *= trialRisk
	case l.segment == household && story < internalShare:
		l.staff, l.country, l.place = true, germany, 0
	case l.chain:
		l.rate, l.risk = chainRate, 1e-6
	}
	l.drop = c.dropout(&l, d.exp())
	return l
}

// dropout returns the day on which risk adds up to patience; 0 if that is after the last day.
func (c *Company) dropout(l *life, patience float64) clock.Day {
	curve := &c.cal.leaving
	day, ok := curve.find(curve.upTo(l.start) + patience/l.risk)
	if !ok || l.chain {
		return 0
	}
	return max(day, l.start.AddDays(1))
}

func drawSegment(u float64) segment {
	for s := range habitsOf {
		if u -= habitsOf[s].share; u < 0 {
			return segment(s)
		}
	}
	return household
}

// walk goes through the orders of one customer in time. Orders fall as a Poisson process whose speed follows the season; it
// ends when the customer leaves or the last day is over.
type walk struct {
	c    *Company
	l    *life
	d    dice
	pos  float64
	seq  int
	year *curve
}

func (c *Company) walk(l *life) walk {
	w := walk{c: c, l: l, d: throw(c.cfg.Seed, forOrders, uint64(l.index), 0), year: c.cal.curveOf(l.segment)}
	w.pos = w.year.upTo(l.start.AddDays(1))
	return w
}

func (c *calendar) curveOf(s segment) *curve {
	if s == household {
		return &c.household
	}
	return &c.business
}

// next returns number and time of the next order. Ordering while parcels are late may make the customer leave: that sets
// drop and reason of its life.
func (w *walk) next() (seq int, when wall, ok bool) {
	if w.seq == 0 {
		when = at(w.l.start, w.l.second)
	} else if when, ok = w.later(); !ok {
		return 0, 0, false
	}
	if day := when.day(); in(day, w.c.cal.trouble) && !w.l.chain && w.l.reason == "" && w.d.chance(lostByTrouble) {
		if gone := day.AddDays(w.d.between(8, 20)); (w.l.drop == 0 || gone < w.l.drop) && gone <= w.c.cal.until {
			w.l.drop, w.l.reason = gone, "delivery"
		}
	}
	w.seq++
	return w.seq - 1, when, true
}

func (w *walk) later() (wall, bool) {
	for {
		w.pos += w.d.exp() / w.l.rate
		day, ok := w.year.find(w.pos)
		if !ok || w.l.drop != 0 && day >= w.l.drop {
			return 0, false
		}
		if w.l.chain && !w.d.chance(w.c.cal.warmth(day)) {
			continue
		}
		return at(day, w.c.cal.second(&w.d)), true
	}
}

// warmth is the part of its rate at which the big chain still orders on that day.
func (c *calendar) warmth(d clock.Day) float64 {
	if d < c.cooling {
		return 1
	}
	return max(chainFloor, 1-float64(d-c.cooling)/chainFade)
}

// expected returns how many orders are to be expected of the customer up to the last day, given its rate and when it left.
// It is asked after the walk, which may still change when it left.
func (c *Company) expected(l *life) float64 {
	curve, from, to := c.cal.curveOf(l.segment), l.start.AddDays(1), c.cal.until.AddDays(1)
	if l.drop != 0 {
		to = min(to, l.drop)
	}
	if !l.chain {
		return 1 + l.rate*(curve.upTo(to)-curve.upTo(from))
	}
	sum := 1.0
	for d := from; d < to; d++ {
		sum += l.rate * c.cal.warmth(d) * (curve.upTo(d+1) - curve.upTo(d))
	}
	return sum
}
