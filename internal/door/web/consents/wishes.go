package consents

import (
	"cmp"
	"slices"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// wish is what a customer chose for one of her addresses, in words.
type wish struct {
	address string
	lines   []string
}

// wishes reads what the customer chose on the page of her preferences: topics she left out, how often, a pause, her language.
func wishes(r *page.Request, tx *store.Tx, id int64) ([]wish, error) {
	chosen, err := consent.Preferences(r.Context(), tx, []int64{id})
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	topics, err := consent.Topics(r.Context(), tx)
	if err != nil {
		return nil, err
	}
	today := r.Today()
	var all []wish
	for to, p := range chosen {
		w := wish{address: to.Address}
		var off []string
		for _, t := range topics {
			if slices.Contains(p.TopicsOff, t.Code) {
				off = append(off, t.Name(r.P.Lang()))
			}
		}
		if len(off) > 0 {
			w.lines = append(w.lines, r.P.T("consents.wish.topics", "topics", r.P.List(off)))
		}
		if p.Frequency != consent.OftenAll {
			w.lines = append(w.lines, r.P.T("consents.wish."+p.Frequency))
		}
		if p.PausedUntil > today {
			w.lines = append(w.lines, r.P.T("consents.wish.pause", "day", r.P.Date(p.PausedUntil)))
		}
		if p.Language != "" {
			w.lines = append(w.lines, r.P.T("consents.wish.language", "language", r.P.T("consents.wish.language_"+p.Language)))
		}
		if len(w.lines) > 0 {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b wish) int { return cmp.Compare(a.address, b.address) })
	return all, nil
}
