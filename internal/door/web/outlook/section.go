package outlook

import (
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/money"
)

// gray is the place in the palette of bounds and of what a line is held against.
const gray = 6

// card is a box whose heading and explanation stand under the name of what it shows.
func (v view) card(name string, content ...templ.Component) templ.Component {
	return v.cardWith(name, "", content...)
}

// cardWith is one with a quiet line beside its heading.
func (v view) cardWith(name, sub string, content ...templ.Component) templ.Component {
	file := ""
	for _, t := range v.tables() {
		if t.name == name && len(t.raw) > 0 {
			file = path + ".csv?table=" + name
		}
	}
	return page.Inside(ui.CardBox(ui.Card{Title: v.p.T("outlook." + name + ".title"), Sub: sub, Anchor: name, Tools: cardTools(v.p, file, *v.explain(name, nil))}), ui.All(content...))
}

// inCard tells the drawer of a part of the page from that of the tile of the same number.
func inCard(e ui.Explain) ui.Explain {
	e.ID += "-card"
	return e
}

// salesCard is what to expect in the next weeks.
func (v view) salesCard() templ.Component {
	chart := ui.Chart{ID: "chart-sales", Kind: ui.LineChart, Title: v.p.T("outlook.sales.chart"), Hide: true, Unit: ui.Unit{Kind: ui.Money, Currency: v.currency, Digits: min(0, money.Digits(v.currency))}, YName: v.p.T("outlook.sales.y")}
	expected, lo, hi := ui.Series{Name: v.p.T("outlook.sales.expected")}, ui.Series{Name: v.p.T("outlook.sales.lo"), Past: true, Color: gray}, ui.Series{Name: v.p.T("outlook.sales.hi"), Past: true, Color: gray}
	for _, w := range v.Sales.Weeks {
		chart.Labels = append(chart.Labels, v.p.Date(w.Day))
		expected.Values = append(expected.Values, v.major(w.Expected))
		lo.Values, hi.Values = append(lo.Values, v.major(w.Lo)), append(hi.Values, v.major(w.Hi))
	}
	chart.Series = []ui.Series{expected, lo, hi}
	key := "outlook.sales.text"
	if v.Sales.Newcomers <= 0 {
		key = "outlook.sales.text_known"
	}
	text := v.p.T(key, "expected", v.p.MoneyRounded(v.Sales.Expected, v.currency), "lo", v.p.MoneyRounded(v.Sales.Lo, v.currency),
		"hi", v.p.MoneyRounded(v.Sales.Hi, v.currency), "newcomers", v.p.MoneyRounded(v.Sales.Newcomers, v.currency))
	return v.card("sales", ui.Words(text), ui.ChartBox(v.p, chart), folded(v.p.T("outlook.numbers"), ui.TableBox(v.p, v.salesTable().page)))
}

func (v view) salesTable() table {
	t := v.table("sales", "week", "expected", "lo", "hi")
	for _, w := range v.Sales.Weeks {
		day := v.words(v.p.Date(w.Day))
		day.raw = w.Day.String()
		t.row(day, v.money(w.Expected), v.money(w.Lo), v.money(w.Hi))
	}
	t.total(v.words(v.p.T("outlook.sales.total")), v.money(v.Sales.Expected), v.money(v.Sales.Lo), v.money(v.Sales.Hi))
	return t
}

// stayCard is how many customers stay, by each model that can say.
func (v view) stayCard() templ.Component {
	lo, hi := v.span()
	text := ""
	if len(v.Stay) > 0 {
		text = v.p.T(v.oneOr("outlook.stay.text"), "model", predict.ModelWords(v.p, v.Stay[0].Model), "lo", rounded(lo), "hi", rounded(hi))
	}
	return v.card("stay", ui.Words(text), ui.TableBox(v.p, v.stayTable().page))
}

func (v view) stayTable() table {
	t := v.table("stay", "model", "active", "alive")
	t.ranged(v.p, 1, 2)
	for i, s := range v.Stay {
		name := v.words(predict.ModelWords(v.p, s.Model))
		if i == 0 && v.Test != nil {
			name = name.sub(v.p.T("outlook.stay.chosen"))
		}
		alive := v.none()
		if s.Alive != nil {
			alive = v.count(rounded(*s.Alive))
			if s.AliveLo != nil && s.AliveHi != nil {
				alive = alive.between(v.p, v.count(rounded(*s.AliveLo)), v.count(rounded(*s.AliveHi)))
			}
		}
		t.row(name, v.count(rounded(s.Active)).between(v.p, v.count(rounded(s.ActiveLo)), v.count(rounded(s.ActiveHi))), alive)
	}
	return t
}

