package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("STAMM_TEST_CRASH_WRITER"); url != "" {
		crashWriter(url)
		return
	}
	os.Exit(m.Run())
}

const insertSource = `INSERT INTO source (name) VALUES ($1) RETURNING id`

func addSource(ctx context.Context, name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.InsertID(ctx, insertSource, name)
		return err
	}
}

func sources(t *testing.T, db *store.DB) map[string]bool {
	t.Helper()
	ctx := context.Background()
	names := map[string]bool{}
	err := db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT name FROM source`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names[name] = true
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestConcurrentWritesAreAllKeptAndFailuresLeaveNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		failure := errors.New("no")
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
					if err := addSource(ctx, fmt.Sprint("s", i))(tx); err != nil {
						return err
					}
					switch i % 10 {
					case 3:
						return failure
					case 7:
						panic("boom")
					}
					return nil
				})
				switch {
				case i%10 == 3 && !errors.Is(err, failure):
					t.Errorf("call %d: %v, want its own error", i, err)
				case i%10 == 7 && fault.CodeOf(err) != fault.Internal:
					t.Errorf("call %d: %v, want an internal fault", i, err)
				case i%10 != 3 && i%10 != 7 && err != nil:
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		got := sources(t, db)
		for i := range 200 {
			if want := i%10 != 3 && i%10 != 7; got[fmt.Sprint("s", i)] != want {
				t.Errorf("source %d stored: %v, want %v", i, !want, want)
			}
		}
	})
}

func TestUniqueViolationIsToldAndHarmsNobodyElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := db.Write(ctx, store.System(), addSource(ctx, "a")); err != nil {
			t.Fatal(err)
		}
		if err := db.Write(ctx, store.System(), addSource(ctx, "a")); !store.IsUnique(err) {
			t.Errorf("second write: %v, want a unique violation", err)
		}
		if err := db.Write(ctx, store.System(), addSource(ctx, "b")); err != nil {
			t.Error(err)
		}
	})
}

func TestDryRunSeesItsChangesAndLeavesNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var n int
		err := db.DryRun(ctx, store.System(), func(tx *store.Tx) error {
			if err := addSource(ctx, "dry")(tx); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT count(*) FROM source WHERE name = 'dry'`).Scan(&n)
		})
		if err != nil || n != 1 {
			t.Fatalf("inside: %d, %v", n, err)
		}
		if sources(t, db)["dry"] {
			t.Error("the dry run left a row")
		}
	})
}

