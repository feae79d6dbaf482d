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
	if t.Tracking, err = track(ctx, q, p, known.starts(), until, t.counts()); err != nil {
		return nil, err
	}
	_, err = t.seasoned(ctx, q, known.Scope)
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
	return newTaught(ctx, before, before.didIn(b))
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
	t.said, t.active = map[string][]float64{}, active
	err := p.forecasts(ctx, float64(later.AsOf-p.AsOf), func(f forecast) error {
		t.Rows = append(t.Rows, measured(f, bought, did))
		t.said[f.name] = f.chances
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.calibrate(nil)
	return t, nil
}

// calibrate holds the chances of all candidates against what happened, and those of the best tenth by tenth.
func (t *Backtest) calibrate(s *Season) {
	actual := 0.0
	for _, y := range t.active {
		actual += y
	}
	said := map[string][]float64{}
	for i := range t.Rows {
		r := &t.Rows[i]
		f := s.ahead(r.Model, t.Cut, int(t.Until-t.Cut))
		chances, square, sum := make([]float64, len(t.active)), 0.0, 0.0
		for j, p := range t.said[r.Model] {
			chances[j] = seasoned(p, f)
			square += (chances[j] - t.active[j]) * (chances[j] - t.active[j])
			sum += chances[j]
		}
		said[r.Model] = chances
		r.Brier, r.ChanceBias = some(square/float64(len(t.active))), nil
		if actual > 0 {
			r.ChanceBias = some(100 * (sum/actual - 1))
		}
	}
	t.Deciles = []Decile{}
	for _, bin := range btyd.Deciles(said[t.chances()], t.active) {
		n := float64(bin.N)
		lo, hi := wilson(bin.Actual*n, n)
		t.Deciles = append(t.Deciles, Decile{N: bin.N, Predicted: finite(bin.Predicted), Actual: finite(bin.Actual), Lo: lo, Hi: hi})
	}
}

func some(v float64) *float64 { v = finite(v); return &v }

// seasoned looks whether the season that was known on the cut makes the weeks after it come out better, and calibrates with it if it does.
// It returns the season as of the cut, nil where there were less than two years.
func (t *Backtest) seasoned(ctx context.Context, q Querier, known Scope) (*Season, error) {
	days, err := loadDaily(ctx, q, known)
	if err != nil {
		return nil, err
	}
	s := days.season()
	if s == nil || len(t.active) == 0 {
		return nil, nil
	}
	if s.judge(t.Tracking, t.Cut); s.On {
		t.calibrate(s)
	}
	t.said, t.active = nil, nil
	return s, nil
}

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
