package i18n_test

import (
	"testing"
	"time"

	"stamm/internal/platform/i18n"
)

func TestNumbersAreReadAsPeopleOfALanguageTypeThem(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"de", "12.500", "12500"}, {"de", "1.234.567", "1234567"}, {"de", "1.234,56", "1234.56"}, {"de", "12,5", "12.5"}, {"de", "12.5", "12.5"},
		{"de", "0.125", "0.125"}, {"de", "0,125", "0.125"}, {"de", "1,500", "1.500"}, {"de", "12.50 €", "12.50"}, {"de", "1 500,00 €", "1500.00"}, {"de", "-1.500", "-1500"}, {"de", "−1.500,00\u00a0€", "-1500.00"}, {"en", "−\u2060€1,500.00", "-1500.00"},
		{"en", "12,500", "12500"}, {"en", "1,234.56", "1234.56"}, {"en", "12.500", "12.500"}, {"en", "12,5", "12.5"}, {"en", "€1,500", "1500"}, {"en", "1'500", "1500"},
		{"en", "7", "7"}, {"de", "", ""}, {"de", "zwölf", "zwölf"}, {"en", "1,2,3", "1.2,3"}, {"de", "10 %", "10"},
	} {
		if got := i18n.For(c.lang, time.UTC).Typed(c.text); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}
