package imports_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// profile adds one and returns its number.
func (s shop) profile(p connect.Profile) (id int64) {
	s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = connect.SaveProfile(ctx, tx, p)
		return err
	})
	return id
}

func (s shop) find(id int64) (p connect.Profile, next time.Time) {
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		found, err := connect.FindProfile(ctx, tx, id)
		if err != nil {
			return err
		}
		p = *found
		all, err := connect.NextLooks(ctx, tx)
		next = all[id]
		return err
	})
	return p, next
}

func TestAProfileIsAddedWatchedSwitchedOffAndOnAndDropped(t *testing.T) {
	s := open(t)
	folder := t.TempDir()
	c := s.As(auth.Manager).Speak("de")
	form := url.Values{"kind": {"orders"}, "profile": {"Shop nachts"}, "source": {"shop"}, "folder": {folder + "/missing"}, "every": {"daily"}, "at": {"04:30"}, "decimal": {"comma"}}
	if got := c.Post("/imports/profiles/new", form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Shop nachts") {
		t.Fatalf("a folder that is not there: status %d", got.Status)
	}
	form.Set("folder", folder)
	if got := webtest.Words(c.Follow("/imports/profiles/new", form).Body); !strings.Contains(got, "täglich um 04:30") {
		t.Fatalf("the list does not say when: %s", got)
	}
	if got := c.Post("/imports/profiles/new", form); got.Status != http.StatusConflict {
		t.Errorf("the same name twice: status %d", got.Status)
	}
	const id = 1
	p, next := s.find(id)
	if p.Folder != folder || p.Schedule != "daily 04:30" || p.Options.Decimal != sheet.Comma || p.Owner != s.Users[auth.Manager] || next.IsZero() {
		t.Errorf("kept %+v, next %s", p, next)
	}

	at := fmt.Sprintf("/imports/profiles/%d/", id)
	off := c.Follow(at+"off", nil)
	if p, next := s.find(id); p.Folder != "" || !next.IsZero() {
		t.Errorf("switched off, and yet %+v, next %s", p, next)
	}
	if !strings.Contains(off.Body, "Rückgängig") {
		t.Error("there is no way back")
	}
	c.Follow(at+"on", url.Values{"folder": {folder}, "schedule": {"daily 04:30"}})
	if p, next := s.find(id); p.Folder != folder || p.Schedule != "daily 04:30" || next.IsZero() {
		t.Errorf("switched on again: %+v, next %s", p, next)
	}

	form.Set("profile", "Shop montags")
	form.Set("every", "weekly")
	form.Set("weekday", "monday")
	form.Set("owner", fmt.Sprint(s.Users[auth.Admin]))
	c.Follow(at+"edit", form)
	if p, _ := s.find(id); p.Name != "Shop montags" || p.Schedule != "weekly monday 04:30" || p.Owner != s.Users[auth.Admin] {
		t.Errorf("changed to %+v", p)
	}
	form.Set("every", "sometimes")
	if got := c.Post(at+"edit", form); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a time that is none: status %d", got.Status)
	}

	if got := webtest.Words(c.Follow(at+"drop", nil).Body); !strings.Contains(got, "gelöscht") {
		t.Errorf("after the end: %s", got)
	}
	if got := c.Get(at + "edit"); got.Status != http.StatusNotFound {
		t.Errorf("dropped, and yet: status %d", got.Status)
	}
}

func TestOnlyWhoAnswersForJobsSeesWatchedFolders(t *testing.T) {
	s := open(t)
	id := s.profile(connect.Profile{Name: "Shop", Kind: sheet.Orders})
	for _, role := range []auth.Role{auth.Marketer, auth.Agent, auth.Viewer} {
		for _, address := range []string{"/imports/profiles", "/imports/profiles/new", fmt.Sprintf("/imports/profiles/%d/edit", id)} {
			if got := s.As(role).Get(address); got.Status != http.StatusForbidden {
				t.Errorf("%s at %s: status %d", role, address, got.Status)
			}
		}
	}
}

func TestAWatchedFolderImportsAndTheNextFileByHandIsReadTheSameWay(t *testing.T) {
	for _, view := range browsertest.Views() {
		t.Run(view.String(), func(t *testing.T) {
			lang, width := view.Language, view.Width
			s := open(t)
			folder := t.TempDir()
			file := filepath.Join(folder, "orders.csv")
			if err := os.WriteFile(file, []byte("Auftrag;Wer;Datum;Betrag\n1;K1;31.12.2010;1.234,56 €\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			rested := time.Now().Add(-time.Hour)
			if err := os.Chtimes(file, rested, rested); err != nil {
				t.Fatal(err)
			}
			id := s.profile(connect.Profile{Name: "Shop nachts", Kind: sheet.Orders, Source: "shop", Folder: folder, Schedule: "every 1h", Owner: s.Users[auth.Manager],
				Options: sheet.Options{Map: map[string]string{"customer": "Wer"}}})
			var jobID int64
			s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
				jobID, err = connect.LookNow(ctx, tx, id)
				return err
			})
			if _, err := jobs.Wait(context.Background(), s.DB, jobID, nil); err != nil {
				t.Fatal(err)
			}
			b := browsertest.New(t)
			site := s.Serve()
			b.Open(site+s.LoginLink(auth.Manager), width, 900)
			b.Click(".s-form .btn-primary")
			b.WaitFor(`location.pathname === "/"`)
			s.Write(func(ctx context.Context, tx *store.Tx) error {
				return auth.Edit(ctx, tx, s.Users[auth.Manager], auth.Change{Language: &lang})
			})
			look := func(name, address string) {
				b.Open(site+address, width, 900)
				b.Look(name + "-" + view.String())
			}
			look("profiles", "/imports/profiles")
			b.WaitText("Shop nachts")
			look("profile", fmt.Sprintf("/imports/profiles/%d/edit", id))
			b.WaitText("orders.csv")
			look("profile-new", "/imports/profiles/new")
			look("profile-file", "/imports/new?kind=orders&profile=Shop+nachts&map.customer=Wer")
			b.Upload("#f-files", file)
			b.Click(".s-form .btn-primary")
			b.WaitVisible("#try")
			if got := browsertest.Eval[string](b, `document.querySelector("#try input[name=profile]").value`); got != "Shop nachts" {
				t.Errorf("the profile is forgotten on the way: %q", got)
			}
		})
	}
}
