package sim

import (
	"math"
	"sort"
	"time"

	"stamm/internal/platform/clock"
)

const daySeconds = 24 * 60 * 60

// Moment is a time as the clock on the shop's wall shows it. The shop takes no orders between midnight and five in
// the morning, and nothing else happens between two and three, so no moment falls into the hour that summer time skips or repeats.
type Moment struct {
	Day    clock.Day
	Second int // of the day, 0 to 86399
}

// Time returns the instant in the zone of the shop.
func (m Moment) Time(loc *time.Location) time.Time {
	y, mo, d := m.Day.Date()
	return time.Date(y, mo, d, 0, 0, m.Second, 0, loc)
}

// wall is a moment as one number, seconds since 1970-01-01 on the wall clock: what tickets are sorted by.
type wall int64

func at(d clock.Day, second int) wall { return wall(d)*daySeconds + wall(second) }

func (w wall) day() clock.Day { return clock.Day(w / daySeconds) }

func (w wall) moment() Moment { return Moment{Day: w.day(), Second: int(w % daySeconds)} }

// calendar holds everything that depends on the day alone. Its curves are sums over the days since the start, so that
// "where does the next order fall" is a step along a curve and not a loop over days.
type calendar struct {
	start, until clock.Day // the first and the last day
	arrivals     curve     // of new customers
	household    curve     // of buying at home, 1 per average week
	business     curve     // of buying at work, 1 per average week
	leaving      curve     // of the risk to leave, 1 per week at the usual risk

	grabbers [2]clock.Day // the month of the newsletter voucher
	trouble  [2]clock.Day // the month in which parcels were late
	cooling  clock.Day    // since when the big chain orders less
	better   clock.Day    // since when fewer leave

	hours [256]uint8 // draws an hour of the day
	dates []date     // per day
}

func newCalendar(until clock.Day, years int) *calendar {
	c := &calendar{start: until.AddMonths(-12 * years).AddDays(1), until: until}
	month := func(back int) [2]clock.Day {
		m := until.AddMonths(-back).Month()
		return [2]clock.Day{m, m.AddMonths(1)}
	}
	c.trouble, c.grabbers = month(15), month(21)
	c.cooling = until.AddMonths(-6)
	c.better = until.AddMonths(-12)

	days := int(until-c.start) + 1
	c.arrivals = newCurve(c.start, days, func(d clock.Day) float64 {
		grown := 1 + 0.7*float64(d-c.start)/float64(days) + movers(d-c.start)
		if d >= c.grabbers[0] && d < c.grabbers[1] {
			grown *= 1.6
		}
		return grown * math.Sqrt(homeSeason(d)) * homeWeek[d.Weekday()]
	})
	c.household = newCurve(c.start, days, func(d clock.Day) float64 { return homeSeason(d) * homeWeek[d.Weekday()] })
	c.business = newCurve(c.start, days, func(d clock.Day) float64 { return workSeason(d) * workWeek[d.Weekday()] })
	c.household.scale(float64(days) / 7)
	c.business.scale(float64(days) / 7)
	c.leaving = newCurve(c.start, days, func(d clock.Day) float64 {
		if d >= c.better {
			return laterRisk / 7
		}
		return 1.0 / 7
	})
	c.fillHours()
	for d := c.start; d <= c.until; d++ {
		y, m, day := d.Date()
		c.dates = append(c.dates, date{y, m, day})
	}
	return c
}

// date is a day split up.
type date struct {
	year  int
	month time.Month
	day   int
}

// date returns the date of a day of the history, looked up: it is asked for with every line.
func (c *calendar) date(d clock.Day) date { return c.dates[d-c.start] }

// What is different in the last year, and what was so before the first: the company has learned something, and it did not
// begin with the data.
const (
	laterRisk  = 0.55 // risk to leave in the last year against the years before
	welcome    = 1.2  // rate of those who came in the last year: new customers are better looked after
	beforeRisk = 0.45 // risk of those who had been customers before the data begins: who would leave soon had left
)

// movers is how many come in the first weeks who had been customers before, against new ones.
func movers(day clock.Day) float64 { return 6 * math.Exp(-float64(day)/40) }

