package report_test

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"stamm/internal/record/document"
)

// openWarehouse opens a warehouse with the tables reports read, empty: in memory, or in the file named.
func openWarehouse(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, q := range append(document.DerivedTables(),
		`CREATE TABLE customer (id BIGINT, ext VARCHAR, source VARCHAR, kind VARCHAR, country VARCHAR, region VARCHAR,
			language VARCHAR, excluded BOOLEAN, erased BOOLEAN, created DATE, mail VARCHAR)`,
		`CREATE TABLE product (id BIGINT, sku VARCHAR, name VARCHAR, category VARCHAR)`,
		`CREATE TABLE document (id BIGINT, customer BIGINT, kind VARCHAR, day DATE, "at" BIGINT, sale BOOLEAN,
			sale_rows INTEGER, amount BIGINT, cost BIGINT, rows INTEGER)`,
		`CREATE TABLE line (document BIGINT, n INTEGER, product BIGINT, quantity BIGINT, amount BIGINT, cost BIGINT, sale BOOLEAN)`,
		`CREATE TABLE link (document BIGINT, n INTEGER, target BIGINT, kind VARCHAR, amount BIGINT)`,
		`CREATE TABLE bill (id BIGINT, customer BIGINT, kind VARCHAR, day DATE, due DATE, amount BIGINT)`,
		`CREATE TABLE setting (key VARCHAR, value VARCHAR)`,
	) {
		exec(t, db, q)
	}
	return db
}

func exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%v\nin %s", err, query)
	}
}

// derive fills the derived tables for everybody.
func derive(t testing.TB, db *sql.DB) {
	t.Helper()
	for _, q := range document.DeriveAll() {
		exec(t, db, q)
	}
}
