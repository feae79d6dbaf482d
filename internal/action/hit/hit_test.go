package hit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/hit"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/consent"
)

// verdicts are hits in a short form: link, whose, and why a machine's.
func (s *shop) verdicts() (all []string) {
	for _, r := range s.rows() {
		link, who := "?", "nobody"
		for i, l := range s.links {
			if r.Link == l.Number || r.Link == l.Under && l.Under != l.Number {
				link = fmt.Sprint(i)
			}
		}
		for i, id := range s.customers {
			if r.Customer == id && r.Message == s.messages[i] {
				who = fmt.Sprint("k", i)
			}
		}
		verdict := r.Reason
		if r.Human {
			verdict = "human" + r.Reason
		}
		all = append(all, link+" "+who+" "+verdict)
	}
	return all
}

func (s *shop) want(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.verdicts()); diff != "" {
		s.t.Errorf("hits (-want +got):\n%s", diff)
	}
}

func TestAHitNamesWhoConsentsAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.record(s.hitBy(0, 0), s.hitBy(0, 1), s.hitBy(4, 2), s.hitBy(1, -1))
		s.want("0 k0 human", "0 nobody human", "4 k2 human", "1 nobody human")

		s.write(func(ctx context.Context, tx *store.Tx) error { s.consents(ctx, tx, 2, consent.Withdrawn); return nil })
		s.pass(time.Minute)
		s.record(s.hitBy(2, 2))
		s.want("0 k0 human", "0 nobody human", "4 k2 human", "1 nobody human", "2 nobody human")
	})
}

func TestMachinesAreToldFromPeople(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		as := func(agent string) func(*hit.Hit) { return func(h *hit.Hit) { h.Agent = agent } }
		from := func(method, header, value string) func(*hit.Hit) {
			return func(h *hit.Hit) { r := requestWith(method, header, value); h.Head, h.Ahead = r.Head, r.Ahead }
		}
		for _, test := range []struct {
			link   int
			change func(*hit.Hit)
			want   string
		}{
			{0, from("GET", "", ""), "human"},
			{0, from("HEAD", "", ""), "head"},
			{0, from("GET", "Purpose", "prefetch"), "ahead"},
			{0, from("GET", "Sec-Purpose", "prefetch;prerender"), "ahead"},
			{0, from("GET", "X-Moz", "Prefetch"), "ahead"},
			{4, as("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"), "proxy"},
			{4, as("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"), "proxy"},
			{4, as("Mozilla/5.0"), "proxy"}, // Apple Mail loads everybody's pictures
			{0, as("Mozilla/5.0"), "program"},
			{0, as("curl/8.5.0"), "program"},
			{0, as("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"), "program"},
			{0, as("BarracudaCentral"), "program"},
			{0, as("  "), "nameless"},
			{0, as("Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36"), "human"},
			{4, as("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"), "human"},
			{4, as("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"), "human"},
		} {
			before := len(s.rows())
			s.pass(time.Minute)
			s.record(s.hitBy(test.link, -1, test.change))
			got := s.verdicts()[before]
			if got = strings.Fields(got)[2]; got != test.want {
				h := s.hitBy(test.link, -1, test.change)
				t.Errorf("%+v is %s, not %s", h, got, test.want)
			}
		}
	})
}

func TestWhatComesTooSoonOrTooFastIsAMachine(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		at := func(d time.Duration) func(*hit.Hit) { return func(h *hit.Hit) { h.At = noon.Add(d) } }
		s.record(s.hitBy(0, 0, at(2*time.Second)))                                                      // two seconds after it was sent
		s.record(s.hitBy(4, 0, at(59*time.Second)), s.hitBy(0, 0, at(time.Minute)))                     // opened, then read
		s.record(s.hitBy(1, 0, at(time.Minute+time.Second)))                                            // another link a second later: the first was none of hers either
		s.record(s.hitBy(2, 0, at(10*time.Minute)), s.hitBy(2, 0, at(10*time.Minute+time.Second)))      // a double click
		s.record(s.hitBy(0, 0, at(20*time.Minute)), s.hitBy(1, 0, at(20*time.Minute+5*time.Second)))    // a reader who looks at two things
		s.record(s.hitBy(0, 1, at(30*time.Minute)), s.hitBy(1, 1, at(30*time.Minute+time.Millisecond))) // nobody knows whose these are
		s.want("0 k0 soon", "4 k0 human", "0 k0 burst", "1 k0 burst", "2 k0 human", "2 k0 human", "0 k0 human", "1 k0 human", "0 nobody human", "1 nobody human")
	})
}

func TestOneMessageCannotFillTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for range 5 {
			var many []hit.Hit
			for range 100 {
				s.pass(time.Minute)
				many = append(many, s.hitBy(0, 0))
			}
			s.record(many...)
		}
		if n := len(s.rows()); n != 300 {
			t.Errorf("%d of 500 hits of one message are kept", n)
		}
	})
}

