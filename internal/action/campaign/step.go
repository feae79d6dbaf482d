package campaign

import (
	"context"
	"slices"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// Step is what programs do to a campaign.
type Step string

// The steps.
const (
	StepSend   Step = "send"
	StepPause  Step = "pause"
	StepResume Step = "resume"
	StepCancel Step = "cancel"
)

// Take takes a step for callers that may repeat themselves: a campaign that is already where the step leads stays as it is, and repeated
// says so. What the step does otherwise, and its errors, are those of Go, Pause, Continue and Cancel.
func Take(ctx context.Context, tx *store.Tx, id int64, s Step) (c *Campaign, repeated bool, err error) {
	steps := map[Step]struct {
		do   func(context.Context, *store.Tx, int64) error
		done []State
	}{
		StepSend:   {Go, []State{Waiting, Sending, Paused, Done}},
		StepPause:  {Pause, []State{Paused}},
		StepResume: {Continue, []State{Sending}},
		StepCancel: {Cancel, []State{Cancelled}},
	}
	step, known := steps[s]
	if !known {
		return nil, false, fault.New(fault.Invalid, "errors.choice", "text", string(s)).On("step")
	}
	if c, err = Load(ctx, tx, id); err != nil || slices.Contains(step.done, c.State) {
		return c, true, err
	}
	if err := step.do(ctx, tx, id); err != nil {
		return nil, false, err
	}
	c, err = Load(ctx, tx, id)
	return c, false, err
}

// TryNow is a draft run without a job: it plays the campaign through and keeps what came of it.
func (r *Runner) TryNow(ctx context.Context, actor store.Actor, id int64) (*Campaign, error) {
	c, err := r.load(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := r.Play(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	err = r.DB.Write(ctx, actor, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sqlTrial, id, store.JSON(t)); err != nil {
			return err
		}
		c, err = Load(ctx, tx, id)
		return err
	})
	return c, err
}

// Trying tells whether a draft run of a campaign is under way.
func Trying(ctx context.Context, tx *store.Tx, id int64) (bool, error) {
	for _, state := range []jobs.State{jobs.Queued, jobs.Running} {
		all, err := jobs.List(ctx, tx, jobs.Filter{Kind: TrialJob, State: state})
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(all, func(j jobs.Job) bool { return j.Key == jobKey(id) }) {
			return true, nil
		}
	}
	return false, nil
}
