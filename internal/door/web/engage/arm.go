package engage

import (
	"stamm/internal/action/campaign"
	"stamm/internal/action/program"
	"stamm/internal/platform/i18n"
)

// gets is what somebody of a group gets; where there is one variant there is nothing to tell apart.
func (o overview) gets(p *i18n.Printer, arm string) string {
	switch {
	case arm == program.Winner:
		return p.T(campaign.Words(o.c.Channel, "campaigns.gets_winner"))
	case len(o.c.Variants) < 2:
		return p.T(campaign.Words(o.c.Channel, "campaigns.gets_it"))
	}
	return p.T(campaign.Words(o.c.Channel, "campaigns.gets"), "variant", program.ArmName(p, arm))
}
