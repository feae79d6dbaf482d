package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Leaving foresees which contracts end within so many days, by a logistic regression. What teaches it is every stretch of that length that
// a contract began and that is over: did it end in it? So long contracts and those that ended long ago say no more than is known of them.
type Leaving struct {
	AsOf      clock.Day       `json:"as_of"`
	Horizon   int             `json:"horizon_days"`
	Known     int64           `json:"n"`         // contracts that taught something
	Stretches int64           `json:"stretches"` // of them
	Events    int64           `json:"events"`    // stretches in which a contract ended
	Status    survival.Status `json:"status"`
	LL        float64         `json:"LL"`
	Effects   []Effect        `json:"effects"`

	// How it does on the half of the contracts that it did not learn from; nil where one half is too few. Brier is the mean of
	// (chance − ended)², SameRate the same of one rate for all.
	AUC      *float64 `json:"auc"`
	Brier    *float64 `json:"brier"`
	SameRate *float64 `json:"brier_same_rate"`

	TenureOnly int64    `json:"tenure_only"` // contracts of which only months are known
	Contracts  []Leaver `json:"-"`           // those that run, the largest chance to leave first
}

// Effect is what a feature does to the log odds of leaving.
type Effect struct {
	Feature string  `json:"feature"` // one of the Leaving features
	Plan    string  `json:"plan,omitempty"`
	Value   float64 `json:"value"`
	SE      float64 `json:"se"`
}

// What the regression knows of a contract when a stretch begins. Of the plans the one with most contracts is what others are compared with.
const (
	LeavingMonths   = "months"     // that it has run
	LeavingEarly    = "log_months" // the logarithm of one and these months
	LeavingBought   = "bought"     // purchase days of the customer in the stretch before
	LeavingPlan     = "plan"
	mostPlans       = 10
	fewestOfPlan    = 30
	fewestEnds      = 10
	mostStretches   = 2_000_000 // fewer contracts teach where they would make more
	daysOfMonth     = 30.4375
	leavingInterval = 0.95
)

// Leaver is a contract that runs.
type Leaver struct {
	Customer  int64
	Plan      string
	Months    float64 // it has run
	P, Lo, Hi float64 // chance to end within the horizon, with the interval of 95 % that the coefficients leave
}

// running is a contract as it is known.
type running struct {
	id, customer int64
	plan         string
	days         int32 // it ran, or has run
	since        int32 // days since it began; of those of which only months are known as many as it takes
	ended        bool
	bought       map[int32]float32 // purchase days by stretch
	lately       float32           // purchase days in the last stretch before today
}

// Leave foresees who leaves within so many days. No contracts at all are a NotFound fault.
func Leave(ctx context.Context, q Querier, asOf clock.Day, days int) (*Leaving, error) {
	if days < 1 || days > 3660 {
		return nil, fault.New(fault.Invalid, "predict.error.leaving_days").On("within")
	}
	l := &Leaving{AsOf: asOf, Horizon: days, Status: survival.TooFew, Effects: []Effect{}}
	all, err := l.contracts(ctx, q)
	if err != nil {
		return nil, err
	}
	t := &teaching{days: int32(days), plans: plansOf(all), bought: slices.ContainsFunc(all, func(c *running) bool { return len(c.bought) > 0 })}
	stretches := 0
	for _, c := range all {
		stretches += t.count(c)
	}
	step := max((len(all)+mostTaught-1)/mostTaught, (stretches+mostStretches-1)/mostStretches, 1)
	var taught []*running
	for i := 0; i < len(all); i += step {
		taught = append(taught, all[i])
	}
	m, happened, err := t.fit(ctx, taught)
	if err != nil {
		return nil, err
	}
	l.Known, l.Stretches, l.Events = int64(len(taught)), m.N, m.Events
	if m.Status == survival.OK && m.Events >= fewestEnds {
		l.Status, l.LL = survival.OK, m.LL
		for i := range m.Names {
			name, plan := t.name(i)
			l.Effects = append(l.Effects, Effect{name, plan, m.Coefficients[i], m.SE[i]})
		}
		if err := l.rehearse(ctx, t, taught); err != nil {
			return nil, err
		}
	}
	rate := (float64(m.Events) + 0.5) / (float64(len(happened)) + 1)
	row := make([]float32, t.width())
	for _, c := range all {
		if c.ended {
			continue
		}
		who := Leaver{Customer: c.customer, Plan: c.plan, Months: float64(c.days) / daysOfMonth, P: rate}
		who.Lo, who.Hi = wilson(float64(m.Events), float64(len(happened)))
		if l.Status == survival.OK {
			t.put(row, c, c.days, c.lately)
			p := m.Predict(row, leavingInterval)
			who.P, who.Lo, who.Hi = within(p.P), within(p.Lo), within(p.Hi)
		}
		l.Contracts = append(l.Contracts, who)
	}
	slices.SortStableFunc(l.Contracts, func(a, b Leaver) int { return cmp.Compare(b.P, a.P) })
	return l, nil
}

