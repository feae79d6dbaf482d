// Package feed records every change in the transaction that makes it, so that audit, triggers, the warehouse and
// webhooks all read one and the same story, each at its own pace.
//
// Order is (xid, seq): on PostgreSQL a sequence number alone skips rows of transactions that commit late, so readers
// go by the transaction's xid8 and stay below the oldest one under way. On SQLite xid is 0. Bodies hold our own ids,
// field names, codes and amounts, never names, addresses, free text or numbers of other systems; old values lie in
// feed_value, the only history that erasing a person deletes.
package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// Origin tells whether a change happens now or is history that an import brings; history triggers nothing.
type Origin int

// The two origins.
const (
	Live    Origin = 0
	History Origin = 1
)

// Range is an inclusive range of ids.
type Range [2]int64

// Rows names what the warehouse must read again: its table, and the ids of the rows.
type Rows map[string][]Range

// Change is one entry of the feed.
type Change struct {
	XID, Seq int64
	At       time.Time
	Actor    store.Actor
	Origin   Origin
	Kind     string // domain.what, as in "customer.changed"
	Customer int64  // whom it is about, 0 for none
	Subject  int64  // the record it is about
	Body     json.RawMessage
	Rows     Rows
}

// Cursor is a place in the feed.
type Cursor struct{ XID, Seq int64 }

// Before tells whether c comes before d.
func (c Cursor) Before(d Cursor) bool { return c.XID < d.XID || c.XID == d.XID && c.Seq < d.Seq }

// New is what Append writes.
type New struct {
	Kind     string
	Origin   Origin
	Customer int64
	Subject  int64
	Body     map[string]any    // our own ids, field names, codes and amounts only
	Rows     Rows              // what the warehouse must read again
	Old      map[string]string // field → value before the change
	OldOf    map[string]int64  // field → customer whose value it was, where that is not Customer
}

// Append adds a change to the feed of the transaction and returns its number.
func Append(ctx context.Context, tx *store.Tx, n New) (int64, error) {
	xid, err := tx.XID(ctx)
	if err != nil {
		return 0, err
	}
	body := n.Body
	if len(n.Rows) > 0 {
		body = make(map[string]any, len(n.Body)+1)
		for k, v := range n.Body {
			body[k] = v
		}
		body["rows"] = n.Rows
	}
	text := "{}"
	if len(body) > 0 {
		text = store.JSON(body)
	}
	seq, err := tx.InsertID(ctx, sqlAppend, xid, clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID, int(n.Origin), n.Kind, n.Customer, n.Subject, text)
	if err != nil {
		return 0, fmt.Errorf("feed %s: %w", n.Kind, err)
	}
	if len(n.Old) == 0 {
		return seq, nil
	}
	rows := make([][]any, 0, len(n.Old))
	for field, old := range n.Old {
		customer := n.Customer
		if of, ok := n.OldOf[field]; ok {
			customer = of
		}
		rows = append(rows, []any{seq, field, customer, old})
	}
	return seq, tx.Insert(ctx, "feed_value", []string{"change", "field", "customer", "old"}, rows)
}

// Read returns up to limit changes after the cursor, oldest first, and the cursor behind the last one.
func Read(ctx context.Context, tx *store.Tx, after Cursor, limit int) ([]Change, Cursor, error) {
	horizon, err := tx.Horizon(ctx)
	if err != nil {
		return nil, after, err
	}
	rows, err := tx.Query(ctx, sqlRead, after.XID, after.Seq, horizon, limit)
	if err != nil {
		return nil, after, err
	}
	defer rows.Close()
	changes, err := scan(rows)
	if err == nil && len(changes) > 0 {
		last := changes[len(changes)-1]
		after = Cursor{last.XID, last.Seq}
	}
	return changes, after, err
}

// Head is the cursor behind the last change that can be read now.
func Head(ctx context.Context, tx *store.Tx) (Cursor, error) {
	horizon, err := tx.Horizon(ctx)
	if err != nil {
		return Cursor{}, err
	}
	var c Cursor
	err = tx.QueryRow(ctx, sqlHead, horizon).Scan(&c.XID, &c.Seq)
	if errors.Is(err, store.ErrNoRows) {
		return Cursor{}, nil
	}
	return c, err
}

// Position is the cursor a follower has stored; the beginning when it has none.
func Position(ctx context.Context, tx *store.Tx, follower string) (Cursor, error) {
	var c Cursor
	err := tx.QueryRow(ctx, sqlPosition, follower).Scan(&c.XID, &c.Seq)
	if errors.Is(err, store.ErrNoRows) {
		return Cursor{}, nil
	}
	return c, err
}

// Advance stores a follower's cursor in the transaction of its effect, so that each change counts once.
func Advance(ctx context.Context, tx *store.Tx, follower string, c Cursor) error {
	_, err := tx.Exec(ctx, sqlAdvance, follower, c.XID, c.Seq, clock.Micros(tx.Now))
	return err
}

// OldValues returns what fields held before the change.
func OldValues(ctx context.Context, tx *store.Tx, change int64) (map[string]string, error) {
	rows, err := tx.Query(ctx, sqlOldValues, change)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	old := map[string]string{}
	for rows.Next() {
		var field, value string
		if err := rows.Scan(&field, &value); err != nil {
			return nil, err
		}
		old[field] = value
	}
	return old, rows.Err()
}

// OldFields names the fields beginning with prefix whose old values are kept, by the change that replaced them. The prefix ends with
// a colon.
func OldFields(ctx context.Context, tx *store.Tx, changes []int64, prefix string) (map[int64][]string, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	behind := strings.TrimSuffix(prefix, ":") + ";" // the sign after the colon
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlOldFields, tx.Numbers("$1")), store.JSON(changes), prefix, behind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	old := map[int64][]string{}
	for rows.Next() {
		var change int64
		var field string
		if err := rows.Scan(&change, &field); err != nil {
			return nil, err
		}
		old[change] = append(old[change], field)
	}
	return old, rows.Err()
}

// EraseValues deletes the old values of a customer.
func EraseValues(ctx context.Context, tx *store.Tx, customer int64) error {
	_, err := tx.Exec(ctx, sqlEraseValues, customer)
	return err
}

// Ranges gathers ids into inclusive ranges. It sorts them in place.
func Ranges(ids []int64) []Range {
	slices.Sort(ids)
	var all []Range
	for _, id := range ids {
		if n := len(all); n > 0 && id <= all[n-1][1]+1 {
			all[n-1][1] = id
			continue
		}
		all = append(all, Range{id, id})
	}
	return all
}