func TestReadSeesOneSnapshot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		count := func(tx *store.Tx) (n int) {
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM source`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := db.Read(ctx, func(tx *store.Tx) error {
			before := count(tx)
			if err := db.Write(ctx, store.System(), addSource(ctx, "later")); err != nil {
				return err
			}
			if after := count(tx); after != before {
				t.Errorf("the snapshot moved from %d to %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCancelledCallDoesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := db.Write(ctx, store.System(), addSource(ctx, "late")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if sources(t, db)["late"] {
			t.Error("a cancelled call wrote")
		}
	})
}

// late is a context that ends when it is asked for the nth time whether it has.
type late struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int32
}

func (l *late) Done() <-chan struct{} {
	if l.left.Add(-1) == 0 {
		l.cancel()
	}
	return l.Context.Done()
}

func TestAReadGivenUpAtAnyPointSaysSoAndBlamesNoDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 2000 {
			inner, cancel := context.WithCancel(t.Context())
			ctx := &late{Context: inner, cancel: cancel}
			ctx.left.Store(int32(i%20 + 1))
			err := db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, `SELECT 1`).Scan(new(int)) })
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("given up when asked for the %d. time, it ended with %v (%v)", i%20+1, err, errors.Unwrap(err))
			}
		}
	})
}

func TestCancelWhileWritingHarmsNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%5)*time.Millisecond)
				defer cancel()
				db.Write(ctx, store.System(), addSource(ctx, fmt.Sprint("may", i)))
			})
			wg.Go(func() {
				ctx := context.Background()
				if err := db.Write(ctx, store.System(), addSource(ctx, fmt.Sprint("must", i))); err != nil {
					t.Errorf("innocent call %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		got := sources(t, db)
		for i := range 100 {
			if !got[fmt.Sprint("must", i)] {
				t.Errorf("call %d was acknowledged and is lost", i)
			}
		}
	})
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(dir, "stamm.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(t.Context(), store.System(), addSource(t.Context(), "shop")); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestReservedIDsAreNeverGivenTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		seen := map[int64]bool{}
		for round := range 5 {
			err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
				ids, err := tx.ReserveIDs(ctx, "source", 20)
				if err != nil {
					return err
				}
				rows := make([][]any, 0, len(ids))
				for _, id := range ids {
					if seen[id] {
						t.Errorf("id %d given twice", id)
					}
					seen[id] = true
					rows = append(rows, []any{id, fmt.Sprint("r", id)})
				}
				return tx.Insert(ctx, "source", []string{"id", "name"}, rows)
			})
			if err != nil {
				t.Fatal(err)
			}
			err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
				id, err := tx.InsertID(ctx, insertSource, fmt.Sprint("single", round))
				if seen[id] {
					t.Errorf("id %d given twice", id)
				}
				seen[id] = true
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestListsOfValuesAreBoundAsOneArgument(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for _, name := range []string{"001", "1", `quo"te`, "ümlaut"} {
			if err := db.Write(ctx, store.System(), addSource(ctx, name)); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Read(ctx, func(tx *store.Tx) error {
			var n int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM source WHERE name `+tx.Strings("$1"), store.JSON([]string{"001", `quo"te`, "ümlaut", "no"})).Scan(&n); err != nil || n != 3 {
				t.Errorf("texts: %d, %v, want 3", n, err)
			}
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM source WHERE id `+tx.Numbers("$1"), store.JSON([]int64{1, 2, 99})).Scan(&n); err != nil || n != 2 {
				t.Errorf("numbers: %d, %v, want 2", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSmallWritesGoOnBesideBulk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for turn := 0; ; turn++ {
				select {
				case <-stop:
					return
				default:
				}
				err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
					var rows [][]any
					for i := range 1000 {
						rows = append(rows, []any{fmt.Sprintf("b%d.%d", turn, i)})
					}
					return tx.Insert(ctx, "source", []string{"name"}, rows)
				})
				if err != nil {
					t.Errorf("bulk turn: %v", err)
					return
				}
			}
		})
		for i := range 50 {
			if err := db.Write(ctx, store.System(), addSource(ctx, fmt.Sprint("small", i))); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		wg.Wait()
	})
}

func TestChangedIsToldAfterTheCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		changed := db.Changed()
		if err := db.Write(ctx, store.System(), addSource(ctx, "x")); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		default:
			t.Error("a commit went by unannounced")
		}
	})
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db, err := store.Open(ctx, url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, `+map[store.Dialect]string{store.SQLite: "1", store.Postgres: "true"}[tx.Dialect()]+`)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
		_, err = store.Open(ctx, url, store.Options{})
		if f := new(fault.Error); !errors.As(err, &f) || f.Key != "errors.database_newer" {
			t.Errorf("got %v, want errors.database_newer", err)
		}
	})
}

func TestUnwritableFolderAndDamagedFileAreNamed(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(ctx, filepath.Join(file, "stamm.db"), store.Options{})
	if f := new(fault.Error); !errors.As(err, &f) || f.Key != "errors.folder_not_writable" {
		t.Errorf("got %v, want errors.folder_not_writable", err)
	}
	damaged := filepath.Join(t.TempDir(), "stamm.db")
	if err := os.WriteFile(damaged, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(ctx, damaged, store.Options{})
	if f := new(fault.Error); !errors.As(err, &f) || f.Key != "errors.database_damaged" {
		t.Errorf("got %v, want errors.database_damaged", err)
	}
}

// crashWriter writes for ever and prints each number only after its write was acknowledged.
func crashWriter(url string) {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if err := db.Write(ctx, store.System(), addSource(ctx, name)); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(name)
				mu.Unlock()
			}
		}()
	}
	select {}
}

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		acknowledged := map[string]bool{}
		for round := range 3 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "STAMM_TEST_CRASH_WRITER="+url)
			out := &lines{want: 20 + 150*round, reached: make(chan struct{})}
			cmd.Stdout = out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-out.reached:
			case <-time.After(30 * time.Second):
				t.Error("the writer did not get going")
			}
			cmd.Process.Kill()
			cmd.Wait()
			for _, name := range out.complete() {
				if strings.HasPrefix(name, "error") {
					t.Fatal(name)
				}
				acknowledged[name] = true
			}
		}
		got := sources(t, storetest.Open(t, url, store.Options{}))
		for name := range acknowledged {
			if !got[name] {
				t.Errorf("%s was acknowledged and is lost", name)
			}
		}
		t.Log(strconv.Itoa(len(acknowledged)), "acknowledged,", len(got), "found")
	})
}

// lines collects output and tells when there are enough lines.
type lines struct {
	mu      sync.Mutex
	text    strings.Builder
	n, want int
	reached chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	before := l.n
	l.n += strings.Count(string(p), "\n")
	if before < l.want && l.n >= l.want {
		close(l.reached)
	}
	return len(p), nil
}

func (l *lines) complete() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	text = text[:strings.LastIndexByte(text, '\n')+1]
	return strings.Fields(text)
}

func TestReadersThatPrepareAtTheSameMomentDoNotWaitForEachOther(t *testing.T) {
	const readers = 3
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "stamm.db"), store.Options{Readers: readers})
	if err != nil {
		t.Fatal(err)
	}
	var inside sync.WaitGroup // all connections are taken before anybody prepares
	inside.Add(readers)
	done := make(chan error, readers)
	for n := range readers {
		go func() {
			done <- db.Read(t.Context(), func(tx *store.Tx) error {
				inside.Done()
				inside.Wait()
				_, err := tx.QueryIDs(t.Context(), fmt.Sprintf("SELECT %d", n))
				return err
			})
		}()
	}
	for range readers {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("readers wait for each other for ever")
		}
	}
	if err := db.Close(); err != nil { // not before: it would wait, too
		t.Error(err)
	}
}
