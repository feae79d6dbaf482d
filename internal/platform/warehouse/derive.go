package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"

	"github.com/duckdb/duckdb-go/v2"
)

const (
	wholeAbove   = 1_000   // customers changed, from which on a whole recomputation is thought of
	wholeShare   = 2       // it is the quicker way when more than one in so many changed
	sliceMemory  = 4 << 10 // bytes of the memory limit that computing one customer's rows may take
	fewCustomers = 1_000   // slices do not get smaller than this
)

// derive computes the derived rows of the customers noted, or all when it is about many.
func (w *turn) derive(ctx context.Context, projections []Projection) error {
	if !w.everyone {
		err := w.g.exec(ctx, "CREATE OR REPLACE TEMP TABLE changed_slice AS SELECT d.customer, row_number() OVER () AS nth "+
			"FROM (SELECT DISTINCT c.customer FROM changed_customer c WHERE c.derives AND c.customer IS NOT NULL) d")
		if err != nil {
			return err
		}
		changed, err := w.g.count(ctx, "changed_slice")
		if err != nil || changed == 0 {
			return err
		}
		everybody := int64(math.MaxInt64) // more than can change, where no projection says it
		if text := customersOf(projections); text != "" {
			if everybody, err = w.g.count(ctx, "("+text+")"); err != nil {
				return err
			}
		}
		if changed <= wholeAbove || changed <= everybody/wholeShare {
			return w.g.deriveSliced(ctx, projections, changed)
		}
	}
	return w.g.deriveAll(ctx, projections)
}

// deriveAll computes all derived tables anew in the open transaction.
func (g *generation) deriveAll(ctx context.Context, projections []Projection) error {
	all := customersOf(projections)
	sliced, err := g.inParts(ctx, all)
	if err != nil {
		return err
	}
	for _, p := range projections {
		for _, d := range p.Derived {
			if err := g.exec(ctx, "DELETE FROM "+d.Name); err != nil {
				return err
			}
			if sliced {
				continue
			}
			for _, text := range d.All {
				if err := g.exec(ctx, text); err != nil {
					return fmt.Errorf("all of %s: %w", d.Name, err)
				}
			}
		}
	}
	if !sliced {
		return nil
	}
	err = g.exec(ctx, "CREATE OR REPLACE TEMP TABLE changed_slice (customer, nth) AS SELECT a.customer, row_number() OVER () "+
		"FROM (SELECT DISTINCT b.customer FROM (SELECT 0::BIGINT UNION ALL "+all+") b (customer)) a")
	if err != nil {
		return err
	}
	n, err := g.count(ctx, "changed_slice")
	if err != nil {
		return err
	}
	return g.deriveSliced(ctx, projections, n)
}

// inParts tells whether all customers, whom the query lists, are too many to be computed at once.
func (g *generation) inParts(ctx context.Context, all string) (bool, error) {
	if g.short || all == "" {
		return all != "", nil
	}
	n, err := g.count(ctx, "("+all+")")
	return n > g.slice, err
}

// deriveSliced computes the derived rows of the n customers in changed_slice, so many at a time as the
// memory holds: DuckDB puts most of what is too large on the disk, but not all of it.
func (g *generation) deriveSliced(ctx context.Context, projections []Projection, n int64) error {
	for from := int64(0); from < n; from += g.slice {
		err := g.exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE changed AS SELECT s.customer FROM changed_slice s WHERE s.nth > %d AND s.nth <= %d",
			from, from+g.slice))
		if err != nil {
			return err
		}
		for _, p := range projections {
			for _, d := range p.Derived {
				for _, text := range d.Changed {
					if err := g.exec(ctx, text); err != nil {
						return fmt.Errorf("changed rows of %s: %w", d.Name, err)
					}
				}
			}
		}
	}
	return nil
}

// thrifty makes the slices smaller when err says that the memory did not reach; false when there is
// nothing to be gained any more.
func (g *generation) thrifty(err error) bool {
	if !errors.Is(err, errMemory()) || g.slice <= fewCustomers && g.short {
		return false
	}
	g.short = true
	g.slice = max(g.slice/4, fewCustomers)
	return true
}

// count is how many rows a table or a subquery has.
func (g *generation) count(ctx context.Context, from string) (n int64, err error) {
	err = g.writer.QueryRowContext(ctx, "SELECT count(*) FROM "+from).Scan(&n)
	return n, translate(err)
}

func customersOf(projections []Projection) string {
	for _, p := range projections {
		if p.Customers != "" {
			return p.Customers
		}
	}
	return ""
}

// relearn reads the greatest keys again after statements that nobody followed.
func (g *generation) relearn(ctx context.Context) error {
	for _, t := range g.tables {
		if t.Key == "" {
			continue
		}
		high, err := g.greatest(ctx, t.Table)
		if err != nil {
			return err
		}
		t.high = high
	}
	return nil
}

// appender adds rows to a table within the open transaction of the writer (it takes part in it: its rows
// go with a rollback). It must be closed: DuckDB keeps the file while one is open.
type appender struct {
	g      *generation
	native *duckdb.Appender
	values []driver.Value
}

func (g *generation) appender(table string) (*appender, error) {
	a := &appender{g: g}
	err := g.writer.Raw(func(conn any) (err error) {
		a.native, err = duckdb.NewAppenderFromConn(conn.(driver.Conn), "", table)
		return err
	})
	return a, translate(err)
}

// row appends values as any driver or test gives them.
func (a *appender) row(columns []column, values []any) error {
	if len(values) != len(columns) {
		return fmt.Errorf("%d values for %d columns", len(values), len(columns))
	}
	a.values = a.values[:0]
	for i, c := range columns {
		v, err := c.kind.convert(values[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
		a.values = append(a.values, v)
	}
	return translate(a.native.AppendRow(a.values...))
}

func (a *appender) close() error { return translate(a.native.Close()) }

// abandon closes the appender after an error; the transaction is rolled back by whoever opened it.
func abandon(a *appender, err error) error { return errors.Join(err, a.close()) }
