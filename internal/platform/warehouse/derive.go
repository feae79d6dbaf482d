package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// deriveAll computes all derived tables anew in the open transaction.
func (g *generation) deriveAll(ctx context.Context, projections []Projection) error {
	for _, p := range projections {
		for _, d := range p.Derived {
			if err := g.exec(ctx, "DELETE FROM "+d.Name); err != nil {
				return err
			}
			for _, text := range d.All {
				if err := g.exec(ctx, text); err != nil {
					return fmt.Errorf("all of %s: %w", d.Name, err)
				}
			}
		}
	}
	return nil
}

// deriveChanged computes the derived rows of the customers in the table changed.
func (g *generation) deriveChanged(ctx context.Context, projections []Projection) error {
	for _, p := range projections {
		for _, d := range p.Derived {
			for _, text := range d.Changed {
				if err := g.exec(ctx, text); err != nil {
					return fmt.Errorf("changed rows of %s: %w", d.Name, err)
				}
			}
		}
	}
	return nil
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
