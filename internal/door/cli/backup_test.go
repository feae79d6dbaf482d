package cli_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"stamm/internal/door/cli"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

var quiet = store.Options{Log: slog.New(slog.DiscardHandler)}

// databases gives each pair of databases that a backup may come from and go to; an empty name is SQLite in the folder.
func databases(t *testing.T, fn func(t *testing.T, from, to string)) {
	for _, from := range []string{"sqlite", "postgres"} {
		for _, to := range []string{"sqlite", "postgres"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				name := func(dialect string) string {
					if dialect == "postgres" {
						return storetest.Postgres(t)
					}
					return filepath.Join(t.TempDir(), "stamm.db")
				}
				fn(t, name(from), name(to))
			})
		}
	}
}

func TestABackupHoldsEverythingOnAndAcrossBothDatabases(t *testing.T) {
	databases(t, func(t *testing.T, from, to string) {
		source, target, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "all.tar")
		ref := fill(t, from, source)
		must(t, source, "", "backup", file, "--db", from)
		must(t, target, "", "restore", file, "--db", to)

		if diff := cmp.Diff(contents(t, from), contents(t, to)); diff != "" {
			t.Errorf("the restored database differs:\n%s", diff)
		}
		data, err := os.ReadFile(filepath.Join(target, "blob", ref[:2], ref))
		if err != nil || string(data) != "an uploaded file" {
			t.Errorf("the file is %q, %v", data, err)
		}
		lives(t, to)
	})
}

// fill gives a database rows of every kind of column, and its folder a file.
func fill(t *testing.T, url, dir string) (ref string) {
	t.Helper()
	ctx := t.Context()
	files, err := blob.Open(filepath.Join(dir, "blob"))
	if err != nil {
		t.Fatal(err)
	}
	if ref, _, err = files.Put(ctx, strings.NewReader("an uploaded file"), 0); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for round := range 3 {
		err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
			rows := make([][]any, 1500) // more than one batch
			for i := range rows {
				rows[i] = []any{fmt.Sprintf("quelle %d-%d „ä\n\t\"\\", round, i), int64(math.MaxInt64 - i)}
			}
			if err := tx.Insert(ctx, "source", []string{"name", "live_from"}, rows); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, 5)`, fmt.Sprint(round), []byte{0, 255, 10, 34, byte(round)}); err != nil {
				return err
			}
			_, err := feed.Append(ctx, tx, feed.New{Kind: "source.added", Subject: int64(round), Body: map[string]any{"a": "<ü>", "n": int64(math.MaxInt64)}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, at, err := feed.Read(ctx, tx, feed.Cursor{}, 2)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM source WHERE id > 4490`); err != nil { // their ids must not come back
			return err
		}
		return feed.Advance(ctx, tx, "reader", at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// contents are all rows of all tables, as text, without what must differ between databases.
func contents(t *testing.T, url string) map[string][]string {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string][]string{}
	err = db.Read(ctx, func(tx *store.Tx) error {
		tables, err := tx.Tables(ctx)
		if err != nil {
			return err
		}
		for _, table := range tables {
			var columns []string
			for _, c := range table.Columns {
				if c.Name != "xid" {
					columns = append(columns, c.Name)
				}
			}
			rows, err := tx.Query(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table.Name)
			if err != nil {
				return err
			}
			lines, err := lines(rows, len(columns))
			if err != nil {
				return err
			}
			all[table.Name] = lines
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type scanner interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}

func lines(rows scanner, columns int) ([]string, error) {
	defer rows.Close()
	row, places := make([]any, columns), make([]any, columns)
	for i := range row {
		places[i] = &row[i]
	}
	all := []string{}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		line := ""
		for _, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			var object map[string]any
			if text, ok := v.(string); ok && strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &object) == nil {
				v = object // PostgreSQL writes JSON with spaces of its own
			}
			line += fmt.Sprintf("%v|", v)
		}
		all = append(all, line)
	}
	sort.Strings(all)
	return all, rows.Err()
}

// lives makes sure that a restored database goes on where the original stood.
func lives(t *testing.T, url string) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var id int64
	err = db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
		if id, err = tx.InsertID(ctx, `INSERT INTO source (name) VALUES ('new') RETURNING id`); err != nil {
			return err
		}
		_, err = feed.Append(ctx, tx, feed.New{Kind: "source.added", Subject: 99})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if id != 4501 {
		t.Errorf("the next id is %d, want 4501: an id is never given twice", id)
	}
	var subjects []int64
	err = db.Read(ctx, func(tx *store.Tx) error {
		at, err := feed.Position(ctx, tx, "reader")
		if err != nil {
			return err
		}
		changes, _, err := feed.Read(ctx, tx, at, 10)
		for _, c := range changes {
			subjects = append(subjects, c.Subject)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{2, 99}, subjects); diff != "" {
		t.Errorf("a follower reads on with other changes:\n%s", diff)
	}
}

func TestABackupWhileOthersWriteIsOneState(t *testing.T) {
	databases(t, func(t *testing.T, from, to string) {
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "all.tar")
		ctx, stop := context.WithCancel(t.Context())
		db := storetest.Open(t, from, quiet)
		var writing sync.WaitGroup
		begun := make(chan bool, 1)
		writing.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				// Two rows in one transaction: a state in between would have an odd number.
				err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
					return tx.Insert(ctx, "source", []string{"name"}, [][]any{{fmt.Sprint("a", i)}, {fmt.Sprint("b", i)}})
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				select {
				case begun <- true:
				case <-time.After(time.Millisecond): // as fast as it can is more than the restore should take
				}
			}
		})
		<-begun
		must(t, dir, "", "backup", file, "--db", from)
		stop()
		writing.Wait()
		must(t, t.TempDir(), "", "restore", file, "--db", to)
		if n := len(contents(t, to)["source"]); n == 0 || n%2 != 0 {
			t.Errorf("%d rows, want an even number", n)
		}
	})
}

