package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

// routes are all addresses of the API that need a key, with the scope each needs, as its description says.
func routes(t *testing.T) map[string]auth.Permission {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ Description string }
	}
	if err := json.Unmarshal([]byte(whole(t).do("GET", "/openapi.json", "").text), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]auth.Permission{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			_, scope, _ := strings.Cut(op.Description, "The key needs the scope ")
			all[strings.ToUpper(method)+" "+path] = auth.Permission(strings.TrimSuffix(scope, "."))
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d routes", len(all))
	}
	return all
}

func TestEveryRouteNeedsAKeyWithItsScope(t *testing.T) {
	c := whole(t)
	for pattern, scope := range routes(t) {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{kind}", "order", "{name}", "totals", "{source}", "s", "{external_id}", "x", "{sku}", "x").Replace(path)
		var others []auth.Permission
		for _, p := range auth.Scopes() {
			if p != scope {
				others = append(others, p)
			}
		}
		if len(others) == len(auth.Scopes()) {
			t.Fatalf("%s needs %q, which no key can have", pattern, scope)
		}
		for _, tt := range []struct {
			name   string
			scopes []auth.Permission
			status int
		}{{"no key", nil, http.StatusUnauthorized}, {"all other scopes", others, http.StatusForbidden}} {
			if c.secret = ""; tt.scopes != nil {
				c.secret, _ = addKey(t, c.db, tt.scopes...)
			}
			if a := c.do(method, path, ""); a.status != tt.status || a.body["code"] != "forbidden" {
				t.Errorf("%s with %s: %d %s", pattern, tt.name, a.status, a.text)
			}
		}
		if scope == auth.ReadReports || strings.HasSuffix(path, "/imports") && method == "POST" {
			continue // there is no warehouse and no folder of files behind this one
		}
		c.secret, _ = addKey(t, c.db, scope)
		if a := c.do(method, path, ""); a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500 {
			t.Errorf("%s with its scope: %d %s", pattern, a.status, a.text)
		}
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		good := c.secret
		for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", "Basic " + good, "Bearer " + good + "x", "Bearer stamm_" + strings.Repeat("a", 200), good} {
			r := httptest.NewRequest("GET", "/api/v1/products", nil)
			r.Header.Set("Authorization", header)
			a := c.send(r)
			if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%q: %d %s", header, a.status, a.text)
			}
			if strings.Contains(a.text, good) {
				t.Error("the answer repeats the key")
			}
		}
		r := httptest.NewRequest("GET", "/api/v1/products", nil)
		r.Header.Set("Authorization", "bearer "+good)
		if a := c.send(r); a.status != http.StatusOK {
			t.Errorf("the scheme in small letters: %d", a.status)
		}
	})
}

// clocked is a client on a database whose clock the test moves.
func clocked(t *testing.T, url string) (*client, func(time.Duration)) {
	var now atomic.Int64
	now.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	db := storetest.Open(t, url, store.Options{Now: func() time.Time { return time.Unix(0, now.Load()) }})
	return newClient(t, db), func(d time.Duration) { now.Add(int64(d)) }
}

func TestARevokedKeyEndsWithinFiveSeconds(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c, wait := clocked(t, url)
		c.get("/products")
		err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return auth.Revoke(context.Background(), tx, c.key) })
		if err != nil {
			t.Fatal(err)
		}
		wait(5 * time.Second)
		if a := c.do("GET", "/products", ""); a.status != http.StatusUnauthorized {
			t.Errorf("%d", a.status)
		}
	})
}

func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c, wait := clocked(t, url)
		used := func() (at time.Time) {
			err := c.db.Read(context.Background(), func(tx *store.Tx) error {
				all, err := auth.Keys(context.Background(), tx)
				at = all[0].UsedAt
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		c.get("/products")
		first := used()
		if first.IsZero() {
			t.Fatal("the first use is not noted")
		}
		for range 5 {
			wait(10 * time.Second)
			c.get("/products")
		}
		if got := used(); !got.Equal(first) {
			t.Errorf("noted again after %v", got.Sub(first))
		}
		wait(11 * time.Second)
		c.get("/products")
		if got := used(); !got.After(first) {
			t.Error("not noted again after a minute")
		}
	})
}

func TestWhoTriesWrongKeysMustWait(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c, wait := clocked(t, url)
		good := c.secret
		c.get("/products")
		from := func(remote, secret string) answer {
			r := httptest.NewRequest("GET", "/api/v1/products", nil)
			r.RemoteAddr = remote
			r.Header.Set("Authorization", "Bearer "+secret)
			return c.send(r)
		}
		for n := range 20 {
			if a := from(fmt.Sprintf("[2001:db8::%x]:1000", n+1), "stamm_wrong"); a.status != http.StatusUnauthorized {
				t.Fatalf("try %d: %d", n, a.status)
			}
		}
		other, _ := addKey(t, c.db, auth.ReadDocuments)
		for _, tt := range []struct {
			name, remote, secret string
			status               int
		}{
			{"the same network", "[2001:db8::ffff]:1000", "stamm_wrong", http.StatusTooManyRequests},
			{"a good key, never seen", "[2001:db8::ffff]:1000", other, http.StatusTooManyRequests},
			{"a good key that was used", "[2001:db8::ffff]:1000", good, http.StatusOK},
			{"somebody else with a good key", "[2001:db8:0:1::1]:1000", other, http.StatusOK},
			{"somebody else with a wrong one", "192.0.2.1:1000", "stamm_wrong", http.StatusUnauthorized},
		} {
			if a := from(tt.remote, tt.secret); a.status != tt.status {
				t.Errorf("%s: %d %s", tt.name, a.status, a.text)
			} else if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "61" {
				t.Errorf("%s: Retry-After %s", tt.name, a.header.Get("Retry-After"))
			}
		}
		other, _ = addKey(t, c.db, auth.ReadDocuments)
		wait(61 * time.Second)
		if a := from("[2001:db8::ffff]:1000", other); a.status != http.StatusOK {
			t.Errorf("after the wait: %d", a.status)
		}
	})
}
