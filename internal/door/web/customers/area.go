// Package customers holds the pages about the people and companies one sells to: the list one searches, the page of one
// customer with everything that is known and open, the forms that change it, and the documents and products behind it.
//
// Whatever is asked about one customer or one page of a list comes from the store by key; whatever is counted or summed
// comes from the warehouse. Where the warehouse cannot answer, the pages stand without figures.
package customers

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/action/privacy"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/insight/report"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// The addresses of the pages.
const (
	listPath     = "/customers"
	newPath      = "/customers/new"
	searchPath   = "/search"
	productsPath = "/products"
)

// Deps are what the pages need. What is nil leaves its part of the pages out.
type Deps struct {
	Warehouse *warehouse.DB
	Patience  time.Duration // how long a page waits for figures; 0 is figure.Patience, warehouse.Forever is for tests
	// Report is a report as of a day, as remembered as the insight pages have it: nobody waits long for it. From rfm and
	// abc come the thresholds by which a customer is scored.
	Report func(ctx context.Context, name string, p report.Params) (*report.Result, error)
	// Segments tells on a customer's page in which segments she is; nothing to tell is nil. Pages are those of the menu
	// that other areas have below the customers.
	Segments func(r *page.Request, customer int64) (templ.Component, error)
	// Said are messages of hers for the timeline, newest first, behind the one numbered before of that time, 0 for the newest; nil leaves
	// them out.
	Said func(r *page.Request, tx *store.Tx, customer int64, at time.Time, before int64, limit int) ([]Said, error)
	// Messages tells there what was said to her lately and what was not; nothing to tell is nil.
	Messages func(r *page.Request, customer int64) (templ.Component, error)
	Pages    []page.Entry
	// Consent tells on a customer's page what she agreed to.
	Consent func(r *page.Request, customer int64) (templ.Component, error)
}

// pages are the handlers.
type pages struct{ Deps }

// Area is the pages about customers.
func Area(d Deps) page.Area {
	return page.Area{
		Menu: []page.Entry{{Text: "common.customers", Href: listPath, Icon: "users", Permission: auth.ReadCustomers, Pages: append(append([]page.Entry{
			{Text: "common.customers", Href: listPath, Permission: auth.ReadCustomers}}, d.Pages...),
			page.Entry{Text: "customers.product.title", Href: productsPath, Permission: auth.ReadDocuments},
		), Under: figure.AnonymousPath}},
		Routes: Routes(d),
		Search: searchPath,
		Jobs:   []page.JobKind{{Kind: privacy.CompactJob, Text: "customers.erase.compact"}},
	}
}

// Routes is the table of the addresses.
func Routes(d Deps) []page.Route {
	p := pages{d}
	get := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.ReadCustomers, Handle: handle}
	}
	form := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.WriteCustomers, Handle: handle}
	}
	post := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: auth.WriteCustomers, Handle: handle}
	}
	documents := func(r page.Route) page.Route { r.Permission = auth.ReadDocuments; return r }
	erasing := func(r page.Route) page.Route { r.Permission = auth.EraseCustomers; return r }
	csv := func(r page.Route) page.Route { r.CSV = true; return r }

	const one = "/customers/{id}"
	routes := []page.Route{
		csv(get(listPath, p.list)),
		get(searchPath, search),
		form(newPath, showNew),
		post(newPath, create),

		get(one, p.overview),
		documents(csv(get(one+"/documents", p.documents))),
		csv(get(one+"/figures", p.figures)),
		get(one+"/data", p.data),

		form(one+"/edit", showEdit),
		post(one+"/edit", edit),
		form(one+"/tags", showTags),
		post(one+"/tags", editTags),
		form(one+"/note", showNote),
		post(one+"/note", addNote),
		post(one+"/note/{row}/remove", removeNote),
		post(one+"/undo", undo),
		erasing(form(one+"/erase", showErase)),
		erasing(post(one+"/erase", erase)),

		documents(csv(get(figure.AnonymousPath, anonymous))),
		documents(get("/documents/{id}", showDocument)),
		documents(csv(get(productsPath, products))),
		documents(csv(get(productsPath+"/{id}", p.product))),
	}
	for _, k := range parts() {
		routes = append(routes,
			form(one+"/"+k.name+"/new", k.show),
			post(one+"/"+k.name+"/new", k.change),
			form(one+"/"+k.name+"/{row}", k.show),
			post(one+"/"+k.name+"/{row}", k.change),
			post(one+"/"+k.name+"/{row}/remove", k.removed),
		)
	}
	return routes
}
