package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"time"
)

// Commits append to SQLite's log; a checkpoint copies the log into the database file. Left to the writer, whoever commits
// when the log is full waits for thousands of pages. So another connection copies them beside the writer, and what little
// the writer adds meanwhile it copies itself: only then is the whole log copied and the next commit starts it anew. A log that
// never grew large is left alone: on a disk that is nearly full, copying would take the room that commits still have. While
// much is written the log may grow larger: an import changes the same pages of its indexes in many transactions, and the file gets each but
// once a copy.
const (
	checkpointPause = 250 * time.Millisecond // between two looks at the log
	checkpointPages = 4000                   // pages of 4 kB in the log from which on it is copied, and the writer lets it start anew
	bulkPages       = 16 * checkpointPages   // as many while there are calls of the bulk lane, a quarter of a GiB
	checkpointRest  = 1000                   // pages the writer may copy itself
	checkpointTries = 3                      // passes beside the writer to come down to so few
)

// checkpointer copies the log of an SQLite file into the file, beside its writer.
type checkpointer struct {
	db        *sql.DB // a connection of its own
	log       *slog.Logger
	committed chan struct{} // holds a token when something was committed since the last pass
	lastBulk  atomic.Int64  // when the bulk lane was last in use, in nanoseconds
	finish    chan struct{} // holds a token when the writer shall copy the rest
	stopped   context.CancelFunc
	ended     chan struct{}
}

func newCheckpointer(db *sql.DB, log *slog.Logger) *checkpointer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: db, log: log, committed: make(chan struct{}, 1), finish: make(chan struct{}, 1), stopped: cancel, ended: make(chan struct{})}
	go c.loop(ctx)
	return c
}

func (c *checkpointer) stop() {
	c.stopped()
	<-c.ended
	c.db.Close()
}

// note says that something was committed.
func (c *checkpointer) note() {
	select {
	case c.committed <- struct{}{}:
	default:
	}
}

// bulk says that the bulk lane is in use; untilCalm is how long it still counts as in use, at most 0 when it does not.
func (c *checkpointer) bulk() { c.lastBulk.Store(time.Now().UnixNano()) }

func (c *checkpointer) untilCalm() time.Duration {
	return largeTime - time.Since(time.Unix(0, c.lastBulk.Load()))
}

func (c *checkpointer) loop(ctx context.Context) {
	defer close(c.ended)
	pause := time.NewTicker(checkpointPause)
	defer pause.Stop()
	calm := time.NewTimer(0) // when nothing has come from the bulk lane for a while and it may have left a large log
	defer calm.Stop()
	for {
		select {
		case <-c.committed:
		case <-calm.C:
		case <-ctx.Done():
			return
		}
		limit := checkpointPages
		if rest := c.untilCalm(); rest > 0 {
			limit = bulkPages
			calm.Reset(rest)
		}
		if pages, _, err := checkpoint(ctx, c.db, "NOOP"); err == nil && pages >= limit {
			c.copy(ctx)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
}

// copy copies the log and asks the writer for the rest where there is much.
func (c *checkpointer) copy(ctx context.Context) {
	pages, err := c.pass(ctx)
	if err != nil && ctx.Err() == nil {
		c.log.Warn("checkpoint failed; it is tried again", "error", err)
	}
	if pages > checkpointPages {
		select {
		case c.finish <- struct{}{}:
		default:
		}
	}
}

// pass copies until little is left, and returns how many pages the log holds.
func (c *checkpointer) pass(ctx context.Context) (pages int, err error) {
	copied := 0
	for range checkpointTries {
		before := copied
		if pages, copied, err = checkpoint(ctx, c.db, "PASSIVE"); err != nil || copied-before < checkpointRest {
			break
		}
	}
	return pages, err
}

// checkpoint tells how many pages the log holds and how many of them are copied. In the mode PASSIVE it copies what nobody reads any more
// first, without waiting for anybody; in the mode NOOP it copies nothing.
func checkpoint(ctx context.Context, on interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, mode string) (pages, copied int, err error) {
	var busy int
	err = on.QueryRowContext(ctx, `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&busy, &pages, &copied)
	return pages, copied, err
}
