package i18n_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

func TestTextsFollowTheLanguage(t *testing.T) {
	tests := []struct{ name, lang, key, want string }{
		{"German", "de", "common.save", "Speichern"},
		{"English", "en", "common.save", "Save"},
		{"a regional form is its language", "en-GB", "common.save", "Save"},
		{"an unknown language is answered in German", "fr", "common.save", "Speichern"},
		{"a missing key shows itself", "de", "common.nonsense", "⟦common.nonsense⟧"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := i18n.For(tt.lang, nil).T(tt.key); got != tt.want {
				t.Errorf("T = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValuesAreWrittenInTheHabitsOfTheLanguage(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p := i18n.For("de", berlin)
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"text as it is", "gestern", "Stand: gestern"},
		{"whole number", 12345, "Stand: 12.345"},
		{"long number", int64(1_234_567), "Stand: 1.234.567"},
		{"broken number", 1234.5, "Stand: 1.234,5"},
		{"day", clock.NewDay(2026, 12, 31), "Stand: 31.12.2026"},
		{"instant in the zone", time.Date(2026, 12, 31, 23, 5, 0, 0, time.UTC), "Stand: 01.01.2027, 00:05"},
		{"amount", money.Amount{Minor: 123456, Currency: "EUR"}, "Stand: 1.234,56\u00a0€"},
		{"anything else as Go writes it", true, "Stand: true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.T("common.as_of", "time", tt.value); got != tt.want {
				t.Errorf("T = %q, want %q", got, tt.want)
			}
		})
	}
	if got := p.T("common.as_of", "other", 1); got != "Stand: ⟦time⟧" {
		t.Errorf("a missing value gives %q", got)
	}
}

func TestPluralFormsFollowTheNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0 Tage", 1: "1 Tag", 2: "2 Tage", 1234: "1.234 Tage"} {
		if got := i18n.For("de", nil).N("common.days", n); got != want {
			t.Errorf("N(%d) = %q, want %q", n, got, want)
		}
	}
	if got := i18n.For("de", nil).N("common.save", 2); got != "⟦common.save.other⟧" {
		t.Errorf("a text without forms gives %q", got)
	}
}

func TestErrShowsTheMessageAndNeverTheCause(t *testing.T) {
	p := i18n.For("en", nil)
	secret := errors.New("SELECT password FROM user")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a fault says its text", fault.New(fault.Invalid, "errors.currency_mixed", "a", "EUR", "b", "CHF").Because(secret),
			"EUR and CHF cannot be added up because they are different currencies."},
		{"anything else is the general message", secret, p.T("errors.internal")},
		{"a fault without a text says what its code says", fault.New(fault.Forbidden, "no.such.key").Because(secret), p.T("errors.forbidden")},
		{"an ended context asks to try again", context.DeadlineExceeded, p.T("errors.unavailable")},
		{"several faults say all of theirs", errors.Join(fault.New(fault.Invalid, "errors.required"), fault.New(fault.NotFound, "errors.notfound")),
			"Please fill in this field. That does not exist, or no longer."},
		{"a long value is cut", fault.New(fault.Invalid, "errors.choice", "text", strings.Repeat("ä", 5000)), "“" + strings.Repeat("ä", 100) + "…” is not one of the choices."},
		{"a long value of rare characters is cut", fault.New(fault.Invalid, "errors.choice", "text", strings.Repeat("🙂", 5000)), "“" + strings.Repeat("🙂", 100) + "…” is not one of the choices."},
		{"no error says nothing", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Err(tt.err); got != tt.want {
				t.Errorf("Err = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMatchFollowsTheBrowser(t *testing.T) {
	tests := map[string]string{
		"":                             "de",
		"de-AT,de;q=0.9,en;q=0.8":      "de",
		"en-US,en;q=0.9,de;q=0.5":      "en",
		"fr-CH, de;q=0.3, en;q=0.8":    "en",
		"fr":                           "en",
		"tlh;q=0.4,*;q=0.1":            "en",
		"not a header at all; q=; ,,,": "de",
	}
	for header, want := range tests {
		if got := i18n.Match(header); got != want {
			t.Errorf("Match(%q) = %q, want %q", header, got, want)
		}
	}
}
