package engage

import (
	"cmp"
	"slices"
	"strings"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
)

// usualControl is how many per mille are left alone where the planner knows nothing, as before the first purchase.
const usualControl = 100

// question is what the planner is asked about a campaign; ok is false where its settings cannot be asked about.
func question(of *campaign.Campaign) (q program.PlanQuestion, ok bool) {
	q = program.PlanQuestion{Window: of.Window, Outcome: cmp.Or(of.Outcome, program.Net)}
	return q, q.Window > 0 && q.Window <= 365 && slices.Contains(program.Outcomes(), q.Outcome)
}

// suggest has the planner say how many are left alone where the form leaves that open.
func (c campaigns) suggest(r *page.Request, of *campaign.Campaign) error {
	q, ok := question(of)
	if r.Text("control") != "" || c.Planned == nil || !ok {
		return nil
	}
	share, _, err := c.Planned(r, q, of.Segment, of.Exclude)
	of.Control = cmp.Or(share, usualControl)
	return err
}

// seen says what a campaign that is not under way yet could show, with the customers that its draft run found.
func (c campaigns) seen(r *page.Request, of *campaign.Campaign) (ui.Anchor, error) {
	q, ok := question(of)
	if c.Planned == nil || !ok || of.Control == 0 || !of.Editable() && of.State != campaign.Waiting {
		return ui.Anchor{}, nil
	}
	q.Control = of.Control
	if of.Trial != nil {
		q.Drawn = of.Trial.Queued
		for why, n := range of.Trial.Stopped {
			if gate, _, _ := strings.Cut(why, "."); gate == string(message.GateControl) {
				q.Drawn += n
			}
		}
	}
	_, said, err := c.Planned(r, q, of.Segment, of.Exclude)
	return said, err
}
