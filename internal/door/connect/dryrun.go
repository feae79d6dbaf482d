package connect

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// Counts are what an import would do; Rows are rows of the files, the others records.
type Counts struct {
	Rows, New, Changed, Unchanged, Errors, Notices int64
	Examples                                       []RowError // of rows that would not be taken, the first few
}

// decider is work that can tell what it would do, in a read transaction.
type decider interface {
	decide(ctx context.Context, tx *store.Tx) (Counts, error)
}

const dryRunExamples = 20

// DryRun reads the files as Start would and counts, writing nothing.
func (im *Importer) DryRun(ctx context.Context, q Request) (Counts, error) {
	return im.dryRun(ctx, q, nil, func(context.Context, int64, int64) error { return nil })
}

// dryRun tells look how many bytes of the files have been looked through, and then progress how many of their rows.
func (im *Importer) dryRun(ctx context.Context, q Request, look func(read, total int64), progress func(ctx context.Context, done, total int64) error) (Counts, error) {
	var total Counts
	if q.Source == "" {
		q.Source = "default"
	}
	plan, err := im.Prepare(ctx, q)
	if err != nil {
		return total, err
	}
	files := im.Sheet(q.Files)
	files.Progress = look
	survey, err := files.Survey(ctx, plan)
	if err != nil {
		return total, err
	}
	if err := survey.Err(); err != nil {
		return total, err
	}
	files.Progress = nil
	r := &runner{im: im, db: im.db, task: &jobs.Task{}, run: &Run{Kind: q.Kind, Plan: *plan}}
	if err := r.prepare(ctx, q.Source); err != nil {
		return total, err
	}
	err = r.cut(ctx, files, survey, func(s *slice) error {
		var c Counts
		err := im.db.Read(ctx, func(tx *store.Tx) (err error) {
			c, err = s.work.(decider).decide(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		total.Rows = s.rows
		if err := progress(ctx, s.rows, survey.Rows); err != nil {
			return err
		}
		total.New, total.Changed, total.Unchanged = total.New+c.New, total.Changed+c.Changed, total.Unchanged+c.Unchanged
		total.Errors, total.Notices = total.Errors+c.Errors, total.Notices+c.Notices
		for _, e := range append(s.errors, c.Examples...) {
			if e.Notice {
				total.Notices++
			} else {
				total.Errors++
			}
			if len(total.Examples) < dryRunExamples {
				total.Examples = append(total.Examples, e)
			}
		}
		return nil
	})
	return total, err
}

func (s *orderSlice) decide(ctx context.Context, tx *store.Tx) (c Counts, err error) {
	if _, err = s.look(ctx, tx); err != nil {
		return c, err
	}
	c.New, c.Changed = int64(len(s.fresh)), int64(len(s.again))
	c.Unchanged = int64(len(s.drafts)) - c.New - c.Changed
	for _, d := range append(s.fresh, s.again...) {
		c.Examples = append(c.Examples, d.notices...)
	}
	return c, nil
}

// TryJob is the kind of the job that does a trial run.
const TryJob = "import.try"

// Try starts a trial run as a job; CountsOf reads what it found.
func (im *Importer) Try(ctx context.Context, actor store.Actor, q Request) (job int64, err error) {
	if _, err := im.Prepare(ctx, q); err != nil {
		return 0, err
	}
	err = im.db.Write(ctx, actor, func(tx *store.Tx) (err error) {
		job, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: TryJob, Args: q, MaxAttempts: 2})
		return err
	})
	return job, err
}

func (im *Importer) runTry(ctx context.Context, task *jobs.Task) error {
	var q Request
	if err := task.Args(&q); err != nil {
		return err
	}
	task.Count(jobs.Bytes)
	look := func(read, total int64) { task.Progress(ctx, read, total) }
	counts, err := im.dryRun(ctx, q, look, func(ctx context.Context, done, total int64) error {
		task.Count("")
		return task.Progress(ctx, done, total)
	})
	if err != nil {
		return err
	}
	task.SetResult(counts)
	return nil
}

// CountsOf is what a trial run found.
func CountsOf(j jobs.Job) (c Counts, err error) {
	err = json.Unmarshal(j.Result, &c)
	return c, err
}

// RunOf is the run a job works on, 0 for none.
func RunOf(j jobs.Job) int64 {
	if rest, ok := strings.CutPrefix(j.Key, "run:"); ok {
		id, _ := strconv.ParseInt(rest, 10, 64)
		return id
	}
	return 0
}

// ProfileOf is the profile whose folder a job looks into, 0 for none.
func ProfileOf(j jobs.Job) int64 {
	if rest, ok := strings.CutPrefix(j.Key, "schedule:"+WatchJob+":"); ok {
		id, _ := strconv.ParseInt(rest, 10, 64)
		return id
	}
	return 0
}

// JobOf is the job that works on a run: its import or its undo.
func JobOf(ctx context.Context, tx *store.Tx, r *Run) (jobs.Job, error) {
	return jobs.Find(ctx, tx, r.Job)
}
