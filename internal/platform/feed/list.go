package feed

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

const columns = `xid, seq, at, actor_kind, actor, origin, kind, customer, subject, body`

const (
	sqlAppend = `INSERT INTO feed (xid, at, actor_kind, actor, origin, kind, customer, subject, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING seq`
	// What is behind a cursor, in two parts: of (xid, seq) > ($1, $2) SQLite finds only xid in the index, and looks at the whole feed.
	sqlRead = `SELECT * FROM (SELECT ` + columns + ` FROM feed WHERE xid = $1 AND seq > $2 ORDER BY seq LIMIT $4) rest
		UNION ALL SELECT * FROM (SELECT ` + columns + ` FROM feed WHERE xid > $1 AND xid < $3 ORDER BY xid, seq LIMIT $4) newer
		ORDER BY xid, seq LIMIT $4`
	sqlHead = `SELECT xid, seq FROM feed WHERE xid < $1 ORDER BY xid DESC, seq DESC LIMIT 1`

	sqlPosition = `SELECT xid, seq FROM follower WHERE name = $1`
	sqlAdvance  = `INSERT INTO follower (name, xid, seq, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, seq = excluded.seq, at = excluded.at`

	sqlOldValues   = `SELECT field, old FROM feed_value WHERE change = $1`
	sqlOldFields   = `SELECT change, field FROM feed_value WHERE change %s AND field >= $2 AND field < $3`
	sqlEraseValues = `DELETE FROM feed_value WHERE customer = $1`

	sqlOfCustomer = `SELECT ` + columns + ` FROM feed WHERE customer = $1 AND customer <> 0 AND seq < $2 ORDER BY seq DESC LIMIT $3`
	sqlOfSubject  = `SELECT ` + columns + ` FROM feed WHERE kind = $1 AND subject = $2 AND seq > $3 ORDER BY seq LIMIT $4`
	// One text for each way to narrow, so that each finds its index.
	sqlNewest           = `SELECT ` + columns + ` FROM feed WHERE seq < $1 ORDER BY seq DESC LIMIT $2`
	sqlNewestKind       = `SELECT ` + columns + ` FROM feed WHERE seq < $1 AND kind = $3 ORDER BY seq DESC LIMIT $2`
	sqlNewestByUser     = `SELECT ` + columns + ` FROM feed WHERE seq < $1 AND actor = $3 AND actor_kind = 'user' ORDER BY seq DESC LIMIT $2`
	sqlNewestKindByUser = `SELECT ` + columns + ` FROM feed WHERE seq < $1 AND actor = $3 AND actor_kind = 'user' AND kind = $4 ORDER BY seq DESC LIMIT $2`
)

// OfCustomer lists the changes about a customer, newest first, before the change numbered before (0 for the newest).
func OfCustomer(ctx context.Context, tx *store.Tx, customer, before int64, limit int) ([]Change, error) {
	return list(ctx, tx, sqlOfCustomer, customer, orNewest(before), limit)
}

// OfSubject lists the changes of one kind about one record, oldest first, after the change numbered after.
func OfSubject(ctx context.Context, tx *store.Tx, kind string, subject, after int64, limit int) ([]Change, error) {
	return list(ctx, tx, sqlOfSubject, kind, subject, after, limit)
}

// Newest lists changes for the audit page, newest first, before the change numbered before (0 for the newest); kind
// and user narrow it unless empty.
func Newest(ctx context.Context, tx *store.Tx, before int64, kind string, user int64, limit int) ([]Change, error) {
	before = orNewest(before)
	switch {
	case kind != "" && user != 0:
		return list(ctx, tx, sqlNewestKindByUser, before, limit, user, kind)
	case user != 0:
		return list(ctx, tx, sqlNewestByUser, before, limit, user)
	case kind != "":
		return list(ctx, tx, sqlNewestKind, before, limit, kind)
	}
	return list(ctx, tx, sqlNewest, before, limit)
}

func orNewest(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before
}

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Change, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scan(rows)
}

func scan(rows *sql.Rows) ([]Change, error) {
	var all []Change
	for rows.Next() {
		var c Change
		var at int64
		var body string
		if err := rows.Scan(&c.XID, &c.Seq, &at, &c.Actor.Kind, &c.Actor.ID, &c.Origin, &c.Kind, &c.Customer, &c.Subject, &body); err != nil {
			return nil, err
		}
		c.At, c.Body = clock.Time(at), json.RawMessage(body)
		var touched struct {
			Rows Rows `json:"rows"`
		}
		if err := json.Unmarshal(c.Body, &touched); err != nil {
			return nil, err
		}
		c.Rows = touched.Rows
		all = append(all, c)
	}
	return all, rows.Err()
}
