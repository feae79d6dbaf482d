package campaign_test

import (
	"context"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	xhtml "golang.org/x/net/html"

	"stamm/internal/action/campaign"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

var trackedLink = regexp.MustCompile(`https://[a-z.]+/p/[ko]/[A-Za-z0-9_-]+`)

// shown is a letter with a picture, a button, links in the text and an address that says who reads it.
func shown() *campaign.Content {
	return &campaign.Content{Subject: "Herbst", Blocks: []campaign.Block{
		{Kind: campaign.Picture, Source: "https://shop.example/logo.png", Alt: "Laden", URL: "https://shop.example/?a=1&b=2#top"},
		{Kind: campaign.Text, Text: "Zum [Laden](https://shop.example/neu), zu [Ihrem Konto](https://shop.example/konto?wer={{ customer.last_name | url_encode }}) oder an [uns](mailto:hallo@shop.example)."},
		{Kind: campaign.Button, Text: "Kaufen", URL: "https://shop.example/kauf?utm_source=brief"},
		{Kind: campaign.Footer, Text: "Rösterei Berg, [Hamburg](https://stamm.example/p/signup)"}}}
}

// sentMails are the mails in the outbox by the customer they went to.
func (s *shop) sentMails() map[int64]message.Mail {
	s.t.Helper()
	all := map[int64]message.Mail{}
	s.read(func(ctx context.Context, tx *store.Tx) error {
		mails, err := message.Mails(ctx, tx, 0, 1000)
		for _, k := range mails {
			m, err := message.Find(ctx, tx, k.Mail.ID)
			if err != nil {
				return err
			}
			all[m.Customer] = k.Mail
		}
		return err
	})
	return all
}

// deliver sends a campaign with everything that it takes.
func (s *shop) deliver(c *campaign.Campaign, phase campaign.Phase) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
	s.pass(6 * time.Minute)
	s.work(c.ID, campaign.Sending, phase)
	s.sendAll()
}

// agree has a customer consent to being tracked.
func (s *shop) agree(id int64, address string) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := consent.Record(ctx, tx, []consent.Entry{{Customer: id, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Confirmed, Address: address,
			Evidence: "form", Source: consent.SourcePerson}})
		return err
	})
}

// place finds where a link in a mail leads, and of which message it is.
func (s *shop) place(c *hit.Counter, address string) (*hit.Link, int64) {
	s.t.Helper()
	kind, token := hit.Click, address[strings.LastIndexByte(address, '/')+1:]
	if strings.Contains(address, hit.PathOpen) {
		kind = hit.Open
	}
	link, id, err := c.Place(context.Background(), kind, token)
	if err != nil {
		s.t.Fatal(address, err)
	}
	return link, id
}

func TestLinksOfAMailAreCountedAndLeadOn(t *testing.T) {
	each(t, 4, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := email.SaveSender(ctx, tx, nil, &email.Sender{Name: "Rösterei", Address: "post@shop.example", TrackingDomain: "links.shop.example", KeyKind: email.NoKey})
			return err
		})
		c := s.draft(func(c *campaign.Campaign) {
			c.Name, c.Control = "Herbst & Kaffee", 0
			c.Variants[0].Contents = map[string]*campaign.Content{"de": shown()}
			c.Tracking = campaign.Tracking{UTM: true, Medium: "brief"}
		})
		s.agree(1, "kunde0@example.de")
		s.deliver(c, campaign.PhaseDrain)
		mails := s.sentMails()
		counter := &hit.Counter{DB: s.db}
		if err := counter.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer counter.Close(context.Background())
		utm := "utm_medium=brief&utm_campaign=herbst-kaffee&utm_content=a"
		targets := []string{"https://shop.example/?a=1&b=2&utm_source=newsletter&" + utm + "#top", "https://shop.example/neu?utm_source=newsletter&" + utm,
			"https://shop.example/konto?wer=Berg0&utm_source=newsletter&" + utm, "https://shop.example/kauf?utm_source=brief&" + utm}
		for id, mail := range mails {
			var led []string
			known := id == 1
			for _, address := range trackedLink.FindAllString(html.UnescapeString(mail.HTML), -1) {
				if !strings.HasPrefix(address, "https://links.shop.example/p/") {
					t.Errorf("%s is not on the sender's own domain", address)
				}
				link, message := s.place(counter, address)
				if (message != 0) != known || known && message != mail.ID {
					t.Errorf("customer %d: %+v names message %d", id, link, message)
				}
				if link.Kind == hit.Click {
					led = append(led, link.Target)
					if own := strings.Contains(link.Target, "wer="); (link.Customer == id) != own || own && !known {
						t.Errorf("customer %d: %+v", id, link)
					}
				} else if !strings.Contains(mail.HTML, address+`" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0;"></body>`) {
					t.Errorf("the picture is not at the end:\n%s", mail.HTML)
				}
				if link.Kind == hit.Click && !strings.Contains(mail.Text, address) {
					t.Errorf("%s is not in the text part:\n%s", address, mail.Text)
				}
			}
			want := targets
			if !known {
				want = slices.Delete(slices.Clone(targets), 2, 3)
				if !strings.Contains(html.UnescapeString(mail.HTML), "https://shop.example/konto?wer=Berg") {
					t.Errorf("an address of her own is gone:\n%s", mail.HTML)
				}
			}
			if diff := cmp.Diff(want, led); diff != "" {
				t.Errorf("customer %d (-want +got):\n%s", id, diff)
			}
			for _, never := range []string{`"https://shop.example/neu`, "mailto:hallo@shop.example?", "signup?utm"} {
				if strings.Contains(mail.HTML, never) {
					t.Errorf("%s in\n%s", never, mail.HTML)
				}
			}
		}
		if len(mails) != 3 {
			t.Errorf("%d mails", len(mails))
		}
		s.read(func(ctx context.Context, tx *store.Tx) error {
			links, err := hit.LinksOf(ctx, tx, c.Measure, 100)
			if len(links) != 4 { // three of everybody's, and what hits of the own address are counted under
				t.Errorf("%d links are kept: %+v", len(links), links)
			}
			return err
		})
	})
}

