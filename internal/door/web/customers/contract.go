package customers

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
)

// shownContracts is how many contracts stand on the overview at most.
const shownContracts = 8

// contractsOf reads a customer's contracts, those that run first, then those that ended last.
func contractsOf(r *page.Request, tx *store.Tx, id int64) ([]*contract.Contract, error) {
	if !r.Can(auth.ReadDocuments) {
		return nil, nil
	}
	all, err := contract.OfCustomer(r.Context(), tx, id)
	slices.SortStableFunc(all, func(a, b *contract.Contract) int { return -cmp.Compare(lastDay(a), lastDay(b)) })
	return all, err
}

func lastDay(c *contract.Contract) clock.Day {
	switch {
	case c.Ended != nil:
		return *c.Ended
	case c.Churned && c.ObservedUntil != nil:
		return *c.ObservedUntil
	}
	return clock.NewDay(9999, 12, 31)
}

// contractsSub says how many there are beyond those shown.
func contractsSub(r *page.Request, all []*contract.Contract) string {
	if more := len(all) - shownContracts; more > 0 {
		return r.P.T("customers.contracts.more", "count", more)
	}
	return ""
}

func contractPairs(r *page.Request, all []*contract.Contract) []ui.Pair {
	var pairs []ui.Pair
	for _, c := range all[:min(len(all), shownContracts)] {
		pairs = append(pairs, ui.Pair{Term: cmp.Or(c.Plan, c.ExternalID, r.P.T("customers.contracts.unnamed")), Text: contractTime(r, c), Note: strings.TrimSpace(c.Reason)})
	}
	return pairs
}

// contractTitle says in the timeline that a contract begins or ends, and on which day, which may lie ahead.
func contractTitle(r *page.Request, c *customer.Entry) string {
	key := "customers.change." + strings.ReplaceAll(c.Kind, ".", "_")
	var body struct{ Day *int64 }
	if json.Unmarshal(c.Body, &body) != nil || body.Day == nil {
		return r.P.T(key)
	}
	return r.P.T(key+"_on", "day", r.P.Date(clock.Day(*body.Day)))
}

// contractTime says from when to when it runs, or for how many months.
func contractTime(r *page.Request, c *contract.Contract) string {
	switch {
	case c.Started == nil && c.Tenure != nil && c.Churned:
		return r.P.N("customers.contracts.ran", *c.Tenure)
	case c.Started == nil && c.Tenure != nil && c.ObservedUntil != nil:
		return r.P.N("customers.contracts.runs", *c.Tenure, "day", r.P.Date(*c.ObservedUntil))
	case c.Started == nil:
		return ""
	case c.Ended == nil:
		return r.P.T("customers.contracts.since", "day", r.P.Date(*c.Started))
	}
	return r.P.T("customers.contracts.from_to", "from", r.P.Date(*c.Started), "to", r.P.Date(*c.Ended))
}
