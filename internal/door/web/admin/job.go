package admin

import (
	"strconv"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

const jobsPage = 50

func listJobs(r *page.Request) error {
	state := jobs.State(r.Text("state"))
	filter := jobs.Filter{State: state, Before: r.Int("before", 0), Limit: jobsPage + 1}
	var names map[int64]string
	var all []jobs.Job
	err := r.Read(func(tx *store.Tx) (err error) {
		if names, err = userNames(r, tx); err != nil {
			return err
		}
		all, err = jobs.List(r.Context(), tx, filter)
		return err
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return jobsCSV(r, filter, names)
	}
	return r.Render(r.P.T("admin.jobs.title"), jobsView(r, jobTabs(r, state), jobsTable(r, all, names)))
}

func jobsCSV(r *page.Request, filter jobs.Filter, names map[int64]string) error {
	head := []string{"ID", r.P.T("admin.jobs.work"), r.P.T("common.status"), r.P.T("admin.jobs.done"), r.P.T("admin.jobs.total"), r.P.T("admin.audit.who"),
		r.P.T("admin.jobs.created"), r.P.T("admin.jobs.started"), r.P.T("admin.jobs.finished"), r.P.T("admin.jobs.error")}
	filter.Before, filter.Limit = 0, 500
	return r.SendCSV("jobs", head, func(yield func([]string, error) bool) {
		for {
			var some []jobs.Job
			err := r.Read(func(tx *store.Tx) (err error) {
				some, err = jobs.List(r.Context(), tx, filter)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, j := range some {
				view := r.Job(j)
				row := []string{strconv.FormatInt(j.ID, 10), view.Name, r.P.T("ui.job.state." + string(view.State)), strconv.FormatInt(j.Done, 10), strconv.FormatInt(j.Total, 10),
					actorName(r, j.Actor, names), r.P.DateTime(j.Created), "", "", ""}
				if !j.Started.IsZero() {
					row[7] = r.P.DateTime(j.Started)
				}
				if !j.Finished.IsZero() {
					row[8] = r.P.DateTime(j.Finished)
				}
				if j.Err != nil {
					row[9] = r.P.Err(j.Err)
				}
				if !yield(row, nil) {
					return
				}
			}
			if len(some) < filter.Limit {
				return
			}
			filter.Before = some[len(some)-1].ID
		}
	})
}

func jobTabs(r *page.Request, state jobs.State) []ui.Choice {
	list := []ui.Choice{{Text: r.P.T("common.all"), Href: r.Link("state", "", "before", ""), Active: state == ""}}
	for _, s := range jobs.States() {
		list = append(list, ui.Choice{Text: r.P.T("jobs.states." + string(s)), Href: r.Link("state", string(s), "before", ""), Active: s == state})
	}
	return list
}

func jobTone(s jobs.State) ui.Tone {
	switch s {
	case jobs.Done:
		return ui.Good
	case jobs.Failed:
		return ui.Bad
	case jobs.Running:
		return ui.Accent
	}
	return ui.Neutral
}

func jobsTable(r *page.Request, all []jobs.Job, names map[int64]string) ui.Table {
	t := ui.Table{
		ID: "jobs", Caption: r.P.T("admin.jobs.title"),
		Columns: []ui.Column{
			{Title: r.P.T("admin.jobs.work"), Narrow: ui.NarrowLead}, {Title: r.P.T("common.status"), Narrow: ui.NarrowValue},
			{Title: r.P.T("admin.jobs.progress"), Narrow: ui.NarrowBare, Number: true}, {Title: r.P.T("admin.jobs.created"), Narrow: ui.NarrowBare},
			{Title: r.P.T("admin.jobs.took"), Narrow: ui.NarrowMeta, Number: true}, {Title: r.P.T("admin.audit.who"), Narrow: ui.NarrowMeta},
		},
		Empty: &ui.Empty{Icon: "clock", Title: r.P.T("admin.jobs.empty.title"), Text: r.P.T("admin.jobs.empty.text")},
	}
	paging := ui.Paging{Of: -1, Noun: r.P.T("admin.jobs.noun")}
	if r.Int("before", 0) != 0 {
		paging.First = r.Link("before", "")
	}
	if len(all) > jobsPage {
		all = all[:jobsPage]
		paging.Next = r.Link("before", strconv.FormatInt(all[jobsPage-1].ID, 10))
	}
	for _, j := range all {
		view := r.Job(j)
		name := ui.Lines(view.Name, "")
		if j.State == jobs.Failed {
			name.Sub = view.Note
		}
		took := ""
		if !j.Started.IsZero() && !j.Finished.IsZero() {
			if took = r.P.Duration(j.Finished.Sub(j.Started)); j.Finished.Sub(j.Started) < time.Second {
				took = r.P.T("admin.jobs.instant")
			}
		}
		t.Rows = append(t.Rows, ui.Row{Href: page.JobLink(j.ID), Cells: []ui.Cell{
			name, ui.Rich(ui.Chip(r.P.T("jobs.states."+string(j.State)), jobTone(j.State))), ui.Text(progress(r, j)), ui.Text(when(r.P, j.Created)),
			ui.Text(took), ui.Text(actorName(r, j.Actor, names)),
		}})
	}
	paging.Shown = int64(len(t.Rows))
	t.Paging = &paging
	return t
}

// progress is how far a job is: a share where its whole is known, a count otherwise.
func progress(r *page.Request, j jobs.Job) string {
	switch {
	case j.Total > 0:
		return r.P.Percent(float64(j.Done)/float64(j.Total), 0)
	case j.Done > 0:
		return r.P.Number(j.Done)
	}
	return ""
}

func showJob(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var job jobs.Job
	var names map[int64]string
	err = r.Read(func(tx *store.Tx) (err error) {
		if job, err = jobs.Find(r.Context(), tx, id); err != nil {
			return err
		}
		names, err = userNames(r, tx)
		return err
	})
	if err != nil {
		return err
	}
	view := r.Job(job)
	return r.Render(view.Name, jobView(r, job, view, names))
}

// jobPairs is what one may want to know about a job beside its progress.
func jobPairs(r *page.Request, j jobs.Job, names map[int64]string) []ui.Pair {
	pairs := []ui.Pair{
		{Term: r.P.T("admin.jobs.number"), Text: strconv.FormatInt(j.ID, 10)},
		{Term: r.P.T("admin.audit.who"), Text: actorName(r, j.Actor, names)},
		{Term: r.P.T("admin.jobs.created"), Text: r.P.DateTime(j.Created)},
	}
	if j.State == jobs.Queued && j.RunAt.After(r.Now) {
		pairs = append(pairs, ui.Pair{Term: r.P.T("admin.jobs.next"), Text: r.P.DateTime(j.RunAt)})
	}
	if !j.Finished.IsZero() {
		pairs = append(pairs, ui.Pair{Term: r.P.T("admin.jobs.finished"), Text: r.P.DateTime(j.Finished)})
	}
	if j.Attempts > 1 || j.State == jobs.Failed {
		pairs = append(pairs, ui.Pair{Term: r.P.T("admin.jobs.attempts"), Text: r.P.T("admin.jobs.attempts_of", "n", j.Attempts, "max", j.MaxAttempts)})
	}
	return pairs
}

// canRetry tells whether a button for another try makes sense.
func canRetry(r *page.Request, j jobs.Job) bool {
	return (j.State == jobs.Failed || j.State == jobs.Cancelled) && r.Can(auth.WriteJobs)
}

func cancelJob(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error { return jobs.Cancel(r.Context(), tx, id) })
	if fault.CodeOf(err) == fault.Conflict { // over in the meantime
		return r.RedirectWith(page.JobLink(id), ui.Flash{Tone: ui.Warn, Text: r.P.Err(err)})
	}
	if err != nil {
		return err
	}
	return r.RedirectWith(page.JobLink(id), ui.Flash{
		Text: r.P.T("admin.jobs.cancelled"),
		Undo: &ui.Post{Label: r.P.T("admin.jobs.retry"), Action: page.JobLink(id) + "/retry"},
	})
}

func retryJob(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error { return jobs.Retry(r.Context(), tx, id) })
	if fault.CodeOf(err) == fault.Conflict {
		return r.RedirectWith(page.JobLink(id), ui.Flash{Tone: ui.Warn, Text: r.P.Err(err)})
	}
	if err != nil {
		return err
	}
	return r.RedirectWith(page.JobLink(id), ui.Flash{Text: r.P.T("admin.jobs.retried")})
}

// jobBar is the piece of the frame that shows what is running.
func jobBar(r *page.Request) error {
	var running *jobs.Job
	err := r.Read(func(tx *store.Tx) (err error) {
		running, err = page.RunningJob(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	if !r.Partial() { // somebody opened the address itself
		return r.Redirect(jobsPath)
	}
	if running != nil {
		job := r.Job(*running)
		r.Frame.Job = &job
	}
	return r.Fragment(ui.RunningJob(r.Frame))
}
