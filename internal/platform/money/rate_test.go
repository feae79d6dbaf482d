package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

func rate(t testing.TB, text string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseRateReadsAndWritesDecimals(t *testing.T) {
	tests := map[string]string{
		"0.9312": "0.9312", "1": "1", "1.0000": "1", "0026000": "26000", "+2.5": "2.5", "1E3": "1000", "1.5e-5": "0.000015", "110": "110",
		"0.92394752841173431": "0.923947528411734", // more digits than a rate has
		"0.0000000000000015":  "0.000000000000002", // more places than a rate has
		"999999999999999":     "999999999999999",
	}
	for text, want := range tests {
		r, err := money.ParseRate(text)
		if err != nil || r.String() != want {
			t.Errorf("ParseRate(%q) = %v, %v; want %s", text, r, err, want)
		}
	}
	for _, bad := range []string{"", "0", "0.0", "-1", "1,08", "abc", "NaN", "Infinity", "1e16", "1e-17", "1e999999999", "9999999999999999"} {
		if r, err := money.ParseRate(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseRate(%q) = %v, %v; want an invalid fault", bad, r, err)
		}
	}
}

func TestConvertUsesThePinnedRateOnce(t *testing.T) {
	tests := []struct {
		amount money.Amount
		to     string
		rate   string
		want   int64
	}{
		{money.Of(10000, "CHF"), "EUR", "1.0654", 10654},
		{money.Of(1, "USD"), "EUR", "0.5", 1},
		{money.Of(-1, "USD"), "EUR", "0.5", -1},
		{money.Of(1000, "JPY"), "EUR", "0.0061", 610},
		{money.Of(610, "EUR"), "JPY", "163.934426", 1000},
		{money.Of(1500, "KWD"), "EUR", "3.01", 452},
		{money.Of(123, "JPY"), "CLF", "999999999999", 1229999999998770000},
		{money.Of(999, "EUR"), "EUR", "2", 999},
	}
	for _, tt := range tests {
		got, err := money.Convert(tt.amount, tt.to, rate(t, tt.rate))
		if err != nil || got != money.Of(tt.want, tt.to) {
			t.Errorf("Convert(%v, %s, %s) = %v, %v; want %d", tt.amount, tt.to, tt.rate, got, err, tt.want)
		}
	}
	if _, err := money.Convert(money.Of(1, "USD"), "EUR", money.Rate{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("no rate gives %v", err)
	}
	if _, err := money.Convert(money.Of(math.MaxInt64, "USD"), "EUR", rate(t, "2")); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an amount beyond int64 gives %v", err)
	}
}

func TestConvertIsExact(t *testing.T) {
	currencies := []string{"EUR", "JPY", "KWD", "CLF"}
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.SampledFrom(currencies).Draw(t, "from"), rapid.SampledFrom(currencies).Draw(t, "to")
		if from == to {
			return
		}
		coefficient, places := rapid.Int64Range(1, 999_999_999_999_999).Draw(t, "coefficient"), rapid.IntRange(0, 15).Draw(t, "places")
		r, err := money.ParseRate(money.FormatScaled(coefficient, places))
		if err != nil {
			t.Fatal(err)
		}
		amount := wholeNumber(t, "amount")
		got, err := money.Convert(money.Of(amount, from), to, r)
		exact, _ := new(big.Rat).SetString(r.String())
		exact.Mul(exact, new(big.Rat).SetInt64(amount))
		exact.Mul(exact, big.NewRat(int64(math.Pow10(money.Digits(to))), int64(math.Pow10(money.Digits(from)))))
		check(t, got.Minor, err, exact)
	})
}

func TestInverseTurnsAQuoteRound(t *testing.T) {
	inverse, err := rate(t, "1.0823").Inverse()
	if err != nil || inverse.String() != "0.923958237087684" {
		t.Errorf("1 / 1.0823 = %v, %v", inverse, err)
	}
	if small, err := rate(t, "26000").Inverse(); err != nil || small.String() != "0.000038461538462" {
		t.Errorf("1 / 26000 = %v, %v", small, err)
	}
	if _, err := (money.Rate{}).Inverse(); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("the inverse of no rate gives %v", err)
	}
}

func TestRateIsTextInJSON(t *testing.T) {
	data, err := json.Marshal([]money.Rate{rate(t, "0.93120"), {}})
	if err != nil || string(data) != `["0.9312",""]` {
		t.Fatalf("Marshal = %s, %v", data, err)
	}
	var back []money.Rate
	if err := json.Unmarshal(data, &back); err != nil || back[0] != rate(t, "0.9312") || !back[1].IsZero() {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"0.9312", "1e3", "1e-15", "-1", "999999999999999.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := money.ParseRate(s)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("ParseRate(%q): %v", s, err)
			}
			return
		}
		if again, err := money.ParseRate(r.String()); err != nil || again != r {
			t.Fatalf("%q is %v and read again %v, %v", s, r, again, err)
		}
	})
}
