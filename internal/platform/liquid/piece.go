package liquid

// Piece is a part of a template: literal text, or an output or tag with its braces, which are not read.
type Piece struct {
	Text string
	Tag  bool
}

// Pieces cuts a template into literal text and what stands between braces, so that the text can be changed without touching the
// rest. Put together the pieces are the template. What cannot be cut is literal text; Parse says what is wrong with it.
func Pieces(source string) []Piece {
	var all []Piece
	add := func(text string, tag bool) {
		if text != "" {
			all = append(all, Piece{text, tag})
		}
	}
	for source != "" {
		open := opening(source)
		add(source[:open], false)
		if source = source[open:]; source == "" {
			break
		}
		closing := "}}"
		if source[1] == '%' {
			closing = "%}"
		}
		end := inside(source, closing)
		if end < 0 {
			add(source, false)
			break
		}
		add(source[:end+2], true)
		source = source[end+2:]
	}
	return all
}
