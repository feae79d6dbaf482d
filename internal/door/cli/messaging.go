package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
)

type messageCommands struct {
	List    messageList    `cmd:"" help:"List messages, the newest first, and how many there are in each state."`
	Show    messageShow    `cmd:"" help:"Tell what became of a message, and what each gate said."`
	Resolve messageResolve `cmd:"" help:"Decide about a message of which nobody knows whether it arrived."`
}

// messageJSON is a message as the commands print it.
type messageJSON struct {
	ID       int64             `json:"id"`
	Measure  int64             `json:"measure"`
	Customer int64             `json:"customer"`
	Channel  string            `json:"channel"`
	Kind     string            `json:"kind"`
	State    message.State     `json:"state"`
	Reason   string            `json:"reason"`
	Gates    map[string]string `json:"gates"`
	Answer   string            `json:"answer"`
	Planned  time.Time         `json:"planned"`
	Changed  time.Time         `json:"changed"`
}

func messageOf(m *message.Message) messageJSON {
	shown := messageJSON{ID: m.ID, Measure: m.Measure, Customer: m.Customer, Channel: string(m.Channel), Kind: m.Kind, State: m.State, Reason: m.Reason, Gates: map[string]string{},
		Answer: m.Answer, Planned: m.PlannedAt, Changed: m.ChangedAt}
	words := map[message.Verdict]string{message.Passed: "passed", message.Stopped: "stopped", message.Waits: "waits", message.Exempt: "exempt", message.Unasked: "unasked"}
	for _, g := range message.Gates() {
		shown.Gates[string(g)] = words[m.Gates.Of(g)]
	}
	return shown
}

type messageList struct {
	Measure *int64 `help:"Only messages of this measure; 0 for those without one." placeholder:"NUMBER"`
	State   string `help:"Only messages in this state." enum:",proposed,queued,attempting,sent,failed,unclear,suppressed" default:"" placeholder:"STATE"`
	Reason  string `help:"Only messages with this reason." placeholder:"REASON"`
	Limit   int    `help:"How many at most." default:"50" placeholder:"N"`
}

// Run lists.
func (cmd *messageList) Run(ctx context.Context, c *Call) error {
	var found []*message.Message
	var counts message.Counts
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		counts = message.Counts{}
		all, err := message.AllCounts(ctx, tx)
		if err != nil {
			return err
		}
		for measure, one := range all {
			if cmd.Measure == nil || *cmd.Measure == measure {
				counts = counts.Plus(*one)
			}
		}
		found, err = message.List(ctx, tx, message.Filter{Measure: cmd.Measure, State: message.State(cmd.State), Reason: cmd.Reason, Limit: cmd.Limit})
		return err
	})
	if err != nil {
		return err
	}
	result := struct {
		Planned    int64         `json:"planned"`
		Sent       int64         `json:"sent"`
		Suppressed int64         `json:"suppressed"`
		Failed     int64         `json:"failed"`
		Unclear    int64         `json:"unclear"`
		Pending    int64         `json:"pending"`
		Messages   []messageJSON `json:"messages"`
	}{counts.Planned, counts.Sent, counts.Suppressed, counts.Failed, counts.Unclear, counts.Pending(), []messageJSON{}}
	for _, m := range found {
		result.Messages = append(result.Messages, messageOf(m))
	}
	return c.Print(result, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("engage.messages.sum", "planned", counts.Planned, "sent", counts.Sent, "suppressed", counts.Suppressed, "failed", counts.Failed,
			"unclear", counts.Unclear, "pending", counts.Pending()))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, m := range found {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\n", m.ID, c.Text.T("message.state."+string(m.State)), c.Text.DateTime(m.ChangedAt), c.reason(m.Reason))
		}
	})
}

// reason is a reason in words; one that others gave is printed as it is.
func (c *Call) reason(code string) string {
	if key := "message.reason." + code; c.Text.Has(key) {
		return c.Text.T(key)
	}
	return code
}

type messageShow struct {
	ID int64 `arg:"" help:"Number of the message."`
}

// Run shows.
func (cmd *messageShow) Run(ctx context.Context, c *Call) error {
	var m *message.Message
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { m, err = message.Find(ctx, tx, cmd.ID); return err })
	if err != nil {
		return err
	}
	return c.Print(messageOf(m), func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("message.state."+string(m.State))+"  "+c.reason(m.Reason))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, g := range message.Gates() {
			letter := string(rune(m.Gates.Of(g)))
			if m.Gates.Of(g) == message.Unasked {
				letter = "no"
			}
			fmt.Fprintf(t, "%s\t%s\n", c.Text.T("message.gate."+string(g)), c.Text.T("message.verdict."+letter))
		}
	})
}

type messageResolve struct {
	ID int64  `arg:"" help:"Number of the message."`
	As string `help:"again sends it again, sent counts it as sent, drop gives it up." enum:"again,sent,drop" required:"" placeholder:"DECISION"`
}

// Run decides.
func (cmd *messageResolve) Run(ctx context.Context, c *Call) error {
	decide := map[string]func(context.Context, *store.Tx, int64) error{"again": message.SendAgain, "sent": message.CountAsSent, "drop": message.LetGo}[cmd.As]
	if err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error { return decide(ctx, tx, cmd.ID) }); err != nil {
		return err
	}
	return c.Print(map[string]any{"id": cmd.ID, "as": cmd.As}, func(w io.Writer) { fmt.Fprintln(w, c.Text.T("engage.resolved."+cmd.As)) })
}