func TestACampaignThatCountsNothingStaysAsItWasWritten(t *testing.T) {
	each(t, 3, func(t *testing.T, s *shop) {
		c := s.draft(func(c *campaign.Campaign) {
			c.Control, c.Tracking = 0, campaign.Tracking{Off: true}
			c.Variants[0].Contents = map[string]*campaign.Content{"de": shown()}
		})
		s.deliver(c, campaign.PhaseDrain)
		for _, mail := range s.sentMails() {
			if trackedLink.MatchString(mail.HTML+mail.Text) || !strings.Contains(mail.HTML, `"https://shop.example/neu"`) || strings.Contains(mail.HTML, "utm_medium") {
				t.Errorf("%s", mail.HTML)
			}
		}
	})
}

func TestOwnHTMLChangesOnlyWhereItsLinksLead(t *testing.T) {
	each(t, 2, func(t *testing.T, s *shop) {
		const own = "<TABLE><tr><td align=center>\r\n<!--[if mso]><a href='https://shop.example/outlook'>x</a><![endif]--><A  class=x HREF=https://shop.example/x>neu</A>" +
			"<a href='{{ unsubscribe }}'>Abmelden</a><a href=\"https://shop.example/?a=1&amp;b=2\">b</a><style>a[href='https://shop.example/y']{}</style><img src=https://shop.example/i.png></table>"
		c := s.draft(func(c *campaign.Campaign) {
			c.Control = 0
			c.Variants[0].Contents = map[string]*campaign.Content{"de": {Subject: "x", HTML: own}}
		})
		s.deliver(c, campaign.PhaseDrain)
		for _, mail := range s.sentMails() {
			links := trackedLink.FindAllString(mail.HTML, -1)
			if len(links) != 3 {
				t.Fatalf("%d links in %s", len(links), mail.HTML)
			}
			back := strings.NewReplacer(links[0], "https://shop.example/x", links[1], "https://shop.example/?a=1&amp;b=2", mail.Unsubscribe, "{{ unsubscribe }}").Replace(mail.HTML)
			if want := own + `<img src="` + links[2] + `" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0;">`; back != want {
				t.Errorf("%s\nis not\n%s", back, want)
			}
		}
	})
}

