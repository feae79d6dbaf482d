package sim

import (
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
)

// Customer is what the company has on file about a customer, or about a person of a company.
type Customer struct {
	ID      string // number of the customer in the shop: "K-000123" for persons, "0001234" for companies
	Company string // name of the company; empty for a private person
	Segment string // household, office, cafe, reseller; empty for a contact person

	Salutation  string // "Herr", "Frau" or empty
	Title       string // "Dr.", "Prof. Dr.", "Mag.", …
	First, Last string
	Language    string // "de" or "en"
	Formal      bool   // addressed with Sie, not Du
	Birthday    clock.Day
	HasBirthday bool

	Mail          string // may be empty, and in a few cases is no valid address
	Phone, Mobile string // as people write them; numbers that nobody can have
	Street        string
	Zip, City     string
	Region        string // ISO 3166-2
	Country       string // ISO 3166-1 alpha-2

	Created    Moment
	Channel    string // how the customer found us
	Roast      string // "hell", "mittel", "dunkel" or empty
	Tags       []string
	Newsletter bool
	Internal   bool   // own staff
	Reseller   bool   // sells on
	Owner      string // who of us looks after them; companies only
}

// Contact is a person who acts for a company.
type Contact struct {
	Company string // number of the company
	Person  Customer
	Role    string    // "Einkauf", "Geschäftsführung", …
	From    clock.Day // first day in this role
	Until   clock.Day // last day in it; 0 if still in it
}

// customerID is the number customer i has in the shop.
func customerID(i uint32, s segment) string {
	b := make([]byte, 0, 10)
	return string(appendCustomerID(b, i, s))
}

func appendCustomerID(b []byte, i uint32, s segment) []byte {
	if s == household {
		return appendPadded(append(b, 'K', '-'), uint64(i), 6)
	}
	return appendPadded(b, uint64(i), 7)
}

// appendPadded writes n with leading zeros up to width.
func appendPadded(b []byte, n uint64, width int) []byte {
	for p := uint64(10); width > 1; width-- {
		if n < p {
			for range width - 1 {
				b = append(b, '0')
			}
			break
		}
		p *= 10
	}
	return strconv.AppendUint(b, n, 10)
}

// person fills in everything about customer l.
func (c *Company) person(l *life) Customer {
	d := throw(c.cfg.Seed, forPerson, uint64(l.index), 0)
	p := &places[l.place]
	u := Customer{
		ID: customerID(l.index, l.segment), Segment: l.segment.String(), Created: c.registered(l),
		City: p.city, Region: p.region, Country: l.country.String(), Zip: zip(&d, p), Street: street(&d, p),
		Internal: l.staff, Reseller: l.segment == reseller,
	}
	t := name(&d, p, &u)
	u.Language = "de"
	if !speaksGerman(t) && d.chance(0.6) || p.lang != 'd' && d.chance(0.8) || d.chance(0.01) {
		u.Language = "en"
	}
	u.Channel = channel(&d, l)
	u.Newsletter = l.voucher || d.chance(0.38)
	if l.segment == household {
		c.privatePerson(&d, l, &u)
	} else {
		c.company(&d, l, &u)
	}
	u.Newsletter = u.Newsletter && u.Mail != ""
	u.Tags = tags(&d, l)
	return u
}

// registered is when the account was opened: with the first quote, or some minutes before the first order.
func (c *Company) registered(l *life) Moment {
	if quote := c.quoteOf(l); quote != 0 {
		return quote.moment()
	}
	return (at(l.start, l.second) - 240 - wall(l.index%900)).moment()
}

func (c *Company) privatePerson(d *dice, l *life, u *Customer) {
	title(d, u)
	u.Formal = !d.chance(0.27)
	if d.chance(0.36) {
		u.Birthday, u.HasBirthday = c.birthday(d, u.Formal), true
	}
	u.Mail = privateMail(d, l.index, u)
	if l.trial {
		u.Newsletter = u.Mail != ""
	}
	if d.chance(0.5) {
		u.Phone = phone(d, &places[l.place], l.index)
	}
	if d.chance(0.3) {
		u.Mobile = mobile(d, l.country, l.index)
	}
	if d.chance(0.4) {
		u.Roast = pick(d, []string{"hell", "mittel", "mittel", "dunkel"})
	}
}

