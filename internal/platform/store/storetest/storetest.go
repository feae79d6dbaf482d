// Package storetest runs a test on every database Stamm supports, so that what is right on one is right on the other.
package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"stamm/internal/platform/store"
)

// Each runs fn on a fresh SQLite database and on a fresh PostgreSQL database. PostgreSQL is skipped by name where
// neither its binaries nor STAMM_TEST_POSTGRES exist.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) {
		fn(t, Open(t, url, store.Options{Log: slog.New(slog.DiscardHandler)}))
	})
}

// EachURL is Each for tests that open the database themselves, perhaps several times or in other processes.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
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

// SQLite names a file for a new SQLite database.
func SQLite(t testing.TB) string {
	return filepath.Join(t.TempDir(), "stamm.db")
}

var databases atomic.Int64

// Postgres makes a new database in the test cluster and returns its address.
func Postgres(t testing.TB) string {
	t.Helper()
	base := cluster(t)
	name := fmt.Sprintf("stamm_test_%d", databases.Add(1))
	return createDatabase(t, base, name)
}
