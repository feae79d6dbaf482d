package i18n_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

func TestLanguagesHaveTheSameTexts(t *testing.T) {
	first := i18n.Placeholders(i18n.Languages()[0])
	for _, lang := range i18n.Languages()[1:] {
		other := i18n.Placeholders(lang)
		for _, key := range slices.Sorted(maps.Keys(first)) {
			want, got := first[key], other[key]
			switch _, ok := other[key]; {
			case !ok:
				t.Errorf("%s has no text for %s", lang, key)
			case isPlural(key):
				// One form may spell the number out where the other language writes it.
				want, got = without(want, "n"), without(got, "n")
				fallthrough
			default:
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("placeholders of %s in %s: %s", key, lang, diff)
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(other)) {
			if _, ok := first[key]; !ok {
				t.Errorf("%s has no text for %s, %s has", i18n.Languages()[0], key, lang)
			}
		}
	}
}

func isPlural(key string) bool {
	return strings.HasSuffix(key, ".one") || strings.HasSuffix(key, ".other")
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == name })
}

func TestTextsAreTidy(t *testing.T) {
	for _, lang := range i18n.Languages() {
		p := i18n.For(lang, nil)
		for key, names := range i18n.Placeholders(lang) {
			var args []any
			for _, name := range names {
				args = append(args, name, "x")
			}
			text := p.T(key, args...)
			switch {
			case strings.TrimSpace(text) == "":
				t.Errorf("%s: %s is empty", lang, key)
			case strings.TrimSpace(text) != text:
				t.Errorf("%s: %s has blanks at its ends", lang, key)
			case strings.Contains(text, "  "):
				t.Errorf("%s: %s has two blanks in a row", lang, key)
			case strings.Contains(text, "⟦"):
				t.Errorf("%s: %s is %q", lang, key, text)
			}
		}
	}
}

func TestPluralsHaveBothForms(t *testing.T) {
	for _, lang := range i18n.Languages() {
		all := i18n.Placeholders(lang)
		for key := range all {
			base, isOne := strings.CutSuffix(key, ".one")
			if _, ok := all[base+".other"]; isOne && !ok {
				t.Errorf("%s: %s.other is missing", lang, base)
			}
			base, isOther := strings.CutSuffix(key, ".other")
			if _, ok := all[base+".one"]; isOther && !ok {
				t.Errorf("%s: %s.one is missing", lang, base)
			}
		}
	}
}

func TestEveryHolidayAndRegionHasAName(t *testing.T) {
	for _, lang := range i18n.Languages() {
		p := i18n.For(lang, nil)
		for _, region := range clock.Regions() {
			if key := clock.RegionKey(region); !p.Has(key) {
				t.Errorf("%s: no text for %s", lang, key)
			}
			for year := 1991; year < 2040; year++ {
				for _, h := range clock.Holidays(region, year) {
					if !p.Has(h.NameKey) {
						t.Fatalf("%s: no text for %s", lang, h.NameKey)
					}
				}
			}
		}
	}
}

func TestEveryCodeHasAMessage(t *testing.T) {
	for _, lang := range i18n.Languages() {
		for _, code := range []fault.Code{fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden, fault.Unavailable, fault.Internal} {
			if key := "errors." + string(code); !i18n.For(lang, nil).Has(key) {
				t.Errorf("%s: no text for %s", lang, key)
			}
		}
	}
}

func TestBrokenCataloguesAreRefused(t *testing.T) {
	tests := map[string]string{
		"no TOML":                   `save = `,
		"a key twice":               "save = \"a\"\nsave = \"b\"",
		"a key twice by its path":   "\"a.b\" = \"x\"\n[a]\nb = \"y\"",
		"a number":                  `n = 3`,
		"a list":                    `n = ["a"]`,
		"an open placeholder":       `a = "Hello {name"`,
		"a closed one without open": `a = "Hello name}"`,
		"an empty placeholder":      `a = "Hello {}"`,
		"a strange placeholder":     `a = "Hello {Your Name}"`,
		"a placeholder in another":  `a = "Hello {na{me}}"`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if err := i18n.Load(fstest.MapFS{"de/x.toml": {Data: []byte(text)}}, "de"); err == nil {
				t.Errorf("%q is taken", text)
			} else if !strings.Contains(err.Error(), "x.toml") {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	if err := i18n.Load(fstest.MapFS{"de/x.toml": {Data: []byte("a.b = \"{n} of {n}\"\n[c.d]\ne = \"ä\"")}}, "de"); err != nil {
		t.Errorf("a sound file is refused: %v", err)
	}
}
