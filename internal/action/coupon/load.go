package coupon

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Load reads one coupon.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Coupon, error) {
	all, err := query(ctx, tx, sqlLoad, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "coupon.none")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// List pages through the coupons, newest first, before the one with this id (0 for the newest).
func List(ctx context.Context, tx *store.Tx, before int64, limit int) ([]*Coupon, error) {
	return query(ctx, tx, sqlList, orNewest(before), limit)
}

func orNewest(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before
}

func query(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Coupon, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Coupon
	for rows.Next() {
		c := &Coupon{}
		var products, categories string
		var first, last, stopped sql.NullInt64
		var created int64
		if err := rows.Scan(&c.ID, &c.Name, &c.Kind, &c.Value, &c.Currency, &c.Minimum, &products, &categories, &c.Code, &c.Once, &c.Personal, &first, &last,
			&c.Most, &c.Measure, &c.Made, &c.Given, &c.Redeemed, &c.Granted, &stopped, &created, &c.CreatedBy.Kind, &c.CreatedBy.ID); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(products), &c.Products); err != nil {
			return nil, fmt.Errorf("coupon %d: %w", c.ID, err)
		}
		if err := json.Unmarshal([]byte(categories), &c.Categories); err != nil {
			return nil, fmt.Errorf("coupon %d: %w", c.ID, err)
		}
		c.First, c.Last, c.CreatedAt = dayOf(first), dayOf(last), clock.Time(created)
		if stopped.Valid {
			at := clock.Time(stopped.Int64)
			c.Stopped = &at
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func dayOf(n sql.NullInt64) *clock.Day {
	if !n.Valid {
		return nil
	}
	d := clock.Day(n.Int64)
	return &d
}

// Code is an own code of a coupon.
type Code struct {
	Number   int64 // Format writes it
	N        int64 // the how-manieth of its coupon, from 1
	Customer int64 // whom it was given to, 0 for nobody yet
	Redeemed int64
}

// Codes pages through the codes of a coupon in the order they were made, after the n-th.
func Codes(ctx context.Context, tx *store.Tx, coupon, after int64, limit int) ([]Code, error) {
	rows, err := tx.Query(ctx, sqlCodes, coupon, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Code
	for rows.Next() {
		var c Code
		if err := rows.Scan(&c.Number, &c.N, &c.Customer, &c.Redeemed); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Held is a code that a customer has.
type Held struct {
	Coupon   int64
	Number   int64
	At       time.Time
	Redeemed int64
}

// Of lists the codes given to a customer, newest first.
func Of(ctx context.Context, tx *store.Tx, customer int64) ([]Held, error) {
	rows, err := tx.Query(ctx, sqlOfPerson, customer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Held
	for rows.Next() {
		var h Held
		var at int64
		if err := rows.Scan(&h.Coupon, &h.Number, &at, &h.Redeemed); err != nil {
			return nil, err
		}
		h.At = clock.Time(at)
		all = append(all, h)
	}
	return all, rows.Err()
}

// Redemption is a code that took something off an order.
type Redemption struct {
	ID       int64
	Coupon   int64
	Order    string // its number where the order was taken
	Number   int64  // of the own code; 0 for the one code of all
	Customer int64  // who redeemed it, 0 for unknown
	Measure  int64  // that bears the cost, 0 for none
	Day      clock.Day
	At       time.Time // when it was told
	Amount   int64     // what the coupon counted for, minor units
	Discount int64     // what it took off, minor units
	Document int64     // the order of ours that told it, 0 where it was told by itself
}

// Redemptions pages through what a coupon was redeemed for, newest first, before the one with this id (0 for the newest).
func Redemptions(ctx context.Context, tx *store.Tx, coupon, before int64, limit int) ([]Redemption, error) {
	return redemptions(ctx, tx, sqlRedemptions, coupon, orNewest(before), limit)
}

func redemptions(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Redemption, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Redemption
	for rows.Next() {
		var r Redemption
		var day, at int64
		if err := rows.Scan(&r.ID, &r.Coupon, &r.Order, &r.Number, &r.Customer, &r.Measure, &day, &at, &r.Amount, &r.Discount, &r.Document); err != nil {
			return nil, err
		}
		r.Day, r.At = clock.Day(day), clock.Time(at)
		all = append(all, r)
	}
	return all, rows.Err()
}
