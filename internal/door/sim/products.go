package sim

import (
	"fmt"
	"math"
)

// Product is one article of the assortment.
type Product struct {
	SKU      string
	GTIN     string   // 13 digits of the range for own use in shops, check digit included
	Name     string   // German, with size
	Category []string // path in the category tree, from the top
	Unit     string   // what one piece is: "Packung", "Stück", "Sack"
	Grams    int      // what one piece weighs
	Reduced  bool     // taxed at the reduced rate, as food is

	PriceEUR int64 // today's list price with German tax, cents
	PriceCHF int64 // today's list price with Swiss tax, rappen
	Cost     int64 // what one piece costs us, without tax, euro cents

	index int
	group group
	home  float64 // how often a household, an office, a café takes it
	work  float64
	cafe  float64
	gift  bool // bought mostly before Christmas
}

// group is what the generator knows of a product.
type group uint8

const (
	beans group = iota
	bulk
	capsules
	tea
	drinks
	machine
	bigMachine
	grinder
	accessory
	filters
	cleaning
	present
	trial
	service
)

// assortment is all products with what is needed to draw from them and to price them.
type assortment struct {
	products []Product

	pools      [4]urn[uint16]       // per segment: what it usually takes
	favourites [4][256][3]uint16    // per segment and taste: what a customer comes back for
	machines   [4]urn[uint16]       // per segment
	gifts      urn[uint16]          // before Christmas
	extras     urn[uint16]          // what goes with a machine
	trial      uint16               // the tasting set, whose first buyers come back rarely
	firstYear  int                  // of the price list
	net        [][numPrices][]int64 // per year, currency area and product: unit price without tax, minor units
}

// coffee is a bean with its popularity; the first ones are the best sellers.
type coffee struct {
	name, kind string
	price      int64 // of 250 g with tax, cents
}

// newAssortment makes the products and the price lists of these years. The products are always the same; only which
// customers like what depends on the seed.
func newAssortment(seed uint64, firstYear, lastYear int) *assortment {
	a := &assortment{firstYear: firstYear}
	a.addCoffee()
	for _, r := range shelf {
		for _, it := range r.items {
			a.add(Product{Name: it.name, Category: r.category, Unit: "Stück", Grams: it.grams, Reduced: r.reduced, PriceEUR: it.price,
				Cost: cost(it.price, r.reduced, r.margin), group: r.group, home: r.home * it.demand, work: r.work * it.demand,
				cafe: r.cafe * it.demand, gift: it.gift}, r.code)
		}
	}
	a.fillUrns(seed)
	a.priceLists(lastYear)
	return a
}

var sizes = []struct {
	label            string
	grams            int
	factor           float64 // against the price of 250 g
	home, work, cafe float64
}{
	{"250 g", 250, 1, 1, 0.05, 0},
	{"500 g", 500, 1.9, 0.9, 0.3, 0.05},
	{"1 kg", 1000, 3.55, 0.8, 1.3, 1},
}

func (a *assortment) addCoffee() {
	for i, c := range coffees {
		demand := 1 / (1 + 0.22*float64(i))
		path := []string{"Kaffee", c.kind}
		for _, s := range sizes {
			price := round90(float64(c.price) * s.factor)
			a.add(Product{Name: c.name + " " + s.label, Category: path, Unit: "Packung", Grams: s.grams, Reduced: true, PriceEUR: price,
				Cost: cost(price, true, 0.56), group: beans, home: demand * s.home, work: demand * s.work, cafe: demand * s.cafe}, "KB")
		}
		if i%4 == 0 {
			price := round90(float64(c.price) * 15.5)
			a.add(Product{Name: c.name + " Gastro 5 kg", Category: []string{"Kaffee", "Großgebinde"}, Unit: "Sack", Grams: 5000, Reduced: true,
				PriceEUR: price, Cost: cost(price, true, 0.42), group: bulk, work: 0.15 * demand, cafe: 1.1 * demand}, "KG")
		}
	}
}

// add numbers the product and puts it on the shelf.
func (a *assortment) add(p Product, code string) {
	p.index = len(a.products)
	p.SKU = fmt.Sprintf("%s-%04d", code, 1001+p.index*3)
	p.GTIN = gtin(int64(240_7310_00000) + int64(p.index)*7 + 11)
	p.PriceCHF = round90(float64(p.PriceEUR) * 1.24)
	if p.group == trial {
		a.trial = uint16(p.index)
	}
	a.products = append(a.products, p)
}

