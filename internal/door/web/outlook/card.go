package outlook

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// limit says in words where a band begins and ends.
func limit(p *i18n.Printer, b predict.Band, t predict.Thresholds) string {
	share := func(f float64) string { return p.Percent(f, 0) }
	return p.T("outlook.limit."+string(b), "new", int64(t.New), "cooling", share(t.Cooling), "risk", share(t.AtRisk), "lost", share(t.Lost), "hopeless", share(t.Hopeless),
		"loyal", share(t.Loyal), "often", int64(t.Often))
}

// seasonCard says whether the time of the year is taken into account, and why.
func (v view) seasonCard() templ.Component {
	s := v.Season
	if s == nil {
		return v.card("season", ui.Words(v.p.T("outlook.season.none")))
	}
	key := "outlook.season.off"
	if s.On {
		key = "outlook.season.on"
	}
	text := v.p.T(key, "years", v.p.Decimal(s.Years, 1), "with", v.p.Decimal(s.ErrorOn, 1), "without", v.p.Decimal(s.ErrorOff, 1))
	c := ui.Chart{ID: "chart-season", Kind: ui.LineChart, Title: v.p.T("outlook.season.chart"), Hide: true, Unit: ui.Unit{Kind: ui.Rate}, YName: v.p.T("outlook.season.y")}
	year, _, _ := v.AsOf.Date()
	for i := range s.Index {
		c.Labels = append(c.Labels, v.p.MonthShort(clock.NewDay(year, 1, 1).AddDays(7*i)))
	}
	mean := ui.Series{Name: v.p.T("outlook.season.mean"), Past: true, Color: gray, Values: slices.Repeat([]float64{1}, len(s.Index))}
	c.Series = []ui.Series{{Name: v.p.T("outlook.season.index"), Values: s.Index}, mean}
	return v.card("season", ui.Words(text), ui.ChartBox(v.p, c))
}

// driftCard shows whether customers who came later behave otherwise.
func (v view) driftCard() templ.Component {
	if len(v.Drift) == 0 {
		return v.card("drift", ui.Words(v.p.T("outlook.drift.none")))
	}
	return v.card("drift", ui.Words(v.p.T("outlook.drift.text")), ui.TableBox(v.p, v.driftTable().page))
}

func (v view) driftTable() table {
	t := v.table("drift", "cohort", "n", "rate", "leaving", "weight")
	for _, c := range v.Drift {
		t.row(v.words(halfYear(v.p, c)), v.count(c.Customers), v.number(c.Rate, 1).sub(v.p.T("outlook.drift.alone", "value", v.p.Decimal(c.RateAlone, 1))),
			v.share(c.Leaving, 1).sub(v.p.T("outlook.drift.alone", "value", v.p.Percent(c.LeavingAlone, 1))), v.share(c.Weight, 0))
	}
	return t
}

// blindCard is what the models cannot see.
func (v view) blindCard() templ.Component {
	words := make([]string, len(v.Blind))
	for i, code := range v.Blind {
		words[i] = v.p.T("predict.blind." + code)
	}
	return v.card("blind", list(words))
}

// hashShown is how much of the hash of the data stands on the page.
const hashShown = 16

// modelCard says how the numbers came about, so that somebody else could come to the same.
func (v view) modelCard() templ.Component {
	pair := func(name, text string) ui.Pair { return ui.Pair{Term: v.p.T("outlook.model." + name), Text: text} }
	hash := v.DataHash
	if len(hash) > hashShown {
		hash = hash[:hashShown]
	}
	return v.card("model", ui.Pairs([]ui.Pair{
		pair("as_of", v.p.Date(v.AsOf)), pair("made", v.p.DateTime(v.MadeAt)),
		pair("period", v.p.T("outlook.explain.period", "from", v.First, "until", v.Latest)),
		pair("data", v.p.T("outlook.model.data_text", "customers", v.Customers, "purchases", v.Purchases)),
		pair("purchase", v.purchase()), pair("horizon", v.p.N("common.days", int64(v.Horizon))),
		pair("chosen", predict.ModelWords(v.p, v.Chosen)), pair("counts", predict.ModelWords(v.p, v.Counts)), pair("keeper", predict.ModelWords(v.p, v.Keeper)),
		pair("value", v.p.T("outlook.model.value_text", "margin", v.p.Percent(float64(v.Margin)/100, 0), "discount", v.p.Percent(float64(v.Discount)/100, 0), "years", int64(v.ValueYears))),
		pair("version", fmt.Sprint(v.Version)+" / "+fmt.Sprint(v.Model)), pair("hash", hash),
	}))
}

