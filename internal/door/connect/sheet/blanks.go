package sheet

import "io"

// blankSeparator says that cells are set apart by any number of blanks, as in tables that statisticians pass on.
const blankSeparator = " "

// blanksReader makes one tab of all blanks between two words, and takes those at the ends of a line away. Lines stay lines.
type blanksReader struct {
	src     io.Reader
	inside  bool // a word of the line was seen
	pending bool // blanks were seen behind it
}

// Read needs room for two bytes at least.
func (b *blanksReader) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	for {
		in := p[1:] // blanks of the portion before may still have to be written
		n, err := b.src.Read(in)
		out := 0
		for _, c := range in[:n] {
			switch c {
			case ' ', '\t':
				b.pending = b.inside
				continue
			case '\n', '\r':
				b.inside, b.pending = false, false
			default:
				if b.pending {
					p[out] = '\t'
					out++
				}
				b.inside, b.pending = true, false
			}
			p[out] = c
			out++
		}
		if out > 0 || err != nil || n == 0 {
			return out, err
		}
	}
}

// scan starts a scanner of decoded text.
func (d Dialect) scan(text io.Reader, max int) *scanner {
	switch d.Separator {
	case "":
		return newScanner(text, ',', d.newline(), max)
	case blankSeparator:
		return newScanner(&blanksReader{src: text}, '\t', d.newline(), max)
	}
	return newScanner(text, d.Separator[0], d.newline(), max)
}

// tabulated reports whether rows cut at blanks are a table: all of one width, and most columns hold nothing but numbers and dates. Names
// and notes of equally many words are none.
func tabulated(rows []sampleRow) bool {
	if len(rows) < 2 || len(rows[0].cells) < 2 {
		return false
	}
	width := len(rows[0].cells)
	for i := range rows {
		if len(rows[i].cells) != width || rows[i].fault != "" {
			return false
		}
	}
	exact := 0
	for _, c := range factsOf(rows[1:], width) {
		if c.filled > 0 && (c.numbers == c.filled || c.dates == c.filled) {
			exact++
		}
	}
	return exact*2 > width
}
