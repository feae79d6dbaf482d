package sim

import (
	"strings"

	"stamm/internal/platform/clock"
)

// What customers allow beside the newsletter.
const (
	trackShare    = 0.55 // of the readers of the newsletter: that it may be known what they open and click
	callShare     = 0.3  // of companies: calls
	callHousehold = 0.02 // of private customers: calls
)

var permissionHeadings = []string{"Kundennummer", "E-Mail", "Telefon", "Kanal", "Zweck", "Einwilligung", "Datum", "Einwilligungstext", "Formular", "Nachweis"}

const (
	trackWords = "Ja, Sie dürfen auswerten, welche Nachrichten ich öffne und welche Links ich anklicke."
	callWords  = "Ja, die Rösterei darf mich zu Angeboten und Veranstaltungen anrufen. Das kann ich jederzeit widerrufen."
)

// permit writes what a customer allows: that it may be known what she opens and clicks, and calls. All cafés in Austria agreed to calls at the
// fair, because Austria asks for consent of companies as well.
func (x *export) permit(l *life, u *Customer) {
	d := throw(x.c.cfg.Seed, forPermission, uint64(l.index), 0)
	tracked, called := d.chance(trackShare), d.share()
	if tracked && u.Newsletter && usable(u.Mail) {
		x.permission(u, u.Mail, "", "E-Mail", "Tracking", u.Created, trackWords, "Bestellung im Shop", "Häkchen im Shop, "+u.Created.Day.String())
	}
	share := callHousehold
	if l.segment != household {
		share = callShare
	}
	if u.Phone != "" && (called < share || l.segment == cafe && l.country == austria) {
		x.permission(u, "", abroad(u.Phone, l.country), "Telefon", "Werbung", u.Created, callWords, "Messe", "Karte vom Stand, Ordner "+u.Created.Day.String()[:4])
	}
}

// usable tells whether an address can be confirmed: a few that the shop has cannot work.
func usable(mail string) bool {
	return strings.Count(mail, "@") == 1 && !strings.ContainsAny(mail, " (") && !strings.HasSuffix(mail, "@") && !strings.Contains(mail, "..")
}

// abroad is a number as it is dialled from everywhere.
func abroad(phone string, in country) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if strings.HasPrefix(phone, "+") {
		return "+" + digits
	}
	prefix := map[country]string{germany: "+49", austria: "+43", switzerland: "+41"}[in]
	return prefix + strings.TrimPrefix(digits, "0")
}

func (x *export) permission(u *Customer, mail, phone, channel, purpose string, at Moment, words, form, evidence string) {
	t := x.permissions
	t.raw(u.ID)
	t.text(mail)
	t.text(phone)
	t.raw(channel)
	t.raw(purpose)
	t.raw("erteilt")
	t.moment(at)
	t.text(words)
	t.raw(form)
	t.text(evidence)
	t.end()
}

// Touch is one time that a mail was opened or a link in it followed.
type Touch struct {
	After int // seconds since the mail arrived
	Link  int // 0 for the picture of an open, else the link by its place
	Agent string
	Head  bool
}

// The programs with which mails are read. Some open mails for their readers, whether they look or not, and so do scanners with links.
var (
	readers  = []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0", "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"}
	machines = []string{"Mozilla/5.0", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}
	scanner  = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
)

// What readers do.
const (
	openShare    = 0.42 // of those who get a mail, by people
	machineShare = 0.25 // of those who get a mail: opened by a program of the mail service
	clickShare   = 0.16 // of those who open it
	scanShare    = 0.02 // of those who get it: a scanner follows all links at once
)

// Read draws what the customer with a number of the shop did with a mail of the measure of a day that has some links.
func (c *Company) Read(customer string, day clock.Day, links int) (all []Touch) {
	d := throw(c.cfg.Seed, forReading, numberOf(customer), uint64(day))
	if d.chance(scanShare) {
		for link := range links + 1 {
			all = append(all, Touch{After: 1 + link/3, Link: link, Agent: scanner, Head: link > 0})
		}
	}
	if d.chance(machineShare) {
		all = append(all, Touch{After: d.between(4, 900), Agent: pick(&d, machines)})
	}
	if !d.chance(openShare) {
		return all
	}
	at, agent := 240+int(d.exp()*4*3600), pick(&d, readers)
	all = append(all, Touch{After: at, Agent: agent})
	if links > 0 && d.chance(clickShare) {
		all = append(all, Touch{After: at + d.between(8, 90), Link: 1 + min(d.below(links), d.below(links)), Agent: agent})
	}
	return all
}

// Try is one time that somebody dialled.
type Try struct {
	After   int    // days since the first day of the measure
	Second  int    // of the day
	Spoke   int    // seconds
	Outcome string // "interested", "not_interested", "not_reached", "wrong" or "no_more"
	Note    string
}

var talkNotes = map[string][]string{
	"interested":     {"Kommt mit zwei Kolleginnen.", "Möchte ein Angebot für eine neue Mühle.", "Freut sich, bestellt gleich mit.", "Bitte Unterlagen per Mail."},
	"not_interested": {"Hat gerade umgebaut, im Frühjahr wieder.", "Bezieht jetzt über den Großhandel.", ""},
	"no_more":        {"Möchte keine Anrufe mehr."},
	"wrong":          {"Nummer gehört jetzt einer Arztpraxis."},
}

// numberOf is a number for the number of a customer, to throw dice by.
func numberOf(customer string) (n uint64) {
	for _, b := range []byte(customer) {
		n = n*131 + uint64(b)
	}
	return n
}

// Call draws what becomes of the call to the customer with a number of the shop by a measure of a day: each time that it is tried, at most so often.
func (c *Company) Call(customer string, day clock.Day, most int) (all []Try) {
	d := throw(c.cfg.Seed, forReading, numberOf(customer), uint64(day))
	after := d.between(0, 9)
	for try := 1; ; try++ {
		one := Try{After: after, Second: d.between(9*3600+900, 16*3600+1800), Spoke: d.between(40, 600), Outcome: "not_reached"}
		switch x := d.share(); {
		case x < 0.34:
			one.Outcome = "interested"
		case x < 0.62:
			one.Outcome = "not_interested"
		case x < 0.65:
			one.Outcome = "no_more"
		case x < 0.68:
			one.Outcome = "wrong"
		}
		if notes := talkNotes[one.Outcome]; len(notes) > 0 {
			one.Note = pick(&d, notes)
		}
		all = append(all, one)
		if one.Outcome != "not_reached" || try == most {
			return all
		}
		after += d.between(1, 3)
	}
}
