package program

import (
	"cmp"
	"context"
	"fmt"

	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// PlanQuestion is what a measure is planned by.
type PlanQuestion struct {
	AsOf     clock.Day
	Margin   int // percent of sales, as in Basis
	Window   int
	Outcome  Outcome
	Audience *filter.SQL // SELECT of a column customer; nil for everybody who bought in the year before
	Without  *filter.SQL // of everybody, likewise: customers who are left out; nil for none
	Control  int         // per mille left alone; 0 for the share that is suggested
	Effect   float64     // wished for, per customer, in minor units or orders; 0 for none
	Drawn    int64       // how many of the audience would take part, where a draft run told; 0 for all
}

// Plan is what a measure of these customers could see, by what they did in the days before AsOf, as many as count.
type Plan struct {
	PlanQuestion
	From      clock.Day // first of the days looked at
	Customers int64
	Mean, SD  float64 // of the outcome, per customer

	Suggested int     // per mille to leave alone
	Share     int     // per mille that the figures below are for
	MDE       float64 // the smallest effect that is seen in four of five cases; 0 where it cannot be told
	Needed    int64   // customers it takes to see the effect wished for; 0 where it cannot be told, or none is
	Enough    int     // per mille that have to be left alone to see it with these customers; 0 where half of them do not do
}

// Shares a plan suggests among, per mille, and the effect it wants to see: a fifth of what a customer brings anyway. What is larger seldom
// happens, what is smaller few companies can see. Where even half of the customers do not show it, tooFewControl is suggested: it sees what is a
// quarter larger than what half would, and four in five still get something.
const (
	leastControl = 50
	mostControl  = 500
	worthSeeing  = .2

	tooFewControl = 200
)

// PlanFor looks at what the customers did lately and says what a measure could see.
func PlanFor(ctx context.Context, w warehouse.Querier, q PlanQuestion) (*Plan, error) {
	p := &Plan{PlanQuestion: q, From: q.AsOf.AddDays(1 - q.Window)}
	ask := question{window: q.Window, asOf: q.AsOf, margin: q.Margin, from: p.From, until: p.From}
	audience := fmt.Sprintf("SELECT DISTINCT p.customer FROM purchase_day p WHERE p.net_orders > 0 AND p.day BETWEEN %s AND %s", date(p.From.AddDays(-before)), date(p.From.AddDays(-1)))
	switch {
	case q.Audience != nil:
		audience, ask.args = "SELECT f.customer FROM ("+q.Audience.Text+") f", q.Audience.Args
	case q.Without != nil:
		audience, ask.args = audience+" EXCEPT SELECT f.customer FROM ("+q.Without.Text+") f", q.Without.Args
	}
	ask.drawn = fmt.Sprintf("SELECT a.customer, '%s' AS arm, %s AS day FROM (%s) a", Control, date(p.From), audience)
	a, err := ask.ask(ctx, w)
	if err != nil {
		return nil, err
	}
	if len(a.cells) > 0 {
		m := a.cells[0].raw[q.Outcome]
		p.Customers, p.Mean, p.SD = cmp.Or(q.Drawn, a.cells[0].n), m.Mean, m.SD()
	}
	p.work()
	return p, nil
}

// work computes what follows from customers, mean and spread.
func (p *Plan) work() {
	p.Suggested = tooFewControl
	if share, ok := trial.ControlShare(worthSeeing*p.Mean, p.SD, p.Customers); ok {
		p.Suggested = max(leastControl, roundUp(share))
	}
	if p.Share = p.Control; p.Share == 0 {
		p.Share = p.Suggested
	}
	p.MDE = p.Seen(p.Share)
	if p.Effect != 0 {
		p.Needed, _ = trial.Customers(p.Effect, p.SD, float64(p.Share)/1000)
		if share, ok := trial.ControlShare(p.Effect, p.SD, p.Customers); ok {
			p.Enough = roundUp(share)
		}
	}
}

// roundUp makes per mille of a share, in whole percents.
func roundUp(share float64) int {
	percent := int(share*100) + 1
	return min(10*percent, mostControl)
}

// FirstBuyers counts who bought for the first time in a year: the customers who were won.
func FirstBuyers(ctx context.Context, w warehouse.Querier, year int) (n int64, err error) {
	err = w.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM purchase_day p WHERE p.net_orders > 0 AND p.net_nth = 1 AND p.day BETWEEN %s AND %s",
		date(clock.NewDay(year, 1, 1)), date(clock.NewDay(year, 12, 31)))).Scan(&n)
	return n, err
}

// Seen is the smallest effect that is seen in four of five cases when so many per mille are left alone; 0 where it cannot be told.
func (p *Plan) Seen(share int) float64 {
	control := p.Customers * int64(share) / 1000
	effect, _ := trial.MDE(control, p.Customers-control, p.SD)
	return effect
}
