package admin

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// countryOptions are all countries by their name in the reader's language, those Stamm is made for first.
func countryOptions(p *i18n.Printer, chosen string) []ui.Option {
	list := countryNames()[p.Lang()]
	options := make([]ui.Option, len(list))
	for i, c := range list {
		options[i] = ui.Option{Value: c.code, Label: c.name, Chosen: c.code == chosen}
	}
	return options
}

type country struct{ code, name string }

var countryNames = sync.OnceValue(func() map[string][]country {
	first := []string{"CH", "AT", "DE"}
	all := map[string][]country{}
	for _, lang := range i18n.Languages() {
		namer := display.Regions(language.MustParse(lang))
		var list []country
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string([]rune{a, b})
				if r, err := language.ParseRegion(code); err == nil && r.IsCountry() && r.Canonicalize().String() == code && namer.Name(r) != "" {
					list = append(list, country{code, namer.Name(r)})
				}
			}
		}
		slices.SortFunc(list, func(a, b country) int {
			return cmp.Or(cmp.Compare(slices.Index(first, b.code), slices.Index(first, a.code)),
				strings.Compare(strings.Join(customer.Fold(a.name), " "), strings.Join(customer.Fold(b.name), " ")))
		})
		all[lang] = list
	}
	return all
})

// currencies are those a company is likely to keep its books in or to be paid in. Any other can be set on the command
// line.
func currencies() []string {
	return strings.Fields("EUR CHF USD GBP SEK NOK DKK PLN CZK HUF RON BGN ISK TRY UAH RSD ALL BAM MKD GEL JPY CNY INR KRW SGD HKD AUD NZD CAD MXN BRL ZAR ILS AED SAR")
}

func currencyOptions(p *i18n.Printer, chosen string, without string) []ui.Option {
	list := currencies()
	if chosen != "" && !slices.Contains(list, chosen) {
		list = append(list, chosen)
	}
	var options []ui.Option
	for _, code := range list {
		if code == without {
			continue
		}
		label := code
		if key := "admin.currency." + code; p.Has(key) {
			label = code + " · " + p.T(key)
		}
		options = append(options, ui.Option{Value: code, Label: label, Chosen: code == chosen})
	}
	return options
}

// zones are the time zones of Europe and of the places most often worked with.
func zones() []string {
	return strings.Fields(`Europe/Berlin Europe/Vienna Europe/Zurich Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Bratislava Europe/Brussels
		Europe/Bucharest Europe/Budapest Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/Ljubljana
		Europe/London Europe/Luxembourg Europe/Madrid Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Sarajevo Europe/Sofia
		Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Vaduz Europe/Vilnius Europe/Warsaw Europe/Zagreb Atlantic/Reykjavik Atlantic/Canary
		America/New_York America/Chicago America/Denver America/Los_Angeles America/Sao_Paulo Africa/Johannesburg Asia/Dubai Asia/Jerusalem Asia/Kolkata
		Asia/Shanghai Asia/Singapore Asia/Tokyo Australia/Sydney UTC`)
}

func zoneOptions(chosen string) []ui.Option {
	list := zones()
	if chosen != "" && !slices.Contains(list, chosen) {
		list = append(list, chosen)
	}
	options := make([]ui.Option, len(list))
	for i, z := range list {
		options[i] = ui.Option{Value: z, Label: strings.ReplaceAll(z, "_", " "), Chosen: z == chosen}
	}
	return options
}

// regionOptions are the states and cantons that have public holidays of their own.
func regionOptions(p *i18n.Printer, chosen string) []ui.Option {
	options := []ui.Option{{Value: "", Label: p.T("admin.settings.region_country"), Chosen: chosen == ""}}
	for _, r := range clock.Regions() {
		state, _, found := strings.Cut(r, "-")
		if !found {
			continue
		}
		options = append(options, ui.Option{Value: r, Label: state + " · " + p.T(clock.RegionKey(r)), Chosen: r == chosen})
	}
	return options
}

func sectorOptions(p *i18n.Printer, chosen string) []ui.Option {
	options := []ui.Option{{Value: "", Label: p.T("admin.settings.sector_none"), Chosen: chosen == ""}}
	for _, s := range company.Sectors() {
		options = append(options, ui.Option{Value: s, Label: p.T("company.sectors." + s), Chosen: s == chosen})
	}
	return options
}

// chosenText is the text of the choice in force.
func chosenText(list []ui.Choice) string {
	for _, c := range list {
		if c.Active {
			return c.Text
		}
	}
	return ""
}
