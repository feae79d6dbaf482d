package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

const (
	lookPause = 5 * time.Millisecond  // between two looks, however often the database changes
	idlePause = 25 * time.Millisecond // the same while it changes all the time and brings nothing to do
	idleLooks = 10                    // looks in vain from which on that is so
	longWait  = 5 * time.Second       // the longest time without a look: another process may have enqueued
	firstWait = 5 * time.Second       // before the second attempt; it doubles with each
	lastWait  = time.Hour
)

// Options of a Runner; the zero value is right for use.
type Options struct {
	Log    *slog.Logger   // slog.Default by default
	Lease  time.Duration  // after which the job of a dead process is taken up again, 1 minute by default; renewed at a third
	Random func() float64 // in [0, 1), for the jitter of pauses; math/rand by default
	// Zone is the time zone of schedules, asked for when one is due; UTC by default.
	Zone func(context.Context, *store.Tx) (*time.Location, error)
}

// Runner runs due jobs. Several may work on one database, in one process or many.
type Runner struct {
	db       *store.DB
	o        Options
	handlers map[string]handler

	stop  context.CancelFunc
	ended chan struct{}
	freed chan struct{} // has an element when a slot became free since the last look

	mu      sync.Mutex
	closing bool
	tasks   map[int64]*Task // in the hands of handlers
	busy    map[string]int  // how many per kind
	working sync.WaitGroup

	beat time.Time // of the last renewal of leases; the loop's own
	vain int       // looks in a row that found nothing, while the database changed all the time; its own as well
}

type handler struct {
	slots int
	run   func(context.Context, *Task) error
}

// NewRunner returns a runner for db. Handle it its kinds, then Start.
func NewRunner(db *store.DB, o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.Random == nil {
		o.Random = mathrand.Float64
	}
	if o.Zone == nil {
		o.Zone = func(context.Context, *store.Tx) (*time.Location, error) { return time.UTC, nil }
	}
	return &Runner{db: db, o: o, handlers: map[string]handler{}, freed: make(chan struct{}, 1), tasks: map[int64]*Task{}, busy: map[string]int{}}
}

// Handle says how jobs of a kind are done, at most slots of them at a time by this runner. It is called before Start.
//
// run gets a context that ends when the job is cancelled, its lease is lost or the runner closes. What it returns decides:
// nil is done; invalid, notfound, conflict and forbidden faults and those marked InVain fail for good; anything else, a
// panic too, is tried again.
func (r *Runner) Handle(kind string, slots int, run func(context.Context, *Task) error) {
	r.handlers[kind] = handler{slots, run}
}

// Start begins to work and returns at once.
func (r *Runner) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop, r.ended = cancel, make(chan struct{})
	go r.loop(ctx)
}

// Close takes no more jobs, ends the contexts of the running ones and waits until their handlers have returned; what
// they did not finish is queued again. If ctx ends before, its error is returned and the leases are left to run out.
// Closing what was not started does nothing.
func (r *Runner) Close(ctx context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.mu.Lock()
	r.closing = true
	for _, t := range r.tasks {
		t.cancel(ErrClosing)
	}
	r.mu.Unlock()
	idle := make(chan struct{})
	go func() { r.working.Wait(); close(idle) }()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.stop() // only now: until here it renewed the leases
	<-r.ended
	return err
}

func (r *Runner) loop(ctx context.Context) {
	defer close(r.ended)
	for {
		changed := r.db.Changed() // before looking, so that no commit falls between
		wait, err := r.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.o.Log.Error("jobs: cannot look for work", "error", err)
			wait, changed = longWait, nil
		}
		rest := lookPause
		if r.vain >= idleLooks {
			rest = idlePause
		}
		began := time.Now()
		if !pause(ctx, wait, changed, r.freed) || !pause(ctx, rest, nil, nil) {
			return
		}
		if r.vain++; time.Since(began) > longWait/10 { // it was quiet
			r.vain = 0
		}
	}
}

// pause waits for the time or one of the channels; false when ctx ended.
func pause(ctx context.Context, d time.Duration, changed, freed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-changed:
	case <-freed:
	}
	return true
}

// view is what a look sees.
type view struct {
	expired    bool
	cancelling map[int64]string // id → lease
	due        map[string]int64 // kind with free slots → when its next job is due
	schedule   int64            // when the next schedule is due, 0 for none
	zone       *time.Location   // if a schedule is due
}

