package customers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

func customerPath(id int64) string { return fmt.Sprintf("/customers/%d", id) }
func documentPath(id int64) string { return fmt.Sprintf("/documents/%d", id) }
func importPath(id int64) string   { return fmt.Sprintf("/imports/%d", id) }

// names are what one page calls users, sources and custom fields.
type names struct {
	users   map[int64]string
	active  []*auth.User // who can look after customers, by name
	sources map[int64]string
	fields  customer.Catalogue
}

func loadNames(r *page.Request, tx *store.Tx) (names, error) {
	n := names{users: map[int64]string{}, sources: map[int64]string{}}
	users, err := auth.List(r.Context(), tx)
	if err != nil {
		return n, err
	}
	for _, u := range users {
		n.users[u.ID] = u.Name
		if !u.Disabled {
			n.active = append(n.active, u)
		}
	}
	slices.SortFunc(n.active, func(a, b *auth.User) int { return cmp.Compare(a.Name, b.Name) })
	sources, err := customer.Sources(r.Context(), tx)
	if err != nil {
		return n, err
	}
	for _, s := range sources {
		n.sources[s.ID] = s.Name
	}
	n.fields, err = customer.LoadCatalogue(r.Context(), tx)
	return n, err
}

// user is what somebody is called, "" for nobody.
func (n names) user(p *i18n.Printer, id int64) string {
	if id == 0 {
		return ""
	}
	return cmp.Or(n.users[id], p.T("customers.who.user", "id", strconv.FormatInt(id, 10)))
}

// actor is who changed something.
func (n names) actor(p *i18n.Printer, kind string, id int64) string {
	switch kind {
	case "user":
		return n.user(p, id)
	case "api", "job", "cli":
		return p.T("customers.who." + kind)
	}
	return p.T("customers.who.stamm")
}

// source is where a value came from.
func (n names) source(p *i18n.Printer, id int64) string {
	if id == 0 {
		return p.T("customers.source.typed")
	}
	return cmp.Or(n.sources[id], strconv.FormatInt(id, 10))
}

// field is what a field of a change is called: "email:12" and "custom.size" have no texts of their own.
func (n names) field(p *i18n.Printer, field string) string {
	name, _, _ := strings.Cut(field, ":")
	if key, custom := strings.CutPrefix(name, "custom."); custom {
		for _, f := range n.fields.Custom {
			if f.Key == key {
				return f.Label
			}
		}
		return key
	}
	if strings.HasPrefix(name, "external.") {
		name = "external"
	}
	if key := "customer.field." + name; p.Has(key) {
		return p.T(key)
	}
	return name
}

// value is the text of a field for people.
func (n names) value(p *i18n.Printer, field, text string) string {
	if text == "" {
		return ""
	}
	if key, custom := strings.CutPrefix(field, "custom."); custom {
		return n.customValue(p, key, text)
	}
	switch field {
	case "kind", "salutation", "address_form", "excluded":
		if key := "customer." + field + "." + text; p.Has(key) {
			return p.T(key)
		}
	case "country":
		return countryName(p, text)
	case "language":
		return languageName(p, text)
	case "region":
		return regionName(p, text)
	case "birthday", "since":
		return dayText(p, text)
	case "owner":
		id, _ := strconv.ParseInt(text, 10, 64)
		return n.user(p, id)
	}
	return text
}

func (n names) customValue(p *i18n.Printer, key, text string) string {
	for _, f := range n.fields.Custom {
		switch {
		case f.Key != key:
		case f.Type == customer.TypeDate:
			return dayText(p, text)
		case f.Type == customer.TypeFlag:
			return p.T("common.yes")
		}
	}
	return text
}

func dayText(p *i18n.Printer, text string) string {
	if d, err := clock.ParseDay(text); err == nil {
		return p.Date(d)
	}
	return text
}

func dateOrNone(p *i18n.Printer, d *clock.Day) string {
	if d == nil {
		return ""
	}
	return p.Date(*d)
}

// validity says from when until when something holds, "" for always.
func validity(p *i18n.Printer, from, until *clock.Day) string {
	switch {
	case from != nil && until != nil:
		return p.T("customers.valid.both", "from", *from, "until", *until)
	case from != nil:
		return p.T("customers.valid.from", "from", *from)
	case until != nil:
		return p.T("customers.valid.until", "until", *until)
	}
	return ""
}

func over(until *clock.Day, today clock.Day) bool { return until != nil && *until < today }

