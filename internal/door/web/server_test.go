package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"stamm/internal/door/web"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

func sqlite(t testing.TB) *store.DB {
	return storetest.Open(t, storetest.SQLite(t), store.Options{Log: slog.New(slog.DiscardHandler)})
}

func TestEveryPageOfTheServerItselfKeepsTheRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := webtest.New(t, db, home())
		token := func(p auth.Purpose) (token string) {
			s.Write(func(ctx context.Context, tx *store.Tx) error {
				guest, err := auth.Add(ctx, tx, string(p)+"@example.com", "<b>injected</b>", auth.Viewer, "")
				if err != nil {
					return err
				}
				token, err = auth.Issue(ctx, tx, guest, p)
				return err
			})
			return token
		}
		s.Walk(t, map[string]string{
			"/login/{token}":      page.LoginLink(token(auth.OneTime)),
			"/invitation/{token}": page.InvitationLink(token(auth.Invitation)),
			"/password/{token}":   page.ResetLink(token(auth.Reset)),
		})
	})
}

func TestUntilTheDataIsThereEveryPageWaits(t *testing.T) {
	db := sqlite(t)
	server := web.New(web.Deps{DB: db, Areas: []page.Area{home()}, Log: slog.New(slog.DiscardHandler),
		Beside: map[string]http.Handler{"/api/": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "api") })}})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Language", "en")
		server.ServeHTTP(w, r)
		return w
	}
	server.Wait(web.Waiting{Done: 3, Total: 7})
	w := get("/customers")
	got := webtest.Answer{Status: w.Code, Body: w.Body.String()}
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Refresh") == "" || len(webtest.Problems(got, "en")) > 0 || !strings.Contains(got.Body, `max="7" value="3"`) {
		t.Errorf("a page: %d %v %v", w.Code, w.Header(), webtest.Problems(got, "en"))
	}
	if w := get("/healthz"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "3/7") {
		t.Errorf("healthz: %d %s", w.Code, w.Body)
	}
	if w := get("/api/v1/customers"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the API: %d %v", w.Code, w.Header())
	}
	if w := get(ui.AssetURL("app.css")); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("a file: %d %v", w.Code, w.Header())
	}
	server.Ready()
	if w := get("/healthz"); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != "ok" {
		t.Errorf("healthz when ready: %d %s", w.Code, w.Body)
	}
	if w := get("/"); w.Code != http.StatusSeeOther {
		t.Errorf("a page when ready: %d", w.Code)
	}
	if w := get("/api/v1/customers"); w.Body.String() != "api" {
		t.Errorf("the API when ready: %d %s", w.Code, w.Body)
	}
}

// failing is an area whose pages fail in every way.
func failing() page.Area {
	fail := func(path string, err error) page.Route {
		return page.Route{Method: "GET", Pattern: path, Permission: auth.SignedIn, Handle: func(*page.Request) error { return err }}
	}
	echo := func(r *page.Request) error {
		return r.Refuse(errors.Join(fault.New(fault.Invalid, "errors.required").On("name"), fault.New(fault.Invalid, "errors.mail", "text", "x").On("mail")), "Form",
			func(errs ui.Errors) templ.Component { return page.Text(fmt.Sprint(r.Text("note"), errs)) })
	}
	return page.Area{Routes: []page.Route{
		fail("/invalid", fault.New(fault.Invalid, "errors.required")), fail("/notfound", fault.New(fault.NotFound, "errors.notfound")),
		fail("/conflict", fault.New(fault.Conflict, "errors.conflict")), fail("/forbidden", fault.New(fault.Forbidden, "errors.forbidden")),
		fail("/unavailable", fault.New(fault.Unavailable, "errors.unavailable")), fail("/internal", errors.New("secret cause")),
		{Method: "GET", Pattern: "/panic", Permission: auth.SignedIn, Handle: func(*page.Request) error { panic("secret cause") }},
		{Method: "POST", Pattern: "/form", Permission: auth.SignedIn, Handle: echo},
		{Method: "GET", Pattern: "/list/{id}", Permission: auth.SignedIn, CSV: true, Handle: func(r *page.Request) error {
			if !r.WantsCSV() {
				return r.Render("List", page.Text(r.PathValue("id")))
			}
			return r.SendCSV("list "+r.PathValue("id"), []string{"a", "b"}, func(yield func([]string, error) bool) {
				_ = yield([]string{"=1+1", "−12,5"}, nil) && yield([]string{`a;"b"`, "@x"}, nil)
			})
		}},
		{Method: "GET", Pattern: "/brokenlist", Permission: auth.SignedIn, CSV: true, Handle: func(r *page.Request) error {
			return r.SendCSV("list", []string{"a"}, func(yield func([]string, error) bool) {
				_ = yield([]string{"1"}, nil) && yield(nil, errors.New("secret cause"))
			})
		}},
	}}
}

