package figure

import (
	"context"
	"database/sql"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
)

// Extent is what the figures rest on.
type Extent struct {
	Days int64      // purchase days of customers
	Last *clock.Day // the last one; nil if there is none
}

// ExtentOf asks what the figures rest on; the line at the foot of the page says it.
func ExtentOf(ctx context.Context, s *Source) (Extent, error) {
	e, _, err := Soon(ctx, s, "insight/extent", func(ctx context.Context, v *warehouse.View) (Extent, error) {
		var e Extent
		var last sql.NullTime
		err := v.QueryRowContext(ctx, "SELECT count(*), max(day) FROM purchase_day").Scan(&e.Days, &last)
		if last.Valid {
			day := clock.DayOf(last.Time, last.Time.Location())
			e.Last = &day
		}
		return e, err
	})
	s.rows = e.Days
	return e, err
}

// Old tells whether purchases ended so long ago that figures of the day mean little, as with data brought in for a trial.
func (e Extent) Old(day clock.Day) bool { return e.Last != nil && day-*e.Last > 90 }
