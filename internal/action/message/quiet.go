package message

import (
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/record/company"
)

// place is where a reader lives, as far as hours and holidays go.
type place struct {
	country, region string
	known           bool // she is a customer
	erased          bool
}

// quiet knows at which hours a message may arrive. Answers are remembered: most readers of a mailing live in few places.
type quiet struct {
	rules   Rules
	company company.Settings
	spots   map[place]spot
	windows map[windowKey]window
}

// spot is a place as the calendar knows it.
type spot struct {
	zone   *time.Location
	region string
}

type windowKey struct {
	spot
	at int64
}

type window struct{ open, until time.Time }

func newQuiet(r Rules, s company.Settings) *quiet {
	return &quiet{rules: r, company: s, spots: map[place]spot{}, windows: map[windowKey]window{}}
}

// longest is how far ahead an hour is looked for: a year of closed days is a mistake in the rules, not a reason to wait.
const longest = 400

// window is the first stretch of time from t on in which a message may arrive; until is zero where it may at any time.
func (q *quiet) window(p place, t time.Time) (open, until time.Time) {
	if q.rules.QuietFrom == q.rules.QuietUntil && !q.rules.QuietSundays && !q.rules.QuietHolidays {
		return t, time.Time{}
	}
	key := windowKey{q.spot(place{country: p.country, region: p.region}), micros(t)}
	if w, known := q.windows[key]; known {
		return w.open, w.until
	}
	w := q.find(key.spot, t)
	q.windows[key] = w
	return w.open, w.until
}

func (q *quiet) find(s spot, t time.Time) window {
	day := clock.DayOf(t, s.zone)
	for range longest {
		if !q.closed(s, day) {
			for _, w := range q.hours() {
				from, until := day.At(w.From, s.zone), day.At(w.Until, s.zone)
				if w.Until == 24*60 {
					until = day.End(s.zone)
				}
				if t.Before(until) {
					if from.Before(t) {
						from = t
					}
					return window{from, until}
				}
			}
		}
		day++
		if start := day.Start(s.zone); start.After(t) {
			t = start
		}
	}
	return window{t, time.Time{}}
}

// closed tells whether a whole day is quiet.
func (q *quiet) closed(s spot, d clock.Day) bool {
	if q.rules.QuietSundays && d.Weekday() == time.Sunday {
		return true
	}
	if !q.rules.QuietHolidays || s.region == "" {
		return false
	}
	_, holiday := clock.HolidayOn(s.region, d)
	return holiday
}

// hours are the stretches of a day that are not quiet.
func (q *quiet) hours() []clock.Window {
	const end = 24 * 60
	from, until := q.rules.QuietFrom, q.rules.QuietUntil
	switch {
	case from == until:
		return []clock.Window{{From: 0, Until: end}}
	case from > until: // over midnight
		return []clock.Window{{From: until, Until: from}}
	case from == 0:
		return []clock.Window{{From: until, Until: end}}
	case until == end:
		return []clock.Window{{From: 0, Until: from}}
	default:
		return []clock.Window{{From: 0, Until: from}, {From: until, Until: end}}
	}
}

// spot finds zone and holidays of a place. Of whom nothing is known lives where the company is.
func (q *quiet) spot(p place) spot {
	if s, known := q.spots[p]; known {
		return s
	}
	s := spot{zone: q.company.Zone(), region: q.company.Region}
	if s.region == "" {
		s.region = q.company.Country
	}
	if p.country != "" && p.country != q.company.Country {
		s.region = p.country
		if zone, err := clock.LoadZone(zoneOf(p.country)); err == nil {
			s.zone = zone
		}
	}
	if p.region != "" {
		code := strings.ToUpper(p.region)
		for _, name := range []string{code, p.country + "-" + code} {
			if slices.Contains(clock.Regions(), name) {
				s.region = name
			}
		}
	}
	q.spots[p] = s
	return s
}

// zoneOf is the zone of a country of one zone, or the one in which most of its people live; "" for one that is not listed.
func zoneOf(country string) string {
	switch country {
	case "DE":
		return "Europe/Berlin"
	case "AT":
		return "Europe/Vienna"
	case "CH":
		return "Europe/Zurich"
	case "LI":
		return "Europe/Vaduz"
	case "LU":
		return "Europe/Luxembourg"
	case "NL":
		return "Europe/Amsterdam"
	case "BE":
		return "Europe/Brussels"
	case "FR":
		return "Europe/Paris"
	case "IT":
		return "Europe/Rome"
	case "ES":
		return "Europe/Madrid"
	case "PT":
		return "Europe/Lisbon"
	case "GB":
		return "Europe/London"
	case "IE":
		return "Europe/Dublin"
	case "DK":
		return "Europe/Copenhagen"
	case "SE":
		return "Europe/Stockholm"
	case "NO":
		return "Europe/Oslo"
	case "FI":
		return "Europe/Helsinki"
	case "PL":
		return "Europe/Warsaw"
	case "CZ":
		return "Europe/Prague"
	case "SK":
		return "Europe/Bratislava"
	case "HU":
		return "Europe/Budapest"
	case "SI":
		return "Europe/Ljubljana"
	case "HR":
		return "Europe/Zagreb"
	case "GR":
		return "Europe/Athens"
	case "RO":
		return "Europe/Bucharest"
	case "BG":
		return "Europe/Sofia"
	case "TR":
		return "Europe/Istanbul"
	case "US":
		return "America/New_York"
	}
	return ""
}
