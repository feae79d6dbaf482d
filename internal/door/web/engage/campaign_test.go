package engage_test

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// press is a site on which campaigns are written; campaign and coupon are there already.
type press struct {
	*webtest.Site
	runner           *campaign.Runner
	campaign, coupon int64
}

func newPress(t *testing.T, db *store.DB) press {
	t.Helper()
	house := warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), segment.Projection(), program.Projection(), hit.Projection())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- house.Follow(ctx, db) }()
	t.Cleanup(func() { stop(); <-done })
	open := func(context.Context) (*warehouse.DB, error) { return house, nil }
	fields := func(context.Context, *store.Tx) (*filter.Catalogue, error) {
		return filter.NewCatalogue("EUR", customer.Projection().Fields, document.Projection().Fields)
	}
	runner := &campaign.Runner{DB: db, House: open, Fields: fields}
	composer := &campaign.Composer{House: open, Site: "https://stamm.example"}
	jobsRunner := jobs.NewRunner(db, jobs.Options{})
	runner.Register(jobsRunner)
	jobsRunner.Start()
	t.Cleanup(func() { jobsRunner.Close(context.Background()) })
	deps := engage.Deps{Campaigns: &engage.Campaigns{Runner: runner, Composer: composer, Inspector: &campaign.Inspector{Runner: runner, Composer: composer}},
		Measure: func(id int64) string { return fmt.Sprint("/programme/", id) },
		Proved: func(_ *page.Request, id int64) (string, error) {
			return fmt.Sprintf("Maßnahme %d brachte 7 €.", id), nil
		},
		Effects: func(*page.Request) (map[int64]ui.Cell, ui.AsOf, error) {
			all := map[int64]ui.Cell{}
			for id := range int64(9) {
				all[id] = ui.Cell{Text: "7 €", Sub: "1 € bis 13 €, nicht sicher", Href: fmt.Sprint("/programme/", id)}
			}
			return all, ui.AsOf{}, nil
		}}
	deps.Planned = func(_ *page.Request, q program.PlanQuestion, segment int64, _ []int64) (int, ui.Anchor, error) {
		share := max(q.Control, 230)
		return share, ui.Anchor{Text: fmt.Sprintf("Von %d sieht man mit %d Promille ab 2 €.", q.Drawn, share), Href: "/programme/plan"}, nil
	}
	p := press{Site: webtest.New(t, db, engage.Area(deps)), runner: runner}
	p.Write(func(ctx context.Context, tx *store.Tx) error {
		for i := range 5 {
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"first_name": fmt.Sprint("Anna", i), "last_name": "<b>injected</b>", "country": "DE", "language": []string{"de", "en"}[i%2]},
				Emails: []customer.Email{{Address: fmt.Sprintf("k%d@example.de", i)}}})
			if err != nil {
				return err
			}
			if _, err := consent.Record(ctx, tx, []consent.Entry{{Customer: e.ID, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: fmt.Sprintf("k%d@example.de", i),
				Evidence: "form", Source: consent.SourcePerson}}); err != nil {
				return err
			}
		}
		gift := &coupon.Coupon{Name: "<b>injected</b>", Kind: coupon.Percent, Value: 10_00}
		if err := coupon.Create(ctx, tx, gift); err != nil {
			return err
		}
		if _, err := coupon.Give(ctx, tx, gift.ID, 0, []int64{1}); err != nil {
			return err
		}
		p.coupon = gift.ID
		c := &campaign.Campaign{Name: "<b>injected</b>", Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{
			"de": {Subject: "<b>injected</b>", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "{{ customer.salutation }} <b>injected</b>"}, {Kind: campaign.Voucher, Coupon: gift.ID}, {Kind: campaign.Products, Pick: campaign.Usual},
				{Kind: campaign.Columns}, {Kind: campaign.Picture, Source: "https://localhost/a.png"}, {Kind: campaign.Button, Text: "x", URL: "https://127.0.0.1/"}, {Kind: campaign.Heading, Text: "y"}, {Kind: campaign.Divider},
				{Kind: campaign.Footer, Text: "Impressum"}}}}}}}
		err := campaign.Create(ctx, tx, c)
		p.campaign = c.ID
		return err
	})
	if err := house.Reach(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p press) at(path string) string { return fmt.Sprintf("/engage/campaigns/%d%s", p.campaign, path) }

