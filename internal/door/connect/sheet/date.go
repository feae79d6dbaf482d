package sheet

import (
	"strings"
	"time"

	"stamm/internal/platform/clock"
)

// DateOrder is the order of day, month and year in dates like 03/04/2011. Dates that begin with the year need none, and dates with
// dots (31.12.2026) begin with the day unless another order is told.
type DateOrder string

// The orders; empty means not known.
const (
	DMY DateOrder = "dmy"
	MDY DateOrder = "mdy"
	YMD DateOrder = "ymd" // only for years of two digits; those of four are seen
)

// The problems dates have.
const (
	badDate           problem = "date"
	badDateImpossible problem = "date_impossible" // 31.02.
	badDateAmbiguous  problem = "date_ambiguous"
	badZone           problem = "zone"
)

// moment is a date as it was written, with its time if it has one.
type moment struct {
	year, month, day int
	second           int // of the day
	nano             int
	hasTime          bool
	zoned            bool
	offset           int // seconds east of UTC, if zoned
}

// pivot is the first two-digit year of the last century: 69 is 1969, 68 is 2068, as in POSIX.
const pivot = 69

// pivotBirth is the same for days of birth, which lie in the past.
const pivotBirth = 30

// parseDate reads a date with or without time.
func parseDate(s string, order DateOrder, pivot int) (m moment, p problem) {
	t, rest, ok := takeDate(s)
	if !ok {
		return m, badDate
	}
	if m.year, m.month, m.day, p = t.resolve(order, pivot); p != "" {
		return m, p
	}
	return m, m.parseTime(rest)
}

// dateText is a date cut into its three numbers.
type dateText struct {
	n     [3]int
	width [3]int
	sep   byte // 0 in 20101201
	named bool // the month is a word, so the numbers are day, month and year
}

// takeDate cuts the date off the beginning. What follows is the time, if anything.
func takeDate(s string) (t dateText, rest string, ok bool) {
	n, width := leadingDigits(s)
	if width == 8 || width == 12 || width == 14 {
		t.n = [3]int{n[0], n[1], n[2]}
		t.width = [3]int{4, 2, 2}
		return t, s[8:], true
	}
	if width > 4 || width == 3 || len(s) <= width {
		return t, "", false
	}
	if width == 0 || !digitBehind(s[width:]) {
		if named(s) {
			return takeNamedDate(s)
		}
		return t, "", false
	}
	t.sep = s[width]
	if t.sep != '.' && t.sep != '-' && t.sep != '/' {
		return t, "", false
	}
	t.n[0], t.width[0] = number(s[:width]), width
	s = s[width+1:]
	for i := 1; i < 3; i++ {
		if t.sep == '.' && s != "" && s[0] == ' ' { // 1. 2. 2010
			s = s[1:]
		}
		w := digitsAtMost(s, 4)
		if w == 0 {
			return t, "", false
		}
		t.n[i], t.width[i] = number(s[:w]), w
		s = s[w:]
		if i == 1 {
			if s == "" || s[0] != t.sep {
				return t, "", false
			}
			s = s[1:]
		}
	}
	return t, s, t.width[1] <= 2
}

// digitBehind reports whether a digit follows the first sign, maybe behind a blank.
func digitBehind(s string) bool {
	if len(s) > 2 && s[1] == ' ' {
		s = s[1:]
	}
	return len(s) > 1 && s[1]-'0' <= 9
}

// leadingDigits returns how many digits s begins with and, for eight and more of them, the date in the first eight.
func leadingDigits(s string) (n [3]int, width int) {
	width = digitsAtMost(s, 15)
	if width >= 8 {
		n = [3]int{number(s[:4]), number(s[4:6]), number(s[6:8])}
	}
	return n, width
}

func digitsAtMost(s string, most int) int {
	w := 0
	for w < len(s) && w < most && s[w] >= '0' && s[w] <= '9' {
		w++
	}
	return w
}

// number reads a few digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// resolve finds year, month and day.
func (t dateText) resolve(order DateOrder, pivot int) (y, m, d int, p problem) {
	switch {
	case t.named:
		order = DMY
	case t.width[0] == 4:
		order = YMD
	case t.width[2] == 4 && order == YMD:
		order = "" // the year stands behind, whatever was said
	}
	if t.sep == '.' && order == "" {
		order = DMY
	}
	if order == "" {
		if order, p = t.onlyOrder(pivot); p != "" {
			return 0, 0, 0, p
		}
	}
	y, m, d, ok := t.as(order, pivot)
	switch {
	case !ok:
		return 0, 0, 0, badDate
	case m < 1 || m > 12 || d < 1 || d > 31 || y < 1800 || y > 2200:
		return 0, 0, 0, badDate
	case d > daysIn(y, m):
		return 0, 0, 0, badDateImpossible
	}
	return y, m, d, ""
}

