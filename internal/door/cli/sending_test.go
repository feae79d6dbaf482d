package cli

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
)

func TestARelayAddedWhileSendingSetsHowManyMailsAreUnderWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		a := &App{Store: db, Config: Config{Dir: t.TempDir()}, Log: slog.New(slog.DiscardHandler)}
		vault, err := a.vault()
		if err != nil {
			t.Fatal(err)
		}
		outlet, err := email.OpenOutlet(ctx, db, email.Options{Vault: vault, Fallback: message.Outbox{DB: db}, Log: a.Log})
		if err != nil {
			t.Fatal(err)
		}
		defer outlet.Close(ctx)
		m := &mailer{app: a, outlet: outlet}
		if err := m.start(ctx); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := m.sender.Close(ctx); err != nil {
				t.Error(err)
			}
		}()
		send := func(n int) {
			t.Helper()
			changed := db.Changed()
			err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
				_, err := message.Post(ctx, tx, message.Text{Key: fmt.Sprint("key ", n), Address: "anna@example.org", Subject: "Gruß", Text: "Guten Tag", Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Exempt: true})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for {
				var sent bool
				err := db.Read(ctx, func(tx *store.Tx) error {
					found, err := message.Find(ctx, tx, int64(n))
					if err == nil {
						sent = found.State == message.Sent
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if sent {
					return
				}
				<-changed
				changed = db.Changed()
			}
		}
		if m.sender.Connections != outboxConnections {
			t.Errorf("without a relay %d connections", m.sender.Connections)
		}
		send(1)
		sink, err := openMailSink(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer sink.close()
		var relay int64
		write := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, store.System(), fn); err != nil {
				t.Fatal(err)
			}
			if err := m.look(ctx); err != nil {
				t.Fatal(err)
			}
		}
		r := email.NewRelay()
		r.Name, r.Host, r.Port, r.Security, r.Connections = "sink", "127.0.0.1", sink.port(), email.Plain, 3
		write(func(tx *store.Tx) (err error) { relay, err = email.SaveRelay(ctx, tx, vault, r); return err })
		if m.sender.Connections != 3 {
			t.Errorf("with a relay of 3 connections %d", m.sender.Connections)
		}
		send(2)
		r.ID, r.Active = relay, false
		write(func(tx *store.Tx) error { _, err := email.SaveRelay(ctx, tx, vault, r); return err })
		if m.sender.Connections != outboxConnections {
			t.Errorf("with a relay that is off %d connections", m.sender.Connections)
		}
	})
}