func TestErrorsBecomePagesAndTheirCauseStaysInTheLog(t *testing.T) {
	var log bytes.Buffer
	db := sqlite(t)
	s := webtest.New(t, db, home(), failing())
	s.Server = web.New(web.Deps{DB: db, Areas: []page.Area{home(), failing()}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.Server.Ready()
	c := s.As(auth.Viewer)
	for path, want := range map[string]int{
		"/invalid?name=Erika": 422, "/notfound": 404, "/conflict": 409, "/forbidden": 403, "/unavailable": 503, "/internal": 500, "/panic": 500,
		"/nothing": 404, "/nothing.csv": 404, "/profile.csv": 404, "/form": 404, "/profile/": 301,
	} {
		log.Reset()
		got := c.Get(path)
		if got.Status != want {
			t.Errorf("%s: %d, want %d", path, got.Status, want)
		}
		if want == 301 {
			continue
		}
		if problems := webtest.Problems(got, "de"); len(problems) > 0 {
			t.Errorf("%s: %v", path, problems)
		}
		if strings.Contains(got.Body, "secret cause") {
			t.Errorf("%s shows the cause", path)
		}
		id := got.Header.Get("X-Request-Id")
		if want == 500 && (strings.Count(log.String(), "secret cause") != 1 || !strings.Contains(got.Body, id) || !strings.Contains(log.String(), id)) {
			t.Errorf("%s: the log says %s", path, log.String())
		}
		if strings.Contains(log.String(), "Erika") {
			t.Errorf("%s: a value of the address is in the log: %s", path, log.String())
		}
	}
	if got := c.With("HX-Request", "true").Get("/unavailable"); got.Status != 503 || strings.Contains(got.Body, "<html") {
		t.Errorf("a piece of a page: %d %s", got.Status, got.Body)
	}
}

func TestAFormComesBackWithItsErrorsAndItsInput(t *testing.T) {
	s := webtest.New(t, sqlite(t), home(), failing())
	got := s.As(auth.Viewer).Post("/form", url.Values{"note": {"typed\x00 words"}})
	if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "typed words") || strings.Count(got.Body, "mail") < 1 {
		t.Errorf("%d %s", got.Status, webtest.Words(got.Body))
	}
	nobody := s.As(webtest.Nobody)
	if got := nobody.Post("/form", nil); got.Status != http.StatusUnauthorized {
		t.Errorf("after the session has ended: %d", got.Status)
	}
	large := s.As(auth.Viewer).Post("/form", url.Values{"note": {strings.Repeat("x", 2<<20)}})
	if large.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 2 MB: %d", large.Status)
	}
	rest := strings.NewReader(strings.Repeat("x", 12<<20))
	if page.Swallow(rest, &http.MaxBytesError{Limit: 1 << 20}); rest.Len() != 0 {
		t.Errorf("%d bytes of a form of 12 MB are left, on which the browser would be cut off", rest.Len())
	}
}

