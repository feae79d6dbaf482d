package predict

import (
	"context"
	"math"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/record/company"
)

// Options say what is foreseen.
type Options struct {
	AsOf       clock.Day // last day observed, included
	Horizon    int       // days
	ValueYears int       // of the customer lifetime value
	Discount   int       // percent a year by which later money counts less
	Margin     int       // percent of sales
	ActiveDays int       // the company's idea of an active customer, for a rule of the backtest
	Model      string    // "" or auto: chosen by a backtest; else one of btyd.Names or NameCovariates
	Covariates []string  // of company.Covariates: what Pareto/NBD with covariates may use; none is without
	Gross      bool      // as sold; else after returns
	Merge      int       // days after a counted purchase within which others are a part of it; 0 is its own day
}

// OptionsOf are the company's settings as of a day.
func OptionsOf(s company.Settings, asOf clock.Day) Options {
	return Options{AsOf: asOf, Horizon: s.Horizon, ValueYears: s.ValueYears, Discount: s.Discount, Margin: s.Margin, ActiveDays: s.ActiveDays, Merge: s.MergeDays, Covariates: s.CovariateList()}
}

// Auto as Options.Model has the model chosen by a backtest.
const Auto = "auto"

// scoring are the models one can ask for by name.
func scoring() []string { return append(btyd.Names(), btyd.NameCovariates) }

// mostHorizon is how far ahead one can look, in days.
const mostHorizon = 3660

func (o Options) check() error {
	switch {
	case o.Horizon < 1:
		return fault.New(fault.Invalid, "errors.too_small", "min", 1).On("horizon")
	case o.Horizon > mostHorizon:
		return fault.New(fault.Invalid, "errors.too_large", "max", mostHorizon).On("horizon")
	case o.Model != "" && o.Model != Auto && !slices.Contains(scoring(), o.Model):
		return unknownModel(o.Model, append([]string{Auto}, scoring()...))
	}
	return nil
}

// Scores is what is foreseen of everybody in a book, and the card that says how.
type Scores struct {
	Card Card

	options Options
	book    *Book
	crowd   *crowd
	of      []figures // by customer
}

// figures are the numbers of a score.
type figures struct {
	active, lo, hi, alive      float64 // alive is below 0 where nothing can be said
	aliveLo, aliveHi           float64
	expected                   float64
	expectedLo, expectedHi     float64
	value, worth               int64
	valueLo, valueHi           int64
	clv, clvLo, clvHi          int64
	atRisk, atRiskLo, atRiskHi int64
	next                       clock.Day
	since                      int32 // time from the first purchase after which she is at risk; 0 if she is not
	band                       uint8 // place in Bands
}

// Len is how many customers there are; those who were erased have no score.
func (s *Scores) Len() int { return s.book.Len() }

// At is the score of the customer in place i, by ascending number; false if she was erased.
func (s *Scores) At(i int) (Score, bool) {
	if s.book.Erased[i] {
		return Score{}, false
	}
	f := s.of[i]
	out := Score{Customer: s.book.ID[i], Band: Bands()[f.band], Active: f.active, ActiveLo: f.lo, ActiveHi: f.hi,
		Expected: f.expected, Value: f.value, Worth: f.worth, CLV: f.clv, CLVLo: f.clvLo, CLVHi: f.clvHi, AtRisk: f.atRisk, AtRiskLo: f.atRiskLo, AtRiskHi: f.atRiskHi,
		Reasons: s.book.reasonsOf(i, s.Card.Limits.New), ExpectedLo: f.expectedLo, ExpectedHi: f.expectedHi, ValueLo: f.valueLo, ValueHi: f.valueHi}
	if f.alive >= 0 {
		out.Alive, out.AliveLo, out.AliveHi = &f.alive, &f.aliveLo, &f.aliveHi
	}
	if f.next != 0 {
		out.NextDay = &f.next
	}
	if since := s.riskSince(i); since != 0 {
		out.RiskSince = &since
	}
	return out, true
}

// Place is where a customer stands; false where she has not bought anything by the day.
func (s *Scores) Place(customer int64) (int, bool) { return s.book.place(customer) }

// riskSince is the day on which customer i came to be at risk; 0 if she is not.
func (s *Scores) riskSince(i int) clock.Day {
	if s.of[i].since == 0 {
		return 0
	}
	return min(s.book.AsOf, s.book.season.after(s.book.First[i], float64(s.of[i].since)))
}

