// Package outlook shows what is foreseen: how many customers stay, what is at risk, what to expect, how far the models can be
// trusted and what they cannot see; the customers behind each number; and the worklist of those worth a call.
//
// What is said of all customers together comes from the newest model card, what is said of one from her score, both in the store.
// Lists are put in order by the warehouse.
package outlook

import (
	"net/http"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// The addresses of the pages. The menu entries stand with the reports, in package insight.
const (
	path          = "/insight/outlook"
	customersPath = path + "/customers"
	worklistPath  = "/insight/worklist"
)

// Deps are what the pages need.
type Deps struct {
	Warehouse *warehouse.DB
	Patience  time.Duration // how long the page without scores waits to learn whether there are purchases; 0 is figure.Patience
}

// Area is the pages.
func Area(d Deps) page.Area {
	return page.Area{
		Routes: Routes(d),
		Jobs:   []page.JobKind{{Kind: predict.JobScore, Text: "outlook.job"}},
	}
}

// Routes are the addresses of the pages.
func Routes(d Deps) []page.Route {
	return []page.Route{
		{Method: http.MethodGet, Pattern: path, Permission: auth.ReadReports, Handle: d.show, CSV: true},
		{Method: http.MethodGet, Pattern: customersPath, Permission: auth.ReadReports, Handle: d.customers, CSV: true},
		{Method: http.MethodGet, Pattern: worklistPath, Permission: auth.WriteTasks, Handle: worklist, CSV: true},
		{Method: http.MethodPost, Pattern: path + "/score", Permission: auth.WriteJobs, Handle: scoreNow},
	}
}
