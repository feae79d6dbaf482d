package feed

import (
	"context"
	"errors"

	"stamm/internal/platform/store"
)

const (
	sqlLast       = `SELECT coalesce(max(seq), 0) FROM feed`
	sqlSinceSeq   = `SELECT 1 FROM feed WHERE seq > $1 AND NOT kind `
	sqlSinceXID   = `SELECT 1 FROM feed WHERE xid >= $1 AND NOT kind `
	sqlSinceLimit = ` LIMIT 1`
)

// Mark is a moment in the life of the database, to ask later whether anything happened since.
type Mark struct{ at int64 }

// Before tells whether m is the earlier moment.
func (m Mark) Before(n Mark) bool { return m.at < n.at }

// Now is the moment of what a transaction sees. Take it before reading what must not have changed since: on PostgreSQL, where a
// transaction may see later commits with each statement, those then count as later ones.
func Now(ctx context.Context, tx *store.Tx) (Mark, error) {
	var m Mark
	if tx.Dialect() == store.SQLite {
		err := tx.QueryRow(ctx, sqlLast).Scan(&m.at)
		return m, err
	}
	var err error
	m.at, err = tx.Horizon(ctx) // whatever was not committed yet has this number or a higher one
	return m, err
}

// Since tells whether a change of another kind than those was committed after a moment. It says yes rather than no: on PostgreSQL
// also for some that were committed shortly before.
func Since(ctx context.Context, tx *store.Tx, m Mark, but []string) (bool, error) {
	text := sqlSinceSeq
	if tx.Dialect() == store.Postgres {
		text = sqlSinceXID
	}
	var one int
	err := tx.QueryRow(ctx, text+tx.Strings("$2")+sqlSinceLimit, m.at, store.JSON(but)).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
