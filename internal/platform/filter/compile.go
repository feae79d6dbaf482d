package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// SQL is a SELECT for the warehouse. Values stand in Args, as $1, $2 and so on in Text.
type SQL struct {
	Text string
	Args []any
}

// Options are what Compile needs beside the tree.
type Options struct {
	// Segment returns the tree of a segment by its key; a notfound fault where there is none. Needed only where a tree names
	// one.
	Segment func(key string) (Tree, error)
}

// Query is a compiled tree. Its SELECTs are one text with different ends: measure by measure the customers left so far are
// joined with what one table knows of them, the cheap and selective tables first, each read once. A Query never changes
// and may be shared.
type Query struct {
	asOf     clock.Day
	currency string
	base     Source
	root     node
	leaves   []node // conditions of the tree itself, not of the segments it names
}

// node is a Tree with its fields found and the segments it names in their places.
type node struct {
	join  Join
	n     int
	parts []node
	leaf  *leaf
}

// leaf is a condition with its field. Of a segment, whole is what it means.
type leaf struct {
	Condition
	field Field
	whole *node
}

// Compile makes SQL of a tree as of a day: what is asked is who meets it on that day, as far as the warehouse knows. Errors
// are those of Check, those of Options.Segment, and Invalid faults for segments that name themselves.
func Compile(t Tree, c *Catalogue, asOf clock.Day, o Options) (*Query, error) {
	if c.base.Name == "" {
		return nil, errors.New("filter: no field is of a base source")
	}
	if err := soundMoment(Moment{Day: asOf}); err != nil {
		return nil, err
	}
	b := &binder{catalogue: c, segment: o.Segment}
	root, err := b.tree(t)
	if err != nil {
		return nil, err
	}
	q := &Query{asOf: asOf, currency: c.currency, base: c.base, root: root}
	root.each(false, func(n node) { q.leaves = append(q.leaves, n) })
	return q, nil
}

// Leaves lists the conditions in the order of Explain's columns.
func (q *Query) Leaves() []Condition {
	all := make([]Condition, len(q.leaves))
	for i, n := range q.leaves {
		all[i] = n.leaf.Condition
		if all[i].Is == anniversaryLast {
			all[i].Is = WithinLast
		}
	}
	return all
}

// Tables lists the tables of the warehouse whose changes can change who is in.
func (q *Query) Tables() []string {
	all := slices.Clone(q.base.Tables)
	q.root.each(true, func(n node) {
		for _, w := range n.leaf.field.ways() {
			all = append(all, w.Source.Tables...)
		}
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// Whole tells whether who is in depends on everybody's rows, as classes do that cut a list into parts: then looking at
// changed customers is not enough.
func (q *Query) Whole() bool {
	whole := false
	q.root.each(true, func(n node) { whole = whole || n.leaf.field.Source.Whole })
	return whole
}

// each calls fn with every condition from left to right; through segments, if deep, in place of the condition that names them.
func (n node) each(deep bool, fn func(node)) {
	if n.leaf != nil {
		if deep && n.leaf.whole != nil {
			n.leaf.whole.each(deep, fn)
		} else {
			fn(n)
		}
	}
	for _, p := range n.parts {
		p.each(deep, fn)
	}
}

// binder finds the fields of a tree and the trees of its segments.
type binder struct {
	catalogue *Catalogue
	segment   func(string) (Tree, error)
	chain     []string // the segments that are being bound
	nodes     int
}

func (b *binder) tree(t Tree) (node, error) {
	if err := Check(t, b.catalogue); err != nil {
		return node{}, err
	}
	return b.bind(t)
}

func (b *binder) bind(t Tree) (node, error) {
	if b.nodes++; b.nodes > MaxMeant {
		return node{}, invalid("meant", "max", MaxMeant)
	}
	n := node{join: t.Join, n: t.N}
	for _, p := range t.Parts {
		part, err := b.bind(p)
		if err != nil {
			return n, err
		}
		n.parts = append(n.parts, part)
	}
	if t.Is == nil {
		return n, nil
	}
	l, err := b.condition(*t.Is)
	n.leaf = l
	return n, err
}

func (b *binder) condition(c Condition) (*leaf, error) {
	switch c.Field {
	case FieldSegment:
		return b.named(c)
	case FieldShare:
		f := shareField()
		f.Source = b.catalogue.base
		return b.fitted(f, c), nil
	}
	f, _ := b.catalogue.Field(c.Field) // Check found it
	return b.fitted(f, c), nil
}

// fitted brings the values into the form in which the field keeps its own.
func (b *binder) fitted(f Field, c Condition) *leaf {
	fitAll := func(f Field, values []Value) []Value {
		fitted := make([]Value, len(values))
		for i, v := range values {
			fitted[i], _ = fit(f, v, b.catalogue.currency) // Check found no fault
		}
		return fitted
	}
	c.Values = fitAll(f, c.Values)
	c.With = slices.Clone(c.With)
	for i, w := range c.With {
		c.With[i].Values = fitAll(f.param(w.Field).field(), w.Values)
	}
	switch {
	case c.Is == WithinNext && f.Yearly:
		c.Is = AnniversaryIn
	case c.Is == WithinLast && f.Yearly:
		c.Is = anniversaryLast
	}
	return &leaf{Condition: c, field: f}
}

// named binds the segment that a condition names.
func (b *binder) named(c Condition) (*leaf, error) {
	key := c.Values[0].Text
	if slices.Contains(b.chain, key) {
		return nil, invalid("cycle", "chain", strings.Join(append(slices.Clone(b.chain), key), " → "))
	}
	if len(b.chain) >= MaxDepth {
		return nil, invalid("depth", "max", MaxDepth)
	}
	if b.segment == nil {
		return nil, invalid("no_segments", "segment", key)
	}
	t, err := b.segment(key)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, invalid("segment_gone", "segment", key).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("segment %q: %w", key, err)
	}
	b.chain = append(b.chain, key)
	whole, err := b.tree(t)
	b.chain = b.chain[:len(b.chain)-1]
	if err != nil && len(b.chain) == 0 && !errors.Is(err, invalid("cycle")) {
		return nil, invalid("inside", "segment", key, "why", err).Because(err)
	}
	return &leaf{Condition: c, field: Field{Name: FieldSegment, Way: Way{Source: b.catalogue.base}}, whole: &whole}, err
}
