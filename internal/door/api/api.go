// Package api is for programs that bring data to Stamm and take figures from it: shops, tills, warehouses of data.
//
// Everything lies below /api/v1 and is described by an OpenAPI document made from the types of this package. Every write
// is idempotent by the permanent key that the sender chose (source and external id), so a program may send again whatever
// it is not sure about. A batch is one transaction, all or nothing. A route is one entry with the scope a key needs for
// it; what goes wrong leaves as problem+json (RFC 9457) in the language of the caller, with the places of the mistakes.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// Base is the path that all addresses of the API begin with.
const Base = "/api/v1"

// Deps is what the API is made of. Without Reports, Imports or Segments it has no routes for them.
type Deps struct {
	Store    *store.DB
	Reports  Reports // ReportsOf(…)
	Imports  Imports // *connect.Importer
	Segments *Segments
	Log      *slog.Logger // slog.Default by default
	Version  string       // of the program, shown in the OpenAPI document

	TrustProxy bool // a proxy in front names the caller in X-Forwarded-For
}

// server answers requests.
type server struct {
	db       *store.DB
	log      *slog.Logger
	keys     *keyring
	company  *recent[settings]
	sources  *recent[map[string]customer.Source]
	mux      *http.ServeMux
	reports  Reports
	imports  Imports
	segments *Segments
	proxy    bool
	huma     huma.API
	routes   map[string]route // by the pattern of the mux
	order    []route          // as they are described
}

// New makes the handler of everything below Base.
func New(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &server{db: d.Store, log: d.Log, keys: newKeyring(d.Store, d.Log), company: &recent[settings]{db: d.Store, read: readSettings},
		sources: &recent[map[string]customer.Source]{db: d.Store, read: readSources},
		reports: d.Reports, imports: d.Imports, segments: d.Segments, proxy: d.TrustProxy, mux: http.NewServeMux(), routes: map[string]route{}}
	s.huma = humago.NewWithPrefix(s.mux, Base, s.config(d.Version))
	s.addCustomers()
	s.addScores()
	s.addForecast()
	s.addRates()
	s.addSuppressions()
	s.addProducts()
	s.addDocuments()
	s.addEvents()
	s.addCoupons()
	s.addMessages()
	s.addCampaigns()
	if d.Reports != nil {
		s.addReports()
	}
	if d.Segments != nil {
		s.addSegments()
	}
	if d.Imports != nil {
		s.addImports()
	}
	s.addDescription()
	return s
}

// route is one address of the API and what it needs.
type route struct {
	id     string          // of the operation; its texts are api.op.ID.title and .text
	method string          // GET also answers HEAD
	path   string          // below Base
	tag    string          // the group it is described in
	scope  auth.Permission // what the key must be allowed
	body   reflect.Type    // what is sent as JSON, nil for nothing
	limit  int64           // bytes of the body, maxBody by default
	form   reflect.Type    // what is sent as a form with files, which the handler reads itself
	status int             // of an answer without errors, 200 by default
}

func (r route) pattern() string { return r.method + " " + Base + r.path }

// maxBody is how large the body of one record may be; maxBatchBody that of a batch.
const (
	maxBody      = 1 << 20
	maxBatchBody = 16 << 20
)

// out is the output of an operation as huma wants it.
type out[T any] struct{ Body T }

// add registers a route with its handler.
func add[I, O any](s *server, r route, fn func(context.Context, *call, *I) (O, error)) {
	if r.limit == 0 {
		r.limit = maxBody
	}
	s.routes[r.pattern()], s.order = r, append(s.order, r)
	huma.Register(s.huma, r.operation(), func(ctx context.Context, in *I) (*out[O], error) {
		c := ctx.Value(callKey{}).(*call)
		o, err := fn(ctx, c, in)
		if err != nil {
			return nil, c.refuse(s.problem(c, err))
		}
		return &out[O]{o}, nil
	})
}

// call is one request on its way through the API.
type call struct {
	id      string // of the request, for the log and the caller
	route   route
	key     *auth.Key
	body    []byte
	request *http.Request
	problem *Problem // what went wrong, once something did
	lang    string   // Accept-Language as sent
	s       *server
}

type callKey struct{}

// actor is who writes what the request brings.
func (c *call) actor() store.Actor { return store.Actor{Kind: "api", ID: c.key.ID} }

// printer writes in the language of the caller, or that of the company where the caller does not say.
func (c *call) printer(ctx context.Context) *i18n.Printer {
	settings, err := c.s.company.get(ctx)
	lang := settings.Language
	if err != nil {
		lang = i18n.Languages()[0]
	}
	if c.lang != "" {
		lang = i18n.Match(c.lang)
	}
	return i18n.For(lang, settings.zone)
}

// ServeHTTP answers a request: it finds the route, asks for the key and reads the body before huma and the handler see it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	c := &call{id: h.Get("X-Request-Id"), request: r, lang: r.Header.Get("Accept-Language"), s: s}
	if c.id == "" { // no server in front has given it a number
		c.id = strconv.FormatUint(rand.Uint64(), 36)
		h.Set("X-Request-Id", c.id)
	}
	defer s.recover(w, r, c)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if err := s.serve(w, r, c); err != nil {
		s.fail(w, r, c, err)
	}
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, c *call) error {
	unmatched, pattern := s.mux.Handler(r)
	if pattern == "" {
		return refusal(w, r, unmatched)
	}
	route, ok := s.routes[pattern]
	if !ok { // the description, open to everybody
		s.mux.ServeHTTP(w, r)
		return nil
	}
	c.route = route
	var err error
	if c.key, err = s.keys.find(r.Context(), r.Header.Get("Authorization"), s.sender(r)); err != nil {
		return err
	}
	if !c.key.Can(route.scope) {
		return fault.New(fault.Forbidden, "api.scope", "scope", string(route.scope))
	}
	if route.form != nil { // may take as long as it is large
		control := http.NewResponseController(w)
		if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if route.body != nil {
		body, err := readBody(w, r, route.limit)
		if err != nil {
			return err
		}
		defer body.free()
		c.body = body.Bytes()
	}
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	return nil
}

// sender is the address of who calls.
func (s *server) sender(r *http.Request) string {
	if s.proxy {
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(list[len(list)-1]); last != "" {
			return last
		}
	}
	return r.RemoteAddr
}

// refusal tells apart an address that does not exist from a method it does not have.
func refusal(w http.ResponseWriter, r *http.Request, h http.Handler) error {
	probe := probe{header: http.Header{}}
	h.ServeHTTP(&probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allowed := probe.header.Get("Allow")
		w.Header().Set("Allow", allowed)
		return fault.New(fault.NotFound, keyMethod, "methods", allowed)
	}
	return fault.New(fault.NotFound, "api.no_route")
}

// probe takes an answer that nobody gets.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

// recover answers a request whose handler panicked.
func (s *server) recover(w http.ResponseWriter, r *http.Request, c *call) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.fail(w, r, c, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// smallBatch is how many records share a commit with the small writes of others; more go the way of mass data.
const smallBatch = 20

// write runs fn, which writes that many records, in a transaction. Another program that writes the same key at the same
// moment makes it run again.
func (c *call) write(ctx context.Context, records int, fn func(*store.Tx) error) error {
	lane := c.s.db.Write
	if records > smallBatch {
		lane = c.s.db.Bulk
	}
	var err error
	for range 5 {
		if err = lane(ctx, c.actor(), fn); !store.IsUnique(err) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "errors.database_busy").Because(err)
}

// bodyTimeout is how long a caller may take to send a body of JSON.
const bodyTimeout = 30 * time.Second
