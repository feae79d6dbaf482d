package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/task"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// home is a start page, which every site has.
func home() page.Area {
	return page.Area{
		Menu: []page.Entry{{Text: "common.today", Href: "/", Icon: "home", Permission: auth.SignedIn}},
		Routes: []page.Route{{Method: "GET", Pattern: "/{$}", Permission: auth.SignedIn, Handle: func(r *page.Request) error {
			return r.Render(r.P.T("common.today"), page.Text("home of "+r.User.Name))
		}}},
	}
}

const password = "correct horse battery"

func hash(t testing.TB) string {
	t.Helper()
	h, err := auth.NewHasher().Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// withPassword is a site whose admin has a password.
func withPassword(t *testing.T, db *store.DB) *webtest.Site {
	t.Helper()
	s := webtest.New(t, db, home())
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		return auth.SetPassword(ctx, tx, s.Users[auth.Admin], hash(t))
	})
	return s
}

func login(mail, password string) url.Values {
	return url.Values{"mail": {mail}, "password": {password}}
}

func TestSigningInLeadsToWhereOneWantedToGo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := withPassword(t, db)
		c := s.As(webtest.Nobody)
		if got := c.Get("/profile?x=1"); got.Location != "/login?to=%2Fprofile%3Fx%3D1" {
			t.Fatalf("without session: %d to %q", got.Status, got.Location)
		}
		form := login(" ADMIN@example.com ", password)
		form.Set("to", "/profile?x=1")
		if got := c.Post(page.Login, form); got.Location != "/profile?x=1" {
			t.Errorf("after signing in: %d to %q", got.Status, got.Location)
		}
		if got := c.Get("/profile"); got.Status != http.StatusOK {
			t.Errorf("signed in: %d", got.Status)
		}
		for _, elsewhere := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)"} {
			form.Set("to", elsewhere)
			if got := s.As(webtest.Nobody).Post(page.Login, form); got.Location != "/" {
				t.Errorf("the login leads to %q", got.Location)
			}
		}
	})
}

func TestAHundredWrongLoginsHaveToWaitAndTellNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		s := withPassword(t, storetest.Open(t, url, store.Options{Now: func() time.Time { return now }}))
		c := s.As(webtest.Nobody)
		statuses := map[int]int{}
		for i := range 100 {
			statuses[c.Post(page.Login, login("admin@example.com", fmt.Sprint("wrong", i))).Status]++
		}
		if statuses[http.StatusUnprocessableEntity] != 5 || statuses[http.StatusTooManyRequests] != 95 {
			t.Errorf("answers by status: %v, want 5 times 422 and 95 times 429", statuses)
		}
		if got := c.Post(page.Login, login("admin@example.com", password)); got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
			t.Errorf("the right password while one has to wait: %d", got.Status)
		}
		now = now.Add(time.Hour)
		known := c.Post(page.Login, login("admin@example.com", "wrong again"))
		unknown := c.Post(page.Login, login("nobody@example.com", "wrong again"))
		if strings.ReplaceAll(known.Body, "admin@", "") != strings.ReplaceAll(unknown.Body, "nobody@", "") || known.Status != unknown.Status {
			t.Error("the answer tells whether there is such an account")
		}
		now = now.Add(time.Hour)
		if got := c.Post(page.Login, login("admin@example.com", password)); got.Location != "/" {
			t.Errorf("an hour later: %d %s", got.Status, webtest.Words(got.Body))
		}
	})
}

func TestASessionGetsANewTokenAtTheLogin(t *testing.T) {
	db := sqlite(t)
	s := withPassword(t, db)
	c := s.As(auth.Viewer)
	old := c.Copy()
	c.Post(page.Login, login("admin@example.com", password))
	if c.Cookie("stamm_session") == old.Cookie("stamm_session") {
		t.Error("the session has the same token as before the login")
	}
	if got := old.Get("/profile"); got.Status != http.StatusSeeOther {
		t.Errorf("the old token: %d", got.Status)
	}
}

func TestSessionsEndWithThePasswordTheAccountAndTheLogout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := withPassword(t, db)
		admin := s.Users[auth.Admin]
		set := func(fn func(context.Context, *store.Tx) error) func(*testing.T, *webtest.Client) {
			return func(t *testing.T, _ *webtest.Client) { s.Write(fn) }
		}
		on, off := false, true
		for _, tt := range []struct {
			name string
			end  func(*testing.T, *webtest.Client)
			here bool // the window where it happens stays signed in
		}{
			{"the password was reset", set(func(ctx context.Context, tx *store.Tx) error { return auth.SetPassword(ctx, tx, admin, hash(t)) }), false},
			{"the account was switched off", set(func(ctx context.Context, tx *store.Tx) error {
				return auth.Edit(ctx, tx, s.Users[auth.Viewer], auth.Change{Disabled: &off})
			}), false},
			{"signed out", func(t *testing.T, c *webtest.Client) { c.Post(page.Logout, nil) }, false},
			{"changed the password", func(t *testing.T, c *webtest.Client) {
				got := c.Post("/profile/password", url.Values{"old": {password}, "password": {password + "!"}, "again": {password + "!"}})
				if got.Location != page.Profile {
					t.Fatalf("status %d: %s", got.Status, webtest.Words(got.Body))
				}
			}, true},
			{"signed out everywhere else", func(t *testing.T, c *webtest.Client) { c.Post("/profile/sessions", nil) }, true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				s.Write(func(ctx context.Context, tx *store.Tx) error {
					return auth.Edit(ctx, tx, s.Users[auth.Viewer], auth.Change{Disabled: &on})
				})
				role := auth.Admin
				if strings.Contains(tt.name, "account") {
					role = auth.Viewer
				}
				here, there := s.As(role), s.As(role)
				second := here.Copy()
				tt.end(t, here)
				if got := here.Get("/profile").Status == http.StatusOK; got != tt.here {
					t.Errorf("signed in here: %v, want %v", got, tt.here)
				}
				if tt.name != "signed out" && there.Get("/profile").Status == http.StatusOK {
					t.Error("still signed in on another device")
				}
				if second.Get("/profile").Status == http.StatusOK {
					t.Error("the old token still works")
				}
			})
		}
	})
}

