package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Campaign is a campaign as it stands.
type Campaign struct {
	ID         int64          `json:"id"`
	Name       string         `json:"name"`
	Goal       string         `json:"goal,omitempty"`
	Channel    string         `json:"channel" enum:"email,phone"`
	Purpose    string         `json:"purpose"`
	Topic      string         `json:"topic,omitempty"`
	Outcome    string         `json:"outcome" enum:"margin,net,orders,visits"`
	Measure    int64          `json:"measure"`
	Segment    int64          `json:"segment,omitempty"`
	State      string         `json:"state" enum:"draft,approved,waiting,sending,paused,done,cancelled"`
	Version    int64          `json:"version"`
	GoAt       string         `json:"go_at,omitempty"`
	Recipients int64          `json:"recipients"`
	Counts     CampaignCounts `json:"counts"`
	Draft      *CampaignDraft `json:"draft,omitempty"`
	Drafting   bool           `json:"drafting"`
	Repeated   bool           `json:"repeated"`
	CreatedAt  string         `json:"created_at"`
	ChangedAt  string         `json:"changed_at"`
}

// CampaignCounts is how the messages of a campaign stand; planned is the sum of the others.
type CampaignCounts struct {
	Planned    int64 `json:"planned"`
	Sent       int64 `json:"sent"`
	Suppressed int64 `json:"suppressed"`
	Failed     int64 `json:"failed"`
	Unclear    int64 `json:"unclear"`
	Pending    int64 `json:"pending"`
}

// CampaignDraft is what a draft run said.
type CampaignDraft struct {
	At       string           `json:"at"`
	Version  int64            `json:"version"`
	Audience int64            `json:"audience"`
	Queued   int64            `json:"queued"`
	Arms     map[string]int64 `json:"arms"`
	Gates    map[string]int64 `json:"gates"`
	Stopped  map[string]int64 `json:"stopped"`
	FirstDue string           `json:"first_due,omitempty"`
	LastDue  string           `json:"last_due,omitempty"`
}

// draftPatience is how long an answer waits for a draft run.
const draftPatience = 8 * time.Second

func (s *server) addCampaigns() {
	const tag, one = "campaigns", "/campaigns/{id}"
	add(s, route{id: "list_campaigns", method: http.MethodGet, path: "/campaigns", tag: tag, scope: auth.ReadCustomers}, s.listCampaigns)
	add(s, route{id: "get_campaign", method: http.MethodGet, path: one, tag: tag, scope: auth.ReadCustomers}, s.getCampaign)
	add(s, route{id: "patch_campaign", method: http.MethodPatch, path: one, tag: tag, scope: auth.WriteMessages, body: bodyOf[CampaignBody]()}, s.patchCampaign)
	add(s, route{id: "draft_campaign", method: http.MethodPost, path: one + "/draft", tag: tag, scope: auth.WriteMessages}, s.draftCampaign)
	for _, step := range []campaign.Step{campaign.StepSend, campaign.StepPause, campaign.StepResume, campaign.StepCancel} {
		add(s, route{id: string(step) + "_campaign", method: http.MethodPost, path: one + "/" + string(step), tag: tag, scope: auth.WriteMessages},
			func(ctx context.Context, c *call, in *IDPath) (Campaign, error) {
				return s.stepCampaign(ctx, c, in.ID, step)
			})
	}
}

func countsOf(n message.Counts) CampaignCounts {
	return CampaignCounts{Planned: n.Planned, Sent: n.Sent, Suppressed: n.Suppressed, Failed: n.Failed, Unclear: n.Unclear, Pending: n.Pending()}
}

func campaignOf(c *campaign.Campaign, n message.Counts) Campaign {
	shown := Campaign{ID: c.ID, Name: c.Name, Goal: c.Goal, Channel: string(c.Channel), Purpose: string(c.Purpose), Topic: c.Topic, Outcome: string(c.Outcome), Measure: c.Measure, Segment: c.Segment, State: string(c.State),
		Version: c.Version, Recipients: c.Recipients, Counts: countsOf(n), Draft: draftOf(c.Trial), CreatedAt: timeText(c.CreatedAt), ChangedAt: timeText(c.ChangedAt)}
	if c.GoAt != nil {
		shown.GoAt = timeText(*c.GoAt)
	}
	return shown
}

