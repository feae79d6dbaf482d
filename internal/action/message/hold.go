package message

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// The kinds of holds. Their names are reasons as well.
const (
	HoldComplaint   = "complaint"
	HoldDispute     = "dispute"
	HoldBereavement = "bereavement"
)

// ByHand is the key of what a person began on a page.
const ByHand = "hand"

// Holds are all kinds of holds.
func Holds() []string { return []string{HoldComplaint, HoldDispute, HoldBereavement} }

// The states of an address.
const (
	AddressOK         = "ok"
	AddressBounced    = "bounced"    // does not exist or takes nothing
	AddressComplained = "complained" // its owner called a message unwanted
)

// Hold leaves a customer in peace until Release with the same kind and key, such as the number of a complaint. Twice is once.
func Hold(ctx context.Context, tx *store.Tx, customer int64, kind, key string) error {
	if customer == 0 || kind == "" {
		return fault.New(fault.Invalid, "errors.required").On("kind")
	}
	n, err := tx.Exec(ctx, sqlHold, customer, kind, key, micros(tx.Now))
	if err != nil || n == 0 {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindHeld, Customer: customer, Body: map[string]any{"hold": kind}})
	return err
}

// Release ends a hold; what was not held changes nothing.
func Release(ctx context.Context, tx *store.Tx, customer int64, kind, key string) error {
	n, err := tx.Exec(ctx, sqlRelease, customer, kind, key)
	if err != nil || n == 0 {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindReleased, Customer: customer, Body: map[string]any{"hold": kind}})
	return err
}

// Held is a reason why a customer is left in peace.
type Held struct {
	Kind, Key string
	Since     time.Time
}

// HoldsOf lists what leaves a customer in peace, by kind and key.
func HoldsOf(ctx context.Context, tx *store.Tx, customer int64) ([]Held, error) {
	rows, err := tx.Query(ctx, sqlHoldsOf, customer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Held
	for rows.Next() {
		var h Held
		var at int64
		if err := rows.Scan(&h.Kind, &h.Key, &at); err != nil {
			return nil, err
		}
		h.Since = clock.Time(at)
		all = append(all, h)
	}
	return all, rows.Err()
}

// MarkAddress notes what is known about an address: AddressBounced, AddressComplained, or AddressOK when it can be reached
// again. reason is a code, such as the enhanced status of the bounce.
func MarkAddress(ctx context.Context, tx *store.Tx, channel consent.Channel, address, state, reason string) error {
	address = fold(channel, address)
	switch {
	case address == "":
		return fault.New(fault.Invalid, "errors.required").On("address")
	case state == AddressOK:
		_, err := tx.Exec(ctx, sqlAddressOK, string(channel), address)
		return err
	case state != AddressBounced && state != AddressComplained:
		return fault.New(fault.Invalid, "errors.choice", "text", state).On("state")
	}
	_, err := tx.Exec(ctx, sqlMarkAddress, string(channel), address, state, cut(reason, maxAnswer), micros(tx.Now))
	return err
}

// AddressState is what is known about an address.
type AddressState struct {
	State, Reason string // AddressOK without a reason where nothing is known
	At            time.Time
}

// AddressOf reads what is known about an address.
func AddressOf(ctx context.Context, tx *store.Tx, channel consent.Channel, address string) (AddressState, error) {
	var s AddressState
	var at int64
	err := tx.QueryRow(ctx, sqlAddress, string(channel), fold(channel, address)).Scan(&s.State, &s.Reason, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return AddressState{State: AddressOK}, nil
	}
	s.At = clock.Time(at)
	return s, err
}

// fold is the form in which addresses are compared.
func fold(channel consent.Channel, address string) string {
	folded, _ := consent.FoldAddress(channel, address)
	return folded
}

// held asks whether customers are to be left in peace: the buyer and the person who would read it.
func held(ctx context.Context, tx *store.Tx, cs []acase, is presence) error {
	var ids []int64
	for i := range cs {
		if c := &cs[i]; c.open(atHold) {
			ids = append(ids, c.Customer)
			if c.Person != 0 {
				ids = append(ids, c.Person)
			}
		}
	}
	if !is.holds {
		return nil
	}
	held, err := heldAmong(ctx, tx, ids)
	if err != nil || len(held) == 0 {
		return err
	}
	for i := range cs {
		c := &cs[i]
		if c.said[atHold] != byte(Passed) {
			continue
		}
		kind := held[c.Customer]
		if kind == "" {
			kind = held[c.Person]
		}
		if kind != "" {
			c.stop(atHold, kind)
		}
	}
	return nil
}

// heldAmong tells which of the customers are held, and why.
func heldAmong(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	held := map[int64]string{}
	if len(ids) == 0 {
		return held, nil
	}
	err := tx.Values(ctx, fmt.Sprintf(sqlHeld, tx.Numbers("$1")), []any{store.JSON(ids)}, func(_ []string, row []any) error {
		held[row[0].(int64)] = row[1].(string)
		return nil
	})
	return held, err
}

// presence tells which tables hold anything at all. Mostly nobody is held, no address is bad, nothing is stopped;
// one look spares a lookup for each message.
type presence struct{ holds, addresses, stops, often bool }

func present(ctx context.Context, tx *store.Tx) (is presence, err error) {
	if is, err = standing(ctx, tx); err != nil {
		return is, err
	}
	is.often, err = consent.AnyOften(ctx, tx)
	return is, err
}

// standing is present without what only the budget asks.
func standing(ctx context.Context, tx *store.Tx) (presence, error) {
	var holds, addresses, stops int
	err := tx.QueryRow(ctx, sqlPresence).Scan(&holds, &addresses, &stops)
	return presence{holds: holds > 0, addresses: addresses > 0, stops: stops > 0}, err
}

// some tells whether a query finds a row.
func some(ctx context.Context, tx *store.Tx, text string) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, text).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// placesOf reads where readers live.
func placesOf(ctx context.Context, tx *store.Tx, cs []acase) (map[int64]place, error) {
	places := map[int64]place{}
	var ids []int64
	for i := range cs {
		if c := &cs[i]; !c.stopped && c.reader() != 0 {
			ids = append(ids, c.reader())
		}
	}
	return places, readPlaces(ctx, tx, ids, places)
}

