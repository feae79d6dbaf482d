package warehouse

import (
	"container/list"
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Result is a value computed on a state of the warehouse.
type Result[T any] struct {
	Value T
	AsOf  time.Time // the last change that the value shows; zero before the first
	Fresh bool      // nothing has been committed since
}

// Forever is the patience of who wants nothing but the newest.
const Forever time.Duration = -1

// Cached returns what fn computes on the present state of the warehouse, and remembers it under key until
// the next commit. key names everything that fn depends on but the warehouse.
//
// Where nothing has changed the remembered value comes at once. Else fn runs, once for all who ask at the
// same time, and goes on though its caller leaves. A caller waits for it at most patience (Forever: as
// long as ctx lasts); after that it gets the last value, not Fresh, where there is one, and a later call
// gets the new one. fn must not use anything that ends with its caller. It may be called under an older
// state than the present one, never a value under a newer key. The values are shared: nobody may change
// them.
func Cached[T any](ctx context.Context, db *DB, key string, patience time.Duration, fn func(context.Context, *View) (T, error)) (Result[T], error) {
	version := db.Version()
	last, known := remembered[T](db, key)
	if known && last.version >= version {
		return last.result(true), nil
	}
	var enough <-chan time.Time
	if known && patience >= 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	for {
		computed := db.flights.DoChan(key, func() (any, error) {
			return nil, db.compute(key, func(ctx context.Context, v *View) (any, error) { return fn(ctx, v) })
		})
		select {
		case <-ctx.Done():
			return Result[T]{}, ctx.Err()
		case <-enough:
			return last.result(false), nil
		case flight := <-computed:
			now, ok := remembered[T](db, key)
			switch {
			case flight.Err == nil && ok && now.version >= version:
				return now.result(now.version >= db.Version()), nil
			case flight.Err != nil && known && patience >= 0:
				db.log.Error("warehouse: a result could not be computed anew", "key", key, "error", flight.Err)
				return last.result(false), nil
			case flight.Err != nil:
				return Result[T]{}, flight.Err
			}
			// It was computed for somebody who asked before the commit that we have seen: once more.
		}
	}
}

// compute runs fn on a view and remembers the result. Close waits for it; a panic is an error like any
// other, since fn may run behind a page that has long been answered.
func (db *DB) compute(key string, fn func(context.Context, *View) (any, error)) (err error) {
	done := make(chan struct{})
	started := db.goBehind(func() {
		defer close(done)
		db.cache.begin(key)
		defer db.cache.end(key)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("warehouse: computing %s: panic: %v\n%s", key, p, debug.Stack())
			}
		}()
		err = db.View(db.life, func(v *View) error {
			value, err := fn(db.life, v)
			if err == nil {
				db.cache.put(key, entry{value: value, version: v.version, asOf: v.asOf})
			}
			return err
		})
	})
	if !started {
		return errClosed()
	}
	<-done
	return err
}

// Computing tells for how long the value under key has been computed; 0 if nobody computes it now.
func (db *DB) Computing(key string) time.Duration {
	db.cache.mu.Lock()
	defer db.cache.mu.Unlock()
	begun, ok := db.cache.begun[key]
	if !ok {
		return 0
	}
	return time.Since(begun)
}

// cacheSize is how many results are remembered; the one not asked for longest goes first.
const cacheSize = 500

type entry struct {
	key     string
	value   any
	version int64
	asOf    time.Time
}

type typed[T any] struct {
	entry
	value T
}

func (t typed[T]) result(fresh bool) Result[T] {
	return Result[T]{Value: t.value, AsOf: t.asOf, Fresh: fresh}
}

func remembered[T any](db *DB, key string) (typed[T], bool) {
	e, ok := db.cache.of(key)
	if !ok {
		return typed[T]{}, false
	}
	value, ok := e.value.(T)
	return typed[T]{e, value}, ok
}

// cache remembers the results used last.
type cache struct {
	mu     sync.Mutex
	order  *list.List // of entry, the one used last in front
	places map[string]*list.Element
	begun  map[string]time.Time // when computing began, of what is being computed
}

func (c *cache) init() {
	c.order, c.places, c.begun = list.New(), map[string]*list.Element{}, map[string]time.Time{}
}

func (c *cache) begin(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun[key] = time.Now()
}

func (c *cache) end(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.begun, key)
}

func (c *cache) of(key string) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, ok := c.places[key]
	if !ok {
		return entry{}, false
	}
	c.order.MoveToFront(place)
	return place.Value.(entry), true
}

func (c *cache) put(key string, e entry) {
	e.key = key
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[key]; ok {
		place.Value = e
		c.order.MoveToFront(place)
		return
	}
	c.places[key] = c.order.PushFront(e)
	if c.order.Len() > cacheSize {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.places, oldest.Value.(entry).key)
	}
}
