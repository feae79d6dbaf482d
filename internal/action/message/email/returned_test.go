package email_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

// report is a delivery report as Postfix makes it.
func report(to, action, status, reason, originalID string) string {
	return strings.ReplaceAll(`Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: `+to+`
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Message-Id: <`+action+status+originalID+`@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sun, 22 Nov 2026 09:30:00 +0100

Final-Recipient: rfc822; anna@beispiel.example
Original-Recipient: rfc822;anna@beispiel.example
Action: `+action+`
Status: `+status+`
Remote-MTA: dns; mx.beispiel.example
Diagnostic-Code: smtp; `+reason+`
 (in reply to RCPT TO command)

--B
Content-Type: text/rfc822-headers

Return-Path: <`+to+`>
Message-ID: <`+originalID+`>
To: anna@beispiel.example
Subject: =?utf-8?q?Herbst?=

--B--
`, "\n", "\r\n")
}

const arf = `From: feedback@fbl.example
To: bounce+x@roesterei.example
Subject: FW: Herbst
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=B

--B
Content-Type: text/plain

This is an email abuse report.
--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: FBL/1
Version: 1
Original-Mail-From: <%s>
Original-Rcpt-To: <anna@beispiel.example>

--B
Content-Type: message/rfc822

Message-ID: <%s>
To: anna@beispiel.example
Subject: Herbst

Hallo
--B--
`

