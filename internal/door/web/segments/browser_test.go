package segments_test

import (
	"fmt"
	"net/url"
	"testing"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/record/auth"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// A segment is put together by clicks, at both widths and in both languages: the sentence and the count change meanwhile,
// nothing scrolls sideways, and the page complains of nothing. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestASegmentIsBuiltByClicks(t *testing.T) {
	shop, site := small(t)
	b := browsertest.New(t)
	server := site.Serve()
	b.Open(server+site.LoginLink(auth.Manager), 1440, 900)
	b.Allow("404") // there is no first page in this site
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	for _, view := range browsertest.Views() {
		language, width := view.Language, view.Width
		site.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		b.Open(server+"/segments", width, 900)
		b.Look("segments-" + "list" + "-" + view.String())
		b.Open(server+"/segments/new", width, 900)
		pick := func(field string) {
			b.Click("[data-pick]")
			b.Fill(".s-fields-panel [data-narrow]", field)
			b.Press("Enter")
		}
		pick(map[string]string{"de": "bestellungen", "en": "orders"}[language])
		b.WaitVisible(".s-cond")
		b.Fill("input[name='v.1']", "2")
		b.WaitFor(`document.querySelector("[data-count]") && document.querySelector(".s-as-text code").textContent.includes(">= 2")`)
		before := b.Text("[data-count]")
		b.Click("button[value='group:0']")
		b.WaitVisible("select[name='g.2']")
		b.Choose("select[name='g.2']", "none")
		b.WaitFor(`document.querySelectorAll(".s-picker-fields").length === 2`)
		if after := b.Text("[data-count]"); after != before {
			t.Errorf("an empty group changes the count from %s to %s", before, after)
		}
		b.Look("segments-" + "builder" + "-" + view.String())
		b.Click("button[value='drop:2']")
		b.WaitGone("select[name='g.2']")
		b.Fill("#f-name", fmt.Sprintf("Zweimal %s %d", language, width))
		b.Click("button[value='save']")
		b.WaitVisible("#members")
		b.Look("segments-" + "one" + "-" + view.String())
	}
	shop.CatchUp()
}
