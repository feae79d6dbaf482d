package segment

import (
	"context"
	"database/sql"
	"log/slog"
	"slices"
	"sync"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

const (
	// Follower is the name of the tracker's cursor. It stands at places of the warehouse, not of the feed's head: what is looked at is
	// what the warehouse shows.
	Follower = "segment"

	slice      = 5_000            // changed customers who are looked at in one query
	wholeSlice = 100_000          // the same where everybody is looked at
	horizon    = 32               // days for which segment_due holds who is due
	wholePause = 10 * time.Minute // between two looks at everybody because of changes that do not say whom they concern
	keepCursor = time.Minute      // after which the cursor is kept though nobody moved
	retry      = 30 * time.Second // after an error
	tick       = time.Minute      // how often it is asked whether a new day has begun, or a look at everybody is due
	minPause   = time.Second      // between two looks
	maxPause   = 30 * time.Second // the same, in proportion to what they cost
)

// Tracker keeps the members of tracked segments. It looks at a customer when a commit of the warehouse concerned her, and on
// days on which time alone may bring her in or out; at everybody when a segment begins to be tracked or its condition changes, and once
// a day where the condition depends on everybody. What it does is a comparison of who is in with who should be, in the
// transaction that tells the feed: killed at any moment it goes on without telling anything twice.
type Tracker struct {
	db     *store.DB
	house  *warehouse.DB
	fields Fields
	log    *slog.Logger
	actor  store.Actor

	interrupted func() error // of tests: an error after a turn is what a kill is

	mu       sync.Mutex // held by whoever looks: what is compared is then never older than what was written
	at       feed.Cursor
	known    bool // at was read
	keptAt   time.Time
	troubled map[int64]bool // segments whose trouble was logged
}

// NewTracker makes a tracker. log is slog.Default where it is nil.
func NewTracker(db *store.DB, house *warehouse.DB, fields Fields, log *slog.Logger) *Tracker {
	if log == nil {
		log = slog.Default()
	}
	return &Tracker{db: db, house: house, fields: fields, log: log, actor: store.System(), troubled: map[int64]bool{}}
}

// Follow keeps members right until ctx ends; it then returns nil. Errors are logged and tried again.
func (t *Tracker) Follow(ctx context.Context) error {
	timer := time.NewTicker(tick)
	defer timer.Stop()
	for swept := false; ; {
		moved := t.house.Moved() // asked for before looking, so that nothing falls between
		start := time.Now()
		var more bool
		var err error
		if swept {
			more, err = t.pass(ctx)
		} else {
			err = t.sweep(ctx)
			swept, more = err == nil, true
		}
		pause := max(minPause, min(10*time.Since(start), maxPause))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			t.log.Error("segments: tracking failed, it is tried again", "in", retry, "error", err)
			pause = retry
		case more:
			continue
		}
		if err := rest(ctx, pause); err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-moved: // also when a change was read that asks nothing of the warehouse, such as that of a segment
		case <-timer.C:
		}
	}
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// CatchUp does all that is due at the moment, as far as the warehouse knows, and returns.
func (t *Tracker) CatchUp(ctx context.Context) error {
	for {
		if more, err := t.pass(ctx); err != nil || !more {
			return err
		}
	}
}

// tracked is a segment that is tracked, with its compiled condition and how far tracking is.
type tracked struct {
	*Segment
	query *filter.Query
	state state
}

// state is a row of segment_state.
type state struct {
	size     int64
	runAt    *time.Time
	quiet    bool
	asked    int64
	dueUntil clock.Day
	ranAt    *time.Time
	ranDay   clock.Day
}

func stateOf(ctx context.Context, tx *store.Tx, segment int64) (s state, err error) {
	var runAt, ranAt sql.NullInt64
	var quiet int
	err = tx.QueryRow(ctx, sqlState, segment).Scan(&segment, &s.size, &runAt, &quiet, &s.asked, &s.dueUntil, &ranAt, &s.ranDay)
	s.quiet = quiet == 1
	if runAt.Valid {
		at := clock.Time(runAt.Int64)
		s.runAt = &at
	}
	if ranAt.Valid {
		at := clock.Time(ranAt.Int64)
		s.ranAt = &at
	}
	return s, err
}

// desk is what one pass works with.
type desk struct {
	book   *Book
	now    time.Time
	segs   []*tracked
	broken []int64 // those that cannot be counted, and have nobody waiting to look at everybody once they can
}

