package consents_test

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"stamm/internal/door/web/consents"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

const erika = "erika@example.org"

// site has one customer with a history, and her card on the start page.
func site(t *testing.T) (*webtest.Site, int64) {
	db := storetest.Open(t, storetest.SQLite(t), store.Options{Log: slog.New(slog.DiscardHandler)})
	var id int64
	home := page.Area{
		Menu: []page.Entry{{Text: "common.today", Href: "/", Icon: "home", Permission: auth.SignedIn}},
		Routes: []page.Route{{Method: "GET", Pattern: "/{$}", Permission: auth.SignedIn, Handle: func(r *page.Request) error {
			card, err := consents.Card(r, id)
			if err != nil {
				return err
			}
			return r.Render(r.P.T("common.today"), card)
		}}, {Method: "GET", Pattern: "/customers/{id}", Permission: auth.ReadCustomers, Handle: func(r *page.Request) error {
			return r.Render("Customer", page.Text("customer"))
		}}},
	}
	s := webtest.New(t, db, home, consents.Area())
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": "Erika <b>injected</b>"}, Emails: []customer.Email{{Address: erika}}})
		if err != nil {
			return err
		}
		id = e.ID
		_, err = consent.Record(ctx, tx, []consent.Entry{
			{Customer: id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: erika, Evidence: "<b>injected</b>", Source: consent.SourcePerson},
			{Customer: id, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Granted, Address: erika, Source: consent.SourceSignUp},
			{Customer: id, Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Objected}})
		return err
	})
	return s, id
}

func TestEveryPageOfConsentsKeepsTheRules(t *testing.T) {
	s, id := site(t)
	one := "/customers/" + strconv.FormatInt(id, 10)
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := consent.SuppressByHand(ctx, tx, []string{erika}, consent.SuppressedListed, "<b>injected</b>")
		return err
	})
	s.Walk(t, map[string]string{"/engage/suppressed/{hash}": consents.ListPath + "/" + hashOf(s, erika), "/customers/{id}": one, "/customers/{id}/consent": one + "/consent", "/customers/{id}/consent/proof.pdf": "", "/customers/{id}/consent/proof.json": "",
		"/login/{token}": "", "/invitation/{token}": "", "/password/{token}": ""})
	for _, want := range []string{"Werbung ✓ eingewilligt", "Messen von Öffnen und Klicken ? nicht bestätigt", "Werbung ✗ widersprochen"} {
		if got := s.As(auth.Viewer).Speak("de").Get("/"); !strings.Contains(strings.Join(strings.Fields(webtest.Words(got.Body)), " "), want) {
			t.Errorf("the card does not say %q: %s", want, webtest.Words(got.Body))
		}
	}
}

