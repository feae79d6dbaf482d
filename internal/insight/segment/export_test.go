package segment

import (
	"context"

	"stamm/internal/platform/warehouse"
)

// Interrupt has the tracker fail after a turn of writing as fn says, as a kill would end it there.
func (t *Tracker) Interrupt(fn func() error) { t.interrupted = fn }

// Look does for one tracked segment and these customers what a commit of the warehouse that concerned them makes the tracker do; it
// returns how many entered or left.
func (t *Tracker) Look(ctx context.Context, segment int64, ids []int64) (turned int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, err := t.open(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range d.segs {
		if s.ID != segment {
			continue
		}
		var verdicts []verdict
		err := t.house.View(ctx, func(v *warehouse.View) (err error) {
			verdicts, err = look(ctx, v, s.query, ids, slice)
			return err
		})
		if err != nil {
			return 0, err
		}
		moves, err := t.compare(ctx, s, verdicts, func(int64) bool { return true })
		if err != nil {
			return 0, err
		}
		for _, m := range moves {
			if m.turns {
				turned++
			}
		}
		return turned, t.write(ctx, map[int64][]move{s.ID: moves}, nil)
	}
	return 0, nil
}
