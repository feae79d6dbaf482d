package i18n_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// plain makes no-break spaces readable: they stand as ~ in the tables below.
func plain(s string) string { return strings.NewReplacer(i18n.NBSP, "~", "\u2060", "^").Replace(s) }

func TestFormatsFollowTheLanguage(t *testing.T) {
	newYear := clock.NewDay(2026, time.December, 31)
	at := time.Date(2026, 12, 31, 14, 5, 59, 0, time.UTC)
	tests := []struct {
		name   string
		write  func(*i18n.Printer) string
		de, en string
	}{
		{"small number", func(p *i18n.Printer) string { return p.Number(999) }, "999", "999"},
		{"thousands", func(p *i18n.Printer) string { return p.Number(1000) }, "1.000", "1,000"},
		{"millions below zero", func(p *i18n.Printer) string { return p.Number(-1234567) }, "−1.234.567", "−1,234,567"},
		{"smallest number", func(p *i18n.Printer) string { return p.Number(math.MinInt64) }, "−9.223.372.036.854.775.808", "−9,223,372,036,854,775,808"},
		{"decimal", func(p *i18n.Printer) string { return p.Decimal(1234.56, 1) }, "1.234,6", "1,234.6"},
		{"decimal without digits", func(p *i18n.Printer) string { return p.Decimal(1234.56, 0) }, "1.235", "1,235"},
		{"decimal below zero", func(p *i18n.Printer) string { return p.Decimal(-0.25, 2) }, "−0,25", "−0.25"},
		{"decimal that rounds to zero has no sign", func(p *i18n.Printer) string { return p.Decimal(-0.001, 2) }, "0,00", "0.00"},
		{"giant decimal", func(p *i18n.Printer) string { return p.Decimal(1e21, 0) }, "1.000.000.000.000.000.000.000", "1,000,000,000,000,000,000,000"},
		{"no number", func(p *i18n.Printer) string { return p.Decimal(math.NaN(), 1) }, "–", "–"},
		{"infinity", func(p *i18n.Printer) string { return p.Percent(math.Inf(1), 1) }, "–", "–"},
		{"percent", func(p *i18n.Printer) string { return p.Percent(0.123, 1) }, "12,3~%", "12.3%"},
		{"percent above all", func(p *i18n.Printer) string { return p.Percent(12.5, 0) }, "1.250~%", "1,250%"},
		{"chance", func(p *i18n.Printer) string { return p.Chance(0.126) }, "13~%", "13%"},
		{"next to no chance", func(p *i18n.Printer) string { return p.Chance(0.0049) }, "<~1~%", "<1%"},
		{"no chance", func(p *i18n.Printer) string { return p.Chance(0) }, "<~1~%", "<1%"},
		{"almost certain", func(p *i18n.Printer) string { return p.Chance(0.9951) }, ">~99~%", ">99%"},
		{"likely", func(p *i18n.Printer) string { return p.Chance(0.9949) }, "99~%", "99%"},
		{"no chance known", func(p *i18n.Printer) string { return p.Chance(math.NaN()) }, "–", "–"},
		{"percent below zero", func(p *i18n.Printer) string { return p.Percent(-0.05, 1) }, "−5,0~%", "−5.0%"},
		{"euro", func(p *i18n.Printer) string { return p.Money(123456, "EUR") }, "1.234,56~€", "€1,234.56"},
		{"cents", func(p *i18n.Printer) string { return p.Money(5, "EUR") }, "0,05~€", "€0.05"},
		{"money below zero", func(p *i18n.Printer) string { return p.Money(-123456, "EUR") }, "−1.234,56~€", "−^€1,234.56"},
		{"francs", func(p *i18n.Printer) string { return p.Money(123450, "CHF") }, "1.234,50~CHF", "CHF~1,234.50"},
		{"francs below zero", func(p *i18n.Printer) string { return p.Money(-5, "CHF") }, "−0,05~CHF", "CHF~−0.05"},
		{"dollars", func(p *i18n.Printer) string { return p.Money(100, "USD") }, "1,00~$", "$1.00"},
		{"yen have no cents", func(p *i18n.Printer) string { return p.Money(1234, "JPY") }, "1.234~¥", "¥1,234"},
		{"dinars have three digits", func(p *i18n.Printer) string { return p.Money(1234567, "KWD") }, "1.234,567~KWD", "KWD~1,234.567"},
		{"smallest amount", func(p *i18n.Printer) string { return p.Money(math.MinInt64, "EUR") }, "−92.233.720.368.547.758,08~€", "−^€92,233,720,368,547,758.08"},
		{"rounded money", func(p *i18n.Printer) string { return p.MoneyRounded(123450, "EUR") }, "1.235~€", "€1,235"},
		{"rounded money below zero", func(p *i18n.Printer) string { return p.MoneyRounded(-123449, "EUR") }, "−1.234~€", "−^€1,234"},
		{"money that rounds to zero has no sign", func(p *i18n.Printer) string { return p.MoneyRounded(-49, "EUR") }, "0~€", "€0"},
		{"rounded yen", func(p *i18n.Printer) string { return p.MoneyRounded(1234, "JPY") }, "1.234~¥", "¥1,234"},
		{"whole quantity", func(p *i18n.Printer) string { return p.Quantity(2000) }, "2", "2"},
		{"broken quantity", func(p *i18n.Printer) string { return p.Quantity(-1_234_500) }, "−1.234,5", "−1,234.5"},
		{"no quantity", func(p *i18n.Printer) string { return p.Quantity(0) }, "0", "0"},
		{"unit price", func(p *i18n.Printer) string { return p.Price(2_500_000, "EUR") }, "2,50~€", "€2.50"},
		{"unit price of tenths of cents", func(p *i18n.Printer) string { return p.Price(1_500, "EUR") }, "0,0015~€", "€0.0015"},
		{"unit price in yen", func(p *i18n.Printer) string { return p.Price(1_000_000, "JPY") }, "1~¥", "¥1"},
		{"day", func(p *i18n.Printer) string { return p.Date(newYear) }, "31.12.2026", "31 Dec 2026"},
		{"first of a month", func(p *i18n.Printer) string { return p.Date(newYear + 1) }, "01.01.2027", "1 Jan 2027"},
		{"month", func(p *i18n.Printer) string { return p.Month(newYear) }, "Dezember 2026", "December 2026"},
		{"short month", func(p *i18n.Printer) string { return p.MonthShort(newYear) }, "Dez. 2026", "Dec 2026"},
		{"weekday", func(p *i18n.Printer) string { return p.Weekday(newYear.Weekday()) }, "Donnerstag", "Thursday"},
		{"short weekday", func(p *i18n.Printer) string { return p.WeekdayShort(newYear.Weekday()) }, "Do", "Thu"},
		{"instant", func(p *i18n.Printer) string { return p.DateTime(at) }, "31.12.2026, 14:05", "31 Dec 2026, 14:05"},
		{"time of day", func(p *i18n.Printer) string { return p.Time(at) }, "14:05", "14:05"},
		{"seconds", func(p *i18n.Printer) string { return p.Duration(42 * time.Second) }, "42~Sek.", "42~s"},
		{"minutes", func(p *i18n.Printer) string { return p.Duration(125 * time.Second) }, "2~Min. 5~Sek.", "2~min 5~s"},
		{"hours", func(p *i18n.Printer) string { return p.Duration(3*time.Hour + 20*time.Minute + 4*time.Second) }, "3~Std. 20~Min.", "3~h 20~min"},
		{"days", func(p *i18n.Printer) string { return p.Duration(98 * time.Hour) }, "4~Tg. 2~Std.", "4~d 2~h"},
		{"whole minutes", func(p *i18n.Printer) string { return p.Duration(-2 * time.Minute) }, "−2~Min.", "−2~min"},
		{"almost a minute", func(p *i18n.Printer) string { return p.Duration(59_900 * time.Millisecond) }, "1~Min.", "1~min"},
		{"bytes", func(p *i18n.Printer) string { return p.Bytes(999) }, "999~B", "999~B"},
		{"kilobytes", func(p *i18n.Printer) string { return p.Bytes(1234) }, "1,2~kB", "1.2~kB"},
		{"almost a megabyte", func(p *i18n.Printer) string { return p.Bytes(999_960) }, "1,0~MB", "1.0~MB"},
		{"gigabytes", func(p *i18n.Printer) string { return p.Bytes(123_456_789_012) }, "123~GB", "123~GB"},
		{"list", func(p *i18n.Printer) string { return p.List([]string{"A", "B", "C"}) }, "A, B und C", "A, B and C"},
		{"pair", func(p *i18n.Printer) string { return p.List([]string{"A", "B"}) }, "A und B", "A and B"},
		{"list of one", func(p *i18n.Printer) string { return p.List([]string{"A"}) }, "A", "A"},
		{"empty list", func(p *i18n.Printer) string { return p.List(nil) }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := plain(tt.write(i18n.For("de", nil))); got != tt.de {
				t.Errorf("German: %q, want %q", got, tt.de)
			}
			if got := plain(tt.write(i18n.For("en", nil))); got != tt.en {
				t.Errorf("English: %q, want %q", got, tt.en)
			}
		})
	}
}

