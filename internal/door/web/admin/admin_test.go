package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/admin"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func sqlite(t testing.TB) *store.DB {
	return storetest.Open(t, storetest.SQLite(t), store.Options{Log: slog.New(slog.DiscardHandler)})
}

// home stands in for Today, and the two pages the walk leads to.
func home() page.Area {
	show := func(title string) page.Handler {
		return func(r *page.Request) error { return r.Render(title, page.Text(title)) }
	}
	return page.Area{
		Menu: []page.Entry{{Text: "common.today", Href: "/", Icon: "home", Permission: auth.SignedIn}},
		Routes: []page.Route{
			{Method: "GET", Pattern: "/{$}", Permission: auth.SignedIn, Handle: show("Today")},
			{Method: "GET", Pattern: "/imports/new", Permission: auth.WriteImports, Handle: show("Import")},
			{Method: "GET", Pattern: "/insight", Permission: auth.ReadReports, Handle: show("Insight")},
		},
		Jobs: []page.JobKind{{Kind: "test", Text: "common.search", Unit: "common.customers"}},
	}
}

// site is a company that has been at work: keys, rates, a field, jobs, changes of every kind.
func site(t *testing.T, db *store.DB) *webtest.Site {
	s := webtest.New(t, db, home(), admin.Area())
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		c := company.Defaults()
		c.Name, c.Setup, c.Region = "Rösterei <b>injected</b>", true, "DE-HH"
		if err := company.Save(ctx, tx, c); err != nil {
			return err
		}
		if _, _, err := auth.AddKey(ctx, tx, "Shop <b>injected</b>", auth.Scopes()); err != nil {
			return err
		}
		_, old, err := auth.AddKey(ctx, tx, "Old", auth.Scopes()[:1])
		if err != nil {
			return err
		}
		if err := auth.Revoke(ctx, tx, old); err != nil {
			return err
		}
		rate, err := money.ParseRate("0.93")
		if err != nil {
			return err
		}
		if err := company.SetRate(ctx, tx, company.Rate{Currency: "USD", ValidFrom: clock.NewDay(2026, 1, 1), Rate: rate}); err != nil {
			return err
		}
		if _, err := customer.DefineField(ctx, tx, customer.CustomField{Key: "grind", Label: "<b>injected</b>", Type: customer.TypeChoice, Choices: []string{"fine", "=1+1"}}); err != nil {
			return err
		}
		for i := range 3 {
			if _, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: "test", Key: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		for _, kind := range []string{"customer.erased", "document.added", "import.finished", "job.retried", "task.done", "strange.kind", "user.login_failed"} {
			if _, err := feed.Append(ctx, tx, feed.New{Kind: kind, Subject: 1, Customer: 7}); err != nil {
				return err
			}
		}
		role := auth.Marketer
		return auth.Edit(ctx, tx, s.Users[auth.Agent], auth.Change{Role: &role})
	})
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		role := auth.Agent
		return auth.Edit(ctx, tx, s.Users[auth.Agent], auth.Change{Role: &role})
	})
	return s
}

func TestEveryPageKeepsTheRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		s.Walk(t, map[string]string{
			"/admin/users/{id}": fmt.Sprintf("/admin/users/%d", s.Users[auth.Viewer]), "/admin/jobs/{id}": "/admin/jobs/1",
			"/login/{token}": "", "/invitation/{token}": "", "/password/{token}": "",
		})
	})
}

func TestSomebodyIsInvitedAndComesIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		c := s.As(auth.Admin)
		for _, tt := range []struct {
			name, mail, role, field string
			status                  int
		}{
			{"", "new@example.com", "viewer", "f-name", 422},
			{"Anna", "no address", "viewer", "f-mail", 422},
			{"Anna", "new@example.com", "emperor", "f-role", 422},
			{"Anna", "VIEWER@example.com", "viewer", "f-mail", 409},
		} {
			got := c.Post("/admin/users/new", url.Values{"name": {tt.name}, "mail": {tt.mail}, "role": {tt.role}})
			if got.Status != tt.status || !strings.Contains(got.Body, `href="#`+tt.field+`"`) || !strings.Contains(got.Body, `value="`+tt.mail+`"`) {
				t.Errorf("%+v: %d %s", tt, got.Status, webtest.Words(got.Body))
			}
		}
		got := c.Post("/admin/users/new", url.Values{"name": {"Anna"}, "mail": {"new@example.com"}, "role": {"agent"}})
		link := between(got.Body, `value="http://example.com`, `"`)
		if !strings.HasPrefix(link, "/invitation/") {
			t.Fatalf("no link: %d %s", got.Status, webtest.Words(got.Body))
		}
		guest := s.As(webtest.Nobody)
		if got := guest.Get(link); got.Status != http.StatusOK || !strings.Contains(got.Body, "new@example.com") {
			t.Errorf("the link: %d", got.Status)
		}
		if got := guest.Post(link, url.Values{"password": {"long enough now"}, "again": {"long enough now"}}); got.Location != "/" {
			t.Fatalf("the password: %d", got.Status)
		}
		if got := guest.Get("/profile"); !strings.Contains(got.Body, "new@example.com") {
			t.Errorf("signed in: %d", got.Status)
		}
		if got := guest.Get("/admin/users"); got.Status != http.StatusForbidden {
			t.Errorf("an agent sees the people: %d", got.Status)
		}
	})
}

func between(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	inside, _, _ := strings.Cut(after, to)
	return inside
}

func TestARoleChangesAndTheChangeCanBeUndone(t *testing.T) {
	s := site(t, sqlite(t))
	c := s.As(auth.Admin)
	path := fmt.Sprintf("/admin/users/%d", s.Users[auth.Viewer])
	got := c.Follow(path, url.Values{"name": {"Vera"}, "role": {"manager"}})
	if !strings.Contains(got.Body, "Vera") || !strings.Contains(got.Body, `<input type="hidden" name="role" value="viewer">`) {
		t.Fatalf("no undo: %s", webtest.Words(got.Body))
	}
	c.Post(path, url.Values{"name": {"<b>viewer</b>"}, "role": {"viewer"}})
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		u, err := auth.Find(ctx, tx, s.Users[auth.Viewer])
		if err == nil && u.Role != auth.Viewer {
			t.Errorf("after undo the role is %s", u.Role)
		}
		return err
	})
	admin := fmt.Sprintf("/admin/users/%d", s.Users[auth.Admin])
	if got := c.Post(admin, url.Values{"name": {"A"}, "role": {"viewer"}}); got.Status != http.StatusConflict {
		t.Errorf("the last admin: %d", got.Status)
	}
	if got := c.Post(admin+"/disabled", url.Values{"disabled": {"1"}}); got.Status != http.StatusConflict {
		t.Errorf("disabling the last admin: %d", got.Status)
	}
	if got := c.Follow(path+"/disabled", url.Values{"disabled": {"1"}}); !strings.Contains(got.Body, `name="disabled" value="0"`) {
		t.Errorf("no undo for disabling: %s", webtest.Words(got.Body))
	}
	if got := c.Get("/admin/users/999"); got.Status != http.StatusNotFound {
		t.Errorf("nobody: %d", got.Status)
	}
}

func TestAForgottenPasswordIsSeenAndSettledByALink(t *testing.T) {
	s := site(t, sqlite(t))
	s.As(webtest.Nobody).Post(page.Forgot, url.Values{"mail": {"agent@example.com"}})
	c := s.As(auth.Admin)
	asks := i18n.For("de", nil).T("admin.users.state.asked")
	if got := c.Get("/admin/users"); !strings.Contains(got.Body, asks) {
		t.Errorf("nobody asks: %s", webtest.Words(got.Body))
	}
	got := c.Post(fmt.Sprintf("/admin/users/%d/link", s.Users[auth.Agent]), nil)
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "http://example.com/invitation/") {
		t.Errorf("the link: %d %s", got.Status, webtest.Words(got.Body))
	}
	if got := c.Get("/admin/users"); strings.Contains(got.Body, asks) {
		t.Error("still asking")
	}
}