// Foretell scores everybody. progress is told how much of the work is done, from 0 to 1, and may end it by an error.
func Foretell(ctx context.Context, q Querier, o Options, progress func(float64) error) (*Scores, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	book, err := Load(ctx, q, Scope{AsOf: o.AsOf, Recent: o.Horizon, Gross: o.Gross, Details: true, Merge: o.Merge, Covariates: o.Covariates})
	if err != nil {
		return nil, err
	}
	f := foretelling{q: q, o: o, book: book, near: near{}, step: func(part float64) error {
		if progress == nil {
			return nil
		}
		return progress(part)
	}}
	return f.run(ctx)
}

// foretelling is one run of Foretell.
type foretelling struct {
	q      Querier
	o      Options
	book   *Book
	step   func(float64) error
	card   Card
	lesson *taught
	before *Season    // as it was known on the cut of the backtest
	calm   btyd.Model // what the season is held against; nil until there is one
	near   near
	panel  *panel
	spend  btyd.SpendFit
	tried  *ModelCard // with covariates, as of the cut of the backtest; nil where there are none
}

func (f *foretelling) run(ctx context.Context) (*Scores, error) {
	f.begin()
	for i, stage := range []func(context.Context) error{f.rehearse, f.seasons, f.fit} {
		if err := f.step(0.1 + 0.2*float64(i)); err != nil {
			return nil, err
		}
		if err := stage(ctx); err != nil {
			return nil, err
		}
	}
	if err := f.step(0.6); err != nil {
		return nil, err
	}
	s, err := f.score(ctx)
	if err != nil {
		return nil, err
	}
	return s, f.step(0.9)
}

// begin writes what the card says before any model.
func (f *foretelling) begin() {
	o, b := f.o, f.book
	f.card = Card{Version: Version, AsOf: o.AsOf, DataHash: b.hash(), Customers: int64(b.Len()), Currency: b.Currency, Horizon: o.Horizon,
		ValueYears: o.ValueYears, Discount: o.Discount, Margin: o.Margin, Merge: o.Merge, Limits: DefaultThresholds(), Models: []ModelCard{},
		Stay: []Stay{}, Blind: []string{"price", "competition", "promotion", "first_purchase", "events"}}
	for i := range b.ID {
		f.card.Purchases += int64(b.X[i]) + 1
		f.card.Latest = max(f.card.Latest, b.Last[i])
	}
	if b.Len() > 0 {
		f.card.First = slices.Min(b.First)
	}
	note := func(code string, numbers ...float64) {
		f.card.Notes = append(f.card.Notes, Notice{Code: code, Numbers: numbers})
	}
	if b.Len() == 0 {
		note("no_purchases")
		return
	}
	if early, later, yes := truncated(b); yes {
		note("truncated", math.Round(early), math.Round(later))
	}
	if silent := int(o.AsOf - f.card.Latest); silent > 14 {
		note("stale", float64(silent))
	}
	if f.card.Purchases == f.card.Customers {
		note("one_time_only")
	}
}

// fewestTested is how many customers a backtest needs to mean anything.
const fewestTested = 30

// mostTested is how many customers take part in the backtest of a scoring at most: of more, every so many-th does. The candidates are
// then told apart to the third digit of their errors.
const mostTested = 50_000