// contracts reads what is known of all contracts up to the day; a tenure stands for so many months of days.
func (l *Leaving) contracts(ctx context.Context, q Querier) ([]*running, error) {
	var all []*running
	at := map[int64]*running{}
	var c running
	var dated bool
	err := each(ctx, q, fmt.Sprintf(`SELECT id, customer, plan, CAST(CASE WHEN started IS NULL THEN round(tenure * %[2]g)
			ELSE least(coalesce(ended, DATE '%[1]s'), DATE '%[1]s') + 1 - started END AS INTEGER),
		CAST(CASE WHEN started IS NULL THEN 1000000 ELSE DATE '%[1]s' + 1 - started END AS INTEGER),
		CASE WHEN started IS NULL THEN churned ELSE coalesce(ended <= DATE '%[1]s', false) END, started IS NOT NULL
		FROM contract WHERE started IS NULL OR started <= DATE '%[1]s' ORDER BY id`, l.AsOf, daysOfMonth),
		[]any{&c.id, &c.customer, &c.plan, &c.days, &c.since, &c.ended, &dated}, func() {
			one := c
			all, at[c.id] = append(all, &one), &one
			if !dated {
				l.TenureOnly++
			}
		})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "survival.error.none")
	}
	var id int64
	var stretch, n, lately int32
	err = each(ctx, q, fmt.Sprintf(`SELECT c.id, CAST((p.day - c.started) // %[2]d AS INTEGER), CAST(count(*) AS INTEGER), CAST(count(*) FILTER (p.day > DATE '%[1]s' - %[2]d) AS INTEGER)
		FROM contract c JOIN purchase_day p ON p.customer = c.customer AND p.day >= c.started AND p.day <= DATE '%[1]s' AND p.net_orders > 0
		WHERE c.started IS NOT NULL GROUP BY ALL`, l.AsOf, l.Horizon), []any{&id, &stretch, &n, &lately}, func() {
		if one := at[id]; one != nil {
			if one.bought == nil {
				one.bought = map[int32]float32{}
			}
			one.bought[stretch] = float32(n)
			one.lately += float32(lately)
		}
	})
	return all, err
}

// plansOf are the plans that are features: those with enough contracts, without the one that has most.
func plansOf(all []*running) []string {
	count := map[string]int{}
	for _, c := range all {
		count[c.plan]++
	}
	var plans []string
	for plan, n := range count {
		if n >= fewestOfPlan {
			plans = append(plans, plan)
		}
	}
	slices.SortFunc(plans, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	if len(plans) > 0 {
		plans = plans[1:]
	}
	return plans[:min(len(plans), mostPlans)]
}

// teaching makes rows of features.
type teaching struct {
	days   int32
	plans  []string
	bought bool
}

func (t *teaching) width() int {
	if t.bought {
		return 3 + len(t.plans)
	}
	return 2 + len(t.plans)
}

func (t *teaching) name(i int) (feature, plan string) {
	switch {
	case i == 0:
		return LeavingMonths, ""
	case i == 1:
		return LeavingEarly, ""
	case i < 2+len(t.plans):
		return LeavingPlan, t.plans[i-2]
	}
	return LeavingBought, ""
}

func (t *teaching) put(row []float32, c *running, age int32, bought float32) {
	months := float64(age) / daysOfMonth
	row[0], row[1] = float32(months), float32(math.Log1p(months))
	for i, plan := range t.plans {
		row[2+i] = 0
		if c.plan == plan {
			row[2+i] = 1
		}
	}
	if t.bought {
		row[len(row)-1] = bought
	}
}

// count is how many stretches a contract began that are over. One in which it ended but that is not over does not count either: of those that
// began with it, some may still end in it.
func (t *teaching) count(c *running) int {
	n := c.days / t.days
	if c.ended {
		n = min(max(0, c.days-1)/t.days+1, c.since/t.days)
	}
	return int(n)
}

// ends tells whether a contract ended in the last of its stretches.
func (t *teaching) ends(c *running, n int) bool { return c.ended && int32(n)*t.days >= c.days }

// stretches are the rows of contracts, and whether they ended in each.
func (t *teaching) stretches(all []*running) (f survival.Features, happened []bool) {
	for i := range t.width() {
		name, plan := t.name(i)
		f.Names = append(f.Names, name+plan)
	}
	row := make([]float32, t.width())
	for _, c := range all {
		n := t.count(c)
		for at := range n {
			k := int32(at)
			bought := float32(0)
			if k > 0 {
				bought = c.bought[k-1]
			}
			t.put(row, c, k*t.days, bought)
			f.Data, happened = append(f.Data, row...), append(happened, at == n-1 && t.ends(c, n))
		}
	}
	return f, happened
}

func (t *teaching) fit(ctx context.Context, all []*running) (*survival.Logistic, []bool, error) {
	f, happened := t.stretches(all)
	m, err := survival.FitLogistic(ctx, f, happened)
	return m, happened, err
}

// rehearse teaches every other contract and asks for the rest.
func (l *Leaving) rehearse(ctx context.Context, t *teaching, all []*running) error {
	var half [2][]*running
	for i, c := range all {
		half[i%2] = append(half[i%2], c)
	}
	m, learned, err := t.fit(ctx, half[0])
	if err != nil || m.Status != survival.OK || m.Events < fewestEnds {
		return err
	}
	f, happened := t.stretches(half[1])
	if len(happened) == 0 {
		return nil
	}
	chances, err := m.PredictAll(ctx, f, leavingInterval)
	if err != nil {
		return err
	}
	rate, brier, same := float64(m.Events)/float64(len(learned)), 0.0, 0.0
	score := make([]float64, len(chances))
	for i, c := range chances {
		did := 0.0
		if happened[i] {
			did = 1
		}
		score[i] = c.P
		brier += (c.P - did) * (c.P - did)
		same += (rate - did) * (rate - did)
	}
	if auc, ok := btyd.AUC(score, happened); ok {
		l.AUC = &auc
	}
	brier, same = brier/float64(len(score)), same/float64(len(score))
	l.Brier, l.SameRate = &brier, &same
	return nil
}
