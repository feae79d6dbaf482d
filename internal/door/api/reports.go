package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Reports computes reports.
type Reports interface {
	// Report computes r on what was so when the call began; it is unavailable where that takes too long to be known.
	// Nobody may change the result.
	Report(ctx context.Context, r *report.Report, p report.Params) (*report.Result, error)
}

// ReportsOf computes reports on a warehouse that follows db. A report asked again while nothing has changed comes at
// once.
func ReportsOf(house *warehouse.DB, db *store.DB) Reports { return warehouseReports{house, db} }

type warehouseReports struct {
	house *warehouse.DB
	db    *store.DB
}

func (w warehouseReports) Report(ctx context.Context, r *report.Report, p report.Params) (*report.Result, error) {
	if err := w.house.Reach(ctx, w.db); err != nil {
		return nil, err
	}
	if p.Customers { // as long as the list of all customers: not kept
		var res *report.Result
		err := w.house.View(ctx, func(v *warehouse.View) (err error) {
			res, err = r.Run(ctx, v, p)
			return err
		})
		return res, err
	}
	key := fmt.Sprintf("api report %s %+v", r.Name, p)
	kept, err := warehouse.Cached(ctx, w.house, key, warehouse.Forever, func(ctx context.Context, v *warehouse.View) (*report.Result, error) {
		return r.Run(ctx, v, p)
	})
	return kept.Value, err
}

// ReportEntry is a report in the list of reports.
type ReportEntry struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Question  string   `json:"question"`
	Unit      string   `json:"unit"`
	Basis     bool     `json:"basis"`
	By        []string `json:"by,omitempty" nullable:"false"`
	Customers bool     `json:"customers"`
}

func (s *server) addReports() {
	const tag = "reports"
	add(s, route{id: "list_reports", method: http.MethodGet, path: "/reports", tag: tag, scope: auth.ReadReports}, s.listReports)
	add(s, route{id: "get_report", method: http.MethodGet, path: "/reports/{name}", tag: tag, scope: auth.ReadReports}, s.getReport)
}

func (s *server) listReports(ctx context.Context, c *call, _ *struct{}) (Page[ReportEntry], error) {
	p := c.printer(ctx)
	page := Page[ReportEntry]{Items: []ReportEntry{}}
	for _, r := range report.All() {
		page.Items = append(page.Items, ReportEntry{Name: r.Name, Title: r.Title(p), Question: r.Question(p), Unit: r.Unit.String(), Basis: r.Basis,
			By: r.By, Customers: r.List})
	}
	return page, nil
}

type reportQuery struct {
	Name      string `path:"name"`
	AsOf      string `query:"as_of" format:"date"`
	Basis     string `query:"basis" enum:"net,gross" default:"net"`
	By        string `query:"by" enum:"product,category"`
	Customers bool   `query:"customers"`
	Kind      string `query:"kind" enum:"person,company"`
	Country   string `query:"country"`
	Region    string `query:"region"`
}

func (s *server) getReport(ctx context.Context, c *call, in *reportQuery) (func(huma.Context), error) {
	r, err := report.Find(in.Name)
	if err != nil {
		return nil, err
	}
	p, err := s.reportParams(ctx, r, in)
	if err != nil {
		return nil, err
	}
	res, err := s.reports.Report(ctx, r, p)
	if err != nil {
		return nil, err
	}
	return func(to huma.Context) {
		to.SetHeader("Content-Type", "application/json")
		if err := res.WriteJSON(to.BodyWriter()); err != nil {
			s.log.Debug("a report did not arrive", "request", c.id, "error", err)
		}
	}, nil
}

func (s *server) reportParams(ctx context.Context, r *report.Report, in *reportQuery) (p report.Params, err error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return p, err
	}
	p = report.Params{AsOf: clock.DayOf(s.db.Now(), settings.zone), By: in.By, Customers: in.Customers && r.List, Kind: in.Kind, Country: in.Country, Region: in.Region}
	if in.AsOf != "" {
		if p.AsOf, err = clock.ParseDay(in.AsOf); err != nil {
			return p, fault.As(err).On("as_of")
		}
	}
	p.Basis, err = report.ParseBasis(in.Basis)
	return p, err
}
