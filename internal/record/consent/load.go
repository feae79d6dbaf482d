package consent

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// Entries lists the acts of a customer in the order in which they were written down.
func Entries(ctx context.Context, tx *store.Tx, id int64) ([]Entry, error) {
	rows, err := tx.Query(ctx, sqlEntries, id)
	if err != nil {
		return nil, err
	}
	return scanEntries(rows)
}

// FindEntry reads one act.
func FindEntry(ctx context.Context, tx *store.Tx, id int64) (Entry, error) {
	rows, err := tx.Query(ctx, sqlEntry, id)
	if err != nil {
		return Entry{}, err
	}
	all, err := scanEntries(rows)
	if err == nil && len(all) == 0 {
		return Entry{}, fault.New(fault.NotFound, "consent.none")
	}
	if err != nil {
		return Entry{}, err
	}
	return all[0], nil
}

// Now is what a customer's consent comes to for a channel and purpose.
type Now struct {
	Channel Channel
	Purpose Purpose
	Status  string // one of Statuses
	Since   clock.Day
}

// Current lists what a customer's consent comes to, for each channel and purpose something is known of.
func Current(ctx context.Context, tx *store.Tx, id int64) ([]Now, error) {
	rows, err := tx.Query(ctx, sqlNow, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Now
	for rows.Next() {
		var n Now
		var day int64
		if err := rows.Scan(&n.Channel, &n.Purpose, &n.Status, &day); err != nil {
			return nil, err
		}
		n.Since = clock.Day(day)
		all = append(all, n)
	}
	return all, rows.Err()
}

// Rebuild computes what a customer's entries come to anew.
func Rebuild(ctx context.Context, tx *store.Tx, id int64) error {
	entries, err := Entries(ctx, tx, id)
	if err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	zone := settings.Zone()
	b := &batch{day: func(micros int64) int64 { return int64(clock.DayOf(clock.Time(micros), zone)) },
		ledgers: map[int64]ledger{id: {}}, before: map[int64]ledger{id: {}}}
	for i := range entries {
		b.ledgers[id].apply(&entries[i], clock.Micros(entries[i].At))
	}
	for _, text := range []string{sqlDropStates, sqlDropNow} {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), store.JSON([]int64{id})); err != nil {
			return err
		}
	}
	return b.saveStates(ctx, tx)
}

// Trace lists the acts known of a mail address or telephone number, in all its channels, those of erased customers among
// them: the keyed hash that stayed tells them.
func Trace(ctx context.Context, tx *store.Tx, address string) ([]Entry, error) {
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil || install == nil {
		return nil, err
	}
	h := newHasher(install)
	var hashes []string
	for _, c := range []Channel{Email, SMS, Phone, Post, ""} {
		if folded, ok := FoldAddress(c, address); ok && folded != "" {
			hashes = append(hashes, h.sum(c, folded))
		}
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlEntriesFor, tx.Strings("$1")), store.JSON(hashes))
	if err != nil {
		return nil, err
	}
	return scanEntries(rows)
}
