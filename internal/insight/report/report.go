package report

import (
	"context"
	"database/sql"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

// Querier is a warehouse that can be asked. One report asks several questions; for figures that fit each other they should see
// the same state, so pass one transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Basis says whether returns are taken off.
type Basis string

const (
	Net   Basis = "net"   // after returns; the default
	Gross Basis = "gross" // as sold
)

// ParseBasis reads "net", "gross" or "" (net). Anything else is an Invalid fault.
func ParseBasis(s string) (Basis, error) {
	switch b := Basis(s); b {
	case Net, Gross:
		return b, nil
	case "":
		return Net, nil
	}
	return "", fault.New(fault.Invalid, "report.error.basis", "text", s).On("basis")
}

// Params are the questions a reader can vary. Reports ignore what does not concern them; Report says what does.
type Params struct {
	AsOf      clock.Day // last local day included
	Basis     Basis     // "" is Net
	Customers bool      // rfm: also list every customer, which takes long and much room with many
	By        string    // products: "product" (default) or "category"

	// Only customers of this kind, country or region; "" is all. Figures of the company (anonymous orders, revenue of
	// the company) do not follow it.
	Kind, Country, Region string
}

// Report is one entry of the list of reports.
type Report struct {
	Name  string // as in addresses, on the command line and in keys of the catalogue
	Unit  Kind   // of the headline figure
	Basis bool   // whether Params.Basis matters
	By    []string
	List  bool // whether Params.Customers matters

	// Strangers says that behind its figures may stand customers who, as of the day, have bought nothing.
	Strangers bool

	run func(context.Context, *session) (*Result, error)
	who func(context.Context, *session, string, []string) (string, error)
}

// Title returns the name people read.
func (r *Report) Title(p *i18n.Printer) string { return p.T("report." + r.Name + ".title") }

// Question returns the question the report answers, for overviews.
func (r *Report) Question(p *i18n.Printer) string { return p.T("report." + r.Name + ".question") }

// All returns the reports in the order of the overview. The slice belongs to the caller.
func All() []*Report {
	return []*Report{
		{Name: "totals", Unit: Count, Basis: true, run: totals, who: everybody},
		{Name: "revenue", Unit: Money, Basis: true, run: revenue, who: revenueWho},
		{Name: "repeat_purchase_rate", Unit: Share, Basis: true, run: repeatPurchaseRate, who: repeatWho},
		{Name: "second_purchase_within", Unit: Share, Basis: true, run: secondPurchase, who: secondWho},
		{Name: "monthly", Unit: Share, Basis: true, run: monthly, who: monthlyWho},
		{Name: "period_retention", Unit: Share, Basis: true, run: periodRetention, who: periodWho},
		{Name: "cohorts", Unit: Share, Basis: true, run: cohorts, who: cohortsWho},
		{Name: "buying_rate", Unit: Decimal, Basis: true, run: buyingRate, who: buyingWho},
		{Name: "purchase_frequency", Unit: Decimal, Basis: true, run: purchaseFrequency, who: frequencyWho},
		{Name: "average_order_value", Unit: Money, Basis: true, run: averageOrderValue, who: everybody},
		{Name: "interpurchase", Unit: Days, Basis: true, run: interpurchase, who: interpurchaseWho},
		{Name: "inactivity", Unit: Days, Basis: true, run: inactivity, who: inactivityWho},
		{Name: "rfm", Unit: Count, Basis: true, List: true, run: rfm, who: rfmWho},
		{Name: "abc", Unit: Money, Basis: true, run: abc, who: abcWho},
		{Name: "historic_clv", Unit: Money, Basis: true, run: historicCLV, who: historicWho},
		{Name: "products", Unit: Share, Basis: true, By: []string{"product", "category"}, run: products, who: productsWho},
		{Name: "sector_churn", Unit: Share, Basis: true, run: sectorChurn, who: sectorWho},
		{Name: "refunds", Unit: Money, Strangers: true, run: refunds, who: refundsWho},
		{Name: "data_quality", Unit: Count, Strangers: true, run: dataQuality, who: qualityWho},
	}
}

// Find returns the report of that name, or a NotFound fault.
func Find(name string) (*Report, error) {
	all := All()
	i := slices.IndexFunc(all, func(r *Report) bool { return r.Name == name })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "report.error.name", "name", name).On("name")
	}
	return all[i], nil
}

// Run computes the report.
func (r *Report) Run(ctx context.Context, q Querier, p Params) (*Result, error) {
	s, err := newSession(ctx, q, p)
	if err != nil {
		return nil, err
	}
	res, err := r.run(ctx, s)
	if err != nil {
		return nil, err
	}
	res.Report, res.Params, res.Currency = r, s.Params, s.currency
	res.From, res.SQL = s.first, *s.asked
	return res, nil
}

// Comparison is the same report as of an earlier day.
type Comparison struct {
	YearAgo bool // else the ninety days before
	*Result
}

// Compare computes the report as of a year earlier, or ninety days earlier where the purchases do not reach back a year. It is
// nil where there is nothing to compare with.
func (r *Report) Compare(ctx context.Context, q Querier, p Params) (*Comparison, error) {
	s, err := newSession(ctx, q, p)
	if err != nil || s.first == nil {
		return nil, err
	}
	c := Comparison{YearAgo: true}
	before := s.Params
	if before.AsOf = p.AsOf.AddMonths(-12); before.AsOf < *s.first {
		c.YearAgo, before.AsOf = false, p.AsOf.AddDays(-90)
	}
	if before.AsOf < *s.first {
		return nil, nil
	}
	c.Result, err = r.Run(ctx, q, before)
	if err != nil {
		return nil, err
	}
	return &c, nil
}