func TestWhatCameBackIsUnderstood(t *testing.T) {
	plain := func(headers, body string) string {
		return strings.ReplaceAll("From: anna@beispiel.example\nTo: moin@roesterei.example\nMessage-ID: <r@beispiel.example>\n"+headers+"\n\n"+body+"\n", "\n", "\r\n")
	}
	for name, c := range map[string]struct {
		raw    string
		kind   email.Kind
		status string
	}{
		"unknown user":            {report("bounce+x@r.example", "failed", "5.1.1", "550 5.1.1 <anna>: user unknown", "m1@r.example"), email.Bounce, "5.1.1"},
		"mailbox full":            {report("bounce+x@r.example", "failed", "5.2.2", "552 5.2.2 over quota", "m1@r.example"), email.SoftBounce, "5.2.2"},
		"taken for spam":          {report("bounce+x@r.example", "failed", "5.7.1", "554 5.7.1 spam", "m1@r.example"), email.SoftBounce, "5.7.1"},
		"gave up waiting":         {report("bounce+x@r.example", "failed", "4.4.7", "delivery time expired", "m1@r.example"), email.SoftBounce, "4.4.7"},
		"nothing said but words":  {report("bounce+x@r.example", "failed", "5.0.0", "550 no such user here", "m1@r.example"), email.Bounce, "5.0.0"},
		"still trying":            {report("bounce+x@r.example", "delayed", "4.4.1", "connection timed out", "m1@r.example"), email.Delayed, "4.4.1"},
		"delivered":               {report("bounce+x@r.example", "delivered", "2.0.0", "250 ok", "m1@r.example"), email.Other, "2.0.0"},
		"complaint":               {fmt.Sprintf(arf, "bounce+x@r.example", "m1@r.example"), email.Complaint, ""},
		"not spam after all":      {strings.Replace(fmt.Sprintf(arf, "a@r.example", "m1@r.example"), "Type: abuse", "Type: not-spam", 1), email.Other, ""},
		"answer":                  {plain("Subject: Re: Herbst\nIn-Reply-To: <m1@r.example>", "Danke!"), email.Reply, ""},
		"away":                    {plain("Subject: Re: Herbst\nAuto-Submitted: auto-replied", "Ich bin im Urlaub."), email.AutoReply, ""},
		"away as of old":          {plain("Subject: Re: Herbst\nX-Autoreply: yes", "Urlaub"), email.AutoReply, ""},
		"away by precedence":      {plain("Subject: Re: Herbst\nPrecedence: auto_reply", "Urlaub"), email.AutoReply, ""},
		"away by its title":       {plain("Subject: =?utf-8?q?Automatische_Antwort=3A_Herbstr=C3=B6stung?=", "Urlaub"), email.AutoReply, ""},
		"said to be from a human": {plain("Subject: Re: x\nAuto-Submitted: no", "Danke"), email.Reply, ""},
		"of Exim": {plain("X-Failed-Recipients: anna@beispiel.example\nSubject: Mail delivery failed: returning message to sender",
			"A message that you sent could not be delivered:\n\n  anna@beispiel.example\n    550 Unrouteable address: unknown user"), email.Bounce, "5.0.0"},
		"of no form": {strings.Replace(plain("Subject: Unzustellbar: Herbst\nReturn-Path: <>", "Die Adresse wurde nicht gefunden.\nRemote said: 550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
			"anna@beispiel.example", "MAILER-DAEMON@x.example", 1), email.Bounce, "5.1.10"},
		"nothing":       {"", email.Other, ""},
		"no mail":       {"\x00\x01\x02", email.Other, ""},
		"half a report": {report("bounce+x@r.example", "failed", "5.1.1", "550 unknown", "m1@r.example")[:900], email.Bounce, "5.1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := email.ParseReturned([]byte(c.raw))
			if r.Kind != c.kind || r.Status != c.status {
				t.Errorf("%s %q, want %s %q (%+v)", r.Kind, r.Status, c.kind, c.status, r)
			}
			if strings.ContainsAny(r.Reason, "\r\n") || r.Key == "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAQuotedAddressThatCameBackIsKnownAgain(t *testing.T) {
	raw := strings.ReplaceAll("From: Mail Delivery System <Mailer-Daemon@mx.example>\nTo: moin@roesterei.example\nMessage-ID: <q@mx.example>\nX-Failed-Recipients: \"Erika Muster\"@beispiel.example\n"+
		"Subject: Mail delivery failed: returning message to sender\n\nA message that you sent could not be delivered:\n\n    550 Unrouteable address: unknown user\n", "\n", "\r\n")
	r := email.ParseReturned([]byte(raw))
	if len(r.Recipients) != 1 {
		t.Fatalf("%+v", r)
	}
	if folded, ok := consent.FoldAddress(consent.Email, r.Recipients[0]); !ok || folded != `"erika muster"@beispiel.example` {
		t.Errorf("%q, %v", folded, ok)
	}
}

func TestAMailThatMeansHarmIsReadQuickly(t *testing.T) {
	var nested strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", 50_000)
	long := "Subject: " + strings.Repeat("x", 3<<20) + "\r\n\r\n"
	for _, raw := range []string{nested.String(), many, long, "To: " + strings.Repeat("a@b.example,", 100_000) + "\r\n\r\nx",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + strings.Repeat("Action: failed\r\n\r\n", 100_000)} {
		r := email.ParseReturned([]byte(raw))
		if len(r.To) > 100 || len(r.Recipients) > 100 {
			t.Errorf("%d, %d", len(r.To), len(r.Recipients))
		}
	}
}

func FuzzParseReturned(f *testing.F) {
	f.Add([]byte(report("bounce+x@r.example", "failed", "5.1.1", "550 unknown", "m1@r.example")))
	f.Add([]byte(fmt.Sprintf(arf, "a@r.example", "m1@r.example")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := email.ParseReturned(raw)
		if len(r.Reason) > 500 || len(r.Status) > 20 || strings.ContainsAny(r.Reason+r.Status, "\r\n\x00") || r.Kind == "" {
			t.Errorf("%+v", r)
		}
	})
}

// world is a ledger with one message to Anna.
type world struct {
	t        *testing.T
	db       *store.DB
	customer int64
	message  int64
}

func each(t *testing.T, fn func(w world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t: t, db: db}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": "Anna Beispiel"}, Emails: []customer.Email{{Address: "anna@beispiel.example"}}})
			if err != nil {
				return err
			}
			w.customer = e.ID
			return nil
		})
		w.message = w.send(1)
		fn(w)
	})
}

// send puts a message to Anna into the ledger.
func (w world) send(subject int64) (id int64) {
	w.t.Helper()
	write(w.t, w.db, func(ctx context.Context, tx *store.Tx) error {
		ds := []message.Decision{{New: message.New{Customer: w.customer, Channel: consent.Email, Kind: "note", Subject: subject, Address: "anna@beispiel.example",
			Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}}, State: message.Queued}}
		if err := message.Record(ctx, tx, ds); err != nil {
			return err
		}
		id = ds[0].ID
		return nil
	})
	return id
}

