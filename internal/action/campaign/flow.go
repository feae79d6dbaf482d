package campaign

import (
	"context"
	"fmt"

	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// RunJob is the kind of the job that proposes the messages of a campaign.
const RunJob = "campaign.run"

// Approve is the word of a second person that the campaign may be sent as it is. Who edited it last cannot give it.
func Approve(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	switch user := userOf(tx); {
	case c.State != Draft:
		return fault.New(fault.Conflict, "campaign.error.not_draft")
	case user == 0 || user == c.EditedBy:
		return fault.New(fault.Forbidden, "campaign.error.second_person")
	default:
		if err := c.Ready(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlApprove, id, user, clock.Micros(tx.Now)); err != nil {
			return err
		}
		return c.tell(ctx, tx, KindApproved, map[string]any{"version": c.Version})
	}
}

// Go gives a campaign its go: after Patience it begins to send. Where a second person has to agree, she has to have agreed to it as it
// is now.
func Go(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	approval, err := NeedsApproval(ctx, tx)
	if err != nil {
		return err
	}
	switch {
	case !c.Editable():
		return fault.New(fault.Conflict, "campaign.error.not_draft")
	case approval && (c.State != Approved || c.ApprovedVersion != c.Version):
		return fault.New(fault.Conflict, "campaign.error.approval")
	}
	if err := c.Ready(); err != nil {
		return err
	}
	at := tx.Now.Add(Patience)
	if _, err := tx.Exec(ctx, sqlState, id, string(Waiting), clock.Micros(at), clock.Micros(tx.Now)); err != nil {
		return err
	}
	c.GoAt = &at
	if err := c.enqueue(ctx, tx, "go", Patience.Microseconds()); err != nil {
		return err
	}
	return c.tell(ctx, tx, KindGo, nil)
}

// enqueue adds the job of a campaign, after so many microseconds. why tells jobs of one campaign apart, so that one that is alive
// does not keep the next from being added.
func (c *Campaign) enqueue(ctx context.Context, tx *store.Tx, why string, after int64) error {
	at := clock.Time(clock.Micros(tx.Now) + after)
	_, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: RunJob, Key: fmt.Sprintf("%d:%s:%d", c.ID, why, clock.Micros(at)), Args: c.ID, RunAt: at})
	return err
}

// Stop takes a go back while the campaign waits.
func Stop(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Waiting {
		return fault.New(fault.Conflict, "campaign.error.not_waiting")
	}
	state := Draft
	if c.ApprovedVersion == c.Version {
		state = Approved
	}
	if _, err := tx.Exec(ctx, sqlState, id, string(state), nil, clock.Micros(tx.Now)); err != nil {
		return err
	}
	return c.tell(ctx, tx, KindStopped, nil)
}

// Pause holds back what has not left yet.
func Pause(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Sending {
		return fault.New(fault.Conflict, "campaign.error.not_sending")
	}
	if err := message.Pause(ctx, tx, c.Measure); err != nil {
		return err
	}
	return c.become(ctx, tx, Paused, KindPaused)
}

// Continue lets a paused campaign go on.
func Continue(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Paused {
		return fault.New(fault.Conflict, "campaign.error.not_paused")
	}
	if err := message.Continue(ctx, tx, c.Measure); err != nil {
		return err
	}
	if err := c.enqueue(ctx, tx, "on", 0); err != nil {
		return err
	}
	return c.become(ctx, tx, Sending, KindContinued)
}

// Cancel ends a campaign: nothing more of it leaves from this commit on. What has left stays, and is proved as far as it went.
func Cancel(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	switch c.State {
	case Done, Cancelled:
		return fault.New(fault.Conflict, "campaign.error.over")
	case Sending, Paused:
		if err := message.Cancel(ctx, tx, c.Measure, ""); err != nil {
			return err
		}
		if err := program.Finish(ctx, tx, c.Measure); err != nil {
			return err
		}
	default:
		if err := program.Cancel(ctx, tx, c.Measure); err != nil {
			return err
		}
	}
	return c.become(ctx, tx, Cancelled, KindCancelled)
}

// become moves the campaign into a state and tells the feed.
func (c *Campaign) become(ctx context.Context, tx *store.Tx, s State, kind string) error {
	if _, err := tx.Exec(ctx, sqlState, c.ID, string(s), nil, clock.Micros(tx.Now)); err != nil {
		return err
	}
	c.State = s
	return c.tell(ctx, tx, kind, nil)
}
