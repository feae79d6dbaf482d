package engage_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/program"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// booth is a site with calls that are due, of a campaign by telephone.
type booth struct {
	*webtest.Site
	calls     []int64 // messages
	customers []int64
}

const script = "{{ customer.salutation }},\n\nhier ist {{ company }}. <b>injected</b>"

func newBooth(t *testing.T, db *store.DB, n int) booth {
	t.Helper()
	composer := &campaign.Composer{Site: "https://stamm.example"}
	speakers := map[string]call.Writer{campaign.Kind: composer}
	b := booth{Site: webtest.New(t, db, engage.Area(engage.Deps{Measures: program.Names, Speakers: speakers}))}
	var c *campaign.Campaign
	b.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := message.SaveRules(ctx, tx, message.Rules{}); err != nil { // at any hour
			return err
		}
		c = &campaign.Campaign{Name: "<b>injected</b> Anruf", Goal: "einladen", Channel: consent.Phone, Language: "de",
			Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{"de": {Script: script}}}}}
		if err := campaign.Create(ctx, tx, c); err != nil {
			return err
		}
		return program.Start(ctx, tx, c.Measure)
	})
	for i := range n {
		b.Write(func(ctx context.Context, tx *store.Tx) error {
			number := fmt.Sprintf("+4940123456%02d", i)
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"last_name": fmt.Sprint("<b>injected</b> Berg", i), "salutation": "ms", "country": "DE"},
				Phones: []customer.Phone{{Written: number}}})
			if err != nil {
				return err
			}
			b.customers = append(b.customers, e.ID)
			if _, err := consent.Record(ctx, tx, []consent.Entry{{Customer: e.ID, Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Granted, Address: number, Evidence: "Formular",
				Source: consent.SourcePerson}}); err != nil {
				return err
			}
			ds, err := message.Decide(ctx, tx, []message.New{{Measure: c.Measure, Customer: e.ID, Channel: consent.Phone, Kind: campaign.Kind, Subject: c.ID, Arm: "a", Address: number,
				Ask: consent.Ask{Channel: consent.Phone, Purpose: consent.Advertising}}})
			if err != nil {
				return err
			}
			if err := message.Record(ctx, tx, ds); err != nil {
				return err
			}
			b.calls = append(b.calls, ds[0].ID)
			return nil
		})
	}
	desk := &call.Desk{DB: db, Writers: speakers}
	if _, err := desk.Turn(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b booth) at(i int, path string) string {
	return fmt.Sprintf("/engage/calls/%d%s", b.calls[i], path)
}

func (b booth) state(i int) (m *message.Message) {
	b.Read(func(ctx context.Context, tx *store.Tx) (err error) {
		m, err = message.Find(ctx, tx, b.calls[i])
		return err
	})
	return m
}

func TestEveryPageOfCallsKeepsTheHouseRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBooth(t, db, 2)
		b.Walk(t, only(b.Site, map[string]string{"/engage/calls/{id}": b.at(0, "")}))
		b.As(auth.Manager).Post(b.at(0, "/begin"), nil)
		b.Walk(t, only(b.Site, map[string]string{"/engage/calls/{id}": b.at(0, "")}))
	})
}

