package portal_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/door/portal"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// browser is what a browser calls itself.
const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"

// letter is a mail that was sent to somebody: the addresses of its picture and its link.
type letter struct {
	world
	id, message     int64
	open, click     string
	preferences     string
	anonymous, shop string
}

// plain writes the same to everybody.
type plain struct{}

func (plain) Compose(_ context.Context, _ *store.Tx, ms []message.Message) ([]message.Mail, error) {
	all := make([]message.Mail, len(ms))
	for i := range all {
		all[i].Subject, all[i].Text = "Hallo", "Hallo\n"
	}
	return all, nil
}

// letterTo sends a mail of measure 5 to somebody who consents to being tracked.
func (w world) letterTo(address string) letter {
	w.Helper()
	counter := &hit.Counter{DB: w.db, Log: slog.New(slog.DiscardHandler)}
	if err := counter.Start(context.Background()); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { counter.Close(context.Background()) })
	w.pages = portal.New(portal.Deps{DB: w.db, Address: "https://stamm.example/", Log: slog.New(slog.DiscardHandler), Hits: counter})
	l := letter{world: w, shop: "https://shop.example/neu?x=1&y=2#z"}
	l.id, _, l.preferences = w.subscriber(address)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: l.id, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Confirmed, Address: address, Proof: "<1@x>"}})
		if err != nil {
			return err
		}
		ds := []message.Decision{{New: message.New{Measure: 5, Customer: l.id, Channel: consent.Email, Kind: "plain", Arm: "a", Address: address,
			Ask: consent.Ask{Channel: consent.Email, Basis: consent.Contract}}, State: message.Queued}}
		if err := message.Record(ctx, tx, ds); err != nil {
			return err
		}
		l.message = ds[0].ID
		links := []hit.Link{{Measure: 5, Arm: "a", Channel: consent.Email, Kind: hit.Open}, {Measure: 5, Arm: "a", Channel: consent.Email, Kind: hit.Click, Position: 1, Target: l.shop}}
		for i := range links {
			links[i].Identify()
		}
		signer, err := hit.OpenSigner(ctx, tx)
		if err != nil {
			return err
		}
		l.open, l.click = signer.Path(hit.Open, hit.Token{Link: links[0].Number, Message: l.message}), signer.Path(hit.Click, hit.Token{Link: links[1].Number, Message: l.message})
		l.anonymous = signer.Path(hit.Click, hit.Token{Link: links[1].Number})
		return hit.Keep(ctx, tx, links)
	})
	out := &message.Sender{DB: w.db, Outlet: &message.Outbox{DB: w.db}, Composers: map[string]message.Composer{"plain": plain{}}, Connections: 1, Log: slog.New(slog.DiscardHandler)}
	if err := out.Start(context.Background()); err != nil {
		w.Fatal(err)
	}
	defer out.Close(context.Background())
	for deadline := time.Now().Add(10 * time.Second); ; {
		changed := w.db.Changed()
		var c message.Counts
		if err := w.db.Read(context.Background(), func(tx *store.Tx) (err error) { c, err = message.CountsOf(context.Background(), tx, 5); return err }); err != nil {
			w.Fatal(err)
		}
		if c.Sent == 1 {
			return l
		}
		if time.Now().After(deadline) {
			w.Fatalf("the mail does not leave: %+v", c)
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ask asks for an address as a program that calls itself so.
func (l letter) ask(method, path, agent string) *httptest.ResponseRecorder {
	*l.time = l.time.Add(time.Minute)
	r := httptest.NewRequest(method, "http://links.shop.example"+path, nil)
	r.Header.Set("User-Agent", agent)
	rec := httptest.NewRecorder()
	l.pages.ServeHTTP(rec, r)
	return rec
}

// hits are those of the measure in a short form, the oldest first.
func (l letter) hits() (all []string) {
	l.Helper()
	err := l.db.Read(context.Background(), func(tx *store.Tx) error {
		rows, err := hit.OfMeasure(context.Background(), tx, 5, hit.Filter{Limit: 100})
		for _, r := range rows {
			whose := "nobody"
			if r.Customer == l.id && r.Message == l.message {
				whose = "hers"
			}
			all = append([]string{strings.TrimSpace(string(r.Kind) + " " + whose + " " + r.Reason)}, all...)
		}
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
	return all
}

func (l letter) want(want ...string) {
	l.Helper()
	if diff := cmp.Diff(want, l.hits()); diff != "" {
		l.Errorf("hits (-want +got):\n%s", diff)
	}
}

func TestAPictureAndALinkAreCountedAndAnswered(t *testing.T) {
	each(t, func(w world) {
		l := w.letterTo(erika)
		got := l.ask("GET", l.open, browser)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "image/gif" || !strings.HasPrefix(got.Body.String(), "GIF89a") || !strings.Contains(got.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("picture: %d %v", got.Code, got.Header())
		}
		got = l.ask("GET", l.click+"?url=https://evil.example&l=en", browser)
		if got.Code != http.StatusFound || got.Header().Get("Location") != l.shop || !strings.Contains(got.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("link: %d %v", got.Code, got.Header())
		}
		l.want("open hers", "click hers")

		for _, path := range []string{l.open, l.click} { // a scanner that opens every link
			if got := l.ask("HEAD", path, browser); got.Code >= 400 || got.Body.Len() > 0 && path == l.click {
				t.Errorf("HEAD %s: %d", path, got.Code)
			}
			l.ask("GET", path, "Barracuda Sentinel")
		}
		l.want("open hers", "click hers", "open hers head", "open hers program", "click hers head", "click hers program")
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			if got := l.ask(method, l.click, browser); got.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", method, got.Code)
			}
		}
	})
}

func TestAForgedLinkIsToldPlainlyAndCountsNothing(t *testing.T) {
	each(t, func(w world) {
		l := w.letterTo(erika)
		changed := l.click[:len(l.click)-4] + "AAAA"
		for _, path := range []string{changed, hit.PathClick + "x", hit.PathClick + "https%3A%2F%2Fevil.example", hit.PathOpen + l.click[len(hit.PathClick):], hit.PathClick + strings.Repeat("A", 4000)} {
			got := l.ask("GET", path, browser)
			if got.Code != http.StatusNotFound || got.Header().Get("Location") != "" {
				t.Errorf("%s: %d %v", path, got.Code, got.Header())
			}
		}
		r := httptest.NewRequest("GET", "http://links.shop.example"+changed, nil)
		r.Header.Set("Accept-Language", "de")
		rec := httptest.NewRecorder()
		l.pages.ServeHTTP(rec, r)
		if !strings.Contains(rec.Body.String(), "Rösterei") || !strings.Contains(rec.Body.String(), `lang="de"`) {
			t.Errorf("%s", rec.Body)
		}
		l.want()
	})
}

func TestWhoTakesHerConsentBackIsCountedWithoutHerName(t *testing.T) {
	each(t, func(w world) {
		l := w.letterTo(erika)
		l.ask("GET", l.click, browser)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: l.id, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Withdrawn, Address: erika}})
			return err
		})
		if got := l.ask("GET", l.click, browser); got.Header().Get("Location") != l.shop {
			t.Errorf("the link leads to %q", got.Header().Get("Location"))
		}
		l.ask("GET", l.open, browser)
		l.ask("GET", l.anonymous, browser)
		l.want("click hers", "click nobody", "open nobody", "click nobody")
	})
}
