package company_test

import (
	"context"
	"math"
	"testing"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/company"

	"github.com/google/go-cmp/cmp"
)

func TestSavedSettingsAreLoadedAndEachChangeKeepsTheOldValues(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		load := func() (s company.Settings) {
			t.Helper()
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { s, err = company.Load(ctx, tx); return err }); err != nil {
				t.Fatal(err)
			}
			return s
		}
		save := func(s company.Settings) {
			t.Helper()
			if err := db.Write(ctx, store.System(), func(tx *store.Tx) error { return company.Save(ctx, tx, s) }); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(company.Defaults(), load()); diff != "" {
			t.Errorf("a fresh database has other settings than the defaults:\n%s", diff)
		}
		want := company.Settings{Name: "Rösterei Nord", Currency: "CHF", TimeZone: "Europe/Zurich", Language: "en", Country: "CH",
			Region: "CH-ZH", Sector: "wholesale", ActiveDays: 120, Horizon: 60, ValueYears: 5, Discount: 8,
			Margin: 40, Setup: true}
		save(want)
		save(want) // changes nothing, so it writes nothing
		if diff := cmp.Diff(want, load()); diff != "" {
			t.Errorf("loaded settings differ:\n%s", diff)
		}
		second := want
		second.Name, second.ActiveDays = "Rösterei Süd", 60
		save(second)

		var changes []feed.Change
		var old map[string]string
		err := db.Read(ctx, func(tx *store.Tx) (err error) {
			if changes, err = feed.Newest(ctx, tx, math.MaxInt64, company.Changed, 0, 10); err != nil || len(changes) == 0 {
				return err
			}
			old, err = feed.OldValues(ctx, tx, changes[0].Seq)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) != 2 {
			t.Fatalf("%d changes in the feed, want 2", len(changes))
		}
		if diff := cmp.Diff(map[string]string{"name": "Rösterei Nord", "active_days": "120"}, old); diff != "" {
			t.Errorf("old values:\n%s", diff)
		}
	})
}

func TestMistakesNameTheirFields(t *testing.T) {
	bad := company.Settings{Name: string(make([]byte, 201)), Currency: "EURO", TimeZone: "Local", Language: "fr", Country: "de", Region: "Hamburg", Sector: "x", ActiveDays: 0,
		Horizon: 6, ValueYears: 11, Discount: -1, Margin: 101}
	var got []string
	for _, f := range fault.All(bad.Validate()) {
		if f.Code != fault.Invalid {
			t.Errorf("%v is not invalid", f)
		}
		for _, lang := range i18n.Languages() {
			if !i18n.For(lang, nil).Has(f.Key) {
				t.Errorf("%s has no text in %s", f.Key, lang)
			}
		}
		got = append(got, f.Field)
	}
	if diff := cmp.Diff([]string{"name", "currency", "zone", "language", "country", "region", "sector", "active_days", "horizon", "value_years", "discount", "margin"}, got); diff != "" {
		t.Errorf("fields with a mistake:\n%s", diff)
	}
	if err := company.Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestSettingsAreSetByName(t *testing.T) {
	s := company.Defaults()
	for _, name := range company.Names() {
		value, ok := s.Value(name)
		if !ok {
			t.Fatalf("no value of %s", name)
		}
		if err := s.Set(name, value); err != nil {
			t.Errorf("set %s to its own value: %v", name, err)
		}
	}
	if s != company.Defaults() {
		t.Errorf("settings moved: %+v", s)
	}
	if err := s.Set("colour", "red"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("an unknown name gives %v", err)
	}
	if err := s.Set("active_days", "many"); fault.As(err).Field != "active_days" || fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a bad number gives %v", err)
	}
	if err := s.Set("zone", "America/New_York"); err != nil || s.Zone().String() != "America/New_York" {
		t.Errorf("zone is %v, %v", s.Zone(), err)
	}
}
