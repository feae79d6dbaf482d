package customer

import (
	"context"
	"database/sql"
	"errors"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Source is where data comes from: a shop, a till, a file that is sent every night.
type Source struct {
	ID       int64
	Name     string
	LiveFrom *clock.Day // rows with a business day before it are history and trigger nothing
}

// SourceID returns the source of that name and adds it if there is none.
func SourceID(ctx context.Context, tx *store.Tx, name string) (int64, error) {
	if name = clean(name); name == "" || len(name) > 100 {
		return 0, fault.New(fault.Invalid, "customer.source_name").On("source")
	}
	var id int64
	err := tx.QueryRow(ctx, sqlSource, name).Scan(&id)
	if !errors.Is(err, store.ErrNoRows) {
		return id, err
	}
	if id, err = tx.InsertID(ctx, sqlAddSource, name); errors.Is(err, store.ErrNoRows) { // somebody else was quicker
		err = tx.QueryRow(ctx, sqlSource, name).Scan(&id)
	}
	return id, err
}

// FindSource returns the source of that name, a notfound fault if there is none.
func FindSource(ctx context.Context, tx *store.Tx, name string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, sqlSource, clean(name)).Scan(&id)
	if errors.Is(err, store.ErrNoRows) {
		return 0, fault.New(fault.NotFound, "customer.no_source", "name", name).On("source")
	}
	return id, err
}

// Sources lists all sources by name.
func Sources(ctx context.Context, tx *store.Tx) ([]Source, error) {
	var all []Source
	err := each(ctx, tx, sqlSources, nil, func(found *sql.Rows) error {
		var s Source
		err := found.Scan(&s.ID, &s.Name, &s.LiveFrom)
		all = append(all, s)
		return err
	})
	return all, err
}

// SetLiveFrom sets the day from which the source's rows are no longer history.
func SetLiveFrom(ctx context.Context, tx *store.Tx, source int64, day clock.Day) error {
	n, err := tx.Exec(ctx, sqlSetLiveFrom, source, int64(day))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "customer.no_source", "name", "").On("source")
	}
	return err
}
