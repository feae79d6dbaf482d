package consent_test

import (
	"context"
	"testing"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

func TestConditionsAskForConsentAsItIsNow(t *testing.T) {
	each(t, func(w world) {
		house := warehousetest.Open(w, customer.Projection(), consent.Projection())
		catalogue, err := filter.NewCatalogue("EUR", customer.Projection().Fields, consent.Projection().Fields)
		if err != nil {
			w.Fatal(err)
		}
		yes, asked, no, never := w.customer("a@example.org"), w.customer("b@example.org"), w.customer("c@example.org"), w.customer("d@example.org")
		w.record(entry(yes, consent.Confirmed, "a@example.org"), entry(asked, consent.Granted, "b@example.org"), entry(no, consent.Confirmed, "c@example.org"))
		w.record(consent.Entry{Customer: no, Purpose: consent.Advertising, Kind: consent.Objected})
		if err := house.CatchUp(context.Background(), w.db); err != nil {
			w.Fatal(err)
		}
		for text, want := range map[string][]int64{
			"consent(email, advertising) = granted":                               {yes},
			"consent(email, purpose = advertising) in (granted, unconfirmed)":     {yes, asked},
			"consent(post, advertising) = objected":                               {no},
			"consent(email, advertising) is empty":                                {never},
			"consent(email, tracking) is empty and not consent(email) = objected": {yes, asked, never},
		} {
			tree, err := filter.Parse(text, catalogue)
			if err != nil {
				w.Fatal(err)
			}
			if again, err := filter.Parse(filter.Text(tree), catalogue); err != nil || filter.Text(again) != filter.Text(tree) {
				w.Errorf("%s is written as %s: %v", text, filter.Text(tree), err)
			}
			q, err := filter.Compile(tree, catalogue, 21000, filter.Options{})
			if err != nil {
				w.Fatal(err)
			}
			sql := q.Customers()
			var got []int64
			for _, row := range warehousetest.Rows(w, house, "SELECT * FROM ("+sql.Text+") ORDER BY 1", sql.Args...) {
				got = append(got, row[0].(int64))
			}
			if d := cmp.Diff(want, got); d != "" {
				w.Errorf("%s: %s", text, d)
			}
		}
		tree, err := filter.Parse("consent(email, advertising) = granted", catalogue)
		if err != nil {
			w.Fatal(err)
		}
		for lang, want := range map[string]string{"de": "Kunden, deren Einwilligung für E-Mail zum Zweck Werbung den Stand „eingewilligt“ hat", "en": "Customers whose consent by e-mail for advertising stands at “consented”"} {
			if got := filter.Sentence(i18n.For(lang, nil), tree, catalogue, nil); got != want {
				w.Errorf("%s: %s", lang, got)
			}
		}
		w.write(func(ctx context.Context, tx *store.Tx) error { return consent.Erase(ctx, tx, yes) })
		if err := house.CatchUp(context.Background(), w.db); err != nil {
			w.Fatal(err)
		}
		if rows := warehousetest.Rows(w, house, "SELECT count(*) FROM consent WHERE customer = $1", yes); rows[0][0] != int64(0) {
			w.Errorf("rows of who was erased: %v", rows)
		}
	})
}

func TestEveryCodeHasItsWords(t *testing.T) {
	keys := []string{"consent.channel.all"}
	for _, c := range consent.Channels() {
		keys = append(keys, "consent.channel."+string(c))
	}
	for _, p := range consent.Purposes() {
		keys = append(keys, "consent.purpose."+string(p))
	}
	for _, k := range consent.Kinds() {
		keys = append(keys, "consent.kind."+string(k))
	}
	for _, s := range consent.Statuses() {
		keys = append(keys, "consent.status."+s)
	}
	for _, r := range consent.Reasons() {
		keys = append(keys, "consent.reason."+r)
	}
	for _, lang := range i18n.Languages() {
		for _, key := range keys {
			if !i18n.For(lang, nil).Has(key) {
				t.Errorf("%s has no text in %s", key, lang)
			}
		}
	}
}