func TestTimesAreShownInTheZoneOfThePrinter(t *testing.T) {
	vienna, err := clock.LoadZone("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC)
	if got := i18n.For("de", vienna).DateTime(at); got != "01.07.2026, 00:30" {
		t.Errorf("DateTime = %q", got)
	}
	if got := i18n.For("de", vienna).Location(); got != vienna {
		t.Errorf("Location = %v", got)
	}
}

func TestMoneyShowsEveryDigitOfTheAmount(t *testing.T) {
	p := i18n.For("de", nil)
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64().Draw(t, "minor")
		currency := rapid.SampledFrom([]string{"EUR", "CHF", "JPY", "KWD"}).Draw(t, "currency")
		digits, _, _ := strings.Cut(p.Money(minor, currency), i18n.NBSP)
		digits = strings.NewReplacer(".", "", ",", ".", "−", "-").Replace(digits)
		if want := money.FormatScaled(minor, money.Digits(currency)); digits != want {
			t.Fatalf("%d %s shows %q, want %q", minor, currency, digits, want)
		}
	})
}

func BenchmarkMoney(b *testing.B) {
	p := i18n.For("de", nil)
	b.ReportAllocs()
	for b.Loop() {
		p.Money(-1234567, "EUR")
	}
}

func BenchmarkPercent(b *testing.B) {
	p := i18n.For("de", nil)
	b.ReportAllocs()
	for b.Loop() {
		p.Percent(0.123, 1)
	}
}

func BenchmarkText(b *testing.B) {
	p := i18n.For("de", nil)
	b.ReportAllocs()
	for b.Loop() {
		p.N("common.rows", 1234)
	}
}

func BenchmarkPrinter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		i18n.For("de-AT", time.UTC).T("common.save")
	}
}
