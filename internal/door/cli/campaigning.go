package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

type campaignCommands struct {
	List   campaignList   `cmd:"" help:"List campaigns, the newest first."`
	Show   campaignShow   `cmd:"" help:"Tell how a campaign stands."`
	Draft  campaignDraft  `cmd:"" help:"Play a campaign through without writing to anybody: how many would get it, and what stops the others."`
	Send   campaignSend   `cmd:"" help:"Give a campaign its go; it begins five minutes later. Told twice it is sent once."`
	Pause  campaignPause  `cmd:"" help:"Hold back what has not left yet."`
	Resume campaignResume `cmd:"" help:"Let a paused campaign go on."`
	Cancel campaignCancel `cmd:"" help:"End a campaign: what has not left is taken back."`
}

// campaignJSON is a campaign as the commands print it.
type campaignJSON struct {
	ID       int64            `json:"id"`
	Name     string           `json:"name"`
	Channel  string           `json:"channel"`
	Topic    string           `json:"topic"`
	Outcome  program.Outcome  `json:"outcome"`
	State    campaign.State   `json:"state"`
	Measure  int64            `json:"measure"`
	Version  int64            `json:"version"`
	GoAt     *time.Time       `json:"go_at"`
	Counts   campaignCounts   `json:"counts"`
	Draft    *campaignDrafted `json:"draft"`
	Repeated bool             `json:"repeated"`
}

type campaignCounts struct {
	Planned    int64 `json:"planned"`
	Sent       int64 `json:"sent"`
	Suppressed int64 `json:"suppressed"`
	Failed     int64 `json:"failed"`
	Unclear    int64 `json:"unclear"`
	Pending    int64 `json:"pending"`
}

// campaignDrafted is what a draft run said.
type campaignDrafted struct {
	At       time.Time        `json:"at"`
	Version  int64            `json:"version"`
	Audience int64            `json:"audience"`
	Queued   int64            `json:"queued"`
	Arms     map[string]int64 `json:"arms"`
	Gates    map[string]int64 `json:"gates"`
	Stopped  map[string]int64 `json:"stopped"`
}

func campaignOf(c *campaign.Campaign, n message.Counts) campaignJSON {
	shown := campaignJSON{ID: c.ID, Name: c.Name, Channel: string(c.Channel), Topic: c.Topic, Outcome: c.Outcome, State: c.State, Measure: c.Measure, Version: c.Version, GoAt: c.GoAt,
		Counts: campaignCounts{n.Planned, n.Sent, n.Suppressed, n.Failed, n.Unclear, n.Pending()}}
	if t := c.Trial; t != nil {
		shown.Draft = &campaignDrafted{t.At, t.Version, t.Audience, t.Queued, t.Arms, t.Gates(), t.Stopped}
	}
	return shown
}

// readCampaign reads a campaign with how it stands.
func readCampaign(ctx context.Context, tx *store.Tx, id int64) (campaignJSON, error) {
	of, err := campaign.Load(ctx, tx, id)
	if err != nil {
		return campaignJSON{}, err
	}
	n, err := message.CountsOf(ctx, tx, of.Measure)
	return campaignOf(of, n), err
}

type campaignList struct {
	State string `help:"Only campaigns in this state." enum:",draft,approved,waiting,sending,paused,done,cancelled" default:"" placeholder:"STATE"`
	Limit int    `help:"How many at most." default:"50" placeholder:"N"`
}

// Run lists.
func (cmd *campaignList) Run(ctx context.Context, c *Call) error {
	var found []campaignJSON
	err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
		found = []campaignJSON{}
		all, err := campaign.List(ctx, tx, campaign.State(cmd.State), 0, cmd.Limit)
		if err != nil {
			return err
		}
		counts, err := message.AllCounts(ctx, tx)
		for _, of := range all {
			n := message.Counts{}
			if one := counts[of.Measure]; one != nil {
				n = *one
			}
			found = append(found, campaignOf(of, n))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(found, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, of := range found {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\n", of.ID, of.Name, c.Text.T("campaigns.channels."+of.Channel), c.Text.T("campaigns.states."+string(of.State)), c.Text.Number(of.Counts.Sent))
		}
	})
}

type campaignShow struct {
	ID int64 `arg:"" help:"Number of the campaign."`
}

// Run shows.
func (cmd *campaignShow) Run(ctx context.Context, c *Call) error {
	var shown campaignJSON
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { shown, err = readCampaign(ctx, tx, cmd.ID); return err })
	if err != nil {
		return err
	}
	return c.showCampaign(shown)
}