// typeWords is the type of an address in words, with whether it is the main one of several and how long it holds.
func typeWords(p *i18n.Printer, kind string, main bool, from, until *clock.Day) string {
	var words []string
	if kind != "" {
		words = append(words, p.T("customer.type."+kind))
	}
	if main {
		words = append(words, p.T("customers.main"))
	}
	return joined(append(words, validity(p, from, until))...)
}

// joined puts what is not empty behind each other.
func joined(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " · ")
}

func countryName(p *i18n.Printer, code string) string {
	if region, err := language.ParseRegion(code); err == nil {
		if name := display.Regions(language.Make(p.Lang())).Name(region); name != "" {
			return name
		}
	}
	return code
}

// regionName is the name of a state or canton given by its code, and any other region as it was written.
func regionName(p *i18n.Printer, text string) string {
	if key := clock.RegionKey(text); text != "" && p.Has(key) {
		return p.T(key)
	}
	return text
}

func languageName(p *i18n.Printer, code string) string {
	if tag, err := language.Parse(code); err == nil {
		if name := display.Languages(language.Make(p.Lang())).Name(tag); name != "" {
			return name
		}
	}
	return code
}

type named struct{ code, name string }

// countryNames are all countries by language, by name, those Stamm is made for first.
var countryNames = sync.OnceValue(func() map[string][]named {
	first := []string{"CH", "AT", "DE"}
	all := map[string][]named{}
	for _, lang := range i18n.Languages() {
		namer := display.Regions(language.MustParse(lang))
		var list []named
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string([]rune{a, b})
				if r, err := language.ParseRegion(code); err == nil && r.IsCountry() && r.Canonicalize().String() == code && namer.Name(r) != "" {
					list = append(list, named{code, namer.Name(r)})
				}
			}
		}
		slices.SortFunc(list, func(a, b named) int {
			return cmp.Or(cmp.Compare(slices.Index(first, b.code), slices.Index(first, a.code)),
				strings.Compare(strings.Join(customer.Fold(a.name), " "), strings.Join(customer.Fold(b.name), " ")))
		})
		all[lang] = list
	}
	return all
})

func countryOptions(p *i18n.Printer, chosen string) []ui.Option {
	options := []ui.Option{{Value: "", Label: p.T("customers.form.unknown")}}
	for _, c := range countryNames()[p.Lang()] {
		options = append(options, ui.Option{Value: c.code, Label: c.name, Chosen: c.code == chosen})
	}
	return options
}

// languages are those people in the countries Stamm is made for, and their neighbours, are written to in.
func languageOptions(p *i18n.Printer, chosen string) []ui.Option {
	codes := strings.Fields("de en fr it nl pl cs da es hu pt ro sk sl sv tr uk ru hr sr bg el fi no")
	if chosen != "" && !slices.Contains(codes, chosen) {
		codes = append(codes, chosen)
	}
	options := []ui.Option{{Value: "", Label: p.T("customers.form.unknown")}}
	for _, c := range codes {
		options = append(options, ui.Option{Value: c, Label: languageName(p, c), Chosen: c == chosen})
	}
	return options
}

// choiceOptions are codes whose texts stand under prefix, and none of them.
func choiceOptions(p *i18n.Printer, prefix, none, chosen string, codes ...string) []ui.Option {
	options := []ui.Option{{Value: "", Label: p.T(none), Chosen: chosen == ""}}
	for _, c := range codes {
		options = append(options, ui.Option{Value: c, Label: p.T(prefix + c), Chosen: c == chosen})
	}
	return options
}

// displayName is what a customer without a name is called.
func displayName(p *i18n.Printer, w *customer.Whole) string {
	switch {
	case !w.ErasedAt.IsZero():
		return p.T("customers.erased.name", "id", strconv.FormatInt(w.ID, 10))
	case w.Name != "":
		return w.Name
	case w.ExternalID != "":
		return p.T("customers.nameless", "number", w.ExternalID)
	case len(w.Emails) > 0:
		return w.Emails[0].Address
	}
	return p.T("customers.nameless", "number", "#"+strconv.FormatInt(w.ID, 10))
}

func rowName(p *i18n.Printer, row customer.Row) string {
	number := row.ExternalID
	if row.Name == "" && number == "" {
		number = "#" + strconv.FormatInt(row.ID, 10)
	}
	return cmp.Or(row.Name, row.Email, p.T("customers.nameless", "number", number))
}

// agoWords says how long ago a day was, in years once days say nothing any more.
func agoWords(p *i18n.Printer, days int) string {
	if days >= 2*365 {
		return p.N("customers.years_ago", int64(days/365))
	}
	return p.N("customers.ago", int64(days))
}
