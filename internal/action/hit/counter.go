package hit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// Counter takes hits from many requests at once and answers each after the commit that keeps it. Many are one transaction, so that a hit
// costs a small part of a commit; while one is written, whose the next ones are is asked beside it. Make it with its DB, call Start, and Close in the end.
type Counter struct {
	DB  *store.DB
	Log *slog.Logger // slog.Default by default

	queue   chan *waiting
	ready   chan *batch
	writers sync.WaitGroup
	told    sync.WaitGroup
	ended   chan struct{}

	state   sync.RWMutex // held for reading by who puts into the queue
	closed  bool
	writing sync.RWMutex // held for reading while hits are written, for writing while the feed is told
	fresh   atomic.Bool  // there are hits that the feed does not know of
	dropped atomic.Int64

	signer atomic.Pointer[Signer]
	links  known
	crowd  crowd
}

// The limits of a Counter.
const (
	queueRoom  = 4096
	batchRows  = 256
	plentyRows = 32               // so many wait for no others
	gatherTime = time.Millisecond // how long fewer do
	patience   = 2 * time.Second
	tellEvery  = time.Second
	mostLinks  = 20_000 // links that are remembered
	crowdMost  = 6000   // hits of nobody that are kept from one network address in crowdTime
	crowdTime  = time.Minute
	crowdRoom  = 50_000 // addresses
)

// waiting is a hit with who waits for its commit.
type waiting struct {
	hit  Hit
	done chan error // capacity 1
}

// Start begins to take hits. The feed is told what an earlier process left untold.
func (c *Counter) Start(ctx context.Context) error {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.queue, c.ready, c.ended = make(chan *waiting, queueRoom), make(chan *batch), make(chan struct{})
	if err := c.tell(ctx); err != nil {
		return err
	}
	work := context.WithoutCancel(ctx)
	c.writers.Go(func() { c.read(work) })
	c.writers.Go(func() { c.write(work) })
	c.told.Go(func() { c.keepTelling(work) })
	return nil
}

// Close takes no more hits, writes those that wait and tells the feed.
func (c *Counter) Close(ctx context.Context) error {
	c.state.Lock()
	if c.closed || c.queue == nil {
		c.state.Unlock()
		return nil
	}
	c.closed = true
	close(c.queue)
	c.state.Unlock()
	c.writers.Wait()
	close(c.ended)
	c.told.Wait()
	return c.tell(ctx)
}

// Place finds what an address leads to, by the kind and the token in it. It is notfound for a token that was not made here and for a link that
// is gone.
func (c *Counter) Place(ctx context.Context, k Kind, text string) (*Link, int64, error) {
	signer, err := c.signed(ctx)
	if err != nil {
		return nil, 0, err
	}
	token, ok := signer.Read(k, text)
	if !ok {
		return nil, 0, dead()
	}
	link := c.links.find(token.Link)
	if link == nil {
		if link, err = c.load(ctx, token.Link); err != nil {
			return nil, 0, err
		}
	}
	if link.Kind != k || k == Click && link.Target == "" {
		return nil, 0, dead()
	}
	return link, token.Message, nil
}

func dead() error { return fault.New(fault.NotFound, "consent.dead_link") }

// Here is Signer.Here; empty while there is no key.
func (c *Counter) Here(ctx context.Context, question string) (string, error) {
	signer, err := c.signed(ctx)
	if fault.CodeOf(err) == fault.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return signer.Here(question), nil
}

// signed is the signer, read once there is a key.
func (c *Counter) signed(ctx context.Context) (*Signer, error) {
	if s := c.signer.Load(); s != nil {
		return s, nil
	}
	var s *Signer
	err := c.DB.Read(ctx, func(tx *store.Tx) (err error) { s, err = OpenSigner(ctx, tx); return err })
	if errors.Is(err, consent.ErrNoKey) {
		return nil, dead()
	}
	if err == nil {
		c.signer.Store(s)
	}
	return s, err
}

func (c *Counter) load(ctx context.Context, number int64) (link *Link, err error) {
	var ok bool
	err = c.DB.Read(ctx, func(tx *store.Tx) error { link, ok, err = Find(ctx, tx, number); return err })
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, dead()
	}
	if link.Customer == 0 { // what is one customer's own may be erased any time
		c.links.keep(link)
	}
	return link, nil
}