// fromBefore is the share of those who first appear on that day that had been customers before.
func (c *calendar) fromBefore(d clock.Day) float64 {
	m := movers(d - c.start)
	return m / (1 + m)
}

// in reports whether the day lies in that month.
func in(d clock.Day, month [2]clock.Day) bool { return d >= month[0] && d < month[1] }

// years returns the calendar years from the first to the last day, for price lists.
func (c *calendar) years() (first, last int) {
	first, _, _ = c.start.Date()
	last, _, _ = c.until.Date()
	return first, last
}

var (
	homeWeek  = [7]float64{1.25, 1.12, 1.02, 0.97, 0.95, 0.88, 0.81} // Sunday first
	homeMonth = [13]float64{0, 0.92, 0.92, 0.96, 0.96, 0.9, 0.84, 0.78, 0.82, 0.95, 1.05, 1.32, 1.7}
	workWeek  = [7]float64{0.08, 1.5, 1.35, 1.25, 1.2, 1.1, 0.2}
	workMonth = [13]float64{0, 0.98, 1, 1.03, 1.02, 1, 0.97, 0.86, 0.84, 1.04, 1.06, 1.08, 1.05}
)

// homeSeason is how much is bought at home on that day: most in the weeks before Christmas, little between the years.
func homeSeason(d clock.Day) float64 {
	_, m, day := d.Date()
	if m == time.December && day > 20 {
		return 0.55
	}
	return homeMonth[m]
}

func workSeason(d clock.Day) float64 {
	_, m, day := d.Date()
	if m == time.December && day > 21 {
		return 0.3
	}
	return workMonth[m]
}

// fillHours spreads the orders over the day: two heaps, late morning and evening, nothing between one and five.
func (c *calendar) fillHours() {
	weights := [24]float64{1: 0, 5: 0.4, 6: 1.5, 7: 3, 8: 5, 9: 6.5, 10: 7, 11: 6.5, 12: 6, 13: 5.5, 14: 5.5, 15: 5.5, 16: 5.5,
		17: 5.5, 18: 6, 19: 7, 20: 8, 21: 7, 22: 4, 23: 1.5}
	hours := make([]uint8, 24)
	for h := range hours {
		hours[h] = uint8(h)
	}
	lots := fill(len(c.hours), hours, func(h uint8) float64 { return weights[h] })
	for i := range c.hours {
		c.hours[i] = lots[i*len(lots)/len(c.hours)]
	}
}

// second draws a second of the day.
func (c *calendar) second(d *dice) int {
	r := d.pcg.Uint64()
	return int(c.hours[r&0xff])*3600 + int((r>>32)*3600>>32)
}

// curve is a growing sum over days: sum[i] is what came before the i-th day.
type curve struct {
	first clock.Day
	sum   []float64
	guide []int32 // for each step along the sum, the day it falls on
	step  float64
}

func newCurve(first clock.Day, days int, of func(clock.Day) float64) curve {
	c := curve{first: first, sum: make([]float64, days+1)}
	for i := range days {
		c.sum[i+1] = c.sum[i] + of(first.AddDays(i))
	}
	c.index()
	return c
}

// scale stretches the curve so that it ends at total.
func (c *curve) scale(total float64) {
	f := total / c.total()
	for i := range c.sum {
		c.sum[i] *= f
	}
	c.index()
}

func (c *curve) index() {
	n := len(c.sum) - 1
	c.step = c.total() / float64(n)
	c.guide = make([]int32, n+1)
	for i := range c.guide {
		x := float64(i) * c.step
		c.guide[i] = int32(min(n-1, sort.Search(n, func(j int) bool { return c.sum[j+1] > x })))
	}
}

func (c *curve) total() float64 { return c.sum[len(c.sum)-1] }

// upTo returns the sum at the start of the day.
func (c *curve) upTo(d clock.Day) float64 {
	return c.sum[min(max(int(d-c.first), 0), len(c.sum)-1)]
}

// find returns the day on which the sum passes x; ok is false if it never does.
func (c *curve) find(x float64) (day clock.Day, ok bool) {
	if x >= c.total() {
		return 0, false
	}
	i := int(c.guide[int(x/c.step)])
	for c.sum[i+1] <= x {
		i++
	}
	return c.first.AddDays(i), true
}
