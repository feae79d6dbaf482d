package portal_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/portal"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// serve gives the pages a real address, under the policy of the web server.
func (w world) serve() string {
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPath, ui.Assets())
	mux.Handle("/", w.pages)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Security-Policy", ui.Policy)
		mux.ServeHTTP(rw, r)
	}))
	w.Cleanup(server.Close)
	return server.URL
}

// look keeps a picture where STAMM_SCREENSHOTS names a folder, and checks what every page must keep to.
func look(b *browsertest.Browser, name string) {
	b.NoSidewaysScroll()
	b.Contrast()
	if folder := os.Getenv("STAMM_SCREENSHOTS"); folder != "" {
		b.Screenshot(filepath.Join(folder, "portal-"+name+".png"))
	}
}

func TestACustomerSignsUpChoosesAndLeavesInABrowser(t *testing.T) {
	w := open(t, storetest.SQLite(t))
	address := w.serve()
	b := browsertest.New(t)
	b.Open(address+portal.SignUpPath+"?l=de", 360, 760)
	look(b, "signup")
	b.Allow("422")
	b.Fill("#f-address", "keine Adresse")
	b.Click("main button")
	b.WaitVisible(".s-errors")
	look(b, "signup-error")
	b.Fill("#f-address", erika)
	b.Click("main button")
	b.WaitText("Bitte sehen Sie in Ihr Postfach")
	look(b, "sent")
	b.Open(address+w.last().Path+"?l=de", 360, 760)
	look(b, "confirm")
	b.Click("main button")
	b.WaitText("Sie sind angemeldet")
	look(b, "confirmed")
	b.Click(".s-plain-card a")
	b.WaitText("Was Sie bekommen möchten")
	look(b, "preferences")
	b.Choose("#f-frequency", "monthly")
	b.Click("main button")
	b.WaitText("gespeichert")
	preferences := b.Location()
	b.Scheme(true)
	b.Open(strings.Replace(preferences, "l=de", "l=en", 1)+"?l=en", 1200, 900)
	look(b, "preferences-dark")
	b.Scheme(false)
	b.Open(address+portal.DataPath+"?l=en", 1200, 900)
	look(b, "data")
	id := w.owners(erika)[0]
	if got := w.may(id, erika); got != "consent" {
		t.Errorf("%s", got)
	}
}
