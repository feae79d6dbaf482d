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

// said are the messages that a page of the timeline may show, the newest first.
func said(r *page.Request, tx *store.Tx, w whole, at time.Time, before int64) ([]happening, error) {
	if w.said == nil {
		return nil, nil
	}
	list, err := w.said(r, tx, w.ID, at, before, perTimeline+1)
	all := make([]happening, len(list))
	for i := range list {
		all[i] = happening{at: list[i].At, said: &list[i]}
	}
	return all, err
}
