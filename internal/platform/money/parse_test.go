package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

func TestDigitsFollowISO4217(t *testing.T) {
	for currency, want := range map[string]int{"EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "CHF": 2, "HUF": 2, "DEM": 2, "ITL": 0, "???": 2} {
		if got := money.Digits(currency); got != want {
			t.Errorf("Digits(%s) = %d, want %d", currency, got, want)
		}
	}
	for currency, want := range map[string]bool{"EUR": true, "eur": false, "": false, "XXX": false, "BGN": true, "EURO": false} {
		if got := money.Known(currency); got != want {
			t.Errorf("Known(%q) = %v, want %v", currency, got, want)
		}
	}
}

func TestParseReadsThePlainForm(t *testing.T) {
	tests := []struct {
		text, currency string
		want           int64
	}{
		{"1234.56", "EUR", 123456}, {"-3", "EUR", -300}, {"+0.5", "EUR", 50}, {".5", "EUR", 50}, {"5.", "EUR", 500}, {"0", "EUR", 0}, {"-0", "EUR", 0},
		{"0.005", "EUR", 1}, {"-0.005", "EUR", -1}, {"0.0049999", "EUR", 0}, {"1.995", "EUR", 200}, {"0.00999999", "EUR", 1}, {"12.5", "JPY", 13}, {"1.2345", "KWD", 1235},
		{"4E-3", "EUR", 0}, {"5e-3", "EUR", 1}, {"1.5E+3", "EUR", 150000}, {"1e3", "EUR", 100000}, {"0.30000000000000004", "EUR", 30}, {"0e999999999999", "EUR", 0},
		{"1e-999999999999", "EUR", 0}, {"92233720368547758.07", "EUR", math.MaxInt64}, {"-92233720368547758.07", "EUR", -math.MaxInt64},
	}
	for _, tt := range tests {
		got, err := money.Parse(tt.text, tt.currency)
		if err != nil || got.Minor != tt.want {
			t.Errorf("Parse(%q, %s) = %d, %v; want %d", tt.text, tt.currency, got.Minor, err, tt.want)
		}
	}
}

func TestParseRefusesWhatIsNoAmount(t *testing.T) {
	for _, text := range []string{"", "-", ".", "abc", "1,5", "1.2.3", "1 000", "--1", "1e", "1e+", "e5", "0x10", "NaN", "Inf", "١", "1e5.5",
		"92233720368547758.08", "1e17", "1e999999999999", "99999999999999999999999"} {
		if got, err := money.Parse(text, "EUR"); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("Parse(%q) = %v, %v; want an invalid fault", text, got, err)
		}
	}
	if _, err := money.Parse("1", "EURO"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an unknown currency gives %v", err)
	}
}

func TestFormatScaledIsReadBackExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Min(-math.MaxInt64).Draw(t, "value")
		digits := rapid.IntRange(0, 9).Draw(t, "digits")
		text := money.FormatScaled(v, digits)
		if got, err := money.ParseScaled(text, digits); err != nil || got != v {
			t.Fatalf("%d is written %q and read %d, %v", v, text, got, err)
		}
	})
	if got := money.FormatScaled(math.MinInt64, 2); got != "-92233720368547758.08" {
		t.Errorf("the smallest number is written %q", got)
	}
	if got := (money.Amount{Minor: -5, Currency: "EUR"}).String(); got != "-0.05 EUR" {
		t.Errorf("minus five cents are written %q", got)
	}
}

func FuzzParseScaled(f *testing.F) {
	for _, s := range []string{"1234.56", "-0.005", "1e3", "5e-3", "", "1e999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := money.ParseScaled(s, 3)
		if err != nil || len(s) > 60 {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			return // beyond what big.Rat reads, such as a giant exponent
		}
		off := exact.Sub(exact.Mul(exact, big.NewRat(1000, 1)), new(big.Rat).SetInt64(got))
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("ParseScaled(%q, 3) = %d is off by %v", s, got, off)
		}
	})
}