func TestAForgedTokenLeadsNowhere(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		c := s.counter()
		ctx := context.Background()
		path := s.signer.Path(hit.Click, hit.Token{Link: s.links[1].Number, Message: s.messages[0]})
		token := strings.TrimPrefix(path, hit.PathClick)
		link, message, err := c.Place(ctx, hit.Click, token)
		if err != nil || link.Target != s.links[1].Target || message != s.messages[0] {
			t.Fatalf("%+v %d %v", link, message, err)
		}
		gone := hit.Link{Measure: measure, Kind: hit.Click, Target: "https://evil.example"}
		gone.Identify()
		bad := []string{"", "x", token[:len(token)-1], token + "A", "A" + token[1:], strings.Repeat("A", 500), hit.PathOpen,
			strings.TrimPrefix(s.signer.Path(hit.Open, hit.Token{Link: s.links[4].Number}), hit.PathOpen),           // of the picture
			strings.TrimPrefix(s.signer.Path(hit.Click, hit.Token{Link: gone.Number}), hit.PathClick),               // never kept
			strings.TrimPrefix(hit.NewSigner([]byte("another")).Path(hit.Click, hit.Token{Link: 1}), hit.PathClick)} // another installation's
		for _, text := range bad {
			if link, _, err := c.Place(ctx, hit.Click, text); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("%q leads to %+v, %v", text, link, err)
			}
		}
	})
}

func TestManyHitsAtOnceAreAllKeptAndTold(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		c := s.counter()
		var wg sync.WaitGroup
		const clients, hits = 16, 20
		for n := range clients {
			wg.Go(func() {
				for range hits {
					if err := c.Count(context.Background(), s.hitBy(n%3, n%4-1), "192.0.2.1"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(s.rows()); n != clients*hits {
			t.Errorf("%d hits are kept after %d answers", n, clients*hits)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := c.Count(context.Background(), s.hitBy(0, 0), "x"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("after the end: %v", err)
		}
		var told int64
		s.read(func(ctx context.Context, tx *store.Tx) error {
			all, err := feed.Newest(ctx, tx, 0, hit.KindCounted, 0, 1000)
			for _, change := range all {
				for _, r := range change.Rows["hit"] {
					told += r[1] - r[0] + 1
				}
			}
			return err
		})
		if told < clients*hits {
			t.Errorf("the feed knows of %d hits", told)
		}
	})
}

func TestErasingKeepsTheCountsAndForgetsWhose(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.record(s.hitBy(0, 0), s.hitBy(3, 0, func(h *hit.Hit) { h.At = h.At.Add(time.Minute) }), s.hitBy(0, 2))
		s.want("0 k0 human", "3 k0 human", "0 k2 human")
		c := s.counter()
		place := func() error {
			_, _, err := c.Place(context.Background(), hit.Click, strings.TrimPrefix(s.signer.Path(hit.Click, hit.Token{Link: s.links[3].Number}), hit.PathClick))
			return err
		}
		if err := place(); err != nil {
			t.Error(err)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return hit.Erase(ctx, tx, s.customers[0]) })
		s.want("0 nobody human", "3 nobody human", "0 k2 human")
		for _, r := range s.rows() {
			if r.Customer == 0 && r.Agent != "" {
				t.Errorf("%+v still tells by what she read", r)
			}
		}
		if err := place(); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("her own address still leads on: %v", err)
		}
	})
}

func TestTheNightForgetsAgentsAndJudgesAgain(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.record(s.hitBy(0, 0))
		s.pass(40 * 24 * time.Hour)
		s.record(s.hitBy(0, 0), s.hitBy(1, 0), s.hitBy(4, 0, func(h *hit.Hit) { h.Agent = "GoogleImageProxy" }), s.hitBy(2, -1, func(h *hit.Hit) { h.Head = true }))
		want := []string{"0 k0 human", "0 k0 burst", "1 k0 burst", "4 k0 proxy", "2 nobody head"}
		s.want(want...)
		s.write(hit.Outdate)
		s.want("0 k0 human", "0 k0 human", "1 k0 human", "4 k0 human", "2 nobody human")
		for range 2 { // the second night finds nothing to do
			s.night()
			s.want(want...)
		}
		for i, r := range s.rows() {
			if (r.Agent == "") != (i == 0) || i > 0 && r.Client == "" {
				t.Errorf("hit %d came from %q, %q", i, r.Agent, r.Client)
			}
		}
	})
}

// night runs the job of the night.
func (s *shop) night() {
	s.t.Helper()
	r := jobs.NewRunner(s.db, jobs.Options{})
	r.Handle(hit.NightJob, 1, func(ctx context.Context, task *jobs.Task) error { return hit.Night(ctx, s.db, task) })
	r.Start()
	defer r.Close(context.Background())
	var id int64
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: hit.NightJob})
		return err
	})
	if _, err := jobs.Wait(context.Background(), s.db, id, nil); err != nil {
		s.t.Fatal(err)
	}
}

func TestTheResultCountsPeopleOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		later := func(d time.Duration) func(*hit.Hit) { return func(h *hit.Hit) { h.At = h.At.Add(d) } }
		s.record(s.hitBy(0, 0), s.hitBy(0, 0, later(time.Hour)), s.hitBy(1, 2), s.hitBy(0, -1), s.hitBy(3, 0, later(2*time.Hour)),
			s.hitBy(0, -1, func(h *hit.Hit) { h.Head = true }), s.hitBy(4, 0, later(3*time.Hour)))
		house := warehousetest.Open(t, hit.Projection())
		s.write(func(ctx context.Context, tx *store.Tx) error { _, err := hit.Tell(ctx, tx); return err })
		s.follow(house)
		r, err := hit.Of(context.Background(), house, measure)
		if err != nil {
			t.Fatal(err)
		}
		clicks := hit.Sum{Human: 5, Machine: 1, Readers: 2, Nobody: 1}
		want := &hit.Result{Clicks: clicks, Opens: hit.Sum{Human: 1, Readers: 1}, Arms: map[string]hit.Sum{"a": clicks}, Machines: map[string]int64{"head": 1},
			Links: map[int64]hit.Sum{s.links[0].Number: {Human: 3, Machine: 1, Readers: 1, Nobody: 1}, s.links[1].Number: {Human: 1, Readers: 1}, s.links[3].Under: {Human: 1, Readers: 1}}}
		if r.From.String() != "2026-03-03" || r.Until != r.From {
			t.Errorf("from %v until %v", r.From, r.Until)
		}
		r.From, r.Until = 0, 0
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		for _, tt := range []struct {
			hit.Filter
			want int64
		}{{hit.Filter{Kind: hit.Click, By: hit.People}, 5}, {hit.Filter{Kind: hit.Click, By: hit.Readers}, 4}, {hit.Filter{Kind: hit.Click, By: hit.Machines}, 1}, {hit.Filter{Kind: hit.Open}, 1},
			{hit.Filter{Link: s.links[0].Number, By: hit.People}, 3}, {hit.Filter{Link: s.links[0].Number, By: hit.Readers}, 2}, {hit.Filter{Link: s.links[0].Number, By: hit.Machines}, 1},
			{hit.Filter{Link: s.links[3].Under}, 1}} {
			s.read(func(ctx context.Context, tx *store.Tx) error {
				tt.Limit = 100
				rows, err := hit.OfMeasure(ctx, tx, measure, tt.Filter)
				if int64(len(rows)) != tt.want {
					t.Errorf("%+v opens %d rows, want %d", tt.Filter, len(rows), tt.want)
				}
				return err
			})
		}
		s.read(func(ctx context.Context, tx *store.Tx) error {
			shares, err := hit.Shares(ctx, tx, measure)
			if diff := cmp.Diff(map[string]hit.Share{"a": {Sent: 3, Clicked: 3}}, shares); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
			return err
		})
	})
}

// follow lets the warehouse follow until it has all hits.
func (s *shop) follow(house *warehouse.DB) {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- house.Follow(ctx, s.db) }()
	defer func() { stop(); <-done }()
	for deadline := time.Now().Add(time.Minute); ; {
		if err := house.Reach(ctx, s.db); err != nil && !errors.Is(err, warehouse.ErrBehind) {
			s.t.Fatal(err)
		}
		if n := warehousetest.Rows(s.t, house, "SELECT count(*) FROM hit")[0][0]; fmt.Sprint(n) == fmt.Sprint(len(s.rows())) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the warehouse does not follow")
		}
		<-time.After(10 * time.Millisecond)
	}
}

func FuzzToken(f *testing.F) {
	signer := hit.NewSigner([]byte("key"))
	for _, message := range []int64{0, 1, 1 << 40} {
		f.Add(strings.TrimPrefix(signer.Path(hit.Click, hit.Token{Link: 1 << 60, Message: message}), hit.PathClick), int64(5), message)
	}
	f.Fuzz(func(t *testing.T, text string, link, message int64) {
		if token, ok := signer.Read(hit.Click, text); ok {
			if back := strings.TrimPrefix(signer.Path(hit.Click, token), hit.PathClick); back != strings.NewReplacer("\r", "", "\n", "").Replace(text) {
				t.Errorf("%q is %+v, whose token is %q", text, token, back)
			}
		}
		if link <= 0 || message < 0 {
			return
		}
		want := hit.Token{Link: link, Message: message}
		made := strings.TrimPrefix(signer.Path(hit.Open, want), hit.PathOpen)
		if got, ok := signer.Read(hit.Open, made); !ok || got != want {
			t.Errorf("%+v is read as %+v", want, got)
		}
		if _, ok := signer.Read(hit.Click, made); ok {
			t.Errorf("%q of a picture is taken for a link's", made)
		}
	})
}
