package api

import (
	"context"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// sourceNames are the names of the sources by id.
func sourceNames(ctx context.Context, tx *store.Tx) (map[int64]string, error) {
	all, err := customer.Sources(ctx, tx)
	names := make(map[int64]string, len(all))
	for _, s := range all {
		names[s.ID] = s.Name
	}
	return names, err
}

// origin is what a write knows of its source before it begins.
type origin struct {
	name string
	id   int64      // 0 while nobody knows it
	live *clock.Day // before this day everything is history
}

func (s *server) origin(ctx context.Context, name string) (origin, error) {
	all, err := s.sources.get(ctx)
	known := all[name]
	return origin{name, known.ID, known.LiveFrom}, err
}

// source is the id of the source in a transaction that may make it.
func (o origin) source(ctx context.Context, tx *store.Tx) (int64, error) {
	if o.id != 0 {
		return o.id, nil
	}
	return customer.SourceID(ctx, tx, o.name)
}

// of tells history from what happens now.
func (o origin) of(day clock.Day) feed.Origin {
	if o.live != nil && day < *o.live {
		return feed.History
	}
	return feed.Live
}