// open reads the tracked segments. Those that cannot be counted are left alone, as they are.
func (t *Tracker) open(ctx context.Context) (*desk, error) {
	d := &desk{}
	err := t.db.Read(ctx, func(tx *store.Tx) (err error) {
		*d = desk{now: tx.Now}
		if d.book, err = Open(ctx, tx, t.fields); err != nil {
			return err
		}
		if !t.known {
			if t.at, err = feed.Position(ctx, tx, Follower); err != nil {
				return err
			}
		}
		for _, s := range d.book.Segments() {
			if !s.Tracked {
				continue
			}
			st, err := stateOf(ctx, tx, s.ID)
			if err != nil {
				return err
			}
			q, err := d.book.Of(s, d.book.Today)
			if err != nil {
				if !t.troubled[s.ID] {
					t.log.Warn("segments: a tracked segment cannot be counted, its members stay as they are", "segment", s.ID, "error", err)
				}
				t.troubled[s.ID] = true
				if st.runAt == nil {
					d.broken = append(d.broken, s.ID)
				}
				continue
			}
			delete(t.troubled, s.ID)
			d.segs = append(d.segs, &tracked{s, q, st})
		}
		return nil
	})
	t.known = t.known || err == nil
	return d, err
}

// pass looks once at whoever is to be looked at; more tells that there is more to do at once.
func (t *Tracker) pass(ctx context.Context) (more bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.house.Status().Complete {
		return false, nil
	}
	d, err := t.open(ctx)
	if err != nil {
		return false, err
	}
	for _, id := range d.broken {
		if err := t.db.Write(ctx, t.actor, func(tx *store.Tx) error { return ask(ctx, tx, id) }); err != nil {
			return false, err
		}
	}
	wrote, err := t.changed(ctx, d)
	if err != nil {
		return false, err
	}
	if wrote { // it may have asked for more
		if d, err = t.open(ctx); err != nil {
			return false, err
		}
	}
	for _, s := range d.segs {
		switch {
		case s.overdue(d):
			if err := t.whole(ctx, d, s); err != nil {
				return false, err
			}
			more = true
		case s.state.ranAt != nil:
			some, err := t.due(ctx, d, s)
			if err != nil {
				return false, err
			}
			more = more || some
		}
	}
	return more, t.tidy(ctx)
}

// overdue tells whether everybody is to be looked at.
func (s *tracked) overdue(d *desk) bool {
	st := s.state
	switch {
	case st.runAt != nil && !st.runAt.After(d.now), st.ranAt == nil:
		return true
	case st.ranDay == d.book.Today:
		return false
	}
	return s.query.Whole() || s.query.Moves() && st.dueUntil <= d.book.Today
}

