package company

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// prefix of the keys in the setting table.
const prefix = "company."

// field is one setting: its name in forms, on the command line and in the feed, its text form, and what it must be.
type field struct {
	name  string
	value func(Settings) string
	set   func(*Settings, string) error
	check func(Settings) *fault.Error
}

var fields = []field{
	{"name", func(s Settings) string { return s.Name }, text(func(s *Settings) *string { return &s.Name }), checkName},
	{"currency", func(s Settings) string { return s.Currency }, text(func(s *Settings) *string { return &s.Currency }), checkCurrency},
	{"zone", func(s Settings) string { return s.TimeZone }, text(func(s *Settings) *string { return &s.TimeZone }), checkZone},
	{"language", func(s Settings) string { return s.Language }, text(func(s *Settings) *string { return &s.Language }), checkLanguage},
	{"country", func(s Settings) string { return s.Country }, text(func(s *Settings) *string { return &s.Country }), checkCountry},
	{"region", func(s Settings) string { return s.Region }, text(func(s *Settings) *string { return &s.Region }), checkRegion},
	{"sector", func(s Settings) string { return s.Sector }, text(func(s *Settings) *string { return &s.Sector }), checkSector},
	number("active_days", func(s *Settings) *int { return &s.ActiveDays }, 1, 3650),
	number("horizon", func(s *Settings) *int { return &s.Horizon }, 7, 730),
	number("value_years", func(s *Settings) *int { return &s.ValueYears }, 1, 10),
	number("discount", func(s *Settings) *int { return &s.Discount }, 0, 100),
	number("margin", func(s *Settings) *int { return &s.Margin }, 1, 100),
	number("merge_days", func(s *Settings) *int { return &s.MergeDays }, 0, 30),
	{"covariates", func(s Settings) string { return s.Covariates }, text(func(s *Settings) *string { return &s.Covariates }), checkCovariates},
	{"imprint", func(s Settings) string { return s.Imprint }, text(func(s *Settings) *string { return &s.Imprint }), checkAddress(func(s Settings) string { return s.Imprint })},
	{"privacy", func(s Settings) string { return s.Privacy }, text(func(s *Settings) *string { return &s.Privacy }), checkAddress(func(s Settings) string { return s.Privacy })},
	{"setup", func(s Settings) string { return strconv.FormatBool(s.Setup) }, setSetup, nil},
}

func text(at func(*Settings) *string) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		*at(s) = strings.TrimSpace(v)
		return nil
	}
}

// number is a setting that is a whole number from least to most.
func number(name string, at func(*Settings) *int, least, most int) field {
	return field{name, func(s Settings) string { return strconv.Itoa(*at(&s)) }, func(s *Settings, v string) error {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			return fault.New(fault.Invalid, "errors.whole_number", "text", v)
		}
		*at(s) = n
		return nil
	}, func(s Settings) *fault.Error {
		switch n := *at(&s); {
		case n < least:
			return fault.New(fault.Invalid, "errors.too_small", "min", least)
		case n > most:
			return fault.New(fault.Invalid, "errors.too_large", "max", most)
		}
		return nil
	}}
}

func setSetup(s *Settings, v string) error {
	b, err := strconv.ParseBool(strings.TrimSpace(v))
	if err != nil {
		return fault.New(fault.Invalid, "errors.choice", "text", v)
	}
	s.Setup = b
	return nil
}

// Names are the names of the settings, in the order they are shown.
func Names() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// Value is the text of the named setting; false for a name that is not one of Names.
func (s Settings) Value(name string) (string, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return "", false
	}
	return fields[i].value(s), true
}

// Set changes the named setting to what its text says; Validate still has to be asked. An unknown name is a notfound
// fault, a text that cannot be read an invalid one on the name.
func (s *Settings) Set(name, value string) error {
	for _, f := range fields {
		if f.name != name {
			continue
		}
		if err := f.set(s, value); err != nil {
			return fault.As(err).On(name)
		}
		return nil
	}
	return fault.New(fault.NotFound, "company.unknown_setting", "name", name, "names", strings.Join(Names(), ", ")).On(name)
}

// Sectors are the codes of the sectors whose typical churn is known; their names are the texts company.sectors.CODE.
func Sectors() []string {
	return []string{"wholesale", "retail", "logistics", "manufacturing", "telecom", "professional_services", "finance",
		"industrial_services", "software", "it_services", "energy"}
}

const maxName = 200

func checkName(s Settings) *fault.Error {
	if utf8.RuneCountInString(s.Name) > maxName {
		return fault.New(fault.Invalid, "errors.too_long", "max", maxName)
	}
	return nil
}

func checkCovariates(s Settings) *fault.Error {
	for _, name := range s.CovariateList() {
		if f := oneOf(name, Covariates()); f != nil {
			return f
		}
	}
	return nil
}

// maxAddress is how long the address of a page may be.
const maxAddress = 500

// checkAddress checks the address of a page on the web, which may be empty.
func checkAddress(of func(Settings) string) func(Settings) *fault.Error {
	return func(s Settings) *fault.Error {
		text := of(s)
		if text == "" {
			return nil
		}
		if len(text) > maxAddress {
			return fault.New(fault.Invalid, "errors.too_long", "max", maxAddress)
		}
		if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			return fault.New(fault.Invalid, "company.address", "text", text)
		}
		return nil
	}
}

func checkCurrency(s Settings) *fault.Error {
	if !money.Known(s.Currency) {
		return fault.New(fault.Invalid, "errors.currency", "text", s.Currency)
	}
	return nil
}

func checkZone(s Settings) *fault.Error {
	if _, err := loadZone(s.TimeZone); err != nil {
		return fault.New(fault.Invalid, "errors.zone", "text", s.TimeZone)
	}
	return nil
}

func checkLanguage(s Settings) *fault.Error { return oneOf(s.Language, i18n.Languages()) }

func checkSector(s Settings) *fault.Error {
	if s.Sector == "" {
		return nil
	}
	return oneOf(s.Sector, Sectors())
}

func oneOf(v string, choices []string) *fault.Error {
	if slices.Contains(choices, v) {
		return nil
	}
	return fault.New(fault.Invalid, "company.choice", "text", v, "choices", strings.Join(choices, ", "))
}

var (
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	regionForm  = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)
)

func checkCountry(s Settings) *fault.Error {
	if !countryForm.MatchString(s.Country) {
		return fault.New(fault.Invalid, "company.country_form", "text", s.Country)
	}
	return nil
}

func checkRegion(s Settings) *fault.Error {
	if s.Region != "" && !regionForm.MatchString(s.Region) {
		return fault.New(fault.Invalid, "company.region_form", "text", s.Region)
	}
	return nil
}
