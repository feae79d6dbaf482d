package today

import (
	"fmt"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message/call"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// mostSends is how many campaigns of each kind stand on the page.
const mostSends = 3

// sends are what waits for a go: campaigns in their five minutes, those that a second person has to agree to or to send, and the calls that
// are due today.
func sends(r *page.Request, tx *store.Tx) ([]ui.Item, error) {
	var items []ui.Item
	if r.Can(auth.WriteMessages) {
		for _, of := range []struct {
			state campaign.State
			item  func(*page.Request, *campaign.Campaign) (ui.Item, bool)
		}{{campaign.Waiting, leaving}, {campaign.Approved, approved}, {campaign.Draft, asked}} {
			if of.state == campaign.Draft {
				if needed, err := campaign.NeedsApproval(r.Context(), tx); err != nil || !needed {
					if err != nil {
						return nil, err
					}
					continue
				}
			}
			found, err := some(r, tx, of.state, of.item)
			if err != nil {
				return nil, err
			}
			items = append(items, found...)
		}
	}
	n, err := call.CountDue(r.Context(), tx, r.User.ID, r.Today().End(r.Company.Zone()))
	if err != nil || n == 0 {
		return items, err
	}
	return append(items, ui.Item{Icon: "phone", Tone: ui.Warn, Title: r.P.N("today.sends.calls", n), Href: "/engage/calls", Go: &ui.Anchor{Text: r.P.T("today.sends.calls_go"), Href: "/engage/calls/next"}}), nil
}

// some are the newest campaigns in a state that belong on the page.
func some(r *page.Request, tx *store.Tx, state campaign.State, item func(*page.Request, *campaign.Campaign) (ui.Item, bool)) ([]ui.Item, error) {
	const looked = 50 // drafts that nobody means to send may lie around
	all, err := campaign.List(r.Context(), tx, state, 0, looked)
	var items []ui.Item
	for _, c := range all {
		if one, is := item(r, c); is && len(items) < mostSends {
			items = append(items, one)
		}
	}
	return items, err
}

// leaving is a campaign in the minutes in which it can still be stopped.
func leaving(r *page.Request, c *campaign.Campaign) (ui.Item, bool) {
	item := place(r, c, "leaving")
	item.Tone = ui.Warn
	if c.GoAt != nil {
		item.Meta = r.P.Time(*c.GoAt)
	}
	return item, true
}

// approved is a campaign that a second person agreed to, and nobody has sent.
func approved(r *page.Request, c *campaign.Campaign) (ui.Item, bool) {
	return place(r, c, "approved"), true
}

// asked is a draft that is ready but for the word of a second person: it was played through as it is now, and somebody else wrote it.
func asked(r *page.Request, c *campaign.Campaign) (ui.Item, bool) {
	ready := c.Trial != nil && c.Trial.Version == c.Version && c.EditedBy != r.User.ID && c.Ready() == nil
	return place(r, c, "asked"), ready
}

func place(r *page.Request, c *campaign.Campaign, what string) ui.Item {
	href := fmt.Sprintf("/engage/campaigns/%d", c.ID)
	return ui.Item{Icon: "mail", Title: r.P.T("today.sends."+what, "name", c.Name), Text: r.P.T("today.sends." + what + "_text"), Href: href,
		Go: &ui.Anchor{Text: r.P.T("today.sends.go"), Href: href}}
}
