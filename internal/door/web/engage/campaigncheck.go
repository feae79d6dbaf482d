package engage

import (
	"fmt"
	"slices"
	"strings"

	"stamm/internal/action/campaign"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
)

// looked is the page of what a look at the whole campaign found.
type looked struct {
	c     *campaign.Campaign
	found []campaign.Finding
}

func (c campaigns) check(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	l := looked{c: of}
	if l.found, err = c.Campaigns.Inspector.Inspect(r.Context(), of.ID); err != nil {
		return err
	}
	l.found = append(unwritten(of), l.found...)
	return r.Render(r.P.T("campaigns.check"), campaignCheckView(r, l))
}

func (l looked) lead(p *i18n.Printer) string {
	return p.T(campaign.Words(l.c.Channel, "campaigns.check_lead"))
}

func (l looked) items(r *page.Request) []ui.Item {
	var items []ui.Item
	for _, f := range l.found {
		item := ui.Item{Icon: "info-circle", Tone: ui.Warn, Title: r.P.T(f.Key, f.Args...), Href: fmt.Sprintf("%s/edit?variant=%s&content=%s", campaignLink(l.c.ID), f.Variant, f.Content),
			Meta: l.place(r.P, f)}
		if f.Bad {
			item.Icon, item.Tone = "alert-circle", ui.Bad
		}
		items = append(items, item)
	}
	return items
}

// place is the version that a finding is about; of campaigns with one variant its language says all.
func (l looked) place(p *i18n.Printer, f campaign.Finding) string {
	text := f.Content
	if key := "campaigns.edit.languages." + f.Content; p.Has(key) {
		text = p.T(key)
	}
	if len(l.c.Variants) < 2 || f.Variant == "" {
		return text
	}
	return strings.TrimSuffix(program.ArmName(p, f.Variant)+" · "+text, " · ")
}

// unwritten are the contents of a campaign in which words of the skeleton still stand, which must not reach a customer.
func unwritten(c *campaign.Campaign) (found []campaign.Finding) {
	for i := range c.Variants {
		v := &c.Variants[i]
		for _, key := range v.Keys() {
			lang, _, _ := strings.Cut(key, "-")
			p := i18n.For(lang, nil)
			still := func(b campaign.Block) bool {
				return b.Kind == campaign.Heading && b.Text == p.T("campaigns.skeleton.heading") || strings.Contains(b.Text, p.T("campaigns.skeleton.text"))
			}
			if slices.ContainsFunc(v.Contents[key].Blocks, still) {
				found = append(found, campaign.Finding{Key: "campaigns.check_skeleton", Variant: v.Name, Content: key, Bad: true})
			}
		}
	}
	return found
}
