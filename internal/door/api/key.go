package api

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

const (
	keyTTL      = 3 * time.Second // a revoked key is noticed after this long at the latest
	usedEvery   = time.Minute     // how exactly the last use of a key is noted
	maxFailures = 20              // wrong keys a sender may try within failureSpan
	failureSpan = time.Minute
	maxSenders  = 10_000
)

// keyring knows the keys that were used lately, so that a call does not ask the store for its key, and holds up senders
// who try wrong ones.
type keyring struct {
	db      *store.DB
	log     *slog.Logger
	asking  singleflight.Group
	senders senders

	mu    sync.RWMutex
	known map[[sha256.Size]byte]*held
}

// held is a good key.
type held struct {
	key   *auth.Key
	until time.Time     // then the store is asked again
	noted *atomic.Int64 // when its use was noted last, in seconds
}

func newKeyring(db *store.DB, log *slog.Logger) *keyring {
	return &keyring{db: db, log: log, known: map[[sha256.Size]byte]*held{}, senders: senders{failed: map[netip.Prefix]*failures{}}}
}

// find returns the key of an Authorization header.
func (k *keyring) find(ctx context.Context, header, remote string) (*auth.Key, error) {
	now := k.db.Now()
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, fault.New(fault.Forbidden, keyNoKey)
	}
	sum := sha256.Sum256([]byte(secret))
	k.mu.RLock()
	h := k.known[sum]
	k.mu.RUnlock()
	if h == nil || now.After(h.until) {
		sender := senderOf(remote)
		if h == nil { // a key that was good a moment ago is not held up by what others try
			if err := k.senders.check(sender, now); err != nil {
				return nil, err
			}
		}
		var err error
		if h, err = k.ask(ctx, sum, secret); err != nil {
			if fault.CodeOf(err) == fault.Forbidden {
				k.senders.fail(sender, now)
			}
			return nil, err
		}
	}
	k.use(ctx, h, now)
	return h.key, nil
}

// ask looks the key up in the store, once for all who ask for it at the same time.
func (k *keyring) ask(ctx context.Context, sum [sha256.Size]byte, secret string) (*held, error) {
	got, err, _ := k.asking.Do(string(sum[:]), func() (any, error) {
		ctx := context.WithoutCancel(ctx) // others wait for it too
		var key *auth.Key
		asked := k.db.Now()
		err := k.db.Read(ctx, func(tx *store.Tx) (err error) {
			key, err = auth.FindKey(ctx, tx, secret)
			return err
		})
		k.mu.Lock()
		defer k.mu.Unlock()
		if err != nil {
			if fault.CodeOf(err) == fault.Forbidden {
				delete(k.known, sum)
			}
			return nil, err
		}
		h := &held{key: key, until: asked.Add(keyTTL), noted: new(atomic.Int64)}
		if before := k.known[sum]; before != nil {
			h.noted = before.noted
		} else if !key.UsedAt.IsZero() {
			h.noted.Store(key.UsedAt.Unix())
		}
		k.known[sum] = h
		return h, nil
	})
	if err != nil {
		return nil, err
	}
	return got.(*held), nil
}

// use notes that a key is used, at most once a minute. That it cannot be noted stops nobody.
func (k *keyring) use(ctx context.Context, h *held, now time.Time) {
	before := h.noted.Load()
	if now.Unix()-before < int64(usedEvery/time.Second) || !h.noted.CompareAndSwap(before, now.Unix()) {
		return
	}
	err := k.db.Write(ctx, store.Actor{Kind: "api", ID: h.key.ID}, func(tx *store.Tx) error { return auth.Used(ctx, tx, h.key.ID) })
	if err != nil {
		k.log.Warn("the use of an API key was not noted", "key", h.key.ID, "error", err)
	}
}

// senders counts wrong keys by who sent them: an address, of IPv6 the network of a customer (64 bits).
type senders struct {
	mu     sync.Mutex
	failed map[netip.Prefix]*failures
}

type failures struct {
	n     int
	since time.Time
}

func senderOf(remote string) netip.Prefix {
	addr, err := netip.ParseAddr(remote)
	if at, withPort := netip.ParseAddrPort(remote); withPort == nil {
		addr, err = at.Addr(), nil
	}
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// check refuses a sender who tried too many wrong keys.
func (s *senders) check(sender netip.Prefix, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.failed[sender]
	if f == nil || f.n < maxFailures {
		return nil
	}
	wait := f.since.Add(failureSpan).Sub(now)
	if wait <= 0 {
		delete(s.failed, sender)
		return nil
	}
	return fault.New(fault.Unavailable, keyWait, "seconds", int64(wait/time.Second)+1)
}

func (s *senders) fail(sender netip.Prefix, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.failed[sender]
	if f == nil || now.Sub(f.since) > failureSpan {
		if f == nil && len(s.failed) >= maxSenders {
			s.sweep(now)
		}
		f = &failures{since: now}
		s.failed[sender] = f
	}
	f.n++
}

// sweep makes room: those whose time is over go, and when all are recent, all of them.
func (s *senders) sweep(now time.Time) {
	for sender, f := range s.failed {
		if now.Sub(f.since) > failureSpan {
			delete(s.failed, sender)
		}
	}
	if len(s.failed) >= maxSenders {
		clear(s.failed)
	}
}
