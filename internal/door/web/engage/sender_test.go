package engage_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/message/email"
	"stamm/internal/door/portal"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

// noDNS is a resolver without an answer.
type noDNS struct{}

func (noDNS) LookupTXT(context.Context, string) ([]string, error)  { return nil, notFound }
func (noDNS) LookupMX(context.Context, string) ([]*net.MX, error)  { return nil, notFound }
func (noDNS) LookupHost(context.Context, string) ([]string, error) { return nil, notFound }

var notFound = &net.DNSError{Err: "no such host", IsNotFound: true}

// office is a site on which mails can be set up.
func office(t *testing.T, db *store.DB) (*webtest.Site, *email.Vault) {
	t.Helper()
	vault, err := email.NewVault(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return webtest.New(t, db, engage.Area(engage.Deps{Vault: func() (*email.Vault, error) { return vault, nil }, Resolver: noDNS{}})), vault
}

// greeter is a relay that takes everything.
func greeter(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			fmt.Fprint(conn, "220 here\r\n")
			lines, text := bufio.NewScanner(conn), false
			for lines.Scan() {
				switch line := lines.Text(); {
				case text && line != ".":
					continue
				case line == "DATA":
					text = true
					fmt.Fprint(conn, "354 go on\r\n")
				default:
					text = false
					fmt.Fprint(conn, "250 queued as <b>injected</b>\r\n")
				}
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// TestTheAssistantAsksTheDomainOfLinksForWhatOnlyThisInstallationKnows: what it waits for is what the public pages answer.
func TestTheAssistantAsksTheDomainOfLinksForWhatOnlyThisInstallationKnows(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	public := portal.New(portal.Deps{DB: db, Hits: &hit.Counter{DB: db}})
	asked := map[string]int{}
	reach := func(ctx context.Context, domain, path, want string) email.Reach {
		w := httptest.NewRecorder()
		public.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "https://"+domain+path, nil))
		asked[path]++
		if domain != "links.roesterei.example" || w.Code != 200 || w.Body.String() != want || want == "" {
			t.Errorf("%s%s answers %d %q, and the assistant wants %q", domain, path, w.Code, w.Body, want)
			return email.ReachOther
		}
		return email.ReachHere
	}
	vault, err := email.NewVault(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := webtest.New(t, db, engage.Area(engage.Deps{Vault: func() (*email.Vault, error) { return vault, nil }, Resolver: someDNS{}, Reach: reach}))
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := email.SaveSender(ctx, tx, vault, &email.Sender{Name: "Haus", Address: "moin@roesterei.example", TrackingDomain: "links.roesterei.example"})
		return err
	})
	c := s.As(auth.Admin).Speak("de")
	for range 2 {
		if words := webtest.Words(c.Get("/engage/senders/1/check").Body); !strings.Contains(words, "links.roesterei.example führt hierher, auch über HTTPS.") {
			t.Errorf("the assistant says:\n%s", words)
		}
	}
	if len(asked) != 2 {
		t.Errorf("asked %v: each time something nobody has heard before", asked)
	}
	for _, question := range []string{"", strings.Repeat("x", 65)} {
		w := httptest.NewRecorder()
		public.ServeHTTP(w, httptest.NewRequest("GET", hit.PathHere+question, nil))
		if w.Code != 404 {
			t.Errorf("%q is answered with %d", question, w.Code)
		}
	}
}

// someDNS knows every host, and nothing else.
type someDNS struct{ noDNS }

func (someDNS) LookupHost(context.Context, string) ([]string, error) {
	return []string{"192.0.2.1"}, nil
}

func TestEveryPageOfDeliveryKeepsTheHouseRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, vault := office(t, db)
		var sender, relay, mailbox int64
		s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
			if sender, err = email.SaveSender(ctx, tx, vault, &email.Sender{Name: "<b>injected</b>", Address: "moin@roesterei.example", KeyKind: email.RSA}); err != nil {
				return err
			}
			r := email.NewRelay()
			r.Name, r.Host, r.WarmFrom = "<b>injected</b> Relay", "smtp.example", 50
			if relay, err = email.SaveRelay(ctx, tx, vault, r); err != nil {
				return err
			}
			m := email.NewMailbox()
			m.Host, m.Login, m.Password = "imap.example", "<b>injected</b>", "geheim"
			if mailbox, err = email.SaveMailbox(ctx, tx, vault, m); err != nil {
				return err
			}
			return email.Record(ctx, tx, email.ParseReturned([]byte("From: MAILER-DAEMON@x.example\r\nX-Failed-Recipients: <b>injected</b>@y.example\r\n\r\n550 <b>injected</b> user unknown\r\n")))
		})
		s.Walk(t, only(s, map[string]string{
			"/engage/senders/{id}": fmt.Sprint("/engage/senders/", sender), "/engage/senders/{id}/check": fmt.Sprint("/engage/senders/", sender, "/check"),
			"/engage/relays/{id}": fmt.Sprint("/engage/relays/", relay), "/engage/mailboxes/{id}": fmt.Sprint("/engage/mailboxes/", mailbox),
		}))
	})
}

