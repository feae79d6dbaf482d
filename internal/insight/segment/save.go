package segment

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
)

// The kinds of changes in the feed. The body of KindChanged names the fields; what they held stands with it.
const (
	KindCreated = "segment.created"
	KindChanged = "segment.changed"
	KindEntered = "segment.entered" // see Members
	KindLeft    = "segment.left"
	KindListed  = "segment.listed" // customers were put on the list of a frozen segment
)

// The fields of a segment that can be changed.
const (
	FieldName        = "name"
	FieldDescription = "description"
	FieldOwner       = "owner"
	FieldCondition   = "condition"
	FieldTracked     = "tracked"
	FieldArchived    = "archived"
)

// The limits of texts, in characters.
const (
	MaxName        = 100
	MaxDescription = 2000
)

// Draft is a segment as somebody wants it. In the condition other segments stand by their names.
type Draft struct {
	Name        string
	Description string
	Owner       int64
	Condition   filter.Tree
	Tracked     bool
}

// Patch is what somebody wants to change of a segment; what is nil stays.
type Patch struct {
	Name        *string
	Description *string
	Owner       *int64
	Condition   *filter.Tree
	Tracked     *bool
	Archived    *bool // archived segments are hidden, and track nobody
}

// Create makes a live segment and returns its id. A name that is taken is a conflict; a condition that cannot be asked is
// the invalid fault that filter.Compile returns. Everything wrong is told at once.
func Create(ctx context.Context, tx *store.Tx, b *Book, d Draft) (int64, error) {
	s := &Segment{Name: clean(d.Name), Description: strings.TrimSpace(d.Description), Owner: d.Owner, Kind: Live, Tracked: d.Tracked}
	if err := b.check(s, &d.Condition); err != nil {
		return 0, err
	}
	ids, err := tx.ReserveIDs(ctx, "segment", 1)
	if err != nil {
		return 0, err
	}
	s.ID = ids[0]
	if err := add(ctx, tx, s); err != nil || !s.Tracked {
		return s.ID, err
	}
	return s.ID, ask(ctx, tx, s.ID)
}

// add writes a new segment with its id.
func add(ctx context.Context, tx *store.Tx, s *Segment) error {
	var frozen any
	if s.FrozenOn != nil {
		frozen = int64(*s.FrozenOn)
	}
	_, err := tx.Exec(ctx, sqlAdd, s.ID, s.Name, fold(s.Name), s.Description, s.Owner, string(s.Kind), store.JSON(s.condition), frozen,
		store.Flag(s.Tracked), clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID)
	if err != nil {
		return taken(err, s.Name)
	}
	if _, err := tx.Exec(ctx, sqlAddState, s.ID, s.Size); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCreated, Subject: s.ID, Body: map[string]any{"kind": string(s.Kind)}})
	return err
}

// taken is the conflict of a name that somebody else took at the same moment.
func taken(err error, name string) error {
	if store.IsUnique(err) {
		return nameTaken(name)
	}
	return err
}

func nameTaken(name string) error {
	return fault.New(fault.Conflict, "segment.name_taken", "name", name).On(FieldName)
}

// Change changes a segment and returns the number of the change in the feed, for Undo; 0 where nothing changed. Errors are those of
// Create; a segment that others name cannot be archived, and the condition of a frozen one not be changed.
func Change(ctx context.Context, tx *store.Tx, b *Book, id int64, p Patch) (int64, error) {
	before, err := b.Find(id)
	if err != nil {
		return 0, err
	}
	s := *before
	if p.Name != nil {
		s.Name = clean(*p.Name)
	}
	if p.Description != nil {
		s.Description = strings.TrimSpace(*p.Description)
	}
	if p.Owner != nil {
		s.Owner = *p.Owner
	}
	if p.Tracked != nil {
		s.Tracked = *p.Tracked
	}
	if p.Archived != nil {
		if s.Archived = nil; *p.Archived {
			s.Archived = &tx.Now
		}
		if before.Archived != nil && *p.Archived {
			s.Archived = before.Archived
		}
	}
	return b.put(ctx, tx, before, &s, p.Condition)
}

