package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stamm/internal/door/api"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

// client calls the API in memory with a key.
type client struct {
	t      testing.TB
	db     *store.DB
	api    http.Handler
	secret string
	key    int64
	lang   string
	log    *bytes.Buffer
}

// newClient makes an API on db and a key with the scopes, all of them by default.
func newClient(t testing.TB, db *store.DB, scopes ...auth.Permission) *client {
	t.Helper()
	if len(scopes) == 0 {
		scopes = auth.Scopes()
	}
	c := &client{t: t, db: db, lang: "en", log: &bytes.Buffer{}}
	c.with(api.Deps{})
	c.secret, c.key = addKey(t, db, scopes...)
	return c
}

// with makes the API anew, with more than the store behind it.
func (c *client) with(d api.Deps) {
	d.Store, d.Log, d.Version = c.db, slog.New(slog.NewTextHandler(c.log, nil)), "test"
	c.api = api.New(d)
}

func deps() api.Deps { return api.Deps{} }

func addKey(t testing.TB, db *store.DB, scopes ...auth.Permission) (secret string, id int64) {
	t.Helper()
	err := db.Write(context.Background(), store.System(), func(tx *store.Tx) (err error) {
		secret, id, err = auth.AddKey(context.Background(), tx, "test", scopes)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret, id
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (c *client) do(method, path, body string) answer {
	c.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, "/api/v1"+path, nil)
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.secret != "" {
		r.Header.Set("Authorization", "Bearer "+c.secret)
	}
	r.Header.Set("Accept-Language", c.lang)
	return c.send(r)
}

func (c *client) send(r *http.Request) answer {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.Contains(w.Header().Get("Content-Type"), "json") && w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			c.t.Fatalf("%s %s: %v in %s", r.Method, r.URL.Path, err, a.text)
		}
	}
	return a
}

// ok is do for a call that must succeed.
func (c *client) ok(method, path, body string) map[string]any {
	c.t.Helper()
	a := c.do(method, path, body)
	if a.status != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
	return a.body
}

func (c *client) get(path string) map[string]any { c.t.Helper(); return c.ok("GET", path, "") }

func (c *client) put(path, body string) map[string]any { c.t.Helper(); return c.ok("PUT", path, body) }

func (c *client) post(path, body string) map[string]any {
	c.t.Helper()
	return c.ok("POST", path, body)
}

// each runs a test on both databases with an API and a key for everything.
func each(t *testing.T, fn func(t *testing.T, c *client)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newClient(t, db)) })
}

func write(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), store.System(), fn); err != nil {
		t.Fatal(err)
	}
}

// contents counts the rows of every table and finds the last change of the feed.
func contents(t testing.TB, db *store.DB) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	err := db.Read(context.Background(), func(tx *store.Tx) error {
		for _, table := range []string{"setting", "source", "customer", "customer_external", "customer_email", "product", "document", "document_line",
			"document_link", "document_unlinked", "event", "feed", "feed_value", "import_run", "job", "task"} {
			var n int64
			if err := tx.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			all[table] = n
		}
		head, err := feed.Head(context.Background(), tx)
		all["head"] = head.Seq
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}
