package email

import (
	"context"
	"math"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// Allowance is what a relay may send on a day.
type Allowance struct {
	Taken   int // so far, up to a few hundred more than were sent
	Limit   int // 0 for no limit
	WarmDay int // the how manieth day of warming up it is, 1 for the first; 0 when it is over or there is none
}

// maxWarmDays ends warming up where PerDay does not: 2^20 times the first day is more than any relay takes.
const maxWarmDays = 20

// Allowed tells what a relay may send today.
func Allowed(ctx context.Context, tx *store.Tx, r *Relay, today clock.Day) (a Allowance, err error) {
	var days int
	if err := tx.QueryRow(ctx, sqlTaken, r.ID, int64(today), int64(r.WarmOn)).Scan(&a.Taken, &days); err != nil {
		return a, err
	}
	a.Limit = r.PerDay
	if r.WarmFrom > 0 && days < maxWarmDays {
		if warm := r.WarmFrom << days; r.PerDay == 0 || warm < r.PerDay {
			a.Limit, a.WarmDay = warm, days+1
		}
	}
	return a, nil
}

// The portions in which mails are taken from a day's allowance: a twentieth of it, within bounds. What a killed process
// had taken and not sent is lost for that day.
const (
	minPortion = 1
	maxPortion = 500
)

// takeAllowance takes the next portion for today and returns how many mails it has; 0 when the day is used up.
func takeAllowance(ctx context.Context, tx *store.Tx, r *Relay, today clock.Day) (int, error) {
	a, err := Allowed(ctx, tx, r, today)
	if err != nil {
		return 0, err
	}
	n, left := maxPortion, math.MaxInt
	if a.Limit > 0 {
		n, left = max(minPortion, min(maxPortion, a.Limit/20)), a.Limit-a.Taken
	}
	if n = min(n, left); n <= 0 {
		return 0, nil
	}
	_, err = tx.Exec(ctx, sqlTake, r.ID, int64(today), n)
	return n, err
}

// returnAllowance gives back what was not sent.
func returnAllowance(ctx context.Context, tx *store.Tx, relay int64, day clock.Day, n int) error {
	_, err := tx.Exec(ctx, sqlTake, relay, int64(day), -n)
	return err
}
