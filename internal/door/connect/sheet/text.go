package sheet

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"stamm/internal/record/customer"
)

// trim takes white space off both ends, the no-break spaces of number formats and byte order marks in the middle of joined files
// included.
func trim(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	if s == "" || s[0] < utf8.RuneSelf && s[len(s)-1] < utf8.RuneSelf {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || r == '\u00a0' || r == '\u202f' || r == '\u2009' || r == '\u200b' || r == '\ufeff'
	})
}

// fold reduces a word to small letters a to z and digits, so that "Kunden-Nr." and "kundennr" are equal. Umlauts become two
// letters (ü is ue), accents go.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteByte(byte(r))
		case r >= 'A' && r <= 'Z':
			b.WriteByte(byte(r) + 'a' - 'A')
		case r >= utf8.RuneSelf:
			b.WriteString(foldRune(r))
		}
	}
	return b.String()
}

func foldRune(r rune) string {
	switch r {
	case 'ä', 'Ä', 'æ', 'Æ':
		return "ae"
	case 'ö', 'Ö', 'œ', 'Œ', 'ø', 'Ø':
		return "oe"
	case 'ü', 'Ü':
		return "ue"
	case 'ß', 'ẞ':
		return "ss"
	case 'å', 'Å':
		return "a"
	case 'ł', 'Ł':
		return "l"
	case 'đ', 'Đ', 'ð', 'Ð':
		return "d"
	}
	switch d, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r))); {
	case d >= 'a' && d <= 'z':
		return string(d)
	case d >= 'A' && d <= 'Z':
		return string(d + 'a' - 'A')
	}
	return ""
}

// bare is fold with umlauts as single letters, the way people write them who have no umlauts: Osterreich, Stuck.
func bare(folded string) string {
	return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(folded)
}

// shorten cuts a value for messages, at a letter.
func shorten(s string) string {
	const most = 60
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// excelRuined reports whether a number was made unreadable by a spreadsheet: 4,0E+12 was once 4012345678901, whose digits are gone.
func excelRuined(s string) bool {
	e := strings.IndexByte(s, '+') - 1
	if e < 1 || s[e]|32 != 'e' || e+2 >= len(s) || len(s) > 24 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == e || i == e+1 || c >= '0' && c <= '9' || (c == '.' || c == ',') && i == 1 {
			continue
		}
		return false
	}
	return true
}

// MailPlausible reports whether s has the form of a mail address that could exist: one @, a local part of up to 64 bytes, a domain of
// at least two labels, no spaces but in quotes. That it exists is known only once a letter arrived.
func MailPlausible(s string) bool {
	if strings.HasPrefix(s, `"`) {
		_, ok := customer.FoldMail(s)
		return ok
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || len(s) > 254 || !utf8.ValidString(s) {
		return false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(s, "..") || strings.ContainsAny(s, " \t\r\n,;:<>()[]\"\\") {
		return false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || len(labels[len(labels)-1]) < 2 || strings.Contains(domain, "@") {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsAny(l, "_/+&%!#$*=?'`{|}~^") {
			return false
		}
	}
	last := labels[len(labels)-1]
	return last[0] > '9' // no TLD begins with a digit
}