func TestListsAreCSVThatSpreadsheetsReadAsMeant(t *testing.T) {
	s := webtest.New(t, sqlite(t), home(), failing())
	c := s.As(auth.Viewer)
	got := c.Get("/list/7.csv")
	want := "\ufeffa;b\r\n'=1+1;\"-12,5\"\r\n\"a;\"\"b\"\"\";'@x\r\n"
	if got.Body != want || got.Header.Get("Content-Disposition") != `attachment; filename="list-7.csv"` {
		t.Errorf("got %q as %s", got.Body, got.Header.Get("Content-Disposition"))
	}
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("half a list looks whole")
			}
		}()
		c.Get("/brokenlist.csv")
	}()
}

func TestEveryAnswerHasTheHeadersThatKeepItSafe(t *testing.T) {
	s := webtest.New(t, sqlite(t), home())
	for _, path := range []string{"/login", "/healthz", "/nothing", ui.AssetURL("app.js")} {
		h := s.As(webtest.Nobody).Get(path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": ui.Policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
	}
	secure := web.New(web.Deps{DB: s.DB, Address: "https://stamm.example.com", Log: slog.New(slog.DiscardHandler)})
	secure.Ready()
	plain := s.Server
	for server, want := range map[*web.Server]bool{secure: true, plain: false} {
		s.Server = server
		r := httptest.NewRequest(http.MethodPost, s.LoginLink(auth.Viewer), nil)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if len(cookies) == 0 {
			t.Fatalf("no session cookie: %d", w.Code)
		}
		for _, cookie := range cookies {
			if cookie.Secure != want || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %s", cookie.String())
			}
		}
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("HSTS is %v", got)
		}
	}
}

func TestPagesTravelCompressed(t *testing.T) {
	s := webtest.New(t, sqlite(t), home())
	plain := s.As(webtest.Nobody).Get("/login")
	got := s.As(webtest.Nobody).With("Accept-Encoding", "gzip").Get("/login")
	z, err := gzip.NewReader(strings.NewReader(got.Body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || string(body) != plain.Body || got.Header.Get("Content-Length") != "" {
		t.Errorf("the page differs: %v, %v", err, got.Header)
	}
}

func TestLanguageAndThemeAreRememberedForUsersAndVisitors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := webtest.New(t, db, home())
		in := func(a webtest.Answer) string {
			_, after, _ := strings.Cut(a.Body, `lang="`)
			lang, _, _ := strings.Cut(after, `"`)
			return lang
		}
		visitor := s.As(webtest.Nobody).In("fr, en;q=0.5")
		if got := in(visitor.Get("/login")); got != "en" {
			t.Errorf("a French browser gets %q", got)
		}
		if got := visitor.Post(page.Language, url.Values{"language": {"de"}, "back": {"/login"}}); got.Location != "/login" {
			t.Errorf("the switch leads to %q", got.Location)
		}
		visitor.Post(page.Theme, url.Values{"theme": {"dark"}, "back": {"//evil.example"}})
		if got := visitor.Get("/login"); in(got) != "de" || !strings.Contains(got.Body, `data-bs-theme="dark"`) {
			t.Errorf("the visitor gets %q", in(got))
		}
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			c := company.Defaults()
			c.Setup, c.Language = true, "de"
			return company.Save(ctx, tx, c)
		})
		user := s.As(auth.Agent).In("en")
		if got := in(user.Get("/profile")); got != "de" {
			t.Errorf("the company speaks German, the user gets %q", got)
		}
		user.Post(page.Language, url.Values{"language": {"en"}, "back": {"/profile"}})
		user.Post(page.Theme, url.Values{"theme": {"light"}, "back": {"/profile"}})
		again := s.As(auth.Agent).In("de").Get("/profile")
		if in(again) != "en" || !strings.Contains(again.Body, `data-bs-theme="light"`) {
			t.Errorf("in another session the user gets %q", in(again))
		}
		if got := user.Post(page.Language, url.Values{"language": {"xx"}}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown language: %d", got.Status)
		}
	})
}

