package campaign

import (
	"context"

	"stamm/internal/platform/store"
)

// Bounced counts the messages of a measure that a mail server took and that came back all the same.
func Bounced(ctx context.Context, tx *store.Tx, measure int64) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlBounced, measure).Scan(&n)
	return n, err
}
