package document

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Revert takes back what an import run wrote in one slice: it deletes the documents the run made and restores those
// it changed from their old values, unless somebody changed them since. made are ranges of ids, old the values kept
// by Write. It returns the documents it had to leave.
func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, old map[string]string) (kept []int64, w Written, err error) {
	w.Rows = feed.Rows{}
	var mine []int64
	for _, r := range made {
		ids, err := tx.QueryIDs(ctx, sqlMadeBy, r[0], r[1], run)
		if err != nil {
			return nil, w, err
		}
		mine = append(mine, ids...)
		others, err := tx.QueryIDs(ctx, sqlMadeAndChanged, r[0], r[1], run)
		if err != nil {
			return nil, w, err
		}
		kept = append(kept, others...)
	}
	if err := w.remove(ctx, tx, mine); err != nil {
		return nil, w, err
	}
	for _, field := range slices.Sorted(keys(old)) {
		text, isDocument := strings.CutPrefix(field, "document:")
		if !isDocument {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, w, err
		}
		ok, err := w.restore(ctx, tx, run, id, old[field])
		if err != nil {
			return nil, w, err
		}
		if !ok {
			kept = append(kept, id)
		}
	}
	return kept, w, nil
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// remove deletes documents and sends those that were linked to them to look for another target.
func (w *Written) remove(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	back, err := unlink(ctx, tx, ids)
	if err != nil {
		return err
	}
	list := store.JSON(ids)
	for _, text := range []string{sqlDeleteLines, sqlDeleteDocuments, sqlDeleteUnlinked} {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), list); err != nil {
			return err
		}
	}
	touched := append(slices.Clone(back), ids...)
	w.add("document", slices.Clone(touched))
	w.add("line", slices.Clone(ids))
	w.add("link", touched)
	return markUnlinked(ctx, tx, back)
}

func (w *Written) restore(ctx context.Context, tx *store.Tx, run, id int64, text string) (bool, error) {
	now, err := loadAll(ctx, tx, []int64{id})
	if err != nil {
		return false, err
	}
	if now[id] == nil || now[id].Run != run {
		return false, nil
	}
	var before Document
	if err := json.Unmarshal([]byte(text), &before); err != nil {
		return false, err
	}
	back, err := unlink(ctx, tx, []int64{id})
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteLines, tx.Numbers("$1")), store.JSON([]int64{id})); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, sqlUpdate, append(before.values([]any{id}), clock.Micros(tx.Now))...); err != nil {
		return false, err
	}
	if err := insertLines(ctx, tx, []*Document{&before}); err != nil {
		return false, err
	}
	waiting := slices.Clone(back)
	if before.Kind.gives() || before.Reference != "" {
		waiting = append(waiting, id)
	}
	touched := append(slices.Clone(back), id)
	w.add("document", slices.Clone(touched))
	w.add("line", []int64{id})
	w.add("link", touched)
	return true, markUnlinked(ctx, tx, waiting)
}