// put writes s in the place of before, with another condition if t is not nil.
func (b *Book) put(ctx context.Context, tx *store.Tx, before, s *Segment, t *filter.Tree) (int64, error) {
	if s.Kind == Frozen && (t != nil || s.Tracked) {
		return 0, fault.New(fault.Conflict, "segment.frozen", "segment", s.Name)
	}
	if s.Archived != nil && before.Archived == nil {
		if users := b.Users(before); len(users) > 0 {
			return 0, fault.New(fault.Conflict, "segment.in_use", "segment", s.Name, "users", names(users))
		}
	}
	if t == nil && s.Kind == Live && s.Archived == nil && before.Archived != nil {
		again := b.Condition(s) // what it names may be gone by now
		t = &again
	}
	if err := b.check(s, t); err != nil {
		return 0, err
	}
	old := before.differences(s)
	if len(old) == 0 {
		return 0, nil
	}
	var archived any
	if s.Archived != nil {
		archived = clock.Micros(*s.Archived)
	}
	_, err := tx.Exec(ctx, sqlChange, s.ID, s.Name, fold(s.Name), s.Description, s.Owner, store.JSON(s.condition), store.Flag(s.Tracked), archived,
		clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID)
	if err != nil {
		return 0, taken(err, s.Name)
	}
	if err := b.retrack(ctx, tx, before, s); err != nil {
		return 0, err
	}
	fields := make([]string, 0, len(old))
	for field := range old {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return feed.Append(ctx, tx, feed.New{Kind: KindChanged, Subject: s.ID, Body: map[string]any{"fields": fields}, Old: old})
}

// retrack has everybody looked at again in the tracked segments whose customers the change concerns: quietly, since nobody
// came in or went out by what she did.
func (b *Book) retrack(ctx context.Context, tx *store.Tx, before, s *Segment) error {
	on := func(s *Segment) bool { return s.Tracked && s.Archived == nil }
	switch {
	case on(before) && !on(s):
		if _, err := tx.Exec(ctx, sqlForget, s.ID); err != nil {
			return err
		}
	case on(s) && !on(before):
		if err := ask(ctx, tx, s.ID); err != nil {
			return err
		}
	}
	if store.JSON(before.condition) == store.JSON(s.condition) {
		return nil
	}
	for _, other := range b.dependents(before) {
		if other.ID == s.ID {
			other = s
		}
		if !on(other) {
			continue
		}
		if err := ask(ctx, tx, other.ID); err != nil {
			return err
		}
	}
	return nil
}

// ask has everybody looked at again in a tracked segment, soon; who then enters or leaves is history.
func ask(ctx context.Context, tx *store.Tx, id int64) error {
	_, err := tx.Exec(ctx, sqlAsk, id, clock.Micros(tx.Now), store.Flag(true))
	return err
}

// check tells all that is wrong with a segment, and gives it the condition t, bound, unless nil.
func (b *Book) check(s *Segment, t *filter.Tree) error {
	var wrong []error
	switch n := utf8.RuneCountInString(s.Name); {
	case s.Name == "":
		wrong = append(wrong, fault.New(fault.Invalid, "errors.required").On(FieldName))
	case n > MaxName:
		wrong = append(wrong, fault.New(fault.Invalid, "errors.too_long", "max", MaxName).On(FieldName))
	case strings.HasPrefix(s.Name, "#") || strings.ContainsFunc(s.Name, unicode.IsControl):
		wrong = append(wrong, fault.New(fault.Invalid, "segment.name_form").On(FieldName))
	default:
		if other := b.names[fold(s.Name)]; other != nil && other.ID != s.ID && s.Archived == nil {
			wrong = append(wrong, nameTaken(other.Name))
		}
	}
	if utf8.RuneCountInString(s.Description) > MaxDescription {
		wrong = append(wrong, fault.New(fault.Invalid, "errors.too_long", "max", MaxDescription).On(FieldDescription))
	}
	if t != nil {
		if err := b.bind(s, *t); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// bind gives a segment its condition if it can be asked and the segment does not mean itself.
func (b *Book) bind(s *Segment, t filter.Tree) error {
	bound, err := b.bound(t)
	if err != nil {
		return err
	}
	if chain := b.circle(s, bound); chain != "" {
		return fault.New(fault.Invalid, "segment.circle", "segment", s.Name, "chain", chain).On(FieldCondition)
	}
	draft := *s
	draft.condition = bound
	_, err = b.query(t, b.Today, &draft)
	if err == nil {
		err = filter.Reversed(t, b.Today)
	}
	if err != nil {
		if f := fault.As(err); f.Code == fault.Invalid {
			return f.On(FieldCondition)
		}
		return err
	}
	s.condition = bound
	return nil
}

// circle names the segments on the way from s back to s, if its condition were t; empty if there is no such way.
func (b *Book) circle(s *Segment, t filter.Tree) string {
	seen := map[int64]bool{}
	var walk func(t filter.Tree, chain []string) string
	walk = func(t filter.Tree, chain []string) string {
		for _, key := range t.Segments() {
			other := b.keyed(key)
			switch {
			case other == nil || seen[other.ID]:
				continue
			case other.ID == s.ID:
				return strings.Join(append(chain, s.Name), " → ")
			}
			seen[other.ID] = true
			if other.Kind == Frozen {
				continue
			}
			if found := walk(other.condition, append(slices.Clone(chain), other.Name)); found != "" {
				return found
			}
		}
		return ""
	}
	return walk(t, []string{s.Name})
}

// clean takes white space off a name, also within.
func clean(name string) string { return strings.Join(strings.Fields(name), " ") }
