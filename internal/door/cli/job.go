package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

type jobCommands struct {
	List   jobListCommand   `cmd:"" help:"List jobs, newest first."`
	Show   jobShowCommand   `cmd:"" help:"Show one job."`
	Wait   jobWaitCommand   `cmd:"" help:"Wait until a job is over, doing it here if nobody else does."`
	Cancel jobCancelCommand `cmd:"" help:"Stop a job."`
	Retry  jobRetryCommand  `cmd:"" help:"Try a failed or cancelled job again."`
}

type jobListCommand struct {
	State  jobs.State `help:"Only jobs in this state: queued, running, done, failed or cancelled." placeholder:"STATE"`
	Kind   string     `help:"Only jobs of this kind." placeholder:"KIND"`
	Before int64      `help:"Only jobs before this number, for the next page." placeholder:"NUMBER"`
	Limit  int        `help:"At most so many." default:"50" placeholder:"N"`
}

// Run lists jobs.
func (cmd *jobListCommand) Run(ctx context.Context, c *Call) error {
	if cmd.State != "" && !slices.Contains(jobs.States(), cmd.State) {
		return fault.New(fault.Invalid, "cli.choice", "text", string(cmd.State), "choices", choices(jobs.States())).On("state")
	}
	if cmd.Limit < 1 {
		return fault.New(fault.Invalid, "errors.too_small", "min", 1).On("limit")
	}
	var all []jobs.Job
	var now time.Time
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		all, err = jobs.List(ctx, tx, jobs.Filter{Kind: cmd.Kind, State: cmd.State, Before: cmd.Before, Limit: cmd.Limit})
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]jobJSON, len(all))
	for i, j := range all {
		shown[i] = newJobJSON(c, j, now)
	}
	return c.Print(shown, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, key := range []string{"number", "kind", "state", "progress", "created", "error"} {
			fmt.Fprint(t, c.Text.T("cli.jobs."+key), "\t")
		}
		fmt.Fprintln(t)
		for _, j := range all {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t\n", j.ID, j.Kind, c.Text.T("jobs.states."+string(j.State)), c.progress(j, now), c.Text.DateTime(j.Created), c.failure(j))
		}
	})
}

type jobShowCommand struct {
	Number int64 `arg:"" help:"Number of the job."`
}

// Run shows one job.
func (cmd *jobShowCommand) Run(ctx context.Context, c *Call) error {
	var j jobs.Job
	var now time.Time
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		j, err = jobs.Find(ctx, tx, cmd.Number)
		return err
	})
	if err != nil {
		return err
	}
	return c.showJob(j, now)
}

type jobWaitCommand struct {
	Number int64 `arg:"" help:"Number of the job."`
}

// Run waits for a job; one that failed or was cancelled is the error.
func (cmd *jobWaitCommand) Run(ctx context.Context, c *Call) error {
	c.App.Work()
	j, err := c.followJob(ctx, cmd.Number)
	if err != nil {
		return err
	}
	if err := c.showJob(j, c.App.Store.Now()); err != nil {
		return err
	}
	switch j.State {
	case jobs.Failed:
		return j.Err
	case jobs.Cancelled:
		return fault.New(fault.Conflict, "cli.jobs.was_cancelled", "id", strconv.FormatInt(j.ID, 10))
	}
	return nil
}

// attemptPatience is how long a command waits for the next attempt of a job that failed.
const attemptPatience = 30 * time.Second

// followJob waits until a job is over and shows a person at a terminal how far it is. What holds it up is told; a job that
// waits for long is left, as an unavailable fault: it goes on without the command.
func (c *Call) followJob(ctx context.Context, id int64) (jobs.Job, error) {
	const width = 72
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	shown, told := false, 0
	j, err := jobs.Wait(ctx, c.App.Store, id, func(j jobs.Job) {
		if j.State == jobs.Queued && j.Err != nil && j.Attempts > told {
			told = j.Attempts
			if j.RunAt.Sub(c.App.Store.Now()) > attemptPatience {
				leave(errors.Join(j.Err, fault.New(fault.Unavailable, "cli.jobs.waits", "id", strconv.FormatInt(id, 10), "time", c.Text.DateTime(j.RunAt))))
				return
			}
			fmt.Fprintln(c.Stderr, c.Text.T("cli.jobs.again", "reason", c.Text.Err(j.Err), "time", c.Text.DateTime(j.RunAt)))
		}
		if text := c.progress(j, c.App.Store.Now()); c.Terminal && text != "" {
			fmt.Fprintf(c.Stderr, "\r%-*s", width, text)
			shown = true
		}
	})
	if shown {
		fmt.Fprintf(c.Stderr, "\r%*s\r", width, "")
	}
	return j, err
}

