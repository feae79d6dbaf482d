package figure

import (
	"context"
	"time"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/warehouse"
)

// Patience is how long a page waits for figures that are being computed, for all of them together.
const Patience = 50 * time.Millisecond

// Source is where the figures of one page come from. Make one for each request with From.
type Source struct {
	db       *warehouse.DB
	deadline time.Time
	forever  bool

	stale  bool
	asOf   time.Time
	reload string
	rows   int64
}

// From begins a page. patience 0 is Patience; warehouse.Forever waits until everything is there, which is for tests and
// for files.
func From(db *warehouse.DB, patience time.Duration, reload string) *Source {
	if patience == 0 {
		patience = Patience
	}
	return &Source{db: db, deadline: time.Now().Add(patience), forever: patience < 0, reload: reload}
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
		short, cancel = context.WithTimeout(ctx, patience+5*time.Millisecond)
		defer cancel()
	}
	got, err := warehouse.Cached(short, s.db, key, patience, fn)
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

// AsOf is the line at the foot of the page: how old its oldest figure is, and whether newer ones are on their way.
func (s *Source) AsOf(source string) ui.AsOf {
	return ui.AsOf{At: s.asOf, Source: source, Rows: s.rows, Stale: s.stale, Reload: s.reload}
}
