package engage_test

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// ledger is a site with messages in several states; ids are theirs.
type ledger struct {
	*webtest.Site
	ids       []int64
	customers []int64
}

// site makes customers and messages: the first one waits, the second has no address, the third was sent and lies in the
// outbox, the fourth is unclear.
func site(t *testing.T, db *store.DB) ledger {
	t.Helper()
	d := engage.Deps{Outbox: func(context.Context, *store.Tx) (bool, error) { return true, nil }}
	l := ledger{Site: webtest.New(t, db, customers.Area(customers.Deps{Messages: d.Card}), engage.Area(d))}
	l.Write(func(ctx context.Context, tx *store.Tx) error {
		var news []message.New
		for i := range 4 {
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"last_name": fmt.Sprint("<b>injected</b> ", i), "country": "DE"},
				Emails: []customer.Email{{Address: fmt.Sprintf("k%d@example.de", i)}}})
			if err != nil {
				return err
			}
			l.customers = append(l.customers, e.ID)
			n := message.New{Measure: 7, Customer: e.ID, Channel: consent.Email, Kind: "campaign", Address: fmt.Sprintf("k%d@example.de", i),
				Ask: consent.Ask{Purpose: consent.Advertising, Basis: consent.LegalDuty}}
			if i == 1 {
				n.Address = ""
			}
			news = append(news, n)
		}
		ds, err := message.Decide(ctx, tx, news)
		if err != nil {
			return err
		}
		if err := message.Record(ctx, tx, ds); err != nil {
			return err
		}
		for _, d := range ds {
			l.ids = append(l.ids, d.ID)
		}
		return message.Hold(ctx, tx, l.customers[0], message.HoldComplaint, "1")
	})
	return l
}

// letter writes mails that try to break out of their frame.
type letter struct{}

func (letter) Compose(_ context.Context, _ *store.Tx, ms []message.Message) ([]message.Mail, error) {
	mails := make([]message.Mail, len(ms))
	for i := range ms {
		mails[i] = message.Mail{From: mail.Address{Name: "<b>injected</b>", Address: "shop@example.de"}, Subject: "<b>injected</b> Herbst", Text: "Guten Tag", HTML: "<p>Guten Tag</p><script>alert(1)</script>"}
	}
	return mails, nil
}

// sent has everything that waits sent into the outbox.
func (l ledger) sent(t *testing.T) {
	t.Helper()
	s := &message.Sender{DB: l.DB, Outlet: message.Outbox{DB: l.DB}, Connections: 1, Composers: map[string]message.Composer{"campaign": letter{}}}
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	for {
		changed := l.DB.Changed()
		var c message.Counts
		l.Read(func(ctx context.Context, tx *store.Tx) (err error) {
			c, err = message.CountsOf(ctx, tx, 7)
			return err
		})
		if c.Pending() == 0 {
			break
		}
		<-changed
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPageOfMessagesKeepsTheHouseRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		l.Walk(t, only(l.Site, map[string]string{
			"/engage/messages/{id}": fmt.Sprint("/engage/messages/", l.ids[1]), "/engage/customers/{id}": fmt.Sprint("/engage/customers/", l.customers[0]),
			"/customers/{id}": fmt.Sprint("/customers/", l.customers[0]),
		}))
	})
}

// only leaves the pages with other placeholders to the tests of their own parts.
func only(s *webtest.Site, examples map[string]string) map[string]string {
	for _, route := range s.Server.Routes() {
		if _, known := examples[route.Pattern]; !known && strings.Contains(route.Pattern, "/{") && route.Pattern != "/{$}" {
			examples[route.Pattern] = ""
		}
	}
	return examples
}

func TestTheLedgerSaysWhoDidNotGetItAndWhy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		c := l.As(auth.Marketer).Speak("de")
		words := webtest.Words(c.Get("/engage/messages?measure=7").Body)
		for _, want := range []string{"4 geplant = 0 gesendet + 1 nicht gesendet + 0 gescheitert + 0 unklar + 3 unterwegs", "keine Adresse", "Postausgang und verlassen das Haus nicht"} {
			if !strings.Contains(words, want) {
				t.Errorf("no %q in: %s", want, words)
			}
		}
		words = webtest.Words(c.Get(fmt.Sprint("/engage/messages/", l.ids[1])).Body)
		for _, want := range []string{"bekam diese Nachricht nicht: keine Adresse", "Rechtsgrundlage aufgehalten", "Kontaktbudget nicht mehr gefragt"} {
			if !strings.Contains(words, want) {
				t.Errorf("no %q in: %s", want, words)
			}
		}
		if words = webtest.Words(c.Get("/engage/messages?measure=7&state=suppressed&reason=no_address").Body); strings.Count(words, "injected") != 1 {
			t.Errorf("the reason opens other messages: %s", words)
		}
		if words = webtest.Words(c.Get(fmt.Sprint("/customers/", l.customers[0])).Body); !strings.Contains(words, "Wird in Ruhe gelassen: offene Beschwerde") {
			t.Errorf("nothing of the hold on the customer's page: %s", words)
		}
	})
}

func TestAMailIsShownInAFrameThatRunsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		l.sent(t)
		c := l.As(auth.Viewer)
		for _, language := range []string{"de", "en"} {
			for _, address := range []string{"/engage/outbox", fmt.Sprint("/engage/outbox/", l.ids[2]), fmt.Sprint("/engage/outbox/", l.ids[2], "?show=text")} {
				got := c.In(language).Get(address)
				for _, problem := range webtest.Problems(got, language) {
					t.Errorf("%s: %s", address, problem)
				}
				if !strings.Contains(webtest.Words(got.Body), "Herbst") {
					t.Errorf("%s: %s", address, webtest.Words(got.Body))
				}
			}
		}
		got := c.Get(fmt.Sprint("/engage/outbox/", l.ids[2], "/body"))
		if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
			t.Errorf("policy: %q", policy)
		}
		if !strings.Contains(got.Body, "<script>") {
			t.Error("the mail is not shown as it is")
		}
	})
}

func TestAPersonDecidesAboutWhatIsUnclear(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		l.Write(func(ctx context.Context, tx *store.Tx) error { // as after a kill
			if _, err := tx.Exec(ctx, `UPDATE message SET state = 'unclear', reason = 'died', attempts = 1 WHERE id IN ($1, $2)`, l.ids[2], l.ids[3]); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO message_count (measure, state, reason, lane, n) VALUES (7, 'unclear', 'died', 99, 2), (7, 'queued', '', 99, -2)`)
			return err
		})
		words := webtest.Words(l.As(auth.Manager).Speak("de").Get("/engage/unclear").Body)
		if !strings.Contains(words, "Über alle 2 entscheiden") || !strings.Contains(words, "Programm endete") {
			t.Errorf("unclear: %s", words)
		}
		if got := l.As(auth.Viewer).Post(fmt.Sprint("/engage/messages/", l.ids[2], "/resolve"), url.Values{"to": {"sent"}}); got.Status != 403 {
			t.Errorf("a viewer decided: %d", got.Status)
		}
		l.As(auth.Manager).Post(fmt.Sprint("/engage/messages/", l.ids[2], "/resolve"), url.Values{"to": {"sent"}})
		l.As(auth.Manager).Post("/engage/unclear", url.Values{"to": {"again"}, "until": {fmt.Sprint(l.ids[3])}})
		if words := webtest.Words(l.As(auth.Manager).Speak("de").Get(fmt.Sprint("/engage/messages/", l.ids[3])).Body); strings.Contains(words, "aufgeschoben") || strings.Contains(words, "01.01.1,") {
			t.Errorf("what goes again at once: %s", words)
		}
		l.Read(func(ctx context.Context, tx *store.Tx) error {
			c, err := message.CountsOf(ctx, tx, 7)
			if c.Sent != 1 || c.Unclear != 0 || c.Queued != 2 || c.Sum() != c.Planned {
				t.Errorf("after the decisions: %+v", c)
			}
			return err
		})
	})
}

func TestTheRulesAreKeptAsTheyWereTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		c := l.As(auth.Manager).Speak("de")
		form := url.Values{"week": {"2"}, "month": {"5"}, "email_week": {"1"}, "reserve": {"1"}, "quiet_from": {"21:00"}, "quiet_until": {"07:30"}, "quiet_sundays": {"1"}, "keep_mails": {"30"}}
		if got := c.Post("/engage/rules", form); got.Status != 303 {
			t.Fatalf("status %d: %s", got.Status, webtest.Words(got.Body))
		}
		l.Read(func(ctx context.Context, tx *store.Tx) error {
			rules, err := message.LoadRules(ctx, tx)
			if rules.Week != 2 || rules.Channels[consent.Email].Week != 1 || rules.QuietFrom.String() != "21:00" || rules.QuietHolidays {
				t.Errorf("rules: %+v", rules)
			}
			return err
		})
		form.Set("week", "viele")
		if got := c.Post("/engage/rules", form); got.Status != 400 && got.Status != 422 || !strings.Contains(got.Body, "viele") {
			t.Errorf("status %d: the input is lost", got.Status)
		}
	})
}
