package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"stamm/internal/door/connect"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"
)

// day reads a date of a flag; none is today.
func (c *Call) day(text, field string) (clock.Day, error) {
	if text == "" {
		return clock.DayOf(c.App.Store.Now(), c.Text.Location()), nil
	}
	d, err := clock.ParseDay(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, "errors.day", "text", text).On(field)
	}
	return d, nil
}

// company are the company's settings.
func (c *Call) company(ctx context.Context) (s company.Settings, err error) {
	err = c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { s, err = company.Load(ctx, tx); return err })
	return s, err
}

// asked runs fn on a state of the warehouse that shows what the store held when the command began.
func (c *Call) asked(ctx context.Context, fn func(*warehouse.View) error) error {
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	if err := upToDate(ctx, c, house, c.App.Store); err != nil {
		return err
	}
	return house.View(ctx, fn)
}

// foreseen is asked, after having said on stderr for lack of which exchange rates orders are missing.
func (c *Call) foreseen(ctx context.Context, fn func(*warehouse.View) error) error {
	var missing []connect.NoRate
	var settings company.Settings
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		if missing, err = connect.NoRates(ctx, tx); err != nil {
			return err
		}
		settings, err = company.Load(ctx, tx)
		return err
	})
	for _, n := range missing {
		fmt.Fprintln(c.Stderr, n.Words(c.Text, settings.Currency))
	}
	if err != nil {
		return err
	}
	return c.asked(ctx, fn)
}

type predictFit struct {
	Model      string `help:"One of auto (all of them), bgnbd, mbgnbd, pnbd, pnbd_cov, nbd, gg, sbg or bgbb." default:"auto" placeholder:"MODEL"`
	Covariates string `help:"Also fit Pareto/NBD with these, with commas between: country, region, type, source, language." placeholder:"NAMES"`
	From       string `help:"Only customers whose first purchase is on this day or later." placeholder:"DATE"`
	Until      string `help:"Last day observed; today by default." placeholder:"DATE"`
}

// fitJSON is a fitted model as --json shows it, times in weeks.
type fitJSON struct {
	Params   map[string]float64 `json:"params"`
	SE       map[string]float64 `json:"se"`
	LL       float64            `json:"LL"`
	N        int64              `json:"n"`
	Status   string             `json:"status"`
	Warnings []noticeJSON       `json:"warnings"`
	Levels   []levelJSON        `json:"covariates,omitempty"`
}

// levelJSON is what a level of a covariate does, in numbers and in a sentence.
type levelJSON struct {
	predict.Level
	Text string `json:"text"`
}

type noticeJSON struct {
	predict.Notice
	Text string `json:"text"`
}

func noticesJSON(p *i18n.Printer, all []predict.Notice) []noticeJSON {
	shown := make([]noticeJSON, len(all))
	for i, n := range all {
		shown[i] = noticeJSON{n, n.Words(p)}
	}
	return shown
}

// Run fits and prints.
func (cmd *predictFit) Run(ctx context.Context, c *Call) error {
	until, err := c.day(cmd.Until, "until")
	if err != nil {
		return err
	}
	var from clock.Day
	if cmd.From != "" {
		if from, err = c.day(cmd.From, "from"); err != nil {
			return err
		}
	}
	settings, err := c.company(ctx)
	if err != nil {
		return err
	}
	names, covariates, err := cmd.wanted(settings)
	if err != nil {
		return err
	}
	var fits map[string]predict.ModelCard
	err = c.foreseen(ctx, func(v *warehouse.View) (err error) {
		fits, err = predict.Fit(ctx, v, predict.Scope{AsOf: until, From: from, Merge: settings.MergeDays, Covariates: covariates}, names...)
		return err
	})
	if err != nil {
		return err
	}
	shown := map[string]fitJSON{}
	for name, f := range fits {
		one := fitJSON{f.Params, f.SE, f.LL, f.N, string(f.Status), noticesJSON(c.Text, f.Warnings), nil}
		for _, l := range f.Levels {
			one.Levels = append(one.Levels, levelJSON{l, l.Words(c.Text)})
		}
		shown[name] = one
	}
	return c.Print(shown, func(w io.Writer) { writeFits(w, c.Text, fits) })
}

