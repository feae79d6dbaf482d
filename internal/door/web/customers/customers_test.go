package customers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/action/privacy"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/product"
	"stamm/internal/record/task"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func sqlite(t testing.TB) *store.DB {
	return storetest.Open(t, storetest.SQLite(t), store.Options{Log: slog.New(slog.DiscardHandler)})
}

// beside are the pages that those about customers lead to.
func beside() page.Area {
	show := func(title string) page.Handler {
		return func(r *page.Request) error { return r.Render(title, page.Text(title)) }
	}
	return page.Area{Routes: []page.Route{
		{Method: "GET", Pattern: "/{$}", Permission: auth.SignedIn, Handle: show("Today")},
		{Method: "GET", Pattern: "/imports/new", Permission: auth.WriteImports, Handle: show("Import")},
		{Method: "GET", Pattern: "/imports/{id}", Permission: auth.ReadImports, Handle: show("Import")},
	}}
}

// shop is a company with customers of every kind, by name, and what they bought.
type shop struct {
	*webtest.Site
	house *warehouse.DB
	t     testing.TB
	ids   map[string]int64 // customers by name
	docs  map[string]int64 // documents by number
}

// open makes an empty company.
func open(t testing.TB, db *store.DB) *shop {
	s := &shop{t: t, ids: map[string]int64{}, docs: map[string]int64{}}
	s.house = warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection())
	s.Site = webtest.New(t, db, customers.Area(customers.Deps{Warehouse: s.house, Patience: warehouse.Forever, Report: func(ctx context.Context, name string, p report.Params) (*report.Result, error) {
		r, err := report.Find(name)
		if err != nil {
			return nil, err
		}
		return r.Run(ctx, s.house, p)
	}}), beside())
	return s
}

// catchUp brings the warehouse up to date.
func (s *shop) catchUp() {
	s.t.Helper()
	if err := s.house.CatchUp(context.Background(), s.DB); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) add(d customer.Draft) int64 {
	s.t.Helper()
	var id int64
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, d)
		id = e.ID
		return err
	})
	name := d.Fields["name"]
	if name == "" {
		name = strings.TrimSpace(d.Fields["first_name"] + " " + d.Fields["last_name"])
	}
	s.ids[name] = id
	return id
}

// put adds a document of whole euros.
func (s *shop) put(kind document.Kind, number string, of int64, daysAgo int, reference string, lines ...document.Line) *document.Document {
	s.t.Helper()
	d := &document.Document{Source: 1, Kind: kind, ExternalID: number, Customer: of, Currency: "EUR", Reference: reference, FileRows: len(lines), Lines: lines}
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		zone := company.Defaults().Zone()
		d.Day = clock.DayOf(tx.Now, zone).AddDays(-daysAgo) // as the pages count days, also when it is another day elsewhere
		d.At = d.Day.Start(zone)
		d.ID = 0
		if kind == document.Invoice {
			var sum int64
			for _, l := range lines {
				sum += l.Amount
			}
			d.Gross, d.DueDay = &sum, new(d.Day.AddDays(14))
		}
		id, _, err := document.Put(ctx, tx, d, "EUR", feed.Live)
		s.docs[number] = id
		return err
	})
	return d
}

func line(what string, pieces, euros int64) document.Line {
	return document.Line{Description: what, Quantity: pieces * 1000, UnitPrice: euros * 1_000_000, Amount: pieces * euros * 100}
}

