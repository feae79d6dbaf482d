package imports_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// look checks what every page must keep to in a browser, and keeps a picture where STAMM_SCREENSHOTS names a folder.
func look(t *testing.T, b *browsertest.Browser, name string) {
	t.Helper()
	b.Settled()
	b.NoSidewaysScroll()
	b.Contrast()
	if folder := os.Getenv("STAMM_SCREENSHOTS"); folder != "" {
		b.Screenshot(filepath.Join(folder, name+".png"))
	}
}

func TestAFileComesInThroughTheFourSteps(t *testing.T) {
	path := data(t, "cdnow_sample.csv")
	for _, lang := range []string{"de", "en"} {
		for _, width := range []int{1440, 360} {
			t.Run(fmt.Sprintf("%s-%d", lang, width), func(t *testing.T) {
				p := i18n.For(lang, nil)
				picture := func(step string) string { return fmt.Sprintf("import-%s-%s-%d", step, lang, width) }
				s := open(t)
				s.Write(func(ctx context.Context, tx *store.Tx) error {
					return auth.Edit(ctx, tx, s.Users[auth.Manager], auth.Change{Language: &lang})
				})
				site := s.Serve()
				b := browsertest.New(t)
				b.Open(site+s.LoginLink(auth.Manager), width, 900)
				b.Click(".s-form .btn-primary")
				b.WaitFor(`location.pathname === "/"`)

				b.Open(site+"/imports", width, 900)
				b.WaitText(p.T("imports.empty.title"))
				look(t, b, picture("0-empty"))
				b.Open(site+"/imports/new", width, 900)
				look(t, b, picture("1-file"))
				b.Upload(`input[type="file"]`, path)
				look(t, b, picture("1-chosen"))
				b.Click("#file .btn-primary")
				b.WaitVisible("#preview")
				if got := b.Value(`select[name="col.0"]`); got != "order" {
					t.Errorf("the first column is read as %q", got)
				}
				look(t, b, picture("2-read"))
				b.Click("#try .btn-primary")
				b.WaitText(p.N("imports.counted", 6919))
				look(t, b, picture("3-try"))
				browsertest.Eval[bool](b, `(window.scrollTo(0, document.body.scrollHeight), true)`) // past the bar at the bottom of a phone
				b.Click("#start .btn-primary")
				b.WaitText(p.T("imports.see"))
				look(t, b, picture("4-done"))
				b.Open(site+"/imports", width, 900)
				look(t, b, picture("5-list"))
			})
		}
	}
}

func TestTroubleInTheBrowser(t *testing.T) {
	s := open(t)
	file, _ := s.keep(t, script, orders)
	s.run(t, sheet.Orders, file, sheet.Options{})
	unclear, _ := s.keep(t, "bestellungen.csv", "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;1.234\n")
	failed := s.run(t, sheet.Orders, unclear, sheet.Options{})
	site := s.Serve()
	b := browsertest.New(t)
	b.Open(site+s.LoginLink(auth.Manager), 1440, 900)
	b.Click(".s-form .btn-primary")
	b.WaitFor(`location.pathname === "/"`)
	for _, width := range []int{1440, 360} {
		b.Open(site+"/imports/1", width, 900)
		look(t, b, fmt.Sprintf("import-rows-%d", width))
		b.Open(fmt.Sprintf("%s/imports/%d", site, failed), width, 900)
		look(t, b, fmt.Sprintf("import-failed-%d", width))
		b.Click(".s-card .btn-primary")
		b.WaitVisible("#preview")
		b.WaitVisible(".s-errors")
		look(t, b, fmt.Sprintf("import-again-%d", width))
	}
}
