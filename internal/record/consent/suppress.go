package consent

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// tellAddresses keeps the list of suppressed addresses in step with the entries written: a no puts the address on it, a
// proved yes of the customer herself takes it off, and a no ends the sign-ups that wait for their confirmation.
func (b *batch) tellAddresses(ctx context.Context, tx *store.Tx) error {
	var all []int64
	for _, e := range b.written {
		if e.refusal() && e.Address == "" {
			all = append(all, e.Customer)
		}
	}
	addresses, err := addressesOf(ctx, tx, all)
	if err != nil {
		return err
	}
	var ended []string
	for _, e := range b.written {
		switch {
		case e.refusal():
			hashes, err := b.suppress(ctx, tx, e, addresses[e.Customer])
			if err != nil {
				return err
			}
			ended = append(ended, hashes...)
		case e.Run == 0 && e.proved() && e.Hash != "" && e.Basis == Consent && e.Purpose == Advertising:
			if _, err := tx.Exec(ctx, sqlLift, e.Hash); err != nil {
				return err
			}
		}
	}
	if len(ended) == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(sqlEndRequests, tx.Strings("$2")), clock.Micros(tx.Now), store.JSON(ended))
	return err
}

// refusal tells whether the entry is a no to advertising.
func (e *Entry) refusal() bool {
	return (e.Kind == Withdrawn || e.Kind == Objected) && e.Purpose == Advertising
}

// reached is an address by which a customer can be reached.
type reached struct {
	channel Channel
	address string // folded
}

// suppress puts the address of a no on the list, all that the customer has if it names none. It returns the hashes.
func (b *batch) suppress(ctx context.Context, tx *store.Tx, e *Entry, theirs []reached) ([]string, error) {
	if e.Address != "" {
		theirs = nil
		for _, c := range Channels() {
			if _, fits := FoldAddress(c, e.Address); fits && c != Push && (e.Channel == c || e.Channel == "") {
				theirs = append(theirs, reached{c, e.Address})
			}
		}
	}
	var hashes []string
	for _, r := range theirs {
		if e.Channel != "" && e.Channel != r.channel {
			continue
		}
		sum := b.hasher.sum(r.channel, r.address)
		if _, err := tx.Exec(ctx, sqlSuppress, sum, string(r.channel), string(e.Kind), clock.Micros(tx.Now), e.Source, e.Customer); err != nil {
			return nil, err
		}
		hashes = append(hashes, sum)
	}
	return hashes, nil
}

// addressesOf are all addresses the customers have, by channel.
func addressesOf(ctx context.Context, tx *store.Tx, customers []int64) (map[int64][]reached, error) {
	all := map[int64][]reached{}
	if len(customers) == 0 {
		return all, nil
	}
	list := store.JSON(customers)
	for _, q := range []struct {
		text     string
		channels []Channel
	}{{sqlMails, []Channel{Email}}, {sqlPhones, []Channel{SMS, Phone}}} {
		found, err := tx.Query(ctx, fmt.Sprintf(q.text, tx.Numbers("$1")), list)
		if err != nil {
			return nil, err
		}
		defer found.Close()
		for found.Next() {
			var id int64
			var address string
			if err := found.Scan(&id, &address); err != nil {
				return nil, err
			}
			for _, c := range q.channels {
				all[id] = append(all[id], reached{c, address})
			}
		}
		if err := found.Err(); err != nil {
			return nil, err
		}
	}
	found, err := tx.Query(ctx, fmt.Sprintf(sqlPostal, tx.Numbers("$1")), list)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var id int64
		var a customer.Address
		if err := found.Scan(&id, &a.Line1, &a.Line2, &a.Postcode, &a.City, &a.Country); err != nil {
			return nil, err
		}
		all[id] = append(all[id], reached{Post, PostalKey(a)})
	}
	return all, found.Err()
}

func suppressedAmong(ctx context.Context, tx *store.Tx, hashes []string) (map[string]bool, error) {
	kept := map[string]bool{}
	if len(hashes) == 0 {
		return kept, nil
	}
	found, err := tx.Query(ctx, fmt.Sprintf(sqlSuppressed, tx.Strings("$1")), store.JSON(hashes))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var hash string
		if err := found.Scan(&hash); err != nil {
			return nil, err
		}
		kept[hash] = true
	}
	return kept, found.Err()
}
