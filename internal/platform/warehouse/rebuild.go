package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// bulkReaders read the store where nothing else matters more: while one waits for its rows the other has
// some.
const bulkReaders = 2

// Rebuild makes a new file from the store, lets it catch up with the feed and puts it in the place of the
// present one, which answers meanwhile. One rebuild runs at a time.
func (db *DB) Rebuild(ctx context.Context, s *store.DB) error {
	db.making.Lock()
	defer db.making.Unlock()
	return db.rebuild(ctx, s)
}

// rebuild does it; the caller holds making.
func (db *DB) rebuild(ctx context.Context, s *store.DB) (err error) {
	db.building(true)
	defer db.building(false)
	g, err := db.create(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			g.close()
			err = errors.Join(err, removeFile(g.path))
		}
	}()
	if err := db.copyStore(ctx, s, g); err != nil {
		return err
	}
	for { // what changed meanwhile, while the present file still serves
		b, err := db.advance(ctx, s, g, false)
		if err != nil {
			return err
		}
		if !b.more && b.keys < bulkKeys {
			break
		}
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	for {
		b, err := db.advance(ctx, s, g, false)
		if err != nil {
			return err
		}
		if !b.more {
			break
		}
	}
	m := g.meta
	m.complete = true
	if err := g.transact(ctx, func() error { return g.put(ctx, m) }); err != nil {
		return err
	}
	if err := g.exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	g.meta = m
	_, err = db.replace(g)
	return err
}

// copyStore fills an empty generation with the rows of the store, to stand at the head of the feed as it
// is at the beginning: rows that change later are told by the feed behind it.
func (db *DB) copyStore(ctx context.Context, s *store.DB, g *generation) error {
	var m meta
	err := s.Read(ctx, func(tx *store.Tx) error {
		head, err := feed.Head(ctx, tx)
		if err != nil || head == (feed.Cursor{}) {
			return err
		}
		m, err = changeAt(ctx, tx, head)
		return err
	})
	if err != nil {
		return fmt.Errorf("warehouse: the head of the feed: %w", err)
	}
	from := source{s, bulkReaders}
	for _, p := range db.options.Projections {
		for _, t := range p.Tables {
			if err := db.copyTable(ctx, from, g, g.tables[t.Name]); err != nil {
				return err
			}
		}
	}
	start := time.Now()
	derive := func() error {
		if err := g.deriveAll(ctx, db.options.Projections); err != nil {
			return err
		}
		if err := g.put(ctx, m); err != nil {
			return err
		}
		return g.beginLog(ctx)
	}
	for err = g.transact(ctx, derive); err != nil; err = g.transact(ctx, derive) {
		if !g.thrifty(err) {
			return err
		}
	}
	db.log.Info("warehouse: derived tables computed", "took", time.Since(start).Round(time.Millisecond))
	g.meta = m
	return nil
}

func (db *DB) copyTable(ctx context.Context, from source, g *generation, t *table) error {
	var ranges []feed.Range
	if t.Key != "" {
		span, some, err := from.span(ctx, t)
		if err != nil || !some {
			return err
		}
		ranges = []feed.Range{span}
	}
	start, rows := time.Now(), 0
	err := g.transact(ctx, func() error {
		return g.append(ctx, from, t, ranges, func(n int) {
			rows += n
			db.progress(n)
		})
	})
	if err != nil {
		return err
	}
	if len(ranges) > 0 {
		t.high = ranges[0][1]
	}
	db.log.Info("warehouse: table copied", "table", t.Name, "rows", rows, "took", time.Since(start).Round(time.Millisecond))
	return nil
}

// Compact copies the file without what was deleted from it and puts the copy in its place: a value that
// was replaced otherwise stays in the file, unseen, so erasing a person ends with this. When it returns
// nil the old file is gone.
func (db *DB) Compact(ctx context.Context) error {
	db.making.Lock()
	defer db.making.Unlock()
	db.writing.Lock()
	defer db.writing.Unlock()
	g, err := db.generation()
	if err != nil {
		return err
	}
	number := db.number()
	path := db.path(number)
	copied, err := db.copyFile(ctx, g, number)
	if err != nil {
		return errors.Join(err, removeFile(path))
	}
	copied.meta, copied.unkept = g.meta, g.unkept // the cursor in memory may be ahead of the file's
	gone, err := db.replace(copied)
	if err != nil {
		copied.close()
		return err
	}
	select {
	case err := <-gone:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (db *DB) copyFile(ctx context.Context, g *generation, number int) (*generation, error) {
	path := db.path(number)
	if err := removeFile(path); err != nil {
		return nil, diskFault(err)
	}
	if err := g.exec(ctx, "ATTACH "+quote(path)+" AS compacted"); err != nil {
		return nil, err
	}
	err := g.exec(ctx, fmt.Sprintf(`COPY FROM DATABASE "%d" TO compacted`, g.number))
	err = errors.Join(err, g.exec(context.WithoutCancel(ctx), "DETACH compacted"))
	if err != nil {
		return nil, err
	}
	return openGeneration(ctx, db.options, number, false)
}

// create makes the next generation, empty.
func (db *DB) create(ctx context.Context) (*generation, error) {
	return openGeneration(ctx, db.options, db.number(), true)
}

// number is the number of the next generation.
func (db *DB) number() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.next++
	return db.next - 1
}

func (db *DB) building(is bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.state.Building = is; is {
		db.state.Rows = 0
	}
}

func (db *DB) progress(rows int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.state.Rows += int64(rows)
}
