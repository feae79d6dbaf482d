// Package segments holds the pages on which people say which customers they mean: the list of segments, the builder in
// which a condition is put together while its sentence and its count change, and the page of one segment with its size,
// its customers and why each is in, its profile and its history.
package segments

import (
	"net/http"
	"strconv"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Path is the address of the list; Title the key of its name.
const (
	Path  = "/segments"
	Title = "segments.title"

	newPath    = Path + "/new"
	importPath = Path + "/import"
)

// Deps are what the pages need.
type Deps struct {
	Warehouse *warehouse.DB
	Fields    segment.Fields // what can be asked for
	Patience  time.Duration  // how long a page waits for figures; 0 is figure.Patience, warehouse.Forever is for tests
}

// Area is the pages about segments. Their entry of the menu stands below that of the customers.
func Area(d Deps) page.Area {
	get := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.ReadCustomers, Handle: handle}
	}
	form := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.WriteSegments, Handle: handle}
	}
	post := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: auth.WriteSegments, Handle: handle}
	}
	csv := func(r page.Route) page.Route { r.CSV = true; return r }
	upload := func(r page.Route) page.Route { r.Upload = true; return r }
	const one = Path + "/{id}"
	return page.Area{Routes: []page.Route{
		csv(get(Path, d.list)),
		form(newPath, d.begin),
		post(newPath, d.create),
		form(importPath, d.showImport),
		upload(post(importPath, d.importList)),
		csv(get(one, d.show)),
		form(one+"/edit", d.showEdit),
		post(one+"/edit", d.edit),
		post(one+"/freeze", d.freeze),
		post(one+"/change", d.change),
		post(one+"/undo", d.undo),
	}}
}

func pathOf(id int64) string { return Path + "/" + strconv.FormatInt(id, 10) }

// open reads all segments.
func (d Deps) open(r *page.Request, tx *store.Tx) (*segment.Book, error) {
	return segment.Open(r.Context(), tx, d.Fields)
}

// book reads all segments in a transaction of its own; more goes on in it.
func (d Deps) book(r *page.Request, more func(*store.Tx, *segment.Book) error) (b *segment.Book, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		if b, err = d.open(r, tx); err != nil || more == nil {
			return err
		}
		return more(tx, b)
	})
	return b, err
}

// one reads the segment of the address.
func (d Deps) one(r *page.Request, b *segment.Book) (*segment.Segment, error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	return b.Find(id)
}

// onForm keeps an error of a condition away from fields that the form does not have.
func onForm(err error, known ...string) error {
	f := fault.As(err)
	for _, name := range known {
		if f.Field == name {
			return err
		}
	}
	if f.Code == fault.Internal {
		return err
	}
	return f.On("")
}
