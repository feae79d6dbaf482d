package warehouse

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

const (
	// One commit gathers at most so many keys over all tables, and so many changes. The limits are high:
	// rows stream through, and a large backlog is done soonest when derived tables are computed once.
	batchKeys    = 40_000_000
	batchChanges = 100_000

	// Where no derived table is to be computed, small commits cost as little, and take less memory.
	plainKeys = 50_000

	feedPage  = 2_000   // changes read in one transaction of the store
	wideKeys  = 1 << 20 // ranges this wide are held against what the store has
	fewRanges = 16      // ranges that are deleted by BETWEEN
	joinKeys  = 250_000 // keys that are joined at once: DuckDB keeps the whole join in memory
)

// batch is what changes of the feed ask the warehouse to do.
type batch struct {
	to      meta // the cursor behind it
	changes int
	keys    int64
	ranges  map[string][]feed.Range // by table; merged
	live    map[string][]feed.Range // those of changes that happen now; exact: a neighbour of theirs is not live
	more    bool                    // the feed may have more
}

// collect reads the feed behind from and gathers the rows to read again.
func collect(ctx context.Context, s *store.DB, tables map[string]*table, from meta) (batch, error) {
	b := batch{to: from, ranges: map[string][]feed.Range{}, live: map[string][]feed.Range{}}
	most := int64(plainKeys)
	told := map[string][]string{} // the tables by the name under which the feed tells of their rows
	for name, t := range tables {
		told[cmp.Or(t.Feed, name)] = append(told[cmp.Or(t.Feed, name)], name)
	}
	for {
		var changes []feed.Change
		err := s.Read(ctx, func(tx *store.Tx) (err error) {
			changes, _, err = feed.Read(ctx, tx, b.to.cursor, feedPage)
			return err
		})
		if err != nil {
			return b, fmt.Errorf("warehouse: reading the feed: %w", err)
		}
		b.more = len(changes) == feedPage
		for i, c := range changes {
			for rows, ranges := range c.Rows {
				if len(told[rows]) > 0 {
					b.keys += count(ranges)
				}
				for _, name := range told[rows] {
					b.ranges[name] = append(b.ranges[name], ranges...)
					if tables[name].Affects != "" {
						most = batchKeys
					}
					if c.Origin == feed.Live {
						b.live[name] = append(b.live[name], ranges...)
					}
				}
			}
			b.to.cursor, b.to.at, b.to.kind = feed.Cursor{XID: c.XID, Seq: c.Seq}, c.At, c.Kind
			b.changes++
			if b.keys >= most && i < len(changes)-1 {
				b.more = true
				break
			}
		}
		if !b.more || b.keys >= most || b.keys < 0 || b.changes >= batchChanges {
			break
		}
	}
	for name, ranges := range b.ranges {
		b.ranges[name] = merged(ranges)
	}
	for name, ranges := range b.live {
		b.live[name] = exact(ranges)
	}
	return b, nil
}

// apply does once does; where the memory does not reach, it does it again with less at a time.
func (g *generation) apply(ctx context.Context, o Options, from source, b batch) error {
	for {
		err := g.once(ctx, o, from, b)
		if err == nil || !g.thrifty(err) {
			return err
		}
	}
}

// once replaces the rows that the batch names by what the store has now, computes what depends on them,
// and moves the cursor, all in one commit. Rows are appended while they are read: the store's
// transactions are short pages of their own, and the warehouse has no other writer whom its open
// transaction could hold up.
func (g *generation) once(ctx context.Context, o Options, from source, b batch) error {
	heads := map[string]int64{}
	err := g.transact(ctx, func() error {
		work := &turn{g: g, from: from, batch: b}
		if err := work.begin(ctx); err != nil {
			return err
		}
		names := slices.Sorted(maps.Keys(b.ranges))
		wholes := g.wholes(b.ranges)
		for _, name := range slices.Sorted(maps.Keys(wholes)) {
			t := g.tables[name]
			if err := work.affected(ctx, t, clipped(wholes[name], feed.Range{0, t.high})); err != nil {
				return err
			}
		}
		present := map[string][]feed.Range{}
		for _, name := range names {
			ranges, err := work.replace(ctx, g.tables[name], b.ranges[name])
			if err != nil {
				return err
			}
			if present[name] = ranges; len(ranges) > 0 {
				heads[name] = ranges[len(ranges)-1][1]
			}
		}
		for _, name := range slices.Sorted(maps.Keys(wholes)) {
			ranges := wholes[name]
			if count(ranges) > wideKeys {
				ranges = present[name]
			}
			if err := work.affected(ctx, g.tables[name], ranges); err != nil {
				return err
			}
		}
		if err := work.derive(ctx, o.Projections); err != nil {
			return err
		}
		if err := work.log(ctx); err != nil {
			return err
		}
		return g.put(ctx, b.to)
	})
	if err != nil {
		return err
	}
	for name, high := range heads {
		g.tables[name].high = max(g.tables[name].high, high)
	}
	return nil
}

// turn is one commit under way.
type turn struct {
	g        *generation
	from     source
	batch    batch
	everyone bool
	loaded   []feed.Range // what changed_key holds
}

