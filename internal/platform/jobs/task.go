package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Why the context of a handler ends; context.Cause tells.
var (
	ErrCancelled = errors.New("the job was cancelled")
	ErrClosing   = errors.New("the program is closing; the job goes on when it runs again")
	ErrLost      = errors.New("the lease of the job ran out and another runner has it")
)

var errInVain = errors.New("trying again is in vain")

// InVain marks the error of a handler as one that will not go away by trying again.
func InVain(err error) error {
	if err == nil {
		return nil
	}
	return inVain{err}
}

type inVain struct{ error }

func (e inVain) Unwrap() error        { return e.error }
func (e inVain) Is(target error) bool { return target == errInVain }

// progressPause is how long Progress waits between two writes, so that a loop may call it for every row.
const progressPause = 300 * time.Millisecond

// Task is a job in the hands of its handler.
type Task struct {
	ID      int64
	Kind    string
	Key     string
	Attempt int         // 1 for the first
	By      store.Actor // who enqueued it
	Done    int64       // progress when this attempt began
	Total   int64

	args        json.RawMessage
	maxAttempts int
	lease       string
	db          *store.DB
	cancel      context.CancelCauseFunc

	mu      sync.Mutex // handlers may report progress from several goroutines
	written time.Time
	now     standing
}

// standing is how far a job is, in what unit, and what it leaves.
type standing struct {
	done, total  int64
	unit, result string
}

// Args reads the arguments into v. What does not fit is an invalid fault: trying again is in vain.
func (t *Task) Args(v any) error {
	if err := json.Unmarshal(t.args, v); err != nil {
		return fault.New(fault.Invalid, "jobs.args").Because(fmt.Errorf("job %d: %w", t.ID, err))
	}
	return nil
}

// Actor is the job itself as the one who acts, for the transactions of its handler.
func (t *Task) Actor() store.Actor { return store.Actor{Kind: "job", ID: t.ID} }

// Progress tells how far the job is, in a unit of the handler's choice; total 0 if unknown. It may be called as often as
// one likes: it writes a few times a second. It returns why the context ended if it did, so a loop can stop there.
func (t *Task) Progress(ctx context.Context, done, total int64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.mu.Lock()
	t.now.done, t.now.total = done, total
	unit := t.now.unit
	now := t.db.Now()
	wait := now.Sub(t.written) < progressPause
	if !wait {
		t.written = now
	}
	t.mu.Unlock()
	if wait {
		return nil
	}
	return t.db.Write(ctx, t.Actor(), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, sqlProgress, t.ID, t.lease, done, total, unit)
		return err
	})
}

// Count says what Progress counts from now on, such as Bytes; empty is what jobs of the kind count anyway.
func (t *Task) Count(unit string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.unit = unit
}

// SetResult keeps v, as JSON, with the job when its handler succeeds.
func (t *Task) SetResult(v any) {
	text := store.JSON(v)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.result = text
}

// Hold makes sure, in the handler's transaction, that the job is still in its hands: after a long stop of the machine
// another runner may have it. Otherwise it returns ErrLost and the transaction must not commit.
func (t *Task) Hold(ctx context.Context, tx *store.Tx) error {
	var one int
	err := tx.QueryRow(ctx, sqlHold, t.ID, t.lease).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return ErrLost
	}
	return err
}

// Finish ends the job in the transaction of its effect, so that the effect happens exactly once even if the process
// dies right after the commit. The handler returns nil afterwards. ErrLost is as for Hold.
func (t *Task) Finish(ctx context.Context, tx *store.Tx, result any) error {
	now := t.state()
	n, err := tx.Exec(ctx, sqlFinish, t.ID, t.lease, string(Done), clock.Micros(tx.Now), 0, "", store.JSON(result), now.done, now.total,
		clock.Micros(tx.Now), now.unit)
	if err == nil && n == 0 {
		return ErrLost
	}
	return err
}

func (t *Task) state() standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// LastAttempt tells whether the job is given up if this attempt fails.
func (t *Task) LastAttempt() bool { return t.Attempt >= t.maxAttempts }