// cancelStopped cancels the job of a command that its user stopped, and waits until it has stopped. A command that ended
// because its process closes or its user's terminal is gone leaves the job to go on.
func (c *Call) cancelStopped(ctx context.Context, id int64) error {
	if !errors.Is(context.Cause(ctx), ErrStopped) {
		return nil
	}
	ctx = ending()
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error { return jobs.Cancel(ctx, tx, id) })
	if fault.CodeOf(err) == fault.Conflict {
		return nil // it was over already
	}
	if err == nil {
		_, err = jobs.Wait(ctx, c.App.Store, id, nil)
	}
	return err
}

type jobCancelCommand struct {
	Number int64 `arg:"" help:"Number of the job."`
}

// Run stops a job.
func (cmd *jobCancelCommand) Run(ctx context.Context, c *Call) error {
	return c.changeJob(ctx, cmd.Number, jobs.Cancel)
}

type jobRetryCommand struct {
	Number int64 `arg:"" help:"Number of the job."`
}

// Run queues a job again.
func (cmd *jobRetryCommand) Run(ctx context.Context, c *Call) error {
	return c.changeJob(ctx, cmd.Number, jobs.Retry)
}

func (c *Call) changeJob(ctx context.Context, id int64, change func(context.Context, *store.Tx, int64) error) error {
	var j jobs.Job
	var now time.Time
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		if err := change(ctx, tx, id); err != nil {
			return err
		}
		now = tx.Now
		j, err = jobs.Find(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return c.showJob(j, now)
}

// jobJSON is a job as --json shows it; times are RFC 3339 in UTC.
type jobJSON struct {
	Number   int64           `json:"number"`
	Kind     string          `json:"kind"`
	Key      string          `json:"key,omitempty"`
	State    jobs.State      `json:"state"`
	Attempts int             `json:"attempts"`
	Done     int64           `json:"done"`
	Total    int64           `json:"total"`
	Rate     float64         `json:"rate"`                   // per second
	Left     *float64        `json:"seconds_left,omitempty"` // missing if it cannot be said
	Created  time.Time       `json:"created"`
	Due      time.Time       `json:"due"`
	Started  *time.Time      `json:"started,omitempty"`
	Finished *time.Time      `json:"finished,omitempty"`
	Error    string          `json:"error,omitempty"`
	Result   json.RawMessage `json:"result"`
}

func newJobJSON(c *Call, j jobs.Job, now time.Time) jobJSON {
	shown := jobJSON{Number: j.ID, Kind: j.Kind, Key: j.Key, State: j.State, Attempts: j.Attempts, Done: j.Done, Total: j.Total, Rate: j.Rate(now),
		Created: j.Created, Due: j.RunAt, Error: c.failure(j), Result: j.Result}
	if left, ok := j.Left(now); ok {
		seconds := left.Seconds()
		shown.Left = &seconds
	}
	if !j.Started.IsZero() {
		shown.Started = &j.Started
	}
	if !j.Finished.IsZero() {
		shown.Finished = &j.Finished
	}
	return shown
}

func (c *Call) showJob(j jobs.Job, now time.Time) error {
	return c.Print(newJobJSON(c, j, now), func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		line := func(key, value string) {
			if value != "" {
				fmt.Fprintf(t, "%s\t%s\n", c.Text.T("cli.jobs."+key), value)
			}
		}
		line("number", strconv.FormatInt(j.ID, 10))
		line("kind", j.Kind)
		line("state", c.Text.T("jobs.states."+string(j.State)))
		line("progress", c.progress(j, now))
		line("attempts", fmt.Sprintf("%d / %d", j.Attempts, j.MaxAttempts))
		line("created", c.Text.DateTime(j.Created))
		if j.State == jobs.Queued {
			line("due", c.Text.DateTime(j.RunAt))
		}
		if !j.Finished.IsZero() {
			line("finished", c.Text.DateTime(j.Finished))
		}
		line("error", c.failure(j))
		if string(j.Result) != "null" {
			line("result", string(j.Result))
		}
	})
}

// progress is how far a job is: done of total, rate and time left as far as they can be said.
func (c *Call) progress(j jobs.Job, now time.Time) string {
	if j.Done == 0 && j.Total == 0 {
		return ""
	}
	text := c.Text.Number(j.Done)
	if j.Total > 0 {
		text += " / " + c.Text.Number(j.Total)
	}
	if left, ok := j.Left(now); ok {
		text += ", " + c.Text.T("cli.jobs.left", "rate", int64(j.Rate(now)), "time", c.Text.Duration(left))
	}
	return text
}

func (c *Call) failure(j jobs.Job) string {
	if j.Err == nil {
		return ""
	}
	return c.Text.Err(j.Err)
}

func choices[T ~string](of []T) string {
	names := make([]string, len(of))
	for i, v := range of {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}