// as reads the numbers in an order. ok is false if a number has too many digits for its place.
func (t dateText) as(order DateOrder, pivot int) (y, m, d int, ok bool) {
	var yw int
	switch order {
	case YMD:
		y, m, d, yw = t.n[0], t.n[1], t.n[2], t.width[0]
		ok = t.width[2] <= 2
	case MDY:
		m, d, y, yw = t.n[0], t.n[1], t.n[2], t.width[2]
		ok = t.width[0] <= 2
	default:
		d, m, y, yw = t.n[0], t.n[1], t.n[2], t.width[2]
		ok = t.width[0] <= 2
	}
	switch {
	case yw == 2 && y >= pivot:
		y += 1900
	case yw == 2:
		y += 2000
	case yw != 4:
		ok = false
	}
	return y, m, d, ok
}

func (t dateText) possible(order DateOrder, pivot int) bool {
	y, m, d, ok := t.as(order, pivot)
	return ok && m >= 1 && m <= 12 && d >= 1 && y >= 1800 && y <= 2200 && d <= daysIn(y, m)
}

// onlyOrder finds the order if the numbers leave one choice. The year in front with two digits counts only if nothing else is
// possible.
func (t dateText) onlyOrder(pivot int) (DateOrder, problem) {
	dmy, mdy := t.possible(DMY, pivot), t.possible(MDY, pivot)
	switch {
	case dmy && mdy && t.n[0] != t.n[1]:
		return "", badDateAmbiguous
	case dmy:
		return DMY, ""
	case mdy:
		return MDY, ""
	case t.possible(YMD, pivot):
		return YMD, ""
	}
	if t.n[1] > 12 {
		return MDY, "" // for the message: 02/31/2011 is an impossible date
	}
	return DMY, ""
}

// dateShape is what a date says about the order of its file.
type dateShape uint8

const (
	dateNone      dateShape = iota // no date
	dateNeutral                    // ISO, dots, or day and month the same
	dateDMY                        // 13/02/2011
	dateMDY                        // 02/13/2011
	dateYMD                        // 99/12/31
	dateAmbiguous                  // 03/04/2011
)

// dateShapeOf looks at a value as it was written.
func dateShapeOf(s string) dateShape {
	t, _, ok := takeDate(trim(s))
	if !ok {
		return dateNone
	}
	if t.width[0] == 4 || t.sep == '.' {
		if _, _, _, p := t.resolve("", pivot); p != "" {
			return dateNone
		}
		return dateNeutral
	}
	order, p := t.onlyOrder(pivot)
	switch {
	case p != "":
		return dateAmbiguous
	case !t.possible(order, pivot):
		return dateNone
	case t.n[0] == t.n[1]:
		return dateNeutral
	case order == DMY:
		return dateDMY
	case order == MDY:
		return dateMDY
	}
	return dateYMD
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseTime reads what follows a date: a time, AM or PM, a zone.
func (m *moment) parseTime(s string) problem {
	s = strings.TrimLeft(s, " ,\u00a0\u202f")
	if s != "" && (s[0] == 'T' || s[0] == 't') {
		s = s[1:]
	}
	if s == "" {
		return ""
	}
	hour, minute, second, rest, ok := m.takeClock(s)
	if !ok {
		return badDate
	}
	rest = trim(rest)
	hour, rest, ok = meridiem(hour, rest)
	if !ok || hour > 23 || minute > 59 || second > 59 {
		return badDate
	}
	m.hasTime = true
	m.second = hour*3600 + minute*60 + second
	if rest == "" {
		return ""
	}
	if m.offset, m.zoned = zoneOffset(rest); !m.zoned {
		return badZone
	}
	return ""
}

// takeClock cuts 8:26, 08:26:00, 08:26:00.123, 0826 or 082600 off the beginning.
func (m *moment) takeClock(s string) (hour, minute, second int, rest string, ok bool) {
	switch w := digitsAtMost(s, 7); w {
	case 4, 6:
		hour, minute = number(s[:2]), number(s[2:4])
		if w == 6 {
			second = number(s[4:6])
		}
		s = s[w:]
	case 1, 2:
		hour = number(s[:w])
		if s = s[w:]; len(s) < 3 || s[0] != ':' && s[0] != '.' || digitsAtMost(s[1:], 3) != 2 {
			return hour, 0, 0, s, s != "" && (s[0] == ' ' || s[0]|32 == 'a' || s[0]|32 == 'p') // 8 AM
		}
		sep := s[0]
		minute, s = number(s[1:3]), s[3:]
		if len(s) >= 3 && s[0] == sep && digitsAtMost(s[1:], 3) == 2 {
			second, s = number(s[1:3]), s[3:]
		}
	default:
		return 0, 0, 0, s, false
	}
	if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
		w := digitsAtMost(s[1:], 20)
		if w == 0 {
			return 0, 0, 0, s, false
		}
		scale := 100_000_000
		for i := range min(w, 9) {
			m.nano += int(s[1+i]-'0') * scale
			scale /= 10
		}
		s = s[1+w:]
	}
	return hour, minute, second, s, true
}

