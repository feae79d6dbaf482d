// Package jobs does work that must not be lost and may not run inside a transaction: a file to import, a page to fetch,
// a model to fit.
//
// A job is a row that is written in the transaction of what wants it, so it exists exactly when that does. A Runner
// claims due jobs with a lease that it renews while it works; when its process dies the lease runs out and another
// runner takes the job up again. A job can therefore run more than once and must be able to: it looks at what is done
// already, or ends itself in the transaction of its effect (Task.Finish). What fails is tried again with growing pauses
// and, when that does not help, kept for a person to look at.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// State is where a job stands.
type State string

// The states. Queued and Running jobs are alive; the others stay for people to read until Prune deletes them.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed" // given up: its attempts are used up, or its error says that trying again is in vain
	Cancelled State = "cancelled"
)

// States are all states, in the order of a job's life.
func States() []State { return []State{Queued, Running, Done, Failed, Cancelled} }

// Over tells whether the job will not run again by itself.
func (s State) Over() bool { return s == Done || s == Failed || s == Cancelled }

const defaultAttempts = 10

// Units of progress that are not those which jobs of the kind count anyway.
const (
	Bytes     = "bytes"     // pages write them as a size: 12,3 MB
	Documents = "documents" // documents that are tied to those they refer to
)

// New is a job to enqueue.
type New struct {
	Kind        string    // which handler runs it
	Key         string    // business key: while a job of this kind and key is alive there is no second; empty for none
	Args        any       // what the handler needs, kept as JSON; ids and names of files, never personal data
	RunAt       time.Time // not before; the zero time is at once
	MaxAttempts int       // failed attempts before it is given up, 10 by default
}

// Job is a job as pages and commands show it.
type Job struct {
	ID          int64
	Kind        string
	Key         string // empty for none
	Args        json.RawMessage
	State       State
	RunAt       time.Time // when it is due, or was
	Attempts    int       // begun, those whose process died not counted
	MaxAttempts int
	Lost        int             // attempts whose process died
	Cancelling  bool            // runs, but is asked to stop
	Done, Total int64           // progress in a unit of the handler's choice; Total 0 if unknown
	Unit        string          // of the progress, where it is not that of the kind: Bytes
	Err         error           // of the last attempt, a *fault.Error; nil if it did not fail
	Result      json.RawMessage // what the handler left, "null" for nothing
	Actor       store.Actor     // who enqueued it
	Created     time.Time
	Started     time.Time // of the last attempt; zero before the first
	Finished    time.Time // zero while alive

	doneBefore int64
}

// Rate is the progress per second since the present attempt began, 0 if nothing can be said yet. now is the time by the
// database's clock.
func (j Job) Rate(now time.Time) float64 {
	end := now
	if j.State.Over() {
		end = j.Finished
	}
	d := end.Sub(j.Started)
	if j.Started.IsZero() || j.State == Queued || d <= 0 || j.Done <= j.doneBefore {
		return 0
	}
	return float64(j.Done-j.doneBefore) / d.Seconds()
}

// Left estimates how long a running job will still take, by its rate so far; false if that cannot be said.
func (j Job) Left(now time.Time) (time.Duration, bool) {
	rate := j.Rate(now)
	if j.State != Running || rate == 0 || j.Total < j.Done {
		return 0, false
	}
	seconds := float64(j.Total-j.Done) / rate
	if seconds > (1000 * time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// Enqueue adds a job in the caller's transaction and returns its id. If a job of the same kind and key is alive it
// returns the id of that one and changes nothing.
func Enqueue(ctx context.Context, tx *store.Tx, n New) (int64, error) {
	if n.RunAt.IsZero() {
		n.RunAt = tx.Now
	}
	if n.MaxAttempts <= 0 {
		n.MaxAttempts = defaultAttempts
	}
	var key any
	if n.Key != "" {
		key = n.Key
	}
	id, err := tx.InsertID(ctx, sqlEnqueue, n.Kind, key, store.JSON(n.Args), clock.Micros(n.RunAt), n.MaxAttempts, tx.Actor.Kind, tx.Actor.ID, clock.Micros(tx.Now))
	if errors.Is(err, store.ErrNoRows) { // the key is taken
		err = tx.QueryRow(ctx, sqlAlive, n.Kind, n.Key).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("enqueue %s: %w", n.Kind, err)
	}
	return id, nil
}

// Hurry makes a queued job due at once, as when somebody asks for it again who has mended what it failed of.
func Hurry(ctx context.Context, tx *store.Tx, id int64) error {
	_, err := tx.Exec(ctx, sqlHurry, id, clock.Micros(tx.Now))
	return err
}

// Find returns a job; one that does not exist is a notfound fault.
func Find(ctx context.Context, tx *store.Tx, id int64) (Job, error) {
	found, err := list(ctx, tx, sqlFind, id)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "jobs.unknown", "id", fmt.Sprint(id))
	}
	if err != nil {
		return Job{}, err
	}
	return found[0], nil
}