func TestWhatPeopleClickFindsTheWinner(t *testing.T) {
	each(t, 60, func(t *testing.T, s *shop) {
		c := s.draft(func(c *campaign.Campaign) {
			c.Control, c.Winner = 0, campaign.Winner{By: campaign.ByClicks, Test: 600, Hours: 2}
			c.Variants = []campaign.Variant{{Name: "a", Share: 500, Contents: map[string]*campaign.Content{"de": shown()}}, {Name: "b", Share: 500, Contents: map[string]*campaign.Content{"de": shown()}}}
		})
		s.deliver(c, campaign.PhaseTest)
		counter := &hit.Counter{DB: s.db}
		if err := counter.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer counter.Close(context.Background())
		s.pass(time.Minute)
		for _, mail := range s.sentMails() {
			for _, address := range trackedLink.FindAllString(mail.HTML, -1) {
				link, id := s.place(counter, address)
				h := hit.Hit{At: s.db.Now(), Link: link, Message: id, Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
				h.Head = link.Arm == "a" // scanners follow all links of a, people those of b
				if link.Kind == hit.Open || link.Arm == "a" || link.Position == 1 {
					if err := counter.Count(context.Background(), h, "192.0.2.1"); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		s.pass(3 * time.Hour)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		if won := s.load(c.ID).Won; won != "b" {
			t.Errorf("%q won", won)
		}
	})
}

func TestParametersNeverReplaceOthers(t *testing.T) {
	all := [][2]string{{"utm_source", "a b"}, {"utm_medium", "email"}}
	for address, want := range map[string]string{
		"https://x.de":                         "https://x.de?utm_source=a+b&utm_medium=email",
		"https://x.de/?":                       "https://x.de/?utm_source=a+b&utm_medium=email",
		"https://x.de/?a=1&":                   "https://x.de/?a=1&utm_source=a+b&utm_medium=email",
		"https://x.de/?q=ä%20#s?x":             "https://x.de/?q=ä%20&utm_source=a+b&utm_medium=email#s?x",
		"https://x.de/?UTM_Source=z&a":         "https://x.de/?UTM_Source=z&a&utm_medium=email",
		"https://x.de/?utm_source=&utm_medium": "https://x.de/?utm_source=&utm_medium",
	} {
		if got := campaign.WithParameters(address, all); got != want {
			t.Errorf("%s becomes %s, not %s", address, got, want)
		}
	}
}

// hrefs are the addresses of links as an HTML parser finds them.
func hrefs(source string) (all []string) {
	tokens := xhtml.NewTokenizer(strings.NewReader(source))
	for {
		kind := tokens.Next()
		if kind == xhtml.ErrorToken {
			return all
		}
		token := tokens.Token()
		if kind != xhtml.StartTagToken && kind != xhtml.SelfClosingTagToken || token.Data != "a" && token.Data != "area" {
			continue
		}
		for _, a := range token.Attr {
			if a.Key == "href" {
				all = append(all, a.Val)
				break
			}
		}
	}
}

func TestLinksAreFoundWhereAParserFindsThem(t *testing.T) {
	for _, source := range []string{`<a href="x">`, `<A HREF='y' href=z>`, `<area a=b href=q/>`, `<!--<a href=1>--><a href=2>`, `<style><a href=3></style><a href=4>`, `<a title=">" href=5>`, `<abbr href=6>`,
		"<a\nclass = 'b'\thref = \"7\" >", `<a href><a href=8>`, `a < b <a href=9>`, `<title><a href=10></title>`, `<a data-href=11>`, `<a href="12`, `<a href=''>`} {
		var got []string
		campaign.EachHref(source, func(from, to int) { got = append(got, source[from:to]) })
		want := slices.DeleteFunc(hrefs(source), func(address string) bool { return address == "" })
		if got = slices.DeleteFunc(got, func(address string) bool { return address == "" }); !slices.Equal(want, got) {
			t.Errorf("%q: %q, a parser finds %q", source, got, want)
		}
	}
}

func TestLinksOfOurOwnLettersAreFoundByTheirBeginning(t *testing.T) {
	for _, c := range []*campaign.Content{shown(), autumn(), {Subject: "a", Blocks: []campaign.Block{
		{Kind: campaign.Text, Text: "<a href=\"x\"> {% raw %}<a href=\"{{ y }}\">{% endraw %} {{ customer.last_name }} [<a >](https://shop.example/?a=%3Ca%20href)"},
		{Kind: campaign.Picture, Source: "https://shop.example/a.png", Alt: `"><a href="z"`, URL: "https://shop.example/{{ customer.last_name | url_encode }}"},
		{Kind: campaign.Button, Text: `{{ customer.last_name }}<a href="`, URL: "https://shop.example/"}}}} {
		w, err := compile(t, c, "de").Write(reader("de", &customer.Customer{Kind: customer.Person, FirstName: `<a href="1">`, LastName: `"> <a href="2`}))
		if err != nil {
			t.Fatal(err)
		}
		find := func(each func(string, func(from, to int))) (all []string) {
			each(w.HTML, func(from, to int) { all = append(all, w.HTML[from:to]) })
			return all
		}
		if want, got := find(campaign.EachHref), find(campaign.EachOurHref); !slices.Equal(want, got) || len(got) < 3 {
			t.Errorf("%q, all are %q", got, want)
		}
	}
}

func FuzzHrefs(f *testing.F) {
	for _, seed := range []string{`<a href="x">`, `<!--<a href=1>--><a href=2>`, `<style><a href=3></style><a href="4`, `<a title=">" href=5>`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		last := 0
		campaign.EachHref(source, func(from, to int) {
			if from < last || to < from || to > len(source) {
				t.Fatalf("%d to %d after %d of %d", from, to, last, len(source))
			}
			if last = to; strings.ContainsAny(source[from:to], "\"") && strings.ContainsAny(source[from:to], "'") && strings.ContainsAny(source[from:to], " >") {
				t.Errorf("%q cannot be one value", source[from:to])
			}
		})
	})
}

func TestPagesBehindAMailSpeakAsItDoesToReadersOfUnknownLanguage(t *testing.T) {
	each(t, 4, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.Change(ctx, tx, 1, customer.Patch{Fields: customer.Fields{"language": ""}})
			return err
		})
		c := s.draft(func(c *campaign.Campaign) {
			c.Control, c.Language = 0, "en"
			c.Variants[0].Contents = map[string]*campaign.Content{"en": letterOf("Autumn")}
		})
		s.deliver(c, campaign.PhaseDrain)
		hinted := 0
		for _, mail := range s.sentMails() {
			if own := strings.HasSuffix(mail.Unsubscribe, "?m=en"); own != strings.Contains(mail.Text, "Berg0") || own != strings.Contains(mail.HTML, "?m=en") {
				t.Errorf("%s: %s", mail.Unsubscribe, mail.Text)
			} else if own {
				hinted++
			}
		}
		if hinted != 1 {
			t.Errorf("%d mails say which language they are in", hinted)
		}
	})
}
