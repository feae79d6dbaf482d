package ui_test

import (
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
)

func (s sheet) pages() map[string]galleryPage {
	return map[string]galleryPage{
		"today":     {content: s.today(), flash: &ui.Flash{Tone: ui.Good, Text: s.w("Aufgabe an Jonas Brandt übergeben.", "Task handed over to Jonas Brandt."), Undo: &ui.Post{Label: s.w("Rückgängig", "Undo"), Action: "/sent"}}, job: s.job()},
		"customers": {content: s.customers()},
		"customer":  {content: s.customer()},
		"insight":   {content: s.insight()},
		"cohorts":   {content: s.cohorts()},
		"revenue":   {content: s.revenue()},
		"abc":       {content: s.abc()},
		"import":    {content: s.importing()},
		"job":       {content: s.jobPage(ui.JobRunning)},
		"failed":    {content: s.jobPage(ui.JobFailed)},
		"done":      {content: s.jobPage(ui.JobDone)},
		"form":      {content: s.form()},
		"empty":     {content: s.empty()},
		"error":     {content: s.trouble()},
		"login":     {content: s.login(), plain: true},
	}
}

func (s sheet) explain(id, title string) *ui.Explain {
	return &ui.Explain{
		ID: id, Title: title,
		Definition: s.w("Anteil der Kunden, die nach ihrem ersten Kauf innerhalb von 90 Tagen wieder gekauft haben.", "Share of customers who bought again within 90 days after their first purchase."),
		Formula:    s.w("Wiederkäufer innerhalb von 90 Tagen ÷ Erstkäufer des Monats", "buyers again within 90 days ÷ first buyers of the month"),
		Purchase:   s.w("Bestellungen und Rechnungen bekannter Kunden; Käufe eines Tages zählen einmal.", "Orders and invoices of known customers; purchases of one day count once."),
		Refunds:    s.w("Nach Retouren: eine ganz zurückgegebene Bestellung ist kein Kauf.", "After returns: an order returned in full is no purchase."),
		Period:     s.w("1.3.2026 bis 31.3.2026", "1 Mar 2026 to 31 Mar 2026"), AsOf: s.p.DateTime(asOf),
		Source: "Fader, Hardie (2009), Probability Models for Customer-Base Analysis", SourceURL: "https://example.com/paper",
		SQL:  "SELECT month, count(*) FILTER (WHERE days_to_second <= 90) * 1.0 / count(*) AS rate\nFROM first_purchase\nGROUP BY month\nORDER BY month",
		Rows: &ui.Anchor{Text: s.w("Diese 100 Kunden ansehen", "See these 100 customers"), Href: "/customers"},
	}
}

var asOf = time.Date(2026, 11, 21, 19, 15, 0, 0, time.UTC)

func (s sheet) job() *ui.Job {
	return &ui.Job{
		Name: s.w("Bestellungen 2026 importieren", "Import orders 2026"), Href: "/jobs/7", State: ui.JobRunning,
		Done: 412_000, Total: 1_250_000, Unit: s.w("Zeilen", "rows"), Rate: 51_300, Left: 16 * time.Second, Started: asOf,
		Cancel: &ui.Post{Label: s.w("Abbrechen", "Cancel"), Action: "/sent"},
	}
}

