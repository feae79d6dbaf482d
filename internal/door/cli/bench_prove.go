package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// repeats simulates measures with a known effect and counts how often their intervals are right; the seed is fixed.
func (b *bench) repeats(runs int) error {
	const seed = 2
	for _, effect := range []float64{1, -1.5} {
		r := trial.Repeat(runs, seed, effect)
		off := math.Abs(100*float64(r.Covered)/float64(runs) - 100*trial.Level)
		b.atMost(fmt.Sprintf("%d of %d intervals hold an effect of %g per customer, off 95 %%", r.Covered, runs, effect), off, "points", 1.5)
	}
	r := trial.Repeat(runs, seed, 0)
	off := math.Abs(100*float64(r.Alarms)/float64(runs) - 100*trial.Alpha)
	b.atMost(fmt.Sprintf("%d of %d measures without an effect raise an alarm, off 5 %%", r.Alarms, runs), off, "points", 1.5)
	return nil
}

// proof draws all customers for a measure two months before the last order, and reads what it brought.
func (b *bench) proof(ctx context.Context) error {
	customers, err := b.customerIDs(ctx)
	if err != nil {
		return err
	}
	day := benchDay.AddDays(-60)
	var m *program.Measure
	then := func(fn func(tx *store.Tx) error) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { tx.Now = day.Start(time.UTC).Add(12 * time.Hour); return fn(tx) }
	}
	err = b.app.Store.Write(ctx, actor, then(func(tx *store.Tx) error {
		id, err := program.Create(ctx, tx, program.Measure{Name: "Bench", Start: day, Control: 100, Arms: []program.Arm{{Name: "a", Share: 500}, {Name: "b", Share: 500}}})
		if err != nil {
			return err
		}
		if err := program.Start(ctx, tx, id); err != nil {
			return err
		}
		m, err = program.Load(ctx, tx, id)
		return err
	}))
	if err != nil {
		return err
	}
	start := time.Now()
	for part := range slices.Chunk(customers, 1000) {
		err := b.app.Store.Bulk(ctx, actor, then(func(tx *store.Tx) error { _, err := program.Assign(ctx, tx, m.ID, part); return err }))
		if err != nil {
			return err
		}
	}
	b.atLeast("customers drawn for a measure", float64(len(customers))/time.Since(start).Seconds(), "/s", 0)
	if err := upToDate(ctx, b.Call, b.house, b.app.Store); err != nil {
		return err
	}
	var took []time.Duration
	for range 3 {
		start := time.Now()
		err := b.house.View(ctx, func(v *warehouse.View) error {
			_, err := program.Prove(ctx, v, m, program.Basis{AsOf: benchDay, Margin: 40}, program.Spending{})
			return err
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
	}
	b.atMost(fmt.Sprintf("proof of a measure over %d customers", len(customers)), percentile(took, 50)/1000, "s", 2)
	return nil
}

func (b *bench) customerIDs(ctx context.Context) (ids []int64, err error) {
	rows, err := b.house.QueryContext(ctx, "SELECT id FROM customer ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
