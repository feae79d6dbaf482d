package customer

import (
	"context"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, old map[string]string) ([]int64, feed.Rows, error) {
	return nil, nil, nil
}
