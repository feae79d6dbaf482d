package ui_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// berlin is the zone of the company in the gallery.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// sheet is one page of the gallery in one language.
type sheet struct {
	p  *i18n.Printer
	de bool
}

// w chooses between the German and the English words.
func (s sheet) w(german, english string) string {
	if s.de {
		return german
	}
	return english
}

// gallery serves every component with realistic content under
// /LANGUAGE/THEME/NAME, with the policy the real pages have.
func gallery(t testing.TB) *httptest.Server {
	t.Helper()
	zone := berlin(t)
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPath, ui.Assets())
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) {
		s := sheet{i18n.For("de", zone), true}
		show(t, w, r, ui.SearchResults(s.p, r.FormValue("q"), s.found(), "/search?all=1"))
	})
	mux.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		show(t, w, r, ui.Words("sent "+r.FormValue("name")))
	})
	mux.HandleFunc("GET /jobbar", func(w http.ResponseWriter, r *http.Request) {
		s := sheet{i18n.For("de", zone), true}
		show(t, w, r, ui.RunningJob(s.frame("", "")))
	})
	page := func(w http.ResponseWriter, r *http.Request, lang string) {
		s := sheet{i18n.For(lang, zone), lang == "de"}
		page, ok := s.pages()[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		frame := s.frame(r.PathValue("name"), r.PathValue("theme"))
		if page.plain {
			frame.User, frame.Menu = ui.User{}, nil
			show(t, w, r, around(ui.Plain(frame), page.content))
			return
		}
		frame.Flash = page.flash
		frame.Job = page.job
		show(t, w, r, around(ui.Page(frame), page.content))
	}
	mux.HandleFunc("GET /de/{theme}/{name}", func(w http.ResponseWriter, r *http.Request) { page(w, r, "de") })
	mux.HandleFunc("GET /en/{theme}/{name}", func(w http.ResponseWriter, r *http.Request) { page(w, r, "en") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func show(t testing.TB, w http.ResponseWriter, r *http.Request, c templ.Component) {
	w.Header().Set("Content-Security-Policy", ui.Policy)
	if err := ui.Render(r.Context(), w, http.StatusOK, c); err != nil {
		t.Error(err)
	}
}

// around puts content between the tags of a component, as a templ file does with
// braces.
func around(outer, content templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, content), w)
	})
}

type galleryPage struct {
	content templ.Component
	flash   *ui.Flash
	job     *ui.Job
	plain   bool
}

func (s sheet) frame(name, theme string) ui.Frame {
	chosen := map[string]ui.Theme{"light": ui.Light, "dark": ui.Dark}[theme]
	customers := strings.HasPrefix(name, "customer")
	insight := name == "cohorts" || name == "revenue" || name == "abc" || name == "insight"
	frame := ui.Frame{
		P: s.p, Title: s.w("Heute", "Today"), Company: "Rösterei Sonnleitner", Here: "/" + name,
		Theme: chosen,
		User:  ui.User{Name: "Miriam Kessler", Mail: "miriam.kessler@sonnleitner.example", Role: s.w("Verwaltung", "Administrator")},
		Links: ui.Links{Search: "/search", Profile: "/profile", Logout: "/logout", Language: "/language", Theme: "/theme"},
		Menu: []ui.MenuItem{
			{Label: s.w("Heute", "Today"), Href: "/today", Icon: "home", Active: name == "today", Count: "5"},
			{Label: s.w("Kunden", "Customers"), Href: "/customers", Icon: "users", Active: customers},
			{Label: s.w("Erkenntnisse", "Insight"), Href: "/insight", Icon: "chart-histogram", Active: insight, Items: []ui.MenuItem{
				{Label: s.w("Wiederkäufe", "Repeat purchases"), Href: "/insight/repeat"},
				{Label: s.w("Kohorten", "Cohorts"), Href: "/insight/cohorts", Active: name == "cohorts"},
				{Label: s.w("Umsatz", "Revenue"), Href: "/insight/revenue", Active: name == "revenue"},
				{Label: "ABC", Href: "/insight/abc", Active: name == "abc"},
			}},
			{Label: s.w("Verwaltung", "Admin"), Href: "/admin", Icon: "settings", Active: name == "import" || name == "job" || name == "form"},
		},
	}
	if name == "empty" { // the menu once every area exists
		frame.Menu = append(frame.Menu[:3:3],
			ui.MenuItem{Label: s.w("Aktionen", "Engage"), Href: "/engage", Icon: "send"},
			ui.MenuItem{Label: s.w("Treue", "Rewards"), Href: "/rewards", Icon: "gift"},
			ui.MenuItem{Label: "Service", Href: "/service", Icon: "headset"},
			ui.MenuItem{Label: s.w("Programm", "Programme"), Href: "/programme", Icon: "adjustments-horizontal"},
			ui.MenuItem{Label: s.w("Verwaltung", "Admin"), Href: "/admin", Icon: "settings"})
	}
	return frame
}

func (s sheet) found() []ui.FoundGroup {
	return []ui.FoundGroup{
		{Title: s.w("Kunden", "Customers"), Items: []ui.Found{
			{Title: "Anneliese Müller", Sub: "Graz · anneliese.mueller@example.at", Href: "/de/light/customer", Mark: "A"},
			{Title: "Café Müllerin GmbH", Sub: "München · 4 Personen", Href: "/de/light/customer", Mark: "B"},
		}},
		{Title: s.w("Seiten", "Pages"), Items: []ui.Found{{Title: s.w("Kohorten", "Cohorts"), Href: "/de/light/cohorts"}}},
	}
}
