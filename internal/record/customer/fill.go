package customer

import (
	"slices"
	"strings"
)

// fill gives a customer what a row of a file says.
func (d *decision) fill(s *state, values []string) {
	var a Address
	hasAddress := false
	for i, name := range d.Fields {
		v := values[i]
		switch name {
		case FieldExternalID, FieldPhone, FieldMobile:
		case FieldEmail:
			d.fillEmail(s, v)
		case FieldLine1:
			a.Line1, hasAddress = v, true
		case FieldLine2:
			a.Line2, hasAddress = v, true
		case FieldPostcode:
			a.Postcode, hasAddress = v, true
		case FieldCity:
			a.City, hasAddress = v, true
		case FieldTags:
			if v != "" {
				s.addTags(strings.Split(v, ","))
			}
		default:
			d.fillField(s, name, v)
		}
	}
	for i, name := range d.Fields { // the country is known now, whichever column it stands in
		switch name {
		case FieldPhone:
			d.fillPhone(s, values[i], "")
		case FieldMobile:
			d.fillPhone(s, values[i], "mobile")
		}
	}
	if hasAddress {
		d.fillAddress(s, a)
	}
}

func (d *decision) fillField(s *state, name, v string) {
	if v == "" && !s.fresh && !s.from(name, d.Source) {
		return
	}
	if key, isCustom := strings.CutPrefix(name, customPrefix); isCustom {
		s.setCustom(key, v)
		return
	}
	if name == "kind" && v == "" {
		return
	}
	if f := fieldOf(name); f != nil {
		s.nameGiven = s.nameGiven || name == "name" && v != ""
		f.set(&s.now, v) // checked before: days and numbers parse
	}
}

// from tells whether the value of a field is what this source said.
func (s *state) from(name string, source int64) bool {
	if o, changed := s.origins[name]; changed {
		return o.Source == source
	}
	return s.now.Source == source
}

// fillEmail puts the address in the place of the one this source gave before.
func (d *decision) fillEmail(s *state, v string) {
	for _, e := range s.emails.sorted() {
		if sameMail(e.Address, v) {
			return
		}
	}
	for _, e := range s.emails.sorted() {
		if e.Source != d.Source {
			continue
		}
		if v == "" {
			delete(s.emails.now, e.ID)
		} else {
			e.Address = v
			_, e.Valid = FoldMail(v)
			s.emails.now[e.ID] = e
		}
		s.settleEmails()
		return
	}
	if v != "" {
		e := Email{Address: v, Source: d.Source, CreatedAt: d.now}
		_, e.Valid = FoldMail(v)
		s.emails.add(&e, &e.ID)
		s.settleEmails()
	}
}

func sameMail(a, b string) bool {
	fa, _ := FoldMail(a)
	fb, _ := FoldMail(b)
	return fa == fb
}

// settleEmails keeps exactly one address the main one.
func (s *state) settleEmails() {
	settleMain(&s.emails, func(e *Email) *bool { return &e.Main })
}

// settleMain keeps exactly one row the main one, the first where none is.
func settleMain[T any](r *rows[T], main func(*T) *bool) {
	for _, v := range r.sorted() {
		if *main(&v) {
			return
		}
	}
	first, found := int64(0), false
	for id := range r.now { // saved ones before new ones, older before newer
		if !found || id > 0 && (first < 0 || id < first) || id < 0 && first < 0 && id > first {
			first, found = id, true
		}
	}
	if found {
		v := r.now[first]
		*main(&v) = true
		r.now[first] = v
	}
}

func (d *decision) fillPhone(s *state, v, kind string) {
	number, valid := "", false
	if v != "" {
		number, valid = NormalPhone(v, d.phoneRegion(s))
	}
	for _, p := range s.phones.now {
		if v != "" && (p.Number == number && number != "" || p.Written == v) {
			return
		}
	}
	for _, p := range s.phones.sorted() {
		if p.Source != d.Source || p.Type != kind {
			continue
		}
		if v == "" {
			delete(s.phones.now, p.ID)
		} else {
			p.Number, p.Written, p.Valid = number, v, valid
			s.phones.now[p.ID] = p
		}
		s.settlePhones()
		return
	}
	if v != "" {
		p := Phone{Number: number, Written: v, Valid: valid, Type: kind, Source: d.Source, CreatedAt: d.now}
		s.phones.add(&p, &p.ID)
		s.settlePhones()
	}
}

func (s *state) settlePhones() { settleMain(&s.phones, func(p *Phone) *bool { return &p.Main }) }

func (d *decision) phoneRegion(s *state) string {
	if s.now.Country != "" {
		return s.now.Country
	}
	return d.region
}

func (d *decision) fillAddress(s *state, a Address) {
	a.Country, a.Region = s.now.Country, s.now.Region
	empty := a.Line1 == "" && a.Line2 == "" && a.Postcode == "" && a.City == ""
	for _, was := range s.addresses.sorted() {
		if was.Source != d.Source || was.Type != "" {
			continue
		}
		if empty {
			delete(s.addresses.now, was.ID)
		} else {
			was.Line1, was.Line2, was.Postcode, was.City = d.pick(FieldLine1, a.Line1, was.Line1), d.pick(FieldLine2, a.Line2, was.Line2),
				d.pick(FieldPostcode, a.Postcode, was.Postcode), d.pick(FieldCity, a.City, was.City)
			was.Country, was.Region = a.Country, a.Region
			s.addresses.now[was.ID] = was
		}
		s.settleAddresses()
		return
	}
	if !empty {
		a.Source, a.CreatedAt = d.Source, d.now
		s.addresses.add(&a, &a.ID)
		s.settleAddresses()
	}
}

// pick is the value the file gives for a field, or what was there if the file does not have the field.
func (d *decision) pick(name, given, was string) string {
	if slices.Contains(d.Fields, name) {
		return given
	}
	return was
}

func (s *state) settleAddresses() {
	settleMain(&s.addresses, func(a *Address) *bool { return &a.Main })
}

// guessKind takes for a company what has nothing but a company's name, or a name with a legal form.
func guessKind(c *Customer) string {
	if c.FirstName != "" || c.LastName != "" {
		return Person
	}
	if c.Company != "" && c.Name == "" {
		return Company
	}
	for _, w := range foldWords(c.Name) {
		if slices.Contains(legalForms, w.wide) {
			return Company
		}
	}
	return Person
}

var legalForms = []string{"gmbh", "ggmbh", "mbh", "ag", "kg", "kgaa", "ohg", "gbr", "ug", "se", "ev", "eg", "egen", "inc", "ltd", "llc", "plc",
	"corp", "sarl", "sas", "spa", "srl", "bv", "nv", "aps", "oy", "partg"}