func TestARelayIsSetUpTriedAndUsedForATestMail(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	s, _ := office(t, db)
	c := s.As(auth.Admin).Speak("de")
	form := url.Values{"name": {"Haus"}, "host": {"127.0.0.1"}, "port": {greeter(t)}, "security": {"none"}, "weight": {"1"}, "connections": {"2"}, "per_connection": {"x"}, "active": {"1"}}
	if a := c.Post("/engage/relays/new", form); a.Status != 422 || !strings.Contains(a.Body, "Haus") {
		t.Errorf("a wrong number: %d\n%s", a.Status, webtest.Words(a.Body))
	}
	form.Set("per_connection", "10")
	a := c.Follow("/engage/relays/new", form)
	if words := webtest.Words(a.Body); a.Status != 200 || !strings.Contains(words, "Gespeichert") || !strings.Contains(words, "bereit") {
		t.Fatalf("%d\n%s", a.Status, words)
	}
	if words := webtest.Words(c.Follow("/engage/relays/1/test", nil).Body); !strings.Contains(words, "Der Server antwortet") {
		t.Errorf("test of the connection:\n%s", words)
	}
	a = c.Follow("/engage/senders/new", url.Values{"name": {"Rösterei"}, "address": {"moin@roesterei.example"}, "key_kind": {"ed25519"}})
	if words := webtest.Words(a.Body); !strings.Contains(words, "hindern Mails daran") || !strings.Contains(words, "_domainkey.roesterei.example") {
		t.Errorf("the assistant says:\n%s", words)
	}
	if words := webtest.Words(c.Follow("/engage/senders/1/test", nil).Body); !strings.Contains(words, "an „Haus“ übergeben") {
		t.Errorf("test mail:\n%s", words)
	}
	if words := webtest.Words(c.Follow("/engage/limits", url.Values{"name": {"t-online"}, "domains": {"t-online.de, magenta.de"}, "per_minute": {"77"}}).Body); !strings.Contains(words, "77") {
		t.Errorf("limits:\n%s", words)
	}
	if words := webtest.Words(c.Follow("/engage/relays/1/drop", nil).Body); !strings.Contains(words, "Noch kein Versandserver") {
		t.Errorf("dropped:\n%s", words)
	}
}

func TestMailServicesReportByASignedCall(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	s, _ := office(t, db)
	a := s.As(auth.Admin).Post("/engage/hook", nil)
	secret := regexp.MustCompile(`value="([A-Z2-7]{20,})"`).FindStringSubmatch(a.Body)
	if len(secret) != 2 {
		t.Fatalf("no key shown:\n%s", a.Body)
	}
	call := func(key string) int {
		body := `{"type":"bounce","address":"weg@beispiel.example","reason":"550 5.1.1"}`
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(body))
		r := httptest.NewRequest("POST", "/hooks/mail", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(email.HookHeader, "sha256="+hex.EncodeToString(m.Sum(nil)))
		w := httptest.NewRecorder()
		s.Server.ServeHTTP(w, r)
		return w.Code
	}
	if got := call("falsch"); got != 403 {
		t.Errorf("a wrong signature: %d", got)
	}
	if got := call(secret[1]); got != 200 {
		t.Errorf("a right one: %d", got)
	}
	if words := webtest.Words(s.As(auth.Viewer).Speak("de").Get("/engage/returns").Body); !strings.Contains(words, "weg@beispiel.example") || !strings.Contains(words, "unzustellbar: 1") {
		t.Errorf("the list:\n%s", words)
	}
}

func TestWhatCannotBeReadAfterARestoreIsSaidWithThePageWhereItIsEntered(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	s, _ := office(t, db)
	before, err := email.NewVault(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := email.SaveSender(ctx, tx, before, &email.Sender{Name: "Haus", Address: "moin@haus.example", KeyKind: email.Ed25519}); err != nil {
			return err
		}
		m := email.NewMailbox()
		m.Host, m.Login, m.Password = "imap.example", "rueck@haus.example", "geheim"
		_, err := email.SaveMailbox(ctx, tx, before, m)
		return err
	})
	c := s.As(auth.Admin).Speak("de")
	words := webtest.Words(c.Get("/engage/senders").Body)
	for _, want := range []string{"Nicht lesbar", "Passwort des Postfachs rueck@haus.example", "Schlüssel für die Unterschrift von moin@haus.example"} {
		if !strings.Contains(words, want) {
			t.Errorf("the page of delivery does not say %q:\n%s", want, words)
		}
	}
	const unsigned = "Mails gehen ohne Unterschrift hinaus"
	if words := webtest.Words(c.Get("/engage/senders/1/check").Body); !strings.Contains(words, unsigned) {
		t.Errorf("the assistant says:\n%s", words)
	}
	was := webtest.Words(c.Get("/engage/senders/1").Body)
	now := webtest.Words(c.Follow("/engage/senders/1/key", nil).Body)
	if !strings.Contains(was, "Neuen Schlüssel machen") || strings.Contains(now, "Neuen Schlüssel machen") || !strings.Contains(now, "Der neue Schlüssel ist gemacht") {
		t.Errorf("before:\n%s\nafter:\n%s", was, now)
	}
	if selector := regexp.MustCompile(`stamm-[0-9a-f]{6}`); selector.FindString(was) == selector.FindString(now) || selector.FindString(now) == "" {
		t.Errorf("the selector was %s and is %s", selector.FindString(was), selector.FindString(now))
	}
	if words := webtest.Words(c.Get("/engage/senders/1/check").Body); strings.Contains(words, unsigned) {
		t.Errorf("with a new key the assistant says:\n%s", words)
	}
}
