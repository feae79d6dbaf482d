package warehouse

import (
	"context"
	"fmt"
)

// Fill changes rows directly and computes the derived tables anew, all in one commit. It is for tests
// and benchmarks that have no store behind the warehouse: a follower knows nothing of these rows, and the
// next rebuild drops them.
func (db *DB) Fill(ctx context.Context, fn func(*Filler) error) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	g, err := db.generation()
	if err != nil {
		return err
	}
	m := g.meta
	m.complete = true
	err = g.transact(ctx, func() error {
		if err := fn(&Filler{g: g, meta: &m}); err != nil {
			return err
		}
		if err := g.deriveAll(ctx, db.options.Projections); err != nil {
			return err
		}
		return g.put(ctx, m)
	})
	if err != nil {
		return err
	}
	db.committed(g, m)
	return g.relearn(ctx)
}

// Filler writes within Fill.
type Filler struct {
	g    *generation
	meta *meta
}

// Append adds rows to a table; each has the columns of its DDL. A BOOLEAN takes a bool or 0 and 1, a DATE
// a clock.Day or a time.Time, nil is NULL.
func (f *Filler) Append(ctx context.Context, table string, rows ...[]any) error {
	t, ok := f.g.tables[table]
	if !ok {
		return fmt.Errorf("warehouse: no projection has a table %s", table)
	}
	a, err := f.g.appender(t.Name)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := a.row(t.columns, row); err != nil {
			return fmt.Errorf("warehouse: table %s: %w", table, abandon(a, err))
		}
	}
	return a.close()
}

// Exec runs any statement, as for filling a large table by generate_series.
func (f *Filler) Exec(ctx context.Context, text string, args ...any) error {
	return f.g.exec(ctx, text, args...)
}
