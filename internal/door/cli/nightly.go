package cli

import (
	"context"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/door/connect"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// What is done every night.
const (
	pruneJob = "jobs.prune"     // forget jobs that are long over
	cutJob   = "feed.cut"       // forget changes that are long past
	sweepJob = "files.sweep"    // delete files that nobody needs
	signJob  = "signups.forget" // forget addresses of sign-ups that nobody confirmed
)

const (
	keptJobs    = 90 * 24 * time.Hour
	keptFiles   = 7 * 24 * time.Hour  // of uploads that became no import
	keptRuns    = 90 * 24 * time.Hour // of finished imports: their files hold what the store may have erased
	nightlyTurn = 1000                // rows in a transaction
)

// auditKinds begin the kinds of changes that are kept for good: who was given which rights, what was set, brought in and
// taken back, and whose data were erased.
func auditKinds() []string {
	return []string{"auth.", "campaign.", "company.", "consent.", "contract.", "coupon.created", "coupon.stopped", "custom_field.", "customer.erased", "import.failed", "import.finished", "import.profile", "import.started", "import.undone",
		"job.", "key.", "mail.limit_changed", "mailbox.", "message.cancelled", "message.decided", "message.rules", "model.", "program.", "relay.", "segment.changed", "segment.created", "sender.", "source.", "user."}
}

// nightly tells the runner how the night's work is done; the caller holds mu.
func (a *App) nightly(r *jobs.Runner) {
	r.Handle(pruneJob, 1, a.pruneJobs)
	r.Handle(sweepJob, 1, a.sweepFiles)
	r.Handle(hit.NightJob, 1, func(ctx context.Context, task *jobs.Task) error { return hit.Night(ctx, a.Store, task) })
	r.Handle(signJob, 1, a.forgetSignUps)
	if house := a.house; house != nil {
		r.Handle(cutJob, 1, func(ctx context.Context, task *jobs.Task) error { return a.cutFeed(ctx, task, house.Cursor) })
	}
}

// schedules sets what is done by the clock.
func (a *App) schedules(ctx context.Context) error {
	return a.Store.Write(ctx, store.System(), func(tx *store.Tx) error {
		if err := consent.Prepare(ctx, tx); err != nil { // links are signed in read transactions, which cannot make the key
			return err
		}
		loc, err := companyZone(ctx, tx)
		if err != nil {
			return err
		}
		for name, spec := range map[string]string{pruneJob: "daily 03:10", cutJob: "daily 03:20", sweepJob: "daily 03:30", signJob: "daily 03:35", message.CutJob: "daily 03:40", email.CutJob: "daily 03:50", hit.NightJob: "daily 03:55", predict.JobScore: "daily 04:05",
			segment.DailyJob: segment.DailySpec} {
			if err := jobs.SetSchedule(ctx, tx, jobs.Schedule{Name: name, Kind: name, Spec: spec}, loc); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *App) pruneJobs(ctx context.Context, task *jobs.Task) error {
	for {
		var n int64
		err := a.Store.Bulk(ctx, task.Actor(), func(tx *store.Tx) (err error) {
			n, err = jobs.Prune(ctx, tx, tx.Now.Add(-keptJobs), nightlyTurn)
			return err
		})
		if err != nil || n < nightlyTurn {
			return err
		}
	}
}

// forgetSignUps takes the addresses of sign-ups that nobody confirmed out of the ledgers of consents and of messages: whoever typed
// them in may have been anybody.
func (a *App) forgetSignUps(ctx context.Context, task *jobs.Task) error {
	for {
		var more bool
		err := a.Store.Bulk(ctx, task.Actor(), func(tx *store.Tx) (err error) {
			var mails []string
			if mails, more, err = consent.ForgetUnconfirmed(ctx, tx, nightlyTurn); err != nil {
				return err
			}
			return message.ForgetSignUps(ctx, tx, mails)
		})
		if err != nil || !more {
			return err
		}
	}
}

// warehouseFollower is the warehouse among the followers of the feed. Its cursor lies in its own file; it is told here so
// that nothing is cut that the warehouse has not read.
const warehouseFollower = "warehouse"

func (a *App) cutFeed(ctx context.Context, task *jobs.Task, warehouse func() feed.Cursor) error {
	cut := 0
	for after := int64(0); ; {
		err := a.Store.Bulk(ctx, task.Actor(), func(tx *store.Tx) error {
			if err := feed.Advance(ctx, tx, warehouseFollower, warehouse()); err != nil {
				return err
			}
			last, n, err := feed.Cut(ctx, tx, tx.Now.AddDate(0, -feed.KeptMonths, 0), auditKinds(), after, nightlyTurn)
			after = last
			cut += n
			return err
		})
		if err != nil {
			return err
		}
		if after == 0 {
			break
		}
	}
	task.SetResult(map[string]int{"cut": cut})
	return nil
}

// sweepFiles deletes files that nobody needs: uploads that were looked at and left, or refused, and what was imported
// long ago.
func (a *App) sweepFiles(ctx context.Context, task *jobs.Task) error {
	var old []string
	before := a.Store.Now().Add(-keptFiles)
	err := a.Files.Walk(ctx, func(f blob.File) error {
		if f.Put.Before(before) {
			old = append(old, f.Ref)
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return err
	}
	// Asked after the walk: what was begun meanwhile is among them.
	needed := map[string]bool{}
	err = a.Store.Read(ctx, func(tx *store.Tx) error { return connect.FilesInUse(ctx, tx, tx.Now.Add(-keptRuns), needed) })
	if err != nil {
		return err
	}
	for _, ref := range old {
		if needed[ref] {
			continue
		}
		if err := a.Files.Sweep(ref, before); err != nil {
			return err
		}
	}
	return nil
}
