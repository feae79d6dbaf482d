package connect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/report"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

const crashEnv = "STAMM_TEST_CRASH_IMPORT"

func TestMain(m *testing.M) {
	if os.Getenv(crashEnv) != "" {
		crashImport()
		return
	}
	os.Exit(m.Run())
}

// crashImport is the process that is killed: it opens the store, does whatever import is waiting, and prints "done".
func crashImport() {
	ctx := context.Background()
	db, err := store.Open(ctx, os.Getenv(crashEnv), store.Options{})
	if err == nil {
		var files *blob.Store
		if files, err = blob.Open(os.Getenv(crashEnv + "_FILES")); err == nil {
			err = finishImport(ctx, db, files)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("done")
}

func finishImport(ctx context.Context, db *store.DB, files *blob.Store) error {
	err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, err := jobs.Release(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	importer := connect.New(db, files)
	runner := jobs.NewRunner(db, jobs.Options{})
	importer.Register(runner)
	runner.Start()
	defer runner.Close(ctx)
	_, err = jobs.Wait(ctx, db, 1, nil)
	return err
}

func TestAnImportKilledAtAnyPointEndsInTheSameNumbers(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		paths := []string{data(t, "online_retail_2010-12.csv.gz")}
		folder := filepath.Join(t.TempDir(), "files")
		killImport(t, url, folder, sheet.Orders, paths, 500)
		s := openWith(t, url, folder)
		var run *connect.Run
		err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
			run, err = connect.FindRun(context.Background(), tx, 1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		straight := open(t, storetest.SQLite(t))
		want := straight.run(t, sheet.Orders, "", sheet.Options{}, paths...)
		if run.State != connect.Done || counts(run) != counts(want) {
			t.Errorf("%s, rows, new, changed, unchanged, errors = %v, want %v", run.State, counts(run), counts(want))
		}
		p := report.Params{AsOf: asOf(t, "2011-01-31"), Basis: report.Gross}
		for name, params := range map[string]report.Params{"totals": p, "refunds": {AsOf: p.AsOf}, "abc": {AsOf: p.AsOf}} {
			if diff := cmp.Diff(straight.report(t, name, params), s.report(t, name, params)); diff != "" {
				t.Errorf("%s (-straight +killed):\n%s", name, diff)
			}
		}
	})
}

// killImport starts an import and kills its process at ten random points, some of the first milliseconds of its work,
// before it lets it end.
func killImport(t *testing.T, url, folder string, kind sheet.Kind, paths []string, milliseconds int) {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	q := connect.Request{Kind: kind}
	importer := connect.New(db, files)
	for _, p := range paths {
		f, err := importer.KeepPath(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		q.Files = append(q.Files, f)
	}
	if _, err := importer.Start(ctx, store.System(), q); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for kill := range 11 {
		ctx, cancel := context.WithCancel(ctx)
		cmd := exec.CommandContext(ctx, os.Args[0]) // the context kills it with SIGKILL
		cmd.Env = append(os.Environ(), crashEnv+"="+url, crashEnv+"_FILES="+folder)
		if kill < 10 {
			time.AfterFunc(time.Duration(120+rand.IntN(milliseconds))*time.Millisecond, cancel)
		}
		out, err := cmd.CombinedOutput()
		if kill == 10 && (err != nil || string(out) != "done\n") {
			t.Errorf("the last process: %v\n%s", err, out)
		}
		cancel()
	}
}
