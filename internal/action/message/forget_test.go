package message_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
)

func TestAddressesOfSignUpsThatNobodyConfirmedAreForgottenAfterAMonth(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		var rows []int64
		var links []string
		for _, address := range []string{"nie@example.org", "doch@example.org"} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				o, err := consent.Request(ctx, tx, consent.SignUp{Address: address, Purposes: []consent.Purpose{consent.Advertising}, TextVersion: "de-1"})
				if err != nil {
					return err
				}
				m, err := message.Post(ctx, tx, message.Text{Kind: message.KindOptIn, Key: message.KindOptIn + address, Address: address, Subject: "Bitte", Text: "Bestätigen Sie " + address,
					Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Exempt: true})
				if err != nil {
					return err
				}
				rows, links = append(rows, m.ID), append(links, strings.TrimPrefix(o.Path, consent.PathConfirm))
				return consent.Sent(ctx, tx, o.Request, message.PlainID(m.ID, "moin@roesterei.example"))
			})
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := consent.OpenLinks(ctx, tx)
			if err != nil {
				return err
			}
			link, ok := all.Read(consent.LinkConfirm, links[1], tx.Now)
			if !ok {
				t.Fatal("the link does not count")
			}
			_, err = consent.Confirm(ctx, tx, link, "")
			return err
		})
		forget := func() {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				mails, _, err := consent.ForgetUnconfirmed(ctx, tx, 10)
				if err != nil {
					return err
				}
				return message.ForgetSignUps(ctx, tx, append(mails, "nonsense", "m@x"))
			})
		}
		addresses := func() string {
			var all []string
			read(t, db, func(ctx context.Context, tx *store.Tx) error {
				for _, id := range rows {
					m, err := message.Find(ctx, tx, id)
					if err != nil {
						return err
					}
					all = append(all, m.Address)
				}
				return nil
			})
			return strings.Join(all, ",")
		}
		c.add(29 * 24 * time.Hour)
		if forget(); addresses() != "nie@example.org,doch@example.org" {
			t.Errorf("after 29 days: %s", addresses())
		}
		c.add(2 * 24 * time.Hour)
		if forget(); addresses() != ",doch@example.org" {
			t.Errorf("after 31 days: %s", addresses())
		}
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			var n int
			err := tx.QueryRow(ctx, `SELECT count(*) FROM consent_request WHERE address = 'nie@example.org'`).Scan(&n)
			if n != 0 {
				t.Error("the sign-up is still there")
			}
			return err
		})
	})
}
