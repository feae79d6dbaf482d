package sheet_test

import (
	"testing"

	"stamm/internal/door/connect/sheet"
)

func TestKeysThatExcelRuined(t *testing.T) {
	for s, want := range map[string]bool{
		"4,0E+12": true, "4.01235E+12": true, "4E+12": true, "4,00638E+12": true, "1e+5": true, "SAVE+10": false, "E+12": false, "4E12": false, "A4E+12": false, "4E+": false, "12+3": false, "": false, "4,0E+12x": false, "44,0E+12": false,
	} {
		if got := sheet.ExcelRuined(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestPlausibleMailAddresses(t *testing.T) {
	for s, want := range map[string]bool{
		"a@b.de": true, "anna.maria+x@mail.example.org": true, "jörg@büro.de": true, "o'neil@x.ie": true, "a@b.museum": true, `"john doe"@x.de`: true, `"john doe@x.de`: false, `"john doe"`: false,
		"": false, "a": false, "a@b": false, "@b.de": false, "a@": false, "a b@c.de": false, "a@b..de": false, ".a@b.de": false, "a.@b.de": false, "a@b@c.de": false, "a@-b.de": false, "a@b.c": false, "a@b.de,c@d.de": false, "<a@b.de>": false, "a@b_c.de": false, "a@1.2.3.4": false, "a@b.\xff": false,
	} {
		if got := sheet.MailPlausible(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestWordsAreFolded(t *testing.T) {
	for s, want := range map[string]string{"Kunden-Nr.": "kundennr", "Straße": "strasse", "Größe (cm)": "groessecm", "Éire": "eire", "Łódź": "lodz", "Åland": "aland", "日本": "", "E-Mail Adresse": "emailadresse", "ARTIKEL_NR": "artikelnr", "ÖSTERREICH": "oesterreich"} {
		if got := sheet.Fold(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestCurrenciesAndLanguages(t *testing.T) {
	for s, want := range map[string]string{"€": "EUR", "EUR": "EUR", "eur": "EUR", "Euro": "EUR", "CHF": "CHF", "Fr.": "CHF", "SFr.": "CHF", "$": "USD", "£": "GBP", "zł": "PLN", "kr": "", "XQZ": "", "": "", "DEM": "DEM"} {
		if got := sheet.CurrencyOf(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	for s, want := range map[string]string{"de": "de", "de-AT": "de", "de_CH": "de", "Deutsch": "de", "ENGLISH": "en", "Französisch": "fr", "xx": "", "": ""} {
		if got := sheet.LanguageOf(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
