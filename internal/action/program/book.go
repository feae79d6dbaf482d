package program

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

var costColumns = []string{"id", "key", "measure", "kind", "amount", "included", "day", "note", "at"}

// BookAll adds many costs at once, up to about 1,000, under keys that are not taken; one that is taken fails the whole call.
// Costs of measures that are gone are passed over.
func BookAll(ctx context.Context, tx *store.Tx, costs []Cost) error {
	of := map[int64][]Cost{}
	var measures []int64
	for _, c := range costs {
		if err := c.check(); err != nil {
			return err
		}
		if of[c.Measure] == nil {
			measures = append(measures, c.Measure)
		}
		of[c.Measure] = append(of[c.Measure], c)
	}
	if len(measures) == 0 {
		return nil
	}
	there, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlThere, tx.Numbers("$1")), store.JSON(measures))
	if err != nil {
		return err
	}
	for _, measure := range there {
		if err := bookSame(ctx, tx, measure, of[measure]); err != nil {
			return err
		}
	}
	return nil
}

// bookSame adds the costs of one measure with one change in the feed.
func bookSame(ctx context.Context, tx *store.Tx, measure int64, costs []Cost) error {
	ids, err := tx.ReserveIDs(ctx, "measure_cost", len(costs))
	if err != nil {
		return err
	}
	rows := store.NewRows(len(costs), len(costColumns))
	total := int64(0)
	for i, c := range costs {
		total += c.Amount
		rows.End(append(rows.Row(), ids[i], c.Key, c.Measure, string(c.Kind), c.Amount, store.Flag(c.Included), int64(c.Day), c.Note, clock.Micros(tx.Now)))
	}
	if err := tx.Insert(ctx, "measure_cost", costColumns, rows.All); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCost, Subject: measure, Body: map[string]any{"kind": string(costs[0].Kind), "amount": total},
		Rows: feed.Rows{tableCost: feed.Ranges(ids)}})
	return err
}

// GiveBack books the opposite of the costs under keys, on the same day, each under its key followed by suffix. Keys under which
// nothing is booked are passed over.
func GiveBack(ctx context.Context, tx *store.Tx, keys []string, suffix string) error {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlCostsOfKeys, tx.Strings("$1")), store.JSON(keys))
	if err != nil {
		return err
	}
	defer rows.Close()
	var back []Cost
	for rows.Next() {
		var c Cost
		var day int64
		if err := rows.Scan(&c.Key, &c.Measure, &c.Kind, &c.Amount, &c.Included, &day); err != nil {
			return err
		}
		c.Key, c.Amount, c.Day = c.Key+suffix, -c.Amount, clock.Day(day)
		back = append(back, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	return BookAll(ctx, tx, back)
}

const (
	sqlThere       = `SELECT id FROM measure WHERE id %s ORDER BY id`
	sqlCostsOfKeys = `SELECT key, measure, kind, amount, included, day FROM measure_cost WHERE key %s ORDER BY id`
)
