// Package today is the start page: what needs a person now, and how retention stands.
package today

import (
	"net/http"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Deps are what the page needs.
type Deps struct {
	Warehouse *warehouse.DB
	Patience  time.Duration // how long the page waits for figures; 0 is figure.Patience, warehouse.Forever is for tests
}

// Area is the entry of the menu and the pages.
func Area(d Deps) page.Area {
	return page.Area{
		Menu:   []page.Entry{{Text: "today.title", Href: "/", Icon: "home", Permission: auth.ReadReports}},
		Routes: Routes(d),
	}
}

// Routes are the addresses of the pages.
func Routes(d Deps) []page.Route {
	post := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: auth.WriteTasks, Handle: handle}
	}
	return []page.Route{
		{Method: http.MethodGet, Pattern: "/{$}", Permission: auth.ReadReports, Handle: d.show},
		{Method: http.MethodGet, Pattern: "/tasks", Permission: auth.WriteTasks, Handle: allTasks, CSV: true},
		post("/tasks/{id}/done", finish),
		post("/tasks/{id}/snooze", snooze),
		post("/tasks/{id}/owner", handOver),
		post("/tasks/{id}/reopen", reopen),
	}
}
