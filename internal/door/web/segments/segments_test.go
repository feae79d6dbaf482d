package segments_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/segments"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
)

func thisDay() clock.Day { return clock.DayOf(time.Now(), time.UTC) }

// fields are what conditions of the test can ask for.
func fields(_ context.Context, _ *store.Tx) (*filter.Catalogue, error) {
	return filter.NewCatalogue("EUR", customer.Projection().Fields, document.Projection().Fields, event.Projection().Fields)
}

func site(t *testing.T, shop *shoptest.Shop) *webtest.Site {
	t.Helper()
	d := segments.Deps{Warehouse: shop.Warehouse, Fields: fields, Patience: warehouse.Forever}
	return webtest.New(t, shop.DB, customers.Area(customers.Deps{Warehouse: shop.Warehouse, Segments: d.Card,
		Pages: []page.Entry{{Text: segments.Title, Href: segments.Path, Permission: auth.ReadCustomers}}}), segments.Area(d))
}

func small(t *testing.T) (*shoptest.Shop, *webtest.Site) {
	t.Helper()
	shop := shoptest.New(t)
	shop.Small(thisDay())
	return shop, site(t, shop)
}

// save makes a segment and returns its address.
func save(t *testing.T, c *webtest.Client, name, text string) string {
	t.Helper()
	got := c.Post("/segments/new", url.Values{"name": {name}, "face": {"text"}, "text": {text}, "do": {"save"}})
	if got.Location == "" {
		t.Fatalf("%s was not saved: status %d: %s", name, got.Status, webtest.Words(got.Body))
	}
	return got.Location
}

// clean checks what every page must keep to and returns its words.
func clean(t *testing.T, got webtest.Answer, language string, status int) string {
	t.Helper()
	if got.Status != status {
		t.Errorf("status %d, want %d: %s", got.Status, status, webtest.Words(got.Body))
	}
	for _, problem := range webtest.Problems(got, language) {
		t.Error(problem)
	}
	return webtest.Words(got.Body)
}

func contains(t *testing.T, words string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in: %s", want, words)
		}
	}
}

func TestPagesKeepToWhatEveryPageKeepsTo(t *testing.T) {
	shop, s := small(t)
	c := s.As(auth.Manager)
	here := save(t, c, "<b>injected</b>", "orders(last 365 d) >= 1")
	save(t, c, "Zweites", `in segment "<b>injected</b>" and revenue > 20 EUR`)
	c.Post(here+"/freeze", url.Values{"name": {"Liste"}})
	shop.CatchUp()
	one := func(address string) string {
		return strings.Replace(address, "{id}", strings.TrimPrefix(here, "/segments/"), 1)
	}
	examples := map[string]string{"/segments/{id}": here + "?with=2", "/segments/{id}/edit": one("/segments/{id}/edit")}
	for _, route := range s.Server.Routes() {
		if _, known := examples[route.Pattern]; !known && !strings.HasPrefix(route.Pattern, "/segments") {
			examples[route.Pattern] = ""
		}
	}
	s.Walk(t, examples)
}

func TestTheListSaysWhomEachSegmentMeans(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Marketer)
	contains(t, clean(t, c.Get("/segments"), "de", 200), "Noch kein Segment", "Fertige Segmente", "Treu")
	save(t, c, "Käufer", "orders >= 1")
	words := clean(t, c.Get("/segments"), "de", 200)
	contains(t, words, "Käufer", "laufend", "40")
	contains(t, clean(t, c.Speak("en").Get("/segments"), "en", 200), "Käufer", "live", "40")
	rows, err := reader(c.Get("/segments.csv").Body).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "Käufer" || rows[1][4] != "40" || rows[1][7] != "orders >= 1" {
		t.Errorf("the file is %q, %v", rows, err)
	}
}

func reader(body string) *csv.Reader {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff")))
	r.Comma = ';'
	return r
}

// form is a builder's form as a browser sends it.
func form(do string, rows ...string) url.Values {
	v := url.Values{"do": {do}, "name": {"Probe"}, "face": {"rows"}}
	for i, row := range rows {
		key := fmt.Sprint(i)
		v.Add("r", key)
		for _, part := range strings.Split(row, "&") {
			name, value, _ := strings.Cut(part, "=")
			v.Add(name+"."+key, value)
		}
	}
	return v
}

