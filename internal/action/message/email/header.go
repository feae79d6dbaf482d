package email

import (
	"bytes"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Lines of a header: what readers like to see, and what one encoded word may have (RFC 5322, 2.1.1; RFC 2047, 2).
const (
	niceLine   = 76
	maxEncoded = 75
)

// appendText writes the text of an unstructured header after its name, which ends at column col. Control characters,
// line breaks among them, become spaces: a name or subject out of customers' data cannot begin a header of its own.
func appendText(dst []byte, text string, col int) []byte {
	if isPlainText(text) {
		return appendFolded(dst, text, col)
	}
	return appendEncoded(dst, text, col)
}

// isPlainText tells whether the text may stand in a header as it is: ASCII, words one can fold between, nothing that
// looks encoded.
func isPlainText(text string) bool {
	word := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
			if word == 0 || i == len(text)-1 { // a line of spaces only is not allowed, and folding could make one
				return false
			}
			word = 0
		case c < ' ' || c > '~':
			return false
		default:
			if word++; word > niceLine-20 {
				return false
			}
		}
	}
	return !strings.Contains(text, "=?")
}

// appendFolded writes words with line breaks before those that would go beyond a nice line.
func appendFolded(dst []byte, text string, col int) []byte {
	for first := true; ; first = false {
		word, rest, more := strings.Cut(text, " ")
		if !first {
			if col+1+len(word) > niceLine {
				dst, col = append(dst, "\r\n"...), 0
			}
			dst, col = append(dst, ' '), col+1
		}
		dst, col = append(dst, word...), col+len(word)
		if !more {
			return dst
		}
		text = rest
	}
}

const (
	encodedBegin = "=?utf-8?q?"
	encodedEnd   = "?="
	hexDigits    = "0123456789ABCDEF"
)

// appendEncoded writes the text as encoded words of RFC 2047, each a line's worth of whole characters.
func appendEncoded(dst []byte, text string, col int) []byte {
	dst = append(dst, encodedBegin...)
	used := col + len(encodedBegin)
	for _, c := range text { // broken UTF-8 becomes U+FFFD
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		need := 1
		switch {
		case c >= utf8.RuneSelf:
			need = 3 * utf8.RuneLen(c)
		case c != ' ' && !isWordByte[c]:
			need = 3
		}
		if used+need+len(encodedEnd) > maxEncoded {
			dst = append(dst, encodedEnd+"\r\n "+encodedBegin...)
			used = 1 + len(encodedBegin)
		}
		used += need
		switch {
		case c == ' ':
			dst = append(dst, '_')
		case need == 1:
			dst = append(dst, byte(c))
		default:
			var raw [utf8.UTFMax]byte
			for _, b := range raw[:utf8.EncodeRune(raw[:], c)] {
				dst = append(dst, '=', hexDigits[b>>4], hexDigits[b&15])
			}
		}
	}
	return append(dst, encodedEnd...)
}

// isWordByte are the characters that stand for themselves in encoded words everywhere, display names included (RFC 2047, 5).
var isWordByte = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")

// appendMailbox writes a header with one address.
func appendMailbox(dst []byte, header string, m mail.Address, a address) []byte {
	dst = append(dst, header...)
	dst = append(dst, ": "...)
	col := len(header) + 2
	if m.Name != "" {
		start := len(dst)
		dst = appendName(dst, m.Name, col)
		if last := bytes.LastIndexByte(dst[start:], '\n'); last >= 0 {
			start, col = start+last+1, 0
		}
		col += len(dst) - start
		if col+len(a.local)+len(a.domain)+4 > niceLine {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, ' ')
	}
	dst = a.append(dst)
	return append(dst, "\r\n"...)
}

// appendName writes a display name: as atoms, in quotes, or encoded.
func appendName(dst []byte, name string, col int) []byte {
	atoms := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c > '~' {
			return appendEncoded(dst, name, col)
		}
		atoms = atoms && (c == ' ' || isAtomByte[c])
	}
	if len(name) > niceLine/2 || !isPlainText(name) {
		return appendEncoded(dst, name, col)
	}
	if atoms {
		return append(dst, name...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, name[i])
	}
	return append(dst, '"')
}
