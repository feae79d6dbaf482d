package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/cli"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestTheDemoIsACompanyOneCanLookAt(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir, truth := t.TempDir(), filepath.Join(t.TempDir(), "truth.json")
		made, end := demo(t, dir, "--truth", truth, "--db", url)
		for path, want := range map[string]int{"/healthz": http.StatusOK, strings.TrimPrefix(made.Login, made.Address): http.StatusOK, "/": http.StatusOK} {
			resp, err := http.Get(made.Address + path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
			}
		}
		var totals struct{ Customers, Orders int }
		if err := json.Unmarshal([]byte(must(t, dir, "", "report", "totals", "--json", "--db", url)), &totals); err != nil || totals.Customers < 30 || totals.Orders < totals.Customers {
			t.Errorf("%+v, %v", totals, err)
		}
		var held []struct {
			Name, State string
			Customers   int64
			Verdict     string
		}
		if err := json.Unmarshal([]byte(must(t, dir, "", "program", "list", "--json", "--db", url)), &held); err != nil || len(held) < 5 {
			t.Errorf("measures of the year: %+v, %v", held, err)
		}
		for _, m := range held {
			if m.State == "draft" { // of the campaign that waits for a second person
				continue
			}
			if m.Name == "" || m.State != "done" && m.State != "running" || m.Customers == 0 || m.Verdict == "" {
				t.Errorf("%+v", m)
			}
		}
		var walked []struct {
			Name, State, Channel string
			Counts               struct{ Planned, Sent, Suppressed, Failed, Unclear, Pending int64 }
			Draft                *struct{ Audience int64 }
		}
		if err := json.Unmarshal([]byte(must(t, dir, "", "campaign", "list", "--json", "--db", url)), &walked); err != nil || len(walked) < 4 {
			t.Errorf("campaigns of the year: %+v, %v", walked, err)
		}
		for _, c := range walked {
			if n := c.Counts; n.Planned != n.Sent+n.Suppressed+n.Failed+n.Unclear+n.Pending || (c.State == "draft") != (c.Draft != nil) {
				t.Errorf("%+v", c)
			}
		}
		if info, err := os.Stat(truth); err != nil || info.Size() == 0 {
			t.Errorf("the truth: %v", err)
		}
		if list := must(t, dir, "", "import", "list", "--db", url); strings.Contains(list, "Failed") {
			t.Errorf("imports:\n%s", list)
		}
		end()
		if strings.HasPrefix(url, "postgres") {
			return
		}
		before := rowsOf(t, url)
		if before["message"] == 0 || before["hit"] == 0 || before["customer_contact"] == 0 || before["customer_note"] == 0 || before["phone_call"] == 0 {
			t.Errorf("it is too small to show whether anything is there twice: %v", before)
		}
		// As one that was stopped just before its end: everything is made again.
		db := storetest.Open(t, url, quiet)
		var borne, granted int64
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT (SELECT COALESCE(SUM(amount), 0) FROM measure_cost WHERE kind = 'coupon'), (SELECT SUM(granted) FROM coupon)`).Scan(&borne, &granted)
		})
		if err != nil || borne != granted {
			t.Errorf("measures bear %d for coupons that took off %d, %v", borne, granted, err)
		}
		err = db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE setting SET value = 'begun' WHERE key = 'demo.state'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, end = demo(t, dir, "--db", url)
		end()
		if diff := cmp.Diff(before, rowsOf(t, url)); diff != "" {
			t.Errorf("made again, it has other rows:\n%s", diff)
		}
	})
}

// made is what a demo says of itself.
type made struct{ Address, Login string }

// demo has a demo of 60 customers made and serves it until end.
func demo(t *testing.T, dir string, more ...string) (m made, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan int, 1)
	out, in := io.Pipe()
	var errs strings.Builder // read when it has ended
	go func() {
		ended <- cli.Main(ctx, cli.Invocation{Args: append([]string{"demo", "--customers", "60", "--addr", "127.0.0.1:0", "--json"}, more...),
			Env: []string{"STAMM_DIR=" + dir}, Dir: dir, Stdin: strings.NewReader(""), Stdout: in, Stderr: &errs, Terminal: true})
		in.Close()
	}()
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&m); err != nil || m.Address == "" {
		cancel()
		t.Fatalf("exit %d, %v\n%s", <-ended, err, errs.String())
	}
	return m, func() {
		t.Helper()
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d\n%s", code, errs.String())
		}
	}
}

// rowsOf is how many rows the tables have in which a demo must write nothing twice.
func rowsOf(t *testing.T, url string) map[string]int64 {
	t.Helper()
	db := storetest.Open(t, url, quiet)
	rows := map[string]int64{}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		tables, err := tx.Tables(t.Context())
		if err != nil {
			return err
		}
		for _, table := range tables {
			var n int64
			if err := tx.QueryRow(t.Context(), `SELECT COUNT(1) FROM `+table.Name).Scan(&n); err != nil {
				return err
			}
			rows[table.Name] = n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// What tells of the work itself.
	for _, name := range []string{"feed", "job", "import_run", "import_error", "model", "session", "token", "setting", "follower"} {
		delete(rows, name)
	}
	return rows
}
