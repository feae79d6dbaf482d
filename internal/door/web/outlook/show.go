package outlook

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// view is the outlook for one reader.
type view struct {
	predict.Outlook
	pen
}

func (d Deps) show(r *page.Request) error {
	var o predict.Outlook
	var known, busy bool
	var missing []string
	err := r.Read(func(tx *store.Tx) (err error) {
		if o, known, err = predict.Newest(r.Context(), tx); err != nil {
			return err
		}
		if missing, err = figure.LeftOut(r, tx); err != nil || known {
			return err
		}
		busy, err = scoring(r, tx)
		return err
	})
	if err != nil {
		return err
	}
	v := view{o, pen{r.P, o.Currency}}
	if r.CSVWanted {
		return v.csv(r)
	}
	if !known || o.Customers == 0 {
		nothing, err := d.empty(r, known, busy)
		if err != nil || nothing {
			return err
		}
	}
	return r.Render(r.P.T("outlook.title"), v.page(r, missing))
}

// scoring tells whether everybody is being scored, or will be in a moment.
func scoring(r *page.Request, tx *store.Tx) (bool, error) {
	newest, err := jobs.List(r.Context(), tx, jobs.Filter{Kind: predict.JobScore, Limit: 1})
	return len(newest) > 0 && !newest[0].State.Over(), err
}

// empty teaches the first step: orders first, then a scoring. It shows nothing where there are purchases and a scoring of them, though of
// nobody, as after returns of everything.
func (d Deps) empty(r *page.Request, known, busy bool) (shown bool, err error) {
	from := figure.From(d.Warehouse, d.Patience, path)
	extent, err := figure.ExtentOf(r.Context(), from)
	if err != nil {
		return false, err
	}
	head := ui.PageHeader(r.P, ui.Header{Title: r.P.T("outlook.title"), Lead: ui.Plainly(r.P.T("outlook.question"))})
	if extent.Last == nil && extent.Days == 0 {
		e, err := figure.Empty(r)
		if err != nil {
			return false, err
		}
		return true, r.Render(r.P.T("outlook.title"), ui.All(head, ui.EmptyState(e)))
	}
	if known {
		return false, nil
	}
	return true, d.unscored(r, head, busy)
}

// unscored is the page before the first scoring.
func (d Deps) unscored(r *page.Request, head templ.Component, busy bool) error {
	e := ui.Empty{Icon: "clock", Title: r.P.T("outlook.empty.title"), Text: r.P.T("outlook.empty.text")}
	switch {
	case busy:
		e.Text = r.P.T("outlook.empty.busy")
		return r.Render(r.P.T("outlook.title"), ui.All(head, ui.EmptyState(e), ui.AsOfLine(r.P, ui.AsOf{Stale: true, Reload: path})))
	case !r.Can(auth.WriteJobs):
		e.Text += " " + r.P.T("outlook.empty.ask")
		return r.Render(r.P.T("outlook.title"), ui.All(head, ui.EmptyState(e)))
	}
	return r.Render(r.P.T("outlook.title"), ui.All(head, ui.EmptyState(e), firstStep(r)))
}

