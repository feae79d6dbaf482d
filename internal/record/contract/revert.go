package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Revert takes back what an import run wrote in one slice: contracts it made go, those it changed get their old
// content, as far as nothing changed them since. made are ranges of ids, old the values kept by Upsert. It returns the
// contracts it had to leave, and what the warehouse must read again.
func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, old map[string]string) (kept []int64, rows feed.Rows, err error) {
	var mine, touched []int64
	for _, r := range made {
		found, err := tx.Query(ctx, sqlMadeBy, r[0], r[1], run)
		if err != nil {
			return nil, nil, err
		}
		defer found.Close()
		for found.Next() {
			var id, last int64
			if err := found.Scan(&id, &last); err != nil {
				return nil, nil, err
			}
			if last == run {
				mine = append(mine, id)
			} else {
				kept = append(kept, id)
			}
		}
		if err := found.Err(); err != nil {
			return nil, nil, err
		}
	}
	if len(mine) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDelete, tx.Numbers("$1")), store.JSON(mine)); err != nil {
			return nil, nil, err
		}
	}
	for _, field := range slices.Sorted(maps.Keys(old)) {
		if !strings.HasPrefix(field, "contract:") {
			continue
		}
		var before Contract
		if err := json.Unmarshal([]byte(old[field]), &before); err != nil {
			return nil, nil, err
		}
		now, err := query(ctx, tx, sqlLoad, before.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(now) == 0 || now[0].Run != run {
			kept = append(kept, before.ID)
			continue
		}
		if err := update(ctx, tx, &before); err != nil {
			return nil, nil, err
		}
		touched = append(touched, before.ID)
	}
	if touched = append(touched, mine...); len(touched) > 0 {
		rows = feed.Rows{"contract": feed.Ranges(touched)}
	}
	return kept, rows, nil
}