func readPlaces(ctx context.Context, tx *store.Tx, ids []int64, places map[int64]place) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Values(ctx, fmt.Sprintf(sqlPlaces, tx.Numbers("$1")), []any{store.JSON(ids)}, func(_ []string, row []any) error {
		country, _ := row[1].(string)
		region, _ := row[2].(string)
		places[row[0].(int64)] = place{country: country, region: region, known: true, erased: row[3] != nil}
		return nil
	})
}

// reachable asks whether the addresses can be reached.
func reachable(ctx context.Context, tx *store.Tx, cs []acase, places map[int64]place, is presence) error {
	byChannel := map[consent.Channel][]string{}
	for i := range cs {
		c := &cs[i]
		if !c.open(atAddress) {
			continue
		}
		folded, ok := consent.FoldAddress(c.Channel, c.Address)
		switch {
		case c.reader() != 0 && (!places[c.reader()].known || places[c.reader()].erased):
			c.stop(atAddress, ReasonErased)
		case !ok:
			c.stop(atAddress, ReasonBadAddress)
		default:
			c.folded = folded
			byChannel[c.Channel] = append(byChannel[c.Channel], folded)
		}
	}
	if !is.addresses {
		return nil
	}
	for channel, list := range byChannel {
		bad, err := badAmong(ctx, tx, channel, list)
		if err != nil {
			return err
		}
		for i := range cs {
			if c := &cs[i]; c.said[atAddress] == byte(Passed) && c.Channel == channel && bad[c.folded] != "" {
				c.stop(atAddress, bad[c.folded])
			}
		}
	}
	return nil
}

// badAmong tells which of the folded addresses cannot be reached, and why.
func badAmong(ctx context.Context, tx *store.Tx, channel consent.Channel, folded []string) (map[string]string, error) {
	bad := map[string]string{}
	if len(folded) == 0 {
		return bad, nil
	}
	err := tx.Values(ctx, fmt.Sprintf(sqlBad, tx.Strings("$2")), []any{string(channel), store.JSON(folded)}, func(_ []string, row []any) error {
		bad[row[0].(string)] = row[1].(string)
		return nil
	})
	return bad, err
}
