package engage_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

// A mail is written by clicks, at both widths and in both languages: blocks come, move and go, the picture of the mail follows what is
// typed, nothing scrolls sideways and the page complains of nothing. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestAMailIsWrittenByClicks(t *testing.T) {
	p := newPress(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	b := browsertest.New(t)
	server := p.Serve()
	b.Open(server+p.LoginLink(auth.Manager), 1440, 900)
	b.Allow("404") // there is no first page in this site
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	for _, view := range browsertest.Views() {
		language, width := view.Language, view.Width
		p.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		for name, path := range map[string]string{"list": "/engage/campaigns", "new": "/engage/campaigns/new", "coupons": "/engage/coupons", "coupon": fmt.Sprint("/engage/coupons/", p.coupon), "newcoupon": "/engage/coupons/new"} {
			b.Open(server+path, width, 900)
			b.Look("campaigns-" + name + "-" + view.String())
		}
		b.Open(server+"/engage/campaigns/new", width, 900)
		b.Fill("#f-name", "Herbst "+language)
		b.Click("main form .btn-primary")
		b.WaitVisible("#editor")
		b.Click("button[value='add:button']")
		b.WaitVisible("[name='url.2']")
		b.Fill("[name='text.2']", "Zum Laden")
		b.WaitFor(`document.querySelector("#version").value > 2`)
		b.Click("button[value='up:2']")
		b.WaitVisible("[name='url.1']")
		b.Look("campaigns-" + "edit" + "-" + view.String())
		b.WaitFor(`(document.querySelector("button[value='drop:1']").click(), true)`) // the bar at the top may cover it
		b.WaitGone("[name='url.1']")
		at := b.Text("#editor")
		if strings.Contains(at, "⟦") {
			t.Error("a text is missing")
		}
		b.Open(server+p.at("/preview?width=phone"), width, 900)
		b.Look("campaigns-" + "preview" + "-" + view.String())
		b.Open(server+p.at(""), width, 900)
		b.Look("campaigns-" + "one" + "-" + view.String())
	}
}
