package i18n

import "strings"

// NBSP is the no-break space that stands between a number and its unit.
const NBSP = "\u00a0"

// conventions are the habits of a language in writing numbers and dates, after CLDR 46.
type conventions struct {
	point, group  byte
	unitSpace     string // between a number and its unit or per cent sign
	currencyFirst bool   // "€1,234.56" instead of "1.234,56 €"
	minutes       string // short name of the unit, as seconds and hours below
	hours         string
	seconds       string
	days          string
	and           string
	months        [12]string
	shortMonths   [12]string
	weekdays      [7]string // from Sunday, as time.Weekday counts
	shortWeekdays [7]string
}

var german = conventions{
	point: ',', group: '.', unitSpace: NBSP,
	seconds: "Sek.", minutes: "Min.", hours: "Std.", days: "Tg.", and: " und ",
	months:        [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	shortMonths:   [12]string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
	weekdays:      [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	shortWeekdays: [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
}

var english = conventions{
	point: '.', group: ',', currencyFirst: true,
	seconds: "s", minutes: "min", hours: "h", days: "d", and: " and ",
	months:        [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	shortMonths:   [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	weekdays:      [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	shortWeekdays: [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
}

func conventionsOf(lang string) *conventions {
	if lang == "de" {
		return &german
	}
	return &english
}

// symbol returns how a currency is written beside a number, and whether that is a sign rather than the code.
func symbol(currency string) (s string, sign bool) {
	switch currency {
	case "EUR":
		return "€", true
	case "USD":
		return "$", true
	case "GBP":
		return "£", true
	case "JPY":
		return "¥", true
	default:
		return strings.ToUpper(currency), false
	}
}
