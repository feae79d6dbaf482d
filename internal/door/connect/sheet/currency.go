package sheet

import (
	"strings"

	"stamm/internal/platform/money"
)

// currencySigns are the ways to write a currency that are no code of ISO 4217. kr is not among them: three countries use it.
var currencySigns = map[string]string{
	"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "gb£": "GBP",
	"fr": "CHF", "fr.": "CHF", "sfr": "CHF", "sfr.": "CHF", "franken": "CHF",
	"zł": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "¥": "JPY", "₺": "TRY", "₹": "INR", "₽": "RUB", "₴": "UAH",
	"dm": "DEM", "a$": "AUD", "c$": "CAD", "ca$": "CAD",
}

// currencyOf returns the code of a currency written as code or sign, and "" for an unknown one.
func currencyOf(s string) string {
	if money.Known(s) {
		return s
	}
	if code, ok := currencySigns[s]; ok {
		return code
	}
	if upper := strings.ToUpper(s); money.Known(upper) {
		return upper
	}
	return currencySigns[strings.ToLower(s)]
}
