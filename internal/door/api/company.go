package api

import (
	"context"
	"sync"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// companyTTL is after how long a change of the company's settings is noticed.
const companyTTL = time.Second

// companyCache holds the company's settings for a moment, so that not every call reads them.
type companyCache struct {
	db *store.DB

	mu   sync.Mutex
	last settings
}

// settings are the company's, with its zone and exchange rates loaded.
type settings struct {
	company.Settings
	zone  *time.Location
	rates []company.Rate
	at    time.Time
}

// get returns the settings. When they cannot be read the last ones known come with the error.
func (c *companyCache) get(ctx context.Context) (settings, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.db.Now()
	if age := now.Sub(c.last.at); c.last.zone != nil && age >= 0 && age < companyTTL {
		return c.last, nil
	}
	next := settings{at: now}
	err := c.db.Read(ctx, func(tx *store.Tx) (err error) {
		if next.Settings, err = company.Load(ctx, tx); err != nil {
			return err
		}
		next.rates, err = company.Rates(ctx, tx)
		return err
	})
	if err != nil {
		return c.last, err
	}
	if next.zone = c.last.zone; next.zone == nil || next.TimeZone != c.last.TimeZone {
		next.zone = next.Zone()
	}
	c.last = next
	return next, nil
}
