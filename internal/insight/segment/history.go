package segment

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
)

// values are the fields of a segment as the feed keeps them.
func (s *Segment) values() map[string]string {
	archived := ""
	if s.Archived != nil {
		archived = strconv.FormatInt(clock.Micros(*s.Archived), 10)
	}
	return map[string]string{FieldName: s.Name, FieldDescription: s.Description, FieldOwner: strconv.FormatInt(s.Owner, 10),
		FieldCondition: store.JSON(s.condition), FieldTracked: strconv.FormatBool(s.Tracked), FieldArchived: archived}
}

// differences are the values of s that other has not.
func (s *Segment) differences(other *Segment) map[string]string {
	old, now := s.values(), other.values()
	for field, value := range old {
		if now[field] == value {
			delete(old, field)
		}
	}
	return old
}

// set gives a field the value that the feed kept.
func (s *Segment) set(field, value string) (err error) {
	switch field {
	case FieldName:
		s.Name = value
	case FieldDescription:
		s.Description = value
	case FieldOwner:
		s.Owner, err = strconv.ParseInt(value, 10, 64)
	case FieldCondition:
		s.condition = filter.Tree{}
		err = json.Unmarshal([]byte(value), &s.condition)
	case FieldTracked:
		s.Tracked, err = strconv.ParseBool(value)
	case FieldArchived:
		if s.Archived = nil; value != "" {
			var at int64
			at, err = strconv.ParseInt(value, 10, 64)
			t := clock.Time(at)
			s.Archived = &t
		}
	}
	if err != nil {
		return fmt.Errorf("segment %d: old %s: %w", s.ID, field, err)
	}
	return nil
}

// Edit is a line of a segment's history: who changed it, when, and what it was before and after. Of the first, Before is
// nil: it made the segment.
type Edit struct {
	Change int64 // in the feed, for Undo
	At     time.Time
	By     store.Actor
	Fields []string // what was changed
	Before *Segment // Book.Condition of it is the old condition
	After  *Segment
}

// History lists the changes of a segment that the feed still has, newest first.
func History(ctx context.Context, tx *store.Tx, b *Book, id int64) ([]Edit, error) {
	now, err := b.Find(id)
	if err != nil {
		return nil, err
	}
	var changes []feed.Change
	for after := int64(0); ; {
		const page = 500
		some, err := feed.OfSubject(ctx, tx, KindChanged, id, after, page)
		if err != nil {
			return nil, err
		}
		if changes = append(changes, some...); len(some) < page {
			break
		}
		after = some[len(some)-1].Seq
	}
	var edits []Edit
	after := now
	for i := len(changes) - 1; i >= 0; i-- {
		c := changes[i]
		old, err := feed.OldValues(ctx, tx, c.Seq)
		if err != nil {
			return nil, err
		}
		before := *after
		var body struct {
			Fields []string `json:"fields"`
		}
		if err := json.Unmarshal(c.Body, &body); err != nil {
			return nil, err
		}
		for _, field := range body.Fields {
			if err := before.set(field, old[field]); err != nil {
				return nil, err
			}
		}
		edits = append(edits, Edit{Change: c.Seq, At: c.At, By: c.Actor, Fields: body.Fields, Before: &before, After: after})
		after = &before
	}
	return append(edits, Edit{At: now.CreatedAt, By: now.CreatedBy, After: after}), nil
}

// Undo takes one change of a segment back and returns the number of the change that does. What was changed again since
// is a conflict: nobody's later work is lost.
func Undo(ctx context.Context, tx *store.Tx, b *Book, id, change int64) (int64, error) {
	edits, err := History(ctx, tx, b, id)
	if err != nil {
		return 0, err
	}
	for _, e := range edits {
		if e.Change != change || e.Before == nil {
			continue
		}
		now := b.ids[id]
		s, is, was, old := *now, now.values(), e.After.values(), e.Before.values()
		for _, field := range e.Fields {
			if is[field] != was[field] {
				return 0, fault.New(fault.Conflict, "segment.changed_since", "segment", now.Name)
			}
			if err := s.set(field, old[field]); err != nil {
				return 0, err
			}
		}
		var t *filter.Tree
		if is[FieldCondition] != s.values()[FieldCondition] {
			tree := b.Condition(&s)
			t = &tree
		}
		return b.put(ctx, tx, now, &s, t)
	}
	return 0, fault.New(fault.NotFound, "segment.no_change")
}
