package consent

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// Erase takes from a customer's consents everything that tells who she was, before customer.Erase takes her addresses.
// What stays is the proof the law lets us keep (Art. 17(3)(e) GDPR, § 7a UWG): that somebody, known by a keyed hash of her
// address, did what when, in which words. All her addresses go on the list of those that get no advertising, so that an
// import does not bring her back; but not one at which another customer has proved consent herself.
func Erase(ctx context.Context, tx *store.Tx, id int64) error {
	install, err := customer.InstallKey(ctx, tx, true)
	if err != nil {
		return err
	}
	who := []Entry{{Customer: id}}
	if err := resolve(ctx, tx, []int64{id}, who); fault.CodeOf(err) == fault.Conflict {
		return nil // erased before
	} else if err != nil {
		return err
	}
	id = who[0].Customer
	h := newHasher(install)
	theirs, err := addressesOf(ctx, tx, []int64{id})
	if err != nil {
		return err
	}
	entries, err := Entries(ctx, tx, id)
	if err != nil {
		return err
	}
	all := theirs[id]
	for _, e := range entries {
		if e.Address != "" && addressed(e.Channel) {
			all = append(all, reached{e.Channel, e.Address})
		}
	}
	for _, r := range all {
		sum := h.sum(r.channel, r.address)
		var others int
		if err := tx.QueryRow(ctx, sqlOthersProved, string(r.channel), r.address, id).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			continue
		}
		if _, err := tx.Exec(ctx, sqlSuppress, sum, string(r.channel), SuppressedErased, clock.Micros(tx.Now), "", 0); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlDropRequests, sum); err != nil {
			return err
		}
	}
	for _, text := range sqlErase {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), store.JSON([]int64{id})); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return nil
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindErased, Customer: id, Subject: id, Rows: feed.Rows{tableNow: {{id, id}}}})
	return err
}

// Merge makes the consents of one customer those of another, whom she was merged into: the entries of both, in the order
// in which they were written, say what counts.
func Merge(ctx context.Context, tx *store.Tx, from, into int64) error {
	if _, err := tx.Exec(ctx, sqlMoveEntries, from, into); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlMovePreferences, from, into); err != nil {
		return err
	}
	for _, text := range []string{sqlDropStates, sqlDropNow, sqlDropPreferences} {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), store.JSON([]int64{from})); err != nil {
			return err
		}
	}
	if err := Rebuild(ctx, tx, into); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindRecorded, Customer: into, Subject: from, Rows: feed.Rows{tableNow: feed.Ranges([]int64{from, into})}})
	return err
}