func TestAKeyIsShownOnceAndRevokedForGood(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		c := s.As(auth.Admin)
		form := url.Values{"name": {"ERP"}, "scopes": {"customers.read", "events.write"}}
		got := c.Post("/admin/keys/new", form)
		secret := "stamm_" + between(got.Body, `value="stamm_`, `"`)
		if got.Status != http.StatusOK || len(secret) < 20 {
			t.Fatalf("no secret: %d %s", got.Status, webtest.Words(got.Body))
		}
		var id int64
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			k, err := auth.FindKey(ctx, tx, secret)
			if err == nil {
				id = k.ID
			}
			return err
		})
		if got := c.Post("/admin/keys/new", form); got.Status != http.StatusConflict {
			t.Errorf("the same form again: %d", got.Status)
		}
		if got := c.Post("/admin/keys/new", url.Values{"name": {"Other"}}); got.Status != 422 || !strings.Contains(got.Body, "#f-scopes") || !strings.Contains(got.Body, `value="Other"`) {
			t.Errorf("a key that may nothing: %d", got.Status)
		}
		if got := c.Get("/admin/keys"); strings.Contains(got.Body, secret) {
			t.Error("the list shows the secret")
		}
		c.Follow(fmt.Sprintf("/admin/keys/%d/revoke", id), nil)
		err := db.Read(context.Background(), func(tx *store.Tx) error {
			_, err := auth.FindKey(context.Background(), tx, secret)
			return err
		})
		if fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("the revoked key: %v", err)
		}
	})
}

func TestSettingsAreSavedAndTheCurrencyStaysOnceThereAreDocuments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		c := s.As(auth.Admin)
		form := url.Values{"name": {"Neu"}, "country": {"CH"}, "region": {"CH-ZH"}, "currency": {"CHF"}, "zone": {"Europe/Zurich"}, "language": {"en"}, "sector": {"retail"}, "active_days": {"60"}}
		if got := c.Post("/admin/settings", form); got.Location != "/admin/settings" {
			t.Fatalf("%d %s", got.Status, webtest.Words(got.Body))
		}
		load := func() (settings company.Settings) {
			s.Read(func(ctx context.Context, tx *store.Tx) (err error) {
				settings, err = company.Load(ctx, tx)
				return err
			})
			return settings
		}
		if got := load(); got.Currency != "CHF" || got.ActiveDays != 60 || got.Name != "Neu" || got.TimeZone != "Europe/Zurich" {
			t.Errorf("saved %+v", got)
		}
		for field, value := range map[string]string{"name": "", "zone": "Mars/Olympus", "currency": "XYZ", "active_days": "0", "country": "Germany", "region": "DE-HH", "sector": "magic"} {
			bad := url.Values{}
			for k, v := range form {
				bad[k] = v
			}
			bad.Set(field, value)
			if got := c.Post("/admin/settings", bad); got.Status != 422 || !strings.Contains(got.Body, `href="#f-`+field+`"`) {
				t.Errorf("%s=%s: %d %s", field, value, got.Status, webtest.Words(got.Body))
			}
		}
		if got := c.Post("/admin/settings", url.Values{"active_days": {"many"}}); got.Status != 422 || !strings.Contains(got.Body, `value="many"`) {
			t.Errorf("the input is lost: %d", got.Status)
		}
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			_, _, err := document.Put(ctx, tx, &document.Document{Source: 1, Kind: document.Order, ExternalID: "1", At: tx.Now, Day: clock.DayOf(tx.Now, time.UTC), Currency: "CHF", Status: ""}, "CHF", feed.Live)
			return err
		})
		form.Set("currency", "EUR")
		if got := c.Post("/admin/settings", form); got.Status != http.StatusConflict || load().Currency != "CHF" {
			t.Errorf("another currency: %d, now %s", got.Status, load().Currency)
		}
		form.Del("currency")
		if got := c.Post("/admin/settings", form); got.Location == "" {
			t.Errorf("without the currency: %d", got.Status)
		}
	})
}

