package sim

import (
	"slices"
	"strings"

	"stamm/internal/platform/clock"
)

// Task is something the people of the company still have to do on the last day.
type Task struct {
	Kind     string // "promise", "complaint", "callback", "cooling", "quote"
	Customer string
	Made     Moment
	Subject  string
	Due      clock.Day
	Owner    string // one of the staff
}

// Note is what someone of the company wrote down about a customer.
type Note struct {
	Customer string
	Made     Moment
	Author   string
	Channel  string // "phone", "mail", "shop"
	Text     string
}

// Event is something a customer did on the web page.
type Event struct {
	Customer   string
	At         Moment
	Name       string // "page_view", "newsletter_signup", "cart_abandoned"
	Properties map[string]string
}

// Recent is what happened in the days before the end, for things that are alive and not files: sorted by time.
type Recent struct {
	Tasks  []Task
	Notes  []Note
	Events []Event
}

// What Recent makes at most, however large the company is.
const (
	recentTasks    = 24
	recentNotes    = 80
	recentVisitors = 600
	recentDays     = 14
)

var taskTexts = []struct{ kind, subject, note string }{
	{"promise", "Muster der neuen Winterröstung schicken", "Möchte die Wintermischung probieren. Muster versprochen."},
	{"promise", "Rückruf wegen Ersatzteil für die Mühle", "Mahlwerk der Mühle klemmt. Ersatzteil wird geprüft, Rückruf versprochen."},
	{"promise", "Ersatzlieferung für beschädigte Packung nachsehen", "Eine Packung kam offen an. Ersatz zugesagt."},
	{"complaint", "Reklamation: Kaffee schmeckt verbrannt", "Findet die letzte Charge verbrannt, frühere war besser. Verärgert."},
	{"complaint", "Reklamation: Maschine verliert Wasser", "Maschine tropft am Brühkopf, drei Wochen alt."},
	{"complaint", "Reklamation: Lieferung unvollständig", "Im Paket fehlte die Hälfte. Braucht die Ware bis zum Wochenende."},
	{"callback", "Fragen zu einer Maschine für das Büro", "Sucht eine Maschine für 15 Personen, bittet um Anruf."},
	{"callback", "Adresse hat sich geändert, bitte bestätigen", "Ist umgezogen, neue Adresse kommt per Mail."},
	{"quote", "Angebot für Weihnachtspräsente nachfassen", "Interesse an 40 Geschenkboxen für Kunden."},
}

var noteTexts = []string{
	"Trinkt nur Espresso, keine Filterröstungen anbieten.", "Möchte nicht angerufen werden, lieber per Mail.", "Sehr zufrieden mit der letzten Lieferung.",
	"Fragte nach Mengenrabatt ab 20 kg.", "Verträgt keine Milchprodukte.", "Lobt die Beratung im Laden.", "Bestellt künftig nur noch Bio.",
	"Ansprechpartnerin in Elternzeit bis Sommer.", "Lieferung bitte nur vormittags.", "Hat die Rösterei besichtigt, kommt gern wieder.",
	"Fand das Porto zu hoch.", "Neue Filiale im Frühjahr geplant.", "Bittet um Rechnung per Mail statt Papier.", "Verschenkt unseren Kaffee jedes Jahr an die Nachbarn.",
}

// Recent draws what happened lately. It looks at some customers only, so it takes milliseconds for any size of company.
func (c *Company) Recent() Recent {
	d := throw(c.cfg.Seed, forRecent, 0, 0)
	people := c.active(&d, recentVisitors)
	var r Recent
	if c.cfg.Customers >= minForTheChain {
		r.Tasks = append(r.Tasks, Task{Kind: "cooling", Customer: customerID(chainIndex, cafe), Made: at(c.cal.until.AddDays(-1), 9*3600).moment(),
			Subject: "Großkunde bestellt deutlich weniger: Gespräch vereinbaren", Due: c.cal.until, Owner: staff[0]})
	}
	for i := range people {
		l := &people[i]
		if len(r.Tasks) < recentTasks && (i%3 == 0) {
			c.recentTask(&d, l, &r)
		} else if len(r.Notes) < recentNotes && (i%3 == 1) {
			r.Notes = append(r.Notes, Note{Customer: customerID(l.index, l.segment), Made: c.lately(&d, 90).moment(), Author: pick(&d, staff),
				Channel: pick(&d, []string{"phone", "phone", "mail", "shop"}), Text: pick(&d, noteTexts)})
		}
		c.visitsOf(&d, l, &r)
	}
	byTime := func(a, b Moment) int { return int(at(a.Day, a.Second) - at(b.Day, b.Second)) }
	slices.SortStableFunc(r.Tasks, func(a, b Task) int { return byTime(a.Made, b.Made) })
	slices.SortStableFunc(r.Notes, func(a, b Note) int { return byTime(a.Made, b.Made) })
	slices.SortStableFunc(r.Events, func(a, b Event) int { return byTime(a.At, b.At) })
	return r
}

// active looks for n customers who have not left and ordered in the last 60 days.
func (c *Company) active(d *dice, n int) []life {
	var out []life
	seen := map[uint32]bool{}
	for range 20 * n {
		i := uint32(1 + d.below(c.cfg.Customers))
		if len(out) == n || seen[i] {
			continue
		}
		seen[i] = true
		l := c.life(i)
		w := c.walk(&l)
		var last wall
		for _, when, ok := w.next(); ok; _, when, ok = w.next() {
			last = when
		}
		if l.drop == 0 && last.day() > c.cal.until-60 {
			out = append(out, l)
		}
	}
	return out
}

// lately draws a time in office hours of the last days before the last one.
func (c *Company) lately(d *dice, days int) wall {
	return at(max(c.cal.until.AddDays(-1-d.below(days)), c.cal.start), d.between(8*3600, 18*3600))
}

func (c *Company) recentTask(d *dice, l *life, r *Recent) {
	x := pick(d, taskTexts)
	made, owner, who := c.lately(d, 8), pick(d, staff), customerID(l.index, l.segment)
	r.Tasks = append(r.Tasks, Task{Kind: x.kind, Customer: who, Made: made.moment(), Subject: x.subject, Due: c.cal.until.AddDays(d.between(-2, 6)), Owner: owner})
	r.Notes = append(r.Notes, Note{Customer: who, Made: made.moment(), Author: owner, Channel: pick(d, []string{"phone", "mail"}), Text: x.note})
}

// visitsOf draws what a customer looked at on the web page.
func (c *Company) visitsOf(d *dice, l *life, r *Recent) {
	who := customerID(l.index, l.segment)
	event := func(name string, properties map[string]string) {
		day := max(c.cal.until.AddDays(-d.below(recentDays)), l.start)
		second := c.cal.second(d)
		if day == l.start { // not before the account was opened
			second = max(second, l.second)
		}
		r.Events = append(r.Events, Event{Customer: who, At: Moment{day, second}, Name: name, Properties: properties})
	}
	for range d.below(6) {
		p := &c.goods.products[c.goods.pools[l.segment].draw(d)]
		event("page_view", map[string]string{"path": "/" + string(appendSlug(nil, strings.Join(p.Category, " "), '-')) + "/" + strings.ToLower(p.SKU), "sku": p.SKU})
	}
	if d.chance(0.08) {
		event("newsletter_signup", map[string]string{"form": pick(d, []string{"footer", "checkout", "popup"})})
	}
	if d.chance(0.12) {
		p := &c.goods.products[c.goods.pools[l.segment].draw(d)]
		event("cart_abandoned", map[string]string{"sku": p.SKU})
	}
}
