package email

import (
	"encoding/base64"
	"math/bits"
	"unicode/utf8"
)

// Lines of a body: what RFC 2045 allows in quoted-printable (without the line break) and in base64.
const (
	quotedLine = 76
	base64Line = 76
)

// isQuotedPlain are the characters that stand for themselves in quoted-printable. Spaces, dots and F have rules of their
// own at the ends of lines.
var isQuotedPlain = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"#$%&'()*+,-./:;<>?@[\\]^_`{|}~")

// highBits is the highest bit of each of eight bytes, which ASCII does not have.
const highBits = 0x8080808080808080

// eight are the first eight bytes of a text.
func eight(text string) uint64 {
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 | uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}

// wantsBase64 tells whether base64 is much shorter for the text, as for Greek or Cyrillic.
func wantsBase64(text string) bool {
	escaped, rest := 0, text
	for ; len(rest) >= 8; rest = rest[8:] {
		escaped += bits.OnesCount64(eight(rest) & highBits)
	}
	for i := range len(rest) {
		if rest[i] >= utf8.RuneSelf {
			escaped++
		}
	}
	return escaped > len(text)/4
}

// isValid is utf8.ValidString for texts that are ASCII for long stretches, with other letters here and there.
func isValid(text string) bool {
	for len(text) > 0 {
		for len(text) >= 8 && eight(text)&highBits == 0 {
			text = text[8:]
		}
		for i := 0; i < 8 && len(text) > 0; i++ {
			if text[0] < utf8.RuneSelf {
				text = text[1:]
				continue
			}
			r, n := utf8.DecodeRuneInString(text)
			if r == utf8.RuneError && n == 1 {
				return false
			}
			text = text[n:]
		}
	}
	return true
}

// appendQuoted writes the text in quoted-printable, lines ended by CRLF whatever ended them before. No line begins with a
// dot, which SMTP would want doubled, or with "From ", which mailboxes would mark.
func appendQuoted(dst []byte, text string) []byte {
	col := 0
	for i := 0; i < len(text); {
		c := text[i]
		if isQuotedPlain[c] && !(col == 0 && (c == '.' || c == 'F')) {
			// A run of plain characters, as far as the line has room; its last place is for the "=" of a soft break.
			end := i + 1
			for room := min(len(text), i+quotedLine-1-col); end < room && isQuotedPlain[text[end]]; end++ {
			}
			if col == quotedLine-1 {
				dst, col = append(dst, "=\r\n"...), 0
				continue
			}
			dst = append(dst, text[i:end]...)
			col += end - i
			i = end
			continue
		}
		if c == '\r' || c == '\n' {
			if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			i++
			dst, col = append(dst, "\r\n"...), 0
			continue
		}
		literal := isLiteralHere(text, i, col)
		need := 3
		if literal {
			need = 1
		}
		if col+need > quotedLine-1 {
			dst, col = append(dst, "=\r\n"...), 0
			continue // a dot may have come to the beginning of a line
		}
		if literal {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', hexDigits[c>>4], hexDigits[c&15])
		}
		col += need
		i++
	}
	if col > 0 {
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// isLiteralHere decides what depends on the place: spaces, unless they end a line, and an F that begins no "From ".
func isLiteralHere(text string, i, col int) bool {
	switch text[i] {
	case ' ', '\t':
		return i+1 < len(text) && text[i+1] != '\r' && text[i+1] != '\n'
	case 'F':
		return col != 0 || i+5 > len(text) || text[i:i+5] != "From "
	}
	return false
}

// appendBase64 writes the text in base64, its line breaks made CRLF first. scratch is room for that and is handed back
// for the next time.
func appendBase64(dst, scratch []byte, text string) ([]byte, []byte) {
	scratch = scratch[:0]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case c == '\r', c == '\n':
			scratch = append(scratch, "\r\n"...)
		default:
			scratch = append(scratch, c)
		}
	}
	const chunk = base64Line / 4 * 3
	for rest := scratch; len(rest) > 0; {
		n := min(len(rest), chunk)
		dst = base64.StdEncoding.AppendEncode(dst, rest[:n])
		dst = append(dst, "\r\n"...)
		rest = rest[n:]
	}
	return dst, scratch
}