// What is clicked together becomes the condition that was meant.
func TestLinesBecomeAConditionAndComeBack(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	for _, test := range []struct {
		want string
		rows []string
	}{
		{"orders(last 365 d) >= 3", []string{"d=0&g=all", "d=1&f=orders&o=>=&v=3&w=last&n=365&u=D"}},
		{"country in (DE, AT) and revenue >= 1500.50 EUR", []string{"d=0&g=all", "d=1&f=country&o=in&v=DE&v=AT", "d=1&f=revenue&o=>=&v=1.500,50"}},
		{`orders >= 1 and not (country = DE or tag = "a b")`, []string{"d=0&g=all", "d=1&f=orders&o=>=&v=1", "d=1&g=none", "d=2&f=country&o=in&v=DE", "d=2&f=tag&o=in&v=a b"}},
		{"at least 2 of (orders >= 1; country = DE; birthday within next 14 d)", []string{"d=0&g=least&k=2", "d=1&f=orders&o=>=&v=1", "d=1&f=country&o=in&v=DE", "d=1&f=birthday&o=within next&an=14&au=D"}},
		{`orders(product = Espresso, since 2026-01-01) >= 1`, []string{"d=0&g=all", "d=1&f=orders&o=>=&v=1&w=since&from=2026-01-01&p=Espresso&p="}},
		{"share(Herbst) < 12.5 %", []string{"d=0&g=all", "d=1&f=share&o=<&v=12,5&p=Herbst"}},
		{"first_order >= today - 30 d", []string{"d=0&g=all", "d=1&t=first_order >= today - 30 d"}},
	} {
		name := "Probe " + test.want
		v := form("save", test.rows...)
		v.Set("name", name[:min(len(name), 60)])
		got := c.Post("/segments/new", v)
		if got.Location == "" {
			t.Errorf("%s: status %d: %s", test.want, got.Status, webtest.Words(got.Body))
			continue
		}
		edit := c.Get(got.Location + "/edit")
		again := sent(t, edit.Body, "builder")
		again.Set("do", "face:text")
		if text := sent(t, c.Post(got.Location+"/edit", again).Body, "builder").Get("text"); text != test.want {
			t.Errorf("the condition is %q, want %q", text, test.want)
		}
	}
}

func TestButtonsChangeTheLines(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	v := form("add:0:orders", "d=0&g=all")
	steps := []struct{ do, want string }{
		{"add:0:country", "orders(last 365 d) >= 1"}, // the country has no value yet and does not count
		{"in:1", "orders(last 365 d) >= 1"},
		{"add:1:revenue", "orders(last 365 d) >= 1"},
		{"drop:3", "orders(last 365 d) >= 1"},
		{"out:2", "orders(last 365 d) >= 1"},
	}
	for _, step := range steps {
		got := c.Post("/segments/new", v)
		clean(t, got, "de", 200)
		contains(t, got.Body, "<code>"+strings.ReplaceAll(step.want, ">", "&gt;")+"</code>")
		v = sent(t, got.Body, "builder")
		v.Set("do", step.do)
	}
}

func TestBoundsTheWrongWayRoundAreSaidBesideTheCount(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager).Speak("en")
	words := clean(t, c.Post("/segments/new", form("refresh", "d=0&g=all", "d=1&f=orders&o=between&v=9&v=5")), "en", 200)
	contains(t, words, "nothing lies between 9 and 5", "Until then the condition does not count")
	words = clean(t, c.Post("/segments/new", form("refresh", "d=0&g=all", "d=1&f=orders&o=between&v=5&v=9")), "en", 200)
	contains(t, words, "Customers who ordered 5 to 9 times")
}

func TestNothingTypedIsLostOnErrors(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	v := form("save", "d=0&g=all", "d=1&f=orders&o=>=&v=drei", "d=1&f=tag&o=contains&v=\"'; DROP TABLE customer; --")
	v.Set("description", "<b>injected</b>")
	got := c.Post("/segments/new", v)
	contains(t, clean(t, got, "de", 422), "„drei“ ist keine Zahl", "noch nicht vollständig")
	again := sent(t, got.Body, "builder")
	if again.Get("v.1") != "drei" || again.Get("v.2") != "\"'; DROP TABLE customer; --" || again.Get("description") != "<b>injected</b>" || again.Get("name") != "Probe" {
		t.Errorf("the form came back as %v", again)
	}
	text := url.Values{"do": {"save"}, "name": {"Probe"}, "face": {"text"}, "text": {"country = DE and ordrs > 3"}}
	got = c.Post("/segments/new", text)
	contains(t, clean(t, got, "de", 422), "ordrs", "Stelle 18", "orders")
	if sent(t, got.Body, "builder").Get("text") != "country = DE and ordrs > 3" {
		t.Errorf("the text came back as %q", sent(t, got.Body, "builder").Get("text"))
	}
	got = c.Speak("en").Post("/segments/new", text)
	contains(t, clean(t, got, "en", 422), "ordrs")
}

