package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stamm/internal/door/web/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// serve answers with a page under a strict policy.
func serve(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		fmt.Fprint(w, "<!doctype html><link rel=icon href='data:,'><title>x</title><body>"+body)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func TestWhatAPageComplainsAboutIsCollected(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"inline style":  {`<p style="color:red">x</p>`, "Content Security Policy"},
		"inline script": {`<script>document.title = "y"</script>`, "Content Security Policy"},
		"other host":    {`<img src="https://cdn.example/x.png">`, "Content Security Policy"},
		"missing file":  {`<img src="/missing.png">`, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			b := browsertest.New(t)
			b.Open(serve(t, test.body), 400, 300)
			b.WaitFor(`document.readyState === "complete"`)
			got := strings.Join(b.Problems(), "\n")
			if !strings.Contains(got, test.want) {
				t.Errorf("problems %q, want one with %q", got, test.want)
			}
			b.Allow("")
		})
	}
}

func TestAQuietPageHasNoProblems(t *testing.T) {
	b := browsertest.New(t)
	b.Open(serve(t, `<label>Name <input id=name></label><p id=words>Hallo</p>`), 400, 300)
	b.Fill("#name", "Müller")
	if got := b.Value("#name"); got != "Müller" {
		t.Errorf("the field holds %q", got)
	}
	if got := b.Text("#words"); got != "Hallo" {
		t.Errorf("the text is %q", got)
	}
	b.NoSidewaysScroll()
	b.Contrast()
}
