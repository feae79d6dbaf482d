package sheet

import (
	"slices"
	"strings"
)

// Kind is what the rows of a file are about.
type Kind string

// The kinds there are.
const (
	Orders    Kind = "orders"
	Customers Kind = "customers"
	Products  Kind = "products"
	Payments  Kind = "payments"
	Contracts Kind = "contracts"
	Consents  Kind = "consents"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Orders, Customers, Products, Payments, Contracts, Consents} }

// fieldType is how the cells of a field are read.
type fieldType uint8

const (
	typeWords    fieldType = iota // taken as it stands
	typeID                        // a key of the other system, byte for byte
	typeGTIN                      // an article number with check digit
	typeAmount                    // money in minor units
	typePrice                     // money in millionths
	typeQuantity                  // thousandths
	typeRate                      // an exchange rate in billionths
	typeInstant                   // a date, maybe with a time
	typeDay                       // a date
	typeEnd                       // a date, or a word for none
	typeBirth                     // a date in the past
	typeMail
	typeCountry
	typeCurrency
	typeLanguage
	typeFlag
	typeDocument // order, invoice, return, …
	typeStatus
	typePerson // person or company
	typeForm   // du or sie
	typeTags
)

// numeric reports fields whose decimal sign matters.
func (t fieldType) numeric() bool {
	return t == typeAmount || t == typePrice || t == typeQuantity || t == typeRate
}

// dated reports fields whose order of day and month matters.
func (t fieldType) dated() bool {
	return t == typeInstant || t == typeDay || t == typeEnd || t == typeBirth
}

// keyed reports fields whose values are keys or marks rather than words, where NULL and the like mean that there is none.
func (t fieldType) keyed() bool { return t != typeWords && t != typeStatus && t != typeTags }

// field is one thing a row may say.
type field struct {
	name string
	kind fieldType
}

// fieldsOf returns the fields of a kind in the order people are shown them.
func fieldsOf(k Kind) []field {
	switch k {
	case Orders:
		return orderFields
	case Customers:
		return customerFields
	case Products:
		return productFields
	case Payments:
		return paymentFields
	case Contracts:
		return contractFields
	case Consents:
		return consentFields
	}
	return nil
}

// FieldNames are the names of the fields of a kind, as --map takes them.
func FieldNames(k Kind) []string {
	var names []string
	for _, f := range fieldsOf(k) {
		names = append(names, f.name)
	}
	return names
}

var orderFields = []field{
	{"order", typeID}, {"customer", typeID}, {"date", typeInstant}, {"amount", typeAmount}, {"quantity", typeQuantity}, {"unit_price", typePrice},
	{"product", typeID}, {"description", typeWords}, {"currency", typeCurrency}, {"rate", typeRate}, {"country", typeCountry}, {"name", typeWords}, {"email", typeMail},
	{"status", typeStatus}, {"kind", typeDocument}, {"reference", typeID}, {"coupon", typeWords}, {"tax", typeAmount}, {"net", typeAmount}, {"gross", typeAmount},
	{"refunded", typeAmount}, {"shipping", typeAmount}, {"category", typeWords}, {"cost", typeAmount}, {"due", typeDay}, {"promised", typeDay}, {"delivered", typeDay}, {"company", typeWords}, {"first_name", typeWords},
	{"last_name", typeWords}, {"phone", typeWords}, {"street", typeWords}, {"zip", typeWords}, {"city", typeWords}, {"language", typeLanguage},
}

var customerFields = []field{
	{"customer", typeID}, {"name", typeWords}, {"first_name", typeWords}, {"last_name", typeWords}, {"company", typeWords}, {"salutation", typeWords},
	{"title", typeWords}, {"email", typeMail}, {"phone", typeWords}, {"street", typeWords}, {"zip", typeWords}, {"city", typeWords},
	{"country", typeCountry}, {"region", typeWords}, {"language", typeLanguage}, {"birthday", typeBirth}, {"tags", typeTags}, {"owner", typeWords},
	{"kind", typePerson}, {"form_of_address", typeForm}, {"contact_role", typeWords}, {"note", typeWords}, {"customer_since", typeDay},
	{"excluded", typeFlag},
}

var productFields = []field{
	{"product", typeID}, {"gtin", typeGTIN}, {"description", typeWords}, {"category", typeWords}, {"price", typePrice}, {"cost", typePrice},
	{"currency", typeCurrency}, {"unit", typeWords}, {"active", typeFlag},
}

var paymentFields = []field{
	{"payment", typeID}, {"order", typeID}, {"invoice", typeID}, {"customer", typeID}, {"date", typeInstant}, {"amount", typeAmount},
	{"currency", typeCurrency}, {"rate", typeRate},
}

var contractFields = []field{
	{"contract", typeID}, {"customer", typeID}, {"email", typeMail}, {"plan", typeWords}, {"start", typeDay}, {"end", typeEnd},
	{"tenure", typeQuantity}, {"churned", typeFlag}, {"reason", typeWords},
}

var consentFields = []field{
	{"customer", typeID}, {"email", typeMail}, {"phone", typeWords}, {"channel", typeWords}, {"purpose", typeWords}, {"consent", typeWords},
	{"date", typeInstant}, {"confirmed", typeInstant}, {"wording", typeWords}, {"form", typeWords}, {"ip", typeWords}, {"evidence", typeWords},
}

// customPrefix begins the names of fields a company made itself: custom.shoe_size. Only customers have them.
const customPrefix = "custom."

// fieldNamed finds a field of a kind; its place is -1 for a custom field.
func fieldNamed(k Kind, name string) (f field, place int, ok bool) {
	fields := fieldsOf(k)
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return fields[i], i, true
	}
	if rest, ok := strings.CutPrefix(name, customPrefix); ok && k == Customers && rest != "" {
		return field{name, typeWords}, -1, true
	}
	return field{}, -1, false
}

// needs are groups of fields of which a file must have one each: without them a row says nothing.
func needs(k Kind) [][]string {
	switch k {
	case Orders:
		return [][]string{{"date"}}
	case Customers:
		return [][]string{{"customer", "email", "name", "last_name", "company"}}
	case Products:
		return [][]string{{"product"}}
	case Contracts:
		return [][]string{{"customer", "email"}, {"start", "tenure"}}
	case Consents:
		return [][]string{{"customer", "email"}}
	default:
		return [][]string{{"date"}, {"amount"}, {"invoice", "order", "customer", "payment"}}
	}
}
