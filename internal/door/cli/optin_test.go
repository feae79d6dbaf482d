package cli

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/door/portal"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
)

func TestTheMailOfADoubleOptInGoesThroughTheLedgerOfMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		pages := portal.New(portal.Deps{DB: db, Send: sendOptIn, Address: "https://stamm.example", Log: slog.New(slog.DiscardHandler)})
		form := httptest.NewRecorder()
		pages.ServeHTTP(form, httptest.NewRequest("GET", portal.SignUpPath, nil))
		_, after, _ := strings.Cut(form.Body.String(), `name="version" value="`)
		version, _, _ := strings.Cut(after, `"`)
		post := httptest.NewRequest("POST", portal.SignUpPath, strings.NewReader(url.Values{"address": {"neu@example.org"}, "version": {version}}.Encode()))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		if pages.ServeHTTP(answer, post); answer.Code != 303 {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		err := db.Read(ctx, func(tx *store.Tx) error {
			m, err := message.Find(ctx, tx, 1)
			if err != nil {
				return err
			}
			mails, err := message.Texts{}.Compose(ctx, tx, []message.Message{*m})
			if err != nil {
				return err
			}
			if m.State != message.Queued || m.Address != "neu@example.org" || !strings.Contains(mails[0].Text, "https://stamm.example"+consent.PathConfirm) {
				t.Errorf("%+v, %+v", m, mails[0])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
