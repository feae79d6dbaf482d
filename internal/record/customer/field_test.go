package customer_test

import (
	"slices"
	"strings"
	"testing"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/customer"
)

func TestFieldsAreReadAsPeopleWriteThem(t *testing.T) {
	var c customer.Catalogue
	for _, tt := range []struct{ field, in, want string }{
		{"country", "de", "DE"}, {"country", "Deutschland", "DE"}, {"country", "United Kingdom", "GB"}, {"country", "EIRE", "IE"},
		{"country", "Österreich", "AT"}, {"country", "suisse", "CH"}, {"country", "AUT", "AT"}, {"country", "D", "DE"}, {"country", "", ""},
		{"language", "de-AT", "de"}, {"language", "Englisch", "en"}, {"language", "FR", "fr"},
		{"kind", "Firma", "company"}, {"kind", "B2C", "person"}, {"salutation", "Herrn", "mr"}, {"salutation", "Mrs.", "ms"},
		{"address_form", "Du", "du"}, {"excluded", "Händler", "reseller"}, {"birthday", "2000-02-29", "2000-02-29"}, {"owner", "0", ""},
		{"name", "  Anna\tMüller\x00 ", "Anna Müller"}, {"tags", "a; b ,a|c", "a,b,c"}, {"external_id", " 007 ", " 007 "}, {"email", " x ", "x"},
	} {
		if got, err := c.Check(tt.field, tt.in); err != nil || got != tt.want {
			t.Errorf("%s %q is %q, %v; want %q", tt.field, tt.in, got, err, tt.want)
		}
	}
	for field, in := range map[string]string{"country": "Atlantis", "language": "Klingon?", "kind": "x", "salutation": "Baron", "birthday": "2001-02-29",
		"owner": "me", "external_id": "a\x00b", "name": strings.Repeat("x", 201), "nonsense": "", "custom.nonsense": "1", "excluded": "maybe"} {
		if _, err := c.Check(field, in); fault.CodeOf(err) != fault.Invalid || fault.As(err).Field != field {
			t.Errorf("%s %q: %v", field, in, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("country", "Deutschland")
	f.Add("tags", "a,b;c")
	f.Add("birthday", "2000-02-29")
	f.Fuzz(func(t *testing.T, field, text string) {
		var c customer.Catalogue
		got, err := c.Check(field, text)
		if err != nil {
			return
		}
		if again, err := c.Check(field, got); err != nil || again != got {
			t.Errorf("%s %q is %q, which is %q, %v", field, text, got, again, err)
		}
	})
}

func TestEveryFieldAndCodeHasAText(t *testing.T) {
	var keys []string
	for _, name := range customer.ImportFields() {
		keys = append(keys, "customer.field."+name)
	}
	for _, kind := range slices.Concat(customer.EmailTypes, customer.PhoneTypes, customer.AddressTypes) {
		keys = append(keys, "customer.type."+kind)
	}
	for _, kind := range []string{customer.KindCreated, customer.KindChanged, customer.KindNoted, customer.KindContact, customer.KindErased, customer.KindRemoved} {
		keys = append(keys, strings.Replace(kind, ".", ".timeline.", 1))
	}
	for _, kind := range []string{customer.TypeText, customer.TypeNumber, customer.TypeDate, customer.TypeFlag, customer.TypeChoice} {
		keys = append(keys, "customer.custom_type."+kind)
	}
	for _, key := range keys {
		if text := i18n.For("de", nil).T(key, "fields", "x"); strings.Contains(text, "⟦") {
			t.Error(text)
		}
	}
}
