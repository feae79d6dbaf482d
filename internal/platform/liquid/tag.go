package liquid

import "strings"

// tag reads {% name … %} and, if it opens a block, all up to its end.
func (p *parser) tag(s segment) (node, error) {
	name := firstWord(s.text)
	if name == "" {
		if strings.HasPrefix(strings.TrimLeft(s.text, space), "#") {
			return nil, nil
		}
		return nil, p.wrong(s.at, "tag_name")
	}
	switch name {
	case "comment":
		_, err := p.verbatim(name, s.at)
		return nil, err
	case "raw":
		text, err := p.verbatim(name, s.at)
		return &literal{text}, err
	case "break", "continue":
		if p.loops == 0 {
			return nil, p.wrong(s.at, "outside", "tag", name)
		}
		return &jump{leave: name == "break"}, nil
	}
	cut := strings.Index(s.text, name) + len(name)
	l, err := p.lex(s.text[cut:], s.at+cut)
	if err != nil {
		return nil, err
	}
	switch name {
	case "if", "unless":
		return p.branch(l, name, s.at)
	case "case":
		return p.choice(l, s.at)
	case "for":
		return p.loop(l, s.at)
	case "assign":
		return p.assign(l)
	case "capture":
		return p.capture(l, s.at)
	default:
		return nil, p.wrong(s.at, "tag", "tag", name)
	}
}

// rest reads what stands behind the name of a tag that divides a block.
func (p *parser) rest(s segment) (*lexer, string, error) {
	name := firstWord(s.text)
	cut := strings.Index(s.text, name) + len(name)
	l, err := p.lex(s.text[cut:], s.at+cut)
	return l, name, err
}

// branch reads if and unless with their elsif and else.
func (p *parser) branch(l *lexer, name string, at int) (node, error) {
	n := &branches{line: p.line(at)}
	test, err := l.condition()
	if err != nil {
		return nil, err
	}
	arm := branch{test: test, not: name == "unless"}
	for {
		body, end, err := p.inner(name, at)
		if err != nil {
			return nil, err
		}
		arm.body = body
		n.arms = append(n.arms, arm)
		l, word, err := p.rest(end)
		if err != nil {
			return nil, err
		}
		switch {
		case word == "end"+name:
			return n, l.end()
		case arm.otherwise || word != "else" && word != "elsif":
			return nil, p.wrong(end.at, "stray_in", "tag", word, "block", name)
		case word == "else":
			arm = branch{otherwise: true}
			err = l.end()
		default:
			arm = branch{}
			arm.test, err = l.condition()
		}
		if err != nil {
			return nil, err
		}
	}
}

// choice reads case with its when and else.
func (p *parser) choice(l *lexer, at int) (node, error) {
	n := &choice{line: p.line(at)}
	var err error
	if n.value, err = l.filtered(); err != nil {
		return nil, err
	}
	before, end, err := p.inner("case", at)
	if err != nil {
		return nil, err
	}
	for _, one := range before { // only white space may stand before the first when
		if text, ok := one.(*literal); !ok || strings.Trim(text.text, space) != "" {
			return nil, p.wrong(at, "case")
		}
	}
	for last := false; ; {
		l, word, err := p.rest(end)
		if err != nil {
			return nil, err
		}
		var w when
		switch {
		case word == "endcase":
			return n, l.end()
		case last || word != "when" && word != "else":
			return nil, p.wrong(end.at, "stray_in", "tag", word, "block", "case")
		case word == "else":
			w.otherwise, last = true, true
			err = l.end()
		default:
			w.values, err = l.alternatives()
		}
		if err != nil {
			return nil, err
		}
		if w.body, end, err = p.inner("case", at); err != nil {
			return nil, err
		}
		n.whens = append(n.whens, w)
	}
}

// alternatives reads the values of a when, divided by commas or or.
func (l *lexer) alternatives() ([]expression, error) {
	var all []expression
	for {
		e, err := l.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if !l.is(",") && !l.is("or") {
			return all, l.end()
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

// loop reads for name in list limit: n offset: n reversed.
func (p *parser) loop(l *lexer, at int) (node, error) {
	n := &loop{line: p.line(at)}
	if l.tok.kind != 'w' {
		return nil, l.wrong("name")
	}
	name := l.tok.text
	if err := l.next(); err != nil {
		return nil, err
	}
	if err := l.expect("in"); err != nil {
		return nil, err
	}
	var err error
	if n.list, err = l.expression(); err != nil {
		return nil, err
	}
	if err := l.loopOptions(n); err != nil {
		return nil, err
	}
	n.slot, n.state = p.slot(name), p.slot("forloop")
	p.loops++
	body, end, err := p.inner("for", at)
	p.loops--
	if err != nil {
		return nil, err
	}
	n.body = body
	l, word, err := p.rest(end)
	if err == nil && word == "else" {
		if err = l.end(); err != nil {
			return nil, err
		}
		if n.otherwise, end, err = p.inner("for", at); err != nil {
			return nil, err
		}
		l, word, err = p.rest(end)
	}
	if err != nil {
		return nil, err
	}
	if word != "endfor" {
		return nil, p.wrong(end.at, "stray_in", "tag", word, "block", "for")
	}
	return n, l.end()
}

func (l *lexer) loopOptions(n *loop) error {
	for l.tok.kind != 0 {
		switch {
		case l.is("reversed"):
			n.reversed = true
			if err := l.next(); err != nil {
				return err
			}
		case l.is("limit"), l.is("offset"):
			into := &n.limit
			if l.is("offset") {
				into = &n.offset
			}
			if err := l.next(); err != nil {
				return err
			}
			if err := l.expect(":"); err != nil {
				return err
			}
			e, err := l.expression()
			if err != nil {
				return err
			}
			*into = &e
		default:
			return l.wrong("rest")
		}
		if _, err := l.take(","); err != nil {
			return err
		}
	}
	return nil
}

// assign reads name = value | filters.
func (p *parser) assign(l *lexer) (node, error) {
	if l.tok.kind != 'w' {
		return nil, l.wrong("name")
	}
	n := &assignment{line: p.line(l.tok.at)}
	name := l.tok.text
	if err := l.next(); err != nil {
		return nil, err
	}
	if err := l.expect("="); err != nil {
		return nil, err
	}
	var err error
	n.value, err = l.filtered()
	n.slot = p.slot(name)
	return n, err
}

// capture reads the block whose text becomes a value.
func (p *parser) capture(l *lexer, at int) (node, error) {
	if l.tok.kind != 'w' {
		return nil, l.wrong("name")
	}
	n := &capture{slot: p.slot(l.tok.text), line: p.line(at)}
	if err := l.next(); err != nil {
		return nil, err
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	body, end, err := p.inner("capture", at)
	if err != nil {
		return nil, err
	}
	n.body = body
	l, word, err := p.rest(end)
	if err != nil {
		return nil, err
	}
	if word != "endcapture" {
		return nil, p.wrong(end.at, "stray_in", "tag", word, "block", "capture")
	}
	return n, l.end()
}
