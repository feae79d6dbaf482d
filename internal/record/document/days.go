package document

import (
	"context"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// SaleDays are the days up to and with until on which a customer bought something that was not returned in full, oldest first.
func SaleDays(ctx context.Context, tx *store.Tx, customer int64, until clock.Day) ([]clock.Day, error) {
	found, err := tx.QueryIDs(ctx, sqlSaleDays, customer, int64(until))
	if err != nil {
		return nil, err
	}
	days := make([]clock.Day, len(found))
	for i, d := range found {
		days[i] = clock.Day(d)
	}
	return days, nil
}
