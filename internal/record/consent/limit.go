package consent

import (
	"context"
	"errors"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Nobody can be flooded with mails through our forms: one mail an address and day, three until one is answered; twenty
// requests a sender and hour. The counts lie in the database, under keyed hashes.
const (
	addressPause = 24 * time.Hour
	addressMost  = 3
	senderTime   = time.Hour
	senderMost   = 20
	limitKept    = 365 * 24 * time.Hour // after so long an address counts as new
)

// limiter counts under one key.
type limiter struct {
	key         string
	count       int64
	began, last time.Time
}

func loadLimit(ctx context.Context, tx *store.Tx, key string) (limiter, error) {
	l := limiter{key: key, began: tx.Now}
	var began, last int64
	err := tx.QueryRow(ctx, sqlLimit, key).Scan(&l.count, &began, &last)
	if errors.Is(err, store.ErrNoRows) {
		return l, nil
	}
	l.began, l.last = clock.Time(began), clock.Time(last)
	return l, err
}

func (l limiter) add(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, sqlCountLimit, l.key, l.count+1, clock.Micros(l.began), clock.Micros(tx.Now))
	return err
}

// distance is how far apart two times are, whichever is later: a clock set back opens no gap.
func distance(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// allowSender counts a request of a sender. Too many are an unavailable fault.
func allowSender(ctx context.Context, tx *store.Tx, h *hasher, ip string) error {
	if ip == "" {
		return nil
	}
	l, err := loadLimit(ctx, tx, "sender:"+h.sum("ip", ip))
	if err != nil {
		return err
	}
	if distance(tx.Now, l.began) >= senderTime {
		l.count, l.began = 0, tx.Now
	}
	if l.count >= senderMost {
		return tooMany()
	}
	return l.add(ctx, tx)
}

// allowAddress tells whether a mail may go to an address, and counts it.
func allowAddress(ctx context.Context, tx *store.Tx, kind OptInKind, sum string) (bool, error) {
	l, err := loadLimit(ctx, tx, addressKey(kind, sum))
	if err != nil {
		return false, err
	}
	if l.count > 0 && distance(tx.Now, l.last) < addressPause || kind == OptInConfirm && l.count >= addressMost {
		return false, nil
	}
	return true, l.add(ctx, tx)
}

// tooMany is what a sender is told who asks too often.
func tooMany() *fault.Error { return fault.New(fault.Unavailable, "consent.too_many") }

func addressKey(kind OptInKind, sum string) string { return string(kind) + ":" + sum }
