package imports_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

func TestAFileComesInThroughTheFourSteps(t *testing.T) {
	path := data(t, "cdnow_sample.csv")
	for _, view := range browsertest.Views() {
		t.Run(view.String(), func(t *testing.T) {
			lang, width := view.Language, view.Width
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
			b.Look(picture("0-empty"))
			b.Open(site+"/imports/new", width, 900)
			b.Look(picture("1-file"))
			b.Upload(`input[type="file"]`, path)
			b.Look(picture("1-chosen"))
			b.Click("#file .btn-primary")
			b.WaitVisible("#preview")
			if got := b.Value(`select[name="col.0"]`); got != "order" {
				t.Errorf("the first column is read as %q", got)
			}
			b.Look(picture("2-read"))
			b.Click("#try .btn-primary")
			b.WaitText(p.N("imports.counted", 6919))
			b.Look(picture("3-try"))
			browsertest.Eval[bool](b, `(window.scrollTo(0, document.body.scrollHeight), true)`) // past the bar at the bottom of a phone
			b.Click("#start .btn-primary")
			b.WaitText(p.T("imports.see"))
			b.Look(picture("4-done"))
			b.Open(site+"/imports", width, 900)
			b.Look(picture("5-list"))
		})
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
		b.Look(fmt.Sprintf("import-rows-%d", width))
		b.Open(fmt.Sprintf("%s/imports/%d", site, failed), width, 900)
		b.Look(fmt.Sprintf("import-failed-%d", width))
		b.Click(".s-card .btn-primary")
		b.WaitVisible("#preview")
		b.WaitVisible(".s-errors")
		b.Look(fmt.Sprintf("import-again-%d", width))
	}
}
