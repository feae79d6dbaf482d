package sim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func zip(d *dice, p *place) string {
	n := d.between(p.zip[0], p.zip[1])
	switch {
	case p.country == germany:
		return string(appendPadded(nil, uint64(n), 5))
	case p.region == vienna: // 1010 to 1230, one for each district
		n *= 10
	}
	return strconv.Itoa(n)
}

const vienna = "AT-9"

func street(d *dice, p *place) string {
	list := streets
	switch {
	case p.lang == 'f':
		list = streetsFrench
	case p.lang == 'i':
		list = streetsItaly
	case p.country == switzerland:
		list = streetsSwiss
	case p.country == austria:
		list = streetsAustria
	}
	b := append(make([]byte, 0, 32), pick(d, list)...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(1+int(d.exp()*24)), 10)
	switch r := d.share(); {
	case p.country == austria && r < 0.5: // house, stair or door
		b = append(b, '/')
		b = strconv.AppendInt(b, int64(d.between(1, 30)), 10)
	case r < 0.13:
		b = append(b, byte('a'+d.below(4)))
	}
	return string(b)
}

// phone returns a landline number that nobody can have: subscriber numbers never begin with 0. The number of the customer
// in it keeps numbers apart. In Vienna there is no such number that software takes for a possible one.
func phone(d *dice, p *place, i uint32) string {
	if p.region == vienna {
		return ""
	}
	// Multiplying by a number that shares no divisor with 10 gives every customer another number that looks like chance.
	local := string(appendPadded([]byte{'0'}, uint64(i)*7_345_921%1e7, 7))
	area := "0" + p.area
	switch p.country {
	case germany:
		switch d.below(4) {
		case 0:
			return area + "/" + local
		case 1:
			return "+49 " + p.area + " " + local
		case 2:
			return "(" + area + ") " + local
		}
		return area + " " + local
	case austria:
		if d.chance(0.4) {
			return "+43 " + p.area + " " + local
		}
		return area + " " + local
	}
	local = string(appendPadded([]byte{'0'}, uint64(i)*345_921%1e6, 6))
	local = local[:3] + " " + local[3:5] + " " + local[5:]
	if d.chance(0.4) {
		return "+41 " + p.area + " " + local
	}
	return area + " " + local
}

// mobile returns one of the German mobile numbers that the regulator keeps free for films and plays; there are none for the
// other two countries.
func mobile(d *dice, c country, i uint32) string {
	if c != germany {
		return ""
	}
	n := string(appendPadded(nil, uint64(i%100), 2))
	switch d.below(4) {
	case 0:
		return "+49 171 39200" + n
	case 1:
		return "0176 040690" + n
	case 2:
		return "0176/040690" + n
	}
	return "0171 39200" + n
}

// mailHosts are names that are set aside for examples and reach nobody.
var mailHosts = []string{"example.com", "example.org", "example.net", "mail.example.com", "post.example.org", "web.example.net", "inbox.example.com"}

// privateMail returns an address with the number of the customer in it, so that no two are the same. Some have none, a few
// have one that cannot work.
func privateMail(d *dice, i uint32, u *Customer) string {
	if d.chance(0.065) {
		return ""
	}
	b := make([]byte, 0, 48)
	number := func() { b = strconv.AppendUint(b, uint64(i), 10) }
	r := d.share()
	host := pick(d, mailHosts)
	switch {
	case r < 0.06:
		b = append(appendSlug(b, u.First, 0), "@familie-"...)
		b = append(appendSlug(b, u.Last, '-'), '-')
		number()
		return string(append(b, ".example"...))
	case r < 0.5:
		b = append(appendSlug(b, u.First, 0), '.')
		b = appendSlug(b, u.Last, 0)
		number()
	case r < 0.8:
		b = append(b, appendSlug(nil, u.First, 0)[0], '.')
		b = append(appendSlug(b, u.Last, '-'), '-')
		number()
	default:
		b = append(appendSlug(b, u.Last, 0), '_')
		number()
	}
	switch broken := d.share(); {
	case broken < 0.002:
		return string(b) + "@"
	case broken < 0.004:
		return string(b) + "(at)" + host
	case broken < 0.006:
		return strings.Replace(string(b), ".", " ", 1) + "@@" + host
	case broken < 0.01:
		return string(b) + "@example..com"
	}
	b = append(b, '@')
	return string(append(b, host...))
}

// domain is the web name of a company: its slug and number below .example.
func (c *Company) domain(i uint32, name string) string {
	b := appendSlug(make([]byte, 0, 64), name, '-')
	if len(b) > 40 {
		b = b[:40]
	}
	b = append([]byte(strings.TrimRight(string(b), "-")), '-')
	return string(append(strconv.AppendUint(b, uint64(i), 10), ".example"...))
}

// appendSlug writes a name in the letters of a mail address. What is no letter becomes sep, or nothing if sep is 0.
func appendSlug(b []byte, name string, sep byte) []byte {
	from := len(b)
	for i := 0; i < len(name); {
		ch := name[i]
		switch {
		case ch < utf8.RuneSelf:
			i++
			switch {
			case ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9':
				b = append(b, ch)
			case ch >= 'A' && ch <= 'Z':
				b = append(b, ch+'a'-'A')
			case sep != 0 && len(b) > from && b[len(b)-1] != sep:
				b = append(b, sep)
			}
		default:
			r, n := utf8.DecodeRuneInString(name[i:])
			i += n
			b = append(b, plain[r]...)
		}
	}
	if sep != 0 && len(b) > from && b[len(b)-1] == sep {
		b = b[:len(b)-1]
	}
	if len(b) == from {
		b = append(b, 'x')
	}
	return b
}

// plain spells the letters of the names that are not in the Latin alphabet of mail addresses.
var plain = func() map[rune]string {
	m := map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'Ä': "ae", 'Ö': "oe", 'Ü': "ue", 'ß': "ss", 'đ': "d", 'Đ': "d", 'ł': "l", 'Ł': "l", 'ı': "i", '–': "-"}
	for to, from := range map[string]string{"a": "áàâãåạảấầẩẫậăÁÀÂ", "e": "éèêëẹẻẽếềểễệěÉÈÊ", "i": "íìîïịİ", "o": "óòôõốồổỗộÓÔ", "u": "úùûůụủũưÚÙ", "c": "çčćÇČĆ",
		"s": "šśşŠŚŞ", "z": "žźżŽŹŻ", "n": "ñńňÑ", "r": "řŘ", "g": "ğĞ", "y": "ýÿỳ", "d": "ď", "t": "ť"} {
		for _, r := range from {
			m[r] = to
		}
	}
	return m
}()
