package customer

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Fields are values of a customer by the names of FieldNames or as custom.KEY, as text: days as 2006-01-02, codes as
// codes, empty for none.
type Fields map[string]string

// field is one value of the customer's own row.
type field struct {
	name      string
	value     func(*Customer) string
	set       func(*Customer, string) error
	check     func(string) (string, *fault.Error)
	searched  bool // it is among the search words
	warehouse bool // figures depend on it
}

var fields = []field{
	textField("kind", func(c *Customer) *string { return &c.Kind }, checkKind).inWarehouse(),
	textField("name", func(c *Customer) *string { return &c.Name }, checkText).inSearch(),
	textField("first_name", func(c *Customer) *string { return &c.FirstName }, checkText).inSearch(),
	textField("last_name", func(c *Customer) *string { return &c.LastName }, checkText).inSearch(),
	textField("company", func(c *Customer) *string { return &c.Company }, checkText).inSearch(),
	textField("salutation", func(c *Customer) *string { return &c.Salutation }, checkSalutation),
	textField("title", func(c *Customer) *string { return &c.Title }, checkText),
	textField("address_form", func(c *Customer) *string { return &c.AddressForm }, checkAddressForm),
	textField("language", func(c *Customer) *string { return &c.Language }, checkLanguage).inWarehouse(),
	textField("country", func(c *Customer) *string { return &c.Country }, checkCountry).inWarehouse(),
	textField("region", func(c *Customer) *string { return &c.Region }, checkText).inWarehouse(),
	dayField("birthday", func(c *Customer) **clock.Day { return &c.Birthday }).inWarehouse(),
	{name: "owner", value: func(c *Customer) string { return numberText(c.Owner) }, set: setOwner, check: checkNumber, warehouse: true},
	textField("excluded", func(c *Customer) *string { return &c.Excluded }, checkExcluded).inWarehouse(),
	dayField("since", func(c *Customer) **clock.Day { return &c.Since }).inWarehouse(),
}

func textField(name string, at func(*Customer) *string, check func(string) (string, *fault.Error)) field {
	return field{name: name, check: check, value: func(c *Customer) string { return *at(c) },
		set: func(c *Customer, v string) error { *at(c) = v; return nil }}
}

func dayField(name string, at func(*Customer) **clock.Day) field {
	return field{name: name, check: checkDay, value: func(c *Customer) string { return dayText(*at(c)) },
		set: func(c *Customer, v string) (err error) { *at(c), err = parseDay(v); return err }}
}

func (f field) inSearch() field    { f.searched = true; return f }
func (f field) inWarehouse() field { f.warehouse = true; return f }

func fieldOf(name string) *field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// FieldNames are the names of a customer's own fields, in the order they are shown; their texts are customer.field.NAME.
func FieldNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// The fields an import may give beside FieldNames and custom.KEY. Mail, phone and address change what the same source
// gave before and leave what others gave.
const (
	FieldExternalID = "external_id" // the key: what the source calls her
	FieldEmail      = "email"
	FieldPhone      = "phone"
	FieldMobile     = "mobile"
	FieldLine1      = "line1" // street and number
	FieldLine2      = "line2"
	FieldPostcode   = "postcode"
	FieldCity       = "city"
	FieldTags       = "tags" // separated by comma, semicolon or bar; they are added
)

// ImportFields are all fields an import may give, without the custom ones.
func ImportFields() []string {
	return append([]string{FieldExternalID, FieldEmail, FieldPhone, FieldMobile, FieldLine1, FieldLine2, FieldPostcode, FieldCity, FieldTags}, FieldNames()...)
}

const (
	maxText  = 200
	maxMail  = 254
	maxPhone = 60
	maxID    = 200
)

// Check reads the text of a field as people and files write it and returns it as Fields and Batch hold it. An error
// is an invalid fault on the field. Mail addresses and numbers that cannot be ones pass: they are kept as invalid.
func (c Catalogue) Check(name, text string) (string, error) {
	v, err := c.check(name, text)
	if err != nil {
		return "", err.On(name)
	}
	return v, nil
}

func (c Catalogue) check(name, text string) (string, *fault.Error) {
	switch name {
	case FieldExternalID:
		return checkExternalID(text)
	case FieldEmail:
		return limited(clean(text), maxMail)
	case FieldPhone, FieldMobile:
		return limited(clean(text), maxPhone)
	case FieldLine1, FieldLine2, FieldPostcode, FieldCity:
		return checkText(text)
	case FieldTags:
		tags, err := splitTags(text)
		return strings.Join(tags, ","), err
	}
	if key, isCustom := strings.CutPrefix(name, customPrefix); isCustom {
		return c.checkCustom(key, text)
	}
	f := fieldOf(name)
	if f == nil {
		return "", fault.New(fault.Invalid, "customer.unknown_field", "field", name)
	}
	return f.check(text)
}

