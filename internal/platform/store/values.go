package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// Values runs a query and calls fn with every row as the database has it: int64, float64, string, []byte, time.Time or nil.
// It is Query for many rows that are only passed on, at half the cost on SQLite. fn must not keep the slices; an error of
// its ends the reading.
func (tx *Tx) Values(ctx context.Context, text string, args []any, fn func(columns []string, row []any) error) error {
	if r, ok := tx.run.(readRunner); ok && tx.dialect == SQLite {
		return translate(r.conn.Raw(func(conn any) error { return rawValues(ctx, conn.(driver.QueryerContext), text, args, fn) }))
	}
	found, err := tx.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return err
	}
	row, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		places[i] = &row[i]
	}
	for found.Next() {
		if err := found.Scan(places...); err != nil {
			return err
		}
		if err := fn(columns, row); err != nil {
			return err
		}
	}
	return translate(found.Err())
}

// rawValues is Values past database/sql.
func rawValues(ctx context.Context, conn driver.QueryerContext, text string, args []any, fn func([]string, []any) error) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driverValue(a)
		if err != nil {
			return err
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := conn.QueryContext(ctx, text, named)
	if err != nil {
		return err
	}
	columns := rows.Columns()
	values, row := make([]driver.Value, len(columns)), make([]any, len(columns))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return rows.Close()
		case err != nil:
			return errors.Join(err, rows.Close())
		}
		for i, v := range values {
			row[i] = v
		}
		if err := fn(columns, row); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}
