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
	"stamm/internal/platform/store/storetest"
)

func TestTheDemoIsACompanyOneCanLookAt(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir, truth := t.TempDir(), filepath.Join(t.TempDir(), "truth.json")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan int, 1)
		out, in := io.Pipe()
		var errs strings.Builder // read when it has ended
		go func() {
			ended <- cli.Main(ctx, cli.Invocation{Args: []string{"demo", "--customers", "60", "--addr", "127.0.0.1:0", "--truth", truth, "--db", url, "--json"},
				Env: []string{"STAMM_DIR=" + dir}, Dir: dir, Stdin: strings.NewReader(""), Stdout: in, Stderr: &errs, Terminal: true})
			in.Close()
		}()
		var made struct{ Address, Login string }
		if err := json.NewDecoder(bufio.NewReader(out)).Decode(&made); err != nil {
			t.Fatalf("exit %d, %v\n%s", <-ended, err, errs.String())
		}
		if made.Address == "" {
			t.Fatalf("exit %d\n%s", <-ended, errs.String())
		}
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
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d\n%s", code, errs.String())
		}
	})
}
