// Package event keeps what customers did outside of documents: a visit, a download, a newsletter signup, so that what
// foresees and acts can ask for it.
//
// An event has a permanent key (source, external id): sent again it counts once.
package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Limits of one event; they keep a stranger from filling the store through the API.
const (
	MaxName       = 100
	MaxProperties = 16 << 10 // bytes of JSON
	MaxBatch      = 1000
)

// Event is one thing a customer did.
type Event struct {
	ID         int64
	Source     int64
	ExternalID string
	Customer   int64
	Name       string
	At         time.Time
	Day        clock.Day // local day of At, fixed when written
	Properties json.RawMessage
}

func (e *Event) validate() error {
	switch {
	case e.Name == "":
		return fault.New(fault.Invalid, "errors.required").On("name")
	case len(e.Name) > MaxName:
		return fault.New(fault.Invalid, "errors.too_long", "max", MaxName).On("name")
	case e.ExternalID == "":
		return fault.New(fault.Invalid, "errors.required").On("id")
	case len(e.ExternalID) > 200:
		return fault.New(fault.Invalid, "errors.too_long", "max", 200).On("id")
	case len(e.Properties) > MaxProperties:
		return fault.New(fault.Invalid, "event.properties_too_large", "max", MaxProperties).On("properties")
	case e.At.IsZero():
		return fault.New(fault.Invalid, "errors.required").On("time")
	}
	return nil
}

// Add stores events and returns how many of them were new; the others have no ID afterwards. The feed gets one change.
func Add(ctx context.Context, tx *store.Tx, events []*Event, origin feed.Origin) (added int, err error) {
	if len(events) > MaxBatch {
		return 0, fault.New(fault.Invalid, "event.too_many", "max", MaxBatch)
	}
	var first, last, customer int64
	for i, e := range events {
		if err := e.validate(); err != nil {
			if f := fault.As(err); f != nil {
				return 0, f.On(fmt.Sprintf("events[%d].%s", i, f.Field))
			}
			return 0, err
		}
		properties := string(e.Properties)
		if properties == "" {
			properties = "{}"
		}
		e.ID, err = tx.InsertID(ctx, sqlAdd, e.Source, e.ExternalID, e.Customer, e.Name, clock.Micros(e.At), int64(e.Day), properties, clock.Micros(tx.Now))
		if errors.Is(err, store.ErrNoRows) { // it is there already
			e.ID = 0
			continue
		}
		if err != nil {
			return added, err
		}
		if first == 0 {
			first = e.ID
		}
		last, customer = e.ID, e.Customer
		added++
	}
	if added == 0 {
		return 0, nil
	}
	if added > 1 {
		customer = 0
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "event.added", Origin: origin, Customer: customer, Subject: last,
		Body: map[string]any{"events": added}, Rows: feed.Rows{"event": {{first, last}}}})
	return added, err
}

// OfCustomer lists a customer's events, newest first, before the given place (zero for the newest).
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64, beforeAt time.Time, beforeID int64, limit int) ([]*Event, error) {
	at, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if beforeID != 0 {
		at, id = clock.Micros(beforeAt), beforeID
	}
	return query(ctx, tx, sqlOfCustomer, customer, at, id, limit)
}

// Load reads one event.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Event, error) {
	all, err := query(ctx, tx, sqlLoad, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "event.none")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// IDs returns the ids of the events of a source that are there, by external id.
func IDs(ctx context.Context, tx *store.Tx, source int64, externalIDs []string) (map[string]int64, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlIDs, tx.Strings("$2")), source, store.JSON(externalIDs))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[string]int64{}
	for rows.Next() {
		var external string
		var id int64
		if err := rows.Scan(&external, &id); err != nil {
			return nil, err
		}
		ids[external] = id
	}
	return ids, rows.Err()
}

func query(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Event, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Event
	for rows.Next() {
		var e Event
		var at, day int64
		var properties string
		if err := rows.Scan(&e.ID, &e.Source, &e.ExternalID, &e.Customer, &e.Name, &at, &day, &properties); err != nil {
			return nil, err
		}
		e.At, e.Day, e.Properties = clock.Time(at), clock.Day(day), json.RawMessage(properties)
		all = append(all, &e)
	}
	return all, rows.Err()
}

const (
	sqlAdd = `INSERT INTO event (source, external_id, customer, name, at, day, properties, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source, external_id) DO NOTHING RETURNING id`
	fields        = `id, source, external_id, customer, name, at, day, properties`
	sqlIDs        = `SELECT external_id, id FROM event WHERE source = $1 AND external_id %s`
	sqlLoad       = `SELECT ` + fields + ` FROM event WHERE id = $1`
	sqlOfCustomer = `SELECT ` + fields + ` FROM event
		WHERE customer = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`
)