// purchase is what counts as one.
func (v view) purchase() string {
	what := v.p.T("outlook.explain.purchase")
	if v.Merge == 0 {
		return v.p.T("outlook.model.merge_day", "what", what)
	}
	return v.p.N("outlook.model.merge", int64(v.Merge), "what", what)
}

// parametersCard are the fitted models with everything that was estimated.
func (v view) parametersCard() templ.Component {
	return v.card("parameters", ui.TableBox(v.p, v.parameterTable().page))
}

func (v view) parameterTable() table {
	t := v.table("parameters", "model", "status", "values", "ll", "n", "notes")
	for _, i := range []int{1, 2, 5} {
		t.page.Columns[i].Number = false
	}
	t.page.Scroll = false // on a phone each model is a small card: its parameters need the width
	t.page.Columns[2].Narrow, t.page.Columns[5].Narrow = ui.NarrowBare, ui.NarrowBare
	models := append(slices.Clone(v.Models), v.Spend.ModelCard)
	for _, m := range models {
		if m.Name == "" {
			continue
		}
		var warnings []string
		for _, n := range m.Warnings {
			warnings = append(warnings, n.Words(v.p))
		}
		ll := v.none()
		if m.Status != btyd.TooFew && !math.IsNaN(m.LL) {
			ll = v.number(m.LL, 1)
		}
		t.row(v.words(predict.ModelWords(v.p, m.Name)), v.words(v.p.T("predict.status."+string(m.Status))), v.words(v.values(m)), ll, v.count(m.N), v.words(strings.Join(warnings, " ")))
	}
	return t
}

// covariateCard is what country, type and the like do, as far as they were tried; nil where they were not.
func (v view) covariateCard() templ.Component {
	i := slices.IndexFunc(v.Models, func(m predict.ModelCard) bool { return len(m.Levels) > 0 })
	if i < 0 {
		return nil
	}
	key := "outlook.covariates.unused"
	if v.Chosen == btyd.NameCovariates || v.Counts == btyd.NameCovariates {
		key = "outlook.covariates.used"
	}
	words := make([]string, len(v.Models[i].Levels))
	for k, l := range v.Models[i].Levels {
		words[k] = l.Words(v.p)
	}
	return v.card("covariates", ui.Words(v.p.T(key)), list(words))
}

// order is the order of the parameters as the papers have it.
const order = "r alpha a b s beta p q v gamma delta"

// values are the parameters of a model, each with its standard error where it is known.
func (v view) values(m predict.ModelCard) string {
	var words []string
	for _, name := range strings.Fields(order) {
		value, has := m.Params[name]
		if !has {
			continue
		}
		text := name + " = " + v.p.Decimal(value, 4)
		if se, known := m.SE[name]; known {
			text += " ± " + v.p.Decimal(se, 4)
		}
		words = append(words, text)
	}
	for _, l := range m.Levels {
		words = append(words, fmt.Sprintf("γ %s: %s ± %s / %s ± %s", l.Name(v.p), v.p.Decimal(l.Buys, 3), v.p.Decimal(l.BuysSE, 3), v.p.Decimal(l.Leaves, 3), v.p.Decimal(l.LeavesSE, 3)))
	}
	return strings.Join(words, "; ")
}