func draftOf(t *campaign.Trial) *CampaignDraft {
	if t == nil {
		return nil
	}
	d := &CampaignDraft{At: timeText(t.At), Version: t.Version, Audience: t.Audience, Queued: t.Queued, Arms: t.Arms, Gates: t.Gates(), Stopped: t.Stopped}
	if t.FirstDue != nil {
		d.FirstDue = timeText(*t.FirstDue)
	}
	if t.LastDue != nil {
		d.LastDue = timeText(*t.LastDue)
	}
	return d
}

// readCampaign reads a campaign with how it stands.
func readCampaign(ctx context.Context, tx *store.Tx, id int64) (Campaign, error) {
	c, err := campaign.Load(ctx, tx, id)
	if err != nil {
		return Campaign{}, err
	}
	n, err := message.CountsOf(ctx, tx, c.Measure)
	if err != nil {
		return Campaign{}, err
	}
	shown := campaignOf(c, n)
	shown.Drafting, err = campaign.Trying(ctx, tx, id)
	return shown, err
}

func (s *server) getCampaign(ctx context.Context, _ *call, in *IDPath) (shown Campaign, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error { shown, err = readCampaign(ctx, tx, in.ID); return err })
	return shown, err
}

type campaignQuery struct {
	PageQuery
	State string `query:"state"`
}

func (s *server) listCampaigns(ctx context.Context, _ *call, in *campaignQuery) (page Page[Campaign], err error) {
	before, err := in.id()
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		page = Page[Campaign]{Items: []Campaign{}}
		all, err := campaign.List(ctx, tx, campaign.State(strings.ToLower(in.State)), before, in.Limit)
		if err != nil {
			return err
		}
		for _, c := range all {
			n, err := message.CountsOf(ctx, tx, c.Measure)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, campaignOf(c, n))
		}
		if len(all) == in.Limit {
			page.Next = idText(all[len(all)-1].ID)
		}
		return nil
	})
	return page, err
}

// CampaignBody is what can be changed of a draft; what is left out stays.
type CampaignBody struct {
	Topic   *string `json:"topic,omitempty"`
	Outcome *string `json:"outcome,omitempty" enum:"margin,net,orders,visits"`
	Version *int64  `json:"version,omitempty"`
}

func (s *server) patchCampaign(ctx context.Context, c *call, in *IDPath) (shown Campaign, err error) {
	body, err := decode[CampaignBody](c)
	if err != nil {
		return Campaign{}, err
	}
	var seen int64
	if body.Version != nil {
		seen = *body.Version
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		_, err := campaign.Change(ctx, tx, in.ID, seen, func(edited *campaign.Campaign) error {
			if body.Topic != nil {
				edited.Topic = *body.Topic
			}
			if body.Outcome != nil {
				edited.Outcome = program.Outcome(*body.Outcome)
			}
			return nil
		})
		if err != nil {
			return err
		}
		shown, err = readCampaign(ctx, tx, in.ID)
		return err
	})
	return shown, err
}

// draftCampaign begins a draft run and waits a while for it.
func (s *server) draftCampaign(ctx context.Context, c *call, in *IDPath) (Campaign, error) {
	var job int64
	err := c.write(ctx, 1, func(tx *store.Tx) (err error) { job, err = campaign.Try(ctx, tx, in.ID); return err })
	if err != nil {
		return Campaign{}, err
	}
	waiting, stop := context.WithTimeout(ctx, draftPatience)
	defer stop()
	if _, err := jobs.Wait(waiting, s.db, job, nil); err != nil && (ctx.Err() != nil || !errors.Is(waiting.Err(), context.DeadlineExceeded)) {
		return Campaign{}, err
	}
	return s.getCampaign(ctx, c, in)
}

func (s *server) stepCampaign(ctx context.Context, c *call, id int64, step campaign.Step) (shown Campaign, err error) {
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		_, repeated, err := campaign.Take(ctx, tx, id, step)
		if err != nil {
			return err
		}
		shown, err = readCampaign(ctx, tx, id)
		shown.Repeated = repeated
		return err
	})
	return shown, err
}