// fill is a company that has been at work.
func fill(t testing.TB, db *store.DB) *shop {
	s := open(t, db)
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		c := company.Defaults()
		c.Name, c.Setup = "Rösterei am Hafen", true
		if err := company.Save(ctx, tx, c); err != nil {
			return err
		}
		if _, err := customer.SourceID(ctx, tx, "Shop <b>injected</b>"); err != nil {
			return err
		}
		_, err := customer.DefineField(ctx, tx, customer.CustomField{Key: "roast", Label: "Röstgrad <b>injected</b>", Type: customer.TypeChoice, Choices: []string{"hell", "dunkel"}})
		return err
	})
	mueller := s.add(customer.Draft{Source: 1, ExternalID: "K-1001", Tags: []string{"Stammkundin", "<b>injected</b>"},
		Fields: customer.Fields{"first_name": "Anneliese", "last_name": "Müller", "country": "AT", "language": "de", "salutation": "ms", "address_form": "sie", "custom.roast": "dunkel"},
		Emails: []customer.Email{{Address: "anneliese@example.com", Main: true}, {Address: "am@example.net", Type: "work"}},
		Phones: []customer.Phone{{Written: "+43 1 58858", Main: true}}, Addresses: []customer.Address{{Line1: "Hauptplatz 1", Postcode: "8010", City: "Graz", Country: "AT", Main: true}}})
	cafe := s.add(customer.Draft{Fields: customer.Fields{"kind": "company", "name": "Café Sonnenschein GmbH", "country": "DE"}})
	s.add(customer.Draft{Fields: customer.Fields{"first_name": "<b>injected</b>", "last_name": "<script>alert(1)</script>"}})
	formula := s.add(customer.Draft{Fields: customer.Fields{"kind": "company", "name": "=cmd|' /C calc'!A0", "excluded": "reseller"}})
	s.ids["formula"] = formula
	gone := s.add(customer.Draft{Fields: customer.Fields{"first_name": "Wilhelmine", "last_name": "Vergessen"}, Emails: []customer.Email{{Address: "w@example.org", Main: true}}})
	merged := s.add(customer.Draft{Fields: customer.Fields{"first_name": "Annelise", "last_name": "Mueller"}})

	for i, days := range []int{400, 370, 340, 300, 100} {
		s.put(document.Order, fmt.Sprintf("B-%d", i+1), mueller, days, "", line("Espresso <b>injected</b>", 2, 25), line("Beigabe", 1, 0))
	}
	s.put(document.Return, "R-1", mueller, 95, "B-5", line("Espresso", -1, 25))
	s.put(document.Invoice, "RE-1", cafe, 40, "", line("Filterkaffee", 10, 30))
	s.put(document.Order, "B-8", formula, 10, "", line("Kaffee", 1, 10))
	s.put(document.Order, "B-9", 0, 5, "", line("Kaffee", 1, 10))
	s.put(document.Order, "B-10", gone, 50, "", line("Kaffee", 1, 10))
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := customer.AddContact(ctx, tx, customer.Contact{Company: cafe, Person: mueller, Role: "Einkauf <b>injected</b>"}); err != nil {
			return err
		}
		if _, err := customer.AddNote(ctx, tx, mueller, "Mag es dunkel.\n<b>injected</b>"); err != nil {
			return err
		}
		if _, err := customer.Change(ctx, tx, mueller, customer.Patch{Fields: customer.Fields{"language": "en", "owner": fmt.Sprint(s.Users[auth.Agent]), "since": "2021-03-12"}}); err != nil {
			return err
		}
		if _, err := event.Add(ctx, tx, []*event.Event{{Source: 1, ExternalID: "e1", Customer: mueller, Name: "newsletter_signup", At: tx.Now, Properties: json.RawMessage(`{"page":"<b>injected</b>","n":3}`)}}, feed.Live); err != nil {
			return err
		}
		if err := agree(ctx, tx, mueller, gone); err != nil {
			return err
		}
		if _, err := task.Raise(ctx, tx, task.New{Kind: "callback", Key: "1", Customer: mueller, Note: "Rückruf <b>injected</b>", Due: new(clock.NewDay(2020, 1, 1))}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE customer SET merged_into = $1 WHERE id = $2`, mueller, merged); err != nil {
			return err
		}
		return customer.Erase(ctx, tx, gone)
	})
	s.catchUp()
	return s
}

// agree gives customers contracts of every form.
func agree(ctx context.Context, tx *store.Tx, mueller, gone int64) error {
	w, err := contract.Upsert(ctx, tx, 0, 1, []*contract.Contract{
		{ExternalID: "V1", Customer: mueller, Plan: "Maschine <b>injected</b>", Started: new(clock.NewDay(2023, 2, 1)), Ended: new(clock.NewDay(2024, 1, 31)), Reason: "Zu laut. <b>injected</b>"},
		{ExternalID: "V2", Customer: mueller, Started: new(clock.NewDay(2024, 2, 1))},
		{Customer: mueller, Plan: "Bohnenabo", Tenure: new(int64(7)), ObservedUntil: new(clock.NewDay(2025, 3, 1))},
		{Customer: mueller, Plan: "Filterabo", Tenure: new(int64(1)), Churned: true, ObservedUntil: new(clock.NewDay(2025, 3, 1))},
		{ExternalID: "V3", Customer: gone, Plan: "Wartung", Started: new(clock.NewDay(2024, 2, 1)), Reason: "Wilhelmine zieht weg"},
	})
	if err != nil {
		return err
	}
	return contract.Announce(ctx, tx, w.News)
}

func (s *shop) path(name string) string { return fmt.Sprintf("/customers/%d", s.ids[name]) }

func TestEveryPageKeepsTheRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := fill(t, db)
		var emailID, phoneID, addressID, contactID int64
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			w, err := customer.Load(ctx, tx, s.ids["Anneliese Müller"])
			if err != nil {
				return err
			}
			emailID, phoneID, addressID, contactID = w.Emails[0].ID, w.Phones[0].ID, w.Addresses[0].ID, w.Companies[0].ID
			return nil
		})
		at := s.path("Anneliese Müller")
		examples := map[string]string{
			"/customers": "/customers?columns=country&columns=value&columns=number&kind=person&mail=yes", "/customers/{id}": at, "/customers/{id}/documents": at + "/documents",
			"/customers/{id}/figures": at + "/figures", "/customers/{id}/data": at + "/data", "/customers/{id}/edit": at + "/edit", "/customers/{id}/tags": at + "/tags",
			"/customers/{id}/note": at + "/note", "/customers/{id}/erase": at + "/erase",
			"/customers/{id}/email/new": at + "/email/new", "/customers/{id}/email/{row}": fmt.Sprintf("%s/email/%d", at, emailID),
			"/customers/{id}/phone/new": at + "/phone/new", "/customers/{id}/phone/{row}": fmt.Sprintf("%s/phone/%d", at, phoneID),
			"/customers/{id}/address/new": at + "/address/new", "/customers/{id}/address/{row}": fmt.Sprintf("%s/address/%d", at, addressID),
			"/customers/{id}/contact/new": at + "/contact/new?q=sonne", "/customers/{id}/contact/{row}": fmt.Sprintf("%s/contact/%d", at, contactID),
			"/documents/{id}": fmt.Sprintf("/documents/%d", s.docs["B-5"]), "/products/{id}": s.product(t, "KB-1"),
			"/login/{token}": "", "/invitation/{token}": "", "/password/{token}": "", "/imports/{id}": "",
		}
		s.Walk(t, examples)
		c := s.As(auth.Admin)
		for _, address := range []string{"/customers?q=mueler", "/customers?country=AT&owner=1&tag=x&excluded=any&sort=-since", "/customers?after=1", at + "?show=changes", at + "?show=notes", at + "?show=events",
			s.path("Café Sonnenschein GmbH"), s.path("formula"), s.path("formula") + "/figures", s.path("Wilhelmine Vergessen"), s.path("Wilhelmine Vergessen") + "/data",
			s.path("Wilhelmine Vergessen") + "/figures", fmt.Sprintf("/documents/%d", s.docs["R-1"]), fmt.Sprintf("/documents/%d", s.docs["RE-1"]), fmt.Sprintf("/documents/%d", s.docs["B-9"]),
			fmt.Sprintf("/documents/%d", s.docs["B-8"]), "/customers/new?kind=company", fmt.Sprintf("%s/contact/new?other=%d", at, s.ids["Café Sonnenschein GmbH"])} {
			for _, lang := range []string{"de", "en"} {
				got := c.Speak(lang).Get(address)
				if got.Status != http.StatusOK {
					t.Errorf("%s: status %d: %.300s", address, got.Status, webtest.Words(got.Body))
				}
				for _, problem := range webtest.Problems(got, lang) {
					t.Errorf("%s in %s: %s", address, lang, problem)
				}
			}
		}
		for _, address := range []string{"/customers/999999", "/customers/x", "/documents/999999", at + "/email/999999", at + "/contact/999999", "/customers/999999/figures"} {
			if got := c.Get(address); got.Status != http.StatusNotFound {
				t.Errorf("%s: status %d, want 404", address, got.Status)
			}
		}
	})
}

// product adds a product that Anneliese Müller bought on two days and gave back once, and returns its address.
func (s *shop) product(t *testing.T, sku string) string {
	t.Helper()
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := product.Upsert(ctx, tx, 0, []*product.Product{{SKU: sku, Name: "Hafenröstung <b>injected</b>", Category: "Kaffee", Price: new(int64(12_500_000)), Cost: new(int64(5_000_000)), Currency: "EUR", Active: true}})
		return err
	})
	var id int64
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		all, err := product.List(ctx, tx, sku, "", 1)
		id = all[0].ID
		return err
	})
	of := func(pieces, euros int64) document.Line {
		l := line("Hafenröstung", pieces, euros)
		l.Product = id
		return l
	}
	s.put(document.Order, sku+"-1", s.ids["Anneliese Müller"], 60, "", of(4, 12))
	s.put(document.Order, sku+"-2", s.ids["Anneliese Müller"], 20, "", of(1, 12))
	s.put(document.Order, sku+"-3", 0, 10, "", of(5, 12))
	s.put(document.Order, sku+"-4", s.ids["formula"], 10, "", of(50, 12)) // a reseller counts nowhere
	s.put(document.Return, sku+"-5", s.ids["Anneliese Müller"], 50, sku+"-1", of(-1, 12))
	s.catchUp()
	return fmt.Sprintf("/products/%d", id)
}

func TestAProductTellsWhoBuysItAndWhichOrdersStandBehindIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := fill(t, db)
		at := s.product(t, "KB-9")
		c := s.As(auth.Viewer).Speak("de")
		got := webtest.Words(c.Get(at).Body)
		for _, want := range []string{"KB-9", "120,00 €", "aus 3 Käufen", "100,0 %", "1 von 1 Kunden", "10,0 %", "60,00 €", "7,50 € (60 %)", "Bestellung KB-9-3", "niemand bekannt"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing: %s", want, got)
			}
		}
		if strings.Contains(got, "KB-9-4") {
			t.Error("the order of a reseller stands there")
		}
		rows := strings.Count(c.Get(at+".csv").Body, "\r\n")
		if rows != 4 {
			t.Errorf("%d lines in the file, want a head and three orders", rows)
		}
		if got := c.Get("/products/999999"); got.Status != http.StatusNotFound {
			t.Errorf("a product that is none: status %d", got.Status)
		}
		box := c.With("HX-Request", "true").Get("/search?q=hafenr")
		if !strings.Contains(box.Body, at) {
			t.Errorf("the search box does not lead to the product: %s", box.Body)
		}
		if got := c.Get(fmt.Sprintf("/documents/%d", s.docs["KB-9-1"])); !strings.Contains(got.Body, at) {
			t.Error("the order does not lead to the product")
		}
	})
}

func TestTheOverviewSaysWhatMatters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := fill(t, db)
		c := s.As(auth.Viewer)
		got := webtest.Words(c.Get(s.path("Anneliese Müller")).Body)
		for _, want := range []string{"Anneliese Müller", "Einkauf", "Café Sonnenschein GmbH", "Kunde seit 12.03.2021", "Graz", "Bestellung B-5", "Retoure R-1", "Mag es dunkel.", "Zum Newsletter angemeldet",
			"Rückruf", "alle 35 Tage", "seit 100 Tagen still", "125,00", "225,00", "25,00", "RFM", "ABC", "Geändert: Sprache", "Österreich", "anneliese@example.com", "Hauptplatz 1",
			"Verträge", "01.02.2023 bis 31.01.2024", "Zu laut.", "seit 01.02.2024", "7 Monate bis 01.03.2025", "nach 1 Monat beendet", "Vertrag begonnen", "Vertrag beginnt am 01.02.2024", "Vertrag endet am 31.01.2024"} {
			if !strings.Contains(strings.ReplaceAll(got, " ", " "), want) {
				t.Errorf("the overview lacks %q: %s", want, got)
			}
		}
		if strings.Contains(got, "Bearbeiten") {
			t.Error("a viewer is offered to edit")
		}
		if got := webtest.Words(c.Get(s.path("Café Sonnenschein GmbH")).Body); !strings.Contains(got, "seit 26 Tagen überfällig") || !strings.Contains(got, "Rechnung RE-1") {
			t.Errorf("the open invoice is not told: %s", got)
		}
		if got := webtest.Words(c.Get(s.path("Wilhelmine Vergessen")).Body); strings.Contains(got, "Vergessen") || strings.Contains(got, "zieht weg") || !strings.Contains(got, "Wartung") || !strings.Contains(got, "Bestellung B-10") {
			t.Errorf("of an erased customer stands: %s", got)
		}
		if got := c.Get(s.path("Annelise Mueller")); got.Location != s.path("Anneliese Müller") {
			t.Errorf("a merged customer leads to %q (status %d)", got.Location, got.Status)
		}
		if got := webtest.Words(c.Get(fmt.Sprintf("/documents/%d", s.docs["R-1"])).Body); !strings.Contains(got, "nimmt zurück") || !strings.Contains(got, "Bestellung B-5") {
			t.Errorf("the return does not lead to its order: %s", got)
		}
	})
}

func TestTheListIsSearchedFilteredAndPaged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := fill(t, db)
		for i := range 60 {
			s.add(customer.Draft{Fields: customer.Fields{"first_name": "Paul", "last_name": fmt.Sprintf("Zacharias %02d", i), "country": "CH"}})
		}
		s.catchUp()
		c := s.As(auth.Viewer)
		for address, want := range map[string]string{
			"/customers?q=mueller": "Anneliese Müller", "/customers?q=Mülelr": "Anneliese Müller", "/customers?q=anneliese@": "Anneliese Müller", "/customers?q=K-1001": "Anneliese Müller",
			"/customers?q=sonnensch": "Café Sonnenschein GmbH", "/customers?country=AT": "Anneliese Müller", "/customers?tag=Stammkundin": "Anneliese Müller", "/customers?kind=company": "Café",
			"/customers?q=mueller&country=AT": "Anneliese Müller", "/customers?excluded=reseller": "=cmd", "/customers?mail=yes": "Anneliese Müller",
			"/customers?country=CH": "60 Kunden passen",
		} {
			if got := webtest.Words(c.Get(address).Body); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q: %s", address, want, got)
			}
		}
		if got := webtest.Words(c.Get("/customers?q=mueller&country=CH").Body); strings.Contains(got, "Anneliese") {
			t.Errorf("a search ignores the filter: %s", got)
		}
		seen := 0
		for address := "/customers?country=CH"; address != ""; {
			body := c.Get(address).Body
			seen += strings.Count(body, `class="s-row-link"`)
			_, rest, more := strings.Cut(body, `rel="next" href="`)
			address = ""
			if more {
				address, _, _ = strings.Cut(rest, `"`)
				address = strings.ReplaceAll(address, "&amp;", "&")
			}
		}
		if seen != 60 {
			t.Errorf("paging shows %d of 60", seen)
		}
		csv := c.Get("/customers.csv").Body
		if n := strings.Count(csv, "\r\n"); n != 65 {
			t.Errorf("the CSV has %d lines, want 65", n)
		}
		if !strings.Contains(csv, `'=cmd|`) {
			t.Errorf("a formula is not disarmed: %s", csv)
		}
		box := c.With("HX-Request", "true").Get("/search?q=sonnenshein")
		if !strings.Contains(box.Body, s.path("Café Sonnenschein GmbH")) {
			t.Errorf("the search box finds %s", box.Body)
		}
		if got := s.As(auth.Viewer).Get("/search?q=abc"); got.Location != "/customers?q=abc" {
			t.Errorf("without a script the search box leads to %q", got.Location)
		}
	})
}