func TestRatesAreEnteredWithCommaAndDroppedWithUndo(t *testing.T) {
	s := site(t, sqlite(t))
	c := s.As(auth.Admin)
	rates := func() (all []company.Rate) {
		s.Read(func(ctx context.Context, tx *store.Tx) (err error) {
			all, err = company.Rates(ctx, tx)
			return err
		})
		return all
	}
	c.Follow("/admin/settings/rates", url.Values{"rate_currency": {"gbp"}, "rate_from": {"2026-03-01"}, "rate": {"1,1834"}})
	if all := rates(); len(all) != 2 || all[0].Currency != "GBP" || all[0].Rate.String() != "1.1834" {
		t.Fatalf("rates %+v", all)
	}
	for field, form := range map[string]url.Values{
		"rate_currency": {"rate_currency": {"EUR"}, "rate_from": {"2026-03-01"}, "rate": {"1"}},
		"rate_from":     {"rate_currency": {"USD"}, "rate_from": {"1.3.2026"}, "rate": {"1"}},
		"rate":          {"rate_currency": {"USD"}, "rate_from": {"2026-03-01"}, "rate": {"-1"}},
	} {
		if got := c.Post("/admin/settings/rates", form); got.Status != 422 || !strings.Contains(got.Body, `href="#f-`+field+`"`) {
			t.Errorf("%s: %d %s", field, got.Status, webtest.Words(got.Body))
		}
	}
	got := c.Follow("/admin/settings/rates/drop", url.Values{"currency": {"GBP"}, "from": {"2026-03-01"}})
	if len(rates()) != 1 || !strings.Contains(got.Body, `name="rate" value="1.1834"`) {
		t.Errorf("rates %+v, %s", rates(), webtest.Words(got.Body))
	}
	if got := c.Post("/admin/settings/rates/drop", url.Values{"currency": {"GBP"}, "from": {"2026-03-01"}}); got.Status != http.StatusNotFound {
		t.Errorf("a rate that is gone: %d", got.Status)
	}
}

func TestCustomFieldsGetAKeyOutOfTheirLabel(t *testing.T) {
	s := site(t, sqlite(t))
	c := s.As(auth.Admin)
	if got := c.Follow("/admin/fields", url.Values{"label": {"Größe (cm)"}, "type": {"number"}}); !strings.Contains(got.Body, "custom.gro") {
		t.Errorf("%s", webtest.Words(got.Body))
	}
	if got := c.Post("/admin/fields", url.Values{"label": {"Grind"}, "key": {"grind"}, "type": {"text"}}); got.Status != http.StatusConflict || !strings.Contains(got.Body, `value="Grind"`) {
		t.Errorf("a key twice: %d", got.Status)
	}
	if got := c.Post("/admin/fields", url.Values{"label": {"Röstung"}, "type": {"choice"}}); got.Status != 422 || !strings.Contains(got.Body, "#f-choices") {
		t.Errorf("no choices: %d", got.Status)
	}
}

func TestJobsAreWatchedCancelledAndTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		c := s.As(auth.Manager)
		if got := s.As(auth.Marketer).Post("/admin/jobs/1/cancel", nil); got.Status != http.StatusForbidden {
			t.Errorf("a marketer cancels: %d", got.Status)
		}
		got := c.Follow("/admin/jobs/1/cancel", nil)
		if !strings.Contains(got.Body, "/admin/jobs/1/retry") {
			t.Errorf("after cancelling: %s", webtest.Words(got.Body))
		}
		if got := c.Follow("/admin/jobs/1/cancel", nil); !strings.Contains(got.Body, "s-tone-warn") {
			t.Errorf("cancelling twice: %s", webtest.Words(got.Body))
		}
		if got := c.Get("/admin/jobs?state=cancelled"); strings.Count(got.Body, `data-href="/admin/jobs/`) != 1 {
			t.Errorf("cancelled jobs: %s", webtest.Words(got.Body))
		}
		c.Follow("/admin/jobs/1/retry", nil)
		if got := c.Get("/admin/jobs?state=queued"); strings.Count(got.Body, `data-href="/admin/jobs/`) != 3 {
			t.Errorf("waiting jobs: %s", webtest.Words(got.Body))
		}
		if got := c.Get("/admin/jobs/99"); got.Status != http.StatusNotFound {
			t.Errorf("no such job: %d", got.Status)
		}
	})
}

