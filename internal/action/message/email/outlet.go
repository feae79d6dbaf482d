package email

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Options of an outlet; the zero values of all but Vault work.
type Options struct {
	Vault    *Vault
	Fallback message.Outlet // takes the mails while there is no active relay
	Log      *slog.Logger
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Roots    *x509.CertPool // whom TLS trusts; those of the system by default
	Command  time.Duration  // how long to wait for the answer to a command, a minute by default
	Answer   time.Duration  // how long to wait for the answer to a mail, 10 minutes by default (RFC 5321, 4.5.3.2.6)
}

// Outlet sends mails over all active relays, by their weights and within their limits and those of the receivers. Many
// sessions share its connections. Relays and limits that somebody changes are in force within seconds.
type Outlet struct {
	db    *store.DB
	o     Options
	key   []byte    // of tokens
	start time.Time // elapsed time counts from here, so that setting the clock moves no limit

	loading  sync.Mutex
	loadedAt atomic.Int64 // elapsed
	book     atomic.Pointer[book]

	mu      sync.Mutex // of what follows
	zone    *time.Location
	roads   []*road
	targets map[string]*target // by domain
	tries   map[int64]int      // how often mails were put off, for the next pause

	promises promises
}

// book is who writes, as sessions need it. It does not change once it is made.
type book struct {
	byDomain map[string]*Sender
}

const (
	reloadEvery = 2 * time.Second
	// patience is how long Send waits by itself for its turn; what takes longer is told to the caller.
	patience = 2 * time.Second
	maxTries = 100_000 // remembered; beyond that pauses begin anew
)

