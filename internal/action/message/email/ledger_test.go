package email_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// notes writes mails that say nothing much.
type notes struct{}

func (notes) Compose(_ context.Context, _ *store.Tx, ms []message.Message) ([]message.Mail, error) {
	mails := make([]message.Mail, len(ms))
	for i := range ms {
		mails[i] = message.Mail{From: mail.Address{Name: "Rösterei", Address: "moin@roesterei.example"}, Subject: "Herbst", Text: "Guten Tag"}
	}
	return mails, nil
}

// TestTheLedgerAddsUpWhateverTheRelayDoes sends forty messages through a relay that puts one off, refuses one, and hangs up
// on one after its text.
func TestTheLedgerAddsUpWhateverTheRelayDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const many, measure = 40, 7
		var mu sync.Mutex
		odd := map[string]string{"RCPT 5": "450 4.2.0 later", "RCPT 9": "550 5.1.1 nobody", "TEXT 12": "hang up"}
		srv := serve(t, extensions["pipelined"], func(command string, n int) string {
			mu.Lock()
			defer mu.Unlock()
			return odd[fmt.Sprint(command, " ", n)]
		})
		var ds []message.Decision
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			ds = nil
			for i := range many {
				address := fmt.Sprintf("k%d@example%d.de", i, i)
				e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": fmt.Sprint("Kundin ", i)}, Emails: []customer.Email{{Address: address}}})
				if err != nil {
					return err
				}
				ds = append(ds, message.Decision{New: message.New{Measure: measure, Customer: e.ID, Channel: consent.Email, Kind: "note", Address: address,
					Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}}, State: message.Queued})
			}
			return message.Record(ctx, tx, ds)
		})
		addRelay(t, db, relayTo("eins", srv))
		out := open(t, db, email.Options{})
		s := &message.Sender{DB: db, Outlet: out, Connections: 4, Composers: map[string]message.Composer{"note": notes{}}, Log: slog.New(slog.DiscardHandler)}
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		var c message.Counts
		for deadline := time.After(20 * time.Second); ; {
			changed := db.Changed()
			ctx := context.Background()
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { c, err = message.CountsOf(ctx, tx, measure); return err }); err != nil {
				t.Fatal(err)
			}
			if c.Pending() == 1 {
				break
			}
			select {
			case <-changed:
			case <-deadline:
				t.Fatalf("%+v", c)
			}
		}
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		states := map[message.State]int{}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			clear(states)
			for _, d := range ds {
				m, err := message.Find(ctx, tx, d.ID)
				if err != nil {
					return err
				}
				states[m.State]++
			}
			return nil
		})
		if fmt.Sprint(states) != "map[failed:1 queued:1 sent:37 unclear:1]" {
			t.Errorf("%v", states)
		}
		seen := map[string]bool{}
		for _, m := range srv.received() {
			if seen[m.to] {
				t.Errorf("%s twice", m.to)
			}
			seen[m.to] = true
			if id := readMail(t, []byte(m.text)).Header["Message-Id"]; !strings.Contains(id, ".") {
				t.Errorf("Message-ID %s", id)
			}
		}
		if len(seen) != 38 { // what is unclear has arrived as well
			t.Errorf("%d arrived", len(seen))
		}
	})
}