func TestARunningJobShowsOnEveryPageToThoseWhoMaySeeIt(t *testing.T) {
	s := site(t, sqlite(t))
	started, finish := make(chan struct{}), make(chan struct{})
	runner := jobs.NewRunner(s.DB, jobs.Options{Log: slog.New(slog.DiscardHandler)})
	runner.Handle("test", 1, func(ctx context.Context, task *jobs.Task) error {
		if task.ID == 1 {
			if err := task.Progress(ctx, 250, 1000); err != nil {
				return err
			}
			close(started)
		}
		select {
		case <-finish:
		case <-ctx.Done():
		}
		return context.Cause(ctx)
	})
	runner.Start()
	defer func() {
		if err := runner.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	<-started
	for _, path := range []string{"/", "/profile", "/admin/jobs/1"} {
		if got := s.As(auth.Manager).Get(path); !strings.Contains(got.Body, `id="jobbar" class="s-jobbar"`) || !strings.Contains(got.Body, `value="250"`) {
			t.Errorf("%s: no bar", path)
		}
	}
	if got := s.As(auth.Viewer).Get("/"); strings.Contains(got.Body, page.JobBar) {
		t.Error("a viewer sees the bar")
	}
	bar := s.As(auth.Manager).With("HX-Request", "true").Get(page.JobBar)
	if strings.Contains(bar.Body, "<html") || !strings.Contains(bar.Body, `value="250"`) {
		t.Errorf("the bar alone: %s", bar.Body)
	}
	if got := s.As(webtest.Nobody).With("HX-Request", "true").Get(page.JobBar); got.Status != http.StatusUnauthorized || got.Header.Get("HX-Redirect") != "" {
		t.Errorf("the bar without session: %d", got.Status)
	}
	close(finish)
}

func TestTheAuditIsPagedFilteredAndCSV(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := site(t, db)
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			for range 130 {
				if _, err := feed.Append(ctx, tx, feed.New{Kind: "event.added", Customer: 9, Subject: 9}); err != nil {
					return err
				}
			}
			return nil
		})
		c := s.As(auth.Manager)
		pages, rows, address := 0, 0, "/admin/audit?kind=event.added"
		for address != "" {
			got := c.Get(address)
			pages++
			rows += strings.Count(got.Body, "<tr") - 1
			address = strings.ReplaceAll(between(got.Body, `rel="next" href="`, `"`), "&amp;", "&")
		}
		if pages != 3 || rows != 130 {
			t.Errorf("%d rows on %d pages", rows, pages)
		}
		if got := c.Get("/admin/audit.csv?kind=event.added&before=5"); strings.Count(got.Body, "\r\n") != 131 {
			t.Errorf("CSV has %d lines", strings.Count(got.Body, "\r\n"))
		}
		all := c.Get("/admin/audit.csv").Body
		for _, words := range []string{"Einstellungen geändert", "Name des Unternehmens (vorher –)", "Kundenservice, (vorher Marketing)", "strange.kind", "Personenbezogene Daten gelöscht", "USD, ab 2026-01-01, 0.93"} {
			if !strings.Contains(all, words) {
				t.Errorf("the audit does not say %q", words)
			}
		}
		mine := c.Get(fmt.Sprintf("/admin/audit?user=%d", s.Users[auth.Manager])).Body
		if n := strings.Count(mine, "<tr") - 1; n != 1 {
			t.Errorf("the manager did %d things, want one login", n)
		}
	})
}

