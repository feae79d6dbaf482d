package clock

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/fault"
)

// Window is a stretch of a day in which a company is open, from From until just before Until.
type Window struct {
	From, Until TimeOfDay
}

// OpeningHours are the windows of each day of the week, Sunday first as time.Weekday counts, in order and without overlap. Their text
// is "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00", a part of the opening_hours of OpenStreetMap. Hours without any window
// stand for Mo-Fr 09:00-17:00.
type OpeningHours [7][]Window

// usualHours are the hours of who has not said any.
var usualHours = [7][]Window{
	time.Monday: {usualWindow}, time.Tuesday: {usualWindow}, time.Wednesday: {usualWindow}, time.Thursday: {usualWindow}, time.Friday: {usualWindow},
}

var usualWindow = Window{9 * 60, 17 * 60}

// weekdayCodes are the names of the days in the text, from Sunday. The German ones are read too, and written as these.
var (
	weekdayCodes       = [7]string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"}
	germanWeekdayCodes = [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"}
)

func (h OpeningHours) isEmpty() bool {
	return !slices.ContainsFunc(h[:], func(w []Window) bool { return len(w) > 0 })
}

// ParseOpeningHours reads hours as OpeningHours describes their text; the empty text gives none. It is an Invalid fault if the
// text is not of that form, a day is named twice, or windows are empty, out of order or overlap.
func ParseOpeningHours(s string) (OpeningHours, error) {
	var h OpeningHours
	if strings.TrimSpace(s) == "" {
		return h, nil
	}
	bad := fault.New(fault.Invalid, "clock.error.hours", "text", s)
	for _, rule := range strings.Split(s, ";") {
		fields := strings.Fields(rule)
		if len(fields) < 2 {
			return OpeningHours{}, bad
		}
		days, err := parseWeekdays(fields[0])
		if err != nil {
			return OpeningHours{}, bad.Because(err)
		}
		windows, err := parseWindows(strings.Join(fields[1:], ""))
		if err != nil {
			return OpeningHours{}, bad.Because(err)
		}
		for _, d := range days {
			if h[d] != nil {
				return OpeningHours{}, bad.Because(fmt.Errorf("%s stands there twice", weekdayCodes[d]))
			}
			h[d] = windows
		}
	}
	return h, nil
}

// parseWeekdays reads a list of days and ranges of days, "Mo-We,Fr". A range may pass over the week's end: "Sa-Mo".
func parseWeekdays(s string) ([]int, error) {
	var days []int
	for _, part := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, until := weekdayIndex(first), weekdayIndex(last)
		if from < 0 || until < 0 {
			return nil, fmt.Errorf("no weekday: %q", part)
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == until {
				break
			}
		}
	}
	return days, nil
}

// weekdayIndex returns the day of a code, counted from Sunday, or -1.
func weekdayIndex(code string) int {
	if i := slices.Index(weekdayCodes[:], code); i >= 0 {
		return i
	}
	return slices.Index(germanWeekdayCodes[:], code)
}

// parseWindows reads the windows of a day, "09:00-12:30,13:30-17:00".
func parseWindows(s string) ([]Window, error) {
	var windows []Window
	var end TimeOfDay
	for i, part := range strings.Split(s, ",") {
		first, last, _ := strings.Cut(part, "-")
		from, err := ParseTimeOfDay(first)
		if err != nil {
			return nil, err
		}
		until, err := ParseTimeOfDay(last)
		if err != nil {
			return nil, err
		}
		if from >= until || i > 0 && from < end {
			return nil, fmt.Errorf("%q is empty or begins before the window before it ends", part)
		}
		windows, end = append(windows, Window{from, until}), until
	}
	return windows, nil
}

// String writes the hours as ParseOpeningHours reads them, days with the same windows together.
func (h OpeningHours) String() string {
	var rules []string
	for i := 0; i < 7; {
		first := weekdayFromMonday(i)
		j := i + 1
		for j < 7 && slices.Equal(h[first], h[weekdayFromMonday(j)]) {
			j++
		}
		if len(h[first]) > 0 {
			days := weekdayCodes[first]
			if j > i+1 {
				days += "-" + weekdayCodes[weekdayFromMonday(j-1)]
			}
			rules = append(rules, days+" "+windowsText(h[first]))
		}
		i = j
	}
	return strings.Join(rules, "; ")
}

// weekdayFromMonday returns the weekday i days after Monday.
func weekdayFromMonday(i int) int { return (i + 1) % 7 }

func windowsText(windows []Window) string {
	texts := make([]string, len(windows))
	for i, w := range windows {
		texts[i] = w.From.String() + "-" + w.Until.String()
	}
	return strings.Join(texts, ",")
}

// MarshalText writes the hours as String does, in JSON as a string.
func (h OpeningHours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is an Invalid fault.
func (h *OpeningHours) UnmarshalText(text []byte) error {
	parsed, err := ParseOpeningHours(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}