func (s sheet) today() templ.Component {
	lead := ui.Sentence(s.w(
		"Von [[cohort|100 Kunden]], die im März zum ersten Mal gekauft haben, sind [[back|29 innerhalb von 90 Tagen wiedergekommen]], 4 mehr als vor einem Jahr.",
		"Of [[cohort|100 customers]] who first bought in March, [[back|29 came back within 90 days]], 4 more than a year ago.",
	), map[string]string{"cohort": "/insight/cohorts", "back": "/insight/second"})
	tiles := []ui.Tile{
		{Name: s.w("Kundenbindung", "Retention"), Value: s.p.Percent(.684, 1), Change: s.w("2,1 Punkte mehr als vor einem Jahr", "2.1 points more than a year ago"), Tone: ui.Good, Spark: wave(12, .62, .05), Href: "/insight", Explain: s.explain("e-retention", s.w("Kundenbindung", "Retention"))},
		{Name: s.w("Kundentreue", "Buying rate"), Value: s.p.Decimal(3.42, 2), Change: s.w("4 mehr als vor einem Jahr", "4 more than a year ago"), Tone: ui.Good, Spark: wave(12, 3.1, .2), Href: "/insight"},
		{Name: s.w("Zweitkauf in 90 Tagen", "Second purchase in 90 days"), Value: s.p.Percent(.29, 0), Change: s.w("3 Punkte weniger als vor einem Jahr", "3 points fewer than a year ago"), Tone: ui.Bad, Spark: wave(12, .31, -.05), Href: "/insight"},
		{Name: s.w("Wert in Gefahr", "Value at risk"), Missing: s.w("Steht hier, sobald zwölf Monate Bestellungen da sind. Es fehlen noch drei.", "Stands here once there are twelve months of orders. Three are missing.")},
	}
	items := []ui.Item{
		{Icon: "clock", Tone: ui.Bad, Title: s.w("Rückruf bei Café Müllerin GmbH zugesagt", "Call back promised to Café Müllerin GmbH"), Href: "/customer", Text: s.w("Lieferung war zwei Tage zu spät, Frau Huber wartet auf eine Antwort", "Delivery was two days late, Ms Huber awaits an answer"), Meta: s.w("seit 2 Std. fällig", "due 2 h ago"), Action: &ui.Post{Label: s.w("Erledigt", "Done"), Action: "/sent"}},
		{Icon: "alert-triangle", Tone: ui.Warn, Title: s.w("Import „Shop nachts“ hatte 14 fehlerhafte Zeilen", "Import “Shop nightly” had 14 bad rows"), Href: "/jobs/7", Text: s.w("Datum 31.02.2026 gibt es nicht, und 13 mehr", "There is no date 31.02.2026, and 13 more"), Meta: s.w("heute 03:12", "today 03:12"), Go: &ui.Anchor{Text: s.w("Fehler ansehen", "See errors"), Href: "/jobs/7"}},
		{Icon: "users", Tone: ui.Warn, Title: s.w("Bürogemeinschaft Nordlicht kühlt ab", "Bürogemeinschaft Nordlicht is cooling"), Href: "/customer", Text: s.w("Kauft sonst alle 24 Tage, seit 71 Tagen nichts", "Usually buys every 24 days, nothing for 71 days"), Meta: s.p.Money(482_350, "EUR"), Go: &ui.Anchor{Text: s.w("Ansehen", "Open"), Href: "/customer"}},
		{Icon: "file-text", Title: s.w("Mehrwertsteuersatz für die Schweiz bestätigen", "Confirm the VAT rate for Switzerland"), Href: "/settings", Meta: s.w("bis 31.12.2026", "by 31 Dec 2026"), Go: &ui.Anchor{Text: s.w("Bestätigen", "Confirm"), Href: "/settings"}},
	}
	months := s.months(12)
	stacked := ui.ChartBox(s.p, ui.Chart{ID: "c-today", Kind: ui.Stacked, Title: s.w("Umsatz neuer und wiederkehrender Kunden", "Revenue of new and returning customers"), Hide: true, Labels: months, Unit: ui.Unit{Kind: ui.Money, Currency: "EUR"},
		Series: []ui.Series{{Name: s.w("Wiederkehrend", "Returning"), Values: wave(12, 61000, 9000)}, {Name: s.w("Neu", "New"), Values: wave(12, 24000, -3000)}}})
	return ui.All(
		ui.PageHeader(s.p, ui.Header{Title: s.w("Heute", "Today"), Lead: lead}),
		ui.Tiles(s.p, tiles),
		ui.TwoThirds(
			around(ui.CardBox(ui.Card{Title: s.w("Das braucht Sie", "This needs you"), Sub: s.w("4 von 4", "4 of 4"), Flush: true, Link: &ui.Anchor{Text: s.w("Alle Aufgaben", "All tasks"), Href: "/tasks"}}), ui.Items(items)),
			around(ui.CardBox(ui.Card{Title: s.w("Neue und wiederkehrende Kunden", "New and returning customers"), Link: &ui.Anchor{Text: s.w("Bericht", "Report"), Href: "/insight/revenue"}}), ui.All(stacked, s.smallTable(months))),
		),
		ui.AsOfLine(s.p, ui.AsOf{At: asOf, Source: s.w("nach Retouren", "after returns"), Rows: 182_455, Stale: true}),
	)
}

