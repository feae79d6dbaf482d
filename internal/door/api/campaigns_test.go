package api_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/action/campaign"
	"stamm/internal/platform/store"
)

func TestACampaignIsReadSentOnceAndCancelled(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		of := &campaign.Campaign{Name: "Herbst", Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{
			"de": {Subject: "Herbst", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "Guten Tag"}, {Kind: campaign.Footer}}}}}}}
		write(t, c.db, func(tx *store.Tx) error { return campaign.Create(context.Background(), tx, of) })
		path := fmt.Sprint("/campaigns/", of.ID)
		if a := c.do("GET", "/campaigns", ""); a.status != 200 || len(a.body["items"].([]any)) != 1 {
			t.Errorf("list: %d %s", a.status, a.text)
		}
		if a := c.do("GET", path, ""); a.body["state"] != "draft" || a.body["channel"] != "email" || a.body["drafting"] != false {
			t.Errorf("read: %s", a.text)
		}
		for _, tt := range []struct {
			step, state string
			repeated    bool
		}{{"send", "waiting", false}, {"send", "waiting", true}, {"cancel", "cancelled", false}, {"cancel", "cancelled", true}} {
			if a := c.do("POST", path+"/"+tt.step, ""); a.status != 200 || a.body["state"] != tt.state || a.body["repeated"] != tt.repeated {
				t.Errorf("%s: %d %s", tt.step, a.status, a.text)
			}
		}
		for _, step := range []string{"send", "pause", "resume"} {
			if a := c.do("POST", path+"/"+step, ""); a.body["code"] != "conflict" {
				t.Errorf("%s of what is cancelled: %d %s", step, a.status, a.text)
			}
		}
		if a := c.do("GET", "/campaigns/99", ""); a.status != 404 {
			t.Errorf("one that does not exist: %d", a.status)
		}
	})
}
