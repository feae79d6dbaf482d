package cli

import (
	"context"
	"errors"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// What a demo remembers of how far it came.
const (
	demoState  = "demo.state"  // begun or done
	demoRecent = "demo.recent" // done when tasks and notes of the last days are there
)

// demoSetting is what is remembered, empty for nothing.
func demoSetting(ctx context.Context, tx *store.Tx, key string) (value string, err error) {
	if err = tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, key).Scan(&value); errors.Is(err, store.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func setDemo(ctx context.Context, tx *store.Tx, key, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`, key, value, clock.Micros(tx.Now))
	return err
}
