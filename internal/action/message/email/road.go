package email

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// hold is a pause, in elapsed time.
type hold struct {
	until  time.Duration
	level  int
	streak int // no-s in a row that have not led to a pause yet
}

// road is a relay with its connections. All but relay and slots is guarded by the outlet's mu.
type road struct {
	relay    *Relay
	password string
	locked   bool          // the password cannot be read: nothing leaves by it until somebody types it anew
	slots    chan struct{} // one for each connection in use
	idle     []*client
	gone     bool // the relay was changed or removed: connections end with the mail they carry

	credit         int // for choosing by weight
	second, minute *window
	hold           hold
	day            clock.Day // of left
	left           int       // mails taken from the day's allowance and not sent yet
	fullUntil      time.Duration
	filling        chan struct{} // guards taking the next portion
}

func (r *road) free(at time.Duration, promised int) time.Duration {
	if r.locked {
		return at + lockedWait
	}
	return max(r.second.free(at, promised), r.minute.free(at, promised), r.hold.until, r.fullUntil)
}

// lockedWait is how long mails wait before they ask again for a relay whose password cannot be read.
const lockedWait = time.Minute

// promises are places that Ready told somebody of who has not come for them yet. Without them all connections would hear of
// the one place that is free. Who does not come in time has no promise any more.
type promises []time.Duration

const promised = 5 * time.Second

// outstanding drops what nobody came for and counts the rest.
func (p *promises) outstanding(at time.Duration) int {
	all := *p
	for len(all) > 0 && all[0]+promised < at {
		all = all[1:]
	}
	*p = all
	return len(all)
}

func (p *promises) give(at time.Duration) { *p = append(*p, at) }

// keep takes one back, which its receiver has come for.
func (p *promises) keep() {
	if len(*p) > 0 {
		*p = (*p)[1:]
	}
}

// target is the receivers of one or several domains.
type target struct {
	name         string
	connections  int
	underWay     int
	minute, hour *window
	hold         hold
	promises     promises
}

// briefly is how soon to ask again for what is free as soon as another mail is through.
const briefly = 50 * time.Millisecond

func (t *target) free(at time.Duration, promised int) time.Duration {
	free := max(t.minute.free(at, promised), t.hour.free(at, promised), t.hold.until)
	if t.connections > 0 && t.underWay+promised >= t.connections {
		free = max(free, at+briefly)
	}
	return free
}

// setRelays takes over what was loaded. The caller holds mu.
func (o *Outlet) setRelays(relays []*Relay, pauses map[string]Pause) {
	was := o.roads
	o.roads = nil
	for _, relay := range relays {
		if !relay.Active {
			continue
		}
		var old *road
		if i := slices.IndexFunc(was, func(r *road) bool { return r.relay.ID == relay.ID }); i >= 0 {
			old = was[i]
		}
		if old != nil && old.relay.changedAt == relay.changedAt {
			if _, ok := pauses[relayKey(relay.ID)]; !ok { // somebody says that it works again
				old.hold = hold{streak: old.hold.streak}
			}
			o.roads = append(o.roads, old)
			continue
		}
		password, err := o.o.Vault.Open(purposeRelay, relay.sealed)
		if err != nil {
			o.o.Log.Error("the password of a relay cannot be read and has to be typed anew; its mails wait", "relay", relay.Name, "error", err)
		}
		r := &road{relay: relay, password: password, locked: err != nil, slots: make(chan struct{}, relay.Connections), filling: make(chan struct{}, 1)}
		if old != nil {
			r.second, r.minute, r.day, r.left = old.second, old.minute, old.day, old.left
			old.left = 0
		}
		r.second, r.minute = r.second.resized(relay.PerSecond, time.Second), r.minute.resized(relay.PerMinute, time.Minute)
		o.roads = append(o.roads, r)
	}
	for _, old := range was {
		if slices.Contains(o.roads, old) {
			continue
		}
		old.gone = true
		for _, c := range old.idle {
			c.quit()
		}
		old.idle = nil
	}
}

// setLimits takes over what was loaded. The caller holds mu.
func (o *Outlet) setLimits(limits []Limit) {
	for _, l := range limits {
		t := o.target(l.Name, false)
		if t == nil {
			t = &target{name: l.Name}
		}
		t.connections = l.Connections
		t.minute, t.hour = t.minute.resized(l.PerMinute, time.Minute), t.hour.resized(l.PerHour, time.Hour)
		for domain, of := range o.targets {
			if of == t && !slices.Contains(l.Domains, domain) {
				delete(o.targets, domain)
			}
		}
		for _, domain := range l.Domains {
			o.targets[domain] = t
		}
	}
}