// rehearse runs the backtest that chooses, and keeps what the logistic regression learns from.
func (f *foretelling) rehearse(ctx context.Context) error {
	o := f.o
	f.card.Chosen, f.card.Counts, f.card.Keeper = chanceOrder[0], countOrder[0], keepOrder[0]
	if o.Model != "" && o.Model != Auto {
		f.card.Chosen, f.card.Counts, f.card.Keeper = o.Model, o.Model, o.Model
		if o.Model == btyd.NameCovariates { // silence is judged without them
			f.card.Keeper = btyd.NameParetoNBD
		}
		return nil
	}
	scope := f.book.Scope
	scope.Every = (f.book.Len() + mostTested - 1) / mostTested
	known, err := Load(ctx, f.q, scope.earlier())
	if err != nil {
		return err
	}
	if known.Len() < fewestTested {
		f.card.Notes = append(f.card.Notes, Notice{Code: "untested", Numbers: []float64{float64(o.Horizon), fewestTested}})
		return nil
	}
	before, err := Load(ctx, f.q, known.earlier())
	if err != nil {
		return err
	}
	r, err := rehearsal{q: f.q, known: known, later: f.book, before: before, activeDays: o.ActiveDays, tracked: true, near: f.near}.run(ctx)
	if err != nil {
		return err
	}
	t := r.test
	f.before, f.calm, f.card.Test = r.season, r.calm, t
	if r.panel.layers != nil {
		tried := r.panel.layers.covariateCard(r.panel.layered)
		f.tried = &tried
	}
	f.card.Chosen, f.card.Counts, f.card.Keeper = t.chances(), t.counts(), t.keeper()
	if slices.ContainsFunc(r.panel.rules, func(r rule) bool { return r.name == f.card.Chosen }) {
		f.card.Notes = append(f.card.Notes, Notice{Code: "rule_wins"})
	}
	k, err := r.panel.known(ctx)
	if err != nil {
		return err
	}
	f.lesson = &taught{k, known.didIn(f.book), nil}
	return f.windows(ctx)
}

// fit fits the models to all that is known.
func (f *foretelling) fit(ctx context.Context) (err error) {
	names := btyd.Names()
	if f.card.Chosen == btyd.NameCovariates || f.card.Counts == btyd.NameCovariates {
		names = append(names, btyd.NameCovariates)
	}
	if f.panel, err = newPanel(ctx, newCrowd(f.book), f.lesson, f.o.ActiveDays, f.near, names...); err != nil {
		return err
	}
	if f.panel.layers == nil { // what could be told on the cut cannot be told today
		for _, name := range []*string{&f.card.Chosen, &f.card.Counts} {
			if *name == btyd.NameCovariates {
				*name = btyd.NameParetoNBD
			}
		}
	}
	if f.card.Chosen == NameLogistic && f.panel.logistic == nil {
		f.card.Chosen = f.card.Keeper
	}
	if _, ok := f.panel.rule(f.card.Chosen); !ok && f.card.Chosen == NameActivity {
		f.card.Chosen = f.card.Keeper
	}
	f.lesson = nil
	for _, name := range []*string{&f.card.Chosen, &f.card.Counts, &f.card.Keeper} {
		if fit, ok := f.panel.fits[*name]; ok && fit.Withheld() {
			*name = btyd.NameNBD // that is what predicts
		}
	}
	for _, name := range btyd.Names() {
		f.card.Models = append(f.card.Models, modelCard(f.panel.fits[name]))
	}
	switch {
	case f.panel.layers != nil:
		f.card.Models = append(f.card.Models, f.panel.layers.covariateCard(f.panel.layered))
	case f.tried != nil:
		f.tried.Warnings = append(f.tried.Warnings, Notice{Code: "covariates_unused"})
		f.card.Models = append(f.card.Models, *f.tried)
	}
	if f.spend, err = btyd.FitGammaGamma(ctx, f.book.spends()); err != nil {
		return err
	}
	f.card.Spend = spendCard(f.spend)
	if f.book.Len() > 0 && f.panel.fits[f.card.Keeper].Withheld() {
		f.card.Notes = append(f.card.Notes, Notice{Code: "no_dropout"})
	}
	f.card.Drift, err = drift(ctx, f.book)
	return err
}

// seasons estimates the season as it is known today, and uses it if the backtest was better with the one known on its cut.
func (f *foretelling) seasons(ctx context.Context) error {
	all, err := loadDaily(ctx, f.q, f.book.Scope)
	if err != nil {
		return err
	}
	if !all.long() {
		return nil
	}
	calm := f.calm
	if calm == nil {
		fit, err := btyd.FitNear(ctx, btyd.NameMBGNBD, newCrowd(f.book).patterns, btyd.Week, f.near[btyd.NameMBGNBD])
		if err != nil {
			return err
		}
		calm = fit.Model
	}
	s := all.season(calm)
	if f.card.Season = s; f.before == nil {
		return nil
	}
	s.On, s.ErrorOff, s.ErrorOn, s.BrierOff, s.BrierOn = f.before.On, f.before.ErrorOff, f.before.ErrorOn, f.before.BrierOff, f.before.BrierOn
	f.book = f.book.by(s.clock(all.first, f.o.AsOf))
	return nil
}

// Digits is how many digits the minor unit of the currency has.
func (s *Scores) Digits() int { return s.book.Digits }
