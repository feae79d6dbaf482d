package customer

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// CountryCode reads a country as files write it: its ISO code, its German or English name, a few habits such as UK
// and D. ok is false for what names none.
func CountryCode(text string) (code string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) == 2 && isASCII(text) {
		if upper := strings.ToUpper(text); isCountry(upper) {
			return upper, true
		}
	}
	code, ok = countryNames()[nameKey(text)]
	return code, ok
}

func isCountry(code string) bool {
	r, err := language.ParseRegion(code)
	return err == nil && r.IsCountry() && r.Canonicalize().String() == code
}

func nameKey(text string) string { return strings.Join(Fold(text), " ") }

// countryNames maps folded names to codes.
var countryNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	tables := []display.Namer{display.Regions(language.German), display.Regions(language.English), display.Regions(language.French), display.Regions(language.Italian)}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			if !isCountry(code) {
				continue
			}
			region := language.MustParseRegion(code)
			names[strings.ToLower(region.ISO3())] = code
			for _, t := range tables {
				if key := nameKey(t.Name(region)); key != "" && names[key] == "" {
					names[key] = code
				}
			}
		}
	}
	for name, code := range map[string]string{
		"D": "DE", "BRD": "DE", "A": "AT", "F": "FR", "I": "IT", "E": "ES", "L": "LU", "B": "BE", "FL": "LI", "UK": "GB",
		"Great Britain": "GB", "Grossbritannien": "GB", "England": "GB", "Scotland": "GB", "EIRE": "IE", "Republic of Ireland": "IE",
		"USA": "US", "United States of America": "US", "RSA": "ZA", "Holland": "NL", "Czech Republic": "CZ", "Tschechische Republik": "CZ",
		"Schweiz/Suisse": "CH", "Turkey": "TR", "Russia": "RU", "Slowakische Republik": "SK", "Korea": "KR",
	} {
		names[nameKey(name)] = code
	}
	return names
})

// languageCode reads a language as files write it: a code such as de or de-AT, or its German or English name.
func languageCode(text string) (code string, ok bool) {
	text = strings.TrimSpace(text)
	if code, ok := languageNames()[nameKey(text)]; ok {
		return code, true
	}
	tag, err := language.Parse(text)
	if err != nil {
		return "", false
	}
	base, confidence := tag.Base()
	return base.String(), confidence == language.Exact
}

var languageNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, tag := range display.Supported.Tags() {
		base, _ := tag.Base()
		for _, in := range []language.Tag{language.German, language.English} {
			if key := nameKey(display.Languages(in).Name(language.Make(base.String()))); key != "" {
				names[key] = base.String()
			}
		}
	}
	return names
})