func (w *turn) begin(ctx context.Context) error {
	// Made anew, not emptied: deleted rows of temporary tables are never given back.
	return w.g.exec(ctx, "CREATE OR REPLACE TEMP TABLE changed_customer (customer BIGINT, source VARCHAR, derives BOOLEAN, live BOOLEAN)")
}

// keys fills changed_key with the keys of the ranges.
func (w *turn) keys(ctx context.Context, ranges []feed.Range) error {
	if w.loaded != nil && slices.Equal(w.loaded, ranges) {
		return nil
	}
	w.loaded = nil
	if err := w.g.exec(ctx, "CREATE OR REPLACE TEMP TABLE changed_key (key BIGINT)"); err != nil {
		return err
	}
	for part := range slices.Chunk(ranges, 10_000) {
		lows, highs := make([]int64, len(part)), make([]int64, len(part))
		for i, r := range part {
			lows[i], highs[i] = r[0], r[1]
		}
		err := w.g.exec(ctx, `INSERT INTO changed_key SELECT unnest(range(r.low, r.high + 1))
			FROM (SELECT unnest($1::BIGINT[]) AS low, unnest($2::BIGINT[]) AS high) r`, lows, highs)
		if err != nil {
			return err
		}
	}
	w.loaded = slices.Clone(ranges)
	return nil
}

// affected notes the customers who depend on the rows as they stand, and those whom they are about.
func (w *turn) affected(ctx context.Context, t *table, ranges []feed.Range) error {
	if t.Affects == Everyone {
		w.everyone = true
	}
	about := t.about()
	if about == "" || len(ranges) == 0 {
		return nil
	}
	note := func(ranges []feed.Range, derives, live bool) error {
		for _, part := range parted(ranges, joinKeys) {
			if err := w.keys(ctx, part); err != nil {
				return err
			}
			err := w.g.exec(ctx, fmt.Sprintf("INSERT INTO changed_customer SELECT a.customer, %s, %t, %t FROM (%s) a (customer)", quote(t.Name), derives, live, about))
			if err != nil {
				return err
			}
		}
		return nil
	}
	live := within(w.batch.live[t.Name], ranges)
	all := count(live) == count(ranges)
	if err := note(ranges, t.Affects != "" && !w.everyone, all); err != nil || all || len(live) == 0 {
		return err
	}
	return note(live, false, true)
}

// parted cuts ranges into parts of at most so many keys.
func parted(ranges []feed.Range, keys int64) (parts [][]feed.Range) {
	var part []feed.Range
	room := keys
	for _, r := range ranges {
		for low := r[0]; low <= r[1]; {
			high := min(r[1], low+room-1)
			part = append(part, feed.Range{low, high})
			room -= high - low + 1
			if low = high + 1; room == 0 {
				parts, part, room = append(parts, part), nil, keys
			}
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// replace reads the rows of the ranges and puts them in the place of those that are there. It returns the
// ranges in which the store can have rows.
func (w *turn) replace(ctx context.Context, t *table, ranges []feed.Range) ([]feed.Range, error) {
	if err := w.remove(ctx, t, clipped(ranges, feed.Range{0, t.high})); err != nil {
		return nil, err
	}
	if t.Key != "" && count(ranges) > wideKeys {
		span, some, err := w.from.span(ctx, t)
		if err != nil {
			return nil, err
		}
		if !some {
			return nil, nil
		}
		ranges = clipped(ranges, span)
	}
	return ranges, w.g.append(ctx, w.from, t, ranges, nil)
}

// remove deletes the rows of the ranges, of which the table has at least the last.
func (w *turn) remove(ctx context.Context, t *table, ranges []feed.Range) error {
	if t.Key == "" {
		return w.g.exec(ctx, "DELETE FROM "+t.Name)
	}
	if len(ranges) == 0 {
		return nil
	}
	if len(ranges) <= fewRanges {
		parts := make([]string, len(ranges))
		for i, r := range ranges {
			parts[i] = fmt.Sprintf("%s BETWEEN %d AND %d", t.Key, r[0], r[1])
		}
		return w.g.exec(ctx, "DELETE FROM "+t.Name+" WHERE "+strings.Join(parts, " OR "))
	}
	if err := w.keys(ctx, ranges); err != nil {
		return err
	}
	return w.g.exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s BETWEEN %d AND %d AND %s IN (SELECT c.key FROM changed_key c)",
		t.Name, t.Key, ranges[0][0], ranges[len(ranges)-1][1], t.Key))
}

// append reads the rows of the ranges from the store and adds them to the table in the open transaction.
// told, where given, is called with the number of rows of each page.
func (g *generation) append(ctx context.Context, from source, t *table, ranges []feed.Range, told func(rows int)) error {
	if t.Key != "" && len(ranges) == 0 {
		return nil
	}
	a, err := g.appender(t.Name)
	if err != nil {
		return err
	}
	width := len(t.columns)
	row := make([]driver.Value, width)
	err = from.stream(ctx, t, ranges, func(values []any) error {
		for at := 0; at < len(values); at += width {
			for i := range row {
				row[i] = values[at+i]
			}
			if err := a.native.AppendRow(row...); err != nil {
				return fmt.Errorf("warehouse: table %s: %w", t.Name, translate(err))
			}
		}
		if told != nil {
			told(len(values) / width)
		}
		return nil
	})
	return errors.Join(err, a.close())
}
