package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

const (
	waitAtMost  = 10 * time.Second
	lookAgain   = time.Second           // how often the feed is looked at though nobody said that it changed
	lookPause   = 20 * time.Millisecond // between two looks while the last one found nothing
	longestRest = time.Second           // between two small commits
	bulkRest    = 30 * time.Second      // between two commits while many rows come in
	bulkKeys    = 20_000                // keys in a commit from which on this is so
	retryFirst  = time.Second
	retryLast   = time.Minute
	rebuildRest = 10 * time.Minute // between two rebuilds because of damage
	keepEvery   = 10_000           // changes without rows after which the cursor is written down all the same
)

// Follow keeps the warehouse up to date with the store until ctx ends; it then returns nil. What the feed
// tells is applied at once, and in larger and rarer commits while much comes in. A warehouse that is not
// complete, belongs to another store or turns out damaged is rebuilt first. Errors are logged and tried
// again.
func (db *DB) Follow(ctx context.Context, s *store.DB) error {
	retry := retryFirst
	for {
		err := db.follow(ctx, s, &retry)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errClosed()) {
			return err
		}
		db.log.Error("warehouse: following the feed failed, it is tried again", "in", retry, "error", err)
		db.stick(err)
		if isBroken(err) {
			db.suspect()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
		retry = min(2*retry, retryLast)
	}
}

func (db *DB) follow(ctx context.Context, s *store.DB, retry *time.Duration) error {
	if err := db.adopt(ctx, s); err != nil {
		return err
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		changed := s.Changed() // asked for before reading, so that no commit falls between
		start := time.Now()
		b, err := db.step(ctx, s, true)
		if err != nil {
			return err
		}
		*retry = retryFirst
		db.stick(nil)
		if b.more {
			continue
		}
		if err := db.rest(ctx, s, b, time.Since(start)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			if b.changes == 0 { // commits come in plenty that the feed does not tell of
				db.breathe(ctx)
			}
		case <-tick.C:
		case <-db.broken:
			if err := db.adopt(ctx, s); err != nil {
				return err
			}
		}
	}
}

// rest pauses after a commit, in proportion to what it cost, so that a stream of small writes does not
// keep a processor busy with ever new commits, and a large import is not slowed by computing the derived
// tables time and again. It ends when somebody waits for the warehouse, and in an import as soon as
// nothing more comes in.
func (db *DB) rest(ctx context.Context, s *store.DB, b batch, took time.Duration) error {
	if b.keys == 0 || db.awaited() {
		return nil
	}
	pause, step := min(8*took, longestRest), longestRest
	if b.keys >= bulkKeys {
		pause = min(10*took, bulkRest)
	}
	for end := time.Now().Add(pause); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		before, err := head(ctx, s)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, step)):
		case <-db.urgent:
			return nil
		}
		if after, err := head(ctx, s); err != nil || after == before {
			return err
		}
	}
}

// breathe waits a moment, unless somebody waits for the warehouse.
func (db *DB) breathe(ctx context.Context) {
	if db.awaited() {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(lookPause):
	case <-db.urgent:
	}
}

// head is how far the feed can be read now.
func head(ctx context.Context, s *store.DB) (c feed.Cursor, err error) {
	err = s.Read(ctx, func(tx *store.Tx) error {
		c, err = feed.Head(ctx, tx)
		return err
	})
	return c, err
}

// CatchUp applies what the feed has now and returns; for a command that needs the warehouse without a
// follower. It rebuilds where Follow would.
func (db *DB) CatchUp(ctx context.Context, s *store.DB) error {
	if err := db.adopt(ctx, s); err != nil {
		return err
	}
	for {
		b, err := db.step(ctx, s, false)
		if err != nil || !b.more {
			return err
		}
	}
}

// adopt makes sure that the warehouse is complete and that its cursor stands in the feed of this store.
func (db *DB) adopt(ctx context.Context, s *store.DB) error {
	db.making.Lock()
	defer db.making.Unlock()
	db.mu.Lock()
	g, damaged := db.current, db.damaged
	if g == nil {
		db.mu.Unlock()
		return errClosed()
	}
	m := g.meta
	db.mu.Unlock()
	reason := ""
	switch {
	case damaged:
		reason = "it is damaged"
	case !m.complete:
		reason = "it is new"
	default:
		own, err := stands(ctx, s, m)
		if err != nil {
			return err
		}
		if !own {
			reason = "its place in the feed is not that of this database"
		}
	}
	if reason == "" {
		return nil
	}
	db.log.Info("warehouse: it is built from the database", "because", reason)
	return db.rebuild(ctx, s)
}

// stands tells whether the change at which the cursor stands is in the feed as it was: not so after the
// store was replaced by a backup or another one, or when the feed has been cut behind the cursor.
func stands(ctx context.Context, s *store.DB, m meta) (own bool, err error) {
	if m.cursor == (feed.Cursor{}) {
		return true, nil
	}
	err = s.Read(ctx, func(tx *store.Tx) error {
		at, err := changeAt(ctx, tx, m.cursor)
		own = err == nil && at.cursor == m.cursor && at.kind == m.kind && at.at.Equal(m.at)
		return err
	})
	return own, err
}

// changeAt describes the first change from the cursor on.
func changeAt(ctx context.Context, tx *store.Tx, c feed.Cursor) (meta, error) {
	changes, _, err := feed.Read(ctx, tx, feed.Cursor{XID: c.XID, Seq: c.Seq - 1}, 1)
	if err != nil || len(changes) == 0 {
		return meta{}, err
	}
	first := changes[0]
	return meta{cursor: feed.Cursor{XID: first.XID, Seq: first.Seq}, at: first.At, kind: first.Kind}, nil
}

