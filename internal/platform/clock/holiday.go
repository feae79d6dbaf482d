package clock

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Holiday is a public holiday of a region in one year.
type Holiday struct {
	Day     Day
	NameKey string // key of its name in the catalogues
	Custom  bool   // no holiday by law, but nearly everybody in the region keeps it as one
}

// Holidays returns the public holidays of a region in a year, in order of their days. Two that fall on the same day both stand
// there. A region is a code of ISO 3166 as Regions lists them. One that is not listed has the holidays that its whole
// country shares, and none if the country is not listed either.
func Holidays(region string, year int) []Holiday {
	var list []Holiday
	easter := Easter(year)
	for _, r := range rulesOf(region) {
		if d, ok := r.in(year, easter); ok {
			list = append(list, Holiday{d, holidayKey + r.name, r.custom})
		}
	}
	slices.SortStableFunc(list, func(a, b Holiday) int { return cmp.Compare(a.Day, b.Day) })
	return list
}

// HolidayOn returns the public holiday of a region on a day, if there is one.
func HolidayOn(region string, d Day) (Holiday, bool) {
	year, _, _ := d.Date()
	easter := Easter(year)
	for _, r := range rulesOf(region) {
		if day, ok := r.in(year, easter); ok && day == d {
			return Holiday{d, holidayKey + r.name, r.custom}, true
		}
	}
	return Holiday{}, false
}

const holidayKey = "clock.holiday."

// Regions returns the regions with a table of holidays: DE, AT and CH, the German states and the Swiss cantons.
func Regions() []string { return strings.Fields(regions) }

// RegionKey returns the key of a region's name in the catalogues.
func RegionKey(region string) string { return "clock.region." + region }

// Easter returns Easter Sunday of a year in the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher (Jean Meeus,
// Astronomical Algorithms, chapter 8).
func Easter(year int) Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return NewDay(year, time.Month(month), (h+l-7*m+33*month+19)%32)
}

// rule says in which years which day is a holiday in which regions.
type rule struct {
	name    string // last part of the key of its name
	when    dayIn
	regions string // separated by blanks; a country stands for all its regions
	from    int    // first year, 0 if it does not matter
	until   int    // last year, 0 if it goes on
	custom  bool
	only    func(Day) bool // if set, the day is a holiday only where it holds
}

// dayIn finds the day of a holiday in a year, given its Easter Sunday.
type dayIn func(year int, easter Day) Day

// in returns the day of the holiday in a year, if it is one in that year.
func (r rule) in(year int, easter Day) (Day, bool) {
	if year < r.from || r.until != 0 && year > r.until {
		return 0, false
	}
	d := r.when(year, easter)
	return d, r.only == nil || r.only(d)
}

// rulesByRegion sorts the table by region at the first call.
var rulesByRegion = sync.OnceValue(func() map[string][]rule {
	by := map[string][]rule{}
	for _, region := range Regions() {
		for _, r := range table {
			listed := strings.Fields(r.regions)
			if slices.Contains(listed, region) || slices.Contains(listed, country(region)) {
				by[region] = append(by[region], r)
			}
		}
	}
	return by
})

func rulesOf(region string) []rule {
	by := rulesByRegion()
	if rules, ok := by[region]; ok {
		return rules
	}
	return by[country(region)]
}

// country returns the country of a region: CH of CH-ZH.
func country(region string) string {
	c, _, _ := strings.Cut(region, "-")
	return c
}

// on is a day with a fixed date.
func on(month time.Month, day int) dayIn {
	return func(year int, _ Day) Day { return NewDay(year, month, day) }
}

// easterAnd is a day so many days after Easter Sunday.
func easterAnd(days int) dayIn {
	return func(_ int, easter Day) Day { return easter.AddDays(days) }
}

// nth is the n-th of a weekday in a month, and so many days more.
func nth(n int, weekday time.Weekday, month time.Month, more int) dayIn {
	return func(year int, _ Day) Day {
		first := NewDay(year, month, 1)
		wait := (int(weekday) - int(first.Weekday()) + 7) % 7
		return first.AddDays(wait + 7*(n-1) + more)
	}
}

// repentanceDay is the Wednesday before 23 November.
func repentanceDay(year int, _ Day) Day {
	d := NewDay(year, time.November, 22)
	return d - Day((d.Weekday()-time.Wednesday+7)%7)
}

// naefelsDay is the first Thursday of April, a week later if that is Maundy Thursday.
func naefelsDay(year int, easter Day) Day {
	d := nth(1, time.Thursday, time.April, 0)(year, easter)
	if d == easter.AddDays(-3) {
		return d.AddDays(7)
	}
	return d
}

func isMonday(d Day) bool { return d.Weekday() == time.Monday }

// noThirdRestDay keeps 26 December from making three days of rest in a row with Christmas and a Sunday.
func noThirdRestDay(d Day) bool {
	return d.Weekday() != time.Tuesday && d.Weekday() != time.Saturday
}
