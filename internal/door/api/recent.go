package api

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// moment is how old a remembered value may be.
const moment = time.Second

// recent remembers a value of the store for a moment, so that not every call reads it.
type recent[T any] struct {
	db   *store.DB
	read func(context.Context, *store.Tx) (T, error)

	last    atomic.Pointer[remembered[T]]
	reading singleflight.Group
}

type remembered[T any] struct {
	value T
	at    time.Time
}

// get returns the value, read once for all who ask at the same time. Never ask from within a transaction: where every
// connection is in use, it would wait for one that waits for it.
func (r *recent[T]) get(ctx context.Context) (T, error) {
	if last := r.last.Load(); last != nil {
		if age := r.db.Now().Sub(last.at); age >= 0 && age < moment {
			return last.value, nil
		}
	}
	flight := r.reading.DoChan("", func() (any, error) {
		ctx := context.WithoutCancel(ctx) // others wait for it too
		next := &remembered[T]{at: r.db.Now()}
		err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
			next.value, err = r.read(ctx, tx)
			return err
		})
		if err == nil {
			r.last.Store(next)
		}
		return next.value, err
	})
	select {
	case got := <-flight:
		return got.Val.(T), got.Err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// settings are the company's, with its zone and exchange rates loaded.
type settings struct {
	company.Settings
	zone  *time.Location
	rates []company.Rate
}

func readSettings(ctx context.Context, tx *store.Tx) (s settings, err error) {
	if s.Settings, err = company.Load(ctx, tx); err != nil {
		return s, err
	}
	s.zone = s.Zone()
	s.rates, err = company.Rates(ctx, tx)
	return s, err
}

// readSources reads the sources by their names. They are never deleted, so an id that is remembered stays right.
func readSources(ctx context.Context, tx *store.Tx) (map[string]customer.Source, error) {
	all, err := customer.Sources(ctx, tx)
	byName := make(map[string]customer.Source, len(all))
	for _, s := range all {
		byName[s.Name] = s
	}
	return byName, err
}
