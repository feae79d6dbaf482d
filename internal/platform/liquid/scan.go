package liquid

import (
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/fault"
)

// segmentKind tells what a piece of the source is.
type segmentKind byte

const (
	endSegment segmentKind = iota
	literalSegment
	outputSegment // {{ … }}
	tagSegment    // {% … %}
)

// segment is a piece of the source: literal text, or what stands between braces.
type segment struct {
	kind segmentKind
	text string
	at   int // byte where text begins
}

// wrong is an error at a byte of the source.
func (p *parser) wrong(at int, key string, args ...any) error {
	line, column := p.place(at)
	return fault.New(fault.Invalid, "liquid.error."+key, append([]any{"line", line, "column", column}, args...)...)
}

// place returns line and column of a byte, both from 1.
func (p *parser) place(at int) (line, column int) {
	before := p.source[:min(at, len(p.source))]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

const space = " \t\r\n"

// segment cuts the next piece off the source. A minus inside the braces takes away the white space on its side.
func (p *parser) segment() (segment, error) {
	if p.at == len(p.source) {
		return segment{kind: endSegment, at: p.at}, nil
	}
	rest := p.source[p.at:]
	open := opening(rest)
	if open != 0 {
		return p.literal(rest[:open], rest[open:]), nil
	}
	kind, closing := outputSegment, "}}"
	if rest[1] == '%' {
		kind, closing = tagSegment, "%}"
	}
	end := inside(rest, closing)
	if end < 0 {
		return segment{}, p.wrong(p.at, "open", "closing", closing)
	}
	s := segment{kind: kind, text: rest[2:end], at: p.at + 2}
	p.at += end + 2
	if strings.HasPrefix(s.text, "-") {
		s.text, s.at = s.text[1:], s.at+1
	}
	if strings.HasSuffix(s.text, "-") {
		s.text = s.text[:len(s.text)-1]
		p.trim()
	}
	return s, nil
}

// literal is the text up to the next braces.
func (p *parser) literal(text, behind string) segment {
	s := segment{kind: literalSegment, text: text, at: p.at}
	p.at += len(text)
	if len(behind) > 2 && behind[2] == '-' {
		s.text = strings.TrimRight(text, space)
	}
	return s
}

// trim passes over white space.
func (p *parser) trim() {
	p.at = len(p.source) - len(strings.TrimLeft(p.source[p.at:], space))
}

// opening returns where braces begin, or the length of the text.
func opening(text string) int {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '{')
		if i < 0 || from+i+1 >= len(text) {
			return len(text)
		}
		if next := text[from+i+1]; next == '{' || next == '%' {
			return from + i
		}
		from += i + 1
	}
}

// inside returns where the closing braces begin, -1 if nowhere. Braces within quotes do not close.
func inside(text, closing string) int {
	quote := byte(0)
	for i := 2; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], closing):
			return i
		}
	}
	return -1
}

// verbatim reads up to the tag that ends a raw or a comment, which nothing within is read for, and returns what stands there.
func (p *parser) verbatim(name string, at int) (string, error) {
	for from := p.at; ; {
		i := strings.Index(p.source[from:], "{%")
		if i < 0 {
			return "", p.wrong(at, "unclosed", "tag", name)
		}
		begin := from + i
		from = begin + 2
		left, right, length := closes(p.source[begin:], "end"+name)
		if length == 0 {
			continue
		}
		text := p.source[p.at:begin]
		if left {
			text = strings.TrimRight(text, space)
		}
		p.at = begin + length
		if right {
			p.trim()
		}
		return text, nil
	}
}

// closes tells whether a text begins with the tag of that name alone, how long the tag is, and on which sides it takes away
// white space. It looks no further than the tag, so that a text of many tags is read once.
func closes(text, name string) (left, right bool, length int) {
	rest := text[2:]
	if left = strings.HasPrefix(rest, "-"); left {
		rest = rest[1:]
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, space), name)
	if !ok {
		return false, false, 0
	}
	rest = strings.TrimLeft(rest, space)
	if right = strings.HasPrefix(rest, "-"); right {
		rest = rest[1:]
	}
	if !strings.HasPrefix(rest, "%}") {
		return false, false, 0
	}
	return left, right, len(text) - len(rest) + 2
}
