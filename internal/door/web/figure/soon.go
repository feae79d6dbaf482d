package figure

import (
	"context"
	"time"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/warehouse"
)

// Patience is how long a page waits for figures that are being computed, for all of them together.
const Patience = 30 * time.Millisecond

// First is how long it waits where there are no earlier figures to show meanwhile: an empty page that fills itself a
// moment later is worse than one that comes a moment later. Figures that take longer are not waited for like this a second time.
const First = 700 * time.Millisecond

// Source is where the figures of one page come from. Make one for each request with From.
type Source struct {
	db       *warehouse.DB
	deadline time.Time
	first    time.Time // deadline of figures that were never computed
	forever  bool

	stale  bool
	asOf   time.Time
	reload string
	rows   int64
}

// From begins a page. patience 0 is Patience; warehouse.Forever waits until everything is there, which is for tests and
// for files.
func From(db *warehouse.DB, patience time.Duration, reload string) *Source {
	now := time.Now()
	s := &Source{db: db, deadline: now.Add(patience), first: now.Add(patience), forever: patience < 0, reload: reload}
	if patience == 0 {
		s.deadline, s.first = now.Add(Patience), now.Add(First)
	}
	return s
}

// Soon is the value under key, computed by fn where it is not known yet: as warehouse.Cached, but without waiting longer
// than the page has patience. known is false while there is none at all; it is being computed then, and the page should
// ask again.
func Soon[T any](ctx context.Context, s *Source, key string, fn func(context.Context, *warehouse.View) (T, error)) (value T, known bool, err error) {
	patience := warehouse.Forever
	short := ctx
	if !s.forever {
		patience = max(0, time.Until(s.deadline))
		var cancel context.CancelFunc
		first := s.first
		if s.db.Computing(key) > First {
			first = s.deadline
		}
		short, cancel = context.WithDeadline(ctx, latest(first, time.Now().Add(patience+5*time.Millisecond)))
		defer cancel()
	}
	got, err := warehouse.Cached(short, s.db, key, patience, fn) // after patience the last value, without one it waits on
	if err != nil {
		if short.Err() != nil && ctx.Err() == nil {
			s.stale = true
			return value, false, nil
		}
		return value, false, err
	}
	if !got.Fresh {
		s.stale = true
	}
	if s.asOf.IsZero() || got.AsOf.Before(s.asOf) {
		s.asOf = got.AsOf
	}
	return got.Value, true, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// AsOf is the line at the foot of the page: how old its oldest figure is, and whether newer ones are on their way.
func (s *Source) AsOf(source string) ui.AsOf {
	return ui.AsOf{At: s.asOf, Source: source, Rows: s.rows, Stale: s.stale, Reload: s.reload}
}
