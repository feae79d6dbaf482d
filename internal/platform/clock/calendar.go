package clock

import (
	"slices"
	"time"
)

// Calendar says when a company works, so that "within two business days" and "four business hours" have a meaning. The zero
// Calendar works Mo-Fr 09:00-17:00 UTC and knows no holidays.
type Calendar struct {
	Region string         // whose public holidays are free, as Holidays understands it
	Zone   *time.Location // in which the hours are meant; nil is UTC
	Hours  OpeningHours   // windows of each weekday; none at all are Mo-Fr 09:00-17:00
	Closed []Period       // days off of the company's own, such as Christmas week
}

// IsBusinessDay reports whether the company works on d: a weekday with hours, no public holiday and no day off of its own.
func (c Calendar) IsBusinessDay(d Day) bool { return len(c.windows(d)) > 0 }

// windows returns the hours of a day, none if it is no business day.
func (c Calendar) windows(d Day) []Window {
	hours := c.Hours
	if hours.isEmpty() {
		hours = usualHours
	}
	windows := hours[d.Weekday()]
	if len(windows) == 0 || slices.ContainsFunc(c.Closed, func(p Period) bool { return p.Contains(d) }) {
		return nil
	}
	if _, free := HolidayOn(c.Region, d); free {
		return nil
	}
	return windows
}

// AddBusinessDays returns the n-th business day after d, or before it if n is negative. For 0 it is d itself, or the next
// business day if d is none.
func (c Calendar) AddBusinessDays(d Day, n int) Day {
	if n == 0 {
		return c.next(d, 1)
	}
	step := Day(1)
	if n < 0 {
		step, n = -1, -n
	}
	for ; n > 0; n-- {
		d = c.next(d+step, step)
	}
	return d
}

// next returns d or the first business day after it in steps of one day forwards or backwards.
func (c Calendar) next(d, step Day) Day {
	for !c.IsBusinessDay(d) {
		d += step
	}
	return d
}

// BusinessDaysBetween returns how many business days lie after from, up to and including until; negative if until is earlier.
// AddBusinessDays(from, that number) is until, if until is a business day.
func (c Calendar) BusinessDaysBetween(from, until Day) int {
	if until < from {
		n := 0
		for d := until; d < from; d++ {
			if c.IsBusinessDay(d) {
				n--
			}
		}
		return n
	}
	n := 0
	for d := from + 1; d <= until; d++ {
		if c.IsBusinessDay(d) {
			n++
		}
	}
	return n
}

// AddBusinessTime returns the instant at which d of business time has passed since t, or lay before t if d is negative. Outside the
// hours time stands still: four hours from Friday 16:00 end on Monday. For 0 it is t itself, or the next opening if the company is
// closed at t. Time that ends with the hours ends on that day, not with the next opening.
func (c Calendar) AddBusinessTime(t time.Time, d time.Duration) time.Time {
	if d < 0 {
		return c.subtract(t, -d)
	}
	for day := DayOf(t, c.zone()); ; day++ {
		for _, w := range c.windows(day) {
			from, until := c.instants(day, w)
			if !until.After(t) {
				continue
			}
			if from.Before(t) {
				from = t
			}
			if open := until.Sub(from); d > open {
				d -= open
				continue
			}
			return from.Add(d).In(c.zone())
		}
	}
}

// subtract goes d of business time back from t; d is not negative.
func (c Calendar) subtract(t time.Time, d time.Duration) time.Time {
	for day := DayOf(t, c.zone()); ; day-- {
		for _, w := range slices.Backward(c.windows(day)) {
			from, until := c.instants(day, w)
			if !from.Before(t) {
				continue
			}
			if until.After(t) {
				until = t
			}
			if open := until.Sub(from); d > open {
				d -= open
				continue
			}
			return until.Add(-d).In(c.zone())
		}
	}
}

// BusinessTimeBetween returns how much business time passes from from until until, negative if until is earlier.
func (c Calendar) BusinessTimeBetween(from, until time.Time) time.Duration {
	if until.Before(from) {
		return -c.BusinessTimeBetween(until, from)
	}
	var sum time.Duration
	last := DayOf(until, c.zone())
	for day := DayOf(from, c.zone()); day <= last; day++ {
		for _, w := range c.windows(day) {
			start, end := c.instants(day, w)
			if start.Before(from) {
				start = from
			}
			if end.After(until) {
				end = until
			}
			sum += max(0, end.Sub(start))
		}
	}
	return sum
}

// IsOpen reports whether the company works at the instant t.
func (c Calendar) IsOpen(t time.Time) bool {
	day := DayOf(t, c.zone())
	return slices.ContainsFunc(c.windows(day), func(w Window) bool {
		from, until := c.instants(day, w)
		return !t.Before(from) && t.Before(until)
	})
}

// instants returns when a window of a day begins and ends.
func (c Calendar) instants(d Day, w Window) (from, until time.Time) {
	return d.At(w.From, c.zone()), d.At(w.Until, c.zone())
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}
