package email_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"stamm/internal/action/message/email"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

// zone is what a DNS server on this machine says, by name without a dot at the end.
type zone map[string][]dnsmessage.ResourceBody

func txt(text string) dnsmessage.ResourceBody {
	r := &dnsmessage.TXTResource{}
	for len(text) > 250 {
		r.TXT, text = append(r.TXT, text[:250]), text[250:]
	}
	r.TXT = append(r.TXT, text)
	return r
}

func a(b byte) dnsmessage.ResourceBody { return &dnsmessage.AResource{A: [4]byte{192, 0, 2, b}} }

func mx(host string) dnsmessage.ResourceBody {
	return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(host + ".")}
}

// resolver asks a DNS server with the zone.
func resolver(t *testing.T, z zone) email.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 2000); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer := z.answer(buf[:n]); answer != nil {
				conn.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (z zone) answer(raw []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(raw) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	records, known := z[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		kind := dnsmessage.TypeTXT
		switch r.(type) {
		case *dnsmessage.AResource:
			kind = dnsmessage.TypeA
		case *dnsmessage.MXResource:
			kind = dnsmessage.TypeMX
		}
		if kind == q.Type {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: kind, Class: q.Class, TTL: 60}, Body: r})
		}
	}
	packed, _ := m.Pack()
	return packed
}

// good is a zone in which nothing is wrong, and who is asked about.
func good(t *testing.T) (zone, email.Examine) {
	t.Helper()
	_, record, err := email.NewKey(email.RSA)
	if err != nil {
		t.Fatal(err)
	}
	return zone{
			"roesterei.example":               {mx("mx.roesterei.example")},
			"b.roesterei.example":             {txt("v=spf1 include:spf.versand.example -all"), mx("mx.roesterei.example")},
			"spf.versand.example":             {txt("v=spf1 ip4:198.51.100.0/24 a:smtp.versand.example ~all")},
			"smtp.versand.example":            {a(7)},
			"s1._domainkey.roesterei.example": {txt(record)},
			"_dmarc.roesterei.example":        {txt("v=DMARC1; p=quarantine")},
			"t.roesterei.example":             {a(9)},
			"stamm.roesterei.example":         {a(9)},
		}, email.Examine{
			Sender: &email.Sender{Address: "moin@roesterei.example", Domain: "roesterei.example", ReturnDomain: "b.roesterei.example", TrackingDomain: "t.roesterei.example",
				Imprint: "Rösterei Nord GmbH, Am Hafen 1, 20457 Hamburg", KeyKind: email.RSA, Selector: "s1", PublicRecord: record},
			Relays: []*email.Relay{{Host: "smtp.versand.example", Active: true}}, Mailboxes: []*email.Mailbox{{Host: "imap.roesterei.example", Active: true}},
			Site: "stamm.roesterei.example",
		}
}

func reaches(r email.Reach) func(context.Context, string) email.Reach {
	return func(context.Context, string) email.Reach { return r }
}