func (s sheet) smallTable(months []string) templ.Component {
	var rows []ui.Row
	for i := len(months) - 4; i < len(months); i++ {
		rows = append(rows, ui.Row{Href: "/insight/revenue", Cells: ui.Cells(months[i], s.p.Money(int64(24_000_00+i*31_07), "EUR"), s.p.Money(int64(61_000_00+i*97_31), "EUR"))})
		rows[len(rows)-1].Cells[1] = ui.Rich(ui.All(ui.Meter(.2+float64(i)/40), ui.Plainly(s.p.Percent(.2+float64(i)/40, 0))))
	}
	return ui.TableBox(s.p, ui.Table{ID: "t-small", Caption: s.w("Umsatz je Monat", "Revenue by month"), Compact: true, Rows: rows, Columns: []ui.Column{
		{Title: s.w("Monat", "Month"), Narrow: ui.NarrowLead}, {Title: s.w("Neu", "New"), Number: true}, {Title: s.w("Wiederkehrend", "Returning"), Number: true, Narrow: ui.NarrowValue}}})
}

func (s sheet) months(n int) []string {
	de := []string{"Dez.", "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov."}
	en := []string{"Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov"}
	if s.de {
		return de[:n]
	}
	return en[:n]
}

// wave is a row of plausible figures around base.
func wave(n int, base, swing float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = base + swing*float64(i)/float64(n)*1.4 + math.Abs(swing)*.45*math.Sin(float64(i)*1.9)
	}
	return values
}

var people = []struct {
	name, company, place, band string
	tone                       ui.Tone
	days, cents                int
}{
	{"Anneliese Müller", "", "Graz", "A", ui.Good, 3, 84_210}, {"Café Müllerin GmbH", "Sabine Huber, 4 Personen", "München", "A", ui.Good, 6, 1_248_890},
	{"Bürogemeinschaft Nordlicht", "Torben Petersen", "Flensburg", "A", ui.Warn, 71, 482_350}, {"Jean-Luc Favre", "", "Lausanne", "B", ui.Neutral, 12, 31_940},
	{"Øyvind Strand", "", "Hamburg", "C", ui.Neutral, 44, 8_990}, {"Praxis Dr. Yıldız & Kollegen", "Elif Yıldız", "Köln", "B", ui.Neutral, 18, 121_400},
	{"Maximiliane Freifrau von und zu Guttenberg-Lichtenstein", "", "Garmisch-Partenkirchen", "C", ui.Bad, 301, 4_500}, {"Kanzlei Brandstätter", "Eva Brandstätter", "Salzburg", "A", ui.Good, 9, 238_075},
	{"Peter Zürcher", "", "Winterthur", "B", ui.Neutral, 27, 45_260}, {"Hotel Zur Alten Mühle", "Frank Weiß", "Goslar", "A", ui.Good, 1, 3_022_115},
}

