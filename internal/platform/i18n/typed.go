package i18n

import "strings"

// Typed brings a number as people of the language type it, 1.234,56 or 1,234.56, with or without a unit behind it or €, to digits with a
// point as its decimal sign. What is no number is returned as far as it is read, and refused by whoever parses it.
func (p *Printer) Typed(text string) string {
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\u00a0', '\u202f', '\u2060', '\'', '’', '€', '%':
			return -1
		case '−':
			return '-'
		}
		return c
	}, text)
	point, comma := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
	switch {
	case point >= 0 && comma > point: // 1.234,56
		return strings.Replace(strings.ReplaceAll(text, ".", ""), ",", ".", 1)
	case comma >= 0 && point > comma: // 1,234.56
		return strings.ReplaceAll(text, ",", "")
	case comma >= 0 && (p.Lang() == "de" || !grouped(text, ",")):
		return strings.Replace(text, ",", ".", 1)
	case comma >= 0:
		return strings.ReplaceAll(text, ",", "")
	case point >= 0 && p.Lang() == "de" && grouped(text, "."): // 1.500 is a thousand and a half
		return strings.ReplaceAll(text, ".", "")
	}
	return text
}

// grouped tells whether the sign parts thousands: one to three digits before the first, three behind each.
func grouped(text, sign string) bool {
	parts := strings.Split(strings.TrimLeft(text, "+-"), sign)
	for _, part := range parts[1:] {
		if len(part) != 3 {
			return false
		}
	}
	return len(parts) > 1 && len(parts[0]) > 0 && len(parts[0]) <= 3 && parts[0] != "0"
}