// OpenOutlet makes an outlet and loads its relays.
func OpenOutlet(ctx context.Context, db *store.DB, options Options) (*Outlet, error) {
	o := &Outlet{db: db, o: options, start: time.Now(), targets: map[string]*target{}, tries: map[int64]int{}}
	if o.o.Log == nil {
		o.o.Log = slog.New(slog.DiscardHandler)
	}
	if o.o.Dial == nil {
		o.o.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	if o.o.Command == 0 {
		o.o.Command = time.Minute
	}
	if o.o.Answer == 0 {
		o.o.Answer = 10 * time.Minute
	}
	var err error
	if o.key, err = tokenKey(ctx, db); err != nil {
		return nil, err
	}
	if err := o.load(ctx); err != nil {
		return nil, err
	}
	var pauses map[string]Pause
	if err := db.Read(ctx, func(tx *store.Tx) (err error) { pauses, err = Pauses(ctx, tx); return err }); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for what, p := range pauses {
		until := min(p.Until.Sub(db.Now()), maxPause) // the clock may have been set back since
		if name, ok := strings.CutPrefix(what, domainKey("")); ok {
			o.target(name, true).hold = hold{until: until, level: p.Level}
		}
		for _, r := range o.roads {
			if relayKey(r.relay.ID) == what {
				r.hold = hold{until: until, level: p.Level}
			}
		}
	}
	return o, nil
}

// elapsed is the time since the outlet was opened.
func (o *Outlet) elapsed() time.Duration { return time.Since(o.start) }

// refresh loads relays, limits and senders again where the last time is a while ago.
func (o *Outlet) refresh(ctx context.Context) {
	if o.elapsed()-time.Duration(o.loadedAt.Load()) < reloadEvery || !o.loading.TryLock() {
		return
	}
	defer o.loading.Unlock()
	if err := o.load(ctx); err != nil && ctx.Err() == nil {
		o.o.Log.Error("relays could not be read", "error", err)
	}
}

func (o *Outlet) load(ctx context.Context) error {
	o.loadedAt.Store(int64(o.elapsed()))
	var relays []*Relay
	var limits []Limit
	var senders []*Sender
	var pauses map[string]Pause
	var settings company.Settings
	err := o.db.Read(ctx, func(tx *store.Tx) (err error) {
		if relays, err = Relays(ctx, tx); err != nil {
			return err
		}
		if limits, err = Limits(ctx, tx); err != nil {
			return err
		}
		if senders, err = Senders(ctx, tx); err != nil {
			return err
		}
		if pauses, err = Pauses(ctx, tx); err != nil {
			return err
		}
		settings, err = company.Load(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	o.note(senders)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.zone = settings.Zone()
	o.setRelays(relays, pauses)
	o.setLimits(limits)
	return nil
}

// note makes the book of the senders; where several write from a domain the first with a key signs.
func (o *Outlet) note(senders []*Sender) {
	b := &book{byDomain: make(map[string]*Sender, len(senders))}
	for _, s := range senders {
		if s.KeyKind != NoKey {
			var err error
			if s.private, err = o.o.Vault.Open(purposeDKIM, s.sealed); err != nil {
				o.o.Log.Error("a key cannot be read; mails leave without a signature", "domain", s.Domain, "error", err)
				s.KeyKind = NoKey
			}
		}
		if was := b.byDomain[s.Domain]; was == nil || was.KeyKind == NoKey && s.KeyKind != NoKey {
			b.byDomain[s.Domain] = s
		}
	}
	o.book.Store(b)
}

// Ready is when a mail to this address may leave by the limits and pauses of relays and receivers. Whoever hears "now" has
// a place for some seconds.
func (o *Outlet) Ready(to string, now time.Time) time.Time {
	o.refresh(context.Background())
	o.mu.Lock()
	if len(o.roads) == 0 {
		o.mu.Unlock()
		if o.o.Fallback == nil {
			return now.Add(time.Minute)
		}
		return o.o.Fallback.Ready(to, now)
	}
	defer o.mu.Unlock()
	at := o.elapsed()
	free := o.nextRoad(at, o.promises.outstanding(at))
	t := o.targets[domainOf(to)]
	if t != nil {
		free = max(free, t.free(at, t.promises.outstanding(at)))
	}
	if free > at {
		return now.Add(free - at)
	}
	if len(o.promises) < maxPromises {
		o.promises.give(at)
	}
	if t != nil && len(t.promises) < maxPromises {
		t.promises.give(at)
	}
	return now
}

// nextRoad is when the first relay is free besides what is promised, wherever that goes. The caller holds mu.
func (o *Outlet) nextRoad(at time.Duration, promised int) time.Duration {
	first := at + maxPause
	for _, r := range o.roads {
		first = min(first, r.free(at, promised))
	}
	return first
}

// maxPromises bounds the memory of a caller who asks and never comes.
const maxPromises = 10_000

// domainOf is the domain of an address as the limits have it.
func domainOf(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	for i := 0; i < len(domain); i++ {
		if c := domain[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(domain)
		}
	}
	return domain
}

// Dial returns a session once a relay has answered, or the built-in outbox where there is no relay. No relay that answers
// is an unavailable fault.
func (o *Outlet) Dial(ctx context.Context) (message.Session, error) {
	o.refresh(ctx)
	s := &session{o: o, tokens: newTokens(o.key)}
	if !o.hasRoads() {
		if err := s.useFallback(ctx); err != nil {
			return nil, err
		}
		return s, nil
	}
	for {
		o.mu.Lock()
		r := o.pick(o.elapsed(), 0)
		o.mu.Unlock()
		if r == nil {
			return nil, fault.New(fault.Unavailable, "email.no_relay_answers")
		}
		c, _, err := o.connection(ctx, r)
		if err == nil {
			o.release(r, c, true)
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		o.putOffRelay(ctx, r, err.Error())
	}
}

func (o *Outlet) hasRoads() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.roads) > 0
}

// Close closes the connections and gives back what of the day's allowances was not sent. Sessions are to be closed before.
func (o *Outlet) Close(ctx context.Context) error {
	o.mu.Lock()
	roads := o.roads
	o.roads = nil
	for _, r := range roads {
		r.gone = true
		for _, c := range r.idle {
			c.quit()
		}
		r.idle = nil
	}
	o.mu.Unlock()
	return o.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		for _, r := range roads {
			if r.left == 0 {
				continue
			}
			if err := returnAllowance(ctx, tx, r.relay.ID, r.day, r.left); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *Outlet) today() clock.Day { return clock.DayOf(o.db.Now(), o.zone) }