// step applies one batch of the feed to the present generation. Where others are at work beside it,
// aside, a large one takes no more than its share of the processors.
func (db *DB) step(ctx context.Context, s *store.DB, aside bool) (batch, error) {
	db.writing.Lock()
	defer db.writing.Unlock()
	g, err := db.generation()
	if err != nil {
		return batch{}, err
	}
	return db.advance(ctx, s, g, aside)
}

// advance applies one batch of the feed to g, whose writer the caller has.
func (db *DB) advance(ctx context.Context, s *store.DB, g *generation, aside bool) (batch, error) {
	b, err := collect(ctx, s, g.tables, g.meta)
	if err != nil || b.changes == 0 {
		return b, err
	}
	if len(b.ranges) == 0 {
		// Nothing of it concerns the warehouse: results stay as they are, and after a crash these changes
		// are read once more.
		if g.unkept += b.changes; g.unkept < keepEvery {
			db.passed(g, b.to)
			return b, nil
		}
	}
	from := source{s, bulkReaders}
	if aside && !db.waited() { // who waits for the warehouse is done with what is beside it
		from.readers = 1
	}
	if aside && b.keys >= bulkKeys {
		err := g.beside(ctx, db.options, from, b)
		if !errors.Is(err, errMemory()) {
			return db.applied(g, b, err)
		}
		g.large = true
	}
	return db.applied(g, b, g.apply(ctx, db.options, from, b))
}

// applied notes that g stands behind the batch, unless err says that it does not.
func (db *DB) applied(g *generation, b batch, err error) (batch, error) {
	if err != nil {
		return b, err
	}
	g.unkept = 0
	db.committed(g, b.to)
	return b, nil
}

// beside applies a large batch with a share of the processors, and with half the memory as long as that has reached. Where it does
// not, nothing is tried in ever smaller slices: each of them reads whole tables, and all of the memory is there to be had.
func (g *generation) beside(ctx context.Context, o Options, from source, b batch) error {
	memory := o.MemoryLimit / 2
	if g.large {
		memory = o.MemoryLimit
	}
	restore, err := g.modest(ctx, o, from.readers, memory)
	if err != nil {
		return err
	}
	defer restore()
	return g.once(ctx, o, from, b)
}

// modest keeps DuckDB to so many threads and so much memory until the function it returns is called, so that an import
// that is under way keeps the rest: a large commit takes about as much again as it is granted.
func (g *generation) modest(ctx context.Context, o Options, threads int, memory int64) (restore func(), err error) {
	slice := g.slice
	set := func(ctx context.Context, threads int, memory int64) error {
		// Where readers hold more than that just now it stays as it was.
		_, _ = g.writer.ExecContext(ctx, "SET memory_limit = '"+strconv.FormatInt(memory, 10)+"B'")
		return g.exec(ctx, fmt.Sprintf("SET threads = %d", threads))
	}
	if err := set(ctx, min(threads, o.Threads), memory); err != nil {
		return nil, err
	}
	g.slice = max(slice/2, min(slice, fewCustomers))
	return func() {
		// Should it fail, the instance is lost anyway and the next step says so.
		_ = set(context.WithoutCancel(ctx), o.Threads, o.MemoryLimit)
		if !g.short {
			g.slice = slice
		}
	}, nil
}

// stick remembers what keeps the follower from going on, nil for nothing.
func (db *DB) stick(err error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Unavailable {
		f = nil
	}
	db.mu.Lock()
	db.stuck = f
	db.mu.Unlock()
}

// Wait returns when the warehouse has read the feed up to the cursor, and fails with unavailable when
// that takes more than ten seconds: with what keeps the follower from going on, if that is known, else with
// ErrBehind.
func (db *DB) Wait(ctx context.Context, c feed.Cursor) error {
	limit := time.NewTimer(waitAtMost)
	defer limit.Stop()
	db.mu.Lock()
	db.waiters++
	db.mu.Unlock()
	defer func() {
		db.mu.Lock()
		db.waiters--
		db.mu.Unlock()
	}()
	for {
		db.mu.Lock()
		g, moved, building, stuck := db.current, db.moved, db.state.Building, db.stuck
		if g == nil {
			db.mu.Unlock()
			return errClosed()
		}
		complete, reached := g.meta.complete, !g.meta.cursor.Before(c)
		db.mu.Unlock()
		if complete && reached {
			return nil
		}
		select { // the follower may be resting
		case db.urgent <- struct{}{}:
		default:
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			if stuck != nil {
				return stuck
			}
			if building || !complete {
				return errBehind("warehouse.building")
			}
			return errBehind("warehouse.behind")
		}
	}
}

// ErrBehind says that the warehouse goes on and needs more time.
var ErrBehind = errors.New("warehouse: not up to date yet")

func errBehind(key string) error { return fault.New(fault.Unavailable, key).Because(ErrBehind) }

// Reach waits until the warehouse shows what the store holds now, as Wait does.
func (db *DB) Reach(ctx context.Context, s *store.DB) error {
	now, err := head(ctx, s)
	if err != nil {
		return err
	}
	return db.Wait(ctx, now)
}

// awaited tells whether somebody waits, and forgets a wake-up that came before.
func (db *DB) awaited() bool {
	select {
	case <-db.urgent:
	default:
	}
	return db.waited()
}

// waited tells whether somebody waits.
func (db *DB) waited() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.waiters > 0
}

// suspect notes that the present file is damaged, and wakes the follower to build another, though not
// time and again when that does not help.
func (db *DB) suspect() {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.damaged || time.Since(db.rebuilt) < rebuildRest && !db.rebuilt.IsZero() {
		return
	}
	db.damaged = true
	select {
	case db.broken <- struct{}{}:
	default:
	}
}
