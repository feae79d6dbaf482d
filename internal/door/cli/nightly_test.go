package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/cli"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"

	"log/slog"
)

// nightly opens a folder that has one import of 3,000 orders, with the warehouse up to date.
func nightly(t *testing.T, url string) (app *cli.App, house *warehouse.DB) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "orders.csv")
	var text strings.Builder
	text.WriteString("Kunde;Datum;Betrag\n")
	for range 3000 {
		text.WriteString("K1;31.12.2010;1,00\n")
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "", "import", "orders", file, "--db", url)
	app, err := cli.Open(t.Context(), cli.Config{Dir: dir, DB: url, Memory: 64}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.Close(t.Context()) })
	if house, err = app.Warehouse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := house.Reach(t.Context(), app.Store); err != nil {
		t.Fatal(err)
	}
	app.Work()
	return app, house
}

// do runs a job of that kind to its end.
func do(t *testing.T, app *cli.App, kind string) jobs.Job {
	t.Helper()
	var id int64
	err := app.Store.Write(t.Context(), store.System(), func(tx *store.Tx) (err error) {
		id, err = jobs.Enqueue(t.Context(), tx, jobs.New{Kind: kind})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	job, err := jobs.Wait(t.Context(), app.Store, id, nil)
	if err != nil || job.State != jobs.Done {
		t.Fatalf("%s: %s %v %v", kind, job.State, job.Err, err)
	}
	return job
}

func alter(t *testing.T, app *cli.App, text string, args ...any) {
	t.Helper()
	err := app.Store.Write(t.Context(), store.System(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheFeedIsCutAfter25MonthsBehindTheWarehouse(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		app, house := nightly(t, url)
		cut := func() (n int) {
			var result struct{ Cut int }
			if err := json.Unmarshal(do(t, app, "feed.cut").Result, &result); err != nil {
				t.Fatal(err)
			}
			return result.Cut
		}
		if n := cut(); n != 0 {
			t.Errorf("%d young changes were cut", n)
		}
		alter(t, app, `UPDATE feed SET at = at - $1 WHERE kind <> 'import.finished'`, (26 * 31 * 24 * time.Hour).Microseconds())
		alter(t, app, `INSERT INTO follower (name, xid, seq, at) VALUES ('behind', 0, 0, 0)`)
		if n := cut(); n != 0 {
			t.Errorf("%d changes were cut that a follower has not read", n)
		}
		alter(t, app, `DELETE FROM follower WHERE name = 'behind'`)
		if n := cut(); n < 3 {
			t.Errorf("%d old changes were cut, want those of three slices at least", n)
		}
		err := app.Store.Read(t.Context(), func(tx *store.Tx) error {
			slowest, err := feed.Slowest(t.Context(), tx)
			if err != nil || slowest != house.Cursor() {
				t.Errorf("the warehouse is at %v, the feed knows it at %v, %v", house.Cursor(), slowest, err)
			}
			changes, _, err := feed.Read(t.Context(), tx, feed.Cursor{}, 10)
			var kinds []string
			for _, c := range changes {
				kinds = append(kinds, c.Kind)
			}
			if got := strings.Join(kinds, " "); got != "import.started import.finished" {
				t.Errorf("left: %s", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := house.QueryRowContext(t.Context(), `SELECT count(*) FROM document`).Scan(&rows); err != nil || rows != 3000 {
			t.Errorf("the warehouse has %d documents, %v", rows, err)
		}
	})
}

func TestFilesThatNobodyNeedsAreSwept(t *testing.T) {
	app, _ := nightly(t, storetest.SQLite(t))
	put := func(text string, age time.Duration) string {
		ref, _, err := app.Files.Put(t.Context(), strings.NewReader(text), 0)
		if err != nil {
			t.Fatal(err)
		}
		path, err := app.Files.Path(ref)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, young := put("left", 8*24*time.Hour), put("just uploaded", time.Hour)
	kept, err := filepath.Glob(filepath.Join(app.Config.Dir, "blob", "??", "*"))
	if err != nil || len(kept) != 3 {
		t.Fatalf("files %v, %v", kept, err)
	}
	for _, path := range kept {
		if path == old || path == young {
			continue
		}
		at := time.Now().Add(-800 * 24 * time.Hour) // the file of the import
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	do(t, app, "files.sweep")
	for _, path := range kept {
		if _, err := os.Stat(path); (err == nil) == (path == old) {
			t.Errorf("%s: %v", path, err)
		}
	}
	alter(t, app, `UPDATE import_run SET finished_at = finished_at - $1`, (100 * 24 * time.Hour).Microseconds())
	do(t, app, "files.sweep")
	left, err := filepath.Glob(filepath.Join(app.Config.Dir, "blob", "??", "*"))
	if err != nil || len(left) != 1 || left[0] != young {
		t.Errorf("of what was imported long ago is left %v, %v", left, err)
	}
}