func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	databases(t, func(t *testing.T, from, to string) {
		source, target, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "all.tar")
		fill(t, from, source)
		must(t, source, "", "backup", file, "--db", from)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		short := filepath.Join(t.TempDir(), "short.tar")
		if err := os.WriteFile(short, whole[:len(whole)-4096], 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := stamm(t, target, "", "restore", short, "--db", to); code != 1 || !strings.Contains(errs, "damaged or incomplete") {
			t.Errorf("exit %d: %s", code, errs)
		}
		for _, name := range []string{"blob", "restore.part", "stamm.db"} {
			if _, err := os.Lstat(filepath.Join(target, name)); err == nil {
				t.Errorf("%s is left", name)
			}
		}
		must(t, target, "", "restore", file, "--db", to) // the same place is still good
		if code, _, errs := stamm(t, t.TempDir(), "", "restore", file, "--db", to); code != 1 || !strings.Contains(errs, "empty") {
			t.Errorf("a second restore into the same database: exit %d: %s", code, errs)
		}
	})
}

func TestAnInterruptedRestoreIsRefusedUntilItIsRunAgain(t *testing.T) {
	source, target, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "all.tar.gz")
	must(t, source, "", "settings", "set", "currency=CHF")
	must(t, source, "", "backup", file)
	must(t, target, "", "restore", file)
	// As a crash leaves it between the two renames.
	part := filepath.Join(target, "restore.part")
	if err := os.Mkdir(part, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(part, "database"), []byte(filepath.Join(target, "stamm.db")), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := stamm(t, target, "", "settings", "get"); code != 1 || !strings.Contains(errs, "was interrupted") {
		t.Errorf("exit %d: %s", code, errs)
	}
	// A database that the interrupted restore did not make is not touched.
	other := filepath.Join(t.TempDir(), "other.db")
	must(t, t.TempDir(), "", "settings", "set", "currency=USD", "--db", other)
	if code, _, errs := stamm(t, target, "", "restore", file, "--db", other); code != 1 || !strings.Contains(errs, "only be restored into an empty folder") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if got := must(t, t.TempDir(), "", "settings", "get", "currency", "--db", other); got != "USD\n" {
		t.Errorf("the other database says %q", got)
	}
	must(t, target, "", "restore", file)
	if got := must(t, target, "", "settings", "get", "currency"); got != "CHF\n" {
		t.Errorf("currency %q", got)
	}
}

// archive makes a tar file of entries.
func archive(entries ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i+1 < len(entries); i += 2 {
		w.WriteHeader(&tar.Header{Name: entries[i], Size: int64(len(entries[i+1])), Mode: 0o600, Typeflag: tar.TypeReg})
		io.WriteString(w, entries[i+1])
	}
	w.Close()
	return b.Bytes()
}

func TestAHostileBackupIsNoBackup(t *testing.T) {
	header := fmt.Sprintf(`{"format":1,"database":"postgres","schema":%d,"tables":[{"name":"users; DROP TABLE users","columns":[{"name":"id"}]}]}`, store.SchemaVersion())
	for name, entries := range map[string][]string{
		"a path that leaves the folder": {"header.json", `{"format":1,"database":"sqlite","schema":1}`, "blob/../../evil", "x"},
		"an absolute path":              {"header.json", `{"format":1,"database":"sqlite","schema":1}`, "/etc/evil", "x"},
		"SQL for a name":                {"header.json", header, "manifest.json", "{}"},
		"no header":                     {"stamm.db", "x"},
		"two headers":                   {"header.json", `{"format":1,"database":"sqlite","schema":1}`, "header.json", "{}"},
		"a key that is none":            {"header.json", `{"format":2,"database":"sqlite","schema":1}`, "mail.key", "short"},
		"rows beside a file":            {"header.json", `{"format":1,"database":"sqlite","schema":1}`, "tables/users/1.jsonl", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := t.TempDir(), filepath.Join(t.TempDir(), "hostile.tar")
			if err := os.WriteFile(file, archive(entries...), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, _, errs := stamm(t, dir, "", "restore", file); code != 1 || !strings.Contains(errs, "no backup of Stamm") {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}

func FuzzReadArchive(f *testing.F) {
	f.Add(archive("header.json", `{"format":1,"database":"sqlite","schema":1}`, "manifest.json", `{"files":[]}`))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte("Dear Anna"))
	f.Fuzz(func(t *testing.T, b []byte) {
		cli.ReadArchive(t.Context(), bytes.NewReader(b)) // no panic, no endless loop
	})
}