// bandsCard are the bands with what is at stake in each, every number a list of its customers.
func (v view) bandsCard() templ.Component {
	return v.cardWith("bands", v.p.T("outlook.bands.sub", "days", v.Horizon), ui.TableBox(v.p, v.bandTable().page))
}

func (v view) bandTable() table {
	t := v.table("bands", "band", "n", "share", "buyers", "value", "risk")
	t.page.Scroll = false
	t.page.Columns[2].Narrow, t.page.Columns[2].Wide = ui.NarrowHide, true
	t.ranged(v.p, 1, 3, 5)
	t.ends[0] = []string{v.p.T("outlook.bands.limit")} // below the name on the page
	var value, risk int64
	for _, b := range v.Bands {
		to := ""
		if b.N > 0 {
			to = behind(b.Band)
		}
		n, buyers, atRisk := v.count(b.N).to(to), v.none(), v.money(b.AtRisk).to(to)
		if v.sure() && b.N > 0 {
			n = n.between(v.p, v.count(b.NLo), v.count(b.NHi))
			buyers = v.count(rounded(b.Buyers)).between(v.p, v.count(rounded(b.BuyersLo)), v.count(rounded(b.BuyersHi)))
			atRisk = atRisk.between(v.p, v.money(b.AtRiskLo), v.money(b.AtRiskHi))
		}
		made := limit(v.p, b.Band, v.Limits)
		name := v.rich(banded(v.p, b.Band, made), b.Band.Words(v.p))
		name.ends = []string{made}
		t.row(name, n, v.share(part(b.N, v.Customers), 1), buyers, v.money(b.Value).to(to), atRisk)
		value, risk = value+b.Value, risk+b.AtRisk
	}
	buyers := v.none()
	if len(v.Stay) > 0 {
		buyers = v.count(rounded(v.Stay[0].Active)).to("#stay")
	}
	t.total(v.words(v.p.T("outlook.bands.total")).sub(v.p.T("outlook.bands.counts", "risk", v.p.MoneyRounded(v.AtRisk, v.currency))),
		v.count(v.Customers).to(customersPath), v.share(1, 0), buyers, v.money(value), v.money(risk))
	return t
}

// sure tells whether the card knows how sure its totals are; those of older versions do not.
func (v view) sure() bool { return v.CLVHi > 0 || v.AtRiskHi > 0 }

func part(of, all int64) float64 {
	if all == 0 {
		return 0
	}
	return float64(of) / float64(all)
}

// calibrationCard holds the chances that were foretold against what happened.
func (v view) calibrationCard() templ.Component {
	c := ui.Chart{ID: "chart-calibration", Kind: ui.BarChart, Title: v.p.T("outlook.calibration.chart"), Hide: true, Unit: ui.Unit{Kind: ui.Rate}, XName: v.p.T("outlook.calibration.x"), YName: v.p.T("outlook.calibration.y")}
	foretold, happened := ui.Series{Name: v.p.T("outlook.calibration.predicted"), Color: 1}, ui.Series{Name: v.p.T("outlook.calibration.actual"), Color: 0}
	inside := 0
	for i, d := range v.Test.Deciles {
		c.Labels = append(c.Labels, v.p.Number(int64(i+1)))
		foretold.Values, happened.Values = append(foretold.Values, d.Predicted), append(happened.Values, d.Actual)
		if d.Inside() {
			inside++
		}
	}
	c.Series = []ui.Series{happened, foretold}
	text := v.p.T("outlook.calibration.text", "inside", inside, "of", len(v.Test.Deciles))
	return v.card("calibration", ui.Words(text), ui.ChartBox(v.p, c), folded(v.p.T("outlook.numbers"), ui.TableBox(v.p, v.calibrationTable().page)))
}

func (v view) calibrationTable() table {
	t := v.table("calibration", "decile", "n", "predicted", "actual", "between")
	t.page.Scroll = true
	for i, d := range v.Test.Deciles {
		between := v.words(figure.Between(v.p, d.Lo, d.Hi))
		t.row(v.count(int64(i+1)), v.count(int64(d.N)), v.share(d.Predicted, 1), v.share(d.Actual, 1), between)
	}
	return t
}