// wanted are the models to fit and the covariates to fit with: those of the flag, else those of the settings where the model with
// covariates is named.
func (cmd *predictFit) wanted(s company.Settings) (names, covariates []string, err error) {
	s.Covariates = cmp.Or(cmd.Covariates, s.Covariates)
	if err := s.Validate(); err != nil {
		return nil, nil, fault.As(err).On("covariates")
	}
	switch {
	case cmd.Model == predict.Auto && cmd.Covariates == "":
		return nil, nil, nil
	case cmd.Model == predict.Auto:
		return nil, s.CovariateList(), nil
	case cmd.Covariates != "" && cmd.Model != btyd.NameCovariates:
		return []string{cmd.Model, btyd.NameCovariates}, s.CovariateList(), nil
	}
	return []string{cmd.Model}, s.CovariateList(), nil
}

func writeFits(w io.Writer, p *i18n.Printer, fits map[string]predict.ModelCard) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\t%s\t%s\tLL\t\n", p.T("predict.cli.model"), p.T("predict.cli.status"), p.T("predict.cli.parameters"))
	var notes []string
	for _, name := range predict.FitNames() {
		f, ok := fits[name]
		if !ok {
			continue
		}
		if f.N == 0 {
			f.Params = nil // what it began with says nothing
		}
		var params []string
		for _, key := range []string{"r", "alpha", "a", "b", "s", "beta", "p", "q", "v", "gamma", "delta"} {
			if v, ok := f.Params[key]; ok {
				params = append(params, key+" "+p.Decimal(v, 4))
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", predict.ModelWords(p, name), p.T("predict.status."+string(f.Status)), strings.Join(params, "  "), p.Decimal(f.LL, 3))
		for _, l := range f.Levels {
			notes = append(notes, l.Words(p))
		}
		for _, n := range f.Warnings {
			notes = append(notes, predict.ModelWords(p, name)+": "+n.Words(p))
		}
	}
	t.Flush()
	for _, n := range notes {
		fmt.Fprintln(w, n)
	}
}

type predictScore struct {
	AsOf     string `name:"as-of" help:"Last day observed; today by default. As of the day of the last scoring, at_risk_since is what was told then, as pages show it; else as computed." placeholder:"DATE"`
	Horizon  string `help:"How far ahead, like 91d, 13w, 3m or 1y; the company's setting by default." placeholder:"SPAN"`
	Model    string `help:"One of auto (chosen by a backtest), bgnbd, mbgnbd, pnbd, pnbd_cov or nbd." default:"auto" placeholder:"MODEL"`
	Customer string `help:"Only the customer with this number." placeholder:"ID"`
}

// scoreJSON is a score as --json shows it; money in units of the base currency.
type scoreJSON struct {
	ID       string       `json:"id"`
	Alive    *float64     `json:"p_alive"`
	Active   float64      `json:"p_active"`
	ActiveLo float64      `json:"p_active_lo"`
	ActiveHi float64      `json:"p_active_hi"`
	AliveLo  *float64     `json:"p_alive_lo"`
	AliveHi  *float64     `json:"p_alive_hi"`
	Expected float64      `json:"expected_purchases"`
	ExpLo    float64      `json:"expected_purchases_lo"`
	ExpHi    float64      `json:"expected_purchases_hi"`
	Value    float64      `json:"expected_value"`
	ValueLo  float64      `json:"expected_value_lo"`
	ValueHi  float64      `json:"expected_value_hi"`
	CLV      float64      `json:"clv"`
	CLVLo    float64      `json:"clv_lo"`
	CLVHi    float64      `json:"clv_hi"`
	AtRisk   float64      `json:"value_at_risk"`
	RiskLo   float64      `json:"value_at_risk_lo"`
	RiskHi   float64      `json:"value_at_risk_hi"`
	Band     predict.Band `json:"band"`
	Since    *clock.Day   `json:"at_risk_since"`
	Next     *clock.Day   `json:"next_purchase"`
	Reasons  []reasonJSON `json:"reasons"`
}

type reasonJSON struct {
	predict.Reason
	Silent int32  `json:"silent,omitempty"` // days
	Text   string `json:"text"`
}

// Run scores everybody and prints; nothing is written.
func (cmd *predictScore) Run(ctx context.Context, c *Call) error {
	o, err := cmd.options(ctx, c)
	if err != nil {
		return err
	}
	var newest predict.Outlook
	if err := c.App.Store.Read(ctx, func(tx *store.Tx) error { newest, _, err = predict.Newest(ctx, tx); return err }); err != nil {
		return err
	}
	return c.foreseen(ctx, func(v *warehouse.View) error {
		scores, err := predict.Foretell(ctx, v, o, nil)
		if err != nil {
			return err
		}
		told := map[int64]clock.Day{}
		if newest.Model != 0 && newest.AsOf == scores.Card.AsOf && newest.Horizon == scores.Card.Horizon && cmd.Model == predict.Auto {
			if told, err = predict.ToldSince(ctx, v); err != nil {
				return err
			}
		}
		names, err := predict.Numbers(ctx, v)
		if err != nil {
			return err
		}
		only := -1
		if cmd.Customer != "" {
			if only, err = places(scores, names, cmd.Customer); err != nil {
				return err
			}
		}
		for _, n := range scores.Card.Notes {
			fmt.Fprintln(c.Stderr, n.Words(c.Text))
		}
		return cmd.print(c, scores, told, names, only)
	})
}

func (cmd *predictScore) options(ctx context.Context, c *Call) (predict.Options, error) {
	day, err := c.day(cmd.AsOf, "as_of")
	if err != nil {
		return predict.Options{}, err
	}
	settings, err := c.company(ctx)
	if err != nil {
		return predict.Options{}, err
	}
	o := predict.OptionsOf(settings, day)
	o.Model = cmd.Model
	if cmd.Horizon != "" {
		if o.Horizon, err = daysAhead(cmd.Horizon, day); err != nil {
			return o, err
		}
	}
	return o, nil
}

// daysAhead reads a length of time from a day on, like 273d, 39w, 9m or 1y.
func daysAhead(text string, from clock.Day) (int, error) {
	s, err := clock.ParseSpan("P" + strings.ToUpper(strings.TrimPrefix(strings.ToUpper(text), "P")))
	if err != nil || s.Unit == clock.UnitHour {
		return 0, fault.New(fault.Invalid, "predict.error.span", "text", text).On("horizon")
	}
	s.N = min(s.N, 10_000) // more than anybody is told of
	return int(s.AddToDay(from) - from), nil
}

// places finds the customer with a number of the company, or #ID with one of ours.
func places(scores *predict.Scores, names map[int64]string, text string) (int, error) {
	for id, name := range names {
		if name != text {
			continue
		}
		if i, ok := scores.Place(id); ok {
			return i, nil
		}
	}
	return 0, fault.New(fault.NotFound, "predict.error.customer", "text", text).On("customer")
}

// print shows the scores, or only that in one place; told is since when customers are at risk where that was told before.
func (cmd *predictScore) print(c *Call, scores *predict.Scores, told map[int64]clock.Day, names map[int64]string, only int) error {
	each := func(show func(scoreJSON) error) error {
		for i := range scores.Len() {
			if only >= 0 && i != only {
				continue
			}
			if sc, ok := scores.At(i); ok {
				if day, known := told[sc.Customer]; known && sc.RiskSince != nil {
					sc.RiskSince = &day
				}
				if err := show(newScoreJSON(c.Text, scores, sc, names[sc.Customer])); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if c.JSON {
		c.printed = true
		return writeScores(c.Stdout, scores.Card, each)
	}
	return c.Print(nil, func(w io.Writer) {
		p := c.Text
		fmt.Fprintf(w, "%s\n\n", p.N("predict.cli.scored", int64(scores.Len()), "days", scores.Card.Horizon, "model", predict.ModelWords(p, scores.Card.Chosen)))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, key := range []string{"customer", "chance", "purchases", "clv", "band", "why"} {
			fmt.Fprint(t, p.T("predict.cli."+key), "\t")
		}
		fmt.Fprintln(t)
		each(func(s scoreJSON) error {
			words := make([]string, len(s.Reasons))
			for i, r := range s.Reasons {
				words[i] = r.Text
			}
			_, err := fmt.Fprintf(t, "%s\t%s (%s–%s)\t%s (%s–%s)\t%s (%s–%s)\t%s\t%s\t\n", s.ID, p.Chance(s.Active), p.Chance(s.ActiveLo), p.Chance(s.ActiveHi),
				p.Decimal(s.Expected, 2), p.Decimal(s.ExpLo, 2), p.Decimal(s.ExpHi, 2), p.Decimal(s.CLV, 2), p.Decimal(s.CLVLo, 2), p.Decimal(s.CLVHi, 2), s.Band.Words(p), strings.Join(words, "; "))
			return err
		})
	})
}

func newScoreJSON(p *i18n.Printer, scores *predict.Scores, s predict.Score, number string) scoreJSON {
	unit := math.Pow10(scores.Digits())
	shown := scoreJSON{ID: number, Alive: s.Alive, Active: s.Active, ActiveLo: s.ActiveLo, ActiveHi: s.ActiveHi, Expected: s.Expected, Value: float64(s.Value) / unit,
		CLV: float64(s.CLV) / unit, CLVLo: float64(s.CLVLo) / unit, CLVHi: float64(s.CLVHi) / unit, AtRisk: float64(s.AtRisk) / unit, Band: s.Band,
		Since: s.RiskSince, Next: s.NextDay, Reasons: make([]reasonJSON, len(s.Reasons))}
	shown.AliveLo, shown.AliveHi, shown.ExpLo, shown.ExpHi = s.AliveLo, s.AliveHi, s.ExpectedLo, s.ExpectedHi
	shown.RiskLo, shown.RiskHi = float64(s.AtRiskLo)/unit, float64(s.AtRiskHi)/unit
	shown.ValueLo, shown.ValueHi = float64(s.ValueLo)/unit, float64(s.ValueHi)/unit
	for i, r := range s.Reasons {
		shown.Reasons[i] = reasonJSON{r, r.Silent(scores.Card.AsOf), r.Words(p, scores.Card.AsOf)}
	}
	return shown
}

// writeScores writes the scores as one JSON value without holding all of them in memory.
func writeScores(w io.Writer, card predict.Card, each func(func(scoreJSON) error) error) error {
	out := bufio.NewWriterSize(w, 1<<16)
	model, _ := json.Marshal(card.Chosen)
	fmt.Fprintf(out, "{\n  \"as_of\": %q,\n  \"horizon_days\": %d,\n  \"model\": %s,\n  \"customers\": [", card.AsOf.String(), card.Horizon, model)
	between := "\n    "
	err := each(func(s scoreJSON) error {
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		out.WriteString(between)
		between = ",\n    "
		_, err = out.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	if between == ",\n    " {
		out.WriteString("\n  ")
	}
	out.WriteString("]\n}\n")
	return out.Flush()
}

type predictBacktest struct {
	Cut   string `required:"" help:"Last day known." placeholder:"DATE"`
	Until string `required:"" help:"Last day to foretell." placeholder:"DATE"`
}

// Run tests the models on the past and prints how they did.
func (cmd *predictBacktest) Run(ctx context.Context, c *Call) error {
	cut, err := c.day(cmd.Cut, "cut")
	if err != nil {
		return err
	}
	until, err := c.day(cmd.Until, "until")
	if err != nil {
		return err
	}
	settings, err := c.company(ctx)
	if err != nil {
		return err
	}
	var test *predict.Backtest
	err = c.foreseen(ctx, func(v *warehouse.View) (err error) {
		test, err = predict.Test(ctx, v, cut, until, predict.OptionsOf(settings, until))
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range test.Notes {
		fmt.Fprintln(c.Stderr, n.Words(c.Text))
	}
	return c.Print(test, func(w io.Writer) { writeTest(w, c.Text, test) })
}

func writeTest(w io.Writer, p *i18n.Printer, test *predict.Backtest) {
	fmt.Fprintf(w, "%s\n\n", p.N("predict.cli.tested", int64(test.Customers), "cut", test.Cut, "until", test.Until, "actual", int64(test.Actual)))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "%s\t%s\t%s\tMAE\tRMSE\tAUC\tBrier\t\n", p.T("predict.cli.model"), p.T("predict.cli.total"), p.T("predict.cli.bias"))
	number := func(v *float64, digits int) string {
		if v == nil {
			return "–"
		}
		return p.Decimal(*v, digits)
	}
	for _, r := range test.Rows {
		bias := "–"
		if r.Bias != nil {
			bias = p.Percent(*r.Bias/100, 1)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", predict.ModelWords(p, r.Model), number(r.Predicted, 1), bias, number(r.MAE, 4), number(r.RMSE, 4), number(r.AUC, 3), number(r.Brier, 4))
	}
}
