package liquid

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// expression is a literal, a path such as products[0].name, or a range (1..5).
type expression struct {
	literal Value
	path    *path
	from    *expression // of a range
	to      *expression
}

// path is a name and the parts asked for.
type path struct {
	name  string
	slot  int // of a name that the template gives a value to; -1 for others
	steps []step
	whole string // as written, for reports
	at    int
}

// step is a part by name or by an expression in brackets.
type step struct {
	name  string
	index *expression
}

// token is a piece of what stands between braces.
type token struct {
	kind  byte // w word, s string, i whole number, f number, p sign, 0 end
	text  string
	value Value
	at    int
}

// lexer cuts what stands between braces into tokens.
type lexer struct {
	p      *parser
	text   string
	at     int // of text in the source
	pos    int
	tok    token
	nested int // brackets within brackets
}

func (p *parser) lex(text string, at int) (*lexer, error) {
	l := &lexer{p: p, text: text, at: at}
	return l, l.next()
}

func (l *lexer) wrong(key string, args ...any) error {
	return l.p.wrong(l.tok.at, key, append(args, "word", l.tok.text)...)
}

func (l *lexer) is(sign string) bool {
	return (l.tok.kind == 'p' || l.tok.kind == 'w') && l.tok.text == sign
}

// take passes over a sign or word if it stands there.
func (l *lexer) take(sign string) (bool, error) {
	if !l.is(sign) {
		return false, nil
	}
	return true, l.next()
}

// end fails unless everything is read.
func (l *lexer) end() error {
	if l.tok.kind != 0 {
		return l.wrong("rest")
	}
	return nil
}

// next reads the next token.
func (l *lexer) next() error {
	for l.pos < len(l.text) && strings.IndexByte(space, l.text[l.pos]) >= 0 {
		l.pos++
	}
	rest := l.text[l.pos:]
	l.tok = token{at: l.at + l.pos}
	if rest == "" {
		return nil
	}
	r, width := utf8.DecodeRuneInString(rest)
	switch {
	case r == '"' || r == '\'':
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			l.tok.text = rest
			return l.wrong("quote")
		}
		l.tok.kind, l.tok.text, l.tok.value = 's', rest[:end+2], String(rest[1:end+1])
	case r >= '0' && r <= '9' || r == '-' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return l.number(rest)
	case r == '_' || unicode.IsLetter(r):
		l.tok.kind, l.tok.text = 'w', rest[:wordEnd(rest)]
	default:
		l.tok.kind, l.tok.text = 'p', rest[:width]
		for _, sign := range []string{"==", "!=", "<>", "<=", ">=", ".."} {
			if strings.HasPrefix(rest, sign) {
				l.tok.text = sign
			}
		}
	}
	l.pos += len(l.tok.text)
	return nil
}