func TestACallIsBegunSaidAndTakenBackByItsPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBooth(t, db, 3)
		page := func(path string) string { return b.As(auth.Agent).Get(path).Body }
		if body := page("/engage/calls"); !strings.Contains(body, "Berg0") || !strings.Contains(body, "Berg2") {
			t.Error("the calls that are due are not listed")
		}
		if body := page(b.at(0, "")); !strings.Contains(body, "Sehr geehrte Frau") || strings.Contains(body, "tel:") {
			t.Error("before it is begun a call shows its script and no number")
		}
		b.As(auth.Agent).Post(b.at(0, "/begin"), nil)
		if body := page(b.at(0, "")); !strings.Contains(body, "tel:+494012345600") {
			t.Error("a call that was begun shows no number")
		}
		if body := b.As(auth.Manager).Get(b.at(0, "")).Body; strings.Contains(body, "tel:") {
			t.Error("somebody else is shown the number of a call under way")
		}
		b.As(auth.Agent).Post(b.at(0, "/end"), url.Values{"outcome": {"interested"}, "note": {"will Muster"}})
		if m := b.state(0); m.State != message.Sent {
			t.Errorf("after interest the message is %s", m.State)
		}
		if body := page("/engage/calls?view=done"); !strings.Contains(body, "will Muster") {
			t.Error("a call that was made is not among those done")
		}
		b.As(auth.Agent).Post(b.at(0, "/undo"), nil)
		if m := b.state(0); m.State != message.Queued {
			t.Errorf("taken back the message is %s", m.State)
		}
		b.As(auth.Agent).Post(b.at(0, "/end"), url.Values{"outcome": {"later"}, "again": {"gestern"}})
		if m := b.state(0); m.State != message.Queued {
			t.Errorf("a wrong time was taken: %s", m.State)
		}
		b.As(auth.Agent).Post(b.at(0, "/drop"), nil)
		b.As(auth.Agent).Post(b.at(1, "/begin"), nil)
		b.As(auth.Agent).Post(b.at(1, "/end"), url.Values{"outcome": {"no_more"}})
		if body := page("/engage/calls.csv?view=done"); !strings.Contains(body, "Keine Anrufe mehr") {
			t.Errorf("the list as CSV: %s", body)
		}
		for outcome, want := range map[string]int{"no_more": 1, "interested": 0} {
			body := page("/engage/calls?who=all&outcome=" + outcome)
			if strings.Contains(body, "Berg1") != (want == 1) || strings.Contains(body, "Berg2") {
				t.Errorf("the calls that came to %s: %s", outcome, webtest.Words(body))
			}
		}
		measure := b.state(1).Measure
		for _, state := range []string{"", "&state=failed"} {
			tiles := webtest.Words(b.As(auth.Manager).Speak("en").Get(fmt.Sprintf("/engage/messages?measure=%d%s", measure, state)).Body)
			if !strings.Contains(tiles, "Spoken with") || !strings.Contains(tiles, "Not called") || strings.Contains(tiles, "Not sent") {
				t.Errorf("of calls the ledger says: %s", tiles)
			}
		}
		if body := b.As(auth.Manager).Get(fmt.Sprint("/engage/messages/", b.calls[1])).Body; !strings.Contains(body, b.at(1, "")) {
			t.Error("the page that says why does not lead to the call")
		}
	})
}

// A call is made by clicks and by keys, at both widths and in both languages. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestACallIsMadeInTheBrowser(t *testing.T) {
	s := newBooth(t, storetest.Open(t, storetest.SQLite(t), store.Options{}), 4)
	b := browsertest.New(t)
	server := s.Serve()
	b.Open(server+s.LoginLink(auth.Manager), 1440, 900)
	b.Allow("404") // there is no first page in this site
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	i := 0
	for _, view := range browsertest.Views() {
		language, width := view.Language, view.Width
		s.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		b.Open(server+"/engage/calls", width, 900)
		b.Look("calls-" + "list" + "-" + view.String())
		b.Open(server+s.at(i, ""), width, 900)
		b.Look("calls-" + "open" + "-" + view.String())
		b.Click("form[action$='/begin'] button")
		b.WaitVisible("[name='note']")
		b.Look("calls-" + "begun" + "-" + view.String())
		b.Fill("[name='note']", "will ein Muster")
		b.Click("button[value='interested']")
		b.WaitVisible(".s-flash")
		b.Look("calls-" + "next" + "-" + view.String())
		if got := s.state(i); got.State != message.Sent {
			t.Errorf("%s %d: the message is %s", language, width, got.State)
		}
		i++
	}
}