func TestEveryPageOfCampaignsKeepsTheHouseRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPress(t, db)
		walked := map[string]string{"/engage/messages/{id}": "", "/engage/customers/{id}": "", "/engage/outbox/{id}": "", "/engage/outbox/{id}/body": "", "/login/{token}": "", "/invitation/{token}": "", "/password/{token}": "",
			"/engage/campaigns/{id}/mail": "", "/engage/calls/{id}": ""}
		for _, path := range []string{"", "/progress", "/settings", "/edit", "/preview", "/check", "/results", "/hits"} {
			walked["/engage/campaigns/{id}"+path] = p.at(path)
		}
		for _, path := range []string{"", "/codes"} {
			walked["/engage/coupons/{id}"+path] = fmt.Sprintf("/engage/coupons/%d%s", p.coupon, path)
		}
		p.Walk(t, walked)
	})
}

func TestACampaignIsWrittenPlayedThroughAndSentByItsPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPress(t, db)
		c := p.As(auth.Marketer).Speak("de")
		made := c.Post("/engage/campaigns", url.Values{"name": {"Herbst"}, "purpose": {"advertising"}, "segment": {"0"}, "language": {"de"}, "when": {"now"}, "control": {"0"}, "window": {"28"}})
		if made.Status != 303 || !strings.HasSuffix(made.Header.Get("Location"), "/edit") {
			t.Fatalf("made: %d %s", made.Status, made.Header.Get("Location"))
		}
		edit := made.Header.Get("Location")
		one := strings.TrimSuffix(edit, "/edit")
		form := url.Values{"variant": {"a"}, "content": {"de"}, "subject": {"Hallo {{ customer.first_name }}"}, "block": {"0", "1"}, "kind.0": {"text"}, "text.0": {"{{ customer.salutation }}"}, "kind.1": {"footer"}, "text.1": {"Impressum"}, "do": {"add:button"}}
		if got := c.Post(edit, form); got.Status != 303 {
			t.Fatalf("a block more: %d %s", got.Status, got.Body)
		}
		page := c.Get(edit).Body
		if !strings.Contains(page, `name="kind.1" value="button"`) || !strings.Contains(page, `name="kind.2" value="footer"`) {
			t.Errorf("the button does not stand before the footer")
		}
		form["block"], form["do"] = []string{"0", "2"}, []string{"down:0"}
		form["kind.2"], form["text.2"] = []string{"footer"}, []string{"Impressum"}
		live := p.As(auth.Marketer).Speak("de").With("HX-Request", "true").Post(edit, form)
		if live.Status != 200 || strings.Contains(live.Body, "<html") || !strings.Contains(live.Body, `name="kind.0" value="footer"`) {
			t.Errorf("moved: %d %s", live.Status, live.Body)
		}
		stale := url.Values{"variant": {"a"}, "content": {"de"}, "version": {"1"}, "do": {"save"}}
		if got := c.Post(edit, stale); got.Status != 409 {
			t.Errorf("an old version: %d", got.Status)
		}
		mail := c.Get(one + "/mail?customer=1")
		if policy := mail.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script") || !strings.Contains(mail.Body, "Guten Tag Anna0") || strings.Contains(mail.Body, "<b>injected") {
			t.Errorf("%s %s", policy, mail.Body)
		}
		if got := c.Post(one+"/flow", url.Values{"do": {"go"}}); got.Status != 303 {
			t.Errorf("go: %d", got.Status)
		}
		if words := webtest.Words(c.Get(one).Body); !strings.Contains(words, "bis dahin lässt sie sich aufhalten") {
			t.Errorf("%s", words)
		}
		c.Post(one+"/flow", url.Values{"do": {"stop"}})
		if words := webtest.Words(c.Get(one).Body); !strings.Contains(words, "nichts verlässt das Haus") {
			t.Errorf("%s", words)
		}
		if got := c.Post(one+"/test", url.Values{"customer": {"1"}}); got.Status != 303 {
			t.Errorf("test: %d %s", got.Status, got.Body)
		}
		p.Read(func(ctx context.Context, tx *store.Tx) error {
			ms, err := message.List(ctx, tx, message.Filter{Limit: 10})
			if err != nil || len(ms) != 1 || ms[0].Kind != message.KindAPI || ms[0].State != message.Queued {
				t.Errorf("the test is %+v, %v", ms, err)
			}
			return nil
		})
		if got := p.As(auth.Viewer).Post(one+"/flow", url.Values{"do": {"go"}}); got.Status != 403 {
			t.Errorf("a viewer sends: %d", got.Status)
		}
	})
}

