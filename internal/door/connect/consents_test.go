package connect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

const consentFile = `Kundennummer;E-Mail;Kanal;Zweck;Einwilligung;Datum;Bestätigt am;Einwilligungstext;Nachweis
1;Anna@Müller.example;E-Mail;Werbung;erteilt;01.03.2024;01.03.2024 10:15;Ja, ich möchte Angebote bekommen.;
2;bert@example.org;E-Mail;Werbung;ja;;;;
3;carla@example.org;;;bestätigt;05.04.2023;;v2;Karte 4711
4;dora@example.org;E-Mail;Werbung;widersprochen;06.05.2023;;;
5;emil@example.org;E-Mail;Werbung;nein;;;;
6;frida@example.org;Fax;Werbung;ja;;;;
7;;E-Mail;Werbung;ja;;;;
3;;E-Mail;Tracking;ja;07.04.2023;;;Karte 4711
`

func (s *shop) standing(t *testing.T, address string) string {
	t.Helper()
	var all []string
	err := s.db.Read(context.Background(), func(tx *store.Tx) error {
		ids, err := customer.ResolveMail(context.Background(), tx, address)
		for _, id := range ids {
			now, err := consent.Current(context.Background(), tx, id)
			if err != nil {
				return err
			}
			for _, n := range now {
				all = append(all, fmt.Sprintf("%s %s %s", n.Channel, n.Purpose, n.Status))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

func TestConsentsComeWithTheirEvidenceOrMarkedAsWithout(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		path := filepath.Join(t.TempDir(), "einwilligungen.csv")
		if err := os.WriteFile(path, []byte(consentFile), 0o600); err != nil {
			t.Fatal(err)
		}
		run := s.run(t, sheet.Consents, "shop", sheet.Options{}, path)
		if got, want := counts(run), [5]int64{8, 5, 0, 0, 2}; got != want {
			t.Errorf("rows, new, changed, unchanged, errors = %v, want %v; %v", got, want, s.reasons(t, run.ID))
		}
		if got, want := s.reasons(t, run.ID), []string{"import.consent_address", "import.consent_channel", "import.consent_unproved"}; !slices.Equal(got, want) {
			t.Errorf("remarks %v, want %v", got, want)
		}
		for address, want := range map[string]string{"anna@müller.example": "email advertising granted", "bert@example.org": "email advertising unconfirmed",
			"carla@example.org": "email advertising granted, email tracking granted", "emil@example.org": "",
			"dora@example.org": "email advertising objected, email profiling objected, email surveys objected"} {
			if got := s.standing(t, address); got != want {
				t.Errorf("%s: %s, want %s", address, got, want)
			}
		}
		if got, want := counts(s.run(t, sheet.Consents, "shop", sheet.Options{}, path)), [5]int64{8, 0, 0, 5, 2}; got != want {
			t.Errorf("the same file again: %v, want %v", got, want)
		}
		s.refuse(t, "carla@example.org")
		again := strings.Replace(consentFile, "05.04.2023", "05.04.2029", 1)
		if err := os.WriteFile(path, []byte(again), 0o600); err != nil {
			t.Fatal(err)
		}
		second := s.run(t, sheet.Consents, "shop", sheet.Options{}, path)
		if got := s.reasons(t, second.ID); !slices.Contains(got, "import.consent_refused") || !strings.Contains(s.standing(t, "carla@example.org"), "email advertising objected") {
			t.Errorf("after her objection: %v, %s", got, s.standing(t, "carla@example.org"))
		}
		if undone := s.undo(t, run.ID); undone.State != connect.Undone || s.standing(t, "anna@müller.example") != "" || !strings.HasPrefix(s.standing(t, "dora@example.org"), "email advertising objected") {
			t.Errorf("the undo: %s, %q, %q", undone.State, s.standing(t, "anna@müller.example"), s.standing(t, "dora@example.org"))
		}
	})
}

func (s *shop) refuse(t *testing.T, address string) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		ids, err := customer.ResolveMail(ctx, tx, address)
		if err != nil {
			return err
		}
		_, err = consent.Record(ctx, tx, []consent.Entry{{Customer: ids[0], Purpose: consent.Advertising, Kind: consent.Objected}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reasons are the remarks of a run, each once, with a text in every language.
func (s *shop) reasons(t *testing.T, run int64) []string {
	t.Helper()
	var keys []string
	err := s.db.Read(context.Background(), func(tx *store.Tx) error {
		all, err := connect.Errors(context.Background(), tx, run, 0, 100)
		for _, e := range all {
			keys = append(keys, e.Key)
			for _, lang := range i18n.Languages() {
				if !i18n.For(lang, nil).Has(e.Key) {
					t.Errorf("%s has no text in %s", e.Key, lang)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
