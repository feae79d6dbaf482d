package call

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/task"
)

// follower is the name of the Desk among the followers of the feed.
const follower = "call"

const (
	followRows = 100 // changes read at a time; each may be about a thousand messages
	sliceRows  = 100 // calls made or closed in one turn: each has a task, which is news of its own
	longWait   = 5 * time.Second
)

// Desk makes calls of the messages by telephone in the ledger, and closes those whose message was taken back.
type Desk struct {
	DB      *store.DB
	Writers map[string]Writer // by kind of message
	Log     *slog.Logger      // slog.Default by default

	turns sync.Mutex // one at a time
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// Start begins to follow the feed and returns at once.
func (d *Desk) Start(ctx context.Context) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	d.done.Go(func() { d.follow(following) })
}

// Close ends what Start began.
func (d *Desk) Close(context.Context) error {
	if d.stop != nil {
		d.stop()
		d.done.Wait()
	}
	return nil
}

func (d *Desk) follow(ctx context.Context) {
	for ctx.Err() == nil {
		changed := d.DB.Changed()
		more, err := d.Turn(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.Log.Error("calls: cannot follow the feed", "error", err)
			wait(ctx, longWait, nil)
		case !more:
			wait(ctx, longWait, changed)
			wait(ctx, time.Second, nil) // what comes in many commits is looked at together
		}
	}
}

func wait(ctx context.Context, d time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-changed:
	}
}

// news is what a stretch of the feed says about calls.
type news struct {
	before, after feed.Cursor
	planned       []feed.Range // messages among which are new calls
	settled       []feed.Range // messages of which some may have been taken back
	more          bool
}

// Turn reads on in the feed, makes and closes calls, and tells whether there may be more to read. Done again after it was cut short it
// changes nothing.
func (d *Desk) Turn(ctx context.Context) (more bool, err error) {
	d.turns.Lock()
	defer d.turns.Unlock()
	n, err := d.read(ctx)
	if err != nil || n.after == n.before {
		return false, err
	}
	for _, r := range n.planned {
		if err := d.make(ctx, r); err != nil {
			return false, err
		}
	}
	for _, r := range n.settled {
		if err := d.close(ctx, r); err != nil {
			return false, err
		}
	}
	err = d.DB.Write(ctx, store.System(), func(tx *store.Tx) error { return feed.Advance(ctx, tx, follower, n.after) })
	return n.more, err
}

// read reads the feed. The first time it takes all that is queued instead, and goes on from the end.
func (d *Desk) read(ctx context.Context) (n news, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		n = news{}
		if n.before, err = feed.Position(ctx, tx, follower); err != nil {
			return err
		}
		if n.before == (feed.Cursor{}) {
			ids, err := message.QueuedIDs(ctx, tx, consent.Phone)
			if err != nil {
				return err
			}
			n.planned = feed.Ranges(ids)
			n.after, err = feed.Head(ctx, tx)
			return err
		}
		open, err := tx.QueryIDs(ctx, sqlAnyOpen)
		if err != nil {
			return err
		}
		changes, next, err := feed.Read(ctx, tx, n.before, followRows)
		n.after, n.more = next, len(changes) == followRows
		for _, c := range changes {
			rows := c.Rows["message"]
			switch {
			case c.Kind == message.KindPlanned && message.PlannedByHand(c):
				n.planned = append(n.planned, rows...)
			case c.Kind == message.KindSettled && c.Subject != 0, c.Kind == message.KindDecided: // may have got their go
				n.planned = append(n.planned, rows...)
			}
			if c.Kind == message.KindSettled && (len(open) > 0 || len(n.planned) > 0) {
				n.settled = append(n.settled, rows...)
			}
		}
		return err
	})
	return n, err
}

// make makes calls of the queued messages among some.
func (d *Desk) make(ctx context.Context, r feed.Range) error {
	for from := r[0]; from <= r[1]; {
		var found int
		err := d.DB.Bulk(ctx, store.System(), func(tx *store.Tx) error {
			ms, err := message.QueuedBetween(ctx, tx, consent.Phone, from, r[1], sliceRows)
			if found = len(ms); err != nil || found == 0 {
				return err
			}
			if err := d.plan(ctx, tx, ms); err != nil {
				return err
			}
			from = ms[found-1].ID + 1
			return nil
		})
		if err != nil || found < sliceRows {
			return err
		}
	}
	return nil
}