func TestACampaignThatIsOverSaysWhatItBrought(t *testing.T) {
	p := newPress(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	var over campaign.Campaign
	p.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		day := clock.DayOf(tx.Now, time.UTC).AddDays(-60)
		over = campaign.Campaign{Name: "Frühling", Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000,
			Contents: map[string]*campaign.Content{"de": {Subject: "Hallo", Blocks: []campaign.Block{{Kind: campaign.Footer, Text: "Impressum"}}}}}}}
		m := program.Measure{Name: over.Name, Start: day, End: day, Control: 100, Window: 28, Arms: []program.Arm{{Name: "a", Share: 1000}}}
		if over.Measure, err = program.Adopt(ctx, tx, m); err != nil {
			return err
		}
		if err := campaign.Adopt(ctx, tx, &over, 2); err != nil {
			return err
		}
		_, err = message.Adopt(ctx, tx, over.Measure, consent.Email, []message.Past{{Customer: 1, Arm: "a", Address: "k0@example.de", Basis: consent.Consent, Day: day, Kind: campaign.Kind, Subject: over.ID},
			{Customer: 2, Arm: program.Control, Address: "k1@example.de", Basis: consent.Consent, Day: day, Kind: campaign.Kind, Subject: over.ID}})
		return err
	})
	one, said := fmt.Sprint("/engage/campaigns/", over.ID), fmt.Sprintf("Maßnahme %d brachte 7 €.", over.Measure)
	words := webtest.Words(p.As(auth.Marketer).Speak("de").Get(one).Body)
	for _, want := range []string{said, "Gesendet 1", "Nicht gesendet 1", "eine: Deutsch"} {
		if !strings.Contains(words, want) {
			t.Errorf("it does not say %q:\n%s", want, words)
		}
	}
	for _, path := range []string{"/engage/campaigns", "/engage/campaigns.csv"} {
		got := p.As(auth.Marketer).Speak("de").Get(path).Body
		if n := strings.Count(got, "1 € bis 13 €, nicht sicher"); n != 1 || path == "/engage/campaigns" && !strings.Contains(got, fmt.Sprintf(`href="/programme/%d"`, over.Measure)) {
			t.Errorf("%s says %d times what campaigns brought, of which one is over:\n%s", path, n, webtest.Words(got))
		}
	}
	if words := webtest.Words(p.As(auth.Marketer).Speak("de").Get(p.at("")).Body); strings.Contains(words, "brachte 7 €") || !strings.Contains(words, "Verwerfen") {
		t.Errorf("of a draft it says:\n%s", words)
	}
}