func TestConditionsWithoutMeasureAreRefused(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	deep := strings.Repeat("not (", 10_000) + "country = DE" + strings.Repeat(")", 10_000)
	for _, text := range []string{deep, strings.Repeat("country = DE and ", 10_000) + "country = DE", "(a+)+$", "country = '", `in segment "Nichts"`, "revenue > 1/0"} {
		if got := c.Post("/segments/new", url.Values{"do": {"save"}, "name": {"Probe"}, "face": {"text"}, "text": {text}}); got.Status != 422 {
			t.Errorf("%.30s: status %d: %.300s", text, got.Status, webtest.Words(got.Body))
		}
	}
	rows := []string{"d=0&g=all"}
	for i := range 10_000 {
		rows = append(rows, fmt.Sprintf("d=%d&g=any", i+1))
	}
	if got := c.Post("/segments/new", form("save", rows...)); got.Status != 422 {
		t.Errorf("10,000 lines: status %d", got.Status)
	}
	if got := c.Post("/segments/new", form("refresh", "d=-5&f=nothing&o=??&v=1", "d=99999999999999999999&g=wrong", "d=7&f=orders&o=between&v=1")); got.Status != 200 {
		t.Errorf("senseless lines: status %d", got.Status)
	}
}

func TestASegmentShowsItsCustomersAndWhy(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	here := save(t, c, "Käufer", "orders >= 1")
	words := clean(t, c.Get(here), "de", 200)
	contains(t, words, "Käufer", "Kundin 1", "Warum", "Profil", "Index", "Angelegt")
	first := c.Get(here + "?after=1")
	clean(t, first, "de", 200)
	rows, err := reader(c.Get(here + ".csv").Body).ReadAll()
	if err != nil || len(rows) != 41 {
		t.Errorf("the file has %d lines, %v", len(rows), err)
	}
	if strings.Contains(c.Get(here).Body, "<script>alert") {
		t.Error("the name of a customer is not escaped")
	}
}

func TestEachPartOfAProfileOpensToItsCustomers(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	here := save(t, c, "Käufer", "orders >= 1")
	all := c.Get(here).Body
	parts := regexp.MustCompile(`href="[^"]*part=(value%2F[^"&#]*)`).FindAllStringSubmatch(all, -1)
	if len(parts) == 0 {
		t.Fatal("no part of the profile leads to its customers")
	}
	sum := 0
	for _, part := range parts {
		contains(t, clean(t, c.Get(here+"?part="+part[1]), "de", 200), "Gezeigt wird nur ein Teil", "Alle zeigen")
		rows, err := reader(c.Get(here + ".csv?part=" + part[1]).Body).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: the file has %d lines, %v", part[1], len(rows), err)
		}
		sum += len(rows) - 1
	}
	if sum != 40 {
		t.Errorf("the parts have %d customers, want 40", sum)
	}
	contains(t, clean(t, c.Get(here+"?part=nothing%2Fno"), "de", 200), "Niemand gehört dazu")
}

func TestWhatWasDoneCanBeUndone(t *testing.T) {
	shop, s := small(t)
	c := s.As(auth.Marketer)
	here := save(t, c, "Käufer", "orders >= 1")
	got := c.Follow(here+"/change", url.Values{"what": {"tracked"}, "to": {"on"}})
	contains(t, webtest.Words(got.Body), "wird verfolgt", "Rückgängig", "Gekommen und gegangen")
	got = c.Follow(here+"/change", url.Values{"what": {"archived"}, "to": {"on"}})
	undo := sent(t, got.Body, "")
	if got = c.Follow(here+"/undo", url.Values{"change": {undo.Get("change")}}); got.Status != 200 {
		t.Errorf("undo: status %d", got.Status)
	}
	contains(t, webtest.Words(c.Get("/segments").Body), "Käufer")
	got = c.Follow(here+"/freeze", url.Values{"name": {"Liste vom Tag"}})
	contains(t, webtest.Words(got.Body), "eine Liste mit 40 Kunden")
	shop.CatchUp()
	contains(t, webtest.Words(c.Get("/segments").Body), "Liste vom Tag")
	contains(t, webtest.Words(c.Get("/customers/3").Body), "Liste vom Tag")
}

