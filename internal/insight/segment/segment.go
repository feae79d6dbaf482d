// Package segment keeps what people mean by their customers: named conditions that count themselves anew whenever they
// are asked, lists frozen at a moment, and tracked segments that tell the feed who enters and who leaves.
//
// Who is in is always found by the one SQL that platform/filter makes of a condition: for everybody, for the few who
// changed, for the reasons of one customer. A Book is all segments at a moment with the fields that can be asked; it
// compiles conditions, which may name other segments. A Tracker follows the warehouse's log of whom its commits concern
// and a queue of days on which time alone may change something, so that no change ever makes it look at everybody.
package segment

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
)

// Kind tells how the customers of a segment are found.
type Kind string

// The kinds.
const (
	Live   Kind = "live"   // by the condition, whenever it is asked
	Frozen Kind = "frozen" // they stand in a list
)

// Segment is a named choice of customers.
type Segment struct {
	ID          int64
	Name        string // unique among those that are not archived, whatever its case
	Description string
	Owner       int64 // user, 0 for nobody
	Kind        Kind
	FrozenOn    *clock.Day // of Frozen: the day of the list
	Tracked     bool       // who enters and leaves is told to the feed
	Archived    *time.Time
	CreatedAt   time.Time
	CreatedBy   store.Actor
	ChangedAt   time.Time
	ChangedBy   store.Actor

	Size   int64 // of Frozen the length of the list; of Tracked how many are in, once Filled
	Filled bool  // of Tracked: everybody was looked at at least once

	condition filter.Tree // names other segments by key
}

// Known tells whether Size is how many customers are in.
func (s *Segment) Known() bool { return s.Kind == Frozen || s.Tracked && s.Filled }

// all reads every segment, the archived among them, by name.
func all(ctx context.Context, tx *store.Tx) ([]*Segment, error) {
	rows, err := tx.Query(ctx, sqlAll)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Segment
	for rows.Next() {
		s := &Segment{}
		var condition string
		var tracked int
		var created, changed int64
		var frozen, archived, ran sql.NullInt64
		if err := rows.Scan(&s.ID, &s.Name, &s.Description, &s.Owner, &s.Kind, &condition, &frozen, &tracked, &archived,
			&created, &s.CreatedBy.Kind, &s.CreatedBy.ID, &changed, &s.ChangedBy.Kind, &s.ChangedBy.ID, &s.Size, &ran); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(condition), &s.condition); err != nil {
			return nil, fmt.Errorf("segment %d: %w", s.ID, err)
		}
		s.Tracked, s.Filled = tracked == 1, ran.Valid
		s.CreatedAt, s.ChangedAt = clock.Time(created), clock.Time(changed)
		if frozen.Valid {
			d := clock.Day(frozen.Int64)
			s.FrozenOn = &d
		}
		if archived.Valid {
			at := clock.Time(archived.Int64)
			s.Archived = &at
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