func TestANewCompanyWalksFromItsSettingsToTheFirstInsight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := webtest.New(t, db, home(), admin.Area())
		c := s.As(auth.Admin).In("de-AT,de;q=0.9")
		if got := c.Get("/"); got.Location != page.Welcome {
			t.Fatalf("the first visit leads to %q", got.Location)
		}
		if got := s.As(auth.Viewer).Get("/"); got.Status != http.StatusOK {
			t.Errorf("a viewer: %d to %q", got.Status, got.Location)
		}
		got := c.Get(page.Welcome)
		for _, chosen := range []string{`<option value="AT" selected>`, `<option value="Europe/Vienna" selected>`, `<option value="de" selected>`} {
			if !strings.Contains(got.Body, chosen) {
				t.Errorf("not suggested: %s", chosen)
			}
		}
		form := url.Values{"name": {"Wiener Rösterei"}, "country": {"AT"}, "region": {"DE-BY"}, "currency": {"EUR"}, "zone": {"Europe/Vienna"}, "language": {"de"}, "sector": {""}}
		if got := c.Post(page.Welcome, form); got.Status != 422 || !strings.Contains(got.Body, "Wiener Rösterei") || !strings.Contains(got.Body, "#f-region") {
			t.Errorf("a region elsewhere: %d", got.Status)
		}
		form.Set("region", "")
		got = c.Follow(page.Welcome, form)
		if !strings.Contains(got.Body, `href="/imports/new"`) || !strings.Contains(got.Body, "Wiener Rösterei, Österreich, EUR") {
			t.Errorf("the second step: %s", webtest.Words(got.Body))
		}
		if got := c.Get("/"); got.Status != http.StatusOK {
			t.Errorf("the start page afterwards: %d to %q", got.Status, got.Location)
		}
		if got := c.Get(page.Welcome + "?step=company"); !strings.Contains(got.Body, `value="Wiener Rösterei"`) {
			t.Errorf("the first step again: %s", webtest.Words(got.Body))
		}
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			_, _, err := document.Put(ctx, tx, &document.Document{Source: 1, Kind: document.Order, ExternalID: "1", At: tx.Now, Day: clock.DayOf(tx.Now, time.UTC), Currency: "EUR"}, "EUR", feed.Live)
			return err
		})
		if got := c.Get(page.Welcome); !strings.Contains(got.Body, `class="btn btn-primary" href="/insight"`) {
			t.Errorf("the third step: %s", webtest.Words(got.Body))
		}
	})
}

func TestTopicsAreNamedAndTheFormForOwnSitesIsOffered(t *testing.T) {
	s := site(t, sqlite(t))
	c := s.As(auth.Admin)
	if got := c.Post("/admin/consent/topics", url.Values{"de": {"Kaffee & Röstung"}, "en": {"Coffee"}, "code": {"kaffee_roestung"}}); got.Status != 303 {
		t.Fatalf("a topic: %d", got.Status)
	}
	got := c.Get("/admin/consent")
	for _, want := range []string{"Kaffee &amp; Röstung", "kaffee_roestung", `/p/signup&#34; lang=&#34;de&#34;`, "&amp;lt;b&amp;gt;injected"} { // the company's name, escaped in the form and again on the page
		if !strings.Contains(got.Body, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if got := c.Post("/admin/consent/topics", url.Values{"de": {""}, "code": {"x"}}); got.Status != 422 {
		t.Errorf("a topic without a name: %d", got.Status)
	}
	if got := c.Post("/admin/consent/topics/drop", url.Values{"code": {"kaffee_roestung"}}); got.Status != 303 {
		t.Errorf("removing it: %d", got.Status)
	}
	if got := c.Post("/admin/consent/topics/drop", url.Values{"code": {"kaffee_roestung"}}); got.Status != 404 {
		t.Errorf("removing it again: %d", got.Status)
	}
}