// target finds the receivers of a name, which is that of a limit or a domain; where there are none it makes them, if
// wanted. The caller holds mu.
func (o *Outlet) target(name string, wanted bool) *target {
	for _, t := range o.targets {
		if t.name == name {
			return t
		}
	}
	if !wanted {
		return nil
	}
	t := &target{name: name}
	o.targets[name] = t
	return t
}

// pick chooses a relay that is free until then, in turn and by weight; nil for none. The caller holds mu.
func (o *Outlet) pick(at, wait time.Duration) *road {
	var best *road
	sum := 0
	for _, r := range o.roads {
		if r.free(at, 0) > at+wait {
			continue
		}
		r.credit += r.relay.Weight
		sum += r.relay.Weight
		if best == nil || r.credit > best.credit {
			best = r
		}
	}
	if best != nil {
		best.credit -= sum
	}
	return best
}

// admit reserves a place for a mail to a domain: the relay it takes, and how long it has to wait for its turn. Where
// that is longer than patience, the road is nil and the wait is how long not to ask again.
func (o *Outlet) admit(ctx context.Context, domain string) (r *road, t *target, wait time.Duration) {
	for until := o.elapsed() + patience; ; {
		if r, t, wait = o.reserve(ctx, domain); r != nil || o.elapsed()+wait > until || !sleep(ctx, wait) {
			return r, t, wait
		}
	}
}

// reserve is admit without waiting.
func (o *Outlet) reserve(ctx context.Context, domain string) (r *road, t *target, wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.promises.keep()
	if t = o.targets[domain]; t != nil {
		t.promises.keep()
	}
	for {
		at := o.elapsed()
		t = o.targets[domain]
		free := at
		if t != nil {
			if free = t.free(at, 0); free > at+patience || t.connections > 0 && t.underWay >= t.connections {
				return nil, nil, free - at
			}
		}
		if r = o.pick(at, patience); r == nil {
			return nil, nil, max(briefly, o.nextRoad(at, 0)-at)
		}
		if r.left > 0 && r.day == o.today() {
			free = max(free, r.free(at, 0))
			r.left--
			r.second.take(free)
			r.minute.take(free)
			if t != nil {
				t.underWay++
				t.minute.take(free)
				t.hour.take(free)
			}
			return r, t, free - at
		}
		o.mu.Unlock()
		err := o.fill(ctx, r)
		o.mu.Lock()
		if err != nil {
			o.o.Log.Error("the day's allowance of a relay could not be taken", "relay", r.relay.Name, "error", err)
			return nil, nil, time.Minute
		}
	}
}

