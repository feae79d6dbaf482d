package company

import (
	"context"
	"errors"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
)

// Rate is what one unit of a currency is in the base currency, from a day on. Documents keep the rate they were
// written with.
type Rate struct {
	Currency  string
	ValidFrom clock.Day
	Rate      money.Rate
}

const (
	sqlRates   = `SELECT currency, valid_from, rate FROM exchange_rate ORDER BY currency, valid_from`
	sqlSetRate = `INSERT INTO exchange_rate (currency, valid_from, rate) VALUES ($1, $2, $3)
		ON CONFLICT (currency, valid_from) DO UPDATE SET rate = excluded.rate`
	sqlDropRate = `DELETE FROM exchange_rate WHERE currency = $1 AND valid_from = $2 RETURNING rate`
)

// Rates lists all exchange rates, by currency and then by day.
func Rates(ctx context.Context, tx *store.Tx) ([]Rate, error) {
	rows, err := tx.Query(ctx, sqlRates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Rate
	for rows.Next() {
		var r Rate
		var day int64
		var text string
		if err := rows.Scan(&r.Currency, &day, &text); err != nil {
			return nil, err
		}
		if r.Rate, err = money.ParseRate(text); err != nil {
			return nil, err
		}
		r.ValidFrom = clock.Day(day)
		all = append(all, r)
	}
	return all, rows.Err()
}

// RateOn is the rate of a currency on a day: the newest one that was valid then, else the oldest there is. rates come
// from Rates; false where there is none.
func RateOn(rates []Rate, currency string, day clock.Day) (money.Rate, bool) {
	var found money.Rate
	for _, r := range rates {
		if r.Currency == currency && (found.IsZero() || r.ValidFrom <= day) {
			found = r.Rate
		}
	}
	return found, !found.IsZero()
}

// SetRate adds or replaces a rate. What was written with an older one stays as it is.
func SetRate(ctx context.Context, tx *store.Tx, r Rate) error {
	switch {
	case !money.Known(r.Currency):
		return fault.New(fault.Invalid, "errors.currency", "text", r.Currency).On("currency")
	case r.Rate.IsZero():
		return fault.New(fault.Invalid, "errors.rate", "text", "").On("rate")
	}
	if _, err := tx.Exec(ctx, sqlSetRate, r.Currency, int64(r.ValidFrom), r.Rate.String()); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "company.rate_set", Body: map[string]any{"currency": r.Currency, "from": r.ValidFrom.String(), "rate": r.Rate.String()}})
	return err
}

// DropRate removes the rate that is valid from a day, and returns it; NotFound where there is none.
func DropRate(ctx context.Context, tx *store.Tx, currency string, from clock.Day) (Rate, error) {
	dropped := Rate{Currency: strings.ToUpper(currency), ValidFrom: from}
	var text string
	err := tx.QueryRow(ctx, sqlDropRate, dropped.Currency, int64(from)).Scan(&text)
	if errors.Is(err, store.ErrNoRows) {
		return dropped, fault.New(fault.NotFound, "company.rate_none", "currency", dropped.Currency, "day", from)
	}
	if err != nil {
		return dropped, err
	}
	if dropped.Rate, err = money.ParseRate(text); err != nil {
		return dropped, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "company.rate_dropped", Body: map[string]any{"currency": dropped.Currency, "from": from.String()}})
	return dropped, err
}
