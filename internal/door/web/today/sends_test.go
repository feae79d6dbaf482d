package today_test

import (
	"context"
	"strings"
	"testing"

	"stamm/internal/action/campaign"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

func TestSendsThatWaitForAGoStandOnToday(t *testing.T) {
	s := site(t, shoptest.New(t))
	draft := func(name string) (c *campaign.Campaign) {
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			c = &campaign.Campaign{Name: name, Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{
				"de": {Subject: "Herbst", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "Guten Tag"}, {Kind: campaign.Footer}}}}}}}
			return campaign.Create(ctx, tx, c)
		})
		return c
	}
	leaving := draft("Winterpost")
	draft("Entwurf")
	s.Write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, leaving.ID) })
	for _, role := range auth.Roles() {
		words := clean(t, s.As(role), "de", "/")
		if got := strings.Contains(words, "Winterpost"); got != role.Can(auth.WriteMessages) {
			t.Errorf("%s sees the campaign that begins: %v", role, got)
		}
		if strings.Contains(words, "Entwurf“") {
			t.Errorf("%s is told of a draft that nobody wants to send", role)
		}
		clean(t, s.As(role), "en", "/")
	}
}