func TestAnEmptyCompanyIsTaughtTheFirstStep(t *testing.T) {
	s := open(t, sqlite(t))
	if got := s.As(auth.Admin).Get("/customers"); !strings.Contains(got.Body, `href="/imports/new"`) {
		t.Errorf("no way to the import: %s", webtest.Words(got.Body))
	}
	if got := s.As(auth.Viewer).Get("/customers"); strings.Contains(got.Body, `href="/imports/new"`) {
		t.Error("a viewer is sent to the import")
	}
	if got := s.As(auth.Viewer).Get("/products"); got.Status != http.StatusOK {
		t.Errorf("products: status %d", got.Status)
	}
}

func TestSomebodyIsAddedChangedAndErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := fill(t, db)
		c := s.As(auth.Admin)
		bad := c.Post("/customers/new", url.Values{"kind": {"person"}, "first_name": {"Berta"}, "email": {"no mail"}, "city": {"Bremen"}})
		if bad.Status != http.StatusUnprocessableEntity || !strings.Contains(bad.Body, `value="Berta"`) || !strings.Contains(bad.Body, `value="Bremen"`) || !strings.Contains(bad.Body, "f-email-error") {
			t.Errorf("bad input: status %d: %s", bad.Status, webtest.Words(bad.Body))
		}
		if got := c.Post("/customers/new", url.Values{"kind": {"person"}}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("nobody at all: status %d", got.Status)
		}
		added := c.Post("/customers/new", url.Values{"kind": {"person"}, "first_name": {"Berta"}, "last_name": {"Beispiel"}, "email": {"berta@example.com"}, "phone": {"040 123456"}, "city": {"Bremen"}, "country": {"DE"}})
		at := added.Location
		if added.Status != http.StatusSeeOther || !strings.HasPrefix(at, "/customers/") {
			t.Fatalf("adding: status %d to %q: %s", added.Status, at, webtest.Words(added.Body))
		}
		see := func(want ...string) {
			t.Helper()
			got := webtest.Words(c.Get(at).Body) + webtest.Words(c.Get(at+"/data").Body)
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("the page lacks %q: %s", w, got)
				}
			}
		}
		see("Berta Beispiel", "berta@example.com", "Bremen")
		form := url.Values{"first_name": {"Berta"}, "last_name": {"Neumann"}, "country": {"CH"}, "excluded": {"internal"}, "birthday": {"1980-02-29"}, "custom.roast": {"hell"}}
		c.Follow(at+"/edit", form)
		see("Berta Neumann", "Schweiz", "intern", "29.02.1980", "hell", "Beispiel")
		if got := c.Post(at+"/edit", url.Values{"last_name": {"X"}, "seen": {"12345"}}); got.Status != http.StatusConflict || !strings.Contains(got.Body, `value="X"`) {
			t.Errorf("a change on old ground: status %d", got.Status)
		}
		for _, step := range []struct {
			part string
			form url.Values
			want string
			bad  url.Values
		}{
			{"email", url.Values{"email": {"neu@example.com"}, "type": {"work"}, "main": {"1"}}, "neu@example.com", url.Values{"email": {"neu@"}}},
			{"phone", url.Values{"phone": {"+49 421 123456"}, "until": {"2030-01-31"}}, "31.01.2030", url.Values{"phone": {"abc"}, "type": {"fax"}}},
			{"address", url.Values{"line1": {"Am Wall 1"}, "city": {"Bremen"}, "type": {"shipping"}}, "Am Wall 1", url.Values{"region": {"HB"}, "from": {"2026-02-31"}, "line1": {"x"}}},
			{"contact", url.Values{"other": {fmt.Sprint(s.ids["Café Sonnenschein GmbH"])}, "role": {"Barista"}}, "Barista", url.Values{"other": {fmt.Sprint(s.ids["Café Sonnenschein GmbH"])}, "from": {"2026-02-01"}, "until": {"2026-01-01"}}},
		} {
			if got := c.Post(at+"/"+step.part+"/new", step.bad); got.Status != http.StatusUnprocessableEntity {
				t.Errorf("bad %s: status %d: %s", step.part, got.Status, webtest.Words(got.Body))
			}
			c.Follow(at+"/"+step.part+"/new", step.form)
			see(step.want)
		}
		c.Follow(at+"/tags", url.Values{"tags": {"eins, zwei"}})
		see("eins", "zwei")
		if got := c.Follow(at+"/tags", url.Values{"tags": {"zwei"}}).Body; strings.Contains(got, "tag=eins") || !strings.Contains(got, "tag=zwei") {
			t.Errorf("the tag stays: %s", webtest.Words(got))
		}
		if got := c.Post(at+"/note", url.Values{"text": {" "}}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("an empty note: status %d", got.Status)
		}
		noted := c.Follow(at+"/note", url.Values{"text": {"Bitte nur vormittags anrufen."}})
		see("vormittags")
		seq := between(noted.Body, `name="seq" value="`, `"`)
		if got := webtest.Words(c.Follow(at+"/undo", url.Values{"seq": {seq}}).Body); strings.Contains(got, "Notiz: Bitte") {
			t.Errorf("undo leaves the note: %s", got)
		}
		if got := c.Post(s.path("Anneliese Müller")+"/undo", url.Values{"seq": {seq}}); got.Status != http.StatusNotFound {
			t.Errorf("undo of somebody else's change: status %d", got.Status)
		}
		see("Berta Neumann")
		for _, role := range []auth.Role{auth.Viewer, auth.Agent} {
			if got := s.As(role).Post(at+"/erase", nil); got.Status != http.StatusForbidden {
				t.Errorf("%s erases: status %d", role, got.Status)
			}
		}
		if got := s.As(auth.Viewer).Post(at+"/note", url.Values{"text": {"x"}}); got.Status != http.StatusForbidden {
			t.Errorf("a viewer writes: status %d", got.Status)
		}
		if got := webtest.Words(c.Follow(at+"/erase", nil).Body); strings.Contains(got, "Berta") {
			t.Errorf("erased, and yet: %s", got)
		}
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			queued, err := jobs.List(ctx, tx, jobs.Filter{State: jobs.Queued, Limit: 10})
			if len(queued) != 1 || queued[0].Kind != privacy.CompactJob {
				t.Errorf("after an erasure wait the jobs %+v, not the one that compacts the warehouse", queued)
			}
			return err
		})
		if got := c.Get(at + "/edit"); got.Status != http.StatusConflict {
			t.Errorf("an erased customer is edited: status %d", got.Status)
		}
	})
}