func TestAPersonWritesDownWhatTheCustomerSaid(t *testing.T) {
	s, id := site(t)
	path := "/customers/" + strconv.FormatInt(id, 10) + "/consent"
	agent := s.As(auth.Agent)
	standing := func(c consent.Channel, address string) string {
		var v []consent.Verdict
		s.Read(func(ctx context.Context, tx *store.Tx) (err error) {
			v, err = consent.Check(ctx, tx, consent.Ask{Channel: c, Purpose: consent.Advertising}, []consent.Recipient{{Customer: id, Address: address}})
			return err
		})
		return string(v[0].Basis) + v[0].Reason
	}
	if got := agent.Post(path, url.Values{"act": {"granted"}, "channel": {"email"}, "purpose": {"surveys"}, "address": {erika}}); got.Status != 422 || !strings.Contains(got.Body, "Nachweis") {
		t.Errorf("a consent without evidence: %d", got.Status)
	}
	if got := agent.Post(path, url.Values{"act": {"objected"}, "channel": {""}, "purpose": {"advertising"}}); got.Status != 303 || standing(consent.Email, erika) != consent.ReasonObjected {
		t.Errorf("an objection: %d, %s", got.Status, standing(consent.Email, erika))
	}
	if got := agent.Post(path, url.Values{"act": {"granted"}, "channel": {"email"}, "purpose": {"advertising"}, "address": {erika}, "evidence": {"Karte 7"}, "form": {"Messe"}, "day": {"2026-01-05"}}); got.Status != 303 ||
		standing(consent.Email, erika) != "consent" {
		t.Errorf("a new consent of hers: %d, %s", got.Status, standing(consent.Email, erika))
	}
	for name, form := range map[string]url.Values{
		"an unknown act":   {"act": {"x"}, "channel": {"email"}, "purpose": {"advertising"}},
		"a day to come":    {"act": {"objected"}, "purpose": {"advertising"}, "day": {"2999-01-01"}},
		"no sale":          {"act": {"existing"}, "channel": {"email"}, "purpose": {"advertising"}, "address": {erika}, "text": {"v1"}, "document": {"99"}},
		"not even a sale":  {"act": {"existing"}, "channel": {"email"}, "purpose": {"advertising"}, "address": {erika}, "text": {"v1"}, "document": {"A"}},
		"no number":        {"act": {"existing"}, "channel": {"email"}, "purpose": {"advertising"}, "address": {erika}, "text": {"v1"}},
		"an unknown chann": {"act": {"objected"}, "channel": {"fax"}, "purpose": {"advertising"}},
	} {
		if got := agent.Post(path, form); got.Status != 422 {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	if got := s.As(auth.Viewer).Post(path, url.Values{"act": {"objected"}, "purpose": {"advertising"}}); got.Status != 403 {
		t.Errorf("a viewer writes: %d", got.Status)
	}
}

func TestASaleIsNamedByItsNumber(t *testing.T) {
	s, id := site(t)
	path := "/customers/" + strconv.FormatInt(id, 10) + "/consent"
	sales := map[string]string{}
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		for _, d := range []*document.Document{{Kind: document.Order, ExternalID: "A-1"}, {Kind: document.Order, ExternalID: "A-2"}, {Kind: document.Invoice, ExternalID: "A-2"}} {
			d.Source, d.Customer, d.Currency, d.At, d.FileRows = 1, id, "EUR", tx.Now, 1
			d.Lines = []document.Line{{Quantity: 1000, UnitPrice: 1_000_000, Amount: 100}}
			number, _, err := document.Put(ctx, tx, d, "EUR", feed.Live)
			if err != nil {
				return err
			}
			sales[d.Kind.String()+d.ExternalID] = strconv.FormatInt(number, 10)
		}
		return nil
	})
	agent := s.As(auth.Agent).Speak("de")
	if got := agent.Get(path); !strings.Contains(webtest.Words(got.Body), "Bestellung A-1") {
		t.Errorf("no sale to choose: %s", webtest.Words(got.Body))
	}
	for _, c := range []struct {
		name, sale, number string
		status             int
		words              string
	}{
		{"no such number", "", "A-9", 422, "keine Bestellung und keine Rechnung mit der Nummer A-9"},
		{"two of that number", "", "A-2", 422, "haben mehrere Verkäufe"},
		{"neither chosen nor typed", "", "", 422, "fehlt der Verkauf"},
		{"another one than the number", sales["orderA-1"], "A-2", 422, "haben mehrere Verkäufe"},
		{"one of the two", sales["invoiceA-2"], "A-2", 303, ""},
		{"typed with a sign", "", "#A-1", 303, ""},
		{"chosen", sales["orderA-1"], "", 303, ""},
	} {
		got := agent.Post(path, url.Values{"act": {"existing"}, "channel": {"email"}, "purpose": {"advertising"}, "address": {erika}, "text": {"v1"}, "document": {c.sale}, "number": {c.number}})
		if got.Status != c.status || !strings.Contains(webtest.Words(got.Body), c.words) {
			t.Errorf("%s: %d %s", c.name, got.Status, webtest.Words(got.Body))
		}
	}
}

