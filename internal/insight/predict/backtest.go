package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Test runs a backtest: what was known on cut foretells the days after it up to and with until, and is held against what
// happened. Of the options, what counts as a purchase and the company's idea of an active customer are asked.
func Test(ctx context.Context, q Querier, cut, until clock.Day, o Options) (*Backtest, error) {
	days := int(until - cut)
	if days < 1 {
		return nil, fault.New(fault.Invalid, "predict.error.until", "cut", cut, "until", until).On("until")
	}
	known, err := Load(ctx, q, Scope{AsOf: cut, Recent: days, Gross: o.Gross, Merge: o.Merge, Covariates: o.Covariates, Details: true})
	if err != nil {
		return nil, err
	}
	later, err := Load(ctx, q, Scope{AsOf: until, Recent: days, Gross: o.Gross, Merge: o.Merge})
	if err != nil {
		return nil, err
	}
	before, err := Load(ctx, q, known.earlier())
	if err != nil {
		return nil, err
	}
	r, err := rehearsal{q: q, known: known, later: later, before: before, activeDays: o.ActiveDays, tracked: true, near: near{}}.run(ctx)
	if err != nil {
		return nil, err
	}
	r.test.expect(0)
	return r.test, nil
}

// outcome is how many purchase days each customer had in the Recent days of later.
func (b *Book) outcome(later *Book) []float64 {
	out := make([]float64, b.Len())
	at := 0
	for i, id := range b.ID {
		if j, ok := later.find(&at, id); ok {
			out[i] = float64(later.Recent[j])
		}
	}
	return out
}

// didIn reports for each customer whether she bought in the Recent days of later.
func (b *Book) didIn(later *Book) []bool {
	did := make([]bool, b.Len())
	for i, n := range b.outcome(later) {
		did[i] = n > 0
	}
	return did
}

// Order in which candidates are preferred. One that stands further down has to be better by more than a margin, so that the
// choice does not jump from night to night. BG/NBD is fitted for comparison and never chosen: whoever bought once is alive by its
// definition.
var (
	chanceOrder = []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameCovariates, NameLogistic, btyd.NameNBD, NameActivity, NameSameRate, NameOverallMean, NameZero}
	countOrder  = []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameCovariates, btyd.NameNBD, NameSameRate, NameOverallMean}
	keepOrder   = []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameNBD}
)

const margin = 0.002

// best is the name in order with the smallest error; the first where there are none.
func (t *Backtest) best(order []string, of func(TestRow) *float64) string {
	if t == nil {
		return order[0]
	}
	chosen, least := "", 0.0
	for _, name := range order {
		i := slices.IndexFunc(t.Rows, func(r TestRow) bool { return r.Model == name })
		if i < 0 || of(t.Rows[i]) == nil {
			continue
		}
		if e := *of(t.Rows[i]); chosen == "" || e < least*(1-margin) {
			chosen, least = name, e
		}
	}
	if chosen == "" {
		return order[0]
	}
	return chosen
}

// chances, counts and keeper name who foretells best: the chance of a purchase, the number of purchases, and the number of
// purchases among the models with a history, by which silence is judged.
func (t *Backtest) chances() string {
	return t.best(chanceOrder, func(r TestRow) *float64 { return r.Brier })
}
func (t *Backtest) counts() string {
	return t.best(countOrder, func(r TestRow) *float64 { return r.RMSE })
}
func (t *Backtest) keeper() string {
	return t.best(keepOrder, func(r TestRow) *float64 { return r.RMSE })
}