// Filter narrows List; the zero value lists everything.
type Filter struct {
	Kind   string
	State  State
	Before int64 // only jobs with a smaller id, for the next page; 0 for the first
	Limit  int   // 50 by default
}

// List returns jobs, newest first.
func List(ctx context.Context, tx *store.Tx, f Filter) ([]Job, error) {
	if f.Before == 0 {
		f.Before = math.MaxInt64
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	if f.State == "" {
		return list(ctx, tx, sqlList, f.Before, f.Kind, f.Limit)
	}
	return list(ctx, tx, sqlListState, f.Before, f.Kind, f.Limit, string(f.State))
}

// Cancel ends a queued job and asks a running one to stop, which it does when its handler next looks at its context.
// A job that is over is a conflict.
func Cancel(ctx context.Context, tx *store.Tx, id int64) error {
	job, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	switch job.State {
	case Queued:
		_, err = tx.Exec(ctx, sqlCancelQueued, id, clock.Micros(tx.Now))
	case Running:
		_, err = tx.Exec(ctx, sqlCancelRunning, id)
	default:
		return fault.New(fault.Conflict, "jobs.over", "id", fmt.Sprint(id))
	}
	if err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "job.cancelled", Subject: id})
	return err
}

// Retry queues a failed or cancelled job again, with all its attempts. Anything else is a conflict, also when another
// job of its kind and key has taken its place.
func Retry(ctx context.Context, tx *store.Tx, id int64) error {
	job, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	if job.State != Failed && job.State != Cancelled {
		return fault.New(fault.Conflict, "jobs.not_failed", "id", fmt.Sprint(id))
	}
	if job.Key != "" {
		var other int64
		err := tx.QueryRow(ctx, sqlAlive, job.Kind, job.Key).Scan(&other)
		if err == nil {
			return fault.New(fault.Conflict, "jobs.replaced", "id", fmt.Sprint(id), "other", fmt.Sprint(other))
		}
		if !errors.Is(err, store.ErrNoRows) {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlRetry, id, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "job.retried", Subject: id})
	return err
}

// Prune deletes up to limit jobs that were over before that time and returns how many.
func Prune(ctx context.Context, tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, sqlPrune, clock.Micros(before), limit)
}

// Release queues every running job again at once and returns how many. Only who knows that no runner of this database
// is alive may call it: the new owner of a folder whose database is a file, since the folder has one owner at a time.
func Release(ctx context.Context, tx *store.Tx) (int64, error) {
	return release(ctx, tx, math.MaxInt64)
}

// maxLost is how often the process of a job may die before the job is taken for the cause.
const maxLost = 20

// release queues the running jobs whose lease ran out before that time, in microseconds. It counts against the job
// only when it happens again and again.
func release(ctx context.Context, tx *store.Tx, before int64) (int64, error) {
	lost := encodeError(fault.New(fault.Internal, "jobs.lost", "times", maxLost))
	return tx.Exec(ctx, sqlRelease, before, clock.Micros(tx.Now), maxLost, lost)
}

// Wait returns the job when it is over, looking again after each commit. step, if not nil, is called with the job each
// time it is looked at.
func Wait(ctx context.Context, db *store.DB, id int64, step func(Job)) (Job, error) {
	pause := time.NewTicker(200 * time.Millisecond) // enough for a person, and for commits of another process
	defer pause.Stop()
	for {
		changed := db.Changed()
		var job Job
		err := db.Read(ctx, func(tx *store.Tx) (err error) { job, err = Find(ctx, tx, id); return err })
		if err != nil {
			return Job{}, err
		}
		if step != nil {
			step(job)
		}
		if job.State.Over() {
			return job, nil
		}
		// Progress commits a few times a second; without the pause a busy import would be asked after each commit.
		select {
		case <-ctx.Done():
			return job, context.Cause(ctx)
		case <-pause.C:
		case <-changed:
			select {
			case <-ctx.Done():
				return job, context.Cause(ctx)
			case <-time.After(lookPause):
			}
		}
	}
}

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Job, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Job
	for rows.Next() {
		var j Job
		var key *string
		var args, failure, result string
		var cancel int
		var runAt, created, started, finished int64
		err := rows.Scan(&j.ID, &j.Kind, &key, &args, &j.State, &runAt, &j.Attempts, &j.MaxAttempts, &j.Lost, &cancel, &j.Done, &j.doneBefore, &j.Total,
			&failure, &result, &j.Actor.Kind, &j.Actor.ID, &created, &started, &finished, &j.Unit)
		if err != nil {
			return nil, err
		}
		if key != nil {
			j.Key = *key
		}
		j.Args, j.Result, j.Cancelling = json.RawMessage(args), json.RawMessage(result), cancel == 1 && j.State == Running
		j.RunAt, j.Created, j.Started, j.Finished = clock.Time(runAt), clock.Time(created), instant(started), instant(finished)
		if j.Err, err = decodeError(failure); err != nil {
			return nil, fmt.Errorf("error of job %d: %w", j.ID, err)
		}
		all = append(all, j)
	}
	return all, rows.Err()
}

// instant reads a column where 0 stands for never.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return clock.Time(micros)
}
