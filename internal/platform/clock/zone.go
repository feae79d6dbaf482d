package clock

import (
	"time"
	_ "time/tzdata" // zones also where the machine has no table of them

	"stamm/internal/platform/fault"
)

// LoadZone returns a zone of the IANA table, such as Europe/Berlin. Any other name is an Invalid fault; so are the empty name and
// Local, which mean another zone on another machine.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fault.New(fault.Invalid, "errors.zone", "text", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "errors.zone", "text", name).Because(err)
	}
	return loc, nil
}

// TimeOfDay is a time on the clock in minutes after midnight, from 0 (00:00) to 1440 (24:00, the end of a day).
type TimeOfDay int16

const endOfDay TimeOfDay = 24 * 60

// ParseTimeOfDay reads a time written as 09:30, up to 24:00. Anything else is an Invalid fault.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	bad := func() (TimeOfDay, error) { return 0, fault.New(fault.Invalid, "errors.time", "text", s) }
	if len(s) != len("09:30") || s[2] != ':' {
		return bad()
	}
	hour, ok1 := digits(s[:2])
	minute, ok2 := digits(s[3:])
	if t := TimeOfDay(hour*60 + minute); ok1 && ok2 && minute < 60 && t <= endOfDay {
		return t, nil
	}
	return bad()
}

// String writes the time as 09:30.
func (t TimeOfDay) String() string {
	h, m := t/60, t%60
	return string([]byte{byte('0' + h/10), byte('0' + h%10), ':', byte('0' + m/10), byte('0' + m%10)})
}

// MarshalText writes the time as 09:30, in JSON as a string.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	parsed, err := ParseTimeOfDay(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// At returns the instant of a time of the day in loc. A time that the clocks skip is the first instant after the gap; of a time
// that comes twice it is the first.
func (d Day) At(t TimeOfDay, loc *time.Location) time.Time {
	return instantOf(int64(d)*24*60*60+int64(t)*60, loc)
}

// instantOf returns the first instant at which the clocks of loc show a local time, given in seconds since 1970-01-01 as if
// it were UTC, or have skipped it. The offset from UTC changes at most once within the two days looked at, so the wanted
// instant has either the offset before or the one after.
func instantOf(local int64, loc *time.Location) time.Time {
	const day = 24 * 60 * 60
	before, after := offsetAt(local-day, loc), offsetAt(local+day, loc)
	if at := local - before; offsetAt(at, loc) == before {
		return time.Unix(at, 0).In(loc)
	}
	if at := local - after; offsetAt(at, loc) == after {
		return time.Unix(at, 0).In(loc)
	}
	lo, hi := local-day, local+day // the gap ends where the offset changes
	for lo+1 < hi {
		if mid := lo + (hi-lo)/2; offsetAt(mid, loc) == before {
			lo = mid
		} else {
			hi = mid
		}
	}
	return time.Unix(hi, 0).In(loc)
}

// offsetAt returns the seconds by which loc is ahead of UTC.
func offsetAt(unix int64, loc *time.Location) int64 {
	_, offset := time.Unix(unix, 0).In(loc).Zone()
	return int64(offset)
}
