package segment

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

func among(tx *store.Tx, text string) string { return fmt.Sprintf(text, tx.Numbers("$2")) }

// whole looks at everybody for one segment.
func (t *Tracker) whole(ctx context.Context, d *desk, s *tracked) error {
	until := d.book.Today.AddDays(horizon)
	var verdicts []verdict
	err := t.house.View(ctx, func(v *warehouse.View) (err error) {
		verdicts, err = everybody(ctx, v, d.book, s.query, until)
		return err
	})
	if err != nil {
		return err
	}
	present, err := t.every(ctx, sqlMembers, s.ID)
	if err != nil {
		return err
	}
	days, err := t.every(ctx, sqlDues, s.ID)
	if err != nil {
		return err
	}
	live := !s.state.quiet && s.state.ranAt != nil
	var moves []move
	seen := make(map[int64]bool, len(verdicts))
	note := func(v verdict) {
		if m, differs := s.move(v, present, days, until, live); differs {
			moves = append(moves, m)
		}
	}
	for _, v := range verdicts {
		seen[v.customer] = true
		note(v)
	}
	for _, kept := range []map[int64]int64{present, days} { // of whom nothing was said: not in, never due
		for _, id := range sorted(kept) {
			if !seen[id] {
				seen[id] = true
				note(verdict{customer: id})
			}
		}
	}
	return t.write(ctx, map[int64][]move{s.ID: moves}, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, sqlRan, s.ID, int64(until), clock.Micros(tx.Now), int64(d.book.Today), s.state.asked)
		return err
	})
}

// everybody are the verdicts on all customers who are in, or due until a day.
func everybody(ctx context.Context, v *warehouse.View, b *Book, q *filter.Query, until clock.Day) ([]verdict, error) {
	if !q.Moves() {
		ids, err := Customers(ctx, v, q, 0, 0)
		all := make([]verdict, len(ids))
		for i, id := range ids {
			all[i] = verdict{customer: id, in: true}
		}
		return all, err
	}
	anyone, err := b.Query(filter.Tree{}, b.Today)
	if err != nil {
		return nil, err
	}
	ids, err := Customers(ctx, v, anyone, 0, 0)
	if err != nil {
		return nil, err
	}
	all, err := look(ctx, v, q, ids, wholeSlice)
	return slices.DeleteFunc(all, func(d verdict) bool { return !d.in && (d.due == nil || *d.due > until) }), err
}

// due looks at customers whose day has come; more tells that there are more of them.
func (t *Tracker) due(ctx context.Context, d *desk, s *tracked) (more bool, err error) {
	var ids []int64
	err = t.db.Read(ctx, func(tx *store.Tx) error {
		found, err := pairs(ctx, tx, sqlDueNow, s.ID, int64(d.book.Today), slice)
		ids = sorted(found)
		return err
	})
	if err != nil || len(ids) == 0 {
		return false, err
	}
	var verdicts []verdict
	err = t.house.View(ctx, func(v *warehouse.View) (err error) {
		verdicts, err = look(ctx, v, s.query, ids, slice)
		return err
	})
	if err != nil {
		return false, err
	}
	moves, err := t.compare(ctx, s, verdicts, func(int64) bool { return true })
	if err != nil {
		return false, err
	}
	return len(ids) == slice, t.write(ctx, map[int64][]move{s.ID: moves}, nil)
}

// tidy deletes, a turn at a time, what is left of segments that are no longer tracked.
func (t *Tracker) tidy(ctx context.Context) error {
	for _, what := range []struct{ some, drop string }{{sqlSomeUntracked, sqlLeave}, {sqlSomeDueLeft, sqlDropDue}} {
		for {
			n := 0
			if err := t.drop(ctx, what.some, what.drop, &n); err != nil {
				return err
			}
			if n < manyTurn {
				break
			}
		}
	}
	return nil
}

// drop deletes the rows of one segment among some, and tells how many there were.
func (t *Tracker) drop(ctx context.Context, some, text string, n *int) error {
	bySegment := map[int64][]int64{}
	err := t.db.Read(ctx, func(tx *store.Tx) error {
		clear(bySegment)
		*n = 0
		rows, err := tx.Query(ctx, some, manyTurn)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var segment, customer int64
			if err := rows.Scan(&segment, &customer); err != nil {
				return err
			}
			bySegment[segment] = append(bySegment[segment], customer)
			*n++
		}
		return rows.Err()
	})
	if err != nil || *n == 0 {
		return err
	}
	return t.db.Bulk(ctx, t.actor, func(tx *store.Tx) error {
		for _, segment := range sorted(bySegment) {
			gone, err := tx.Exec(ctx, among(tx, text), segment, store.JSON(bySegment[segment]))
			if err != nil {
				return err
			}
			if text == sqlLeave {
				if _, err := tx.Exec(ctx, sqlResize, segment, -gone); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// DailyJob is the kind of the job that begins a day, whose handler is Daily. It is due shortly after midnight.
const (
	DailyJob  = "segment.daily"
	DailySpec = "daily 00:05"
)

// Daily begins a day: due dates, conditions that depend on everybody, and the size of every segment.
func (t *Tracker) Daily(ctx context.Context, task *jobs.Task) error {
	if err := t.house.Reach(ctx, t.db); err != nil {
		return err
	}
	if err := t.CatchUp(ctx); err != nil {
		return err
	}
	return t.Measure(ctx, func(done, all int) error { return task.Progress(ctx, int64(done), int64(all)) })
}

// sweep deletes lists that were begun and never finished. It runs before anybody can begin one.
func (t *Tracker) sweep(ctx context.Context) error {
	for {
		n := 0
		if err := t.drop(ctx, sqlSomeOrphans, sqlUnlist, &n); err != nil || n < manyTurn {
			return err
		}
	}
}

// Measure writes down how large every segment is today. Those that cannot be counted have no size.
func (t *Tracker) Measure(ctx context.Context, progress func(done, all int) error) error {
	var b *Book
	err := t.db.Read(ctx, func(tx *store.Tx) (err error) { b, err = Open(ctx, tx, t.fields); return err })
	if err != nil {
		return err
	}
	segments := b.Segments()
	for i, s := range segments {
		n := s.Size
		if !s.Known() {
			q, err := b.Of(s, b.Today)
			if err != nil {
				continue
			}
			if n, err = Count(ctx, t.house, q); err != nil {
				return err
			}
		}
		err := t.db.Write(ctx, t.actor, func(tx *store.Tx) error { return setSize(ctx, tx, s.ID, b.Today, n) })
		if err != nil {
			return err
		}
		if progress != nil {
			if err := progress(i+1, len(segments)); err != nil {
				return err
			}
		}
	}
	return nil
}

func setSize(ctx context.Context, tx *store.Tx, segment int64, day clock.Day, n int64) error {
	_, err := tx.Exec(ctx, sqlSetSize, segment, int64(day), n)
	return err
}

// Size is how many customers a segment had on a day.
type Size struct {
	Day  clock.Day
	Size int64
}

// Sizes lists how large a segment was, by day, from a day on. Days on which it was not measured are missing.
func Sizes(ctx context.Context, tx *store.Tx, segment int64, from clock.Day) ([]Size, error) {
	found, err := pairs(ctx, tx, sqlSizes, segment, int64(from))
	if err != nil {
		return nil, err
	}
	var all []Size
	for _, day := range sorted(found) {
		all = append(all, Size{clock.Day(day), found[day]})
	}
	return all, nil
}
