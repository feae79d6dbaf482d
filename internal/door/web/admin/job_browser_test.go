package admin_test

import (
	"context"
	"log/slog"
	"testing"

	"stamm/internal/door/web/admin"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

// roasting is a job that goes on when it is told to: each word is how many of ten steps are done then.
func roasting(t *testing.T, db *store.DB) (steps chan int64) {
	t.Helper()
	steps = make(chan int64)
	runner := jobs.NewRunner(db, jobs.Options{Log: slog.New(slog.DiscardHandler)})
	runner.Handle("test", 1, func(ctx context.Context, task *jobs.Task) error {
		for {
			select {
			case done, ok := <-steps:
				if !ok {
					return nil
				}
				if err := task.Progress(ctx, done, 10); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })
	return steps
}

// enqueueTest adds that job to a company that is set up.
func enqueueTest(s *webtest.Site) (id int64) {
	s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		c := company.Defaults()
		c.Name, c.Setup = "Rösterei am Hafen", true
		if err := company.Save(ctx, tx, c); err != nil {
			return err
		}
		id, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: "test"})
		return err
	})
	return id
}

func TestThePageOfAJobFollowsItToItsEndByItself(t *testing.T) {
	for _, end := range []ui.JobState{ui.JobDone, ui.JobCanceled} {
		t.Run(string(end), func(t *testing.T) {
			p := i18n.For("de", nil)
			db := sqlite(t)
			area := home()
			area.Jobs[0].Href = func(jobs.Job) string { return "/insight" }
			s := webtest.New(t, db, area, admin.Area())
			site := s.Serve()
			steps := roasting(t, db)
			job := page.JobLink(enqueueTest(s))

			b := browsertest.New(t)
			b.Open(site+s.LoginLink(auth.Admin), 1440, 900)
			b.Click(".s-form .btn-primary")
			b.WaitFor(`location.pathname === "/"`)
			b.Open(site+job, 1440, 900)
			steps <- 3
			b.WaitText(p.Percent(.3, 0))
			b.Look("job-running")
			steps <- 7
			b.WaitText(p.Percent(.7, 0))
			if b.Count(".s-job-cancel button") != 1 {
				t.Error("a running job cannot be cancelled")
			}
			if end == ui.JobCanceled {
				b.Click(".s-job-cancel button")
			} else {
				close(steps)
			}
			b.WaitText(p.T("ui.job.state." + string(end)))
			b.WaitText(p.T("admin.jobs.finished"))
			if b.Count(".s-job-cancel button") != 0 {
				t.Error("a job that is over can be cancelled")
			}
			if end == ui.JobDone && b.Count(`.s-head a[href="/insight"]`) != 1 {
				t.Error("nothing leads to what the job made")
			}
			b.Look("job-" + string(end))
		})
	}
}
