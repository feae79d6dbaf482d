package liquid

import (
	"slices"
	"strings"
)

// parser reads a template once from front to back.
type parser struct {
	source string
	limits Limits
	at     int
	depth  int
	loops  int
	paths  []*path
	names  map[string]int // what the template itself names, with its slot

	cursor cursor // of the places noted so far
}

// resolve tells paths which names are the template's own and returns the others.
func (p *parser) resolve() []Use {
	var uses []Use
	seen := map[string]bool{}
	slices.SortStableFunc(p.paths, func(a, b *path) int { return a.at - b.at })
	for _, one := range p.paths {
		if slot, ok := p.names[one.name]; ok {
			one.slot = slot
			continue
		}
		if !seen[one.whole] {
			seen[one.whole] = true
			line, column := p.cursor.place(p.source, one.at)
			uses = append(uses, Use{Name: one.whole, Line: line, Column: column})
		}
	}
	return uses
}

// slot returns the place of a name that the template gives a value to.
func (p *parser) slot(name string) int {
	n, ok := p.names[name]
	if !ok {
		n = len(p.names)
		p.names[name] = n
	}
	return n
}

// line of a byte.
func (p *parser) line(at int) int64 {
	line, _ := p.cursor.place(p.source, at)
	return int64(line)
}

// cursor counts lines and columns on from the last question, because a template of many tags asks for each.
type cursor struct{ at, line, column int }

func (c *cursor) place(source string, at int) (line, column int) {
	if at < c.at {
		*c = cursor{}
	}
	for _, r := range source[c.at:at] {
		c.column++
		if r == '\n' {
			c.line, c.column = c.line+1, 0
		}
	}
	c.at = at
	return c.line + 1, c.column + 1
}

func (p *parser) template() ([]node, error) {
	body, end, err := p.block()
	if err != nil {
		return nil, err
	}
	if end.kind != endSegment {
		return nil, p.wrong(end.at, "stray", "tag", firstWord(end.text))
	}
	return body, nil
}

// block reads up to a tag that ends or divides a block, which it returns.
func (p *parser) block() (body []node, end segment, err error) {
	for {
		s, err := p.segment()
		if err != nil {
			return nil, s, err
		}
		var n node
		switch s.kind {
		case endSegment:
			return body, s, nil
		case literalSegment:
			if s.text != "" {
				n = &literal{s.text}
			}
		case outputSegment:
			n, err = p.output(s)
		case tagSegment:
			if divides(firstWord(s.text)) {
				return body, s, nil
			}
			n, err = p.tag(s)
		}
		if err != nil {
			return nil, s, err
		}
		if n != nil {
			body = append(body, n)
		}
	}
}

// divides tells whether a tag ends or divides a block.
func divides(word string) bool {
	switch word {
	case "else", "elsif", "when":
		return true
	default:
		return strings.HasPrefix(word, "end")
	}
}

// firstWord is the name of a tag.
func firstWord(text string) string {
	text = strings.TrimLeft(text, space)
	return text[:wordEnd(text)]
}

// inner reads a block within a block.
func (p *parser) inner(name string, at int) (body []node, end segment, err error) {
	if p.depth++; p.depth > p.limits.Depth {
		return nil, segment{}, p.wrong(at, "depth", "depth", p.limits.Depth)
	}
	body, end, err = p.block()
	p.depth--
	if err == nil && end.kind == endSegment {
		err = p.wrong(at, "unclosed", "tag", name)
	}
	return body, end, err
}

// output reads {{ value | filter: argument, argument | … }}.
func (p *parser) output(s segment) (node, error) {
	l, err := p.lex(s.text, s.at)
	if err != nil {
		return nil, err
	}
	if l.tok.kind == 0 {
		return nil, nil
	}
	o := &output{line: p.line(s.at)}
	if o.value, err = l.filtered(); err != nil {
		return nil, err
	}
	if o.value.base.path != nil && !o.value.defaulted {
		o.name = o.value.base.path.whole
	}
	return o, nil
}

// filtered is a value that filters work on one after the other.
type filtered struct {
	base      expression
	filters   []filterCall
	defaulted bool // default is among the filters
}

// filterCall is a filter with its arguments.
type filterCall struct {
	filter filter
	args   [mostArguments]expression
	given  int
	line   int64
}

// mostArguments is what a filter takes beside its value.
const mostArguments = 2

func (l *lexer) filtered() (filtered, error) {
	base, err := l.expression()
	f := filtered{base: base}
	for err == nil && l.is("|") {
		if err = l.next(); err != nil {
			break
		}
		var call filterCall
		f.defaulted = f.defaulted || l.is("default")
		if call, err = l.filter(); err == nil {
			f.filters = append(f.filters, call)
		}
	}
	if err != nil {
		return f, err
	}
	return f, l.end()
}

func (l *lexer) filter() (filterCall, error) {
	name := l.tok
	if name.kind != 'w' {
		return filterCall{}, l.wrong("filter_name")
	}
	filter, ok := filterNamed(name.text)
	if !ok {
		return filterCall{}, l.wrong("filter")
	}
	call := filterCall{filter: filter, line: l.p.line(name.at)}
	if err := l.next(); err != nil {
		return call, err
	}
	for sign := ":"; l.is(sign); sign = "," {
		if err := l.next(); err != nil {
			return call, err
		}
		arg, err := l.expression()
		if err != nil {
			return call, err
		}
		if call.given < mostArguments {
			call.args[call.given] = arg
		}
		call.given++
	}
	if call.given < filter.least || call.given > filter.most {
		return call, l.p.wrong(name.at, "arguments", "word", name.text)
	}
	return call, nil
}
