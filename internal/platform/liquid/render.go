package liquid

import (
	"strconv"
	"time"

	"stamm/internal/platform/fault"
)

// run is one rendering. What it may still cost counts down.
type run struct {
	mode   Mode
	values Fields
	reader Reader
	limits *Limits
	slots  []Value // what the template gave names to; missing ones are asked from outside
	out    []byte
	start  int // of the rendering in out

	steps     int       // left
	made      int       // bytes left for what filters and captures make
	lookAfter int       // steps until the next look at the clock
	deadline  time.Time // set at the first look
	jump      jumpKind
}

// jumpKind is a break or continue on its way to its loop.
type jumpKind byte

const (
	noJump jumpKind = iota
	leaveJump
	nextJump
)

func wrongAt(line int64, key string, args ...any) error {
	return fault.New(fault.Invalid, "liquid.error."+key, append([]any{"line", line}, args...)...)
}

// clockEvery is how many steps pass between two looks at the clock, stepBytes how long a text is that costs a step more.
const (
	clockEvery = 128
	stepBytes  = 4096
)

// step counts a step over a text of that length and looks at the budgets.
func (r *run) step(line int64, bytes int) error {
	cost := 1 + bytes/stepBytes
	r.steps -= cost
	r.lookAfter -= cost
	if r.steps < 0 {
		return wrongAt(line, "steps", "steps", r.limits.Steps)
	}
	if len(r.out)-r.start > r.limits.Output {
		return wrongAt(line, "output", "kilobytes", r.limits.Output>>10)
	}
	if r.lookAfter > 0 {
		return nil
	}
	r.lookAfter = clockEvery
	now := time.Now()
	switch {
	case r.deadline.IsZero():
		r.deadline = now.Add(r.limits.Time)
	case now.After(r.deadline):
		return wrongAt(line, "time", "milliseconds", r.limits.Time.Milliseconds())
	}
	return nil
}

// spend counts bytes that a filter is about to make.
func (r *run) spend(line int64, bytes int) error {
	if bytes > r.made {
		r.made = 0
		return wrongAt(line, "output", "kilobytes", r.limits.Output>>10)
	}
	r.made -= bytes
	return nil
}

// node is a piece of a template.
type node interface {
	render(r *run) error
}

func (r *run) block(body []node) error {
	for _, n := range body {
		if err := n.render(r); err != nil || r.jump != noJump {
			return err
		}
	}
	return nil
}

type literal struct{ text string }

func (n *literal) render(r *run) error {
	r.out = append(r.out, n.text...)
	return nil
}

// output writes a value. name is what to report when it is missing; empty for literals and where a default is given.
type output struct {
	value filtered
	name  string
	line  int64
}

func (n *output) render(r *run) error {
	v, err := r.filtered(&n.value, n.line)
	if err != nil {
		return err
	}
	if v.Missing() {
		if n.name != "" && r.reader.Missing != nil {
			r.reader.Missing(n.name, n.line)
		}
		return nil
	}
	r.write(v)
	if len(r.out)-r.start > r.limits.Output {
		return wrongAt(n.line, "output", "kilobytes", r.limits.Output>>10)
	}
	return nil
}

// write writes a value in the habits of the reader, made harmless for where it goes.
func (r *run) write(v Value) {
	switch {
	case v.kind == intKind:
		r.out = strconv.AppendInt(r.out, v.n, 10)
	case v.kind == safeKind && r.mode == HTML:
		r.out = append(r.out, v.text...)
	case r.mode == HTML:
		r.out = appendEscaped(r.out, r.text(v))
	default:
		r.out = append(r.out, r.text(v)...)
	}
}

// text is a value as a text.
func (r *run) text(v Value) string {
	switch v.kind {
	case textKind, safeKind:
		return v.text
	case intKind:
		return strconv.FormatInt(v.n, 10)
	case floatKind:
		return strconv.FormatFloat(v.float(), 'f', -1, 64)
	case boolKind:
		return strconv.FormatBool(v.n != 0)
	case moneyKind:
		return r.reader.Printer.Money(v.n, v.text)
	case dayKind, timeKind:
		return r.date(v)
	case listKind:
		return r.joined(v.list(), ", ")
	default:
		return ""
	}
}

// filtered evaluates a value and the filters on it.
func (r *run) filtered(f *filtered, line int64) (Value, error) {
	if err := r.step(line, 0); err != nil {
		return Value{}, err
	}
	v := r.value(&f.base)
	for i := range f.filters {
		call := &f.filters[i]
		if err := r.step(call.line, len(v.text)); err != nil {
			return Value{}, err
		}
		if v.Missing() && !call.filter.missing {
			v = Value{}
			continue
		}
		var args [mostArguments]Value
		for k := range call.given {
			args[k] = r.value(&call.args[k])
		}
		var err error
		if v, err = call.filter.apply(r, call, v, args); err != nil {
			return Value{}, err
		}
	}
	return v, nil
}

// value evaluates an expression. A range as a value is missing: only loops walk it.
func (r *run) value(e *expression) Value {
	if e.path == nil {
		return e.literal
	}
	p := e.path
	var v Value
	if p.slot >= 0 {
		v = r.slots[p.slot]
	}
	if v.kind == missingKind {
		v = r.values.Field(p.name)
	}
	r.steps -= len(p.steps)
	for i := range p.steps {
		s := &p.steps[i]
		if s.index == nil {
			v = v.field(s.name)
			continue
		}
		switch index := r.value(s.index); {
		case index.kind == intKind:
			v = v.at(index.n)
		case index.isText():
			v = v.field(index.text)
		default:
			v = Value{}
		}
	}
	return v
}

// holds evaluates a condition from the right.
func (r *run) holds(c *condition, line int64) (bool, error) {
	last := len(c.all) - 1
	var result bool
	for i := last; i >= 0; i-- {
		one, err := r.compares(&c.all[i], line)
		switch {
		case err != nil:
			return false, err
		case i == last:
			result = one
		case c.and[i]:
			result = one && result
		default:
			result = one || result
		}
	}
	return result, nil
}

func (r *run) compares(c *comparison, line int64) (bool, error) {
	left := r.value(&c.left)
	if err := r.step(line, len(left.text)); err != nil {
		return false, err
	}
	if c.sign == "" {
		return left.truth(), nil
	}
	right := r.value(&c.right)
	if left.kind == listKind { // each element may be compared
		if err := r.step(line, len(left.list())*valueBytes); err != nil {
			return false, err
		}
	}
	return stands(left, c.sign, right), nil
}

// stands tells whether two values stand to each other as the sign says.
func stands(left Value, sign string, right Value) bool {
	switch sign {
	case "==":
		return equal(left, right)
	case "!=", "<>":
		return !equal(left, right)
	case "contains":
		return contains(left, right)
	}
	order, ok := compare(left, right)
	if !ok {
		return false
	}
	switch sign {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}