// look does everything that is due and returns how long nothing else will be.
func (r *Runner) look(ctx context.Context) (time.Duration, error) {
	free := r.free()
	var v view
	var now time.Time
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		v, err = r.view(ctx, tx, free)
		return err
	})
	if err != nil {
		return 0, err
	}
	r.cancelTasks(v.cancelling)
	if err := r.renew(ctx, now); err != nil {
		return 0, err
	}
	if v.expired {
		err := r.db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := release(ctx, tx, clock.Micros(tx.Now))
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if v.zone != nil {
		r.vain = 0
		if err := r.db.Write(ctx, store.System(), func(tx *store.Tx) error { return fire(ctx, tx, v.zone) }); err != nil {
			return 0, err
		}
	}
	wait := min(longWait, r.o.Lease/3)
	until := func(micros int64) { wait = min(wait, max(0, clock.Time(micros).Sub(now))) }
	if v.schedule > 0 && v.zone == nil {
		until(v.schedule)
	}
	for kind, at := range v.due {
		if at > clock.Micros(now) {
			until(at)
			continue
		}
		r.vain = 0
		if err := r.claim(ctx, kind, free[kind]); err != nil {
			return 0, err
		}
	}
	return wait, nil
}

// free returns the free slots of each kind that has any.
func (r *Runner) free() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	free := map[string]int{}
	for kind, h := range r.handlers {
		if n := h.slots - r.busy[kind]; n > 0 && !r.closing {
			free[kind] = n
		}
	}
	return free
}

func (r *Runner) view(ctx context.Context, tx *store.Tx, free map[string]int) (v view, err error) {
	now := clock.Micros(tx.Now)
	var expired int
	if err := tx.QueryRow(ctx, sqlExpired, now).Scan(&expired); err != nil {
		return v, err
	}
	v.expired = expired > 0
	if v.cancelling, err = cancelling(ctx, tx); err != nil {
		return v, err
	}
	if v.due, err = due(ctx, tx, free); err != nil {
		return v, err
	}
	if err := tx.QueryRow(ctx, sqlScheduleNext).Scan(&v.schedule); err != nil {
		return v, err
	}
	if v.schedule > 0 && v.schedule <= now && len(free) > 0 {
		v.zone, err = r.o.Zone(ctx, tx)
	}
	return v, err
}

func cancelling(ctx context.Context, tx *store.Tx) (map[int64]string, error) {
	rows, err := tx.Query(ctx, sqlCancelling)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[int64]string{}
	for rows.Next() {
		var id int64
		var lease string
		if err := rows.Scan(&id, &lease); err != nil {
			return nil, err
		}
		found[id] = lease
	}
	return found, rows.Err()
}

func due(ctx context.Context, tx *store.Tx, free map[string]int) (map[string]int64, error) {
	kinds := make([]string, 0, len(free))
	for kind := range free {
		kinds = append(kinds, kind)
	}
	rows, err := tx.Query(ctx, sqlDue(tx), store.JSON(kinds))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]int64{}
	for rows.Next() {
		var kind string
		var at *int64
		if err := rows.Scan(&kind, &at); err != nil {
			return nil, err
		}
		if at != nil {
			found[kind] = *at
		}
	}
	return found, rows.Err()
}

func (r *Runner) cancelTasks(asked map[int64]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, lease := range asked {
		if t := r.tasks[id]; t != nil && t.lease == lease {
			t.cancel(ErrCancelled)
		}
	}
}

// renew extends the leases of all running tasks when a third of their time is gone, and stops those that are lost.
func (r *Runner) renew(ctx context.Context, now time.Time) error {
	if now.Sub(r.beat) < r.o.Lease/3 {
		return nil
	}
	r.mu.Lock()
	held := make(map[int64]*Task, len(r.tasks))
	var ids []int64
	var leases []string
	for id, t := range r.tasks {
		held[id] = t
		ids, leases = append(ids, id), append(leases, t.lease)
	}
	r.mu.Unlock()
	r.beat = now
	if len(ids) == 0 {
		return nil
	}
	kept := map[int64]bool{}
	err := r.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		clear(kept)
		rows, err := tx.Query(ctx, sqlHeartbeat(tx), store.JSON(ids), store.JSON(leases), clock.Micros(tx.Now.Add(r.o.Lease)))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			kept[id] = true
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for id, t := range held {
		if !kept[id] {
			t.cancel(ErrLost) // or it has just ended, then nobody listens
		}
	}
	return nil
}

