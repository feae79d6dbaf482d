package sheet

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed countries.txt
var countriesText string

// countries finds codes of ISO 3166 by folded name. It is read at the first call and never changes.
var countries = sync.OnceValue(func() map[string]string {
	byName := map[string]string{}
	var bares []string
	for line := range strings.Lines(countriesText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		names := strings.Split(strings.TrimSpace(line), "|")
		for _, name := range names {
			for _, n := range []string{name, strings.ReplaceAll(name, "&", "and"), strings.ReplaceAll(name, "St. ", "Saint ")} {
				if key := fold(n); key != "" && byName[key] == "" {
					byName[key] = names[0]
					bares = append(bares, key)
				}
			}
		}
	}
	for _, key := range bares { // Osterreich; after all others, so that it never takes a name from another country
		if b := bare(key); byName[b] == "" {
			byName[b] = byName[key]
		}
	}
	return byName
})

// CountryCode returns the code of ISO 3166 of a country given as code or by its German, English or own name; "" if it is unknown.
func CountryCode(s string) string {
	return countries()[fold(s)]
}
