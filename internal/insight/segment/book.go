package segment

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Fields returns what can be asked about customers at the moment, the company's own fields among it.
type Fields func(context.Context, *store.Tx) (*filter.Catalogue, error)

// Book is all segments at a moment, with the fields that conditions may ask for. It does not change.
type Book struct {
	Today     clock.Day         // of the company
	Catalogue *filter.Catalogue // what people can ask for

	fields *filter.Catalogue // Catalogue, and what only this package asks for
	all    []*Segment        // by name, archived ones too
	ids    map[int64]*Segment
	names  map[string]*Segment // by fold(Name), without archived ones
}

// Open reads the book.
func Open(ctx context.Context, tx *store.Tx, fields Fields) (*Book, error) {
	c, err := fields(ctx, tx)
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	list, err := all(ctx, tx)
	if err != nil {
		return nil, err
	}
	b := &Book{Today: clock.DayOf(tx.Now, settings.Zone()), Catalogue: c, all: list, ids: map[int64]*Segment{}, names: map[string]*Segment{}}
	if b.fields, err = c.With(listField); err != nil {
		return nil, err
	}
	for _, s := range list {
		b.ids[s.ID] = s
		if s.Archived == nil {
			b.names[fold(s.Name)] = s
		}
	}
	return b, nil
}

// Segments lists the segments that are not archived, by name.
func (b *Book) Segments() []*Segment {
	return slices.DeleteFunc(slices.Clone(b.all), func(s *Segment) bool { return s.Archived != nil })
}

// Archived lists the archived segments, by name.
func (b *Book) Archived() []*Segment {
	return slices.DeleteFunc(slices.Clone(b.all), func(s *Segment) bool { return s.Archived == nil })
}

// Find returns a segment by its id, also an archived one; notfound where there is none.
func (b *Book) Find(id int64) (*Segment, error) {
	if s := b.ids[id]; s != nil {
		return s, nil
	}
	return nil, fault.New(fault.NotFound, "segment.unknown", "segment", strconv.FormatInt(id, 10)).On("segment")
}

// Named returns the segment of a name, whatever its case; notfound where there is none.
func (b *Book) Named(name string) (*Segment, error) {
	if s := b.names[fold(name)]; s != nil {
		return s, nil
	}
	return nil, fault.New(fault.NotFound, "segment.unknown", "segment", name).On("segment")
}

// fold is the form in which names are compared.
func fold(name string) string { return cases.Fold().String(norm.NFKC.String(name)) }

// key is how the condition of another segment names s: by id, so that it may get another name.
func (s *Segment) key() string { return "#" + strconv.FormatInt(s.ID, 10) }

// keyed finds the segment of a key; nil if it is none, or nobody has it.
func (b *Book) keyed(key string) *Segment {
	digits, ok := strings.CutPrefix(key, "#")
	id, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return nil
	}
	return b.ids[id]
}

// Condition is the condition of a segment, in which others stand by their names. That of a frozen one is what its list
// came from; of an imported list it is met by everybody.
func (b *Book) Condition(s *Segment) filter.Tree {
	return renamed(s.condition, func(key string) string {
		if other := b.keyed(key); other != nil {
			return other.Name
		}
		return key
	})
}

// Meaning is the tree that asks for the customers of a segment, whatever its kind.
func (b *Book) Meaning(s *Segment) filter.Tree {
	if s.Kind == Frozen {
		return listed(s.ID)
	}
	return b.Condition(s)
}

// bound is a tree in which segments stand by keys; an invalid fault if one does not exist or is archived.
func (b *Book) bound(t filter.Tree) (filter.Tree, error) {
	for _, name := range t.Segments() {
		if b.names[fold(name)] == nil {
			return t, fault.New(fault.Invalid, "segment.unknown", "segment", name).On("condition")
		}
	}
	return renamed(t, func(name string) string { return b.names[fold(name)].key() }), nil
}

// renamed is a copy of a tree with other names of the segments in it.
func renamed(t filter.Tree, name func(string) string) filter.Tree {
	if t.Is != nil && t.Is.Field == filter.FieldSegment {
		c := *t.Is
		c.Values = slices.Clone(c.Values)
		for i := range c.Values {
			c.Values[i].Text = name(c.Values[i].Text)
		}
		t.Is = &c
	}
	parts := t.Parts
	t.Parts = nil
	for _, p := range parts {
		t.Parts = append(t.Parts, renamed(p, name))
	}
	return t
}

// Parse reads the text of a condition.
func (b *Book) Parse(text string) (filter.Tree, error) { return filter.Parse(text, b.Catalogue) }

// Query compiles a condition that somebody asks, in which segments stand by their names, as of a day.
func (b *Book) Query(t filter.Tree, asOf clock.Day) (*filter.Query, error) {
	if err := filter.Reversed(t, asOf); err != nil {
		return nil, err
	}
	return b.query(t, asOf, nil)
}

// query is Query with the condition of one segment as it would be.
func (b *Book) query(t filter.Tree, asOf clock.Day, draft *Segment) (*filter.Query, error) {
	return filter.Compile(t, b.fields, asOf, filter.Options{Segment: func(name string) (filter.Tree, error) {
		s, err := b.Named(name)
		if err != nil {
			return filter.Tree{}, err
		}
		if draft != nil && s.ID == draft.ID {
			s = draft
		}
		return b.Meaning(s), nil
	}})
}

// Of compiles a segment as of a day.
func (b *Book) Of(s *Segment, asOf clock.Day) (*filter.Query, error) {
	q, err := b.query(b.Meaning(s), asOf, nil)
	if err != nil {
		return nil, b.cannotCount(s, err)
	}
	return q, nil
}

// cannotCount says why a segment has no customers: a field or a segment that it asks for is gone.
func (b *Book) cannotCount(s *Segment, err error) error {
	if fault.CodeOf(err) != fault.Invalid {
		return fmt.Errorf("segment %d: %w", s.ID, err)
	}
	return fault.New(fault.Conflict, "segment.cannot_count", "segment", s.Name, "why", fault.As(err)).Because(err)
}

// Trouble tells why a segment cannot be counted; nil if it can. Lists show it instead of a number.
func (b *Book) Trouble(s *Segment) error {
	_, err := b.Of(s, b.Today)
	return err
}

// Sentence says in words whom a condition means.
func (b *Book) Sentence(p *i18n.Printer, t filter.Tree) string {
	return filter.Sentence(p, t, b.Catalogue, nil)
}

// Users lists the segments that are not archived and name s in their conditions, by name.
func (b *Book) Users(s *Segment) []*Segment {
	var users []*Segment
	for _, other := range b.Segments() {
		if other.Kind == Live && slices.Contains(other.condition.Segments(), s.key()) {
			users = append(users, other)
		}
	}
	return users
}

// dependents are the segments whose customers depend on s, s among them.
func (b *Book) dependents(s *Segment) []*Segment {
	found := []*Segment{s}
	for i := 0; i < len(found); i++ {
		for _, user := range b.Users(found[i]) {
			if !slices.Contains(found, user) {
				found = append(found, user)
			}
		}
	}
	return found
}

// names joins the names of segments for a text.
func names(list []*Segment) string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = s.Name
	}
	return strings.Join(all, ", ")
}
