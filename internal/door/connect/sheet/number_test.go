package sheet_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/money"
)

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	const comma, point, unknown = sheet.Comma, sheet.Point, sheet.Decimal("")
	tests := []struct {
		text     string
		decimal  sheet.Decimal
		scale    int
		want     int64
		currency string
	}{
		{"12", comma, 2, 1200, ""}, {"12", unknown, 2, 1200, ""}, {"0", point, 2, 0, ""}, {"007", point, 2, 700, ""},
		{"12,5", comma, 2, 1250, ""}, {"12.5", point, 2, 1250, ""}, {"-12.50", point, 2, -1250, ""}, {".5", point, 2, 50, ""}, {"12.", point, 2, 1200, ""},
		{"1.234,56 €", comma, 2, 123456, "EUR"}, {"€1,234.56", point, 2, 123456, "EUR"}, {"EUR 1.234,56", comma, 2, 123456, "EUR"}, {"1.234,56\u00a0EUR", comma, 2, 123456, "EUR"},
		{"1.234", comma, 2, 123400, ""}, {"1.234", point, 2, 123, ""}, {"1.235", point, 2, 124, ""}, {"-1.235", point, 2, -124, ""}, {"1,234,567", point, 0, 1234567, ""},
		{"1'234.50", point, 2, 123450, ""}, {"1’234.50", point, 2, 123450, ""}, {"CHF 1'234.-", point, 2, 123400, "CHF"}, {"Fr. 12.–", point, 2, 1200, "CHF"}, {"12,-", comma, 2, 1200, ""}, {"12,-- €", comma, 2, 1200, "EUR"},
		{"1 234,50", comma, 2, 123450, ""}, {"1\u00a0234,50", comma, 2, 123450, ""}, {"1\u202f234,50 €", comma, 2, 123450, "EUR"},
		{"(12.50)", point, 2, -1250, ""}, {"($12.50)", point, 2, -1250, "USD"}, {"12,50-", comma, 2, -1250, ""}, {"-€5", point, 2, -500, "EUR"}, {"€ -5", point, 2, -500, "EUR"}, {"−5", point, 2, -500, ""}, {"+5", point, 2, 500, ""}, {"5 $", point, 2, 500, "USD"}, {"£2.10", point, 2, 210, "GBP"}, {"12 zł", comma, 2, 1200, "PLN"},
		{"1.5E+3", point, 2, 150000, ""}, {"2.5499999999999998", point, 2, 255, ""}, {"2.5499999999999998", point, 6, 2550000, ""}, {"1e-3", point, 6, 1000, ""},
		{"0.000001", point, 6, 1, ""}, {"0.0000005", point, 6, 1, ""}, {"0.001", point, 3, 1, ""}, {"-3", unknown, 3, -3000, ""},
		{"0.004999", point, 2, 0, ""}, {"0.005", point, 2, 1, ""}, {"99,9999", comma, 2, 10000, ""}, {" 7 ", point, 2, 700, ""},
		{"1.234,56", unknown, 2, 123456, ""}, {"1,234.56", unknown, 2, 123456, ""}, {"0,5", unknown, 2, 50, ""}, {"1.234.567", unknown, 0, 1234567, ""},
		{"10000000000000.00", point, 2, 1_000_000_000_000_000, ""},
	}
	for _, tt := range tests {
		got, currency, problem := sheet.ParseNumber(tt.text, tt.decimal, tt.scale)
		if got != tt.want || currency != tt.currency || problem != "" {
			t.Errorf("%q with decimal %q in place %d: %d %q %q, want %d %q", tt.text, tt.decimal, tt.scale, got, currency, problem, tt.want, tt.currency)
		}
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	tests := []struct {
		text    string
		decimal sheet.Decimal
		problem string
	}{
		{"", sheet.Point, "number"}, {"abc", sheet.Point, "number"}, {"-", sheet.Point, "number"}, {".", sheet.Point, "number"}, {"12abc34", sheet.Point, "number"},
		{"1,5", sheet.Point, "number"}, {"1.5", sheet.Comma, "number"}, {"1,23,456", sheet.Point, "number"}, {"12,345,67", sheet.Point, "number"}, {"1.234.56", sheet.Comma, "number"},
		{"--5", sheet.Point, "number"}, {"(-5)", sheet.Point, "number"}, {"-5-", sheet.Point, "number"}, {"5 10", sheet.Point, "number"}, {"12%", sheet.Point, "number"}, {"1'23", sheet.Point, "number"},
		{"01.02.2011", sheet.Comma, "number"}, {"12 - 14", sheet.Point, "number"}, {"1.234", "", "number_ambiguous"}, {"1,234", "", "number_ambiguous"},
		{"12 XQZ", sheet.Point, "currency"}, {"5 kr", sheet.Comma, "currency"}, {"99999999999999999", sheet.Point, "number_large"}, {"1E+300", sheet.Point, "number_large"}, {"-10000000000000.01", sheet.Point, "number_large"},
		{"#REF!", sheet.Point, "number"}, {"=1+1", sheet.Point, "number"}, {strings.Repeat("1", 100), sheet.Point, "number"},
	}
	for _, tt := range tests {
		if got, _, problem := sheet.ParseNumber(tt.text, tt.decimal, 2); problem != tt.problem {
			t.Errorf("%q with decimal %q: %d, problem %q, want %q", tt.text, tt.decimal, got, problem, tt.problem)
		}
	}
}