// fill takes the next portion of the day's allowance.
func (o *Outlet) fill(ctx context.Context, r *road) error {
	select {
	case r.filling <- struct{}{}:
		defer func() { <-r.filling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	o.mu.Lock()
	today, zone := o.today(), o.zone
	filled := r.left > 0 && r.day == today
	o.mu.Unlock()
	if filled {
		return nil
	}
	n := 0
	err := o.db.Write(ctx, store.System(), func(tx *store.Tx) (err error) { n, err = takeAllowance(ctx, tx, r.relay, today); return err })
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	r.day, r.left = today, n
	if n == 0 {
		r.fullUntil = o.elapsed() + min(today.End(zone).Sub(o.db.Now()), 10*time.Minute) // somebody may raise the limit
	}
	return nil
}

// connection waits for one of the relay's connections; fresh tells that it was made for this.
func (o *Outlet) connection(ctx context.Context, r *road) (c *client, fresh bool, err error) {
	select {
	case r.slots <- struct{}{}:
	default:
		timeout := time.NewTimer(patience)
		defer timeout.Stop()
		select {
		case r.slots <- struct{}{}:
		case <-timeout.C:
			return nil, false, errBusy
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	o.mu.Lock()
	for c == nil && len(r.idle) > 0 {
		last := len(r.idle) - 1
		if c = r.idle[last]; time.Since(c.idle) > maxIdle {
			c.quit()
			c = nil
		}
		r.idle = r.idle[:last]
	}
	o.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	if c, err = dial(ctx, r.relay, r.password, &o.o); err != nil {
		<-r.slots
	}
	return c, true, err
}

// maxIdle is how long a connection may wait for the next mail; servers close them after some minutes.
const maxIdle = time.Minute

var errBusy = errors.New("all connections to the relay are in use")

// release hands a connection back, or ends it.
func (o *Outlet) release(r *road, c *client, usable bool) {
	c.idle = time.Now()
	o.mu.Lock()
	keep := usable && !r.gone && c.mails < r.relay.PerConnection
	if keep {
		r.idle = append(r.idle, c)
	}
	o.mu.Unlock()
	if !keep {
		if usable {
			c.quit()
		} else {
			c.conn.Close()
		}
	}
	<-r.slots
}

// through notes that a mail is no longer under way.
func (o *Outlet) through(t *target) {
	if t == nil {
		return
	}
	o.mu.Lock()
	t.underWay--
	o.mu.Unlock()
}

// giveBack returns a place that was not used.
func (o *Outlet) giveBack(r *road) {
	o.mu.Lock()
	r.left++
	o.mu.Unlock()
}

// refuse notes a no of a relay or of receivers. After so many in a row they get a pause, which is longer each time; false
// where they already have one. The caller holds mu.
func (h *hold) refuse(at time.Duration, tolerated int) bool {
	if h.streak++; h.streak < tolerated || h.until > at {
		return false
	}
	h.streak = 0
	h.level++
	h.until = at + pauseOf(h.level)
	return true
}

// putOffRelay gives a relay a pause.
func (o *Outlet) putOffRelay(ctx context.Context, r *road, answer string) {
	o.mu.Lock()
	begins := r.hold.refuse(o.elapsed(), 1)
	level := r.hold.level
	o.mu.Unlock()
	if begins {
		o.o.Log.Warn("a relay gets a pause", "relay", r.relay.Name, "answer", answer, "pause", pauseOf(level))
		o.keep(ctx, relayKey(r.relay.ID), level, answer)
	}
}

// toleratedOffs is how many mails in a row receivers may put off before they get a pause: one may be about a single
// mailbox, or greylisting.
const toleratedOffs = 3

// putOffDomain gives the receivers of a domain a pause when they say later too often.
func (o *Outlet) putOffDomain(ctx context.Context, domain, answer string) {
	o.mu.Lock()
	t := o.targets[domain]
	if t == nil {
		t = o.target(strings.Clone(domain), true)
	}
	begins := t.hold.refuse(o.elapsed(), toleratedOffs)
	level := t.hold.level
	o.mu.Unlock()
	if begins {
		o.o.Log.Warn("the receivers of a domain get a pause", "domain", t.name, "answer", answer, "pause", pauseOf(level))
		o.keep(ctx, domainKey(t.name), level, answer)
	}
}

// keep stores a pause, so that a restart does not forget it.
func (o *Outlet) keep(ctx context.Context, what string, level int, answer string) {
	err := o.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		return keepPause(ctx, tx, Pause{What: what, Until: tx.Now.Add(pauseOf(level)), Level: level, Answer: answer})
	})
	if err != nil && ctx.Err() == nil {
		o.o.Log.Error("a pause could not be kept", "of", what, "error", err)
	}
}

// accepted notes that relay and receivers took a mail: their pauses begin anew from the shortest.
func (o *Outlet) accepted(ctx context.Context, r *road, domain string, id int64) {
	var over [2]string
	o.mu.Lock()
	if r.hold.level > 0 {
		over[0] = relayKey(r.relay.ID)
	}
	r.hold.level, r.hold.streak = 0, 0
	if t := o.targets[domain]; t != nil {
		if t.hold.level > 0 {
			over[1] = domainKey(t.name)
		}
		t.hold.level, t.hold.streak = 0, 0
	}
	if len(o.tries) > 0 {
		delete(o.tries, id)
	}
	o.mu.Unlock()
	for _, what := range over {
		if what == "" {
			continue
		}
		err := o.db.Write(ctx, store.System(), func(tx *store.Tx) error { return resume(ctx, tx, what) })
		if err != nil && ctx.Err() == nil {
			o.o.Log.Error("the end of a pause could not be kept", "of", what, "error", err)
		}
	}
}

// The pauses of a single mail that was put off: the first, and the longest.
const (
	firstRetry = 5 * time.Minute
	lastRetry  = 4 * time.Hour
)

// later is how long to leave a mail that was put off; longer with each time.
func (o *Outlet) later(id int64) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.tries) >= maxTries {
		clear(o.tries)
	}
	n := o.tries[id]
	o.tries[id] = n + 1
	return min(lastRetry, firstRetry<<min(n, 10))
}
