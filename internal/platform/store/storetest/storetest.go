// Package storetest runs a test on every database Stamm supports, so that what is right on one is right on the other.
package storetest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"stamm/internal/platform/store"
)

// Each runs fn on a fresh SQLite database and on a fresh PostgreSQL database, both with all tables and no rows.
// PostgreSQL is skipped by name where neither its binaries nor STAMM_TEST_POSTGRES exist.
//
// The tables are made once for each test binary and copied after that: making them anew took most of the time of a test.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) {
		fn(t, Open(t, url, store.Options{Log: slog.New(slog.DiscardHandler)}))
	})
}

// EachURL is Each for tests that open the database themselves, perhaps several times or in other processes.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, copySQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, copyPostgres(t)) })
}

// Open opens url and closes it when the test ends.
func Open(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, o)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return db
}

// EachEmpty is EachURL with databases that have no tables yet.
func EachEmpty(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// model is a database with all tables and no rows, made by the first test that needs it.
type model struct {
	once sync.Once
	data []byte // SQLite: the file
	err  error
}

var models struct{ sqlite, postgres model }

// withTables opens and closes a database, which makes its tables.
func withTables(url string) error {
	db, err := store.Open(context.Background(), url, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return db.Close()
}

// copySQLite is a new SQLite database with all tables.
func copySQLite(t testing.TB) string {
	t.Helper()
	m, path := &models.sqlite, SQLite(t)
	m.once.Do(func() {
		first := filepath.Join(t.TempDir(), "model.db")
		if m.err = withTables(first); m.err == nil {
			m.data, m.err = os.ReadFile(first)
		}
	})
	if m.err != nil {
		t.Fatalf("make the tables: %v", m.err)
	}
	if err := os.WriteFile(path, m.data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyPostgres is a new PostgreSQL database with all tables. A server that somebody else runs gets no model, which would
// stay there.
func copyPostgres(t testing.TB) string {
	t.Helper()
	if os.Getenv("STAMM_TEST_POSTGRES") != "" {
		return Postgres(t)
	}
	base, m := cluster(t), &models.postgres
	m.once.Do(func() {
		var url string
		if url, m.err = create(base, modelName, ""); m.err == nil {
			m.err = withTables(url)
		}
	})
	if m.err != nil {
		t.Fatalf("make the tables: %v", m.err)
	}
	return createDatabase(t, base, modelName)
}

const modelName = "stamm_model"

// SQLite names a file for a new SQLite database.
func SQLite(t testing.TB) string {
	return filepath.Join(t.TempDir(), "stamm.db")
}

var databases atomic.Int64

// Postgres makes a new database without tables in the test cluster and returns its address.
func Postgres(t testing.TB) string {
	t.Helper()
	return createDatabase(t, cluster(t), "")
}