// meridiem applies AM or PM, and takes off "Uhr".
func meridiem(hour int, s string) (int, string, bool) {
	if rest, ok := strings.CutPrefix(s, "Uhr"); ok {
		return hour, trim(rest), true
	}
	if len(s) < 2 || s[1]|32 != 'm' || len(s) > 2 && s[2] != ' ' {
		return hour, s, true
	}
	pm := s[0]|32 == 'p'
	if !pm && s[0]|32 != 'a' {
		return hour, s, true
	}
	if hour < 1 || hour > 12 {
		return 0, s, false
	}
	hour %= 12
	if pm {
		hour += 12
	}
	return hour, trim(s[2:]), true
}

// zoneOffset reads Z, +01:00, +0100, +01 and the abbreviations that mean one thing. What stands in brackets behind an
// offset is its name.
func zoneOffset(s string) (seconds int, ok bool) {
	if i := strings.IndexAny(s, "[("); i > 0 {
		s = trim(s[:i])
	}
	switch strings.ToUpper(s) {
	case "Z", "UTC", "GMT", "WET":
		return 0, true
	case "CET", "MEZ", "WEST":
		return 3600, true
	case "CEST", "MESZ", "EET":
		return 2 * 3600, true
	case "EEST":
		return 3 * 3600, true
	case "EDT":
		return -4 * 3600, true
	case "EST":
		return -5 * 3600, true
	case "PDT":
		return -7 * 3600, true
	case "PST":
		return -8 * 3600, true
	}
	for _, name := range [...]string{"UTC", "GMT"} {
		s = strings.TrimPrefix(s, name)
	}
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	neg := s[0] == '-'
	s = s[1:]
	w := digitsAtMost(s, 5)
	var h, min int
	switch {
	case (w == 2 || w == 1) && len(s) == w:
		h = number(s)
	case w == 4 && len(s) == 4:
		h, min = number(s[:2]), number(s[2:])
	case (w == 2 || w == 1) && len(s) == w+3 && s[w] == ':' && digitsAtMost(s[w+1:], 3) == 2:
		h, min = number(s[:w]), number(s[w+1:])
	default:
		return 0, false
	}
	if h > 14 || min > 59 {
		return 0, false
	}
	seconds = h*3600 + min*60
	if neg {
		seconds = -seconds
	}
	return seconds, true
}

// zeroDate reports the ways databases write that there is no date.
func zeroDate(s string) bool {
	return strings.HasPrefix(s, "0000-00-00") || strings.HasPrefix(s, "00.00.0000") || strings.HasPrefix(s, "00/00/0000") || s == "0.0.00" || s == "0.0.0000" || s == "00.00.00"
}

// localDays turns local dates into instants of one zone. Asking the zone for every row would be the dearest part of reading, and
// dates repeat, so the start of a day is kept.
type localDays struct {
	loc  *time.Location
	days [1024]localDay
}

type localDay struct {
	day     clock.Day
	known   bool
	uniform bool // 24 hours with one offset: every local time is start + seconds
	start   int64
}

func newLocalDays(loc *time.Location) *localDays { return &localDays{loc: loc} }

// at returns the instant and the local day of a moment.
func (l *localDays) at(m moment) (time.Time, clock.Day) {
	day := clock.NewDay(m.year, time.Month(m.month), m.day)
	if m.zoned {
		t := time.Unix(int64(day)*86400+int64(m.second-m.offset), int64(m.nano)).UTC()
		return t, l.dayOf(t)
	}
	e := l.entry(day)
	switch {
	case e.uniform:
		return time.Unix(e.start+int64(m.second), int64(m.nano)).UTC(), day
	case !m.hasTime:
		return day.Start(l.loc).UTC(), day
	}
	t := time.Date(m.year, time.Month(m.month), m.day, 0, 0, m.second, m.nano, l.loc)
	return t.UTC(), day
}

func (l *localDays) entry(day clock.Day) *localDay {
	e := &l.days[uint32(day)%uint32(len(l.days))]
	if e.known && e.day == day {
		return e
	}
	y, m, d := day.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, l.loc)
	to := time.Date(y, m, d+1, 0, 0, 0, 0, l.loc)
	_, a := from.Zone()
	_, b := to.Zone()
	*e = localDay{day: day, known: true, start: from.Unix(), uniform: a == b && to.Unix()-from.Unix() == 86400 && from.Hour() == 0}
	return e
}

// dayOf is clock.DayOf with the same memory.
func (l *localDays) dayOf(t time.Time) clock.Day {
	day := clock.Day(t.Unix() / 86400)
	if t.Unix() < 0 {
		return clock.DayOf(t, l.loc)
	}
	for _, d := range [...]clock.Day{day, day - 1, day + 1} {
		if e := l.entry(d); e.uniform && t.Unix() >= e.start && t.Unix() < e.start+86400 {
			return d
		}
	}
	return clock.DayOf(t, l.loc)
}
