package engage_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"stamm/internal/action/message/email"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func TestPagesOfDeliveryFitScreenAndPhone(t *testing.T) {
	b := browsertest.New(t)
	b.Allow("404") // this site has no start page
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	s, vault := office(t, db)
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := email.SaveSender(ctx, tx, vault, &email.Sender{Name: "Rösterei Nord", Address: "moin@roesterei-nord.example", ReturnDomain: "rueck.roesterei-nord.example", KeyKind: email.RSA,
			Imprint: "Rösterei Nord GmbH, Am Hafen 1, 20457 Hamburg"}); err != nil {
			return err
		}
		for i, name := range []string{"Hausserver", "Versanddienst"} {
			r := email.NewRelay()
			r.Name, r.Host, r.PerDay, r.WarmFrom = name, fmt.Sprintf("smtp%d.versand.example", i), 50_000, 500*i
			if _, err := email.SaveRelay(ctx, tx, vault, r); err != nil {
				return err
			}
		}
		m := email.NewMailbox()
		m.Host, m.Login, m.Password = "imap.roesterei-nord.example", "rueck@roesterei-nord.example", "geheim"
		if _, err := email.SaveMailbox(ctx, tx, vault, m); err != nil {
			return err
		}
		for _, raw := range []string{"X-Failed-Recipients: weg@beispiel.example\r\n\r\n550 5.1.1 user unknown", "X-Failed-Recipients: voll@beispiel.example\r\n\r\n552 5.2.2 mailbox full"} {
			if err := email.Record(ctx, tx, email.ParseReturned([]byte("From: MAILER-DAEMON@x.example\r\n"+raw+"\r\n"))); err != nil {
				return err
			}
		}
		return nil
	})
	server := s.Serve()
	b.Open(server+s.LoginLink(auth.Admin), 1440, 900)
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	for _, language := range []string{"de", "en"} {
		s.As(auth.Admin).Post("/language", url.Values{"language": {language}})
		for name, address := range map[string]string{"delivery": "/engage/senders", "sender": "/engage/senders/1", "check": "/engage/senders/1/check", "relay": "/engage/relays/2",
			"mailbox": "/engage/mailboxes/1", "limits": "/engage/limits?name=gmx", "returns": "/engage/returns"} {
			b.LookAtBothWidths(server+address, "delivery-"+name+"-"+language)
		}
	}
}
