package sheet

import (
	"strings"
	"unicode"
)

// monthOf is the month that a word names, in German or English, whole or cut short; 0 if it names none.
func monthOf(word string) int {
	switch fold(word) {
	case "jan", "january", "januar", "jaenner":
		return 1
	case "feb", "february", "februar", "feber":
		return 2
	case "mar", "march", "mrz", "maerz", "mae":
		return 3
	case "apr", "april":
		return 4
	case "may", "mai":
		return 5
	case "jun", "june", "juni":
		return 6
	case "jul", "july", "juli":
		return 7
	case "aug", "august":
		return 8
	case "sep", "sept", "september":
		return 9
	case "oct", "october", "okt", "oktober":
		return 10
	case "nov", "november":
		return 11
	case "dec", "december", "dez", "dezember":
		return 12
	}
	return 0
}

// named reports whether a text could be such a date, without looking closely.
func named(s string) bool {
	if len(s) < 7 || len(s) > 60 {
		return false
	}
	for i := range 6 { // behind at most a day or a year with their signs
		if c := s[i]; c|32 >= 'a' && c|32 <= 'z' {
			return true
		}
	}
	return false
}

// takeNamedDate cuts a date whose month is a word off the beginning: 11-Feb-13, 3. März 2024, Mar 3, 2024, 2024-Mar-03. The day
// of the week may stand before it. Nothing is left to guess: the result reads as day, month, year.
func takeNamedDate(s string) (t dateText, rest string, ok bool) {
	t.sep, t.named = '.', true
	if word, behind := cutWord(s); weekdays[fold(word)] {
		s = behind
	}
	for range 3 {
		s = strings.TrimLeft(s, " -/.,\u00a0")
		word, behind := cutWord(s)
		w := digitsAtMost(s, 5)
		switch {
		case word != "" && t.width[1] == 0 && monthOf(word) > 0:
			t.n[1], t.width[1] = monthOf(word), 2
			s = behind
		case (w == 1 || w == 2) && t.width[0] == 0:
			t.n[0], t.width[0] = number(s[:w]), w
			s = cutOrdinal(s[w:])
		case (w == 4 || w == 2) && t.width[2] == 0:
			t.n[2], t.width[2] = number(s[:w]), w
			s = s[w:]
		default:
			return t, "", false
		}
	}
	return t, s, t.width[1] > 0 && t.width[2] > 0
}

// cutWord cuts the letters off the beginning.
func cutWord(s string) (word, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if i < 0 {
		i = len(s)
	}
	return s[:i], s[i:]
}

// cutOrdinal takes off what English puts behind a day: 3rd March.
func cutOrdinal(s string) string {
	if len(s) > 2 {
		switch strings.ToLower(s[:2]) {
		case "st", "nd", "rd", "th":
			if s[2] == ' ' || s[2] == ',' {
				return s[2:]
			}
		}
	}
	return s
}

var weekdays = map[string]bool{
	"mon": true, "monday": true, "montag": true, "tue": true, "tuesday": true, "die": true, "dienstag": true, "wed": true, "wednesday": true, "mit": true, "mittwoch": true,
	"thu": true, "thursday": true, "don": true, "donnerstag": true, "fri": true, "friday": true, "fre": true, "freitag": true, "sat": true, "saturday": true, "sam": true,
	"samstag": true, "sonnabend": true, "sun": true, "sunday": true, "son": true, "sonntag": true,
}
