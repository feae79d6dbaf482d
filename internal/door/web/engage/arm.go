package engage

import (
	"strings"

	"stamm/internal/action/program"
	"stamm/internal/platform/i18n"
)

// armWords is what a group of a measure is called.
func armWords(p *i18n.Printer, arm string) string {
	if arm == program.Winner {
		return p.T("program.arm.winner")
	}
	return p.T("engage.arm", "arm", strings.ToUpper(arm))
}

// gets is what somebody of a group gets; where there is one variant there is nothing to tell apart.
func (o overview) gets(p *i18n.Printer, arm string) string {
	switch {
	case arm == program.Winner:
		return p.T("campaigns.gets_winner")
	case len(o.c.Variants) < 2:
		return p.T("campaigns.gets_it")
	}
	return p.T("campaigns.gets", "variant", strings.ToUpper(arm))
}