// gtin completes twelve digits with their check digit: weights 1 and 3 in turn, up to the next ten.
func gtin(twelve int64) string {
	s := fmt.Sprintf("%012d", twelve)
	sum := 0
	for i, r := range s {
		sum += int(r-'0') * (1 + i%2*2)
	}
	return s + string(rune('0'+(10-sum%10)%10))
}

// cost is what a product of that price may have cost us when margin is the share of the net price that stays.
func cost(price int64, reduced bool, margin float64) int64 {
	tax := 1.19
	if reduced {
		tax = 1.07
	}
	return int64(math.Round(float64(price) / tax * (1 - margin)))
}

// round90 rounds to a price that ends in 40 or 90 cents.
func round90(cents float64) int64 { return max(40, int64(math.Round((cents+10)/50))*50-10) }

func (a *assortment) fillUrns(seed uint64) {
	all := make([]uint16, len(a.products))
	for i := range all {
		all[i] = uint16(i)
	}
	of := func(weight func(*Product) float64) urn[uint16] {
		return fill(4096, all, func(i uint16) float64 { return weight(&a.products[i]) })
	}
	demand := [4]func(*Product) float64{
		household: func(p *Product) float64 { return p.home },
		office:    func(p *Product) float64 { return p.work },
		cafe:      func(p *Product) float64 { return p.cafe },
		reseller: func(p *Product) float64 {
			if p.group == beans {
				return p.home
			}
			return 0
		},
	}
	cheap := func(p *Product) float64 { return 1e5 / float64(p.PriceEUR) }
	d := throw(seed, forProducts, 0, 0)
	for s, w := range demand {
		a.pools[s] = of(func(p *Product) float64 {
			if p.group == machine || p.group == bigMachine || p.group == trial || p.group == service {
				return 0
			}
			return w(p)
		})
		coffee := of(func(p *Product) float64 {
			if p.group != beans && p.group != bulk && p.group != capsules {
				return 0
			}
			return w(p)
		})
		for taste := range a.favourites[s] {
			for k := range 3 {
				a.favourites[s][taste][k] = coffee.draw(&d)
			}
		}
		a.machines[s] = of(func(p *Product) float64 {
			if p.group == machine && s != int(cafe) || p.group == bigMachine && s != int(household) {
				return cheap(p)
			}
			return 0
		})
	}
	a.gifts = of(func(p *Product) float64 {
		if p.gift {
			return 1
		}
		return 0
	})
	a.extras = of(func(p *Product) float64 {
		switch p.group {
		case grinder:
			return 3
		case cleaning, accessory:
			return 1
		}
		return 0
	})
}

// The areas that have a price list of their own.
const (
	inEUR = iota
	inCHF
	numPrices
)

// rise is the price of a year against the year before; what lies before the list stays as it is.
const rise = 1.035

// priceLists fills the net prices of every year: today's list price, and each year before a little less.
func (a *assortment) priceLists(lastYear int) {
	for y := a.firstYear; y <= lastYear; y++ {
		var list [numPrices][]int64
		back := math.Pow(rise, float64(lastYear-y))
		for i := range a.products {
			p := &a.products[i]
			list[inEUR] = append(list[inEUR], netPrice(p.PriceEUR, back, taxRate(germany, p.Reduced)))
			list[inCHF] = append(list[inCHF], netPrice(p.PriceCHF, back, taxRate(switzerland, p.Reduced)))
		}
		a.net = append(a.net, list)
	}
}

func netPrice(today int64, back float64, tax int64) int64 {
	gross := round90(float64(today) / back)
	return int64(math.Round(float64(gross) * 10000 / float64(10000+tax)))
}

// taxRate returns the rate in hundredths of a per cent: 700 is 7 %.
func taxRate(c country, reduced bool) int64 {
	rates := [3][2]int64{germany: {1900, 700}, austria: {2000, 1000}, switzerland: {810, 260}}
	if reduced {
		return rates[c][1]
	}
	return rates[c][0]
}
