package filter

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/fault"
)

// Parse reads the text of a condition. An empty text is met by everybody. Errors are Invalid faults that name the position,
// the word and what to write instead.
func Parse(text string, c *Catalogue) (Tree, error) {
	if len(text) > MaxText {
		return Tree{}, invalid("text_too_long", "max", MaxText>>10)
	}
	if !utf8.ValidString(text) {
		return Tree{}, invalid("no_utf8")
	}
	tokens, err := lex(text)
	if err != nil {
		return Tree{}, err
	}
	p := &parser{text: text, tokens: tokens, catalogue: c}
	if p.now().kind == endToken {
		return Tree{}, nil
	}
	t, err := p.any()
	if err != nil {
		return Tree{}, err
	}
	if p.now().kind != endToken {
		return Tree{}, p.fail("rest")
	}
	if err := Check(t, c); err != nil {
		return Tree{}, err
	}
	return t, nil
}

// parser walks over the tokens, one ahead.
type parser struct {
	text      string
	tokens    []token
	place     int
	depth     int
	nodes     int
	catalogue *Catalogue
}

func (p *parser) now() token { return p.tokens[p.place] }

// ahead is the token so many after the present one.
func (p *parser) ahead(n int) token { return p.tokens[min(p.place+n, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.now()
	if t.kind != endToken {
		p.place++
	}
	return t
}

// accept takes the words or signs if they are what comes next.
func (p *parser) accept(words ...string) bool {
	for i, w := range words {
		if !p.ahead(i).is(w) {
			return false
		}
	}
	p.place += len(words)
	return true
}

// expect takes a word or sign, or says that it is missing.
func (p *parser) expect(word string) error {
	if !p.accept(word) {
		return p.fail("expected", "expected", word)
	}
	return nil
}

// fail is an error at the present token.
func (p *parser) fail(key string, args ...any) *fault.Error { return p.failAt(p.now(), key, args...) }

func (p *parser) failAt(t token, key string, args ...any) *fault.Error {
	if t.kind == endToken {
		key += "_end"
	}
	return misread(p.text, t.at, cut(t.text), key, args...)
}

// any reads conditions joined by or.
func (p *parser) any() (Tree, error) { return p.joined(Or, "or", p.all) }

// all reads conditions joined by and.
func (p *parser) all() (Tree, error) { return p.joined(And, "and", p.single) }

func (p *parser) joined(join Join, word string, part func() (Tree, error)) (Tree, error) {
	first, err := part()
	if err != nil || !p.now().is(word) {
		return first, err
	}
	t := Tree{Join: join, Parts: []Tree{first}}
	for p.accept(word) {
		next, err := part()
		if err != nil {
			return t, err
		}
		t.Parts = append(t.Parts, next)
	}
	return t, p.counted()
}

// counted refuses a text of too many conditions before it is read to its end.
func (p *parser) counted() error {
	if p.nodes++; p.nodes > MaxNodes {
		return invalid("nodes", "max", MaxNodes)
	}
	return nil
}

// single reads a condition, a negation or a group.
func (p *parser) single() (Tree, error) {
	if p.depth++; p.depth > MaxDepth {
		return Tree{}, invalid("depth", "max", MaxDepth)
	}
	defer func() { p.depth-- }()
	if err := p.counted(); err != nil {
		return Tree{}, err
	}
	switch {
	case p.accept("("):
		t, err := p.any()
		if err != nil {
			return t, err
		}
		return t, p.expect(")")
	case p.now().is("not") && !p.ahead(1).is("in"):
		p.take()
		part, err := p.single()
		return Tree{Join: Not, Parts: []Tree{part}}, err
	case p.accept("at", "least"):
		return p.atLeast()
	}
	c, err := p.condition()
	return Tree{Is: c}, err
}

// atLeast reads what follows "at least".
func (p *parser) atLeast() (Tree, error) {
	t := Tree{Join: AtLeast}
	n, err := strconv.Atoi(p.now().text)
	if p.now().kind != numberToken || err != nil {
		return t, p.fail("whole")
	}
	p.take()
	t.N = n
	if err := p.expect("of"); err != nil {
		return t, err
	}
	if err := p.expect("("); err != nil {
		return t, err
	}
	for {
		part, err := p.any()
		if err != nil {
			return t, err
		}
		t.Parts = append(t.Parts, part)
		if !p.accept(";") {
			return t, p.expect(")")
		}
	}
}

// condition reads one condition.
func (p *parser) condition() (*Condition, error) {
	if c, err := p.member(); c != nil || err != nil {
		return c, err
	}
	if p.now().is(FieldShare) && p.ahead(1).is("(") {
		return p.share()
	}
	t := p.now()
	if t.kind != wordToken || keyword(t.text) {
		return nil, p.fail("condition")
	}
	f, ok := p.catalogue.Field(strings.ToLower(t.text))
	if !ok {
		if near := p.catalogue.nearest(t.text); near != "" {
			return nil, p.fail("field_near", "near", near)
		}
		return nil, p.fail("field")
	}
	p.take()
	c := &Condition{Field: f.Name}
	none := p.now().is("not") && p.ahead(1).is("(") && p.accept("not")
	if p.accept("(") {
		if err := p.arguments(f, c); err != nil {
			return nil, err
		}
	}
	if none {
		c.Is, c.Values = Equal, []Value{{Kind: NumberValue}}
		return c, nil
	}
	return c, p.comparison(f, c)
}

// member reads "in segment KEY"; nil if it is something else.
func (p *parser) member() (*Condition, error) {
	c := &Condition{Field: FieldSegment, Is: In}
	words := 1
	if p.now().is("not") {
		c.Is, words = NotIn, 2
	} else if !p.now().is("in") {
		return nil, nil
	}
	p.place += words
	if !p.accept(FieldSegment) {
		return nil, p.fail("member")
	}
	key, err := p.value(TypeText)
	c.Values = []Value{key}
	return c, err
}

// share reads share("SALT") < 10 %.
func (p *parser) share() (*Condition, error) {
	p.place += 2
	salt, err := p.value(TypeText)
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	c := &Condition{Field: FieldShare, With: []Condition{{Field: saltParam, Is: Equal, Values: []Value{salt}}}}
	return c, p.comparison(shareField(), c)
}

// arguments reads window and parameters up to the closing bracket.
func (p *parser) arguments(f Field, c *Condition) error {
	for {
		if err := p.argument(f, c); err != nil {
			return err
		}
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

func (p *parser) argument(f Field, c *Condition) error {
	t := p.now()
	w, err := p.window()
	if err != nil {
		return err
	}
	if w != nil {
		if c.Window != nil {
			return p.failAt(t, "window_twice")
		}
		c.Window = w
		return nil
	}
	if len(f.Params) == 0 {
		if f.Windowed() {
			return p.fail("window")
		}
		return p.failAt(t, "no_arguments", "field", f.Name)
	}
	return p.parameter(f, c)
}

// parameter reads a condition on a parameter, or a bare value: of the one that has it among its choices, else of the first.
func (p *parser) parameter(f Field, c *Condition) error {
	t := p.now()
	lead := f.Params[0]
	if t.kind == wordToken {
		if named := f.param(strings.ToLower(t.text)); named != nil {
			p.take()
			with := Condition{Field: named.Name}
			if k := p.now().kind; k == quotedToken || k == numberToken {
				v, err := p.value(named.Type)
				with.Is, with.Values = Equal, []Value{v}
				c.With = append(c.With, with)
				return err
			}
			err := p.comparison(named.field(), &with)
			c.With = append(c.With, with)
			return err
		}
		if after := p.ahead(1); !after.is(",") && !after.is(")") {
			return p.fail("parameter", "field", f.Name, "names", strings.Join(f.paramNames(), ", "))
		}
	}
	for _, other := range f.Params {
		if t.kind == wordToken && slices.Contains(other.Choices, strings.ToLower(t.text)) {
			lead = other
			break
		}
	}
	v, err := p.value(lead.Type)
	c.With = append(c.With, Condition{Field: lead.Name, Is: Equal, Values: []Value{v}})
	return err
}

func (f Field) paramNames() []string {
	var names []string
	for _, p := range f.Params {
		names = append(names, p.Name)
	}
	return names
}

// field is the parameter as a field of its own, for what both have in common.
func (p Param) field() Field {
	return Field{Name: p.Name, Type: p.Type, Choices: p.Choices, Labels: p.Labels, Words: p.Words, Upper: p.Upper}
}

// comparison reads operator and values. A count without one is at least one, a flag without one is yes.
func (p *parser) comparison(f Field, c *Condition) error {
	t := p.now()
	for _, o := range []Operator{NotEqual, AtMost, NotLess, Equal, Less, More} {
		if p.accept(string(o)) {
			return p.compare(f, c, o)
		}
	}
	for _, o := range []Operator{NotContains, NotIn, Contains, In, StartsWith, NotEmpty, Empty, Between, WithinNext, WithinLast, Anniversary, AnniversaryIn, Changed, Fell, Rose} {
		if p.accept(strings.Fields(string(o))...) {
			if !f.allows(o) {
				return p.failAt(t, "operator", "field", f.Name, "operators", operatorList(f))
			}
			c.Is = o
			return p.operands(f, c)
		}
	}
	switch f.Type {
	case TypeCount:
		c.Is, c.Values = NotLess, []Value{{Kind: NumberValue, Number: 1}}
		return nil
	case TypeFlag:
		c.Is, c.Values = Equal, []Value{{Kind: FlagValue, Flag: true}}
		return nil
	}
	return p.fail("comparison", "field", f.Name, "operators", operatorList(f))
}

func (p *parser) compare(f Field, c *Condition, o Operator) error {
	if !f.allows(o) {
		p.place--
		return p.fail("operator", "field", f.Name, "operators", operatorList(f))
	}
	v, err := p.value(f.Type)
	c.Is, c.Values = o, []Value{v}
	return err
}

func operatorList(f Field) string {
	var names []string
	for _, o := range f.Operators() {
		names = append(names, string(o))
	}
	return strings.Join(names, ", ")
}

// operands reads what follows an operator in words.
func (p *parser) operands(f Field, c *Condition) error {
	switch c.Is {
	case Contains, NotContains, StartsWith:
		v, err := p.value(f.Type)
		c.Values = []Value{v}
		return err
	case In, NotIn:
		return p.list(f, c)
	case Between:
		from, err := p.value(f.Type)
		if err != nil {
			return err
		}
		if err := p.expect("and"); err != nil {
			return err
		}
		to, err := p.value(f.Type)
		c.Values = []Value{from, to}
		return err
	case WithinNext, WithinLast, AnniversaryIn:
		if c.Is == AnniversaryIn {
			p.accept("next")
		}
		s, err := p.span()
		c.Span = &s
		return err
	case Changed:
		return p.period(c)
	case Fell, Rose:
		if err := p.period(c); err != nil {
			return err
		}
		if err := p.expect("by"); err != nil {
			return err
		}
		p.accept("at", "least") // which is meant anyway
		v, err := p.value(f.Type)
		c.Values = []Value{v}
		return err
	}
	return nil
}

// period reads a window in brackets.
func (p *parser) period(c *Condition) error {
	if err := p.expect("("); err != nil {
		return err
	}
	w, err := p.window()
	if err != nil {
		return err
	}
	if w == nil {
		return p.fail("window")
	}
	c.Window = w
	return p.expect(")")
}

func (p *parser) list(f Field, c *Condition) error {
	if err := p.expect("("); err != nil {
		return err
	}
	for {
		v, err := p.value(f.Type)
		if err != nil {
			return err
		}
		c.Values = append(c.Values, v)
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

// nearest is the field whose name is most like a word; empty if none is.
func (c *Catalogue) nearest(word string) string {
	word = strings.ToLower(cut(word))
	best, least := "", 1+len(word)/3
	for _, f := range c.fields {
		if d := distance(word, f.Name); d < least {
			best, least = f.Name, d
		}
	}
	return best
}

// distance counts the letters that differ between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(before[j+1]+1, row[j]+1, before[j]+cost)
		}
	}
	return row[len(b)]
}
