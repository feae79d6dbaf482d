// Package clock is for days and instants as people mean them: the local day of a company, a calendar month, a working
// hour, a public holiday.
//
// Go's time.Time is an instant and answers most questions about one. What it lacks is the day without a time (a birthday, a
// due date, the day an order counts for), because a day as an instant moves to another day as soon as someone reads it in
// another zone. Day is that type. Calendar units (day, month) and elapsed units (hour) are kept apart: a day is 23 or 25
// hours long twice a year.
package clock

import (
	"time"

	"stamm/internal/platform/fault"
)

// Day is a day of the calendar without zone or time, counted from 1970-01-01 = 0 in the Gregorian calendar. Days compare
// and subtract as numbers; the store keeps them as such.
type Day int32

const isoDay = "2006-01-02"

// NewDay returns the day of that date. Months and days outside their range carry over as in time.Date: 31 June is 1 July.
func NewDay(year int, month time.Month, day int) Day {
	m := int(month) - 1
	year += floorDiv(m, 12)
	m -= floorDiv(m, 12) * 12
	return Day(daysFromCivil(year, m+1, 1) + day - 1)
}

// ParseDay reads a date written as 2006-01-02. Anything else, 31 February among it, is an Invalid fault.
func ParseDay(s string) (Day, error) {
	bad := func() (Day, error) { return 0, fault.New(fault.Invalid, "errors.day", "text", s) }
	if len(s) != len(isoDay) || s[4] != '-' || s[7] != '-' {
		return bad()
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return bad()
	}
	return Day(daysFromCivil(year, month, day)), nil
}

// digits reads a number of only decimal digits.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// DayOf returns the day it is in loc at the instant t.
func DayOf(t time.Time, loc *time.Location) Day {
	_, offset := t.In(loc).Zone()
	return Day(floorDiv64(t.Unix()+int64(offset), 24*60*60))
}

// String writes the day as 2006-01-02.
func (d Day) String() string {
	return string(d.append(make([]byte, 0, len(isoDay))))
}

func (d Day) append(b []byte) []byte {
	y, m, day := d.Date()
	if y < 0 || y > 9999 { // beyond ISO 8601 without agreement; only arithmetic gets here
		return time.Date(y, m, day, 0, 0, 0, 0, time.UTC).AppendFormat(b, isoDay)
	}
	return append(b,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// Date returns year, month and day of the month.
func (d Day) Date() (year int, month time.Month, day int) {
	y, m, dd := civilFromDays(int(d))
	return y, time.Month(m), dd
}

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday {
	return time.Weekday(floorMod(int(d)+4, 7)) // 1970-01-01 was a Thursday
}

// Start returns the first instant of the day in loc. That is midnight, or, where the clocks are put forward at midnight,
// the first instant after the gap; a day that a zone skipped as a whole starts with the next.
func (d Day) Start(loc *time.Location) time.Time { return d.At(0, loc) }

// End returns the instant at which the day is over in loc: the start of the next day. What is valid until a day is valid
// before its End.
func (d Day) End(loc *time.Location) time.Time { return d.AddDays(1).Start(loc) }

// AddDays returns the day n days later, or earlier if n is negative.
func (d Day) AddDays(n int) Day { return d + Day(n) }

// AddMonths returns the same day of the month n months later, or earlier if n is negative. Where that month is too short it
// is the month's last day: 31 January + 1 month is 28 or 29 February.
func (d Day) AddMonths(n int) Day {
	y, m, day := civilFromDays(int(d))
	months := y*12 + m - 1 + n
	y, m = floorDiv(months, 12), floorMod(months, 12)+1
	return Day(daysFromCivil(y, m, min(day, daysIn(y, m))))
}

// Month returns the first day of the month.
func (d Day) Month() Day {
	y, m, _ := civilFromDays(int(d))
	return Day(daysFromCivil(y, m, 1))
}

// MarshalText writes the day as 2006-01-02, in JSON as a string.
func (d Day) MarshalText() ([]byte, error) {
	return d.append(make([]byte, 0, len(isoDay))), nil
}

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (d *Day) UnmarshalText(text []byte) error {
	day, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = day
	return nil
}

// Micros returns the instant as the store keeps it: microseconds since 1970-01-01 UTC, fractions cut off.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// Time returns the instant, in UTC, of microseconds since 1970-01-01 UTC.
func Time(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
