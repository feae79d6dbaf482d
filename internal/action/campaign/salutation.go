package campaign

import (
	"strings"

	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/record/customer"
)

// person is a reader as texts ask for her.
type person struct {
	*customer.Customer
	printer *i18n.Printer
}

// Field returns salutation, du, first_name, last_name, name, title, company, country, language and since.
func (p person) Field(name string) liquid.Value {
	switch name {
	case "salutation":
		return liquid.String(Salutation(p.printer, p.Customer))
	case "du":
		return liquid.Bool(p.AddressForm == formDu)
	case "first_name":
		return liquid.String(p.FirstName)
	case "last_name":
		return liquid.String(p.LastName)
	case "name":
		return liquid.String(p.Name)
	case "title":
		return liquid.String(p.Title)
	case "company":
		if p.Kind == customer.Company {
			return liquid.String(p.Name)
		}
		return liquid.String(p.Customer.Company)
	case "country":
		return liquid.String(p.Country)
	case "language":
		return liquid.String(p.Language)
	case "since":
		if p.Since != nil {
			return liquid.Day(*p.Since)
		}
	}
	return liquid.Value{}
}

const formDu = "du"

// Salutation is how a mail begins, without the comma: "Sehr geehrte Frau Dr. Berg", "Hallo Anna", "Guten Tag". It guesses nothing:
// whose sex is not known is greeted by the whole name, who has no name by none, a company as the ladies and gentlemen it is made
// of. Of several titles the highest is said (DIN 5008; Duden, Briefe).
func Salutation(p *i18n.Printer, c *customer.Customer) string {
	say := func(key, name string) string {
		if name == "" {
			return p.T("campaign.salutation.nobody")
		}
		return p.T("campaign.salutation."+key, "name", name)
	}
	first, last := strings.TrimSpace(c.FirstName), strings.TrimSpace(c.LastName)
	switch {
	case c.Kind == customer.Company:
		return p.T("campaign.salutation.company")
	case c.AddressForm == formDu:
		if first == "" {
			return p.T("campaign.salutation.nobody_du")
		}
		return say("du", first)
	case last == "":
		return say("whole", first)
	}
	titled := strings.TrimSpace(spokenTitle(c.Title, c.Country) + " " + last)
	switch c.Salutation {
	case "ms", "mr":
		if titled != last {
			return say("titled_"+c.Salutation, titled)
		}
		return say(c.Salutation, titled)
	case "family":
		return say("family", last)
	default:
		return say("whole", strings.TrimSpace(strings.TrimSpace(spokenTitle(c.Title, c.Country)+" "+first)+" "+last))
	}
}

// spokenTitle is the part of a title that belongs into a greeting. Academic degrees below the doctorate do so in Austria only.
func spokenTitle(title, country string) string {
	lower := strings.ToLower(title)
	switch {
	case strings.Contains(lower, "prof"):
		return "Prof."
	case strings.Contains(lower, "dr"):
		return "Dr."
	case country != "AT":
		return ""
	}
	for _, word := range strings.Fields(title) {
		switch strings.ToLower(strings.TrimRight(word, ".,")) {
		case "mag", "maga", "mag.a", "di", "ddi", "dipl.-ing", "ing":
			return word
		}
	}
	return ""
}

// Person is a customer as the texts of a mail ask for her.
func Person(p *i18n.Printer, c *customer.Customer) liquid.Fields { return person{c, p} }
