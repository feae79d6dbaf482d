// Package coupon keeps what the company takes off an order for whoever shows a code, so that a thank-you can be given
// away once, counted, and held against what it brought.
//
// A coupon has one code for all or an own code for each recipient. Own codes are drawn at random from a space so large
// that guessing is in vain, and carry a check character, so that a slip of the pen is no other code. They may be made in
// advance, for a shop that has to know them, and are given to customers in that order; where they run out, more are made.
// A redemption is known by its order, so that telling it twice counts once; its counters change in the transaction that
// looks at them, so that no two redemptions at the same moment overrun a limit.
package coupon

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Kinds of the changes this package appends to the feed. Their subject is the coupon; bodies hold numbers of codes and
// amounts, never a code or the number of an order.
const (
	KindCreated   = "coupon.created"
	KindCodes     = "coupon.codes"
	KindRedeemed  = "coupon.redeemed"
	KindTakenBack = "coupon.taken_back" // the order is gone, cancelled or was returned as a whole
	KindStopped   = "coupon.stopped"
)

// Kind tells how the discount is reckoned.
type Kind string

// The kinds.
const (
	Percent Kind = "percent"
	Value   Kind = "amount"
)

// hundred is a hundred per cent in the unit of Coupon.Value.
const hundred = 100_00

// Coupon is what a code is worth, and when.
type Coupon struct {
	ID         int64
	Name       string // for the company
	Kind       Kind
	Value      int64    // hundredths of a per cent, or minor units of Currency
	Currency   string   // of Value, Minimum and all amounts
	Minimum    int64    // minor units that what it counts for must reach; 0 for none
	Products   []int64  // it counts for these and for Categories; both empty is everything
	Categories []string // as products name them; those below one belong to it
	Code       string   // the one code of all; empty where each recipient has an own one
	Once       bool     // once for each customer
	Personal   bool     // only for the customer the code was given to
	First      *clock.Day
	Last       *clock.Day // both included, by the company's days
	Most       int64      // redemptions of all together, 0 for no limit
	Measure    int64      // of the programme, that bears the cost where the code names none; 0 for none

	Made, Given, Redeemed int64
	Granted               int64 // minor units taken off so far
	Stopped               *time.Time
	CreatedAt             time.Time
	CreatedBy             store.Actor
}

// Unique tells whether each recipient has an own code.
func (c *Coupon) Unique() bool { return c.Code == "" }

// Limits of what people write.
const (
	maxName = 200
	minCode = 4
	maxCode = 40
)

// Create checks a coupon and adds it. Currency is the company's unless it is named. The one code of all must not belong to
// another coupon.
func Create(ctx context.Context, tx *store.Tx, c *Coupon) error {
	if c.Currency == "" {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		c.Currency = settings.Currency
	}
	c.Name, c.Code = strings.TrimSpace(c.Name), normalShared(c.Code)
	slices.Sort(c.Products)
	c.Products, c.Categories = slices.Compact(c.Products), slices.Compact(slices.Sorted(slices.Values(c.Categories)))
	if err := c.validate(); err != nil {
		return err
	}
	if !c.Unique() {
		taken, err := tx.QueryIDs(ctx, sqlSharedID, c.Code)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return fault.New(fault.Conflict, "coupon.error.code_taken", "code", c.Code).On("code")
		}
	}
	c.CreatedAt, c.CreatedBy = tx.Now, tx.Actor
	id, err := tx.InsertID(ctx, sqlCreate, c.Name, string(c.Kind), c.Value, c.Currency, c.Minimum, store.JSON(c.Products), store.JSON(c.Categories), c.Code,
		store.Flag(c.Once), store.Flag(c.Personal), dayValue(c.First), dayValue(c.Last), c.Most, c.Measure, clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID)
	if err != nil {
		return err
	}
	c.ID = id
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCreated, Subject: id, Body: map[string]any{"kind": string(c.Kind), "value": c.Value, "currency": c.Currency}})
	return err
}

// validate reports the first thing wrong with the coupon.
func (c *Coupon) validate() error {
	invalid := func(field, key string, args ...any) error { return fault.New(fault.Invalid, key, args...).On(field) }
	switch {
	case c.Name == "":
		return invalid("name", "errors.required")
	case utf8.RuneCountInString(c.Name) > maxName:
		return invalid("name", "errors.too_long", "max", maxName)
	case c.Kind != Percent && c.Kind != Value:
		return invalid("kind", "errors.choice", "text", string(c.Kind))
	case c.Value <= 0:
		return invalid("value", "coupon.error.value")
	case c.Kind == Percent && c.Value > hundred:
		return invalid("value", "coupon.error.percent")
	case !money.Known(c.Currency):
		return invalid("currency", "errors.currency", "text", c.Currency)
	case c.Minimum < 0:
		return invalid("minimum", "coupon.error.negative")
	case c.Most < 0:
		return invalid("most", "coupon.error.negative")
	case c.First != nil && c.Last != nil && *c.Last < *c.First:
		return invalid("last", "coupon.error.ends_before")
	case c.Personal && !c.Unique():
		return invalid("personal", "coupon.error.personal")
	case !c.Unique() && !validShared(c.Code):
		return invalid("code", "coupon.error.code_form", "min", minCode, "max", maxCode)
	}
	return nil
}

// normalShared is how the one code of all is kept and compared: without blanks, in capitals.
func normalShared(code string) string {
	return strings.ToUpper(strings.Join(strings.Fields(code), ""))
}

// validShared tells whether a code may be that of all: letters, digits and hyphens. What could be an own code is none, so that a
// code never means two things.
func validShared(code string) bool {
	if n := utf8.RuneCountInString(code); n < minCode || n > maxCode {
		return false
	}
	for _, r := range code {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	_, own := Parse(code)
	return !own
}

// Stop ends a coupon: no code of it is redeemed any more. Stopping it twice is the same as once.
func Stop(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil || c.Stopped != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlStop, id, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindStopped, Subject: id})
	return err
}

func dayValue(d *clock.Day) any {
	if d == nil {
		return nil
	}
	return int64(*d)
}