func TestAFlashLineShowsOnceOnTheNextPage(t *testing.T) {
	s := webtest.New(t, sqlite(t), home())
	c := s.As(auth.Agent)
	form := url.Values{"name": {"Anna <b>injected</b>"}}
	got := c.Follow(page.Profile, form)
	if !strings.Contains(got.Body, "s-flash s-tone-good") || len(webtest.Problems(got, "de")) > 0 {
		t.Errorf("no flash line: %s %v", webtest.Words(got.Body), webtest.Problems(got, "de"))
	}
	if got := c.Get(page.Profile); strings.Contains(got.Body, "s-flash s-tone-good") {
		t.Error("the flash line shows twice")
	}
	form.Set("name", strings.Repeat("x", 300))
	if got := c.Post(page.Profile, form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, strings.Repeat("x", 300)) {
		t.Errorf("a name that is too long: %d", got.Status)
	}
}

func TestTheMenuShowsWhatOneMayAndWhereOneIs(t *testing.T) {
	area := func(path string, p auth.Permission) page.Area {
		return page.Area{
			Menu:   []page.Entry{{Text: "common.customers", Href: path, Permission: p, Pages: []page.Entry{{Text: "common.settings", Href: path + "/settings", Permission: p}}}},
			Routes: []page.Route{{Method: "GET", Pattern: path + "/{id}", Permission: p, Handle: func(r *page.Request) error { return r.Render("x", page.Text("x")) }}},
		}
	}
	s := webtest.New(t, sqlite(t), home(), area("/cust", auth.ReadCustomers), area("/customers", auth.ReadCustomers), area("/secret", auth.ManageUsers))
	got := s.As(auth.Viewer).Get("/customers/settings").Body
	for text, want := range map[string]bool{
		`href="/secret"`: false, `href="/cust" class=""`: true, `href="/customers" class="is-active"`: true, `href="/customers/settings" class="is-active"`: true, `href="/cust/settings"`: false,
	} {
		if strings.Contains(got, text) != want {
			t.Errorf("%s in the menu: %v, want %v", text, !want, want)
		}
	}
}

func TestTheCallerIsWhoTheProxySaysOnlyBehindAProxy(t *testing.T) {
	for _, tt := range []struct {
		proxy   bool
		blocked bool // another caller behind the same connection
	}{{true, false}, {false, true}} {
		db := sqlite(t)
		s := webtest.New(t, db, home())
		s.Server = web.New(web.Deps{DB: db, Areas: []page.Area{home()}, TrustProxy: tt.proxy, Log: slog.New(slog.DiscardHandler)})
		s.Server.Ready()
		first, second := s.As(webtest.Nobody).With("X-Forwarded-For", "9.9.9.9, 10.0.0.1"), s.As(webtest.Nobody).With("X-Forwarded-For", "10.0.0.2")
		for i := range 25 {
			first.Post(page.Login, login(fmt.Sprintf("nobody%d@example.com", i), "wrong password"))
		}
		if got := first.Post(page.Login, login("nobody@example.com", "wrong password")); got.Status != http.StatusTooManyRequests {
			t.Errorf("proxy %v: after 25 tries: %d", tt.proxy, got.Status)
		}
		if got := second.Post(page.Login, login("nobody@example.com", "wrong password")).Status == http.StatusTooManyRequests; got != tt.blocked {
			t.Errorf("proxy %v: somebody else has to wait: %v", tt.proxy, got)
		}
	}
}

// BenchmarkPage is what every page costs before its own work: session, user, settings and frame.
func BenchmarkPage(b *testing.B) {
	s := webtest.New(b, sqlite(b), home())
	c := s.As(auth.Admin)
	for b.Loop() {
		if got := c.Get("/"); got.Status != http.StatusOK {
			b.Fatal(got.Status)
		}
	}
}
