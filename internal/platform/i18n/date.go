package i18n

import (
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
)

// Date writes a day: 31.12.2026 in German, 31 Dec 2026 in English.
func (p *Printer) Date(d clock.Day) string {
	var buf [numberRoom]byte
	return string(p.appendDate(buf[:0], d))
}

func (p *Printer) appendDate(b []byte, d clock.Day) []byte {
	y, m, day := d.Date()
	if p.lang == "de" {
		b = append(appendTwo(b, day), '.')
		b = append(appendTwo(b, int(m)), '.')
		return strconv.AppendInt(b, int64(y), 10)
	}
	b = strconv.AppendInt(b, int64(day), 10)
	b = append(append(append(b, ' '), p.form.shortMonths[m-1]...), ' ')
	return strconv.AppendInt(b, int64(y), 10)
}

// Month writes the month of a day: Dezember 2026.
func (p *Printer) Month(d clock.Day) string {
	y, m, _ := d.Date()
	return p.form.months[m-1] + " " + strconv.Itoa(y)
}

// MonthShort writes the month of a day for axes and narrow columns: Dez. 2026.
func (p *Printer) MonthShort(d clock.Day) string {
	y, m, _ := d.Date()
	return p.form.shortMonths[m-1] + " " + strconv.Itoa(y)
}

// Weekday writes the name of a day of the week: Montag.
func (p *Printer) Weekday(w time.Weekday) string { return p.form.weekdays[w] }

// WeekdayShort writes the short name of a day of the week: Mo.
func (p *Printer) WeekdayShort(w time.Weekday) string { return p.form.shortWeekdays[w] }

// DateTime writes an instant in the printer's zone, to the minute: 31.12.2026, 14:05.
func (p *Printer) DateTime(t time.Time) string {
	var buf [numberRoom]byte
	b := p.appendDate(buf[:0], clock.DayOf(t, p.loc))
	return string(p.appendTime(append(b, ", "...), t))
}

// Time writes the time of day of an instant in the printer's zone, to the minute: 14:05.
func (p *Printer) Time(t time.Time) string {
	var buf [8]byte
	return string(p.appendTime(buf[:0], t))
}

func (p *Printer) appendTime(b []byte, t time.Time) []byte {
	local := t.In(p.loc)
	b = append(appendTwo(b, local.Hour()), ':')
	return appendTwo(b, local.Minute())
}

// Duration writes an elapsed time in its two largest units: 2 Min. 5 Sek., 3 Std. 20 Min., 4 Tg. 2 Std.
func (p *Printer) Duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = minus, -d
	}
	s := int64(d.Round(time.Second) / time.Second)
	f := p.form
	switch {
	case s < 60:
		return sign + p.units(s, f.seconds, 0, "")
	case s < 60*60:
		return sign + p.units(s/60, f.minutes, s%60, f.seconds)
	case s < 24*60*60:
		return sign + p.units(s/3600, f.hours, s/60%60, f.minutes)
	default:
		return sign + p.units(s/86400, f.days, s/3600%24, f.hours)
	}
}

func (p *Printer) units(n int64, unit string, m int64, small string) string {
	text := p.Number(n) + NBSP + unit
	if m == 0 {
		return text
	}
	return text + " " + p.Number(m) + NBSP + small
}

// Bytes writes a size in decimal units: 1,2 MB.
func (p *Printer) Bytes(n int64) string {
	f, units := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for ; f >= 999.5 && i < len(units)-1; i++ {
		f /= 1000
	}
	digits := 0
	if i > 0 && f < 99.95 {
		digits = 1
	}
	return p.Decimal(f, digits) + NBSP + units[i]
}

// List writes several things as an enumeration: Anna, Bert und Carla.
func (p *Printer) List(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + p.form.and + items[last]
}

func appendTwo(b []byte, n int) []byte {
	return append(b, byte('0'+n/10), byte('0'+n%10))
}
