package api_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"

	"github.com/google/go-cmp/cmp"
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

func TestTopicAndOutcomeOfADraftCanBeChanged(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		words := map[string]*campaign.Content{"de": {Subject: "Herbst", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "Guten Tag"}, {Kind: campaign.Footer}}}}
		of := &campaign.Campaign{Name: "Herbst", Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: words}}}
		calls := &campaign.Campaign{Name: "Anrufe", Language: "de", Channel: consent.Phone, Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{"de": {Script: "Guten Tag"}}}}}
		write(t, c.db, func(tx *store.Tx) (err error) {
			ctx, today := context.Background(), clock.DayOf(tx.Now, time.UTC)
			if err := consent.SetTopic(ctx, tx, consent.Topic{Code: "news", De: "Neues"}); err != nil {
				return err
			}
			if calls.Measure, err = program.Adopt(ctx, tx, program.Measure{Name: "Anrufe", Start: today.AddDays(-2), End: today.AddDays(9)}); err != nil {
				return err
			}
			if err := campaign.Adopt(ctx, tx, calls, 0); err != nil {
				return err
			}
			return campaign.Create(ctx, tx, of)
		})
		path := fmt.Sprint("/campaigns/", of.ID)
		for _, tt := range []struct{ body, topic, outcome string }{
			{`{}`, "", "net"}, {`{"topic":"news","outcome":"visits"}`, "news", "visits"}, {`{"outcome":"orders"}`, "news", "orders"}, {`{"topic":""}`, "", "orders"}, {`{"topic":"news"}`, "news", "orders"},
		} {
			got := c.ok("PATCH", path, tt.body)
			topic, _ := got["topic"].(string)
			if topic != tt.topic || got["outcome"] != tt.outcome || got["state"] != "draft" {
				t.Errorf("%s: %v", tt.body, got)
			}
		}
		before := c.get(path)
		for body, place := range map[string]string{`{"outcome":"fame"}`: "outcome", `{"outcome":"margin","topic":"tea"}`: "topic", `{"subject":"x"}`: "subject"} {
			a := c.do("PATCH", path, body)
			if errors, _ := a.body["errors"].([]any); a.status != http.StatusUnprocessableEntity || len(errors) == 0 || errors[0].(map[string]any)["location"] != place {
				t.Errorf("%s: %d %s", body, a.status, a.text)
			}
		}
		if a := c.do("PATCH", path, `{"topic":"","version":1}`); a.status != http.StatusConflict {
			t.Errorf("what somebody else changed meanwhile: %d %s", a.status, a.text)
		}
		if diff := cmp.Diff(before, c.get(path)); diff != "" {
			t.Errorf("what was refused changed something: %s", diff)
		}
		c.post(path+"/send", "")
		for about, path := range map[string]string{"waiting": path, "sending": fmt.Sprint("/campaigns/", calls.ID)} {
			if a := c.do("PATCH", path, `{"topic":"news"}`); a.status != http.StatusConflict || a.body["code"] != "conflict" {
				t.Errorf("a campaign that is %s: %d %s", about, a.status, a.text)
			}
			if got := c.get(path); got["state"] != about {
				t.Errorf("it is %s, not %s", got["state"], about)
			}
		}
		c.secret, _ = addKey(t, c.db, auth.ReadCustomers)
		if a := c.do("PATCH", path, `{"topic":""}`); a.status != http.StatusForbidden {
			t.Errorf("without the scope: %d %s", a.status, a.text)
		}
	})
}