func (c *Company) company(d *dice, l *life, u *Customer) {
	u.Salutation, u.First, u.Formal = "", "", true
	last := u.Last
	u.Last = ""
	u.Company = companyName(d, l, last)
	u.Mail = "info@" + c.domain(l.index, u.Company)
	if d.chance(0.03) {
		u.Mail = ""
	}
	u.Phone = phone(d, &places[l.place], l.index)
	u.Owner = pick(d, staff)
}

// staff are the people of the roastery who look after companies.
var staff = []string{"Lena Harms", "Jonas Brodersen", "Aylin Demir", "Matteo Conti"}

// tagsHome, tagsWork are what the company notes about customers in a word.
var (
	tagsHome = []string{"Espresso", "Filterkaffee", "Bio", "Barista-Kurs", "Tee", "Verschenkt gern", "Messe Hamburg"}
	tagsWork = []string{"Rahmenvertrag", "Wartungsvertrag", "Leihmaschine", "Bio", "Sammelrechnung", "Mehrere Standorte"}
)

func tags(d *dice, l *life) []string {
	from, p := tagsHome, 0.3
	if l.segment != household {
		from, p = tagsWork, 0.55
	}
	var out []string
	if l.chain {
		out = append(out, "Schlüsselkunde")
	}
	for len(out) < 3 && d.chance(p) {
		t := pick(d, from)
		if len(out) == 0 || out[len(out)-1] != t {
			out = append(out, t)
		}
	}
	return out
}

func channel(d *dice, l *life) string {
	switch {
	case l.voucher:
		return "Newsletter-Gutschein"
	case l.chain:
		return "Vertrieb"
	case l.segment != household:
		return pick(d, []string{"Vertrieb", "Empfehlung", "Messe", "Suche", "Suche"})
	}
	return pick(d, []string{"Suche", "Suche", "Suche", "Empfehlung", "Empfehlung", "Laden Hamburg", "Instagram", "Instagram", "Katalog", "Messe", "Newsletter"})
}

// birthday draws one that fits: who is addressed with Du is younger.
func (c *Company) birthday(d *dice, formal bool) clock.Day {
	age := 26 + int(d.gamma(2.2, 26))
	if !formal {
		age = 19 + int(d.gamma(2, 13))
	}
	y, _, _ := c.cfg.Until.Date()
	return clock.NewDay(y-min(age, 94), 1, 1).AddDays(d.below(365))
}

func title(d *dice, u *Customer) {
	switch r := d.share(); {
	case u.Salutation == "":
	case r < 0.028:
		u.Title = "Dr."
	case r < 0.031:
		u.Title = "Prof. Dr."
	case r < 0.033:
		u.Title = "Prof."
	case r < 0.09 && u.Country == "AT":
		u.Title = pick(d, []string{"Mag.", "Mag.a", "DI", "Ing."})
		if u.Title == "Mag.a" && u.Salutation != "Frau" {
			u.Title = "Mag."
		}
	}
}

// name draws first and last name and returns their tongue.
func name(d *dice, p *place, u *Customer) int {
	k := int(p.country)
	if p.lang != 'd' {
		k = 3
	}
	t := tongueUrns[k].draw(d)
	lists := &tongues[t]
	last := lists.last
	if d.chance(0.04) { // mixed families
		last = tongues[tongueUrns[k].draw(d)].last
	}
	u.Last = pick(d, last)
	if d.chance(0.035) && !strings.Contains(u.Last, "-") {
		if second := pick(d, lists.last); second != u.Last && !strings.ContainsAny(second, "- ") {
			u.Last += "-" + second
		}
	}
	if d.chance(0.54) {
		u.Salutation, u.First = "Frau", pick(d, lists.female)
	} else {
		u.Salutation, u.First = "Herr", pick(d, lists.male)
	}
	if d.chance(0.02) {
		u.Salutation = ""
	}
	return t
}

func companyName(d *dice, l *life, last string) string {
	if l.chain {
		return chainName
	}
	form := pick(d, officeForm[l.country])
	switch l.segment {
	case cafe:
		if d.chance(0.3) {
			return pick(d, cafeFirst) + " " + last
		}
		return pick(d, cafeFirst) + " " + pick(d, cafeLast)
	case reseller:
		return last + " " + pick(d, resellerLast) + " " + form
	}
	if d.chance(0.4) {
		return last + " " + pick(d, officeSecond) + " " + form
	}
	return pick(d, officeFirst) + " " + pick(d, officeSecond) + " " + form
}
