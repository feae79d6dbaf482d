package sim

import "strconv"

// roles of the people who act for a company, per segment; the first one is always there.
var roles = [4][]string{
	office:   {"Einkauf", "Buchhaltung", "Geschäftsführung", "Empfang"},
	cafe:     {"Geschäftsführung", "Küchenleitung", "Einkauf", "Buchhaltung"},
	reseller: {"Einkauf", "Geschäftsführung", "Buchhaltung"},
}

// contacts returns the one to four people of company l. Sometimes one has left and another has taken over.
func (c *Company) contacts(l *life) []Contact {
	if l.segment == household {
		return nil
	}
	d := throw(c.cfg.Seed, forContacts, uint64(l.index), 0)
	firm := c.person(l)
	n := 1 + min(d.below(3), d.below(3))
	if l.chain {
		n = len(roles[cafe])
	}
	var out []Contact
	for k := range n {
		out = append(out, c.contact(&d, l, &firm, len(out), roles[l.segment][k%len(roles[l.segment])]))
	}
	years := int(c.cal.until-l.start) / 365
	if len(out) < 4 && years >= 1 && d.chance(0.3) {
		heir := c.contact(&d, l, &firm, len(out), out[0].Role)
		change := l.start.AddDays(200 + d.below(int(c.cal.until-l.start)-200))
		out[0].Until, heir.From = change.AddDays(-1), change
		out = append(out, heir)
	}
	return out
}

func (c *Company) contact(d *dice, l *life, firm *Customer, k int, role string) Contact {
	p := &places[l.place]
	u := Customer{
		ID: firm.ID + "-" + strconv.Itoa(k+1), Created: firm.Created, Channel: firm.Channel, Owner: firm.Owner,
		Street: firm.Street, Zip: firm.Zip, City: firm.City, Region: firm.Region, Country: firm.Country, Language: "de",
	}
	t := name(d, p, &u)
	if !speaksGerman(t) && d.chance(0.4) || p.lang != 'd' {
		u.Language = "en"
	}
	title(d, &u)
	u.Formal = !d.chance(0.2)
	b := append(appendSlug(nil, u.First, '-'), '.')
	b = append(appendSlug(b, u.Last, '-'), '@')
	if u.Mail = string(b) + c.domain(l.index, firm.Company); d.chance(0.05) {
		u.Mail = ""
	}
	if d.chance(0.6) && l.country == germany { // extensions
		u.Phone = firm.Phone + "-" + strconv.Itoa(10+k)
	}
	u.Newsletter = d.chance(0.25) && u.Mail != ""
	return Contact{Company: firm.ID, Person: u, Role: role, From: l.start}
}