// test holds the forecasts of all candidates against what later tells.
func (p *panel) test(ctx context.Context, later *Book) (*Backtest, error) {
	t := &Backtest{Cut: p.AsOf, Until: later.AsOf, Customers: p.Len(), Rows: []TestRow{}, Deciles: []Decile{}, Tracking: []Tracked{}}
	bought := p.outcome(later)
	did := make([]bool, len(bought))
	active := make([]float64, len(bought))
	for i, n := range bought {
		did[i], active[i] = n > 0, flag(n > 0)
		t.Actual += n
		t.Active += active[i]
	}
	if p.Len() == 0 {
		t.Notes = append(t.Notes, Notice{Code: "test_nobody"})
		return t, nil
	}
	said, counts := map[string][]float64{}, map[string][]float64{}
	err := p.forecasts(ctx, func(f forecast) error {
		t.Rows = append(t.Rows, measured(f, bought, did))
		said[f.name], counts[f.name] = f.chances, f.counts
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.calibrate(said[t.chances()], active)
	t.Value, err = p.value(ctx, counts[t.counts()], later)
	return t, err
}

// value holds what the customers would have spent by these numbers of purchases against what they did.
func (p *panel) value(ctx context.Context, counts []float64, later *Book) (Foretold, error) {
	spend, err := btyd.FitGammaGamma(ctx, p.spends())
	if err != nil {
		return Foretold{}, err
	}
	predicted, actual, at := 0.0, int64(0), 0
	for i, id := range p.ID {
		predicted += counts[i] * finite(spend.Model.Conditional(p.X[i], p.mean(i)))
		if j, ok := later.find(&at, id); ok {
			actual += later.Lately[j]
		}
	}
	return Foretold{round(predicted * float64(pow10(p.Digits))), actual}, nil
}

// calibrate holds the chances of the best candidate against what happened, tenth by tenth.
func (t *Backtest) calibrate(said, active []float64) {
	for _, bin := range btyd.Deciles(said, active) {
		t.Deciles = append(t.Deciles, Decile{N: bin.N, Predicted: finite(bin.Predicted), Actual: finite(bin.Actual)})
	}
}

// expect sets the intervals of the tenths, where the log odds of all chances may be off by unsure.
func (t *Backtest) expect(unsure float64) {
	for i, d := range t.Deciles {
		lo, hi := wilson(d.Predicted*float64(d.N), float64(d.N))
		c := chance{d.Predicted, lo, hi}.unsure(unsure)
		t.Deciles[i].Lo, t.Deciles[i].Hi = c.lo, c.hi
	}
}

func some(v float64) *float64 { v = finite(v); return &v }

// measured holds one forecast against what happened.
func measured(f forecast, bought []float64, did []bool) TestRow {
	r := TestRow{Model: f.name}
	ranked := f.chances
	if f.counts != nil {
		a := btyd.Measure(f.counts, bought)
		r.Predicted, r.MAE, r.RMSE = some(a.Predicted), some(a.MAE), some(a.RMSE)
		if a.Actual > 0 {
			r.Bias = some(a.Bias)
		}
		ranked = f.counts
	}
	if auc, ok := btyd.AUC(ranked, did); ok && !alike(ranked) {
		r.AUC = some(auc)
	}
	sum, predicted, actual := 0.0, 0.0, 0.0
	for i, p := range f.chances {
		y := flag(did[i])
		sum += (p - y) * (p - y)
		predicted += p
		actual += y
	}
	r.Brier = some(sum / float64(len(did)))
	if actual > 0 {
		r.ChanceBias = some(100 * (predicted/actual - 1))
	}
	if shift, se, ok := shiftOf(f.chances, actual); ok {
		r.Shift, r.ShiftSE = some(shift), some(se)
	}
	return r
}

func alike(values []float64) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}

// mostTracked is how many weeks before the cut are tracked at most.
const mostTracked = 104

// track follows all repeat purchases of the customers with these first purchases week by week, expected (by the model of that
// name, or by Pareto/NBD where a rule is the best) and actual, up to until.
func track(ctx context.Context, q Querier, p *panel, starts []btyd.Start, until clock.Day, name string) ([]Tracked, error) {
	if p.Len() == 0 {
		return []Tracked{}, nil
	}
	fit, ok := p.fits[name]
	if !ok {
		fit = p.fits[btyd.NameParetoNBD]
	}
	first := clock.Day(starts[0].Day)
	weeks := weeksTo(first, p.AsOf, until)
	expected := p.tracking(fit.Model, starts, weeks)
	actual, err := repeats(ctx, q, p.Book, until, weeks)
	if err != nil {
		return nil, err
	}
	out := make([]Tracked, len(weeks))
	for i, d := range weeks {
		out[i] = Tracked{Day: d, Expected: finite(expected[i]), Actual: actual[i]}
	}
	return out, nil
}

// weeksTo are the last days of the weeks from first to until, so cut that one of them ends on cut.
func weeksTo(first, cut, until clock.Day) []clock.Day {
	var weeks []clock.Day
	back := min(mostTracked, int(cut-first)/7)
	for d := cut.AddDays(-7 * back); d <= until; d = d.AddDays(7) {
		weeks = append(weeks, d)
	}
	if last := weeks[len(weeks)-1]; last < until && until > cut {
		weeks = append(weeks, until)
	}
	return weeks
}

// tracking is btyd.Tracking by the clock of the season. It counts whole days of that clock, so what falls between two of them is put
// in proportion.
func (b *Book) tracking(m btyd.Model, starts []btyd.Start, days []clock.Day) []float64 {
	at := func(d clock.Day) float64 { return b.season.between(clock.Day(starts[0].Day), d) }
	warped := make([]btyd.Start, len(starts))
	for i, s := range starts {
		warped[i] = btyd.Start{Day: int32(math.Round(at(clock.Day(s.Day)))), N: s.N}
	}
	both := make([]int32, 0, 2*len(days))
	for _, d := range days {
		whole := int32(math.Floor(at(d)))
		both = append(both, whole, whole+1)
	}
	found := btyd.Tracking(m, warped, both)
	out := make([]float64, len(days))
	for i, d := range days {
		part := at(d) - float64(both[2*i])
		out[i] = (1-part)*found[2*i] + part*found[2*i+1]
	}
	return out
}

// repeats counts the repeat purchases of the customers of b up to each of the days.
func repeats(ctx context.Context, q Querier, b *Book, until clock.Day, days []clock.Day) ([]float64, error) {
	purchases, err := b.purchases(ctx, q, until)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`SELECT CAST(d.day - DATE '1970-01-01' AS INTEGER) AS on_day, count(*) FROM %[1]s d
JOIN (SELECT customer, min(day) AS first FROM %[1]s f GROUP BY customer HAVING min(day) <= %[2]s AND min(day) >= %[3]s) k ON k.customer = d.customer
WHERE d.day > k.first GROUP BY on_day ORDER BY on_day`, purchases.SQL, date(b.AsOf), date(b.From))
	out := make([]float64, len(days))
	var day int32
	var n int64
	err = each(ctx, q, query, []any{&day, &n}, func() {
		for i := len(days) - 1; i >= 0 && clock.Day(day) <= days[i]; i-- {
			out[i] += float64(n)
		}
	})
	return out, err
}
