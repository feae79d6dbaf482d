package liquid

// branches is if or unless with what follows.
type branches struct {
	arms []branch
	line int64
}

type branch struct {
	test      condition
	not       bool
	otherwise bool
	body      []node
}

func (n *branches) render(r *run) error {
	if err := r.step(n.line, 0); err != nil {
		return err
	}
	for i := range n.arms {
		a := &n.arms[i]
		if !a.otherwise {
			holds, err := r.holds(&a.test, n.line)
			if err != nil {
				return err
			}
			if holds == a.not {
				continue
			}
		}
		return r.block(a.body)
	}
	return nil
}

// choice is case: the first when with an equal value.
type choice struct {
	value filtered
	whens []when
	line  int64
}

type when struct {
	values    []expression
	otherwise bool
	body      []node
}

func (n *choice) render(r *run) error {
	v, err := r.filtered(&n.value, n.line)
	if err != nil {
		return err
	}
	for i := range n.whens {
		w := &n.whens[i]
		match := w.otherwise
		for k := range w.values {
			if err := r.step(n.line, len(v.text)); err != nil {
				return err
			}
			match = match || equal(v, r.value(&w.values[k]))
		}
		if match {
			return r.block(w.body)
		}
	}
	return nil
}

// assignment gives a value a name.
type assignment struct {
	slot  int
	value filtered
	line  int64
}

func (n *assignment) render(r *run) error {
	v, err := r.filtered(&n.value, n.line)
	r.slots[n.slot] = v
	return err
}

// capture gives the text of a block a name. In HTML that text is written already, so it is not escaped again.
type capture struct {
	slot int
	body []node
	line int64
}

func (n *capture) render(r *run) error {
	if err := r.step(n.line, 0); err != nil {
		return err
	}
	begin := len(r.out)
	err := r.block(n.body)
	if err == nil {
		err = r.spend(n.line, len(r.out)-begin)
	}
	if err != nil {
		return err
	}
	kind := textKind
	if r.mode == HTML {
		kind = safeKind
	}
	r.slots[n.slot] = Value{kind: kind, text: string(r.out[begin:])}
	r.out = r.out[:begin]
	return nil
}

// jump leaves a loop or its turn.
type jump struct{ leave bool }

func (n *jump) render(r *run) error {
	r.jump = nextJump
	if n.leave {
		r.jump = leaveJump
	}
	return nil
}

// loop is for.
type loop struct {
	slot, state   int // of the name and of forloop
	list          expression
	limit, offset *expression
	reversed      bool
	body          []node
	otherwise     []node
	line          int64
}

// turns is what forloop answers.
type turns struct{ index, count int64 }

// Field returns index, index0, rindex, rindex0, first, last and length.
func (t *turns) Field(name string) Value {
	switch name {
	case "index":
		return Int(t.index + 1)
	case "index0":
		return Int(t.index)
	case "rindex":
		return Int(t.count - t.index)
	case "rindex0":
		return Int(t.count - t.index - 1)
	case "first":
		return Bool(t.index == 0)
	case "last":
		return Bool(t.index == t.count-1)
	case "length":
		return Int(t.count)
	default:
		return Value{}
	}
}

func (n *loop) render(r *run) error {
	if err := r.step(n.line, 0); err != nil {
		return err
	}
	item, count := n.items(r)
	offset := min(max(0, r.whole(n.offset, 0)), count)
	turns := &turns{count: min(max(0, r.whole(n.limit, count)), count-offset)}
	if turns.count == 0 {
		return r.block(n.otherwise)
	}
	outer, outerState := r.slots[n.slot], r.slots[n.state]
	r.slots[n.state] = Record(turns)
	defer func() { r.slots[n.slot], r.slots[n.state] = outer, outerState }()
	for ; turns.index < turns.count; turns.index++ {
		if err := r.step(n.line, 0); err != nil {
			return err
		}
		at := offset + turns.index
		if n.reversed {
			at = offset + turns.count - 1 - turns.index
		}
		r.slots[n.slot] = item(at)
		if err := r.block(n.body); err != nil {
			return err
		}
		left := r.jump == leaveJump
		r.jump = noJump
		if left {
			break
		}
	}
	return nil
}

// items returns what the loop walks: a list, or the whole numbers of a range, which are never kept.
func (n *loop) items(r *run) (item func(int64) Value, count int64) {
	if n.list.from == nil {
		all := r.value(&n.list).list()
		return func(i int64) Value { return all[i] }, int64(len(all))
	}
	from, to := r.whole(n.list.from, 0), r.whole(n.list.to, -1)
	if to < from || from < -farthest || to > farthest {
		return nil, 0
	}
	return func(i int64) Value { return Int(from + i) }, to - from + 1
}

// farthest bounds the ends of a range, so that counting its turns cannot overflow.
const farthest = 1 << 31

// whole evaluates an expression as a whole number.
func (r *run) whole(e *expression, otherwise int64) int64 {
	if e == nil {
		return otherwise
	}
	f, ok := r.value(e).number()
	if !ok || f < -farthest || f > farthest {
		return otherwise
	}
	return int64(f)
}
