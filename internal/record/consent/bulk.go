package consent

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Import writes the entries of a file as Write does, but for those that an import has written before: the same row again
// changes nothing. unchanged tells which those are. All entries have a run. One without a
// time is the same whenever it was said, and counts from now on.
func Import(ctx context.Context, tx *store.Tx, entries []Entry) (w Written, unchanged []bool, err error) {
	unchanged = make([]bool, len(entries))
	ids := make([]int64, len(entries))
	for i := range entries {
		if err := entries[i].check(); err != nil {
			return w, nil, err
		}
		ids[i] = entries[i].Customer
	}
	if err := resolve(ctx, tx, ids, entries); err != nil {
		return w, nil, err
	}
	for i := range entries {
		ids[i] = entries[i].Customer
	}
	known, err := imported(ctx, tx, ids)
	if err != nil {
		return w, nil, err
	}
	var fresh []Entry
	var places []int
	for i, e := range entries {
		k := contentOf(&e)
		if unchanged[i] = known[k]; unchanged[i] {
			continue
		}
		known[k], known[k.undated()] = true, true
		fresh, places = append(fresh, e), append(places, i)
	}
	out, err := Write(ctx, tx, fresh)
	w.Rows, w.IDs = out.Rows, make([]int64, len(entries))
	for i, id := range out.IDs {
		w.IDs[places[i]] = id
	}
	return w, unchanged, err
}

// content is what makes two rows of files the same.
type content struct {
	customer int64
	channel  Channel
	purpose  Purpose
	kind     Kind
	address  string
	text     string
	evidence string
	at       int64
}

func contentOf(e *Entry) content {
	c := content{e.Customer, e.Channel, e.Purpose, e.Kind, e.Address, e.TextVersion, e.Evidence, 0}
	if !e.At.IsZero() {
		c.at = clock.Micros(e.At)
	}
	return c
}

func (c content) undated() content {
	c.at = 0
	return c
}

func imported(ctx context.Context, tx *store.Tx, customers []int64) (map[content]bool, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlImported, tx.Numbers("$1")), store.JSON(customers))
	if err != nil {
		return nil, err
	}
	all, err := scanEntries(rows)
	if err != nil {
		return nil, err
	}
	known := make(map[content]bool, len(all))
	for i := range all {
		k := contentOf(&all[i])
		known[k], known[k.undated()] = true, true
	}
	return known, nil
}

// DecideImport counts what Import would add and leave, in a read transaction. Entries of customers who do not exist yet,
// whose customer is 0, are new.
func DecideImport(ctx context.Context, tx *store.Tx, entries []Entry) (fresh, unchanged int64, err error) {
	ids := make([]int64, len(entries))
	for i := range entries {
		if err := entries[i].check(); err != nil {
			return 0, 0, err
		}
		ids[i] = entries[i].Customer
	}
	known, err := imported(ctx, tx, ids)
	if err != nil {
		return 0, 0, err
	}
	for i := range entries {
		if k := contentOf(&entries[i]); known[k] {
			unchanged++
		} else {
			known[k] = k.customer != 0
			fresh++
		}
	}
	return fresh, unchanged, nil
}

// Valid reports the first thing wrong with an entry, the customer left aside.
func Valid(e Entry) error { return e.check() }

// MainMails are the main mail addresses of customers, for files that name customers only.
func MainMails(ctx context.Context, tx *store.Tx, customers []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlMainMails, tx.Numbers("$1")), store.JSON(customers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]string{}
	for rows.Next() {
		var id int64
		var address string
		if err := rows.Scan(&id, &address); err != nil {
			return nil, err
		}
		all[id] = address
	}
	return all, rows.Err()
}

// Revert takes back what an import brought in: whatever allowed messages goes, as if it had never been there. Each no
// stays, and is returned: undoing a file must not have somebody written to. made are ranges of ids of entries.
func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range) (kept []int64, rows feed.Rows, err error) {
	var gone []int64
	touched := map[int64]bool{}
	for _, r := range made {
		found, err := tx.Query(ctx, sqlMadeBy, r[0], r[1], run)
		if err != nil {
			return nil, nil, err
		}
		all, err := scanEntries(found)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range all {
			if e.Kind == Withdrawn || e.Kind == Objected {
				kept = append(kept, e.ID)
				continue
			}
			gone = append(gone, e.ID)
			touched[e.Customer] = true
		}
	}
	if len(gone) == 0 {
		return kept, nil, nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropEntries, tx.Numbers("$1")), store.JSON(gone)); err != nil {
		return nil, nil, err
	}
	ids := make([]int64, 0, len(touched))
	for id := range touched {
		if err := Rebuild(ctx, tx, id); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	return kept, feed.Rows{tableNow: feed.Ranges(ids)}, nil
}

// Customers returns which customers among the ids of the ranges have entries.
func Customers(ctx context.Context, tx *store.Tx, among []feed.Range) (map[int64]bool, error) {
	have := map[int64]bool{}
	for _, r := range among {
		ids, err := tx.QueryIDs(ctx, sqlCustomersWith, r[0], r[1])
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			have[id] = true
		}
	}
	return have, nil
}
