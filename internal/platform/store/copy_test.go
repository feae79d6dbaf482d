package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestTablesAndTheirLastIDsAreToldAlikeOnBothDatabases(t *testing.T) {
	var first []store.Table
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var tables []store.Table
		var last map[string]int64
		err := db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
			if _, err := tx.ReserveIDs(ctx, "source", 7); err != nil {
				return err
			}
			if tables, err = tx.Tables(ctx); err != nil {
				return err
			}
			last, err = tx.Sequences(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if last["source"] != 7 || last["customer"] != 0 {
			t.Errorf("last ids %v", last)
		}
		if _, ok := last["feed"]; !ok {
			t.Errorf("the numbers of the feed are missing in %v", last)
		}
		if first == nil {
			first = tables
		} else if diff := cmp.Diff(first, tables); diff != "" {
			t.Errorf("tables differ:\n%s", diff)
		}
		err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
			if err := tx.SetSequences(ctx, map[string]int64{"source": 40}); err != nil {
				return err
			}
			id, err := tx.InsertID(ctx, insertSource, "next")
			if id != 41 {
				t.Errorf("next id %d, want 41", id)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestASnapshotIsADatabaseOfItsOwn(t *testing.T) {
	ctx := context.Background()
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	if err := db.Write(ctx, store.System(), addSource(ctx, "before")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Snapshot(ctx, path); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, store.System(), addSource(ctx, "after")); err != nil {
		t.Fatal(err)
	}
	if err := db.Snapshot(ctx, path); err == nil {
		t.Error("a snapshot was written over another")
	}
	got := sources(t, storetest.Open(t, path, store.Options{}))
	if diff := cmp.Diff(map[string]bool{"before": true}, got); diff != "" {
		t.Errorf("the snapshot holds:\n%s", diff)
	}
	// The connection that made it is a reader again.
	for range 20 {
		err := db.Read(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO source (name) VALUES ('by a reader')`)
			return err
		})
		if err == nil {
			t.Fatal("a reader could write")
		}
	}
}

func TestADatabaseCanBeMadeInAnOlderVersionAndBroughtUpToDate(t *testing.T) {
	storetest.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		version := func(o store.Options) (v int64) {
			t.Helper()
			db, err := store.Open(ctx, url, o)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { v, err = tx.Version(ctx); return err }); err != nil {
				t.Fatal(err)
			}
			return v
		}
		if got := version(store.Options{Version: 2}); got != 2 {
			t.Errorf("version %d, want 2", got)
		}
		if got := version(store.Options{}); got != store.SchemaVersion() {
			t.Errorf("version %d, want the newest, %d", got, store.SchemaVersion())
		}
	})
}
