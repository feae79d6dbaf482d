package page

import (
	"context"
	"strconv"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// JobKind says how the jobs of a kind are called and where one looks at them.
type JobKind struct {
	Kind string
	Text string                // key of its name in the catalogues
	Unit string                // key of what its progress counts, "" for nothing
	Of   func(jobs.Job) int64  // number of what it works on, shown behind its name; nil for none
	Href func(jobs.Job) string // page of its own, nil for the page of the job
}

// RunningJob is the newest job that runs now, nil for none.
func RunningJob(ctx context.Context, tx *store.Tx) (*jobs.Job, error) {
	running, err := jobs.List(ctx, tx, jobs.Filter{State: jobs.Running, Limit: 1})
	if err != nil || len(running) == 0 {
		return nil, err
	}
	return &running[0], nil
}

// JobLink is the page of a job.
func JobLink(id int64) string { return "/admin/jobs/" + strconv.FormatInt(id, 10) }

// Job is how pages show a job.
func (r *Request) Job(j jobs.Job) ui.Job {
	kind := r.Server.JobKind(j.Kind)
	view := ui.Job{
		Name: j.Kind, Href: JobLink(j.ID), State: jobStates[j.State], Done: j.Done, Total: j.Total, Rate: j.Rate(r.Now), Started: j.Started,
		Reload: JobLink(j.ID),
	}
	if kind.Text != "" {
		view.Name = r.P.T(kind.Text)
	}
	if kind.Of != nil {
		if n := kind.Of(j); n != 0 {
			view.Name += " " + strconv.FormatInt(n, 10)
		}
	}
	if kind.Unit != "" {
		view.Unit = r.P.T(kind.Unit)
	}
	if kind.Href != nil {
		view.Href = kind.Href(j)
	}
	if left, ok := j.Left(r.Now); ok {
		view.Left = left
	}
	switch j.Unit {
	case jobs.Bytes:
		view.Unit, view.Bytes = "", true
	case jobs.Documents: // its rate would be that since the job began
		view.Unit, view.Rate, view.Left = r.P.T("web.job.documents"), 0, 0
	}
	switch {
	case j.Cancelling:
		view.Note = r.P.T("web.job.cancelling")
	case j.Err != nil && j.State != jobs.Done:
		view.Note = r.P.Err(j.Err)
	}
	if !j.State.Over() && !j.Cancelling && r.Can(auth.WriteJobs) {
		view.Cancel = &ui.Post{Label: r.P.T("common.cancel"), Action: JobLink(j.ID) + "/cancel"}
	}
	return view
}

var jobStates = map[jobs.State]ui.JobState{
	jobs.Queued: ui.JobWaiting, jobs.Running: ui.JobRunning, jobs.Done: ui.JobDone, jobs.Failed: ui.JobFailed, jobs.Cancelled: ui.JobCanceled,
}