func TestAnAddedCustomerIsTakenBackUnlessUsed(t *testing.T) {
	s := open(t, sqlite(t))
	c := s.As(auth.Agent)
	added := c.Post("/customers/new", url.Values{"kind": {"company"}, "name": {"Irrtum AG"}})
	seq := between(c.Get(added.Location).Body, `name="seq" value="`, `"`)
	id := strings.TrimPrefix(added.Location, "/customers/")
	var n int64
	fmt.Sscan(id, &n)
	s.put(document.Order, "B-1", n, 1, "", line("Kaffee", 1, 10))
	if got := c.Follow(added.Location+"/undo", url.Values{"seq": {seq}}); !strings.Contains(got.Body, "Irrtum AG") {
		t.Error("a customer with an order was taken back")
	}
	added = c.Post("/customers/new", url.Values{"kind": {"company"}, "name": {"Irrtum KG"}})
	seq = between(c.Get(added.Location).Body, `name="seq" value="`, `"`)
	if got := c.Post(added.Location+"/undo", url.Values{"seq": {seq}}); got.Location != "/customers" {
		t.Errorf("undo leads to %q (status %d)", got.Location, got.Status)
	}
	if got := c.Get(added.Location); got.Status != http.StatusNotFound {
		t.Errorf("the customer is still there: status %d", got.Status)
	}
}

func between(text, before, after string) string {
	_, rest, found := strings.Cut(text, before)
	if !found {
		return ""
	}
	inside, _, _ := strings.Cut(rest, after)
	return inside
}
