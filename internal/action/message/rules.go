package message

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// The kinds of changes this package appends to the feed. KindPlanned and KindSettled name the rows of many messages at once;
// bodies hold codes and numbers only.
const (
	KindPlanned   = "message.planned"
	KindSettled   = "message.settled" // something became of them
	KindPaused    = "message.paused"  // subject: the measure
	KindContinued = "message.continued"
	KindCancelled = "message.cancelled"
	KindDecided   = "message.decided" // a person decided about an unclear one
	KindHeld      = "message.held"
	KindReleased  = "message.released"
	KindRules     = "message.rules"
)

// Rules are the company's taste: how often anybody hears from it, all departments together, and at which hours.
type Rules struct {
	Week     int                        `json:"week"`     // messages to one reader within 7 days; 0 for any number
	Month    int                        `json:"month"`    // within 30 days
	Channels map[consent.Channel]Limits `json:"channels"` // the same by channel
	Reserve  int                        `json:"reserve"`  // how many of each are kept for messages with a priority above 0

	// Quiet hours, on the clock where the reader lives; equal for none.
	QuietFrom     clock.TimeOfDay `json:"quiet_from"`
	QuietUntil    clock.TimeOfDay `json:"quiet_until"`
	QuietSundays  bool            `json:"quiet_sundays"`
	QuietHolidays bool            `json:"quiet_holidays"`

	KeepMails int `json:"keep_mails"` // days that the built-in outbox keeps mails
}

// Limits are how many messages somebody gets by one channel at most; 0 for any number.
type Limits struct {
	Week  int `json:"week"`
	Month int `json:"month"`
}

// DefaultRules are the rules of who has not said any.
func DefaultRules() Rules {
	return Rules{Week: 3, Month: 8, Channels: map[consent.Channel]Limits{consent.Phone: {Week: 1, Month: 2}},
		QuietFrom: 20 * 60, QuietUntil: 8 * 60, QuietSundays: true, QuietHolidays: true, KeepMails: 90}
}

const (
	rulesKey = "message.rules"
	maxLimit = 1000
	maxKeep  = 3650
)

// LoadRules reads the rules.
func LoadRules(ctx context.Context, tx *store.Tx) (Rules, error) {
	var text string
	err := tx.QueryRow(ctx, sqlSetting, rulesKey).Scan(&text)
	if errors.Is(err, store.ErrNoRows) {
		return DefaultRules(), nil
	}
	if err != nil {
		return Rules{}, err
	}
	r := DefaultRules()
	r.Channels = nil
	return r, json.Unmarshal([]byte(text), &r)
}

// Validate returns nil or the invalid faults of all fields, joined.
func (r Rules) Validate() error {
	var wrong []error
	number := func(field string, n, most int) {
		if n < 0 || n > most {
			wrong = append(wrong, fault.New(fault.Invalid, "message.rules.number", "max", most).On(field))
		}
	}
	number("week", r.Week, maxLimit)
	number("month", r.Month, maxLimit)
	number("reserve", r.Reserve, maxLimit)
	number("keep_mails", r.KeepMails, maxKeep)
	for c, l := range r.Channels {
		if !slices.Contains(consent.Channels(), c) {
			wrong = append(wrong, fault.New(fault.Invalid, "errors.choice", "text", string(c)).On("channels"))
		}
		number(string(c)+"_week", l.Week, maxLimit)
		number(string(c)+"_month", l.Month, maxLimit)
	}
	for field, t := range map[string]clock.TimeOfDay{"quiet_from": r.QuietFrom, "quiet_until": r.QuietUntil} {
		if t < 0 || t > 24*60 {
			wrong = append(wrong, fault.New(fault.Invalid, "errors.time", "text", t.String()).On(field))
		}
	}
	if r.QuietFrom%(24*60) == 0 && r.QuietUntil == 24*60 || r.QuietFrom == 0 && r.QuietUntil == 24*60 {
		wrong = append(wrong, fault.New(fault.Invalid, "message.rules.always_quiet").On("quiet_from"))
	}
	return errors.Join(wrong...)
}

// SaveRules checks the rules and keeps them. They hold for what is decided from now on.
func SaveRules(ctx context.Context, tx *store.Tx, r Rules) error {
	if err := r.Validate(); err != nil {
		return err
	}
	before, err := LoadRules(ctx, tx)
	if err != nil {
		return err
	}
	now, was := store.JSON(r), store.JSON(before)
	if now == was {
		return nil
	}
	if _, err := tx.Exec(ctx, sqlSaveSetting, rulesKey, now, micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindRules, Old: map[string]string{"rules": was}})
	return err
}
