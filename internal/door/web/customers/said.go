package customers

import (
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
)

// Said is a message or a call in the timeline.
type Said struct {
	ID    int64
	At    time.Time
	Entry ui.Entry
}

// said are the messages that a page of the timeline may show, the newest first. They are read by their numbers; one that was noted later than
// others but happened earlier stands where its number says, so that no page passes over any.
func said(r *page.Request, tx *store.Tx, w whole, before int64) ([]happening, error) {
	if w.said == nil {
		return nil, nil
	}
	list, err := w.said(r, tx, w.ID, before, perTimeline+1)
	all := make([]happening, len(list))
	for i := range list {
		at := list[i].At
		if i > 0 && at.After(all[i-1].at) {
			at = all[i-1].at
		}
		all[i] = happening{at: at, said: &list[i]}
	}
	return all, err
}