// Count keeps a hit and returns after the commit. from is the network address it came from, which is counted for a minute and not kept: more
// hits of nobody from one than readers behind it make are not kept either. An error means that the hit is not kept; who asked gets her answer all
// the same.
func (c *Counter) Count(ctx context.Context, h Hit, from string) error {
	if h.Message == 0 && !c.crowd.allow(from, h.At) {
		return nil
	}
	w := &waiting{hit: h, done: make(chan error, 1)}
	if err := c.put(ctx, w); err != nil {
		c.dropped.Add(1)
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Counter) put(ctx context.Context, w *waiting) error {
	c.state.RLock()
	defer c.state.RUnlock()
	if c.closed || c.queue == nil {
		return fault.New(fault.Unavailable, "errors.unavailable")
	}
	select {
	case c.queue <- w:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case c.queue <- w:
		return nil
	case <-timer.C:
		return fault.New(fault.Unavailable, "errors.unavailable")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch is what is kept in one transaction.
type batch struct {
	all   []*waiting
	hits  []Hit
	asked *asked
	err   error // of asking
}

// read gathers what waits, asks whose it is and hands it over, until the queue is closed and empty. It asks while the batch before is
// written, and no earlier: of that one alone it may not see the hits.
func (c *Counter) read(ctx context.Context) {
	defer close(c.ready)
	for first := range c.queue {
		b := &batch{all: c.gather(first)}
		b.hits = make([]Hit, len(b.all))
		for i, w := range b.all {
			b.hits[i] = w.hit
		}
		b.err = c.DB.Read(ctx, func(tx *store.Tx) (err error) { b.asked, err = ask(ctx, tx, b.hits); return err })
		c.ready <- b
	}
}

// gather collects what waits. Fewer than plenty wait a moment for others.
func (c *Counter) gather(first *waiting) []*waiting {
	all := append(make([]*waiting, 0, 2*plentyRows), first)
	var over <-chan time.Time
	for len(all) < batchRows {
		select {
		case w, open := <-c.queue:
			if !open {
				return all
			}
			all = append(all, w)
			continue
		default:
		}
		if len(all) >= plentyRows {
			return all
		}
		if over == nil {
			over = time.After(gatherTime)
		}
		select {
		case w, open := <-c.queue:
			if !open {
				return all
			}
			all = append(all, w)
		case <-over:
			return all
		}
	}
	return all
}

// write writes one batch after the other.
func (c *Counter) write(ctx context.Context) {
	var before []Hit
	for b := range c.ready {
		err := b.err
		if err == nil {
			b.asked.count(before)
			err = c.commit(ctx, b)
		}
		if err != nil {
			c.Log.Error("hits: cannot be kept", "hits", len(b.hits), "error", err)
		}
		for _, w := range b.all {
			w.done <- err
		}
		before = b.hits
	}
}

func (c *Counter) commit(ctx context.Context, b *batch) error {
	c.writing.RLock()
	defer c.writing.RUnlock()
	err := c.DB.Write(ctx, store.System(), func(tx *store.Tx) error { return record(ctx, tx, b.hits, b.asked) })
	if err == nil {
		c.fresh.Store(true)
	}
	return err
}

// keepTelling tells the feed now and then, not at each commit: the warehouse copies what a change names.
func (c *Counter) keepTelling(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.ended:
			return
		case <-tick.C:
		}
		if n := c.dropped.Swap(0); n > 0 {
			c.Log.Warn("hits: more came than could be kept", "hits", n)
		}
		if c.fresh.Load() {
			if err := c.tell(ctx); err != nil {
				c.Log.Error("hits: the feed cannot be told", "error", err)
			}
		}
	}
}

func (c *Counter) tell(ctx context.Context) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.fresh.Store(false)
	err := c.DB.Write(ctx, store.System(), func(tx *store.Tx) error { _, err := Tell(ctx, tx); return err })
	if err != nil {
		c.fresh.Store(true)
	}
	return err
}

// known remembers links; it is emptied when it is full.
type known struct {
	mu  sync.RWMutex
	all map[int64]*Link
}

func (k *known) find(number int64) *Link {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.all[number]
}

func (k *known) keep(l *Link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostLinks {
		k.all = map[int64]*Link{}
	}
	k.all[l.Number] = l
}

// crowd counts hits of nobody by network address, for a minute.
type crowd struct {
	mu    sync.Mutex
	since time.Time
	had   map[string]int
}

func (c *crowd) allow(from string, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.had == nil || at.Sub(c.since).Abs() >= crowdTime || len(c.had) >= crowdRoom {
		c.since, c.had = at, map[string]int{}
	}
	c.had[from]++
	return c.had[from] <= crowdMost
}
