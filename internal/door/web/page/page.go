// Package page is what a page of Stamm is to the web server: a route, a permission, a handler and a typed component, so
// that every area of the web page is a table one can read.
//
// An area (package web/customers, web/admin, …) exports one function that returns an Area: its entries of the menu and
// its routes. The server in package web joins the areas and does for each request what is the same everywhere: who is
// it, may they, which language, what does an error look like. A handler reads the Request, opens a transaction with
// Read or Write, and ends with one of Render, Fragment, Redirect, Refuse, SendCSV or an error:
//
//	func Area() page.Area {
//		return page.Area{
//			Menu: []page.Entry{{Text: "customers.title", Href: "/customers", Icon: "users", Permission: auth.ReadCustomers}},
//			Routes: []page.Route{
//				{Method: "GET", Pattern: "/customers", Permission: auth.ReadCustomers, Handle: list, CSV: true},
//				{Method: "GET", Pattern: "/customers/{id}", Permission: auth.ReadCustomers, Handle: show},
//				{Method: "POST", Pattern: "/customers/{id}/name", Permission: auth.WriteCustomers, Handle: rename},
//			},
//		}
//	}
//
//	func rename(r *page.Request) error {
//		id, err := r.PathID("id")
//		if err != nil {
//			return err
//		}
//		name := r.Text("name")
//		err = r.Write(func(tx *store.Tx) error { return customer.Rename(r.Context(), tx, id, name) })
//		if err != nil {
//			return r.Refuse(err, r.P.T("customers.rename"), func(errors ui.Errors) templ.Component { return renameForm(r.P, name, errors) })
//		}
//		return r.RedirectWith(fmt.Sprintf("/customers/%d", id), ui.Flash{Text: r.P.T("common.saved")})
//	}
//
// GET and HEAD never change anything.
package page

import (
	"time"

	"stamm/internal/record/auth"
)

// Area is a part of the web page: what stands in the menu and which addresses it answers.
type Area struct {
	Menu   []Entry
	Routes []Route
	Search string // address of the search box in the frame, "" when the area has none
	Jobs   []JobKind
}

// Entry is a line of the menu. Whoever lacks the permission does not see it.
type Entry struct {
	Text       string // key of its words in the catalogues
	Href       string
	Icon       string // name for ui.Icon
	Permission auth.Permission
	Pages      []Entry // shown below it while one is in the area
	Under      string  // beginning of further addresses that belong to it, "" for none
}

// Handler answers a request. What it returns as an error is shown by the server, by the error's code.
type Handler func(*Request) error

// Route is one row of the table of addresses.
type Route struct {
	Method     string // GET (HEAD included) or POST
	Pattern    string // path as http.ServeMux has it, without the method: "/customers/{id}"
	Permission auth.Permission
	Handle     Handler

	CSV    bool          // the list is also served at its address with .csv; Request.WantsCSV tells
	Upload bool          // takes files: the body is neither limited nor read before Handle
	Limit  time.Duration // longest time to answer, 15 seconds by default, without limit for uploads and CSV
}