func TestALinkOfOneUseShowsAButtonAndWorksOnce(t *testing.T) {
	s := webtest.New(t, sqlite(t), home())
	link := s.LoginLink(auth.Agent)
	c := s.As(webtest.Nobody)
	for range 3 { // a mail scanner, and another one
		if got := c.Get(link); got.Status != http.StatusOK || !strings.Contains(got.Body, `method="post" action="`+link) {
			t.Fatalf("the link: %d %s", got.Status, webtest.Words(got.Body))
		}
	}
	if got := c.Post(link, nil); got.Location != "/" {
		t.Fatalf("the button: %d", got.Status)
	}
	if got := c.Get("/"); !strings.Contains(got.Body, "home of &lt;b&gt;agent") {
		t.Errorf("signed in: %s", webtest.Words(got.Body))
	}
	again := s.As(webtest.Nobody)
	for _, got := range []webtest.Answer{again.Post(link, nil), again.Get(link), again.Get("/login/nonsense")} {
		if got.Status != http.StatusNotFound || len(webtest.Problems(got, "de")) > 0 {
			t.Errorf("a second time: %d %v", got.Status, webtest.Problems(got, "de"))
		}
	}
}

func TestAForgottenPasswordIsATaskAndNoOracle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := withPassword(t, db)
		c := s.As(webtest.Nobody)
		var answers []string
		for _, mail := range []string{"agent@example.com", "nobody@example.com", "agent@example.com"} {
			got := c.Post(page.Forgot, url.Values{"mail": {mail}})
			if got.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", mail, got.Status, webtest.Words(got.Body))
			}
			answers = append(answers, got.Body)
		}
		if answers[0] != answers[1] {
			t.Error("the answer tells whether there is such an account")
		}
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			tasks, err := task.List(ctx, tx, task.Filter{OfKind: "auth.reset_requested", Limit: 10})
			if err != nil || len(tasks) != 1 || tasks[0].Subject != s.Users[auth.Agent] {
				t.Errorf("tasks: %+v, %v; want one about the agent", tasks, err)
			}
			return nil
		})

		var token string
		s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
			token, err = auth.Issue(ctx, tx, s.Users[auth.Agent], auth.Reset)
			return err
		})
		link := page.ResetLink(token)
		for _, tt := range []struct{ password, again, want string }{
			{"short", "short", "f-password"},
			{"long enough now", "something else", "f-again"},
		} {
			got := c.Post(link, url.Values{"password": {tt.password}, "again": {tt.again}})
			if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `href="#`+tt.want) {
				t.Errorf("%q and %q: %d", tt.password, tt.again, got.Status)
			}
		}
		if got := c.Post(link, url.Values{"password": {"long enough now"}, "again": {"long enough now"}}); got.Location != "/" {
			t.Fatalf("the new password: %d %s", got.Status, webtest.Words(got.Body))
		}
		if got := s.As(webtest.Nobody).Post(page.Login, login("agent@example.com", "long enough now")); got.Location != "/" {
			t.Errorf("signing in with it: %d", got.Status)
		}
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			if tasks, err := task.List(ctx, tx, task.Filter{OfKind: "auth.reset_requested", Limit: 10}); len(tasks) != 0 {
				t.Errorf("the task is still open: %v", err)
			}
			return nil
		})
	})
}

func TestOnlyWhoHasTheCodeBecomesTheFirstAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := webtest.Empty(t, db, home())
		c := s.As(webtest.Nobody)
		if got := c.Get("/"); got.Location != page.Setup {
			t.Fatalf("the first visit: %d to %q", got.Status, got.Location)
		}
		form := url.Values{"code": {"guess"}, "name": {"Anna <script>"}, "mail": {"anna@example.com"}, "password": {password}, "again": {password}}
		got := c.Post(page.Setup, form)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Anna &lt;script&gt;") {
			t.Fatalf("a wrong code: %d %s", got.Status, webtest.Words(got.Body))
		}
		form.Set("code", strings.ToLower(webtest.SetupCode))
		if got := c.Post(page.Setup, form); got.Location != page.Welcome {
			t.Fatalf("the right code: %d %s", got.Status, webtest.Words(got.Body))
		}
		if got := c.Get("/profile"); got.Status != http.StatusOK {
			t.Errorf("signed in: %d", got.Status)
		}
		if got := s.As(webtest.Nobody).Post(page.Setup, form); got.Status != http.StatusConflict {
			t.Errorf("a second first admin: %d", got.Status)
		}
	})
}

func TestRequestsFromOtherSitesAreRefused(t *testing.T) {
	s := withPassword(t, sqlite(t))
	c := s.As(auth.Admin)
	for name, header := range map[string][2]string{
		"another site":     {"Sec-Fetch-Site", "cross-site"},
		"a sibling":        {"Sec-Fetch-Site", "same-site"},
		"an older browser": {"Origin", "https://evil.example"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/profile", strings.NewReader("name=Mallory"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		if got := c.Do(r); got.Status != http.StatusForbidden || len(webtest.Problems(got, "de")) > 0 {
			t.Errorf("%s: %d %v", name, got.Status, webtest.Problems(got, "de"))
		}
	}
	if body := c.Get("/profile").Body; strings.Contains(body, "Mallory") {
		t.Error("the profile was changed")
	}
}
