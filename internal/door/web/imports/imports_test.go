package imports_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/imports"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// shop is a site whose imports run.
type shop struct {
	*webtest.Site
	importer *connect.Importer
}

func open(t *testing.T) shop {
	t.Helper()
	db := storetest.Open(t, storetest.SQLite(t), store.Options{Log: slog.New(slog.DiscardHandler)})
	files, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	im := connect.New(db, files)
	runner := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler)})
	im.Register(runner)
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })
	return shop{webtest.New(t, db, around(), imports.Area(im)), im}
}

// around stands in for the pages that lead here and on.
func around() page.Area {
	show := func(title string) page.Handler {
		return func(r *page.Request) error { return r.Render(title, page.Text(title)) }
	}
	return page.Area{
		Menu: []page.Entry{{Text: "common.today", Href: "/", Icon: "home", Permission: auth.SignedIn}},
		Routes: []page.Route{
			{Method: "GET", Pattern: "/{$}", Permission: auth.SignedIn, Handle: show("Today")},
			{Method: "GET", Pattern: "/insight", Permission: auth.ReadReports, Handle: show("Insight")},
			{Method: "GET", Pattern: "/customers", Permission: auth.ReadCustomers, Handle: show("Customers")},
		},
	}
}

// keep puts a file where an upload would put it, and is its value in the address.
func (s shop) keep(t *testing.T, name, content string) (connect.File, string) {
	t.Helper()
	f, err := s.importer.Keep(context.Background(), name, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return f, fmt.Sprintf("%s:%d:%s", f.Ref, f.Size, f.Name)
}

// run imports a file to its end.
func (s shop) run(t *testing.T, kind sheet.Kind, f connect.File, o sheet.Options) int64 {
	t.Helper()
	ctx := context.Background()
	run, err := s.importer.Start(ctx, store.System(), connect.Request{Kind: kind, Files: []connect.File{f}, Options: o})
	if err != nil {
		t.Fatal(err)
	}
	jobs.Wait(ctx, s.DB, run.Job, nil) // how it ended is the run's
	return run.ID
}

const (
	orders = "Auftrag;Kunde;Datum;Betrag;Bemerkung\n1;K1;31.12.2010;1.234,56 €;=1+1\n2;K2;31.02.2011;10,00;<b>injected</b>\n"
	script = "<b>injected</b>.csv"
)

func TestEveryPageIsThereForItsRolesInBothLanguages(t *testing.T) {
	s := open(t)
	file, value := s.keep(t, script, orders)
	done := s.run(t, sheet.Orders, file, sheet.Options{})
	unclear, _ := s.keep(t, "b.csv", "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;1.234\n")
	failed := s.run(t, sheet.Orders, unclear, sheet.Options{})
	s.Walk(t, map[string]string{
		"/imports/new":                "/imports/new?" + url.Values{"kind": {"orders"}, "file": {value}}.Encode(),
		"/imports/{id}":               fmt.Sprintf("/imports/%d", done),
		"/imports/{id}/rows":          fmt.Sprintf("/imports/%d/rows", done),
		"/imports/{id}/new":           fmt.Sprintf("/imports/%d/new", done),
		"/imports/{id}/changed":       fmt.Sprintf("/imports/%d/changed", done),
		"/imports/{id}/kept":          fmt.Sprintf("/imports/%d/kept", done),
		"/imports/profiles/{id}/edit": fmt.Sprintf("/imports/profiles/%d/edit", s.profile(connect.Profile{Name: "<b>injected</b>", Kind: sheet.Orders, Source: "shop"})),
		"/login/{token}":              "", "/invitation/{token}": "", "/password/{token}": "", "/{$}": "", "/insight": "", "/customers": "",
	})
	for _, lang := range i18n.Languages() {
		client := s.As(auth.Manager).Speak(lang)
		for _, address := range []string{"/imports/new", fmt.Sprintf("/imports/%d", failed)} {
			got := client.Get(address)
			for _, problem := range webtest.Problems(got, lang) {
				t.Errorf("%s in %s: %s", address, lang, problem)
			}
		}
	}
	if got := s.As(auth.Viewer).Get("/imports/new"); got.Status != http.StatusForbidden {
		t.Errorf("a viewer may import: %d", got.Status)
	}
}

func TestAColumnIsReadAsItIsChosenAboveIt(t *testing.T) {
	s := open(t)
	_, value := s.keep(t, "a.csv", orders)
	c := s.As(auth.Manager).Speak("en")
	address := url.Values{"kind": {"orders"}, "file": {value}, "col.0": {"order"}, "col.1": {"customer"}, "col.2": {"date"}, "col.3": {""}, "col.4": {"description"}}
	got := c.Get("/imports/new?" + address.Encode())
	to, err := url.Parse(got.Location)
	if err != nil || got.Status != http.StatusSeeOther {
		t.Fatalf("status %d to %q", got.Status, got.Location)
	}
	q := to.Query()
	if q.Get("map.description") != "Bemerkung" || !q.Has("map.amount") || q.Get("map.amount") != "" || q.Has("map.order") || q.Has("col.0") {
		t.Errorf("what was chosen differently from the guess: %v", q)
	}
	if got := c.Get(got.Location); got.Status != http.StatusOK || !strings.Contains(got.Body, `<option value="description" selected>`) {
		t.Errorf("the choice is not shown: %d", got.Status)
	}
}

func TestAWrongUploadIsToldAndKeepsWhatWasChosen(t *testing.T) {
	s := open(t)
	c := s.As(auth.Manager).Speak("en")
	for name, want := range map[string]struct{ content, words string }{
		"no file":   {"", i18n.For("en", nil).T("import.no_files")},
		"a picture": {"\x89PNG\r\n\x1a\n\x00\x00", "is not a table"},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		if err := w.WriteField("kind", "customers"); err != nil {
			t.Fatal(err)
		}
		if want.content != "" {
			part, err := w.CreateFormFile("files", "picture.csv")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(part, want.content); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/imports/new", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		got := c.Do(r)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, want.words) || !strings.Contains(got.Body, `<option value="customers" selected>`) {
			t.Errorf("%s: status %d %s", name, got.Status, webtest.Words(got.Body))
		}
	}
}

func TestAnArchiveThatBlowsUpInItsFirstRowsIsToldOnThePage(t *testing.T) {
	s := open(t)
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.Create("orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "order,customer,date,amount")
	zeros := bytes.Repeat([]byte("0"), 1<<20)
	for range 40 {
		f.Write(zeros)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("files", "orders.zip")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(packed.Bytes())
	w.Close()
	r := httptest.NewRequest(http.MethodPost, "/imports/new", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	c := s.As(auth.Manager).Speak("en")
	got := c.Do(r)
	if got.Location != "" {
		got = c.Get(got.Location)
	}
	if got.Status >= 500 || !strings.Contains(webtest.Words(got.Body), "orders.csv") {
		t.Errorf("status %d: %s", got.Status, webtest.Words(got.Body))
	}
}

// data is a file of real data; the test is skipped where it is missing.
func data(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("STAMM_DATA")
	for dir := "."; folder == ""; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "shared", "data")); err == nil {
			folder = filepath.Join(dir, "shared", "data")
		} else if abs, _ := filepath.Abs(dir); abs == "/" {
			t.Skipf("real data: no shared/data/%s", name)
		}
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("real data: no %s", name)
	}
	return path
}

func TestATrialRunTellsWhatWouldHappen(t *testing.T) {
	s := open(t)
	_, value := s.keep(t, "a.csv", orders)
	c := s.As(auth.Manager).Speak("en")
	form := url.Values{"kind": {"orders"}, "file": {value}}
	got := c.Post("/imports/try", form)
	if got.Status != http.StatusSeeOther {
		t.Fatalf("status %d: %s", got.Status, webtest.Words(got.Body))
	}
	to, err := url.Parse(got.Location)
	if err != nil {
		t.Fatal(err)
	}
	job, err := strconv.ParseInt(to.Query().Get("try"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Wait(context.Background(), s.DB, job, nil); err != nil {
		t.Fatal(err)
	}
	got = c.Get(got.Location)
	if got.Status != http.StatusOK || !strings.Contains(webtest.Words(got.Body), i18n.For("en", nil).N("imports.counted", 2)) {
		t.Errorf("status %d: %s", got.Status, webtest.Words(got.Body))
	}
}
