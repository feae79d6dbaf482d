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
}

// rehearse runs the backtest of what was known on the cut against what is known later. Where there are two years of purchases it runs
// twice, by the calendar and by the clock of the season, and the better one stands: a season that does not help is not used.
// starts are the first purchases of all customers known on the cut, of whom known may hold only some.
func rehearse(ctx context.Context, q Querier, known, later *Book, starts []btyd.Start, activeDays int) (rehearsed, error) {
	scope := known.Scope
	scope.AsOf = known.AsOf.AddDays(-known.Scope.Recent)
	before, err := Load(ctx, q, scope)
	if err != nil {
		return rehearsed{}, err
	}
	before = before.thinned(mostTaught)
	r := rehearsal{q: q, known: known, later: later, before: before, starts: starts, activeDays: activeDays}
	plain, err := r.by(ctx, nil)
	if err != nil || known.Len() == 0 {
		return plain, err
	}
	days, err := loadDaily(ctx, q, known.Scope)
	if err != nil {
		return rehearsed{}, err
	}
	season := days.season()
	if season == nil {
		return plain, nil
	}
	season.On = true
	other, err := r.by(ctx, season.clock(days.first, later.AsOf))
	if err != nil {
		return rehearsed{}, err
	}
	season.ErrorOff, season.ErrorOn = weekly(plain.test.Tracking, known.AsOf), weekly(other.test.Tracking, known.AsOf)
	season.BrierOff, season.BrierOn = plain.test.brier(), other.test.brier()
	season.On = season.BrierOn < season.BrierOff
	if season.On {
		plain = other
	}
	plain.season, plain.test.Season = season, season
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

// rehearsal is what both runs share.
type rehearsal struct {
	q                    Querier
	known, later, before *Book
	starts               []btyd.Start
	activeDays           int
}

// by runs the backtest by a clock.
func (r rehearsal) by(ctx context.Context, c *seasonClock) (rehearsed, error) {
	known := r.known.by(c)
	var lesson *taught
	if r.before.Len() > 0 {
		var err error
		if lesson, err = newTaught(ctx, r.before.by(c), r.before.didIn(known)); err != nil {
			return rehearsed{}, err
		}
	}
	p, err := newPanel(ctx, newCrowd(known), lesson, r.activeDays)
	if err != nil {
		return rehearsed{}, err
	}
	t, err := p.test(ctx, r.later)
	if err != nil {
		return rehearsed{}, err
	}
	t.Tracking, err = track(ctx, r.q, p, r.starts, r.later.AsOf, t.counts())
	return rehearsed{test: t, panel: p}, err
}
