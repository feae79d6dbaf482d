package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// KeptMonths is how long changes are kept.
const KeptMonths = 25

const (
	sqlSlowest   = `SELECT xid, seq FROM follower ORDER BY xid, seq LIMIT 1`
	sqlAges      = `SELECT seq, xid, at, kind FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2`
	sqlCut       = `DELETE FROM feed WHERE seq %s`
	sqlCutValues = `DELETE FROM feed_value WHERE change %s`
)

// Slowest is the cursor of the follower that has read least; the beginning when nobody follows.
func Slowest(ctx context.Context, tx *store.Tx) (Cursor, error) {
	var c Cursor
	err := tx.QueryRow(ctx, sqlSlowest).Scan(&c.XID, &c.Seq)
	if errors.Is(err, store.ErrNoRows) {
		return Cursor{}, nil
	}
	return c, err
}

// Cut looks at up to limit changes after the one numbered after and deletes, with their old values, those that happened
// before that time and lie before the slowest follower's cursor. Changes whose kind begins with one of the prefixes in
// stay are kept. It returns the last change it looked at, 0 when there is nothing more to cut, and how many it deleted.
// Nothing is cut while nobody follows the feed.
func Cut(ctx context.Context, tx *store.Tx, before time.Time, stay []string, after int64, limit int) (last int64, n int, err error) {
	slowest, err := Slowest(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	rows, err := tx.Query(ctx, sqlAges, after, limit)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	var old []int64
	young, seen := false, 0
	for ; rows.Next() && !young; seen++ {
		var c Cursor
		var at int64
		var kind string
		if err := rows.Scan(&c.Seq, &c.XID, &at, &kind); err != nil {
			return 0, 0, err
		}
		last = c.Seq
		// The change at a cursor stays: by it a follower sees that the feed is still the one it has read.
		if young = at >= clock.Micros(before) || !c.Before(slowest); !young && !hasPrefix(kind, stay) {
			old = append(old, c.Seq)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, err
	}
	if young || seen < limit {
		last = 0
	}
	if len(old) == 0 {
		return last, 0, nil
	}
	list := store.JSON(old)
	for _, text := range []string{sqlCutValues, sqlCut} {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), list); err != nil {
			return 0, 0, err
		}
	}
	return last, len(old), nil
}

func hasPrefix(kind string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(kind, p) {
			return true
		}
	}
	return false
}
