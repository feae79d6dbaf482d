package store_test

import (
	"fmt"
	"log/slog"
	"testing"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func TestWhatSomebodyCanMendOnTheServerHasItsMessage(t *testing.T) {
	db := storetest.Open(t, storetest.Postgres(t), store.Options{Log: slog.New(slog.DiscardHandler)})
	for state, want := range map[string]fault.Error{
		"53100": {Code: fault.Unavailable, Key: "errors.database_full"},
		"58030": {Code: fault.Unavailable, Key: "errors.disk_failed"},
		"25006": {Code: fault.Unavailable, Key: "errors.database_read_only"},
		"57P01": {Code: fault.Unavailable, Key: "errors.database_unavailable"},
		"22021": {Code: fault.Invalid, Key: "errors.text"},
		"22P05": {Code: fault.Invalid, Key: "errors.text"},
		"42P01": {Code: fault.Internal, Key: "errors.internal"},
	} {
		err := db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), fmt.Sprintf(`DO $$ BEGIN RAISE EXCEPTION 'test' USING ERRCODE = '%s'; END $$`, state))
			return err
		})
		if f := fault.As(err); f == nil || f.Code != want.Code || f.Key != want.Key {
			t.Errorf("%s: %v, want %s %s", state, err, want.Code, want.Key)
		}
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		var n int
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM setting WHERE key = $1`, "a\x00b").Scan(&n)
	})
	if f := fault.As(err); f == nil || f.Key != "errors.text" {
		t.Errorf("a null character: %v", err)
	}
	err = db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO setting (key, value, changed_at) VALUES ('a', 'b', 0)`)
		return err
	})
	if err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