func TestTheFormOfANumberTellsTheDecimalSign(t *testing.T) {
	for text, want := range map[string]string{
		"1234": "whole", "-5": "whole", "1.5": "point", "1,5": "comma", "1.50": "point", "1.234": "ambiguous", "1,234": "ambiguous", "12.345": "ambiguous", "123.456": "ambiguous", "-1.234": "ambiguous",
		"1234.567": "point", "0.125": "point", "0,125": "comma", ".125": "point", "1.234,5": "comma", "1,234.5": "point", "1.234.567": "comma", "1,234,567": "point", "1'234.567": "point",
		"1.234,56 €": "comma", "(1,234)": "ambiguous", "01.02.2011": "none", "1.2.3": "none", "abc": "none", "": "none", "2010-12-01": "none", "1.234.567,89": "comma", "1,234.567,8": "none", "12:30": "none", "4,0E+12": "comma",
	} {
		if got := sheet.NumberShape(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestNumbersWrittenInAnyHabitAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-1e15, 1e15).Draw(t, "value")
		places := rapid.IntRange(0, 6).Draw(t, "places")
		plain := money.FormatScaled(v, places)
		whole, fraction, _ := strings.Cut(strings.TrimPrefix(plain, "-"), ".")
		mark := rapid.SampledFrom([]string{"", ".", "'", " ", "\u00a0", "\u202f"}).Draw(t, "mark")
		text := group(whole, mark)
		if fraction != "" {
			text += "," + fraction
		}
		if v < 0 {
			text = strings.Replace(rapid.SampledFrom([]string{"-%", "%-", "(%)", "- %", "−%"}).Draw(t, "sign"), "%", text, 1)
		}
		text = strings.Replace(rapid.SampledFrom([]string{"%", "% €", "EUR %", "%€", " % "}).Draw(t, "currency"), "%", text, 1)
		if got, _, problem := sheet.ParseNumber(text, sheet.Comma, places); got != v || problem != "" {
			t.Fatalf("%q: %d %s, want %d", text, got, problem, v)
		}
	})
}

// group puts a mark between groups of three digits.
func group(digits, mark string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + mark + digits[i:]
	}
	return digits
}

// FuzzNumbers holds the quick ways of reading against the thorough ones.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1.234,56 €", "12,-", "(5)", "1e5", "1'234.5", "−5", "€", "4,0E+12", "0.5", "1,234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if quick := sheet.PlainShape(s); quick != "none" && quick != sheet.NumberShape(s) {
			t.Errorf("%q looks like %s at once and like %s", s, quick, sheet.NumberShape(s))
		}
		for _, d := range []sheet.Decimal{"", sheet.Comma, sheet.Point} {
			v, _, problem := sheet.ParseNumber(s, d, 2)
			if v > 1e15 || v < -1e15 {
				t.Errorf("%q is %d", s, v)
			}
			if problem != "" && v != 0 {
				t.Errorf("%q has problem %s and value %d", s, problem, v)
			}
			if d == sheet.Point && problem == "" {
				if again, _, p := sheet.ParseNumber(money.FormatScaled(v, 2), d, 2); again != v || p != "" {
					t.Errorf("%q is %d, written again %d", s, v, again)
				}
			}
		}
	})
}
