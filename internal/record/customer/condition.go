package customer

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"stamm/internal/platform/filter"
)

// The sources of what one can ask about customers.
func sourceRow() filter.Source {
	return filter.Source{Name: "customer", From: "customer c", Customer: "c.id", Where: "NOT c.excluded AND NOT c.erased", One: true, Base: true,
		Cost: 1000, Tables: []string{tableRow}}
}

func sourceTags() filter.Source {
	return filter.Source{Name: "tag", From: "customer_tag t", Customer: "t.customer", Cost: 500, Tables: []string{tableTags}}
}

func sourceCustom() filter.Source {
	return filter.Source{Name: "custom", From: "customer_custom v", Customer: "v.customer", Cost: 1000, Tables: []string{tableCustom}}
}

// sourceContacts are the contacts that hold on the day asked about, by the side whose customer is meant: person or company.
func sourceContacts(side string) filter.Source {
	return filter.Source{Name: "contact_" + side, From: "customer_contact t", Customer: "t." + side, Cost: 100, Tables: []string{tableContacts},
		Where: "(t.valid_from IS NULL OR t.valid_from <= {asof}) AND (t.valid_until IS NULL OR t.valid_until >= {asof})"}
}

// nextContact is when a contact begins or has ended.
const nextContact = "min(CASE WHEN t.valid_from > {asof} THEN t.valid_from WHEN t.valid_until >= {asof} THEN t.valid_until + 1 END) {filter}"

// conditionFields are what one can ask about customers in conditions.
func conditionFields() []filter.Field {
	row, tags := sourceRow(), sourceTags()
	plain := func(name string, t filter.Type, sql string) filter.Field {
		return filter.Field{Name: name, Type: t, Way: filter.Way{Source: row, SQL: sql}, Words: "customer.filter." + name}
	}
	country := plain("country", filter.TypeChoice, "c.country")
	country.Upper, country.Names = true, countryName
	spoken := plain("language", filter.TypeChoice, "c.language")
	spoken.Names = languageName
	kind := plain("kind", filter.TypeChoice, "c.kind")
	kind.Choices, kind.Labels = []string{Person, Company}, "customer.kind"
	birthday := plain("birthday", filter.TypeDay, "c.birthday")
	birthday.Yearly = true
	age := plain("days_as_customer", filter.TypeDays, "{asof} - c.created")
	age.Ages = true
	tag := filter.Field{Name: "tag", Type: filter.TypeText, Way: filter.Way{Source: tags, SQL: "t.tag"}, Many: true, Words: "customer.filter.tag"}
	role := filter.Field{Name: "contact_role", Type: filter.TypeText, Many: true, Words: "customer.filter.contact_role",
		Way: filter.Way{Source: sourceContacts("person"), SQL: "t.role", Next: nextContact}}
	contacts := filter.Field{Name: "contacts", Type: filter.TypeCount, Zero: true, Words: "customer.filter.contacts",
		Way: filter.Way{Source: sourceContacts("company"), SQL: "count(DISTINCT t.person) {filter}", Next: nextContact}}
	return []filter.Field{country, plain("region", filter.TypeText, "c.region"), spoken, kind, plain("customer_since", filter.TypeDay, "c.created"),
		age, birthday, plain("mailable", filter.TypeFlag, "c.mail = 'valid'"), tag,
		plain("origin", filter.TypeText, "c.source"), plain("number", filter.TypeText, "c.ext"), plain(FieldOwner, filter.TypeNumber, "nullif(c.owner, 0)"),
		plain("customer", filter.TypeNumber, "c.id"), role, contacts}
}

// FieldOwner is the field of the number of the user who looks after a customer.
const FieldOwner = "owner"

// FieldsOf is what one can ask about the fields that the company defined itself, but for those of free text. They are
// named custom.KEY.
func FieldsOf(c Catalogue) []filter.Field {
	var all []filter.Field
	for _, f := range c.Custom {
		is, value := filter.TypeChoice, "v.value"
		switch f.Type {
		case TypeText:
			continue
		case TypeNumber:
			is, value = filter.TypeNumber, "TRY_CAST(v.value AS DOUBLE)"
		case TypeDate:
			is, value = filter.TypeDay, "TRY_CAST(v.value AS DATE)"
		case TypeFlag:
			is, value = filter.TypeFlag, "true"
		}
		sql := fmt.Sprintf("max(CASE WHEN v.field = %d THEN %s END) {filter}", f.ID, value)
		if is == filter.TypeFlag {
			sql = "coalesce(" + sql + ", false)"
		}
		all = append(all, filter.Field{Name: customPrefix + f.Key, Type: is, Label: f.Label, Choices: f.Choices,
			Way: filter.Way{Source: sourceCustom(), SQL: sql}})
	}
	return all
}

func countryName(lang, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return ""
	}
	return display.Regions(language.Make(lang)).Name(region)
}

func languageName(lang, code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return ""
	}
	return display.Languages(language.Make(lang)).Name(tag)
}
