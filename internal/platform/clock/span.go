package clock

import (
	"strconv"
	"time"

	"stamm/internal/platform/fault"
)

// Unit is a unit of time as deadlines and rules name it.
type Unit byte

// The units. Hours are elapsed time: 24 hours after 1 o'clock may be 2 o'clock. The others are units of the calendar: a day
// after 1 o'clock is 1 o'clock, and a month after 31 January is the last of February.
const (
	UnitHour  Unit = 'H'
	UnitDay   Unit = 'D'
	UnitWeek  Unit = 'W'
	UnitMonth Unit = 'M'
	UnitYear  Unit = 'Y'
)

// Span is a number of one unit, such as three months. Its text is a duration of ISO 8601: P3M, P14D, P2W, P1Y, PT36H.
type Span struct {
	N    int
	Unit Unit
}

// maxSpan bounds the number of a span that is read, so that no sum of days overflows.
const maxSpan = 1_000_000

// ParseSpan reads a duration of ISO 8601 that names one unit: P3M, PT36H. Anything else is an Invalid fault.
func ParseSpan(s string) (Span, error) {
	bad := func() (Span, error) { return Span{}, fault.New(fault.Invalid, "clock.error.span", "text", s) }
	if len(s) < len("P1D") || s[0] != 'P' {
		return bad()
	}
	number, unit := s[1:len(s)-1], Unit(s[len(s)-1])
	switch unit {
	case UnitHour:
		if number[0] != 'T' {
			return bad()
		}
		number = number[1:]
	case UnitDay, UnitWeek, UnitMonth, UnitYear:
	default:
		return bad()
	}
	if number == "" || len(number) > 7 {
		return bad()
	}
	n, ok := digits(number)
	if !ok || n > maxSpan {
		return bad()
	}
	return Span{n, unit}, nil
}

// String writes the span as ParseSpan reads it; the zero Span is empty.
func (s Span) String() string {
	switch s.Unit {
	case 0:
		return ""
	case UnitHour:
		return "PT" + strconv.Itoa(s.N) + "H"
	default:
		return "P" + strconv.Itoa(s.N) + string(rune(s.Unit))
	}
}

// AddTo returns the instant a span after t, or before it if N is negative. Units of the calendar keep the time on the clocks of
// loc; where that time is skipped it is the first instant after the gap.
func (s Span) AddTo(t time.Time, loc *time.Location) time.Time {
	if s.Unit == UnitHour || s.N == 0 {
		return t.Add(time.Duration(s.N) * time.Hour).In(loc)
	}
	local := t.Unix() + offsetAt(t.Unix(), loc)
	day := Day(floorDiv64(local, 24*60*60))
	sinceMidnight := local - int64(day)*24*60*60
	later := instantOf(int64(s.AddToDay(day))*24*60*60+sinceMidnight, loc)
	return later.Add(time.Duration(t.Nanosecond()))
}

// AddToDay returns the day a span after d, or before it if N is negative. Hours count as days of 24 hours, begun days in full.
func (s Span) AddToDay(d Day) Day {
	switch s.Unit {
	case UnitHour:
		return d.AddDays(-floorDiv(-s.N, 24))
	case UnitDay:
		return d.AddDays(s.N)
	case UnitWeek:
		return d.AddDays(7 * s.N)
	case UnitMonth:
		return d.AddMonths(s.N)
	case UnitYear:
		return d.AddMonths(12 * s.N)
	default:
		return d
	}
}

// MarshalText writes the span as String does, in JSON as a string.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (s *Span) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Span{}
		return nil
	}
	parsed, err := ParseSpan(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