func (w world) record(raw string) {
	w.t.Helper()
	r := email.ParseReturned([]byte(raw))
	write(w.t, w.db, func(ctx context.Context, tx *store.Tx) error { return email.Record(ctx, tx, r) })
}

func (w world) token(id int64) string {
	w.t.Helper()
	local, err := email.ReturnLocal(context.Background(), w.db, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return local
}

// state is what is known about Anna's address, and whether advertising may be sent to her.
func (w world) state() string {
	w.t.Helper()
	var s message.AddressState
	write(w.t, w.db, func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = message.AddressOf(ctx, tx, consent.Email, "anna@beispiel.example")
		return err
	})
	return s.State
}

func (w world) returns() (all []string) {
	w.t.Helper()
	write(w.t, w.db, func(ctx context.Context, tx *store.Tx) error {
		rows, err := email.Returns(ctx, tx, email.ReturnFilter{Limit: 20})
		for _, r := range rows {
			all = append(all, fmt.Sprintf("%s %s ×%d", r.Kind, r.Effect, r.Times))
		}
		return err
	})
	return all
}

func TestABounceOfOursEndsMailsToTheAddressOnce(t *testing.T) {
	each(t, func(w world) {
		raw := report(strings.ToUpper(w.token(w.message))+"@b.roesterei.example", "failed", "5.1.1", "550 unknown", "x@y.example")
		w.record(raw)
		w.record(raw) // the mailbox is read again, or the report came twice
		w.record(strings.Replace(raw, "Message-Id: <", "Message-Id: <again", 1))
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("the address is %s", got)
		}
		if diff := cmp.Diff([]string{"bounce bounced ×3"}, w.returns()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestForgedAndForeignBouncesAreKeptAndDoNothing(t *testing.T) {
	each(t, func(w world) {
		forged := w.token(w.message)
		forged = forged[:len(forged)-1] + map[bool]string{true: "b", false: "a"}[strings.HasSuffix(forged, "a")]
		w.record(report(forged+"@b.roesterei.example", "failed", "5.1.1", "550 unknown", "x@y.example"))
		w.record(report("bounce@b.roesterei.example", "failed", "5.1.1", "550 unknown", fmt.Sprintf("m%d@roesterei.example", w.message+1000)))
		other := strings.ReplaceAll(report("bounce@b.roesterei.example", "failed", "5.1.1", "550 unknown", fmt.Sprintf("m%d@roesterei.example", w.message)), "anna@", "berta@")
		w.record(other) // knows the number of a message, not whom it went to
		if got := w.state(); got != message.AddressOK {
			t.Errorf("the address is %s", got)
		}
		if diff := cmp.Diff([]string{"bounce unknown ×1", "bounce unknown ×1", "bounce unknown ×1"}, w.returns()); diff != "" {
			t.Error(diff)
		}
		w.record(strings.ReplaceAll(other, "berta@", "anna@"))
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("with number and address it is %s", got)
		}
	})
}

func TestSoftBouncesOnSeveralDaysEndMailsToTheAddress(t *testing.T) {
	each(t, func(w world) {
		for day := range 3 {
			if got := w.state(); got != message.AddressOK {
				t.Errorf("after %d days the address is %s", day, got)
			}
			for again := range 2 {
				id := w.send(int64(100 + 10*day + again))
				w.record(report(w.token(id)+"@b.roesterei.example", "failed", "5.2.2", "552 full", "x@y.example"))
			}
			write(t, w.db, func(ctx context.Context, tx *store.Tx) error { // tomorrow
				_, err := tx.Exec(ctx, `UPDATE mail_return SET day = day - 1`)
				return err
			})
		}
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("the address is %s", got)
		}
	})
}

func TestAComplaintIsAnObjection(t *testing.T) {
	each(t, func(w world) {
		w.record(fmt.Sprintf(arf, w.token(w.message)+"@b.roesterei.example", "x@y.example"))
		if got := w.state(); got != message.AddressComplained {
			t.Errorf("the address is %s", got)
		}
		write(t, w.db, func(ctx context.Context, tx *store.Tx) error {
			all, err := consent.Entries(ctx, tx, w.customer)
			if len(all) != 1 || all[0].Kind != consent.Objected || all[0].Address != "anna@beispiel.example" {
				t.Errorf("%+v", all)
			}
			return err
		})
	})
}

func TestAnswersAreSeenAndThoseOfProgramsToldApart(t *testing.T) {
	each(t, func(w world) {
		answer := func(id, headers string) string {
			return "From: Anna <anna@beispiel.example>\r\nTo: moin@roesterei.example\r\nMessage-ID: <" + id + ">\r\n" + headers + "\r\n\r\nDanke\r\n"
		}
		about := fmt.Sprintf("In-Reply-To: <m%d@roesterei.example>", w.message)
		w.record(answer("1@b", about))
		w.record(answer("1@b", about))
		w.record(answer("2@b", "References: <foreign@x> <m"+fmt.Sprint(w.message)+"@roesterei.example>"))
		w.record(answer("3@b", about+"\r\nAuto-Submitted: auto-replied"))
		w.record(answer("4@b", "Subject: ganz was anderes"))
		if diff := cmp.Diff([]string{"auto_reply  ×1", "reply replied ×1", "reply replied ×2"}, w.returns()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheWebhookTakesSignedCallsOnly(t *testing.T) {
	each(t, func(w world) {
		ctx := context.Background()
		var secret string
		call := func(kind, body string) (int, error) {
			m := hmac.New(sha256.New, []byte(secret))
			m.Write([]byte(body))
			return email.Receive(ctx, w.db, vault(t), "sha256="+hex.EncodeToString(m.Sum(nil)), kind, []byte(body))
		}
		bounce := `{"type":"bounce","address":"Anna@Beispiel.example","message_id":"","reason":"550 5.1.1 unknown"}`
		if _, err := call("application/json", bounce); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("without a secret: %v", err)
		}
		write(t, w.db, func(ctx context.Context, tx *store.Tx) (err error) {
			secret, err = email.NewHookSecret(ctx, tx, vault(t))
			return err
		})
		if _, err := email.Receive(ctx, w.db, vault(t), "sha256=00", "application/json", []byte(bounce)); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("with a wrong signature: %v", err)
		}
		for _, bad := range []string{"", "{", "[1]", `{"type":"x","address":"a@b.example"}`, `{"type":"bounce"}`, `{"type":"bounce","address":"a b"}`, bounce + bounce} {
			if _, err := call("application/json", bad); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := call("text/plain", bounce); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("plain text: %v", err)
		}
		if got := w.state(); got != message.AddressOK {
			t.Errorf("the address is %s", got)
		}
		if n, err := call("application/json; charset=utf-8", "["+bounce+","+bounce+"]"); n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("the address is %s", got)
		}
		if n, err := call("message/rfc822", fmt.Sprintf(arf, w.token(w.message)+"@b.roesterei.example", "x@y.example")); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if got := w.state(); got != message.AddressComplained {
			t.Errorf("the address is %s", got)
		}
	})
}

func TestErasingForgetsWhatCameBackButNotThatItDid(t *testing.T) {
	each(t, func(w world) {
		w.record(report(w.token(w.message)+"@b.roesterei.example", "failed", "5.1.1", "550 <anna@beispiel.example> unknown", "x@y.example"))
		w.record(report("bounce@b.roesterei.example", "failed", "5.1.1", "550 <anna@beispiel.example> unknown", "foreign@y.example"))
		write(t, w.db, func(ctx context.Context, tx *store.Tx) error { return email.Erase(ctx, tx, w.customer) })
		write(t, w.db, func(ctx context.Context, tx *store.Tx) error {
			all, err := email.Returns(ctx, tx, email.ReturnFilter{Limit: 10})
			for _, r := range all {
				if r.Address+r.Reason != "" || r.Customer != 0 {
					t.Errorf("left: %+v", r)
				}
			}
			if len(all) != 2 {
				t.Errorf("%d left", len(all))
			}
			return err
		})
	})
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"type":"bounce","address":"a@b.example","message_id":"<x@y>","reason":"550"}`))
	f.Add([]byte(`[{"type":"complaint","message_id":"x"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := email.ReadEvents(body)
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Error(err)
		}
		if n > 1000 {
			t.Error(n)
		}
	})
}