// trackingCard follows all repeat purchases week by week.
func (v view) trackingCard() templ.Component {
	c := ui.Chart{ID: "chart-tracking", Kind: ui.LineChart, Title: v.p.T("outlook.tracking.chart"), Hide: true, YName: v.p.T("outlook.tracking.y")}
	expected, actual := ui.Series{Name: v.p.T("outlook.tracking.expected"), Past: true, Color: gray}, ui.Series{Name: v.p.T("outlook.tracking.actual"), Color: 0}
	for _, w := range v.Test.Tracking {
		c.Labels = append(c.Labels, v.p.Date(w.Day))
		expected.Values, actual.Values = append(expected.Values, w.Expected), append(actual.Values, w.Actual)
	}
	c.Series = []ui.Series{actual, expected}
	text := v.p.T("outlook.tracking.text", "cut", v.Test.Cut, "model", predict.ModelWords(v.p, v.Counts))
	return v.card("tracking", ui.Words(text), ui.ChartBox(v.p, c), folded(v.p.T("outlook.numbers"), ui.TableBox(v.p, v.trackingTable().page)))
}

func (v view) trackingTable() table {
	t := v.table("tracking", "week", "expected", "actual", "diff")
	t.page.Scroll = true
	for i, w := range v.Test.Tracking {
		day := v.words(v.p.Date(w.Day))
		day.raw = w.Day.String()
		diff := v.none()
		if w.Actual > 0 {
			diff = v.share(w.Expected/w.Actual-1, 1)
		}
		cells := []cell{day, v.number(w.Expected, 1), v.number(w.Actual, 0), diff}
		if newest := len(v.Test.Tracking) - i; newest > mostWeeks {
			t.raw = append(t.raw, []string{cells[0].raw, cells[1].raw, cells[2].raw, cells[3].raw})
			continue // stands in the file
		}
		t.row(cells...)
	}
	return t
}

// mostWeeks is how many weeks the table below the picture has.
const mostWeeks = 26

// backtestCard shows how every candidate did, and says which one is believed.
func (v view) backtestCard() templ.Component {
	b := v.Test
	text := v.p.T("outlook.backtest.text", "customers", int64(b.Customers), "cut", b.Cut, "until", b.Until, "active", rounded(b.Active), "actual", rounded(b.Actual))
	verdict := v.p.T("outlook.backtest.model_wins", "model", predict.ModelWords(v.p, v.Chosen))
	if v.Chosen == predict.NameActivity {
		verdict = v.p.T("outlook.backtest.rule_wins", "model", predict.ModelWords(v.p, v.Chosen))
	}
	parts := []templ.Component{ui.Words(text), ui.Words(verdict)}
	if text := v.before(); text != "" {
		parts = append(parts, ui.Words(text))
	}
	for _, n := range b.Notes {
		parts = append(parts, ui.Words(n.Words(v.p)))
	}
	return v.card("backtest", append(parts, ui.TableBox(v.p, v.backtestTable().page))...)
}

// before says by how much the chosen candidate was off in the stretches before that of the backtest; empty where there are none.
func (v view) before() string {
	var off []string
	for _, w := range v.Before {
		for _, row := range w.Rows {
			if row.Model == v.Chosen && row.ChanceBias != nil {
				off = append(off, v.p.T("outlook.backtest.off", "until", w.Until, "off", v.p.Percent(*row.ChanceBias/100, 1)))
			}
		}
	}
	if len(off) == 0 {
		return ""
	}
	return v.p.T("outlook.backtest.before", "list", strings.Join(off, "; "))
}

func (v view) backtestTable() table {
	t := v.table("backtest", "model", "brier", "chance_bias", "auc", "total", "bias", "rmse", "mae")
	for _, row := range v.Test.Rows {
		name := v.words(predict.ModelWords(v.p, row.Model))
		switch {
		case row.Model == v.Chosen && row.Model == v.Counts:
			name = name.sub(v.p.T("outlook.backtest.both"))
		case row.Model == v.Chosen:
			name = name.sub(v.p.T("outlook.backtest.chance"))
		case row.Model == v.Counts:
			name = name.sub(v.p.T("outlook.backtest.counts"))
		}
		t.row(name, v.maybe(row.Brier, 4), v.percent(row.ChanceBias), v.maybe(row.AUC, 3), v.maybe(row.Predicted, 0), v.percent(row.Bias), v.maybe(row.RMSE, 3), v.maybe(row.MAE, 3))
	}
	return t
}

// percent is a deviation in percent that some candidates do not have.
func (v view) percent(f *float64) cell {
	if f == nil {
		return v.none()
	}
	return v.share(*f/100, 1)
}