// sealedElsewhere is a sender with a key that another vault has sealed.
func sealedElsewhere(t *testing.T, s email.Sender) *email.Sender {
	t.Helper()
	other, err := email.NewVault(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	err = db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
		s.Name, s.Selector = "Rösterei", ""
		id, err := email.SaveSender(t.Context(), tx, other, &s)
		if err != nil {
			return err
		}
		found, err := email.FindSender(t.Context(), tx, id)
		s = *found
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func TestTheAssistantFindsWhatIsWrongAndSaysWhatToSet(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(zone, *email.Examine)
		want   string // the findings that are not good
		record string // the first to set
	}{
		"nothing": {func(zone, *email.Examine) {}, "", ""},
		"no SPF":  {func(z zone, _ *email.Examine) { z["b.roesterei.example"] = z["b.roesterei.example"][1:] }, "spf_none", "b.roesterei.example TXT v=spf1 a:smtp.versand.example ~all"},
		"relay not in SPF": {func(z zone, _ *email.Examine) {
			z["smtp.versand.example"] = []dnsmessage.ResourceBody{a(8)}
			z["spf.versand.example"] = []dnsmessage.ResourceBody{txt("v=spf1 ip4:198.51.100.1 -all")}
		}, "spf_missing", "b.roesterei.example TXT v=spf1 include:spf.versand.example a:smtp.versand.example -all"},
		"relay in the house": {func(_ zone, x *email.Examine) { x.Relays[0].Host = "127.0.0.1" }, "spf_inside", ""},
		"relay in the house, no SPF": {func(z zone, x *email.Examine) {
			x.Relays[0].Host, z["b.roesterei.example"] = "10.0.0.5", z["b.roesterei.example"][1:]
		}, "spf_none spf_inside", ""},
		"two SPF": {func(z zone, _ *email.Examine) {
			z["b.roesterei.example"] = append(z["b.roesterei.example"], txt("v=spf1 -all"))
		}, "spf_several", ""},
		"SPF for everybody": {func(z zone, _ *email.Examine) { z["b.roesterei.example"][0] = txt("v=spf1 +all") }, "spf_everybody", ""},
		"SPF in a circle": {func(z zone, _ *email.Examine) {
			z["spf.versand.example"] = []dnsmessage.ResourceBody{txt("v=spf1 include:b.roesterei.example -all")}
		}, "spf_wrong", ""},
		"no DKIM": {func(z zone, _ *email.Examine) { delete(z, "s1._domainkey.roesterei.example") }, "dkim_none", "s1._domainkey.roesterei.example TXT v=DKIM1"},
		"another DKIM": {func(z zone, _ *email.Examine) {
			z["s1._domainkey.roesterei.example"] = []dnsmessage.ResourceBody{txt("v=DKIM1; p=AAAA")}
		}, "dkim_other", "s1._domainkey.roesterei.example TXT v=DKIM1"},
		"no DMARC": {func(z zone, _ *email.Examine) { delete(z, "_dmarc.roesterei.example") }, "dmarc_none", "_dmarc.roesterei.example TXT v=DMARC1; p=none; rua=mailto:moin@roesterei.example"},
		"DMARC only watches": {func(z zone, _ *email.Examine) {
			z["_dmarc.roesterei.example"] = []dnsmessage.ResourceBody{txt("v=DMARC1; p=none")}
		}, "dmarc_watching", ""},
		"bounces elsewhere": {func(_ zone, x *email.Examine) {
			x.Sender.ReturnDomain, x.Sender.KeyKind = "spf.versand.example", email.NoKey
		}, "dkim_relay not_aligned no_mx", "spf.versand.example MX 10 imap.roesterei.example"},
		"nobody reads them":   {func(_ zone, x *email.Examine) { x.Mailboxes = nil }, "no_mailbox", ""},
		"no answers wanted":   {func(_ zone, x *email.Examine) { x.Sender.ReplyTo = "noreply@roesterei.example" }, "noreply", ""},
		"answers get lost":    {func(_ zone, x *email.Examine) { x.Sender.ReplyTo = "a@nirgends.example" }, "no_replies", ""},
		"links lead nowhere":  {func(z zone, _ *email.Examine) { delete(z, "t.roesterei.example") }, "tracking_none", "t.roesterei.example CNAME stamm.roesterei.example"},
		"links elsewhere":     {func(z zone, _ *email.Examine) { z["t.roesterei.example"] = []dnsmessage.ResourceBody{a(77)} }, "tracking_elsewhere", "t.roesterei.example CNAME stamm.roesterei.example"},
		"links end elsewhere": {func(_ zone, x *email.Examine) { x.Reach = reaches(email.ReachOther) }, "tracking_other", "t.roesterei.example CNAME stamm.roesterei.example"},
		"nobody takes links":  {func(_ zone, x *email.Examine) { x.Reach = reaches(email.ReachSilent) }, "tracking_silent", "t.roesterei.example CNAME stamm.roesterei.example"},
		"mistrusted links":    {func(_ zone, x *email.Examine) { x.Reach = reaches(email.ReachCertificate) }, "tracking_certificate", ""},
		"links at home":       {func(_ zone, x *email.Examine) { x.Reach = reaches(email.ReachPrivate) }, "tracking_private", ""},
		"links by a proxy": {func(z zone, x *email.Examine) {
			z["t.roesterei.example"] = []dnsmessage.ResourceBody{a(77)}
			x.Reach = reaches(email.ReachHere)
		}, "", ""},
		"a sender whose key cannot be read": {func(_ zone, x *email.Examine) { x.Sender, x.Vault = sealedElsewhere(t, *x.Sender), vault(t) }, "dkim_locked", ""},
		"no imprint":                        {func(_ zone, x *email.Examine) { x.Sender.Imprint = "" }, "imprint_none", ""},
		"half an imprint":                   {func(_ zone, x *email.Examine) { x.Sender.Imprint = "Rösterei" }, "imprint_short", ""},
	} {
		t.Run(name, func(t *testing.T) {
			z, x := good(t)
			c.break_(z, &x)
			var got []string
			record := ""
			topics := map[string]bool{}
			for _, f := range email.Check(context.Background(), resolver(t, z), x) {
				topics[f.Topic] = true
				if f.Level != email.Good {
					got = append(got, strings.TrimPrefix(f.Key, "email.check."))
				}
				if f.Record != nil && record == "" {
					record = f.Record.Name + " " + f.Record.Type + " " + f.Record.Value
				}
				for _, lang := range i18n.Languages() {
					p := i18n.For(lang, nil)
					if text := p.T(f.Key, f.Args...); !p.Has(f.Key) || strings.ContainsAny(text, "{}") {
						t.Errorf("%s in %s: %q", f.Key, lang, text)
					}
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			if c.record == "" && record != "" || !strings.HasPrefix(record, c.record) {
				t.Errorf("says to set %q, want %q", record, c.record)
			}
			if len(topics) != 7 {
				t.Errorf("%d topics", len(topics))
			}
		})
	}
}

func TestADNSThatDoesNotAnswerIsSaid(t *testing.T) {
	_, x := good(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, f := range email.Check(ctx, resolver(t, zone{}), x) {
		if f.Topic != "imprint" && f.Key != "email.check.no_dns" {
			t.Errorf("%+v", f)
		}
	}
}
