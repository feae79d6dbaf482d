package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"stamm/internal/door/web/admin"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

func TestTheFirstHourInTheBrowser(t *testing.T) {
	for _, view := range browsertest.Views() {
		t.Run(view.String(), func(t *testing.T) {
			lang, width := view.Language, view.Width
			p := i18n.For(lang, nil)
			picture := func(step string) string { return fmt.Sprintf("first-%s-%s-%d", step, lang, width) }
			b := browsertest.New(t)
			b.Allow("422")
			s := webtest.Empty(t, sqlite(t), home(), admin.Area())
			site := s.Serve()

			b.Open(site+page.SetupLink(webtest.SetupCode), width, 900)
			b.Click(`button[name="language"][value="` + lang + `"]`)
			b.WaitText(p.T("web.setup.text"))
			b.Look(picture("1-setup"))
			b.Fill("#f-name", "Anna Röster")
			b.Fill("#f-password", "short")
			b.Click(".s-form .btn-primary")
			b.WaitVisible(".s-errors")
			if b.Value("#f-name") != "Anna Röster" || b.Value("#f-code") != webtest.SetupCode {
				t.Error("the input is lost")
			}
			b.Look(picture("2-setup-errors"))
			b.Fill("#f-mail", "anna@example.com")
			b.Fill("#f-password", "a cup of good coffee")
			b.Fill("#f-again", "a cup of good coffee")
			b.Click(".s-form .btn-primary")

			b.WaitText(p.T("admin.welcome.title"))
			b.Look(picture("3-company"))
			b.Fill("#f-name", "Rösterei am Hafen")
			b.Choose("#f-region", "DE-HH")
			b.Click(".s-form .btn-primary")
			b.WaitText(p.T("admin.welcome.import.go"))
			b.Look(picture("4-import"))
			b.Click(".s-form-buttons .btn-primary")
			b.WaitFor(`location.pathname === "/imports/new"`)

			b.Open(site+"/profile", width, 900)
			b.Look(picture("5-profile"))
			b.Click("summary.s-avatar")
			b.Click(`form[action="` + page.Logout + `"] button`)
			b.WaitText(p.T("web.login.out"))
			b.Fill("#f-mail", "anna@example.com")
			b.Fill("#f-password", "a cup of bad coffee")
			b.Click(".s-form .btn-primary")
			b.WaitVisible(".s-errors")
			if b.Value("#f-mail") != "anna@example.com" {
				t.Error("the address is lost")
			}
			b.Look(picture("6-login-wrong"))
			b.Fill("#f-password", "a cup of good coffee")
			b.Press("Enter")
			b.WaitFor(`location.pathname === "/"`)
		})
	}
}

func TestEveryAdminPageInTheBrowser(t *testing.T) {
	s := site(t, sqlite(t))
	site := s.Serve()
	b := browsertest.New(t)
	b.Allow("404")
	b.Allow("403")
	b.Open(site+s.LoginLink(auth.Admin), 1440, 900)
	b.Click(".s-form .btn-primary")
	b.WaitFor(`location.pathname === "/"`)
	pages := map[string]string{
		"users": "/admin/users", "user": fmt.Sprintf("/admin/users/%d", s.Users[auth.Agent]), "invite": "/admin/users/new", "keys": "/admin/keys", "key": "/admin/keys/new",
		"settings": "/admin/settings", "fields": "/admin/fields", "jobs": "/admin/jobs", "job": "/admin/jobs/1", "audit": "/admin/audit?kind=key.added", "missing": "/nothing",
	}
	for _, lang := range []string{"de", "en"} {
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			return auth.Edit(ctx, tx, s.Users[auth.Admin], auth.Change{Language: &lang})
		})
		for name, path := range pages {
			b.LookAtBothWidths(site+path, name+"-"+lang)
		}
	}
	b.Scheme(true)
	for _, name := range []string{"settings", "users", "job"} {
		b.Open(site+pages[name], 1440, 900)
		b.Look(name + "-dark")
	}
}

func TestALinkIsCopiedAndARevocationAskedAboutInTheBrowser(t *testing.T) {
	s := site(t, sqlite(t))
	site := s.Serve()
	b := browsertest.New(t)
	b.Open(site+s.LoginLink(auth.Admin), 1440, 900)
	b.Click(".s-form .btn-primary")
	b.WaitFor(`location.pathname === "/"`)
	b.Open(site+"/admin/users/new", 1440, 900)
	b.Fill("#f-name", "Bert Kaffee")
	b.Fill("#f-mail", "bert@example.com")
	b.Click(".s-form .btn-primary")
	b.WaitVisible("#f-link")
	if link := b.Value("#f-link"); !strings.HasPrefix(link, site+"/invitation/") {
		t.Errorf("the link is %q", link)
	}
	b.Look("link")
	b.Click("[data-copy]")
	b.WaitText(i18n.For("de", nil).T("common.copied"))
	b.Open(site+"/admin/keys", 1440, 900)
	b.Click(`form[action$="/revoke"] button`)
	b.WaitVisible("dialog[open]")
	b.Look("revoke")
	b.Click("dialog[open] button:not(:first-child)")
	b.WaitVisible(".s-flash")
}
