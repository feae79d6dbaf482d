package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

const (
	pageRows  = 16 << 10               // rows a page of the store aims at
	pageTime  = 500 * time.Millisecond // a page that takes longer makes the next ones smaller
	firstKeys = 4 << 10                // keys of the first page, before anything is known
	mostKeys  = 1 << 20                // keys of a page where there are few rows
	mostSpans = 500                    // ranges of a page, each a query of its own
	gap       = 16                     // ranges this close are read as one
)

// page is rows of the store, already as the Appender wants them, one after the other.
type page struct {
	values []any
	err    error
}

// source reads a table of the store in pages, each in a short transaction of its own: rows may differ in
// age, but none is older than the moment the reading began, and what changes later the feed tells.
type source struct {
	store   *store.DB
	readers int // pages read at the same time
}

// stream hands the rows of the keys in ranges to sink, in the order of the keys, a page at a time. A
// table without key is one page.
func (s source) stream(ctx context.Context, t *table, ranges []feed.Range, sink func(values []any) error) error {
	if t.Key == "" {
		values, err := s.read(ctx, t, nil, nil)
		if err != nil {
			return err
		}
		return sink(values)
	}
	group, ctx := errgroup.WithContext(ctx)
	var keys atomic.Int64 // of the next page
	keys.Store(firstKeys)
	type job struct {
		ranges []feed.Range
		done   chan page
	}
	jobs := make(chan job)
	order := make(chan chan page, s.readers) // keeps the order of the keys, and bounds what lies in memory
	free := make(chan []any, 2*s.readers+2)

	group.Go(func() error {
		defer close(order)
		defer close(jobs)
		rest := slices.Clone(ranges)
		for len(rest) > 0 {
			var next []feed.Range
			next, rest = cut(rest, keys.Load())
			j := job{next, make(chan page, 1)}
			select {
			case order <- j.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range s.readers {
		group.Go(func() error {
			for j := range jobs {
				var buffer []any
				select {
				case buffer = <-free:
				default:
				}
				start := time.Now()
				values, err := s.read(ctx, t, j.ranges, buffer[:0])
				j.done <- page{values, err}
				if err != nil {
					return err
				}
				keys.Store(better(count(j.ranges), len(values)/len(t.columns), time.Since(start)))
			}
			return nil
		})
	}
	group.Go(func() error {
		for done := range order {
			select {
			case p := <-done:
				if p.err != nil {
					return p.err
				}
				if err := sink(p.values); err != nil {
					return err
				}
				select {
				case free <- p.values:
				default:
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// better chooses how many keys the next page should have, from what the last one gave.
func better(keys int64, rows int, took time.Duration) int64 {
	next := keys * 4
	if rows > 0 {
		next = min(next, keys*pageRows/int64(rows)+1)
	}
	if took > pageTime {
		next = min(next, keys/2)
	}
	return max(1, min(next, mostKeys))
}

// read reads the rows of the ranges in one transaction.
func (s source) read(ctx context.Context, t *table, ranges []feed.Range, into []any) ([]any, error) {
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		into = into[:0]
		if t.Key == "" {
			return s.query(ctx, tx, t, &into)
		}
		for _, r := range ranges {
			if err := s.query(ctx, tx, t, &into, r[0], r[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("warehouse: reading %s: %w", t.Name, err)
	}
	return into, nil
}

func (s source) query(ctx context.Context, tx *store.Tx, t *table, into *[]any, args ...any) error {
	checked := false
	return tx.Values(ctx, t.Select, args, func(columns []string, row []any) (err error) {
		if !checked {
			if err := sameColumns(columns, t.columns); err != nil {
				return err
			}
			checked = true
		}
		for i, c := range t.columns {
			if row[i], err = c.kind.convert(row[i]); err != nil {
				return fmt.Errorf("column %s: %w", c.name, err)
			}
		}
		*into = append(*into, row...)
		return nil
	})
}

// sameColumns holds Select against DDL, since values are matched by their place.
func sameColumns(names []string, want []column) error {
	if !slices.EqualFunc(names, want, func(n string, c column) bool { return n == c.name }) {
		wanted := make([]string, len(want))
		for i, c := range want {
			wanted[i] = c.name
		}
		return fmt.Errorf("the Select returns the columns %v, DDL has %v", names, wanted)
	}
	return nil
}

// span asks the store for the smallest and the greatest key; false when the table is empty.
func (s source) span(ctx context.Context, t *table) (r feed.Range, some bool, err error) {
	var low, high sql.NullInt64
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, t.Span).Scan(&low, &high)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return r, false, fmt.Errorf("warehouse: span of %s: %w", t.Name, err)
	}
	return feed.Range{low.Int64, high.Int64}, low.Valid && high.Valid, nil
}

// merged sorts ranges and joins those that overlap or lie close. Reading a few rows too many is cheaper
// than another query; they are replaced by themselves. Ids are positive: what lies below is dropped.
func merged(ranges []feed.Range) []feed.Range {
	var all []feed.Range
	for _, r := range ranges {
		if r[0] = max(r[0], 0); r[0] <= r[1] {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b feed.Range) int {
		switch {
		case a[0] < b[0]:
			return -1
		case a[0] > b[0]:
			return 1
		}
		return 0
	})
	joined := all[:0]
	for _, r := range all {
		if n := len(joined); n > 0 && r[0]-joined[n-1][1] <= gap {
			joined[n-1][1] = max(joined[n-1][1], r[1])
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// clipped leaves of merged ranges what lies in within.
func clipped(ranges []feed.Range, within feed.Range) []feed.Range {
	var rest []feed.Range
	for _, r := range ranges {
		r[0], r[1] = max(r[0], within[0]), min(r[1], within[1])
		if r[0] <= r[1] {
			rest = append(rest, r)
		}
	}
	return rest
}

// count is how many keys there are in merged ranges.
func count(ranges []feed.Range) int64 {
	n := int64(0)
	for _, r := range ranges {
		if n += r[1] - r[0] + 1; n <= 0 { // more than an int64 holds
			return 1<<63 - 1
		}
	}
	return n
}

// cut takes about keys keys off the front.
func cut(ranges []feed.Range, keys int64) (front, rest []feed.Range) {
	for i, r := range ranges {
		if keys <= 0 || len(front) == mostSpans {
			return front, ranges[i:]
		}
		if r[1]-r[0] >= keys {
			front = append(front, feed.Range{r[0], r[0] + keys - 1})
			ranges[i][0] = r[0] + keys
			return front, ranges[i:]
		}
		front = append(front, r)
		keys -= r[1] - r[0] + 1
	}
	return front, nil
}
