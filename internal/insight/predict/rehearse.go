package predict

import (
	"context"

	"stamm/internal/insight/predict/btyd"
)

// rehearsed is a backtest, and what of it goes on to teach the candidates of today.
type rehearsed struct {
	test   *Backtest
	panel  *panel
	season *Season // as it was known on the cut, and whether it helped; nil where there were less than two years

	calm btyd.Model // fitted by the calendar: what the season was held against; nil where there was none
}

// rehearsal is a backtest to be run of what was known on the cut against what is known later.
type rehearsal struct {
	q          Querier
	known      *Book // on the cut
	later      *Book // a horizon later; of customers who are in known
	before     *Book // a horizon before the cut: what the candidates learn from
	activeDays int
	tracked    bool // week by week, too
	near       near // what fits begin with, and leave behind
}

// earlier is the scope a horizon before.
func (s Scope) earlier() Scope {
	s.AsOf, s.Details = s.AsOf.AddDays(-s.Recent), true
	return s
}

// run runs the backtest. Where there are two years of purchases it runs twice, by the calendar and by the clock of the season, and
// the better one stands: a season that does not help is not used.
func (r rehearsal) run(ctx context.Context) (rehearsed, error) {
	days, err := loadDaily(ctx, r.q, r.known.Scope)
	if err != nil {
		return rehearsed{}, err
	}
	plain, err := r.by(ctx, days, nil)
	if err != nil || r.known.Len() == 0 || !days.long() {
		return plain, err
	}
	calm := plain.panel.fits[btyd.NameMBGNBD].Model
	season := days.season(calm)
	season.On = true
	other, err := r.by(ctx, days, season.clock(days.first, r.later.AsOf))
	if err != nil {
		return rehearsed{}, err
	}
	season.ErrorOff, season.ErrorOn = weekly(plain.test.Tracking, r.known.AsOf), weekly(other.test.Tracking, r.known.AsOf)
	season.BrierOff, season.BrierOn = plain.test.brier(), other.test.brier()
	season.On = season.BrierOn < season.BrierOff
	if season.On {
		plain = other
	}
	plain.season, plain.test.Season, plain.calm = season, season, calm
	return plain, nil
}

// brier is the error of the best candidate.
func (t *Backtest) brier() float64 {
	for _, r := range t.Rows {
		if r.Model == t.chances() && r.Brier != nil {
			return *r.Brier
		}
	}
	return 1
}

// by runs the backtest by a clock.
func (r rehearsal) by(ctx context.Context, days daily, c *seasonClock) (rehearsed, error) {
	known := r.known.by(c)
	var lesson *taught
	if r.before.Len() > 0 {
		var err error
		if lesson, err = newTaught(ctx, r.before.by(c), r.before.didIn(known), r.near); err != nil {
			return rehearsed{}, err
		}
	}
	p, err := newPanel(ctx, newCrowd(known), lesson, r.activeDays, r.near, append(btyd.Names(), btyd.NameCovariates)...)
	if err != nil {
		return rehearsed{}, err
	}
	t, err := p.test(ctx, r.later)
	if err != nil {
		return rehearsed{}, err
	}
	if r.tracked {
		t.Tracking, err = track(ctx, r.q, p, days.starts(), r.later.AsOf, t.counts())
	}
	return rehearsed{test: t, panel: p}, err
}
