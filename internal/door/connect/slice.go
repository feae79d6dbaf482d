package connect

import (
	"context"
	"errors"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Kinds of the changes a run appends to the feed.
const (
	KindSlice    = "import.slice"    // one slice; subject is the run; body says what it made
	KindFinished = "import.finished" // subject is the run
	KindUndone   = "import.undone"   // subject is the run
	KindLinked   = "document.linked" // returns, invoices and payments that found what they refer to
)

// sliceRows is how many rows of a file make a slice: what the bulk lane may write in one turn.
const sliceRows = 1000

// slice is a piece of the work, cut by the file alone so that a run that goes on cuts it the same.
type slice struct {
	n      int64 // from 1
	rows   int64 // rows of the run read up to its end
	errors []RowError
	work   work
}

// work is what a slice does, by kind of file.
type work interface {
	// look compares the slice with what is there, in a read transaction, and tells whether anything is to be written.
	look(ctx context.Context, tx *store.Tx) (writes bool, err error)
	// write stores it. It may run twice.
	write(ctx context.Context, tx *store.Tx) (written, error)
	// done is called once after the commit.
	done()
	// size is how many records the slice holds.
	size() int64
}

// written is what a slice did.
type written struct {
	made, changed, unchanged int64
	touched                  []touched
	notices                  []RowError
}

// touched is one feed entry of a slice: rows of one origin.
type touched struct {
	origin feed.Origin
	made   feed.Rows         // made by this run, by store table
	rows   feed.Rows         // to be read again by the warehouse
	old    map[string]string // what changed records held before
	oldOf  map[string]int64
}

// add joins other into t.
func (t *touched) add(other touched) {
	merge := func(to *feed.Rows, from feed.Rows) {
		if *to == nil {
			*to = feed.Rows{}
		}
		for table, ranges := range from {
			(*to)[table] = append((*to)[table], ranges...)
		}
	}
	merge(&t.made, other.made)
	merge(&t.rows, other.rows)
	for field, value := range other.old {
		if t.old == nil {
			t.old, t.oldOf = map[string]string{}, map[string]int64{}
		}
		t.old[field], t.oldOf[field] = value, other.oldOf[field]
	}
}

// looked is a slice that was compared with what is there.
type looked struct {
	*slice
	writes bool
	size   int64 // records
}

// idle tells whether nothing of the slice is to be written but its counters.
func (l looked) idle() bool { return !l.writes && len(l.errors) == 0 }

// turnSlices is how many slices one transaction writes at most. It ends after the first of them when somebody waits.
const turnSlices = 10

// pending are slices that were looked at and have nothing to write: their counters go into the next commit, so that
// reading an unchanged file again is not held up by one commit a slice.
type pending struct {
	slices, rows, unchanged int64
}

// maxPending bounds what a killed run has to read again.
const maxPending = 64

// process writes the first slices of a turn, at least one, and returns the others. Slices with nothing to write are only
// remembered.
func (r *runner) process(ctx context.Context, turn []looked) (left []looked, err error) {
	for len(turn) > 0 && turn[0].idle() {
		l := turn[0]
		turn = turn[1:]
		r.passed.slices, r.passed.rows = l.n, l.rows
		r.passed.unchanged += l.size
		if r.passed.slices%maxPending == 0 {
			_, err := r.commit(ctx, nil)
			return turn, err
		}
	}
	if len(turn) == 0 {
		return nil, nil
	}
	n, err := r.commit(ctx, turn)
	if !store.IsUnique(err) {
		return turn[n:], err
	}
	// Somebody wrote the same key between the look and the write, or an earlier slice of the turn did.
	for i := range turn {
		err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
			turn[i].writes, err = turn[i].work.look(ctx, tx)
			return err
		})
		if err == nil {
			_, err = r.commit(ctx, turn[i:i+1])
		}
		if err != nil {
			return nil, fmt.Errorf("slice %d: %w", turn[i].n, err)
		}
	}
	return nil, nil
}

// commit writes as many of the slices as nobody has to wait for (the first at least, if there is one) together with the
// counters of the pending ones before them, and returns how many.
func (r *runner) commit(ctx context.Context, turn []looked) (n int, err error) {
	var sum written
	at := r.passed
	err = r.db.Bulk(ctx, r.actor, func(tx *store.Tx) (err error) {
		sum, at, n = written{unchanged: r.passed.unchanged}, r.passed, 0
		var problems []RowError
		for n < len(turn) && (n == 0 || tx.Alone()) {
			s := turn[n]
			w := written{unchanged: s.size}
			if s.writes {
				if w, err = s.work.write(ctx, tx); err != nil {
					return err
				}
				if err := r.tell(ctx, tx, s.n, w); err != nil {
					return err
				}
			}
			sum.made, sum.changed, sum.unchanged = sum.made+w.made, sum.changed+w.changed, sum.unchanged+w.unchanged
			problems = append(append(problems, s.errors...), w.notices...)
			at.slices, at.rows = s.n, s.rows
			n++
		}
		return r.count(ctx, tx, at, sum, problems)
	})
	if err != nil {
		return 0, err
	}
	for _, s := range turn[:n] {
		s.work.done()
	}
	r.passed = pending{slices: at.slices, rows: at.rows}
	return n, nil
}

// tell appends what the slice touched to the feed.
func (r *runner) tell(ctx context.Context, tx *store.Tx, n int64, w written) error {
	for _, t := range w.touched {
		body := map[string]any{"slice": n}
		if len(t.made) > 0 {
			body["made"] = t.made
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindSlice, Origin: t.origin, Subject: r.run.ID, Body: body, Rows: t.rows, Old: t.old, OldOf: t.oldOf})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) count(ctx context.Context, tx *store.Tx, at pending, w written, problems []RowError) error {
	errs, notices := int64(0), int64(0)
	if len(problems) > 0 {
		var last int64
		if err := tx.QueryRow(ctx, sqlLastError, r.run.ID).Scan(&last); err != nil {
			return err
		}
		lines := make([][]any, len(problems))
		for i, e := range problems {
			if e.Notice {
				notices++
			} else {
				errs++
			}
			args := e.Args
			if args == nil {
				args = []any{}
			}
			lines[i] = []any{r.run.ID, last + int64(i) + 1, e.File, e.Line, e.Field, e.Value, e.Key, store.JSON(args), store.Flag(e.Notice)}
		}
		if err := tx.Insert(ctx, "import_error", errorColumns, lines); err != nil {
			return err
		}
	}
	updated, err := tx.Exec(ctx, sqlAdvance, r.run.ID, at.slices, at.rows, w.made, w.changed, w.unchanged, errs, notices)
	if err != nil {
		return err
	}
	if updated != 1 {
		return errors.New("connect: the run vanished")
	}
	return nil
}

var errorColumns = []string{"run", "n", "file", "line", "field", "value", "reason", "args", "notice"}

const sqlLastError = `SELECT COALESCE(max(n), 0) FROM import_error WHERE run = $1`

// linkTurn is how many waiting documents one turn of the bulk lane links.
const linkTurn = 500

// originOf tells history from what happens now: before the day the source went live nothing triggers.
func originOf(day clock.Day, liveFrom *clock.Day) feed.Origin {
	if liveFrom == nil || day < *liveFrom {
		return feed.History
	}
	return feed.Live
}