// changed looks at the customers whom commits behind the cursor concern, and moves the cursor; wrote tells whether it wrote
// anything down.
func (t *Tracker) changed(ctx context.Context, d *desk) (wrote bool, err error) {
	moves := map[int64][]move{}
	asks := map[int64]bool{} // segments of which everybody is to be looked at → quietly
	var to feed.Cursor
	lost := false
	err = t.house.View(ctx, func(v *warehouse.View) error {
		touched, err := v.Touched(ctx, t.at)
		if err != nil {
			return err
		}
		to, lost = touched.To, touched.Lost
		for _, s := range d.segs {
			switch {
			case s.state.ranAt == nil || touched.To == t.at:
				continue
			case touched.Lost:
				asks[s.ID] = false
				continue
			}
			who, anybody, live := concerned(touched, s.query.Tables())
			if anybody {
				asks[s.ID] = !live
			}
			if s.query.Whole() || len(who) == 0 || anybody {
				continue
			}
			verdicts, err := look(ctx, v, s.query, sorted(who), slice)
			if err != nil {
				return err
			}
			if moves[s.ID], err = t.compare(ctx, s, verdicts, func(id int64) bool { return who[id] }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || to == t.at {
		return false, err
	}
	for id := range moves {
		if len(moves[id]) == 0 {
			delete(moves, id)
		}
	}
	if len(moves) == 0 && len(asks) == 0 && d.now.Sub(t.keptAt) < keepCursor {
		t.at = to
		return false, nil
	}
	err = t.write(ctx, moves, func(ctx context.Context, tx *store.Tx) error {
		for _, s := range d.segs {
			quietly, asked := asks[s.ID]
			if !asked {
				continue
			}
			at := tx.Now
			if !lost && s.state.ranAt.Add(wholePause).After(at) {
				at = s.state.ranAt.Add(wholePause)
			}
			if _, err := tx.Exec(ctx, sqlAsk, s.ID, clock.Micros(at), store.Flag(quietly)); err != nil {
				return err
			}
		}
		return feed.Advance(ctx, tx, Follower, to)
	})
	if err == nil {
		t.at, t.keptAt = to, d.now
	}
	return true, err
}

// concerned are the customers whom changes in tables concern, each with whether it happens now; anybody where that cannot be said, or
// is about too many.
func concerned(touched warehouse.Touched, tables []string) (who map[int64]bool, anybody, live bool) {
	who = map[int64]bool{}
	for _, name := range tables {
		c := touched.Tables[name]
		anybody, live = anybody || c.Anybody, live || c.AnybodyLive
		for _, id := range c.History {
			if !who[id] {
				who[id] = false
			}
		}
		for _, id := range c.Live {
			who[id] = true
		}
	}
	return who, anybody, live
}

func sorted[V any](ids map[int64]V) []int64 {
	all := make([]int64, 0, len(ids))
	for id := range ids {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// verdict is whether a customer is in, and when she is to be looked at again.
type verdict struct {
	customer int64
	in       bool
	due      *clock.Day
}

// look asks about customers, so many at a time. Who does not count as a customer is not in, and never due.
func look(ctx context.Context, v warehouse.Querier, q *filter.Query, ids []int64, at int) ([]verdict, error) {
	all := make([]verdict, 0, len(ids))
	for part := range slices.Chunk(ids, at) {
		found := make(map[int64]verdict, len(part))
		s := q.Due(part)
		rows, err := v.QueryContext(ctx, s.Text, s.Args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var d verdict
			var due sql.NullTime
			if err := rows.Scan(&d.customer, &d.in, &due); err != nil {
				rows.Close()
				return nil, err
			}
			if due.Valid {
				day := clock.DayOf(due.Time, time.UTC)
				d.due = &day
			}
			found[d.customer] = d
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
		for _, id := range part {
			d := found[id]
			d.customer = id
			all = append(all, d)
		}
	}
	return all, nil
}

// compare turns verdicts into moves: who turns, and whose day is another one.
func (t *Tracker) compare(ctx context.Context, s *tracked, verdicts []verdict, live func(int64) bool) ([]move, error) {
	var moves []move
	for part := range slices.Chunk(verdicts, slice) {
		ids := make([]int64, len(part))
		for i, v := range part {
			ids[i] = v.customer
		}
		err := t.db.Read(ctx, func(tx *store.Tx) error {
			present, err := pairs(ctx, tx, among(tx, sqlMembersAmong), s.ID, store.JSON(ids))
			if err != nil {
				return err
			}
			days, err := pairs(ctx, tx, among(tx, sqlDueAmong), s.ID, store.JSON(ids))
			if err != nil {
				return err
			}
			for _, v := range part {
				if m, differs := s.move(v, present, days, s.state.dueUntil, live(v.customer)); differs {
					moves = append(moves, m)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return moves, nil
}

// move is what a verdict changes.
func (s *tracked) move(v verdict, present, days map[int64]int64, until clock.Day, live bool) (move, bool) {
	_, was := present[v.customer]
	day, planned := days[v.customer]
	if v.due != nil && *v.due > until {
		v.due = nil // the look at everybody that comes before finds it
	}
	m := move{customer: v.customer, in: v.in, turns: v.in != was, live: live, due: v.due}
	m.redue = planned != (v.due != nil) || planned && clock.Day(day) != *v.due
	return m, m.turns || m.redue
}

// Refresh looks at everybody for one tracked segment, whatever changed, and returns when it is done.
func (t *Tracker) Refresh(ctx context.Context, id int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, err := t.open(ctx)
	if err != nil {
		return err
	}
	s, err := d.book.Find(id)
	if err != nil {
		return err
	}
	for _, known := range d.segs {
		if known.ID == id {
			return t.whole(ctx, d, known)
		}
	}
	if err := d.book.Trouble(s); err != nil {
		return err
	}
	return fault.New(fault.Conflict, "segment.not_tracked", "segment", s.Name)
}
