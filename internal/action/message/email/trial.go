package email

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

// Trial is what a relay showed when it was tried.
type Trial struct {
	TLS        string // version of TLS, empty for none
	Pipelining bool
	SMTPUTF8   bool
	MaxSize    int64 // of a mail in bytes, 0 if not said
	Took       time.Duration
	Outcome    message.Outcome // of the test mail; the zero value without one
}

// Try connects to a relay, signs in, and sends a mail if there is one, outside of the ledger, the limits and the pool. sender
// signs it; nil for no signature. What stands in the way is an unavailable fault whose text says what to do.
func Try(ctx context.Context, o Options, r *Relay, sender *Sender, m *message.Mail) (Trial, error) {
	start := time.Now()
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	o.Command, o.Answer = 20*time.Second, 30*time.Second
	password := r.Password
	if password == "" {
		var err error
		if password, err = o.Vault.Open(purposeRelay, r.sealed); err != nil {
			return Trial{}, err
		}
	}
	c, err := dial(ctx, r, password, &o)
	if err != nil {
		return Trial{}, explain(err)
	}
	defer c.quit()
	t := Trial{Pipelining: c.pipelining, SMTPUTF8: c.smtputf8, MaxSize: c.size}
	if secured, ok := c.conn.(*tls.Conn); ok {
		t.TLS = tls.VersionName(secured.ConnectionState().Version)
	}
	if m != nil {
		if t.Outcome, err = sendTrial(c, o.Vault, sender, m); err != nil {
			return t, explain(err)
		}
	}
	t.Took = time.Since(start)
	return t, nil
}

// sendTrial sends a mail that stands in no ledger.
func sendTrial(c *client, v *Vault, sender *Sender, m *message.Mail) (message.Outcome, error) {
	if m.MessageID == "" {
		m.MessageID = strings.ToLower(rand.Text()) + "@" + domainOf(m.From.Address)
	}
	var e Encoder
	raw, err := e.Encode(m)
	if err != nil {
		return message.Outcome{}, err
	}
	if sender != nil && sender.KeyKind != NoKey {
		key, err := v.Open(purposeDKIM, sender.sealed)
		if err != nil {
			return message.Outcome{}, err
		}
		s, err := NewSigner(sender.Domain, sender.Selector, key)
		if err != nil {
			return message.Outcome{}, err
		}
		if raw, err = s.Sign(raw, m.Date); err != nil {
			return message.Outcome{}, err
		}
	}
	from, _ := parseAddress(m.From.Address) // Encode has looked at both
	to, _ := parseAddress(m.To.Address)
	if e.utf8 && !c.smtputf8 {
		return message.Outcome{}, fault.New(fault.Unavailable, "email.no_smtputf8")
	}
	if _, err := c.transact(from, to, e.utf8, raw); err != nil {
		return message.Outcome{}, err
	}
	return message.Outcome{State: message.Sent, Code: 250, Text: c.said()}, nil
}

// TestMail is a mail with which somebody tries whether a sender's mails arrive.
func TestMail(p *i18n.Printer, s *Sender, to mail.Address, now time.Time) *message.Mail {
	return &message.Mail{From: mail.Address{Name: s.Name, Address: s.Address}, ReplyTo: mail.Address{Address: s.ReplyTo}, To: to, Date: now,
		Subject: p.T("email.test.subject", "name", s.Name), Text: p.T("email.test.text", "address", s.Address) + "\n\n-- \n" + s.Imprint + "\n"}
}

// explain says in words what stands in the way.
func explain(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	key, args := "email.try.no_connection", []any(nil)
	var dns *net.DNSError
	var refused refusal
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &refused) && slices.Contains([]int{530, 534, 535, 538}, refused.code):
		key, args = "email.try.login", []any{"answer", refused.Error()}
	case errors.As(err, &refused):
		key, args = "email.try.refused", []any{"answer", refused.Error()}
	case errors.As(err, &dns):
		key = "email.try.no_host"
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid):
		key = "email.try.certificate"
	case errors.Is(err, errNoTLS):
		key = "email.try.no_tls"
	case errors.Is(err, errNoAuth):
		key = "email.try.no_auth"
	case errors.As(err, &record), errors.Is(err, errReply):
		key = "email.try.other_protocol"
	}
	return fault.New(fault.Unavailable, key, args...).Because(err)
}
