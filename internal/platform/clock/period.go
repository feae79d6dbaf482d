package clock

import (
	"time"
)

// Period is a stretch of days with both ends in it: "until 31.12." is over at the midnight after that day. A period whose
// Until lies before its From holds no day.
type Period struct {
	From  Day `json:"from"`
	Until Day `json:"until"` // the last day
}

// MonthOf returns the month that holds d.
func MonthOf(d Day) Period {
	first := d.Month()
	return Period{first, first.AddMonths(1) - 1}
}

// YearOf returns the calendar year that holds d.
func YearOf(d Day) Period {
	y, _, _ := d.Date()
	return Period{NewDay(y, time.January, 1), NewDay(y, time.December, 31)}
}

// WeekOf returns the week that holds d, Monday to Sunday as ISO 8601 counts.
func WeekOf(d Day) Period {
	monday := d - Day((d.Weekday()+6)%7)
	return Period{monday, monday + 6}
}

// Days returns how many days the period holds.
func (p Period) Days() int { return max(0, int(p.Until)-int(p.From)+1) }

// Contains reports whether d is a day of the period.
func (p Period) Contains(d Day) bool { return p.From <= d && d <= p.Until }

// Instants returns the instants between which the period lies in loc: the first within it and the first after it.
func (p Period) Instants(loc *time.Location) (start, end time.Time) {
	return p.From.Start(loc), p.Until.End(loc)
}

// YearBefore returns the same period a year earlier. The last day of a month stays that: February 2024 follows on February
// 2023, with 29 days on 28.
func (p Period) YearBefore() Period { return p.back(12) }

// Before returns the period of the same kind that ends the day before: the preceding month for a month, the preceding quarter
// for a quarter, as many days for anything that does not consist of whole months.
func (p Period) Before() Period {
	if n := p.wholeMonths(); n > 0 {
		return p.back(n)
	}
	n := p.Days()
	return Period{p.From.AddDays(-n), p.Until.AddDays(-n)}
}

// back moves the period by months.
func (p Period) back(months int) Period {
	until := p.Until.AddMonths(-months)
	if p.Until == MonthOf(p.Until).Until {
		until = MonthOf(until).Until
	}
	return Period{p.From.AddMonths(-months), until}
}

// wholeMonths returns the number of calendar months that the period consists of, 0 if it does not.
func (p Period) wholeMonths() int {
	if p.From != p.From.Month() || p.Until != MonthOf(p.Until).Until || p.Until < p.From {
		return 0
	}
	y1, m1, _ := p.From.Date()
	y2, m2, _ := p.Until.Date()
	return (y2-y1)*12 + int(m2-m1) + 1
}
