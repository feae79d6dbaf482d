package connect

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
	tasks "stamm/internal/record/task"
)

// undoMonths is how long a run can be taken back: a little less than the feed keeps what it did.
const undoMonths = feed.KeptMonths - 1

// UndoJob is the kind of the job that takes a run back.
const UndoJob = "import.undo"

type undoArgs struct {
	Run int64 `json:"run"`
}

// Undo begins to take a run back: what it made goes and what it changed gets its old content, as far as nobody
// changed it since; the keys are free again. What has to stay is listed with the run.
func Undo(ctx context.Context, tx *store.Tx, run int64) (job int64, err error) {
	r, err := FindRun(ctx, tx, run)
	if err != nil {
		return 0, err
	}
	switch r.State {
	case Done, Cancelled, Failed:
	default:
		return 0, fault.New(fault.Conflict, "import.cannot_undo")
	}
	if r.CreatedAt.Before(tx.Now.AddDate(0, -undoMonths, 0)) {
		return 0, fault.New(fault.Conflict, "import.too_old", "months", undoMonths)
	}
	if job, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: UndoJob, Key: runKey(run), Args: undoArgs{run}, MaxAttempts: patientAttempts}); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, sqlSetState, run, string(Undoing)); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, sqlSetJob, run, job)
	return job, err
}

// runUndo is the handler of UndoJob. It goes through the slices of the run from the last to the first; a slice is
// taken back in one transaction and done again harmlessly after a kill.
func (im *Importer) runUndo(ctx context.Context, task *jobs.Task) error {
	var args undoArgs
	if err := task.Args(&args); err != nil {
		return err
	}
	var source string
	err := im.db.Read(ctx, func(tx *store.Tx) error {
		r, err := FindRun(ctx, tx, args.Run)
		if err == nil {
			source, err = SourceName(ctx, tx, r.Source)
		}
		return err
	})
	if err != nil {
		return err
	}
	var changes []feed.Change
	for after := int64(0); ; {
		var page []feed.Change
		err := im.db.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = feed.OfSubject(ctx, tx, KindSlice, args.Run, after, 1000)
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range page {
			changes = append(changes, feed.Change{Seq: c.Seq, Body: c.Body, Origin: c.Origin})
			after = c.Seq
		}
		if len(page) < 1000 {
			break
		}
	}
	for i, c := range slices.Backward(changes) {
		if err := im.undoRecords(ctx, task.Actor(), args.Run, source, c); err != nil {
			return err
		}
		if err := task.Progress(ctx, int64(len(changes)-i), 2*int64(len(changes))); err != nil {
			return err
		}
	}
	if err := im.linkAll(ctx, task.Actor(), func(int, int) error { return ctx.Err() }); err != nil {
		return err
	}
	return im.undoPeopleAndProducts(ctx, task, args.Run, changes)
}

type sliceBody struct {
	Made map[string][]feed.Range `json:"made"`
}

func (im *Importer) undoRecords(ctx context.Context, actor store.Actor, run int64, source string, c feed.Change) error {
	return im.db.Bulk(ctx, actor, func(tx *store.Tx) error {
		body, old, err := sliceOf(ctx, tx, c, "document:", "contract:", couponPrefix)
		if err != nil {
			return err
		}
		kept, w, err := document.Revert(ctx, tx, run, body.Made["document"], old)
		if err != nil {
			return err
		}
		if err := undoCoupons(ctx, tx, source, body.Made["document"], old, kept); err != nil {
			return err
		}
		if err := im.undone(ctx, tx, run, c.Origin, w.Rows, "document", kept); err != nil {
			return err
		}
		kept, rows, err := contract.Revert(ctx, tx, run, body.Made["contract"], old)
		if err != nil {
			return err
		}
		if err := im.undone(ctx, tx, run, c.Origin, rows, "contract", kept); err != nil {
			return err
		}
		kept, rows, err = consent.Revert(ctx, tx, run, body.Made["consent_entry"])
		if err != nil {
			return err
		}
		return im.undone(ctx, tx, run, c.Origin, rows, "consent", kept)
	})
}

// inUse are the customers among the ids whom documents, contracts or consents name.
func inUse(ctx context.Context, tx *store.Tx, among []feed.Range) (map[int64]bool, error) {
	all, err := document.Customers(ctx, tx, among)
	if err != nil {
		return nil, err
	}
	bound, err := contract.Customers(ctx, tx, among)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, bound)
	asked, err := consent.Customers(ctx, tx, among)
	maps.Copy(all, asked)
	return all, err
}

// undoPeopleAndProducts comes after all documents and contracts are gone, because a customer or product stays while one names it.
func (im *Importer) undoPeopleAndProducts(ctx context.Context, task *jobs.Task, run int64, changes []feed.Change) error {
	var used map[int64]bool
	err := im.db.Read(ctx, func(tx *store.Tx) (err error) {
		used, err = product.Used(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for i, c := range slices.Backward(changes) {
		err := im.db.Bulk(ctx, task.Actor(), func(tx *store.Tx) error {
			body, old, err := sliceOf(ctx, tx, c, "product:", "customer:")
			if err != nil {
				return err
			}
			kept, rows, err := product.Revert(ctx, tx, run, body.Made["product"], old, used)
			if err != nil {
				return err
			}
			if err := im.undone(ctx, tx, run, c.Origin, rows, "product", kept); err != nil {
				return err
			}
			named, err := inUse(ctx, tx, body.Made["customer"])
			if err != nil {
				return err
			}
			kept, w, err := customer.Revert(ctx, tx, run, body.Made["customer"], old, named)
			if err != nil {
				return err
			}
			return im.undone(ctx, tx, run, c.Origin, w.Rows, "customer", kept)
		})
		if err != nil {
			return err
		}
		if err := task.Progress(ctx, int64(2*len(changes)-i), 2*int64(len(changes))); err != nil {
			return err
		}
	}
	return im.db.Write(ctx, task.Actor(), func(tx *store.Tx) error {
		if _, err := feed.Append(ctx, tx, feed.New{Kind: KindUndone, Subject: run}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlEnd, run, string(Undone), "", clock.Micros(tx.Now)); err != nil {
			return err
		}
		return tasks.Settle(ctx, tx, failedKey(run))
	})
}

// sliceOf reads what a slice made and the old values that begin with one of the prefixes.
func sliceOf(ctx context.Context, tx *store.Tx, c feed.Change, prefixes ...string) (sliceBody, map[string]string, error) {
	var body sliceBody
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return body, nil, err
	}
	old, err := feed.OldValues(ctx, tx, c.Seq)
	maps.DeleteFunc(old, func(field, _ string) bool {
		return !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(field, p) })
	})
	return body, old, err
}

// undone tells the feed what an undo touched and lists what it had to leave.
func (im *Importer) undone(ctx context.Context, tx *store.Tx, run int64, origin feed.Origin, rows feed.Rows, kind string, kept []int64) error {
	if len(rows) > 0 {
		if _, err := feed.Append(ctx, tx, feed.New{Kind: KindUndone + ".slice", Origin: origin, Subject: run, Rows: rows}); err != nil {
			return err
		}
	}
	fresh := int64(0)
	for _, id := range kept {
		n, err := tx.Exec(ctx, sqlKeep, run, kind, id)
		if err != nil {
			return err
		}
		fresh += n
	}
	if fresh == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, sqlKept, run, fresh)
	return err
}