// claim leases up to n due jobs of a kind and starts them.
func (r *Runner) claim(ctx context.Context, kind string, n int) error {
	lease := rand.Text()
	var claimed []*Task
	err := r.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		claimed = nil
		if tx.Dialect() == store.Postgres { // SKIP LOCKED and a snapshot of the whole transaction do not go together
			if _, err := tx.Exec(ctx, sqlReadCommitted); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, sqlClaim(tx), kind, clock.Micros(tx.Now), n, lease, clock.Micros(tx.Now.Add(r.o.Lease)))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t := &Task{db: r.db, lease: lease, now: standing{result: "null"}}
			var key *string
			var args string
			if err := rows.Scan(&t.ID, &t.Kind, &key, &args, &t.Attempt, &t.maxAttempts, &t.Done, &t.Total, &t.now.unit, &t.By.Kind, &t.By.ID); err != nil {
				return err
			}
			if key != nil {
				t.Key = *key
			}
			t.args, t.now.done, t.now.total = []byte(args), t.Done, t.Total
			claimed = append(claimed, t)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, t := range claimed {
		r.start(t)
	}
	return nil
}

func (r *Runner) start(t *Task) {
	ctx, cancel := context.WithCancelCause(context.Background())
	t.cancel = cancel
	r.mu.Lock()
	if r.closing {
		r.mu.Unlock()
		cancel(ErrClosing)
		r.end(ctx, t, ErrClosing)
		return
	}
	r.tasks[t.ID] = t
	r.busy[t.Kind]++
	r.working.Add(1)
	r.mu.Unlock()
	go func() {
		defer r.working.Done()
		err := r.run(ctx, t)
		r.end(ctx, t, err)
		cancel(nil)
		r.mu.Lock()
		delete(r.tasks, t.ID)
		r.busy[t.Kind]--
		r.mu.Unlock()
		select {
		case r.freed <- struct{}{}:
		default:
		}
	}()
}

func (r *Runner) run(ctx context.Context, t *Task) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.Error("panic in a job", "job", t.ID, "kind", t.Kind, "panic", p, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "errors.internal").Because(fmt.Errorf("panic: %v", p))
		}
	}()
	return r.handlers[t.Kind].run(ctx, t)
}

// ending is what a job becomes after an attempt.
type ending struct {
	state    State
	runAt    time.Time
	giveBack int   // 1 if the attempt does not count
	err      error // nil keeps none
}

func (r *Runner) decide(ctx context.Context, t *Task, err error, now time.Time) ending {
	switch cause := context.Cause(ctx); {
	case err == nil:
		return ending{state: Done, runAt: now}
	case errors.Is(cause, ErrCancelled):
		return ending{state: Cancelled, runAt: now}
	case errors.Is(cause, ErrClosing):
		return ending{state: Queued, runAt: now, giveBack: 1}
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden:
		return ending{state: Failed, runAt: now, err: err}
	}
	if t.Attempt >= t.maxAttempts || errors.Is(err, errInVain) {
		return ending{state: Failed, runAt: now, err: err}
	}
	return ending{state: Queued, runAt: now.Add(r.backoff(t.Attempt)), err: err}
}

// backoff is the pause after a failed attempt: 5 seconds, doubling up to an hour, a quarter more or less so that what
// failed together does not come back together.
func (r *Runner) backoff(attempt int) time.Duration {
	d := min(firstWait<<min(attempt-1, 20), lastWait)
	return time.Duration(float64(d) * (0.75 + r.o.Random()/2))
}

// end writes what the attempt came to. If that fails, or the lease is lost, the lease decides: somebody takes it up again.
func (r *Runner) end(ctx context.Context, t *Task, failure error) {
	e := r.decide(ctx, t, failure, r.db.Now())
	if e.err != nil && !errors.Is(e.err, ErrLost) {
		level := slog.LevelWarn
		switch fault.CodeOf(e.err) {
		case fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden:
			level = slog.LevelInfo // whoever wanted the job is told
		}
		r.o.Log.Log(ctx, level, "job failed", "job", t.ID, "kind", t.Kind, "attempt", t.Attempt, "state", e.state, "error", failure)
	}
	var finished int64
	if e.state.Over() {
		finished = clock.Micros(r.db.Now())
	}
	now := t.state()
	if e.state != Done {
		now.result = "null"
	}
	ctx = context.WithoutCancel(ctx)
	err := r.db.Write(ctx, t.Actor(), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, sqlFinish, t.ID, t.lease, string(e.state), clock.Micros(e.runAt), e.giveBack, encodeError(e.err), now.result, now.done, now.total,
			finished, now.unit)
		return err
	})
	if err != nil {
		r.o.Log.Error("jobs: cannot write how a job ended", "job", t.ID, "kind", t.Kind, "error", err)
	}
}
