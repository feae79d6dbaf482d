package cli_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"stamm/internal/door/cli"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

func TestHealthIsBadUntilTheProgramIsOpen(t *testing.T) {
	l, err := cli.Listen(t.Context(), "127.0.0.1:0", 1)
	if err != nil {
		t.Fatal(err)
	}
	ready, stop := cli.Web(l)
	defer stop()
	status := func(path string) int {
		t.Helper()
		resp, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no content security policy", path)
		}
		return resp.StatusCode
	}
	if got := status("/healthz"); got != http.StatusServiceUnavailable {
		t.Errorf("before: %d, want 503", got)
	}
	if got := status("/"); got != http.StatusServiceUnavailable {
		t.Errorf("pages before: %d, want 503", got)
	}
	ready(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if got := status("/healthz"); got != http.StatusTeapot {
		t.Errorf("afterwards: %d, want what the program answers", got)
	}
}

func TestATakenPortIsAFaultOrTheNextOneIsUsed(t *testing.T) {
	first, err := cli.Listen(t.Context(), "127.0.0.1:0", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	taken := first.Addr().String()
	_, err = cli.Listen(t.Context(), taken, 1)
	if f := fault.As(err); f == nil || f.Code != fault.Conflict || f.Field != "addr" {
		t.Errorf("a taken port gives %v", err)
	}
	next, err := cli.Listen(t.Context(), taken, 50)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if next.Addr().(*net.TCPAddr).Port <= first.Addr().(*net.TCPAddr).Port {
		t.Errorf("%v was used instead of %v", next.Addr(), taken)
	}
	if _, err := cli.Listen(t.Context(), "nowhere.invalid:80", 1); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("an unknown host gives %v", err)
	}
}

func TestEachTextOfTheCommandLineExists(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`"(cli|errors|jobs)\.[a-z_.]+[a-z_]"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, quoted := range key.FindAllString(string(text), -1) {
			name := strings.Trim(quoted, `"`)
			for _, lang := range i18n.Languages() {
				if p := i18n.For(lang, nil); !p.Has(name) && !p.Has(name+".other") && name != "jobs.prune" {
					t.Errorf("%s: %s has no text in %s", file, name, lang)
				}
			}
		}
	}
}