// showCampaign prints how a campaign stands, and what its last draft run said.
func (c *Call) showCampaign(shown campaignJSON) error {
	return c.Print(shown, func(w io.Writer) {
		fmt.Fprintf(w, "%d  %s  %s\n", shown.ID, shown.Name, c.Text.T("campaigns.states."+string(shown.State)))
		if shown.GoAt != nil && shown.State == campaign.Waiting {
			fmt.Fprintln(w, c.Text.T("campaigns.says.waiting", "time", c.Text.Time(*shown.GoAt)))
		}
		if n := shown.Counts; n.Planned > 0 {
			fmt.Fprintln(w, c.Text.T(campaign.Words(consent.Channel(shown.Channel), "engage.messages.sum"), "planned", n.Planned, "sent", n.Sent, "suppressed", n.Suppressed, "failed", n.Failed, "unclear", n.Unclear, "pending", n.Pending))
		}
		if shown.Draft != nil {
			c.writeDraft(w, consent.Channel(shown.Channel), shown.Draft)
		}
	})
}

// writeDraft prints what a draft run said, the gate that stopped most first.
func (c *Call) writeDraft(w io.Writer, by consent.Channel, d *campaignDrafted) {
	fmt.Fprintln(w, c.Text.N(campaign.Words(by, "campaigns.would_get"), d.Queued, "of", d.Audience))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	whys := slices.SortedFunc(maps.Keys(d.Stopped), func(a, b string) int {
		if d.Stopped[a] != d.Stopped[b] {
			return int(d.Stopped[b] - d.Stopped[a])
		}
		return strings.Compare(a, b)
	})
	for _, why := range whys {
		gate, reason, _ := strings.Cut(why, ".")
		words := c.reason(reason)
		if by == consent.Phone && reason == message.ReasonNoAddress {
			words = c.Text.T("campaigns.no_number")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Text.T("message.gate."+gate), words, c.Text.Number(d.Stopped[why]))
	}
}

type campaignDraft struct {
	ID      int64  `arg:"" help:"Number of the campaign."`
	Topic   string `help:"First say what it is about: the code of a topic that customers can leave out; none for nothing in particular." placeholder:"CODE"`
	Outcome string `help:"First say what it is judged by: margin, net, orders or visits." enum:",margin,net,orders,visits" default:"" placeholder:"OUTCOME"`
}

// Run plays the campaign through and keeps what came of it, so that the pages show it too.
func (cmd *campaignDraft) Run(ctx context.Context, c *Call) error {
	if _, err := c.App.Warehouse(ctx); err != nil {
		return err
	}
	if err := cmd.change(ctx, c); err != nil {
		return err
	}
	if _, err := c.App.proposing().TryNow(ctx, actor, cmd.ID); err != nil {
		return err
	}
	return (&campaignShow{ID: cmd.ID}).Run(ctx, c)
}

// change writes down what the flags say of the campaign, if anything.
func (cmd *campaignDraft) change(ctx context.Context, c *Call) error {
	if cmd.Topic == "" && cmd.Outcome == "" {
		return nil
	}
	return c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		_, err := campaign.Change(ctx, tx, cmd.ID, 0, func(edited *campaign.Campaign) error {
			switch cmd.Topic {
			case "":
			case noTopic:
				edited.Topic = ""
			default:
				edited.Topic = cmd.Topic
			}
			edited.Outcome = cmp.Or(program.Outcome(cmd.Outcome), edited.Outcome)
			return nil
		})
		return err
	})
}

// noTopic stands for nothing in particular.
const noTopic = "none"

type campaignSend struct {
	ID int64 `arg:"" help:"Number of the campaign."`
}

// Run gives the go.
func (cmd *campaignSend) Run(ctx context.Context, c *Call) error {
	return c.stepCampaign(ctx, cmd.ID, campaign.StepSend)
}

type campaignPause struct {
	ID int64 `arg:"" help:"Number of the campaign."`
}

// Run holds back.
func (cmd *campaignPause) Run(ctx context.Context, c *Call) error {
	return c.stepCampaign(ctx, cmd.ID, campaign.StepPause)
}

type campaignResume struct {
	ID int64 `arg:"" help:"Number of the campaign."`
}

// Run lets go on.
func (cmd *campaignResume) Run(ctx context.Context, c *Call) error {
	return c.stepCampaign(ctx, cmd.ID, campaign.StepResume)
}

type campaignCancel struct {
	ID int64 `arg:"" help:"Number of the campaign."`
}

// Run ends.
func (cmd *campaignCancel) Run(ctx context.Context, c *Call) error {
	return c.stepCampaign(ctx, cmd.ID, campaign.StepCancel)
}

// stepCampaign takes a step and shows the campaign.
func (c *Call) stepCampaign(ctx context.Context, id int64, step campaign.Step) error {
	var shown campaignJSON
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		_, repeated, err := campaign.Take(ctx, tx, id, step)
		if err != nil {
			return err
		}
		shown, err = readCampaign(ctx, tx, id)
		shown.Repeated = repeated
		return err
	})
	if err != nil {
		return err
	}
	return c.showCampaign(shown)
}