// clean drops what no name or address holds: broken UTF-8, control characters, space at the ends.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			plain = false
			break
		}
	}
	if !plain {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(s, ""))
	}
	return strings.TrimSpace(s)
}

func limited(s string, most int) (string, *fault.Error) {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		return "", fault.New(fault.Invalid, "errors.too_long", "max", most)
	}
	return s, nil
}

func checkText(s string) (string, *fault.Error) { return limited(clean(s), maxText) }

// checkExternalID leaves the number of another system as it is, but for what no text column holds.
func checkExternalID(s string) (string, *fault.Error) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", fault.New(fault.Invalid, "customer.external_form")
	}
	return limited(s, maxID)
}

// choice reads one of several codes, written as itself or as one of its synonyms.
func choice(key, text string, codes map[string][]string) (string, *fault.Error) {
	folded := nameKey(text)
	if folded == "" {
		return "", nil
	}
	for code, words := range codes {
		if folded == code || slices.Contains(words, folded) {
			return code, nil
		}
	}
	return "", fault.New(fault.Invalid, key, "text", text)
}

// The codes and what people write for them, folded.
var (
	kindWords = map[string][]string{
		Person:  {"p", "privat", "private", "privatkunde", "b2c", "individual", "natuerliche naturliche person", "consumer"},
		Company: {"c", "f", "firma", "unternehmen", "business", "b2b", "geschaeftskunde geschaftskunde", "organisation", "organization", "juristische person"},
	}
	salutationWords = map[string][]string{
		"ms":      {"frau", "fr", "mrs", "miss", "madame", "mme", "signora", "f", "w", "female", "weiblich"},
		"mr":      {"herr", "herrn", "hr", "monsieur", "m", "signor", "male", "maennlich mannlich"},
		"family":  {"familie", "fam", "famille"},
		"neutral": {"divers", "mx", "d", "x", "keine", "firma", "none"},
	}
	addressFormWords = map[string][]string{"sie": {"formal", "vous", "lei"}, "du": {"informal", "tu"}}
	excludedWords    = map[string][]string{
		Internal: {"intern", "mitarbeiter", "staff", "test"},
		Reseller: {"haendler handler", "wiederverkaeufer wiederverkaufer"},
	}
	flagWords = map[string][]string{"yes": {"1", "ja", "j", "y", "true", "wahr", "x"}, "": {"0", "nein", "n", "no", "false", "falsch"}}
)

func checkKind(s string) (string, *fault.Error) { return choice("customer.kind_form", s, kindWords) }

func checkSalutation(s string) (string, *fault.Error) {
	return choice("customer.salutation_form", s, salutationWords)
}

func checkAddressForm(s string) (string, *fault.Error) {
	return choice("customer.address_form_form", s, addressFormWords)
}

func checkExcluded(s string) (string, *fault.Error) {
	return choice("customer.excluded_form", s, excludedWords)
}

func checkCountry(s string) (string, *fault.Error) {
	if s = clean(s); s == "" {
		return "", nil
	}
	code, ok := CountryCode(s)
	if !ok {
		return "", fault.New(fault.Invalid, "customer.country_form", "text", s)
	}
	return code, nil
}

func checkLanguage(s string) (string, *fault.Error) {
	if s = clean(s); s == "" {
		return "", nil
	}
	code, ok := languageCode(s)
	if !ok {
		return "", fault.New(fault.Invalid, "customer.language_form", "text", s)
	}
	return code, nil
}

func checkDay(s string) (string, *fault.Error) {
	day, err := parseDay(clean(s))
	if err != nil {
		return "", fault.As(err)
	}
	return dayText(day), nil
}

func checkNumber(s string) (string, *fault.Error) {
	if s = clean(s); s == "" || s == "0" {
		return "", nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return "", fault.New(fault.Invalid, "errors.number", "text", s)
	}
	return numberText(n), nil
}

func setOwner(c *Customer, v string) (err error) {
	c.Owner = 0
	if v != "" {
		c.Owner, err = strconv.ParseInt(v, 10, 64)
	}
	return err
}

func numberText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func dayText(d *clock.Day) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func parseDay(s string) (*clock.Day, error) {
	if s == "" {
		return nil, nil
	}
	d, err := clock.ParseDay(s)
	if err != nil {
		return nil, err
	}
	return &d, nil
}
