package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/cli"
	"stamm/internal/platform/store"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stamm": run})
}

// run is the program as cmd/stamm runs it.
func run() {
	os.Exit(cli.Main(cli.Attend(context.Background()), cli.Process()))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("STAMM_DIR", "data")
			e.Setenv("LANG", "en_US.UTF-8")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "http": get, "newer": newer},
	})
}

// await DIR waits until the web page of the folder answers and sets ADDR and PID of its process.
func await(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		lock, _ := os.ReadFile(ts.MkAbs(filepath.Join(args[0], "lock")))
		_, rest, ok := strings.Cut(string(lock), `"addr":"`)
		addr, _, _ := strings.Cut(rest, `"`)
		if !ok {
			time.Sleep(10 * time.Millisecond) // another process: nothing tells us when it gets there
			continue
		}
		resp, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				_, pid, _ := strings.Cut(string(lock), `"pid":`)
				pid, _, _ = strings.Cut(pid, ",")
				ts.Setenv("ADDR", addr)
				ts.Setenv("PID", pid)
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s is not served", args[0])
}

// http STATUS PATH asks the page that await found.
func get(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Get("http://" + ts.Getenv("ADDR") + args[1])
	ts.Check(err)
	resp.Body.Close()
	if got := fmt.Sprint(resp.StatusCode); got != args[0] {
		ts.Fatalf("%s answers %s, want %s", args[1], got, args[0])
	}
}

// newer FILE makes a database that a later version has written.
func newer(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	db, err := store.Open(ctx, ts.MkAbs(args[0]), store.Options{})
	ts.Check(err)
	ts.Check(db.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		return err
	}))
	ts.Check(db.Close())
}

// stamm runs a command in this process.
func stamm(t *testing.T, dir, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return stammAt(t, t.Context(), dir, strings.NewReader(input), args...)
}

func stammAt(t *testing.T, ctx context.Context, dir string, in io.Reader, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Main(ctx, cli.Invocation{Args: args, Env: []string{"STAMM_DIR=" + dir}, Dir: t.TempDir(), Stdin: in, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

func must(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	code, out, errs := stamm(t, dir, input, args...)
	if code != 0 {
		t.Fatalf("stamm %s: exit %d\n%s", strings.Join(args, " "), code, errs)
	}
	return out
}