func wordEnd(text string) int {
	for i, r := range text {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(text)
}

// number reads 12, -3 and 1.5; the two points of a range end a number.
func (l *lexer) number(rest string) error {
	end, point := 1, false
	for ; end < len(rest); end++ {
		if rest[end] == '.' && !point && end+1 < len(rest) && rest[end+1] >= '0' && rest[end+1] <= '9' {
			point = true
			continue
		}
		if rest[end] < '0' || rest[end] > '9' {
			break
		}
	}
	l.tok.text = rest[:end]
	if !point {
		n, err := strconv.ParseInt(l.tok.text, 10, 64)
		if err != nil {
			return l.wrong("large")
		}
		l.tok.kind, l.tok.value = 'i', Int(n)
	} else {
		f, err := strconv.ParseFloat(l.tok.text, 64)
		if err != nil || math.IsInf(f, 0) {
			return l.wrong("large")
		}
		l.tok.kind, l.tok.value = 'f', Float(f)
	}
	l.pos += end
	return nil
}

// expression reads a literal, a path or a range.
func (l *lexer) expression() (expression, error) {
	switch {
	case l.tok.kind == 's' || l.tok.kind == 'i' || l.tok.kind == 'f':
		e := expression{literal: l.tok.value}
		return e, l.next()
	case l.is("("):
		return l.spread()
	case l.tok.kind != 'w':
		if l.tok.kind == 0 {
			return expression{}, l.wrong("value_end")
		}
		return expression{}, l.wrong("value")
	}
	switch l.tok.text {
	case "true", "false":
		e := expression{literal: Bool(l.tok.text == "true")}
		return e, l.next()
	case "nil", "null", "empty", "blank":
		return expression{}, l.next()
	}
	return l.path()
}

// spread reads a range (from..to).
func (l *lexer) spread() (expression, error) {
	if err := l.next(); err != nil {
		return expression{}, err
	}
	from, err := l.bound()
	if err != nil {
		return expression{}, err
	}
	if err := l.expect(".."); err != nil {
		return expression{}, err
	}
	to, err := l.bound()
	if err != nil {
		return expression{}, err
	}
	return expression{from: &from, to: &to}, l.expect(")")
}

// bound reads one end of a range: a whole number or a path.
func (l *lexer) bound() (expression, error) {
	if l.tok.kind == 'i' {
		e := expression{literal: l.tok.value}
		return e, l.next()
	}
	if l.tok.kind != 'w' {
		return expression{}, l.wrong("value")
	}
	return l.path()
}

func (l *lexer) expect(sign string) error {
	ok, err := l.take(sign)
	if err == nil && !ok {
		return l.wrong("expected", "sign", sign)
	}
	return err
}

// deepest is how many parts a path may ask for.
const deepest = 16

// path reads a name with its parts.
func (l *lexer) path() (expression, error) {
	p := &path{name: l.tok.text, slot: -1, at: l.tok.at}
	begin := l.tok.at - l.at
	if err := l.next(); err != nil {
		return expression{}, err
	}
	end := begin + len(p.name)
	for l.is(".") || l.is("[") {
		if len(p.steps) == deepest {
			return expression{}, l.wrong("path")
		}
		s, err := l.step()
		if err != nil {
			return expression{}, err
		}
		p.steps = append(p.steps, s)
		end = l.tok.at - l.at
	}
	p.whole = strings.TrimRight(l.text[begin:end], space)
	l.p.paths = append(l.p.paths, p)
	return expression{path: p}, nil
}

// step reads .name or [index].
func (l *lexer) step() (step, error) {
	if ok, err := l.take("."); ok || err != nil {
		if err == nil && l.tok.kind != 'w' {
			err = l.wrong("name")
		}
		s := step{name: l.tok.text}
		if err != nil {
			return s, err
		}
		return s, l.next()
	}
	if err := l.next(); err != nil {
		return step{}, err
	}
	if l.is("(") {
		return step{}, l.wrong("value")
	}
	if l.nested++; l.nested > deepest {
		return step{}, l.wrong("path")
	}
	index, err := l.expression()
	if err != nil {
		return step{}, err
	}
	l.nested--
	if index.path == nil && index.literal.isText() {
		return step{name: index.literal.text}, l.expect("]")
	}
	return step{index: &index}, l.expect("]")
}

// comparison is two values and how they are to stand to each other; without a sign the first is to be true.
type comparison struct {
	left, right expression
	sign        string
}

// condition is comparisons joined by and, or. As in Liquid they are read from the right: a and b or c is a and (b or c).
type condition struct {
	all []comparison
	and []bool // how all[i] and the rest are joined
}

func (l *lexer) condition() (condition, error) {
	var c condition
	for {
		one, err := l.comparison()
		if err != nil {
			return c, err
		}
		c.all = append(c.all, one)
		and := l.is("and")
		if !and && !l.is("or") {
			return c, l.end()
		}
		c.and = append(c.and, and)
		if err := l.next(); err != nil {
			return c, err
		}
	}
}

func (l *lexer) comparison() (comparison, error) {
	left, err := l.expression()
	c := comparison{left: left}
	if err != nil {
		return c, err
	}
	for _, sign := range []string{"==", "!=", "<>", "<", ">", "<=", ">=", "contains"} {
		ok, err := l.take(sign)
		if err != nil {
			return c, err
		}
		if ok {
			c.sign = sign
			c.right, err = l.expression()
			return c, err
		}
	}
	return c, nil
}
