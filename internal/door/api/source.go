package api

import (
	"context"
	"sync"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// sourceCache holds the sources for a moment, for writes. Sources are never deleted, so an id stays right; the day from
// which a source is live may be a moment old.
type sourceCache struct {
	db *store.DB

	mu   sync.Mutex
	last map[string]customer.Source
	at   time.Time
}

func (c *sourceCache) load(ctx context.Context) (map[string]customer.Source, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.db.Now()
	if age := now.Sub(c.at); c.last != nil && age >= 0 && age < companyTTL {
		return c.last, nil
	}
	last := map[string]customer.Source{}
	err := c.db.Read(ctx, func(tx *store.Tx) error {
		all, err := customer.Sources(ctx, tx)
		for _, s := range all {
			last[s.Name] = s
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c.last, c.at = last, now
	return last, nil
}

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

func (c *sourceCache) origin(ctx context.Context, name string) (origin, error) {
	all, err := c.load(ctx)
	s := all[name]
	return origin{name, s.ID, s.LiveFrom}, err
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
