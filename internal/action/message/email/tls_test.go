package email_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// certificate is one for this machine, and whom to trust to believe it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// house is a go-smtp server that wants a login.
type house struct {
	mu    sync.Mutex
	mails []string
}

func (h *house) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{house: h}, nil }

type visit struct {
	house    *house
	signedIn bool
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (v *visit) Auth(mech string) (sasl.Server, error) {
	check := func(_, name, password string) error {
		if name != "konto" || password != "geheim" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "wrong password"}
		}
		v.signedIn = true
		return nil
	}
	if mech == sasl.Plain {
		return sasl.NewPlainServer(check), nil
	}
	return nil, errors.New("not this way")
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if !v.signedIn {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (v *visit) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.house.mu.Lock()
	defer v.house.mu.Unlock()
	v.house.mails = append(v.house.mails, string(text))
	return err
}
func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

func TestMailsGoOverTLSWithALogin(t *testing.T) {
	cert, roots := certificate(t)
	for _, security := range []email.Security{email.ImplicitTLS, email.StartTLS} {
		t.Run(string(security), func(t *testing.T) {
			h := &house{}
			srv := smtp.NewServer(h)
			srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if security == email.ImplicitTLS {
					srv.Serve(tls.NewListener(l, srv.TLSConfig))
				} else {
					srv.Serve(l)
				}
			}()
			t.Cleanup(func() { srv.Close(); <-done })
			db := sqlite(t)
			r := relayTo("sicher", l)
			r.Security, r.Login, r.Password = security, "konto", "geheim"
			s, _ := session(t, db, email.Options{Roots: roots}, r)
			for id := int64(1); id <= 3; id++ {
				if out := s.Send(context.Background(), letter(id)); out.State != message.Sent {
					t.Fatalf("%+v", out)
				}
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.mails) != 3 || !strings.Contains(h.mails[0], "=2Eein Punkt am Anfang") {
				t.Errorf("%d mails arrived: %.500s", len(h.mails), h.mails)
			}
			for name, c := range map[string]struct {
				change func(*email.Relay, *email.Options)
				want   string
			}{
				"good":           {func(*email.Relay, *email.Options) {}, ""},
				"wrong password": {func(r *email.Relay, _ *email.Options) { r.Password = "falsch" }, "email.try.login"},
				"not trusted":    {func(_ *email.Relay, o *email.Options) { o.Roots = nil }, "email.try.certificate"},
				"nobody there":   {func(r *email.Relay, _ *email.Options) { r.Port = 1 }, "email.try.no_connection"},
			} {
				relay, o := *r, email.Options{Vault: vault(t), Roots: roots}
				relay.Password = "geheim"
				c.change(&relay, &o)
				trial, err := email.Try(context.Background(), o, &relay, nil, nil)
				if (err == nil) != (c.want == "") || err != nil && (fault.As(err).Key != c.want || !i18n.For("de", nil).Has(c.want)) {
					t.Errorf("%s: %v", name, err)
				}
				if err == nil && !strings.HasPrefix(trial.TLS, "TLS 1.") {
					t.Errorf("%+v", trial)
				}
			}
		})
	}
}

func TestATrialSendsASignedMailOutsideOfTheLedger(t *testing.T) {
	srv := serve(t, extensions["pipelined"], nil)
	key := &email.Sender{Name: "Rösterei", Address: "moin@roesterei.example", Imprint: "Rösterei Nord"}
	m := email.TestMail(i18n.For("de", nil), key, mail.Address{Address: "ich@roesterei.example"}, time.Now())
	trial, err := email.Try(context.Background(), email.Options{Vault: vault(t)}, relayTo("eins", srv), key, m)
	if err != nil || trial.Outcome.State != message.Sent || !strings.Contains(trial.Outcome.Text, "queued") {
		t.Fatalf("%+v, %v", trial, err)
	}
	if got := readMail(t, []byte(srv.received()[0].text)); !strings.Contains(got.Bodies["text/plain"], "moin@roesterei.example") {
		t.Errorf("%+v", got)
	}
	for answer, want := range map[string]string{"554 go away": "email.try.refused", "HTTP/1.1 400": "email.try.other_protocol"} {
		srv := serve(t, nil, func(c string, _ int) string {
			if c == "GREETING" {
				return answer
			}
			return ""
		})
		if _, err := email.Try(context.Background(), email.Options{Vault: vault(t)}, relayTo("eins", srv), nil, nil); fault.As(err).Key != want {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// FuzzServer lets a server say anything: a mail is only ever said to be sent after an answer that says so.
func FuzzServer(f *testing.F) {
	f.Add([]byte("220 a\r\n250-b\r\n250 PIPELINING\r\n250 c\r\n250 d\r\n354 e\r\n250 f\r\n"))
	f.Add([]byte("220 a\r\n250 b\r\n250 c\r\n250 d\r\n354 e\r\n550 5.1.1 f\r\n"))
	f.Add([]byte("220-\r\n220-x\r\n"))
	f.Fuzz(func(t *testing.T, script []byte) {
		ours, theirs := net.Pipe()
		go func() { // says all at once, and hears everything
			go io.Copy(io.Discard, theirs)
			theirs.Write(script)
			theirs.Close()
		}()
		r := relayTo("eins", nil)
		r.Port = 25
		m := letter(1)
		m.MessageID = "1@x.example"
		o := email.Options{Vault: vault(t), Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
		trial, err := email.Try(context.Background(), o, r, nil, m)
		if err == nil && (trial.Outcome.State != message.Sent || !strings.Contains(string(script), "354")) {
			t.Errorf("%q is taken for a yes: %+v", script, trial)
		}
		ours.Close()
		theirs.Close()
	})
}
