package liquid

import "unicode/utf8"

// appendEscaped writes a text into HTML, as content or within quotes of an attribute. Control characters that HTML does not
// know are left out.
func appendEscaped(dst []byte, text string) []byte {
	from := 0
	for i := range len(text) {
		var by string
		switch c := text[i]; c {
		case '&':
			by = "&amp;"
		case '<':
			by = "&lt;"
		case '>':
			by = "&gt;"
		case '"':
			by = "&#34;"
		case '\'':
			by = "&#39;"
		default:
			if c >= ' ' && c != 0x7f || c == '\n' || c == '\t' || c == '\r' {
				continue
			}
		}
		dst = append(dst, text[from:i]...)
		dst = append(dst, by...)
		from = i + 1
	}
	return append(dst, text[from:]...)
}

// oneLine puts a space in the place of every run of control characters and line breaks, so that no value can end a header and
// begin the next.
func oneLine(text []byte) []byte {
	clean := text[:0:0]
	broken := false
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRune(text[i:])
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			broken = true
			i += width
			continue
		}
		if broken {
			clean, broken = append(clean, ' '), false
		}
		clean = append(clean, text[i:i+width]...)
		i += width
	}
	return clean
}
