// Package webtest is for tests of pages: a site with a user of every role, requests in their name, and a walk through
// the table of routes that checks what every page must keep to.
//
// Requests go straight into the server, without a network; Serve gives a real address for tests in a browser.
package webtest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/door/web"
	"stamm/internal/door/web/page"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Nobody is the role of a visitor who is not signed in.
const Nobody auth.Role = ""

// SetupCode is what the site asks the first user for.
const SetupCode = "TEST-CODE"

// Site is a web page under test.
type Site struct {
	Server *web.Server
	DB     *store.DB
	Users  map[auth.Role]int64 // one user of each role, see Fill

	t testing.TB
}

// Empty makes a site on db as it is at the first start: nobody may sign in yet.
func Empty(t testing.TB, db *store.DB, areas ...page.Area) *Site {
	t.Helper()
	s := &Site{DB: db, Users: map[auth.Role]int64{}, t: t}
	s.Server = web.New(web.Deps{DB: db, Areas: areas, SetupCode: SetupCode, Log: slog.New(slog.DiscardHandler)})
	s.Server.Ready()
	return s
}

// New makes a site with a user of each role, named "<b>role</b>" so that a page that forgets to escape shows it, and
// role@example.com.
func New(t testing.TB, db *store.DB, areas ...page.Area) *Site {
	t.Helper()
	s := Empty(t, db, areas...)
	for _, role := range auth.Roles() {
		s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
			s.Users[role], err = auth.Add(ctx, tx, string(role)+"@example.com", "<b>"+string(role)+"</b>", role, "")
			return err
		})
	}
	return s
}

// Write changes the database as Stamm itself and ends the test when that fails.
func (s *Site) Write(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.DB.Write(ctx, store.System(), func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// Read reads the database and ends the test when that fails.
func (s *Site) Read(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// LoginLink is a new one-time login for the user of a role.
func (s *Site) LoginLink(role auth.Role) string {
	s.t.Helper()
	var token string
	s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		token, err = auth.Issue(ctx, tx, s.Users[role], auth.OneTime)
		return err
	})
	return page.LoginLink(token)
}

// As is a visitor signed in with that role, or Nobody.
func (s *Site) As(role auth.Role) *Client {
	s.t.Helper()
	c := &Client{site: s, cookies: map[string]string{}, language: "de"}
	if role != Nobody {
		if got := c.Post(s.LoginLink(role), nil); got.Status != http.StatusSeeOther {
			s.t.Fatalf("signing in as %s: status %d", role, got.Status)
		}
	}
	return c
}

// Serve gives the site a real address until the test ends.
func (s *Site) Serve() (address string) {
	server := httptest.NewServer(s.Server)
	s.t.Cleanup(server.Close)
	return server.URL
}

// Client is one visitor with cookies.
type Client struct {
	site     *Site
	cookies  map[string]string
	language string
	header   http.Header
}

// Speak chooses the language with the switch that every page has.
func (c *Client) Speak(language string) *Client {
	c.site.t.Helper()
	if got := c.Post(page.Language, url.Values{"language": {language}, "back": {"/"}}); got.Status != http.StatusSeeOther {
		c.site.t.Fatalf("choosing the language: status %d", got.Status)
	}
	return c.In(language)
}

// In makes the browser ask for a language from now on, which counts where nobody has chosen one.
func (c *Client) In(language string) *Client {
	c.language = language
	return c
}

// With sends a header with every request from now on.
func (c *Client) With(name, value string) *Client {
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set(name, value)
	return c
}

// Answer is what came back.
type Answer struct {
	Status   int
	Header   http.Header
	Body     string
	Location string // where it redirects to, "" for nowhere
}

// Get asks for an address.
func (c *Client) Get(address string) Answer {
	c.site.t.Helper()
	return c.Do(httptest.NewRequest(http.MethodGet, address, nil))
}

// Post sends a form as a browser does from the site itself.
func (c *Client) Post(address string, form url.Values) Answer {
	c.site.t.Helper()
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.Do(r)
}

// Follow sends a form and gets the page it leads to.
func (c *Client) Follow(address string, form url.Values) Answer {
	c.site.t.Helper()
	a := c.Post(address, form)
	if a.Location == "" {
		c.site.t.Fatalf("POST %s: status %d leads nowhere: %s", address, a.Status, Words(a.Body))
	}
	return c.Get(a.Location)
}

// Do sends any request with the cookies of the visitor.
func (c *Client) Do(r *http.Request) Answer {
	c.site.t.Helper()
	r.Header.Set("Accept-Language", c.language)
	for name, values := range c.header {
		r.Header[name] = values
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	c.site.Server.ServeHTTP(w, r)
	got := w.Result()
	for _, cookie := range got.Cookies() {
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		} else {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
	return Answer{Status: got.StatusCode, Header: got.Header, Body: w.Body.String(), Location: got.Header.Get("Location")}
}

// Cookie is the value of one of the visitor's cookies, "" for none.
func (c *Client) Cookie(name string) string { return c.cookies[name] }

// Copy is somebody else who has the same cookies, as after a theft or in a second window.
func (c *Client) Copy() *Client {
	other := &Client{site: c.site, cookies: map[string]string{}, language: c.language}
	for name, value := range c.cookies {
		other.cookies[name] = value
	}
	return other
}
