package clock

// The conversions between day numbers and dates follow Howard Hinnant, "chrono-compatible low-level date algorithms"
// (https://howardhinnant.github.io/date_algorithms.html): years start in March, so that the leap day is the last of the
// year, and 400 years are one era of 146,097 days.

const (
	daysPerEra   = 146_097
	epochFromEra = 719_468 // days from 0000-03-01 to 1970-01-01
)

// daysFromCivil returns the days from 1970-01-01 to a date; month is 1 to 12.
func daysFromCivil(y, m, d int) int {
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	dayOfYear := (153*((m+9)%12)+2)/5 + d - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*daysPerEra + dayOfEra - epochFromEra
}

// civilFromDays is the inverse of daysFromCivil.
func civilFromDays(n int) (y, m, d int) {
	n += epochFromEra
	era := floorDiv(n, daysPerEra)
	dayOfEra := n - era*daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	d = dayOfYear - (153*shifted+2)/5 + 1
	m = (shifted+2)%12 + 1
	y = yearOfEra + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// daysIn returns the length of a month, 1 to 12, in days.
func daysIn(y, m int) int {
	switch m {
	case 2:
		if isLeap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	default:
		return 31
	}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int) int { return a - floorDiv(a, b)*b }

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
