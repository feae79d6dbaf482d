package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Revert takes back what an import run wrote in one slice. Customers the run made (made are ranges of ids) are deleted
// unless somebody changed them since, they are contacts of others, or inUse says that other records name them; those
// it changed get the values back that Written.Old kept, unless somebody changed them since. It returns whom it had to
// leave as they are, and what the warehouse must read again. Slices are reverted newest first; the caller appends one change to the feed.
func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, old map[string]string, inUse map[int64]bool) (kept []int64, w Written, err error) {
	mine, kept, err := madeBy(ctx, tx, run, made, inUse)
	if err != nil {
		return nil, w, err
	}
	if err := remove(ctx, tx, mine); err != nil {
		return nil, w, err
	}
	restored, left, err := restoreAll(ctx, tx, run, old)
	if err != nil {
		return nil, w, err
	}
	w.Rows = merged(touched(restored), rowsOf(gone(mine)))
	kept = append(kept, left...)
	slices.Sort(kept)
	return kept, w, nil
}

func madeBy(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, inUse map[int64]bool) (mine, kept []int64, err error) {
	for _, r := range made {
		err := each(ctx, tx, sqlMadeBy, []any{r[0], r[1], run}, func(found *sql.Rows) error {
			var id, last int64
			if err := found.Scan(&id, &last); err != nil {
				return err
			}
			if last != run || inUse[id] {
				kept = append(kept, id)
			} else {
				mine = append(mine, id)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	bound, err := withContactsAmong(ctx, tx, mine)
	if err != nil {
		return nil, nil, err
	}
	mine = slices.DeleteFunc(mine, func(id int64) bool { return bound[id] })
	for id := range bound {
		kept = append(kept, id)
	}
	return mine, kept, nil
}

func withContactsAmong(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]bool, error) {
	bound := map[int64]bool{}
	if len(ids) == 0 {
		return bound, nil
	}
	among := map[int64]bool{}
	for _, id := range ids {
		among[id] = true
	}
	list := store.JSON(ids)
	err := each(ctx, tx, fmt.Sprintf(sqlContactsAmong, tx.Numbers("$1"), tx.Numbers("$2")), []any{list, list}, func(found *sql.Rows) error {
		var company, person int64
		if err := found.Scan(&company, &person); err != nil {
			return err
		}
		for _, id := range []int64{company, person} {
			if among[id] {
				bound[id] = true
			}
		}
		return nil
	})
	return bound, err
}

func restoreAll(ctx context.Context, tx *store.Tx, run int64, old map[string]string) (restored []*state, kept []int64, err error) {
	olds := map[int64]before{}
	var ids []int64
	var p parts
	for _, field := range sortedKeys(old) {
		text, isCustomer := strings.CutPrefix(field, "customer:")
		if !isCustomer {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, nil, err
		}
		var b before
		if err := json.Unmarshal([]byte(old[field]), &b); err != nil {
			return nil, nil, err
		}
		olds[id], ids, p = b, append(ids, id), p|partsOf(sortedKeys(b.Fields))
	}
	states, err := loadStates(ctx, tx, ids, p|withExternals)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		s := states[id]
		if s == nil || s.now.Run != run || !s.now.ErasedAt.IsZero() {
			kept = append(kept, id)
			continue
		}
		for _, name := range sortedKeys(olds[id].Fields) {
			if err := s.restore(name, olds[id].Fields[name]); err != nil {
				return nil, nil, err
			}
		}
		s.now.Run, s.now.hash = olds[id].Run, 0
		s.exts = slices.Clone(s.exts)
		for i := range s.exts { // the same file again is news
			s.exts[i].hash = 0
		}
		restored = append(restored, s)
	}
	if _, err := save(ctx, tx, restored); err != nil {
		return nil, nil, err
	}
	return restored, kept, saveOrigins(ctx, tx, restored, 0, 0)
}

// remove deletes customers with everything that is theirs.
func remove(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list := store.JSON(ids)
	words, err := wordsOf(ctx, tx, list)
	if err != nil {
		return err
	}
	for _, text := range sqlRemove {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), list); err != nil {
			return err
		}
	}
	return forget(ctx, tx, words)
}