// scoreNow queues the job that scores everybody and shows it.
func scoreNow(r *page.Request) error {
	var job int64
	err := r.Write(func(tx *store.Tx) (err error) {
		job, err = predict.Start(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	return r.RedirectWith(page.JobLink(job), ui.Flash{Text: r.P.T("outlook.started")})
}

// page is the whole outlook, the most important first; missing is what it does not know of for lack of exchange rates.
func (v view) page(r *page.Request, missing []string) templ.Component {
	parts := []templ.Component{ui.PageHeader(v.p, ui.Header{Title: v.p.T("outlook.title"), Lead: v.lead(), Actions: tools(r)})}
	tiles := ui.Tiles(v.p, v.tiles())
	words := missing
	for _, n := range v.Notes {
		words = append(words, n.Words(v.p))
	}
	switch old := past(r, v.AsOf); {
	case old != "": // has to be read before any number
		parts = append(parts, warned(v.p, append([]string{old}, words...)...), tiles)
	case len(words) > 0:
		parts = append(parts, tiles, warned(v.p, words...))
	default:
		parts = append(parts, tiles)
	}
	parts = append(parts, ui.TwoThirds(v.salesCard(), v.stayCard()), v.bandsCard())
	if v.Test != nil {
		if len(v.Test.Deciles) > 0 {
			parts = append(parts, ui.Even(v.calibrationCard(), v.trackingCard()))
		}
		parts = append(parts, v.backtestCard())
	}
	parts = append(parts, ui.TwoThirds(v.driftCard(), v.seasonCard()), ui.TwoThirds(v.modelCard(), v.blindCard()))
	if c := v.covariateCard(); c != nil {
		parts = append(parts, c)
	}
	parts = append(parts, v.parametersCard())
	return ui.All(append(parts, ui.AsOfLine(v.p, ui.AsOf{At: v.MadeAt, Source: v.p.T("outlook.source", "day", v.AsOf), Rows: v.Purchases}))...)
}

// past says that scores as of that day say nothing about today; empty where they do.
func past(r *page.Request, asOf clock.Day) string {
	if !predict.Past(asOf, r.Today()) {
		return ""
	}
	return r.P.T("outlook.past", "day", asOf, "today", r.Today())
}

// lead is the sentence of the page, its numbers links to what is behind them.
func (v view) lead() templ.Component {
	if v.Customers == 0 || len(v.Stay) == 0 {
		return ui.Plainly(v.p.T("outlook.nobody", "day", v.AsOf))
	}
	text := v.p.N("outlook.lead", v.Customers, "days", v.Horizon, "stay", rounded(v.Stay[0].Active), "risk", v.p.MoneyRounded(v.AtRisk, v.currency),
		"sales", v.p.MoneyRounded(v.Sales.Expected, v.currency))
	return ui.Sentence(text, map[string]string{"stay": "#stay", "risk": behind(predict.Cooling, predict.AtRisk), "sales": "#sales"})
}

// behind is the list of the customers of some bands.
func behind(bands ...predict.Band) string {
	q := url.Values{}
	for _, b := range bands {
		q.Add("band", string(b))
	}
	u := url.URL{Path: customersPath, RawQuery: q.Encode()}
	return u.String()
}

// explain is what stands behind a part of the page: texts outlook.explain.NAME.
func (v view) explain(name string, rows *ui.Anchor) *ui.Explain {
	key := "outlook.explain." + name
	return &ui.Explain{ID: "explain-" + name, Title: v.p.T("outlook." + name + ".title"), Definition: v.p.T(key + ".definition"), Formula: v.p.T(key + ".formula"),
		Period: v.p.T("outlook.explain.period", "from", v.First, "until", v.AsOf), AsOf: v.p.Date(v.AsOf), Purchase: v.p.T("outlook.explain.purchase"),
		Refunds: v.p.T("outlook.explain.refunds"), Source: v.p.T(key + ".source"), Rows: rows}
}

// tiles are the four numbers an owner asks for.
func (v view) tiles() []ui.Tile {
	if v.Customers == 0 || len(v.Stay) == 0 {
		return nil
	}
	lo, hi := v.span()
	stay := v.Stay[0]
	everybody := &ui.Anchor{Text: v.p.T("outlook.rows.all"), Href: customersPath}
	drifting := behind(predict.Cooling, predict.AtRisk)
	return []ui.Tile{
		{Name: v.p.T("outlook.stay.title"), Value: v.p.Number(rounded(stay.Active)), Href: "#stay", Explain: v.explain("stay", everybody),
			Change: v.p.T(v.oneOr("outlook.stay.change"), "of", v.Customers, "least", rounded(stay.ActiveLo), "most", rounded(stay.ActiveHi), "lo", rounded(lo), "hi", rounded(hi))},
		{Name: v.p.T("outlook.risk.title"), Value: v.p.MoneyRounded(v.AtRisk, v.currency), Href: drifting, Change: v.and(v.p.N("outlook.risk.change", v.drifting()), v.AtRiskLo, v.AtRiskHi),
			Explain: v.explain("risk", &ui.Anchor{Text: v.p.T("outlook.rows.risk"), Href: drifting})},
		{Name: v.p.T("outlook.sales.title"), Value: v.p.MoneyRounded(v.Sales.Expected, v.currency), Href: "#sales", Explain: v.explain("sales", nil),
			Change: v.p.T("outlook.sales.change", "lo", v.p.MoneyRounded(v.Sales.Lo, v.currency), "hi", v.p.MoneyRounded(v.Sales.Hi, v.currency))},
		{Name: v.p.T("outlook.clv.title"), Value: v.p.MoneyRounded(v.CLV, v.currency), Href: customersPath, Explain: v.explain("clv", everybody),
			Change: v.and(v.p.N("outlook.clv.change", int64(v.ValueYears), "discount", v.p.Percent(float64(v.Discount)/100, 0), "margin", v.p.Percent(float64(v.Margin)/100, 0)), v.CLVLo, v.CLVHi)},
	}
}

// and adds the interval of an amount to what is said of it, where it is known.
func (v view) and(text string, lo, hi int64) string {
	if !v.sure() {
		return text
	}
	return v.p.T("outlook.sales.change", "lo", v.p.MoneyRounded(lo, v.currency), "hi", v.p.MoneyRounded(hi, v.currency)) + "; " + text
}

// oneOr is the text where several models can say who stays, and another where one can.
func (v view) oneOr(key string) string {
	if len(v.Stay) == 1 {
		return key + "_one"
	}
	return key
}

// span is between which numbers the models see the customers who stay.
func (v view) span() (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, s := range v.Stay {
		lo, hi = min(lo, s.Active), max(hi, s.Active)
	}
	return lo, hi
}

// drifting is how many customers are cooling or at risk.
func (v view) drifting() (n int64) {
	for _, b := range v.Bands {
		if b.Band == predict.Cooling || b.Band == predict.AtRisk {
			n += b.N
		}
	}
	return n
}

func rounded(f float64) int64 { return int64(math.Round(f)) }

// major is an amount in whole units, for charts.
func (w pen) major(minor int64) float64 {
	return float64(minor) / math.Pow10(money.Digits(w.currency))
}

// csv sends one table of the page; without a name the bands.
func (v view) csv(r *page.Request) error {
	all := v.tables()
	chosen := all[0]
	for _, t := range all {
		if t.name == r.Text("table") {
			chosen = t
		}
	}
	return r.SendCSV("outlook-"+chosen.name+"-"+v.AsOf.String(), chosen.headings(), func(yield func([]string, error) bool) {
		for _, row := range chosen.raw {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// tables are all tables of the page.
func (v view) tables() []table {
	all := []table{v.bandTable(), v.salesTable(), v.stayTable(), v.driftTable(), v.parameterTable()}
	if v.Test != nil {
		all = append(all, v.calibrationTable(), v.trackingTable(), v.backtestTable())
	}
	return all
}

// halfYear names the half year a cohort began in.
func halfYear(p *i18n.Printer, c predict.Cohort) string {
	year, month, _ := c.From.Date()
	half := 1
	if month > 6 {
		half = 2
	}
	return strings.ReplaceAll(p.T("outlook.drift.half", "half", half, "year", strconv.Itoa(year)), " ", i18n.NBSP)
}