func TestTheProofIsHandedOut(t *testing.T) {
	s, id := site(t)
	path := "/customers/" + strconv.FormatInt(id, 10) + "/consent/proof."
	if got := s.As(auth.Viewer).Get(path + "pdf"); got.Status != 200 || !strings.HasPrefix(got.Body, "%PDF-") {
		t.Errorf("PDF: %d", got.Status)
	}
	if got := s.As(auth.Viewer).Get(path + "json"); got.Status != 200 || !strings.Contains(got.Body, `"address":"`+erika) {
		t.Errorf("JSON: %d %s", got.Status, got.Body)
	}
}

// hashOf is how the list calls an address that is on it.
func hashOf(s *webtest.Site, address string) (hash string) {
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		a, err := consent.AskSuppressed(ctx, tx, address)
		if len(a.Listed) > 0 {
			hash = a.Listed[0].Hash
		}
		return err
	})
	return hash
}

func TestAddressesAreSuppressedAndLiftedByHand(t *testing.T) {
	s, _ := site(t)
	agent, manager := s.As(auth.Agent).Speak("de"), s.As(auth.Manager).Speak("de")
	paste := url.Values{"addresses": {"email\n" + erika + "\nnobody@example.org;2020"}, "reason": {"listed"}, "note": {"Altes Programm"}}
	if got := agent.Post(consents.ListPath+"/new", paste); got.Status != 422 || !strings.Contains(webtest.Words(got.Body), "Zeile 1: „email“") || hashOf(s, erika) != "" {
		t.Errorf("a wrong line: %d %s", got.Status, webtest.Words(got.Body))
	}
	paste.Set("skip", "1")
	if got := agent.Post(consents.ListPath+"/new", paste); got.Status != 303 || hashOf(s, erika) == "" {
		t.Errorf("suppressed: %d %s", got.Status, webtest.Words(got.Body))
	}
	page := agent.Get(consents.ListPath)
	for _, want := range []string{"2 Adressen sind gesperrt. 1 Kunde hat eine davon. 1 Zeile wurde ausgelassen.", "Altes Programm", "Erika <b>injected</b>"} {
		if !strings.Contains(webtest.Words(page.Body), want) {
			t.Errorf("the list does not say %q: %s", want, webtest.Words(page.Body))
		}
	}
	for asked, want := range map[string]string{erika: "✗ gesperrt", "unheard@example.org": "✓ nicht gesperrt"} {
		if got := s.As(auth.Viewer).Speak("de").Post(consents.ListPath, url.Values{"address": {asked}}); got.Status != 200 || !strings.Contains(webtest.Words(got.Body), want) {
			t.Errorf("asked for %s: %d %s", asked, got.Status, webtest.Words(got.Body))
		}
	}
	if got := agent.Post(consents.ListPath, url.Values{"address": {"nonsense"}}); got.Status != 422 {
		t.Errorf("asked for nonsense: %d", got.Status)
	}
	if got := agent.Get(consents.ListPath + ".csv"); got.Status != 200 || strings.Contains(got.Body, "@") || strings.Count(got.Body, "Altes Programm") != 2 {
		t.Errorf("as CSV: %d %s", got.Status, got.Body)
	}
	lift, why := consents.ListPath+"/"+hashOf(s, erika)+"/lift", url.Values{"reason": {"mistake"}, "note": {"Falsche Liste"}}
	if got := agent.Post(lift, why); got.Status != 403 {
		t.Errorf("an agent lifts: %d", got.Status)
	}
	if got := manager.Post(lift, url.Values{"reason": {"mistake"}}); got.Status != 422 || hashOf(s, erika) == "" {
		t.Errorf("lifted without a note: %d", got.Status)
	}
	if got := manager.Post(lift, why); got.Status != 303 || hashOf(s, erika) != "" {
		t.Errorf("lifted: %d", got.Status)
	}
	if got := manager.Post(lift, why); got.Status != 404 {
		t.Errorf("lifted twice: %d", got.Status)
	}
	if got := manager.Post(consents.ListPath, url.Values{"address": {erika}}); !strings.Contains(webtest.Words(got.Body), "irrtümlich gesperrt") {
		t.Errorf("what was lifted is told: %s", webtest.Words(got.Body))
	}
}