// close closes open calls whose message is pending no more.
func (d *Desk) close(ctx context.Context, r feed.Range) error {
	for {
		var n int
		err := d.DB.Bulk(ctx, store.System(), func(tx *store.Tx) error {
			ids, err := tx.QueryIDs(ctx, sqlGone, r[0], r[1], sliceRows)
			n = len(ids)
			for _, id := range ids {
				if err := endWithout(ctx, tx, id); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil || n < sliceRows {
			return err
		}
	}
}

// endWithout closes a call that was not made, with the reason of its message.
func endWithout(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	m, err := message.Find(ctx, tx, id)
	if err != nil {
		return err
	}
	c.State, c.Reason, c.BegunAt, c.BegunBy = Over, m.Reason, time.Time{}, 0
	if err := c.save(ctx, tx); err != nil {
		return err
	}
	return task.Settle(ctx, tx, taskKey(id))
}

// plan makes calls of queued messages that have none yet, each with its task. One that had been closed and whose message is queued again is
// opened.
func (d *Desk) plan(ctx context.Context, tx *store.Tx, ms []*message.Message) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	known, err := knownAmong(ctx, tx, ms)
	if err != nil {
		return err
	}
	hours, err := message.Hours(ctx, tx, ms, tx.Now)
	if err != nil {
		return err
	}
	turns := map[int64]*turn{}
	for i, m := range ms {
		closed, there := known[m.ID]
		if there && !closed {
			continue
		}
		due := hours[i].From
		if m.Due.After(due) {
			due = m.Due
		}
		if there {
			if _, err := tx.Exec(ctx, sqlReopen, m.ID, clock.Micros(due), clock.Micros(tx.Now)); err != nil {
				return err
			}
		} else if err := d.create(ctx, tx, m, due, turns); err != nil {
			return err
		}
		c, err := Find(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		if err := c.raise(ctx, tx, settings); err != nil {
			return err
		}
	}
	return nil
}

// create adds the call of a message.
func (d *Desk) create(ctx context.Context, tx *store.Tx, m *message.Message, due time.Time, turns map[int64]*turn) error {
	t := turns[m.Measure]
	if t == nil {
		var err error
		if t, err = d.turnOf(ctx, tx, m); err != nil {
			return err
		}
		turns[m.Measure] = t
	}
	_, err := tx.Exec(ctx, sqlCreate, m.ID, m.Measure, m.Customer, m.Person, m.Kind, m.Subject, t.next(), clock.Micros(due), t.orders.Most, int64(t.orders.Pause/time.Hour),
		clock.Micros(tx.Now))
	return err
}

// knownAmong tells which messages have a call, and whether it was closed without having been made.
func knownAmong(ctx context.Context, tx *store.Tx, ms []*message.Message) (map[int64]bool, error) {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.ID
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlKnown, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[int64]bool{}
	for rows.Next() {
		var id, closed int64
		if err := rows.Scan(&id, &closed); err != nil {
			return nil, err
		}
		known[id] = closed == 1
	}
	return known, rows.Err()
}

// turn gives the calls of a measure to its owners in turn: to whoever had the fewest.
type turn struct {
	orders Orders
	loads  map[int64]int64
}

func (d *Desk) turnOf(ctx context.Context, tx *store.Tx, m *message.Message) (*turn, error) {
	t := &turn{loads: map[int64]int64{}}
	if w := d.Writers[m.Kind]; w != nil {
		var err error
		if t.orders, err = w.Orders(ctx, tx, m.Subject); err != nil {
			return nil, err
		}
	}
	t.orders.Most, t.orders.Pause = cmp.Or(t.orders.Most, UsualMost), cmp.Or(t.orders.Pause, UsualPause)
	rows, err := tx.Query(ctx, sqlLoads, m.Measure)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var owner, n int64
		if err := rows.Scan(&owner, &n); err != nil {
			return nil, err
		}
		t.loads[owner] = n
	}
	return t, rows.Err()
}

func (t *turn) next() int64 {
	if len(t.orders.Owners) == 0 {
		return 0
	}
	owner := slices.MinFunc(t.orders.Owners, func(a, b int64) int { return cmp.Compare(t.loads[a], t.loads[b]) })
	t.loads[owner]++
	return owner
}

func taskKey(message int64) string { return fmt.Sprint(TaskCall, ":", message) }

// raise makes the task of a call, or brings it up to date.
func (c *Call) raise(ctx context.Context, tx *store.Tx, settings company.Settings) error {
	due := clock.DayOf(c.Due, settings.Zone())
	_, err := task.Raise(ctx, tx, task.New{Kind: TaskCall, Key: taskKey(c.Message), Customer: c.Reader(), Subject: c.Message, Weight: taskWeight, Due: &due, Owner: c.Owner})
	return err
}
