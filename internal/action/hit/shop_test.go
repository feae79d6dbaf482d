package hit_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// noon is a working day in Hamburg, 12:00.
var noon = time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)

// firefox is what a browser calls itself.
const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// measure is the measure of all messages here.
const measure = 77

// shop is a company that has written to three customers: the first consents to tracking, the second does not, the third did until now and
// may take it back.
type shop struct {
	t         testing.TB
	db        *store.DB
	url       string
	micros    *atomic.Int64
	customers [3]int64
	messages  [3]int64
	links     []hit.Link // three of everybody's, one of the first customer, the picture
	signer    *hit.Signer
}

func each(t *testing.T, fn func(t *testing.T, s *shop)) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) { fn(t, open(t, url)) })
}

func open(t testing.TB, url string) *shop {
	s := &shop{t: t, url: url, micros: &atomic.Int64{}}
	s.micros.Store(noon.UnixMicro())
	s.db = storetest.Open(t, url, store.Options{Now: func() time.Time { return clock.Time(s.micros.Load()) }})
	s.write(func(ctx context.Context, tx *store.Tx) error {
		var ds []message.Decision
		for i := range s.customers {
			address := fmt.Sprintf("k%d@example.org", i)
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": fmt.Sprint("Kunde ", i)}, Emails: []customer.Email{{Address: address}}})
			if err != nil {
				return err
			}
			s.customers[i] = e.ID
			ds = append(ds, message.Decision{New: message.New{Measure: measure, Customer: e.ID, Channel: consent.Email, Kind: "campaign", Arm: "a", Address: address,
				Ask: consent.Ask{Channel: consent.Email, Basis: consent.Contract}}, State: message.Queued})
			if i != 1 {
				s.consents(ctx, tx, i, consent.Confirmed)
			}
		}
		if err := message.Record(ctx, tx, ds); err != nil {
			return err
		}
		for i, d := range ds {
			s.messages[i] = d.ID
		}
		for n, target := range []string{"https://shop.example/a", "https://shop.example/b?x=1&y=2", "https://shop.example/c", "https://shop.example/?who=k0"} {
			s.links = append(s.links, hit.Link{Measure: measure, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Click, Position: n + 1, Target: target})
		}
		s.links[3].Customer = s.customers[0]
		s.links = append(s.links, hit.Link{Measure: measure, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Open})
		for i := range s.links {
			s.links[i].Identify()
		}
		for range 2 { // what is kept twice is kept once
			if err := hit.Keep(ctx, tx, s.links); err != nil {
				return err
			}
		}
		var err error
		s.signer, err = hit.OpenSigner(ctx, tx)
		return err
	})
	s.sent()
	s.pass(time.Minute)
	return s
}

// sent sends the messages to the built-in outbox.
func (s *shop) sent() {
	s.t.Helper()
	out := &message.Sender{DB: s.db, Outlet: &message.Outbox{DB: s.db}, Composers: map[string]message.Composer{"campaign": words{}}, Connections: 2}
	if err := out.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	defer func() { out.Close(context.Background()) }()
	for deadline := time.Now().Add(10 * time.Second); ; {
		changed := s.db.Changed()
		var c message.Counts
		s.read(func(ctx context.Context, tx *store.Tx) (err error) {
			c, err = message.CountsOf(ctx, tx, measure)
			return err
		})
		if c.Sent == 3 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("sent: %+v", c)
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// words writes the same to everybody.
type words struct{}

func (words) Compose(_ context.Context, _ *store.Tx, ms []message.Message) ([]message.Mail, error) {
	all := make([]message.Mail, len(ms))
	for i := range all {
		all[i].Subject, all[i].Text = "Hallo", "Hallo\n"
	}
	return all, nil
}

func (s *shop) consents(ctx context.Context, tx *store.Tx, i int, kind consent.Kind) {
	s.t.Helper()
	_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: s.customers[i], Channel: consent.Email, Purpose: consent.Tracking, Kind: kind,
		Address: fmt.Sprintf("k%d@example.org", i), Evidence: "form", Source: consent.SourcePerson}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) write(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.db.Write(ctx, store.System(), func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) read(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.db.Read(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) pass(d time.Duration) { s.micros.Add(d.Microseconds()) }

// hitBy is a hit of a link by a browser; who is the customer whose message it stood in, -1 for nobody's.
func (s *shop) hitBy(link, who int, change ...func(*hit.Hit)) hit.Hit {
	h := hit.Hit{At: s.db.Now(), Link: &s.links[link], Agent: firefox}
	if who >= 0 {
		h.Message = s.messages[who]
	}
	for _, c := range change {
		c(&h)
	}
	return h
}

func (s *shop) record(hits ...hit.Hit) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error { return hit.Record(ctx, tx, hits) })
}

// rows are all hits, the oldest first.
func (s *shop) rows() (all []hit.Row) {
	s.t.Helper()
	s.read(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = hit.OfMeasure(ctx, tx, measure, hit.Filter{Limit: 10_000})
		return err
	})
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// counter is a Counter that takes hits until the test ends.
func (s *shop) counter() *hit.Counter {
	s.t.Helper()
	c := &hit.Counter{DB: s.db}
	if err := c.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func requestWith(method, header, value string) hit.Hit {
	r := httptest.NewRequest(method, "/p/k/x", nil)
	r.Header.Set("User-Agent", firefox)
	if header != "" {
		r.Header.Set(header, value)
	}
	return hit.FromRequest(r)
}
