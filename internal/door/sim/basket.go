package sim

import (
	"math"
	"time"
)

// Line is one position of a document.
type Line struct {
	Product   *Product // nil for a line that is no article, as a goodwill amount
	Text      string
	Quantity  int64 // thousandths: 1000 is one piece
	UnitPrice int64 // without tax and before the discount, minor units of the currency
	Discount  int   // per cent
	TaxRate   int64 // hundredths of a per cent: 700 is 7 %
	Net, Tax  int64 // of the line, after the discount, minor units
}

// mark is a set of things that are known of an order before its basket is filled.
type mark uint8

const (
	firstOrder mark = 1 << iota
	buysMachine
	hasMachine
	buysTrial
	usesVoucher
	ofChain
	asGuest
	showsCode // of a coupon of the measure of that day
)

func (m mark) has(x mark) bool { return m&x != 0 }

// profile is what a basket depends on, small enough to travel with each ticket.
type profile struct {
	segment segment
	country country
	taste   uint8
	marks   mark
}

// basket fills lines with what was ordered. It depends on nothing but the ticket's order, so it can be filled again for the
// invoice, the payment and the return.
func (c *Company) basket(t *ticket, lines []Line) []Line {
	d := throw(c.cfg.Seed, forBasket, uint64(t.customer), uint64(t.seq)<<1|t.guestBit())
	p, day := t.profile, t.ordered.day()
	date := c.cal.date(day)
	discount := c.discount(&d, p, date)
	list := inEUR
	if p.country == switzerland {
		list = inCHF
	}
	prices := c.goods.net[min(max(date.year-c.goods.firstYear, 0), len(c.goods.net)-1)][list]
	put := func(product uint16) {
		for i := range lines {
			if lines[i].Product.index == int(product) {
				return
			}
		}
		lines = append(lines, c.line(product, 1, prices[product], discount, p.country))
	}

	n := linesOf[p.segment][d.below(len(linesOf[0]))]
	if p.marks.has(buysTrial) {
		put(c.goods.trial)
		n = min(n, 2) - 1
	}
	if p.marks.has(buysMachine) {
		put(c.goods.machines[p.segment].draw(&d))
		put(c.goods.extras.draw(&d))
	}
	gifts := giftShare(p.segment, date)
	for range n {
		put(c.choose(&d, p, gifts))
		last := &lines[len(lines)-1]
		if q := pieces(&d, p, last.Product); q > 1 && last.Quantity == 1000 {
			*last = c.line(uint16(last.Product.index), q, last.UnitPrice, discount, p.country)
		}
	}
	return lines
}

// linesOf holds the number of lines of an order, as often as it occurs.
var linesOf = [4][32]int{
	household: spread(8, 10, 6, 4, 3, 1),
	office:    spread(4, 8, 9, 7, 3, 1),
	cafe:      spread(3, 7, 9, 7, 4, 2),
	reseller:  spread(0, 2, 6, 8, 8, 8),
}

// spread returns 1 as often as the first count says, 2 as often as the second …
func spread(counts ...int) (out [32]int) {
	i := 0
	for n, count := range counts {
		for range count {
			out[i] = n + 1
			i++
		}
	}
	return out
}

// choose draws one product: mostly a favourite, sometimes something else.
func (c *Company) choose(d *dice, p profile, gifts float64) uint16 {
	r := d.share()
	if r < gifts {
		return c.goods.gifts.draw(d)
	}
	favourite := 0.5
	if p.marks.has(hasMachine) {
		favourite = 0.62
	}
	if p.marks.has(asGuest) {
		favourite = 0
	}
	if r < gifts+favourite {
		return c.goods.favourites[p.segment][p.taste][d.below(3)]
	}
	return c.goods.pools[p.segment].draw(d)
}

// giftShare is the part of the choices that are presents on that day.
func giftShare(s segment, on date) float64 {
	switch {
	case s == cafe || s == reseller:
		return 0
	case on.month == time.November && on.day > 15 || on.month == time.December && on.day < 24:
		return 0.2
	}
	return 0.012
}

// pieces draws how many of a product are taken.
func pieces(d *dice, p profile, product *Product) int {
	switch product.group {
	case machine, bigMachine, grinder, present, trial:
		return 1
	case beans, capsules:
		switch p.segment {
		case household:
			return one.draw(d)
		case office:
			return some.draw(d)
		case reseller:
			return 6 * d.between(1, 4)
		}
		if p.marks.has(ofChain) {
			return d.between(10, 30)
		}
		return 1 + many.draw(d)
	case bulk:
		if p.marks.has(ofChain) {
			return d.between(4, 12)
		}
		return two.draw(d)
	}
	if p.segment == household {
		return mostlyOne.draw(d)
	}
	return two.draw(d)
}

// counts draws how many pieces, at least one.
type counts [256]uint8

// geometric returns counts that are 1 plus an exponentially distributed number of that mean, rounded down.
func geometric(mean float64) (c counts) {
	for i := range c {
		c[i] = uint8(1 - mean*math.Log(1-(float64(i)+0.5)/float64(len(c))))
	}
	return c
}

func (c *counts) draw(d *dice) int { return int(c[d.pcg.Uint64()>>56]) }

var (
	mostlyOne = geometric(0.3)
	one       = geometric(0.55)
	two       = geometric(0.95)
	some      = geometric(2.4)
	many      = geometric(3.5)
)

// discount returns the per cent taken off all lines of an order.
func (c *Company) discount(d *dice, p profile, on date) int {
	r := d.share()
	switch {
	case p.marks.has(usesVoucher):
		return 20
	case p.marks.has(ofChain):
		return 18
	case p.segment == reseller:
		return 25
	case p.segment == cafe:
		return 10 + 5*int(p.taste&1)
	case p.segment == office:
		return 5 * int(p.taste&1)
	case on.month == time.November && on.day >= 22 && r < 0.5: // the week of bargains
		return 15
	case r < 0.05:
		return 10
	}
	return 0
}

// line computes one position: net is rounded once, tax once.
func (c *Company) line(product uint16, pieces int, price int64, discount int, in country) Line {
	p := &c.goods.products[product]
	l := Line{Product: p, Text: p.Name, Quantity: int64(pieces) * 1000, UnitPrice: price, Discount: discount, TaxRate: taxRate(in, p.Reduced)}
	l.Net = (price*int64(pieces)*int64(100-discount) + 50) / 100
	l.Tax = taxOf(l.Net, l.TaxRate)
	return l
}

// taxOf returns the tax on a net amount of zero or more, half a cent rounded up.
func taxOf(net, rate int64) int64 { return (net*rate + 5000) / 10000 }

// shipping returns what parcels cost the customer, without tax.
func shipping(p profile, net int64) int64 {
	switch {
	case p.marks.has(asGuest) && p.taste&1 == 0, p.segment != household && net >= 15000, p.segment == household && net >= 5000:
		return 0
	case p.country == switzerland:
		return 990
	case p.country == austria:
		return 690
	}
	return 449
}