func TestABrokenSegmentSaysSo(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	here := save(t, c, "Alt", "orders >= 1")
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE segment SET condition = '{"field":"custom.gone","is":"=","value":"x"}'`)
		return err
	})
	for _, language := range []string{"de", "en"} {
		words := clean(t, c.Speak(language).Get(here), language, 200)
		contains(t, words, "custom.gone")
		clean(t, c.Get(here+"/edit"), language, 200)
		clean(t, c.Get("/segments"), language, 200)
	}
	if got := c.Get(here + ".csv"); got.Status != 409 {
		t.Errorf("its file: status %d", got.Status)
	}
}

func TestOnlyWhoMayWritesSegments(t *testing.T) {
	_, s := small(t)
	here := save(t, s.As(auth.Marketer), "Käufer", "orders >= 1")
	c := s.As(auth.Viewer)
	words := clean(t, c.Get(here), "de", 200)
	if strings.Contains(words, "Bearbeiten") || strings.Contains(words, "einfrieren") {
		t.Errorf("a viewer sees buttons: %s", words)
	}
	for _, address := range []string{"/segments/new", here + "/edit", here + "/freeze", here + "/change", here + "/undo", "/segments/import"} {
		if got := c.Post(address, nil); got.Status != 403 {
			t.Errorf("POST %s: status %d", address, got.Status)
		}
	}
}

func TestAListIsImportedAndTellsUnknownLines(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager)
	got := c.Post("/segments/import", url.Values{"name": {"Gäste"}, "lines": {"K0001\nK0002\n<b>injected</b>\n"}})
	contains(t, clean(t, got, "de", 422), "2 Kunden sind gefunden", "Zeile 3")
	if sent(t, got.Body, "").Get("lines") == "" {
		t.Error("the lines are lost")
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("name", "Gäste")
	_ = w.WriteField("skip", "1")
	f, _ := w.CreateFormFile("file", "gaeste.csv")
	fmt.Fprint(f, "Kundennummer;Ort\nK0001;Graz\nK0002;Linz\nK9999;Wien\n")
	_ = w.Close()
	r := httptest.NewRequest("POST", "/segments/import", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	got = c.Do(r)
	if got.Location == "" {
		t.Fatalf("status %d: %s", got.Status, webtest.Words(got.Body))
	}
	contains(t, webtest.Words(c.Get(got.Location).Body), "hat 2 Kunden")
	for _, lines := range []string{"", "nobody@example.com", "\x00\x01"} {
		if got := c.Post("/segments/import", url.Values{"name": {"Leer"}, "lines": {lines}}); got.Status != 422 {
			t.Errorf("%q: status %d", lines, got.Status)
		}
	}
}

// Bounds of which one moves with the day and a period that is to come are told, not answered with nobody.
func TestTheBuilderSaysWhatNobodyCanMeet(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager).With("HX-Request", "true").With("HX-Target", "result")
	text := func(condition string) string {
		return webtest.Words(c.Post("/segments/new", url.Values{"face": {"text"}, "text": {condition}}).Body)
	}
	contains(t, text("first_order between today and 2001-01-01"), "vertauscht")
	contains(t, text("orders(since 2999-01-01) = 0"), "40", "beginnt erst am 01.01.2999")
	if words := text("orders(until 2999-01-01) >= 1"); strings.Contains(words, "beginnt erst") {
		t.Error(words)
	}
}

// While somebody types only the result is sent.
func TestTheResultComesAlone(t *testing.T) {
	_, s := small(t)
	c := s.As(auth.Manager).With("HX-Request", "true").With("HX-Target", "result")
	got := c.Post("/segments/new", form("", "d=0&g=all", "d=1&f=orders&o=>=&v=1"))
	if strings.Contains(got.Body, "<form") || !strings.Contains(got.Body, `id="result"`) || !strings.Contains(got.Body, "hx-swap-oob") {
		t.Errorf("the answer is %.400s", got.Body)
	}
	contains(t, webtest.Words(got.Body), "40", "Kundin")
}
