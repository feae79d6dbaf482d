// Package warehousetest gives tests a warehouse of their own with exactly the rows they name, so that
// reports can be tested without a store and nobody else needs DuckDB.
package warehousetest

import (
	"context"
	"log/slog"
	"testing"

	"stamm/internal/platform/warehouse"
)

// Open opens an empty warehouse of the projections and closes it when the test ends.
func Open(t testing.TB, projections ...warehouse.Projection) *warehouse.DB {
	t.Helper()
	return OpenWith(t, warehouse.Options{Dir: t.TempDir(), Projections: projections})
}

// OpenWith is Open with options of one's own; warnings go to the log of the test where none is given.
func OpenWith(t testing.TB, o warehouse.Options) *warehouse.DB {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	db, err := warehouse.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open the warehouse: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the warehouse: %v", err)
		}
	})
	return db
}

// Fill adds rows to the tables, each with the columns of the table's DDL, and computes the derived tables.
func Fill(t testing.TB, db *warehouse.DB, tables map[string][][]any) {
	t.Helper()
	err := db.Fill(context.Background(), func(f *warehouse.Filler) error {
		for table, rows := range tables {
			if err := f.Append(context.Background(), table, rows...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("fill the warehouse: %v", err)
	}
}

// Rows runs a SELECT and returns its rows, for comparing.
func Rows(t testing.TB, q warehouse.Querier, text string, args ...any) [][]any {
	t.Helper()
	rows, err := q.QueryContext(context.Background(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		row := make([]any, len(columns))
		places := make([]any, len(columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return all
}
