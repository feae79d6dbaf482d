package sheet

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encoding is how the letters of a file are written as bytes.
type Encoding string

// The encodings there are. The byte order mark of UTF-8 is passed over where there is one.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
)

// Encodings are all of them, as they may be named in Options.
func Encodings() []Encoding { return []Encoding{UTF8, Windows1252, UTF16LE, UTF16BE} }

// known reports whether the encoding is one of those there are.
func (e Encoding) known() bool {
	for _, k := range Encodings() {
		if e == k {
			return true
		}
	}
	return false
}

// reader decodes to UTF-8. What is broken in UTF-8 stays broken, so that it is noticed in its row.
func (e Encoding) reader(r io.Reader) io.Reader {
	switch e {
	case Windows1252:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	case UTF16LE:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case UTF16BE:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	default:
		return &skipBOM{src: r}
	}
}

// skipBOM passes over the byte order mark of UTF-8 at the beginning.
type skipBOM struct {
	src  io.Reader
	done bool
}

var bomUTF8 = []byte("\xef\xbb\xbf")

func (s *skipBOM) Read(p []byte) (int, error) {
	if s.done || len(p) < len(bomUTF8) {
		return s.src.Read(p)
	}
	s.done = true
	n, err := io.ReadAtLeast(s.src, p, len(bomUTF8))
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if bytes.HasPrefix(p[:n], bomUTF8) {
		n = copy(p, p[len(bomUTF8):n])
	}
	return n, err
}

// guessEncoding tells the encoding from the first bytes of a file. sure is false if they are plain ASCII, which every encoding but
// UTF-16 has in common: then only the rest of the file can tell.
func guessEncoding(head []byte) (e Encoding, sure bool) {
	switch {
	case bytes.HasPrefix(head, bomUTF8):
		return UTF8, true
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return UTF16LE, true
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return UTF16BE, true
	}
	if e, ok := utf16Unmarked(head); ok {
		return e, true
	}
	whole := head
	for range utf8.UTFMax - 1 { // the last letter may be cut in two
		if utf8.Valid(whole) || len(whole) == 0 {
			break
		}
		whole = whole[:len(whole)-1]
	}
	if ascii(whole) && len(whole) == len(head) {
		return UTF8, false
	}
	valid, broken := letters(head)
	if valid*4 >= broken { // letters of Windows-1252 hardly ever look like sound UTF-8
		return UTF8, true
	}
	return Windows1252, true
}

// letters counts the letters beyond ASCII that are sound UTF-8 and the bytes that are not.
func letters(b []byte) (valid, broken int) {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			broken++
		} else {
			valid++
		}
		b = b[size:]
	}
	return valid, broken
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// utf16Unmarked recognises UTF-16 without a byte order mark by the zero in every second byte of western text.
func utf16Unmarked(head []byte) (Encoding, bool) {
	head = head[:len(head)&^1]
	if len(head) < 8 {
		return "", false
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	pairs := len(head) / 2
	switch {
	case zeros[1] > pairs*7/10 && zeros[0] == 0:
		return UTF16LE, true
	case zeros[0] > pairs*7/10 && zeros[1] == 0:
		return UTF16BE, true
	}
	return "", false
}
