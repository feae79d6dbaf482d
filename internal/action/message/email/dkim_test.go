package email_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/message/email"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"
)

func signer(t testing.TB, kind email.KeyKind) (s *email.Signer, record string) {
	t.Helper()
	key, record, err := email.NewKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = email.NewSigner("roesterei.example", "stamm1", key); err != nil {
		t.Fatal(err)
	}
	return s, record
}

// verify asks go-msgauth.
func verify(t testing.TB, raw []byte, record string) error {
	t.Helper()
	all, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "stamm1._domainkey.roesterei.example" {
			t.Errorf("asked for %s", name)
		}
		return []string{record}, nil
	}})
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return all[0].Err
}

func TestSignaturesHoldUntilSomethingIsChanged(t *testing.T) {
	for _, kind := range []email.KeyKind{email.Ed25519, email.RSA} {
		t.Run(string(kind), func(t *testing.T) {
			s, record := signer(t, kind)
			piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\n", "\n\n\n", " ", "  \n", "\t", "Größe", strings.Repeat("x ", 90)}))
			text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "") })
			rapid.Check(t, func(rt *rapid.T) {
				m := autumn()
				m.Subject, m.Text, m.HTML = text.Draw(rt, "subject"), text.Draw(rt, "text"), text.Draw(rt, "html")
				signed, err := s.Sign(encode(t, m), time.Now())
				if err != nil {
					rt.Fatal(err)
				}
				checkForm(t, signed)
				if err := verify(t, signed, record); err != nil {
					rt.Errorf("%v\n%s", err, signed)
				}
			})
			signed, err := s.Sign(encode(t, autumn()), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			for from, to := range map[string]string{"Subject: ": "Subject: x", "Guten Tag": "Schlechten Tag", "One-Click": "Two-Click"} {
				if verify(t, bytes.Replace(signed, []byte(from), []byte(to), 1), record) == nil {
					t.Errorf("a change of %q is not noticed", from)
				}
			}
			if verify(t, append([]byte("From: x@evil.example\r\n"), signed...), record) == nil {
				t.Error("a second From is not noticed")
			}
		})
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	for _, text := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := email.NewSigner("a.example", "s", text); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, kind := range []email.KeyKind{email.Ed25519, email.RSA} {
		b.Run(string(kind), func(b *testing.B) {
			s, _ := signer(b, kind)
			raw := encode(b, autumn())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Sign(raw, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestABodyTakenAsRelaxedIsSo(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"a", " ", "\t", "\r\n", "\n", "\r", "b c"})
	if _, is := email.RelaxBody([]byte("a\r\nb c\r\n")); !is {
		t.Error("a plain body was not taken as relaxed")
	}
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(strings.Join(rapid.SliceOfN(pieces, 0, 8).Draw(t, "body"), ""))
		relaxed, is := email.RelaxBody(body)
		if is && !bytes.Equal(relaxed, body) {
			t.Fatalf("%q is %q in the relaxed form", body, relaxed)
		}
	})
}
