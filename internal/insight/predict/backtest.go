package predict

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Test runs a backtest: what was known on cut foretells the days after it up to and with until, and is held against what
// happened. activeDays is the company's idea of an active customer.
func Test(ctx context.Context, q Querier, cut, until clock.Day, gross bool, activeDays int) (*Backtest, error) {
	days := int(until - cut)
	if days < 1 {
		return nil, fault.New(fault.Invalid, "predict.error.until", "cut", cut, "until", until).On("until")
	}
	known, err := Load(ctx, q, Scope{AsOf: cut, Recent: days, Gross: gross, Details: true})
	if err != nil {
		return nil, err
	}
	later, err := Load(ctx, q, Scope{AsOf: until, Recent: days, Gross: gross})
	if err != nil {
		return nil, err
	}
	lesson, err := lessonBefore(ctx, q, known)
	if err != nil {
		return nil, err
	}
	p, err := newPanel(ctx, newCrowd(known), lesson, activeDays)
	if err != nil {
		return nil, err
	}
	t, err := p.test(ctx, later)
	if err != nil {
		return nil, err
	}
	t.Tracking, err = track(ctx, q, p, known.starts(), until, t.counts())
	return t, err
}

// lessonBefore is the book of the day a horizon before b, with what its customers did up to b; nil where nobody had bought by then.
func lessonBefore(ctx context.Context, q Querier, b *Book) (*taught, error) {
	s := b.Scope
	s.AsOf = b.AsOf.AddDays(-b.Scope.Recent)
	before, err := Load(ctx, q, s)
	if err != nil || before.Len() == 0 {
		return nil, err
	}
	return &taught{before, before.didIn(b)}, nil
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
	chanceOrder = []string{btyd.NameParetoNBD, btyd.NameMBGNBD, NameLogistic, btyd.NameNBD, NameActivity, NameSameRate, NameOverallMean, NameZero}
	countOrder  = []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameNBD, NameSameRate, NameOverallMean}
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
	byName := map[string][]float64{}
	err := p.forecasts(ctx, float64(later.AsOf-p.AsOf), func(f forecast) error {
		t.Rows = append(t.Rows, measured(f, bought, did))
		byName[f.name] = f.chances
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, bin := range btyd.Deciles(byName[t.chances()], active) {
		n := float64(bin.N)
		lo, hi := wilson(bin.Actual*n, n)
		t.Deciles = append(t.Deciles, Decile{N: bin.N, Predicted: finite(bin.Predicted), Actual: finite(bin.Actual), Lo: lo, Hi: hi})
	}
	return t, nil
}

// measured holds one forecast against what happened.
func measured(f forecast, bought []float64, did []bool) TestRow {
	r := TestRow{Model: f.name}
	known := func(v float64) *float64 { v = finite(v); return &v }
	ranked := f.chances
	if f.counts != nil {
		a := btyd.Measure(f.counts, bought)
		r.Predicted, r.MAE, r.RMSE = known(a.Predicted), known(a.MAE), known(a.RMSE)
		if a.Actual > 0 {
			r.Bias = known(a.Bias)
		}
		ranked = f.counts
	}
	if auc, ok := btyd.AUC(ranked, did); ok && !alike(ranked) {
		r.AUC = known(auc)
	}
	sum, predicted, actual := 0.0, 0.0, 0.0
	for i, p := range f.chances {
		y := flag(did[i])
		sum += (p - y) * (p - y)
		predicted += p
		actual += y
	}
	r.Brier = known(sum / float64(len(did)))
	if actual > 0 {
		r.ChanceBias = known(100 * (predicted/actual - 1))
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
	days := make([]int32, len(weeks))
	for i, d := range weeks {
		days[i] = int32(d)
	}
	expected := btyd.Tracking(fit.Model, starts, days)
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

// starts counts first purchases by day.
func (b *Book) starts() []btyd.Start {
	days := slices.Clone(b.First)
	slices.Sort(days)
	var all []btyd.Start
	for i, d := range days {
		if i > 0 && d == days[i-1] {
			all[len(all)-1].N++
			continue
		}
		all = append(all, btyd.Start{Day: int32(d), N: 1})
	}
	return all
}

// repeats counts the repeat purchases of the customers of b up to each of the days.
func repeats(ctx context.Context, q Querier, b *Book, until clock.Day, days []clock.Day) ([]float64, error) {
	purchases, err := report.Purchases(ctx, q, report.Params{AsOf: until, Basis: b.basis()})
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
