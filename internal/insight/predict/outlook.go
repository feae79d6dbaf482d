package predict

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/document"
)

// Outlook is what the newest whole scoring says of all customers together.
type Outlook struct {
	Card
	Model  int64 // number of the scoring
	MadeAt time.Time
}

// Newest is the outlook of the newest whole scoring; false where there is none yet.
func Newest(ctx context.Context, tx *store.Tx) (Outlook, bool, error) {
	var o Outlook
	var made int64
	var text string
	err := tx.QueryRow(ctx, sqlNewest).Scan(&o.Model, &made, &text)
	if errors.Is(err, store.ErrNoRows) {
		return Outlook{}, false, nil
	}
	if err != nil {
		return Outlook{}, false, err
	}
	o.MadeAt = clock.Time(made)
	if err := json.Unmarshal([]byte(text), &o.Card); err != nil {
		return Outlook{}, false, fmt.Errorf("model card %d: %w", o.Model, err)
	}
	return o, true, nil
}

// Score is what is foreseen of one customer.
type Score struct {
	Customer  int64
	Model     int64
	Band      Band
	Active    float64 // chance of a purchase within the horizon
	ActiveLo  float64
	ActiveHi  float64    // interval of 95 %
	Alive     *float64   // chance that she has not left; nil where nothing can be said
	Expected  float64    // purchases within the horizon
	Value     int64      // minor units: of these, after the margin
	Worth     int64      // minor units: of one purchase, after the margin
	CLV       int64      // minor units: over the years of the card, discounted
	CLVLo     int64      //
	CLVHi     int64      // interval of 95 %
	AtRisk    int64      // minor units: what a year's value has fallen by since her last purchase
	RiskSince *clock.Day // day on which she came to be at risk; nil if she is not
	NextDay   *clock.Day // around when her next purchase is to be expected; nil if none is
	Reasons   []Reason

	// Intervals of 95 %: how well they are known, not what chance does beyond. Scores from before there were any have 0 as upper ends,
	// and nil for Alive.
	AliveLo, AliveHi       *float64
	ExpectedLo, ExpectedHi float64
	ValueLo, ValueHi       int64
	AtRiskLo, AtRiskHi     int64
}

// Moment is a score as it was: at the end of a month, when the band changed, or when it had moved noticeably.
type Moment struct {
	Day    clock.Day
	Band   Band
	Active float64
	Alive  *float64
	CLV    int64
}

// Point is the chance of a purchase within the horizon on a day, seen from what was known on it.
type Point struct {
	Day    clock.Day
	Active float64
}

// Foreseen is everything about one customer.
type Foreseen struct {
	Score
	Outlook   Outlook
	History   []Moment    // oldest first
	Purchases []clock.Day // purchase days up to AsOf
	Curve     []Point     // from her first purchase to AsOf by the present model, and on to the end of the horizon if she stays away

	// Then is the chance on the day of her last purchase, by which the band is told; 0 where nothing can be said.
	Then float64

	// The parts of the value: Discounted purchases of Worth each make CLV.
	Discounted float64
}

// ForCustomer is what is foreseen of a customer; false where she has no score.
func ForCustomer(ctx context.Context, tx *store.Tx, id int64) (Foreseen, bool, error) {
	var f Foreseen
	var err error
	var known bool
	if f.Score, known, err = scoreOf(ctx, tx, id); err != nil || !known {
		return Foreseen{}, false, err
	}
	if f.Outlook, known, err = Newest(ctx, tx); err != nil || !known {
		return Foreseen{}, false, err
	}
	if f.History, err = historyOf(ctx, tx, id); err != nil {
		return Foreseen{}, false, err
	}
	if f.Purchases, err = document.SaleDays(ctx, tx, id, f.Outlook.AsOf); err != nil {
		return Foreseen{}, false, err
	}
	f.Purchases = merged(f.Purchases, f.Outlook.Merge)
	f.Curve, f.Then = f.Outlook.curve(f.Purchases, f.Active)
	if f.Worth != 0 {
		f.Discounted = float64(f.CLV) / float64(f.Worth)
	}
	return f, true, nil
}

const scale = 10_000 // chances and numbers of purchases in the store

func scoreOf(ctx context.Context, tx *store.Tx, id int64) (Score, bool, error) {
	s, err := scanScore(tx.QueryRow(ctx, sqlScore, id))
	if errors.Is(err, store.ErrNoRows) {
		return Score{}, false, nil
	}
	return s, err == nil, err
}

func scanScore(row interface{ Scan(...any) error }) (Score, error) {
	s, reasons, err := scanRow(row)
	if err != nil {
		return Score{}, err
	}
	if err := json.Unmarshal([]byte(reasons), &s.Reasons); err != nil {
		return Score{}, fmt.Errorf("score of %d: %w", s.Customer, err)
	}
	return s, nil
}

// scanRow is a score without its reasons, and the text of these; more are places for columns behind them.
func scanRow(row interface{ Scan(...any) error }, more ...any) (Score, string, error) {
	var s Score
	var active, lo, hi, expected, expectedLo, expectedHi int64
	var alive, since, next, aliveLo, aliveHi sql.NullInt64
	var reasons string
	err := row.Scan(append([]any{&s.Customer, &s.Model, &s.Band, &active, &lo, &hi, &alive, &expected, &s.Value, &s.Worth, &s.CLV, &s.CLVLo, &s.CLVHi,
		&s.AtRisk, &since, &next, &reasons, &aliveLo, &aliveHi, &expectedLo, &expectedHi, &s.ValueLo, &s.ValueHi, &s.AtRiskLo, &s.AtRiskHi}, more...)...)
	if err != nil {
		return Score{}, "", err
	}
	s.Active, s.ActiveLo, s.ActiveHi, s.Expected = share(active), share(lo), share(hi), share(expected)
	s.AliveLo, s.AliveHi, s.ExpectedLo, s.ExpectedHi = shareOf(aliveLo), shareOf(aliveHi), share(expectedLo), share(expectedHi)
	s.Alive, s.RiskSince, s.NextDay = shareOf(alive), dayOf(since), dayOf(next)
	return s, reasons, nil
}

func historyOf(ctx context.Context, tx *store.Tx, id int64) ([]Moment, error) {
	rows, err := tx.Query(ctx, sqlHistory, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Moment
	for rows.Next() {
		var m Moment
		var day, active int64
		var alive sql.NullInt64
		if err := rows.Scan(&day, &m.Band, &active, &alive, &m.CLV); err != nil {
			return nil, err
		}
		m.Day, m.Active, m.Alive = clock.Day(day), share(active), shareOf(alive)
		all = append(all, m)
	}
	return all, rows.Err()
}

func share(v int64) float64 { return float64(v) / scale }

func shareOf(v sql.NullInt64) *float64 {
	if !v.Valid {
		return nil
	}
	s := share(v.Int64)
	return &s
}

func dayOf(v sql.NullInt64) *clock.Day {
	if !v.Valid {
		return nil
	}
	d := clock.Day(v.Int64)
	return &d
}
