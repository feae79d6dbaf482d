package hit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// Sum is how often something was hit.
type Sum struct {
	Human   int64 // by people, as far as that can be told
	Machine int64
	Readers int64 // messages that people hit, each once, of those whose reader may be known
	Nobody  int64 // of Human, those of whom it may not be known whose they are
}

// Result is what became of the mails of a measure.
type Result struct {
	Opens, Clicks Sum
	Links         map[int64]Sum    // of clicks, by Link.Number
	Arms          map[string]Sum   // of clicks, by variant
	Machines      map[string]int64 // by the reason why they are taken for machines
	From, Until   clock.Day        // of the first and the last hit; 0 where there is none
}

// Of reads the result of a measure from the warehouse.
func Of(ctx context.Context, w warehouse.Querier, measure int64) (*Result, error) {
	r := &Result{Links: map[int64]Sum{}, Arms: map[string]Sum{}, Machines: map[string]int64{}}
	err := r.sums(ctx, w, measure, "kind", func(key string, s Sum) error {
		if key == string(Open) {
			r.Opens = s
		} else {
			r.Clicks = s
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.sums(ctx, w, measure, "CASE WHEN kind = 'click' THEN CAST(link AS VARCHAR) END", func(key string, s Sum) error {
		var number int64
		_, err := fmt.Sscan(key, &number)
		r.Links[number] = s
		return err
	})
	if err != nil {
		return nil, err
	}
	if err = r.sums(ctx, w, measure, "CASE WHEN kind = 'click' THEN arm END", func(key string, s Sum) error { r.Arms[key] = s; return nil }); err != nil {
		return nil, err
	}
	err = r.sums(ctx, w, measure, "CASE WHEN NOT human THEN reason END", func(key string, s Sum) error { r.Machines[key] = s.Machine; return nil })
	if err != nil {
		return nil, err
	}
	var from, until sql.NullTime
	if err := w.QueryRowContext(ctx, "SELECT min(day), max(day) FROM hit WHERE measure = $1", measure).Scan(&from, &until); err != nil || !from.Valid {
		return r, err
	}
	r.From, r.Until = clock.DayOf(from.Time, time.UTC), clock.DayOf(until.Time, time.UTC)
	return r, nil
}

// sums counts the hits of a measure by something; where that is NULL they are left out.
func (r *Result) sums(ctx context.Context, w warehouse.Querier, measure int64, by string, each func(string, Sum) error) error {
	rows, err := w.QueryContext(ctx, "SELECT "+by+` AS key, count(*) FILTER (human), count(*) FILTER (NOT human), count(DISTINCT message) FILTER (human AND message <> 0),
	count(*) FILTER (human AND message = 0) FROM hit WHERE measure = $1 GROUP BY 1 HAVING key IS NOT NULL`, measure)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var s Sum
		if err := rows.Scan(&key, &s.Human, &s.Machine, &s.Readers, &s.Nobody); err != nil {
			return err
		}
		if err := each(key, s); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Share is what became of the messages of one variant.
type Share struct {
	Sent    int64
	Clicked int64 // messages that people clicked a link of, each once; of those whose reader may not be known every click
}

// Shares tell how often people clicked, by variant.
func Shares(ctx context.Context, tx *store.Tx, measure int64) (map[string]Share, error) {
	rows, err := tx.Query(ctx, sqlClicked, measure)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]Share{}
	for rows.Next() {
		var arm string
		var s Share
		if err := rows.Scan(&arm, &s.Sent, &s.Clicked); err != nil {
			return nil, err
		}
		all[arm] = s
	}
	return all, rows.Err()
}
