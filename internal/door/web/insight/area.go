// Package insight shows the reports: what they say today, the figures with their explanation, and the customers behind
// each of them.
package insight

import (
	"net/http"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Deps are what the pages need.
type Deps struct {
	Warehouse *warehouse.DB
	Patience  time.Duration // how long a page waits for figures; 0 is figure.Patience, warehouse.Forever is for tests
}

// Area is the entry of the menu and the pages.
func Area(d Deps) page.Area {
	return page.Area{
		Menu: []page.Entry{{Text: "insight.title", Href: "/insight", Icon: "chart-histogram", Permission: auth.ReadReports, Pages: []page.Entry{
			{Text: "insight.reports", Href: "/insight", Permission: auth.ReadReports},
			{Text: "outlook.title", Href: "/insight/outlook", Permission: auth.ReadReports},
			{Text: "outlook.worklist.title", Href: "/insight/worklist", Permission: auth.WriteTasks},
		}}},
		Routes: Routes(d),
	}
}

// Routes are the addresses of the pages.
func Routes(d Deps) []page.Route {
	get := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.ReadReports, Handle: handle, CSV: true}
	}
	return []page.Route{
		get("/insight", d.overview),
		get("/insight/{name}", d.show),
		get("/insight/{name}/customers", d.customers),
	}
}