func TestTheClicksOfALinkOpenToWhoClickedAsFarAsThatMayBeKnown(t *testing.T) {
	p := newPress(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	var number int64
	p.Write(func(ctx context.Context, tx *store.Tx) error {
		c, err := campaign.Load(ctx, tx, p.campaign)
		if err != nil {
			return err
		}
		links := []hit.Link{{Measure: c.Measure, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Click, Position: 1, Target: "https://shop.example/kaffee"},
			{Measure: c.Measure, Arm: "a", Content: "de", Channel: consent.Email, Kind: hit.Click, Position: 2, Target: "https://shop.example/tee"}}
		var hits []hit.Hit
		for i := range links {
			links[i].Identify()
			for range 2 - i { // by people who may not be known
				hits = append(hits, hit.Hit{At: tx.Now, Link: &links[i], Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
			}
		}
		hits[0].Head = true // a machine
		number = links[0].Number
		if err := hit.Keep(ctx, tx, links); err != nil {
			return err
		}
		if err := hit.Record(ctx, tx, hits); err != nil {
			return err
		}
		_, err = hit.Tell(ctx, tx)
		return err
	})
	m := p.As(auth.Marketer).Speak("en")
	rows := fmt.Sprintf("%s?kind=click&link=%d&by=", p.at("/hits"), number)
	for by, want := range map[hit.By]int{hit.Anybody: 2, hit.People: 1, hit.Readers: 0, hit.Machines: 1} {
		body := m.Get(rows + string(by)).Body
		if got := strings.Count(body, "not kept"); got != want || strings.Contains(body, "shop.example/tee") || !strings.Contains(webtest.Words(body), "The others count in sums only") {
			t.Errorf("by %q it opens %d clicks, want %d:\n%s", by, got, want, webtest.Words(body))
		}
	}
	if csv := m.Get(fmt.Sprintf("%s.csv?kind=click&link=%d&by=people", p.at("/hits"), number)).Body; strings.Count(csv, "\n") != 2 {
		t.Errorf("as CSV: %s", csv)
	}
	var body string
	for range 100 { // until the warehouse has followed
		body = html.UnescapeString(m.Get(p.at("/results")).Body)
		if strings.Contains(body, fmt.Sprintf("by=people&kind=click&link=%d", number)) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for by, want := range map[hit.By]bool{hit.People: true, hit.Machines: true, hit.Readers: false} {
		if strings.Contains(body, fmt.Sprintf("by=%s&kind=click&link=%d", by, number)) != want {
			t.Errorf("that the count by %s opens is not %v", by, want)
		}
	}
}

func TestThePlannerSaysHowManyAreLeftAloneUnlessSomebodyDoes(t *testing.T) {
	p := newPress(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	c := p.As(auth.Marketer).Speak("de")
	if form := c.Get("/engage/campaigns/new").Body; strings.Contains(form, `name="control" value="10"`) || !strings.Contains(webtest.Words(form), "Planer") {
		t.Errorf("a new campaign begins with a share of habit:\n%s", webtest.Words(form))
	}
	settings := func(control string) url.Values {
		return url.Values{"name": {"Herbst"}, "purpose": {"advertising"}, "segment": {"0"}, "language": {"de"}, "when": {"now"}, "window": {"28"}, "outcome": {"net"}, "control": {control}}
	}
	for typed, want := range map[string]string{"": "23,0 %", "35": "35,0 %"} {
		made := strings.TrimSuffix(c.Post("/engage/campaigns", settings(typed)).Location, "/edit")
		words := webtest.Words(c.Get(made).Body)
		if !strings.Contains(words, "Kontrollgruppe "+want) || !strings.Contains(words, "Von 0 sieht man mit "+want[:2]+"0 Promille ab 2 €.") {
			t.Errorf("with %q it says\n%s", typed, words)
		}
	}
	made := strings.TrimSuffix(c.Post("/engage/campaigns", settings("0")).Location, "/edit")
	if words := webtest.Words(c.Get(made).Body); strings.Contains(words, "Promille") || !strings.Contains(words, "Kontrollgruppe 0,0 %") {
		t.Errorf("without a control group it says\n%s", words)
	}
	changed := settings("")
	changed.Set("version", "1")
	c.Post(made+"/settings", changed)
	if words := webtest.Words(c.Get(made).Body); !strings.Contains(words, "Kontrollgruppe 23,0 %") {
		t.Errorf("emptied later it says\n%s", words)
	}
}

func TestACampaignOfCallsSpeaksOfCalls(t *testing.T) {
	p := newPress(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	c := p.As(auth.Marketer).Speak("en")
	made := strings.TrimSuffix(c.Post("/engage/campaigns", url.Values{"name": {"Cafés"}, "channel": {"phone"}, "purpose": {"advertising"}, "segment": {"0"}, "language": {"de"}, "when": {"now"}, "control": {"0"},
		"window": {"28"}}).Location, "/edit")
	var id int64
	fmt.Sscanf(made, "/engage/campaigns/%d", &id)
	before := webtest.Words(c.Get(made).Body)
	if _, err := p.runner.TryNow(context.Background(), store.System(), id); err != nil {
		t.Fatal(err)
	}
	after := webtest.Words(c.Get(made).Body)
	for _, want := range []string{"nobody is called", "A draft run comes before the calls", "without anybody being called"} {
		if !strings.Contains(before, want) {
			t.Errorf("it does not say %q:\n%s", want, before)
		}
	}
	for _, want := range []string{"0 of 5 would be called", "Who would not be called", "no telephone number", "Call At once"} {
		if !strings.Contains(after, want) {
			t.Errorf("it does not say %q:\n%s", want, after)
		}
	}
	for _, never := range []string{"would get it", "Send to", "mail leaves"} {
		if strings.Contains(after, never) {
			t.Errorf("of calls it says %q:\n%s", never, after)
		}
	}
}

func TestApprovalIsAskedForByWhoMaySetThat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPress(t, db)
		if got := p.As(auth.Marketer).Post("/engage/campaigns/approval", url.Values{"is": {"1"}}); got.Status != 403 {
			t.Errorf("a marketer sets it: %d", got.Status)
		}
		c := p.As(auth.Admin).Speak("de")
		c.Post("/engage/campaigns/approval", url.Values{"is": {"1"}})
		if words := webtest.Words(c.Get(p.at("")).Body); !strings.Contains(words, "Freigeben") {
			t.Errorf("%s", words)
		}
	})
}

func TestTheCheckSaysWhatIsWrong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPress(t, db)
		words := webtest.Words(p.As(auth.Marketer).Speak("de").Get(p.at("/check")).Body)
		for _, want := range []string{"liegt in einem eigenen Netz", "Bild hat keinen Text", "eigene Worte ohne Anschrift"} {
			if !strings.Contains(words, want) {
				t.Errorf("without %q: %s", want, words)
			}
		}
		c := p.As(auth.Marketer).Speak("de")
		made := c.Post("/engage/campaigns", url.Values{"name": {"Herbst"}, "purpose": {"advertising"}, "segment": {"0"}, "language": {"de"}, "when": {"now"}, "control": {"0"}, "window": {"28"}})
		if words := webtest.Words(c.Get(strings.TrimSuffix(made.Location, "/edit") + "/check").Body); !strings.Contains(words, "Worte der Vorlage") {
			t.Errorf("of a campaign that nobody wrote (%s) it says %s", made.Location, words)
		}
	})
}

func TestCouponsAreMadeByTheirPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPress(t, db)
		c := p.As(auth.Marketer).Speak("de")
		if got := c.Post("/engage/coupons", url.Values{"name": {"x"}, "kind": {"percent"}, "value": {"viel"}}); got.Status != 422 || !strings.Contains(got.Body, "viel") {
			t.Errorf("%d", got.Status)
		}
		made := c.Post("/engage/coupons", url.Values{"name": {"Winter"}, "kind": {"percent"}, "value": {"12,5"}, "last": {"2026-12-31"}, "once": {"1"}})
		at := made.Header.Get("Location")
		if made.Status != 303 || !strings.Contains(webtest.Words(c.Get(at).Body), "12,5") || !strings.Contains(webtest.Words(c.Get(at).Body), "Alle Codes") {
			t.Fatalf("%d %s", made.Status, at)
		}
		if got := c.Post(at+"/codes", url.Values{"codes": {"3"}}); got.Status != 303 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if list := c.Get(at + "/codes.csv").Body; strings.Count(list, "\n") != 4 {
			t.Errorf("%s", list)
		}
		c.Post(at+"/stop", nil)
		if !strings.Contains(webtest.Words(c.Get(at).Body), "Beendet") {
			t.Error("not ended")
		}
	})
}
