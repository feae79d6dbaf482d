// Package web serves the web page: it joins the areas into one table of routes and does for every request what is the
// same everywhere, so that a page only has to say what stands on it.
//
// In order: a number for the request and a line in the log without personal data, protection against panics, headers,
// the waiting page while the data is being prepared, static files, protection against requests from other sites, who
// is asking (one read of the database), and then the route with its permission. What a handler returns as an error
// becomes a page in one place (trouble.go).
package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Deps are what the server needs. DB and Areas are a must; everything else has a zero value that works.
type Deps struct {
	DB    *store.DB
	Areas []page.Area // in the order of the menu; the server adds signing in, the first start and the profile

	Address    string // how people reach the site, "https://stamm.example.com"; "" takes what each request says
	TrustProxy bool   // a proxy in front tells address and scheme of the caller in X-Forwarded-For and -Proto
	SetupCode  string // proves that somebody may make the first user; "" for nobody
	Hasher     *auth.Hasher
	Log        *slog.Logger

	// Beside are other doors under the same address, by path ("/api/"). They get the number, the line in the log, the
	// headers and the protection against panics, and 503 while the data is being prepared; the rest is theirs.
	Beside map[string]http.Handler
}

// Server is the web page. Make it with New; it waits with a friendly page until Ready is called.
type Server struct {
	deps     Deps
	log      *slog.Logger
	menu     []page.Entry
	search   string
	shown    map[string]bool // patterns of the pages there are
	jobs     map[string]page.JobKind
	routes   []page.Route
	table    *http.ServeMux
	handler  http.Handler
	sessions *scs.SessionManager
	hasher   *auth.Hasher
	waiting  atomic.Pointer[Waiting]
	hasUsers atomic.Bool // once there is a user there always is one
}

// New makes the server. Two areas with the same route panic, which shows in the first test.
func New(d Deps) *Server {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Hasher == nil {
		d.Hasher = auth.NewHasher()
	}
	s := &Server{deps: d, log: d.Log, hasher: d.Hasher, table: http.NewServeMux(), jobs: map[string]page.JobKind{}, shown: map[string]bool{}}
	s.deps.Address = strings.TrimSuffix(d.Address, "/")
	s.waiting.Store(&Waiting{})
	s.sessions = s.newSessions()
	for _, area := range append(d.Areas, s.entrance(), s.profile()) {
		s.menu = append(s.menu, area.Menu...)
		s.routes = append(s.routes, area.Routes...)
		if area.Search != "" {
			s.search = area.Search
		}
		for _, kind := range area.Jobs {
			s.jobs[kind.Kind] = kind
		}
	}
	for _, route := range s.routes {
		s.shown[route.Pattern] = s.shown[route.Pattern] || route.Method == http.MethodGet
		s.table.Handle(route.Method+" "+route.Pattern, s.serve(route))
	}
	s.handler = s.chain()
	return s
}

// Routes is the table of all addresses, in the order in which they were joined.
func (s *Server) Routes() []page.Route { return s.routes }

// JobKind is how jobs of a kind are called; one that no area has named has only its kind.
func (s *Server) JobKind(kind string) page.JobKind { return s.jobs[kind] }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// chain is what every request passes before its route, the outermost first.
func (s *Server) chain() http.Handler {
	open := http.NewServeMux()
	open.Handle("GET "+page.Health, quiet(page.Health, http.HandlerFunc(s.health)))
	open.Handle(ui.AssetPath, quiet(ui.AssetPath, ui.Assets()))
	open.Handle("GET /favicon.ico", quiet("/favicon.ico", http.HandlerFunc(favicon)))
	open.Handle("GET /robots.txt", quiet("/robots.txt", http.HandlerFunc(robots)))
	for path, door := range s.deps.Beside {
		open.Handle(path, named(path, s.whenReady(door, s.waitingProblem)))
	}

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(s.refuseOrigin))
	pages := zipped(origin.Handler(s.visitors(s.sessions.LoadAndSave(http.HandlerFunc(s.route)))))

	open.Handle("/", s.whenReady(pages, s.waitingPage))
	return s.observed(s.headers(open))
}

func favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, ui.AssetURL("favicon.svg"), http.StatusMovedPermanently)
}

func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, "User-agent: *\nDisallow: /\n")
}
