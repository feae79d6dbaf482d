package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/cli"
	"stamm/internal/platform/store/storetest"
)

// values counts the JSON values of a text; what is none of them is -1.
func values(text string) (n int) {
	for d := json.NewDecoder(strings.NewReader(text)); ; n++ {
		var v any
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			return -1
		}
	}
}

// serving starts a server for the folder and returns when commands find it.
func serving(t *testing.T, dir, url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	out, in := io.Pipe()
	go func() {
		ended <- cli.Main(ctx, cli.Invocation{Args: []string{"serve", "--addr", "127.0.0.1:0", "--db", url}, Env: []string{"STAMM_DIR=" + dir}, Dir: dir,
			Stdin: strings.NewReader(""), Stdout: in, Stderr: io.Discard})
		in.Close()
	}()
	if _, err := out.Read(make([]byte, 1000)); err != nil { // it prints its address when it is ready
		t.Fatalf("serve ended with %d", <-ended)
	}
	t.Cleanup(func() {
		cancel()
		select {
		case code := <-ended:
			if code != 0 {
				t.Errorf("serve ended with %d", code)
			}
		case <-time.After(30 * time.Second):
			t.Error("serve does not end")
		}
	})
}

func TestEveryCommandPrintsOneJSONValueWithAndWithoutAnOwner(t *testing.T) {
	good := input(t, "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;10,00\n2;K2;31.02.2011;1,00\n")
	open := input(t, "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;1.234\n")
	rates := input(t, "Währung;gültig ab;Kurs\nGBP;01.03.2026;1,1834\n")
	missing := filepath.Join(t.TempDir(), "nothing.csv")
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		for round, owner := range []string{"without an owner", "with an owner"} {
			t.Run(owner, func(t *testing.T) {
				if round == 1 {
					serving(t, dir, url)
				}
				mail := fmt.Sprintf("a%d@example.com", round)
				for _, c := range []struct {
					code  int
					stdin string
					line  string
				}{
					{0, "", "version"}, {0, "", "config"}, {0, "", "settings get"}, {0, "", "settings set name=Firma"}, {1, "", "settings set nonsense=1"},
					{0, "correct horse battery\n", "user add " + mail}, {1, "", "user add b@example.com"}, {0, "", "user list"},
					{0, "correct horse staple\n", "user password " + mail}, {2, "", "user add"},
					{0, "", "import orders " + good + " --profile p"}, {1, "", "import orders " + good + " --strict"}, {0, "", "import orders " + good + " --dry-run"},
					{2, "", "import orders " + open}, {2, "", "import orders " + missing}, {2, "", "import orders " + good + " --decimal x"}, {2, "", "import orders"},
					{0, "", "import list"}, {0, "", "import errors 1"}, {1, "", "import errors 99"}, {0, "", "import profile list"},
					{0, "", fmt.Sprintf("import undo %d", 1+4*round)}, {1, "", "import undo 99"},
					{0, "", "report list"}, {0, "", "report totals --as-of 2012-01-01"}, {2, "", "report totals --as-of x"}, {2, "", "report nonsense"}, {2, "", "report totals --csv"},
					{0, "", "rates list"}, {0, "", "rates set USD 0,93 --from 2026-01-01"}, {2, "", "rates set EUR 1"}, {2, "", "rates set USD x"}, {2, "", "rates set USD"},
					{0, "", "rates import " + rates}, {2, "", "rates import " + good}, {2, "", "rates import " + missing}, {0, "", "rates drop USD --from 2026-01-01"}, {1, "", "rates drop USD --from 2026-01-01"},
					{0, "", "segment fields"}, {2, "", "segment count nonsense=1"},
					{0, "", "job list"}, {0, "", "job show 1"}, {0, "", "job wait 1"}, {1, "", "job cancel 1"}, {1, "", "job retry 1"}, {1, "", "job show 999"}, {2, "", "job show x"},
					{0, "", "warehouse rebuild"}, {0, "", fmt.Sprintf("backup %s", filepath.Join(t.TempDir(), "all.tar"))}, {1, "", "backup " + filepath.Join(missing, "x")},
					{1, "", "restore " + good}, {2, "", "nonsense"}, {2, "", "serve --addr nonsense"},
				} {
					args := append(strings.Fields(c.line), "--json", "--db", url)
					code, out, errs := stamm(t, dir, c.stdin, args...)
					if code != c.code || values(out) != 1 {
						t.Errorf("stamm %s: exit %d, want %d; %d JSON values\n%s%s", c.line, code, c.code, values(out), out, errs)
					}
					if code != 0 && !strings.HasPrefix(errs, "stamm: ") && !strings.Contains(errs, "\nstamm: ") {
						t.Errorf("stamm %s says nothing about why: %q", c.line, errs)
					}
				}
			})
		}
		if _, err := os.Stat(filepath.Join(dir, "stamm.sock")); err == nil {
			t.Error("the socket is left")
		}
	})
}