func (s sheet) customers() templ.Component {
	here := &url.URL{Path: "/de/light/customers", RawQuery: "land=AT&sort=name"}
	var rows []ui.Row
	for i := range 25 {
		who := people[i%len(people)]
		day := asOf.AddDate(0, 0, -who.days-i)
		next := s.w("Bohnen gehen in 6 Tagen aus", "Beans run out in 6 days")
		if who.tone == ui.Bad {
			next = s.w("Persönlich anrufen", "Call in person")
		}
		rows = append(rows, ui.Row{ID: fmt.Sprint(i), Href: "/de/light/customer", Cells: []ui.Cell{
			ui.Lines(who.name, who.company), ui.Text(who.place), ui.Rich(ui.Band(who.band, s.w("Stammkunde", "Regular"), who.tone)),
			ui.Text(s.p.Date(dayOf(day))), ui.Text(s.p.Number(int64(40 - i))), ui.Text(s.p.Money(int64(who.cents), "EUR")), ui.Text(next),
		}})
	}
	table := ui.Table{
		ID: "list", Caption: s.w("Kunden", "Customers"), Rows: rows, CSV: "/customers.csv",
		Columns: []ui.Column{
			{Key: "name", Title: s.w("Name und Firma", "Name and company"), Narrow: ui.NarrowLead, Sort: ui.With(here, "sort", "-name"), Sorted: ui.Ascending},
			{Key: "place", Title: s.w("Ort", "Place"), Narrow: ui.NarrowBare, Sort: ui.With(here, "sort", "place")},
			{Key: "band", Title: s.w("Klasse", "Band"), Narrow: ui.NarrowBare, Help: s.w("ABC nach Umsatz der letzten zwölf Monate", "ABC by revenue of the last twelve months")},
			{Key: "last", Title: s.w("Letzter Kauf", "Last order"), Number: true, Sort: ui.With(here, "sort", "last")},
			{Key: "orders", Title: s.w("Käufe", "Orders"), Number: true, Narrow: ui.NarrowHide, Sort: ui.With(here, "sort", "orders"), Wide: true},
			{Key: "value", Title: s.w("Wert 12 Monate", "Value 12 months"), Number: true, Narrow: ui.NarrowValue, Sort: ui.With(here, "sort", "value")},
			{Key: "next", Title: s.w("Nächster Schritt", "Next step"), Narrow: ui.NarrowHide, Wide: true},
		},
		Paging: &ui.Paging{Shown: 25, Of: 18_204, Noun: s.w("Kunden", "customers"), Next: ui.With(here, "after", "Zürcher")},
		Choose: &ui.ColumnChoice{Action: "/de/light/customers", Name: "col", Options: ui.Options("name", "name", s.w("Name", "Name"), "place", s.w("Ort", "Place"), "owner", s.w("Betreut von", "Owner"))},
		Bulk:   &ui.Bulk{Action: "/sent", Name: "id", Buttons: []ui.BulkButton{{Label: s.w("Schlagwort geben", "Add tag"), Name: "do", Value: "tag"}, {Label: s.w("Betreuer ändern", "Change owner"), Name: "do", Value: "owner"}}},
	}
	filters := ui.Filters{
		Search: &ui.SearchField{Action: "/de/light/customers", Name: "q", Placeholder: s.w("Name, Mail, Telefon, Nummer", "Name, mail, phone, number"), Target: "list"},
		Menus:  []ui.FilterMenu{{Label: s.w("Filter", "Filter"), Choices: []ui.Choice{{Text: s.w("Klasse A", "Band A"), Href: "/customers"}, {Text: s.w("Seit 90 Tagen still", "Silent for 90 days"), Href: "/customers", Active: true}}}},
		Chips:  []ui.FilterChip{{Text: s.w("Land: Österreich", "Country: Austria"), Remove: ui.With(here, "land", "")}, {Text: s.w("Seit 90 Tagen still", "Silent for 90 days"), Remove: "/customers"}},
		Clear:  "/customers",
	}
	tabs := []ui.Tab{{Label: s.w("Alle", "All"), Href: "/customers", Count: s.p.Number(18_204), Active: true}, {Label: s.w("Stammkunden", "Regulars"), Href: "/customers?v=1", Count: s.p.Number(2_310)}, {Label: s.w("Kühlen ab", "Cooling"), Href: "/customers?v=2", Count: "87"}}
	return ui.All(
		ui.PageHeader(s.p, ui.Header{Title: s.w("Kunden", "Customers"), Actions: ui.Btn(ui.Button{Label: s.w("Kunde anlegen", "Add customer"), Href: "/customers/new", Icon: "plus", Primary: true})}),
		ui.Tabs(s.w("Ansichten", "Views"), tabs), ui.FilterBar(s.p, filters), ui.TableBox(s.p, table),
		ui.AsOfLine(s.p, ui.AsOf{At: asOf, Source: s.w("Werte nach Retouren", "values after returns")}),
	)
}
