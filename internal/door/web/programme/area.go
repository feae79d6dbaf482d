// Package programme shows what the company does to keep its customers and what each measure brought: all measures side by side with
// cost, effect and verdict, the proof of one with everything it rests on, the planner that says how small an effect can be seen, and
// the year with its budget.
package programme

import (
	"net/http"
	"strconv"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Path is the address of the list of measures.
const Path = "/programme"

const (
	planPath  = Path + "/plan"
	yearPath  = Path + "/year"
	sharePath = Path + "/share"
)

// Deps are what the pages need.
type Deps struct {
	Warehouse *warehouse.DB
	Fields    segment.Fields // what conditions can ask for, for the audiences of the planner
	Patience  time.Duration  // how long a page waits for figures; 0 is figure.Patience, warehouse.Forever is for tests
}

// Area is the pages about the programme.
func Area(d Deps) page.Area {
	get := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: auth.ReadReports, Handle: handle, CSV: true}
	}
	post := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: auth.WriteSegments, Handle: handle}
	}
	plan := get(planPath, d.plan)
	plan.CSV = false
	people := get(Path+"/{id}/customers", d.customers)
	people.Permission = auth.ReadCustomers
	return page.Area{
		Menu: []page.Entry{{Text: "programme.title", Href: Path, Icon: "coin", Permission: auth.ReadReports}},
		Routes: []page.Route{
			get(Path, d.list), plan, get(Path+"/{id}", d.show), people,
			post(yearPath, d.saveYear), post(sharePath, d.saveShare), post(Path+"/{id}/learned", d.saveLearned), post(Path+"/{id}/cost", d.bookCost),
		},
	}
}

// Address is the page of a measure.
func Address(measure int64) string { return Path + "/" + strconv.FormatInt(measure, 10) }

// book is what the store says about the programme.
type book struct {
	measures []*program.Measure
	spent    map[int64]program.Spending
	rules    program.Rules
	year     program.Year
}

func readBook(r *page.Request, year int) (b book, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		if b.measures, err = program.All(r.Context(), tx); err != nil {
			return err
		}
		if b.spent, err = program.Spent(r.Context(), tx); err != nil {
			return err
		}
		if b.rules, err = program.LoadRules(r.Context(), tx); err != nil {
			return err
		}
		b.year, err = program.LoadYear(r.Context(), tx, year)
		return err
	})
	return b, err
}

func basis(r *page.Request) program.Basis {
	return program.Basis{AsOf: r.Today(), Margin: r.Company.Margin}
}
