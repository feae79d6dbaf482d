package email

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// address is a mail address as the wire has it.
type address struct {
	local  string // without quotes
	domain string // in ASCII, as DNS has it
	utf8   bool   // the local part is not ASCII: only servers with SMTPUTF8 take it
	quoted bool   // the local part is no dot-atom and stands in quotes
}

// The limits of RFC 5321, 4.5.3.1, and of RFC 3696 with its erratum 1690.
const (
	maxLocal   = 64
	maxAddress = 254
)

// parseAddress reads an address without display name, as people write it and as net/mail hands it out: with or without
// the quotes of the local part, with letters of any alphabet in the domain.
func parseAddress(text string) (a address, ok bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || len(text) > maxAddress {
		return a, false
	}
	a.local = text[:at]
	if n := len(a.local); n > 2 && a.local[0] == '"' && a.local[n-1] == '"' {
		a.local = unquote(a.local[1 : n-1])
	}
	if len(a.local) > maxLocal || !utf8.ValidString(a.local) {
		return a, false
	}
	dotBefore := true // a dot may not come first, last, or after another
	for _, c := range a.local {
		switch {
		case c < ' ' || c >= 0x7f && c < 0xa0:
			return a, false // among them the line breaks with which headers and commands are forged
		case c >= utf8.RuneSelf:
			a.utf8 = true
		case c == '.' && dotBefore || c != '.' && !isAtomByte[c]:
			a.quoted = true
		}
		dotBefore = c == '.'
	}
	a.quoted = a.quoted || dotBefore
	a.domain, ok = asciiDomain(text[at+1:])
	return a, ok
}

// unquote takes the backslashes out of a quoted local part.
func unquote(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// asciiDomain is the domain in the form of DNS; what cannot be a domain is not ok.
func asciiDomain(domain string) (string, bool) {
	if isLDH(domain) {
		return domain, true
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !isLDH(ascii) {
		return "", false
	}
	return ascii, true
}

// isLDH tells whether a domain consists of labels of letters, digits and inner hyphens.
func isLDH(domain string) bool {
	if domain == "" || len(domain) > 253 {
		return false
	}
	label := 0 // length of the present label
	for i := 0; i < len(domain); i++ {
		switch c := domain[i]; {
		case c == '.':
			if label == 0 || domain[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			if label == 0 {
				return false
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && domain[len(domain)-1] != '-'
}

// append writes the address in angle brackets, as headers and SMTP have it.
func (a address) append(dst []byte) []byte {
	dst = append(dst, '<')
	if a.quoted {
		dst = append(dst, '"')
		for i := 0; i < len(a.local); i++ {
			if c := a.local[i]; c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, a.local[i])
		}
		dst = append(dst, '"')
	} else {
		dst = append(dst, a.local...)
	}
	dst = append(dst, '@')
	dst = append(dst, a.domain...)
	return append(dst, '>')
}

// isAtomByte are the characters of an atom (RFC 5322, 3.2.3).
var isAtomByte = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")

func bytesOf(text string) (is [256]bool) {
	for i := range len(text) {
		is[text[i]] = true
	}
	return is
}
