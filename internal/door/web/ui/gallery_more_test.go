package ui_test

import (
	"fmt"
	"math"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
)

func dayOf(t time.Time) clock.Day { return clock.DayOf(t, time.UTC) }

func (s sheet) customer() templ.Component {
	mark := ui.All(ui.Band("A", s.w("Stammkundin", "Regular"), ui.Good), ui.Chip(s.w("Werbung nicht erlaubt", "No advertising"), ui.Warn), ui.Chip(s.w("seit 14.3.2022", "since 14 Mar 2022"), ui.Neutral))
	actions := ui.All(ui.Btn(ui.Button{Label: s.w("Notiz", "Note"), Href: "#note", Icon: "note"}), ui.Btn(ui.Button{Label: s.w("Bearbeiten", "Edit"), Href: "#edit", Icon: "pencil"}))
	contact := around(ui.CardBox(ui.Card{Title: s.w("Kontakt", "Contact")}), ui.Pairs([]ui.Pair{
		{Term: "Mail", Text: "sabine.huber@cafe-muellerin.example", Href: "mailto:sabine.huber@cafe-muellerin.example", Note: s.w("aus dem Shop", "from the shop")},
		{Term: s.w("Telefon", "Phone"), Text: "+49 89 2314 5567", Href: "tel:+498923145567"},
		{Term: s.w("Anschrift", "Address"), Text: "Donaudampfschifffahrtsgesellschaftsplatz 12, 80331 München"},
		{Term: s.w("Sprache", "Language"), Text: s.w("Deutsch, Sie", "German, formal")},
		{Term: s.w("Kundennummer", "Customer no."), Text: "0004711", Note: s.w("Shop", "shop")},
	}))
	timeline := around(ui.CardBox(ui.Card{Title: s.w("Was geschah", "What happened")}), ui.Timeline(s.p, []ui.EntryGroup{
		{Title: s.w("November 2026", "November 2026"), Entries: []ui.Entry{
			{When: s.w("18.11.", "18 Nov"), Icon: "shopping-cart", Kind: s.w("Bestellung", "Order"), Tone: ui.Accent, Title: s.w("Bestellung 4711", "Order 4711"), Href: "/order", Text: s.w("3 Positionen", "3 lines"), Amount: s.p.Money(12_990, "EUR"), More: ui.Pairs([]ui.Pair{{Term: "Espresso Nr. 7, 1 kg", Text: s.p.Money(8_990, "EUR")}, {Term: "Filter Äthiopien, 500 g", Text: s.p.Money(4_000, "EUR")}})},
			{When: s.w("12.11.", "12 Nov"), Icon: "note", Kind: s.w("Notiz", "Note"), Title: s.w("Möchte künftig dienstags beliefert werden", "Wants deliveries on Tuesdays from now on"), Text: "Jonas Brandt"},
			{When: s.w("2.11.", "2 Nov"), Icon: "receipt-refund", Kind: s.w("Retoure", "Return"), Tone: ui.Warn, Title: s.w("Retoure 882", "Return 882"), Href: "/return", Text: s.w("„zu dunkel geröstet“", "“roasted too dark”"), Amount: s.p.Money(-2_450, "EUR")},
		}},
		{Title: s.w("Oktober 2026", "October 2026"), Entries: []ui.Entry{
			{When: s.w("25.10.", "25 Oct"), Icon: "coin", Kind: s.w("Zahlung", "Payment"), Tone: ui.Good, Title: s.w("Rechnung R-2210 bezahlt", "Invoice R-2210 paid"), Href: "/inv", Amount: s.p.Money(248_000, "EUR")},
			{When: s.w("11.10.", "11 Oct"), Icon: "file-text", Kind: s.w("Rechnung", "Invoice"), Title: s.w("Rechnung R-2210", "Invoice R-2210"), Href: "/inv", Amount: s.p.Money(248_000, "EUR")},
		}},
	}, "?before=100"))
	now := ui.All(
		around(ui.CardBox(ui.Card{Title: s.w("Was jetzt zählt", "What matters now"), Tone: ui.Bad, Flush: true}), ui.Items([]ui.Item{
			{Icon: "clock", Tone: ui.Bad, Title: s.w("Rückruf zugesagt", "Call back promised"), Text: s.w("bis heute 14:00", "by today 14:00"), Action: &ui.Post{Label: s.w("Erledigt", "Done"), Action: "/sent"}},
			{Icon: "coin", Tone: ui.Warn, Title: s.w("Rechnung R-2231 ist offen", "Invoice R-2231 is open"), Text: s.w("seit 12 Tagen, 312,40 €", "for 12 days, €312.40")},
		})),
		around(ui.CardBox(ui.Card{Title: s.w("Zahlen", "Figures")}), ui.Pairs([]ui.Pair{
			{Term: s.w("Wert 12 Monate", "Value 12 months"), Text: s.p.Money(1_248_890, "EUR")},
			{Term: s.w("Käufe", "Orders"), Text: "38"},
			{Term: s.w("Kauft sonst alle", "Usually every"), Text: s.w("24 Tage", "24 days")},
			{Term: s.w("Still seit", "Silent for"), Text: s.w("6 Tagen", "6 days")},
			{Term: "RFM", Text: "5 · 5 · 4"},
		})),
	)
	tabs := []ui.Tab{{Label: s.w("Überblick", "Overview"), Href: "#", Active: true}, {Label: s.w("Belege", "Documents"), Href: "#", Count: "61"}, {Label: s.w("Zahlen", "Figures"), Href: "#"}, {Label: s.w("Daten", "Data"), Href: "#"}}
	return ui.All(
		ui.PageHeader(s.p, ui.Header{Title: "Café Müllerin GmbH", Back: &ui.Anchor{Text: s.w("Kunden", "Customers"), Href: "/de/light/customers"}, Mark: mark, Actions: actions}),
		ui.Tabs(s.w("Ansichten", "Views"), tabs), ui.Three(contact, timeline, now))
}

func (s sheet) insight() templ.Component {
	return ui.All(ui.PageHeader(s.p, ui.Header{Title: s.w("Erkenntnisse", "Insight")}),
		around(ui.Cards(), ui.All(
			ui.ReportCard(s.w("Kohorten", "Cohorts"), s.w("29 von 100 Erstkäufern im März kamen binnen 90 Tagen zurück.", "29 of 100 first buyers in March came back within 90 days."), "/de/light/cohorts"),
			ui.ReportCard("ABC", s.w("20 % der Kunden bringen 71 % des Umsatzes.", "20% of customers bring 71% of revenue."), "/de/light/abc"),
			ui.ReportCard(s.w("Kaufabstand", "Interpurchase time"), s.w("Zwischen zwei Käufen liegen im Mittel 31 Tage.", "31 days pass between two purchases on average."), "#"),
			ui.ReportCard(s.w("Datenqualität", "Data quality"), s.w("412 Bestellungen ohne Kunde, 3 Retouren ohne Bestellung.", "412 orders without customer, 3 returns without order."), "#"),
		)))
}

func (s sheet) header(id, title, lead string) templ.Component {
	period := &ui.Picker{Label: s.w("Zeitraum", "Period"), Value: s.w("12 Monate", "12 months"), Choices: []ui.Choice{{Text: s.w("12 Monate", "12 months"), Href: "?p=12", Active: true}, {Text: s.w("Dieses Jahr", "This year"), Href: "?p=y"}, {Text: s.w("Alles", "All"), Href: "?p=all"}},
		Custom: &ui.CustomPeriod{Action: "", FromName: "from", ToName: "to", From: "2025-12-01", To: "2026-11-30"}}
	compare := &ui.Picker{Label: s.w("gegen", "against"), Value: s.w("Vorjahr", "year before"), Choices: []ui.Choice{{Text: s.w("Vorjahr", "Year before"), Href: "?c=y", Active: true}, {Text: s.w("Zeitraum davor", "Period before"), Href: "?c=p"}}}
	return ui.PageHeader(s.p, ui.Header{Title: title, Lead: ui.Sentence(lead, map[string]string{"a": "/customers?cohort=2026-03"}), Period: period, Compare: compare, CSV: "/insight/x.csv", Explain: s.explain(id, title)})
}

func (s sheet) cohorts() templ.Component {
	h := ui.HeatMap{ID: "heat", Caption: s.w("Wiederkaufrate je Kohorte und Monat", "Repeat rate by cohort and month"), Corner: s.w("Erster Kauf", "First purchase"), Fixed: []string{s.w("Kunden", "Customers")},
		Legend: s.w("Anteil der Kohorte, der in diesem Monat kaufte", "Share of the cohort that bought in this month"), Low: "0 %", High: "40 %"}
	for m := 1; m <= 11; m++ {
		h.Columns = append(h.Columns, fmt.Sprint(m))
	}
	for i, month := range s.months(12) {
		row := ui.HeatRow{Name: month + " 2026", Href: "/customers", Fixed: []string{s.p.Number(int64(1180 - i*37))}}
		for m := 1; m <= 11-i; m++ {
			v := .41*math.Exp(-float64(m)*.17) + .03*math.Sin(float64(i*3+m))
			row.Cells = append(row.Cells, ui.HeatCell{Text: s.p.Percent(v, 0), Share: v / .4, Href: "/customers", Hint: "338 / 1180"})
		}
		h.Rows = append(h.Rows, row)
	}
	line := ui.ChartBox(s.p, ui.Chart{ID: "c-line", Kind: ui.LineChart, Title: s.w("Wiederkaufrate nach Monaten seit dem ersten Kauf", "Repeat rate by months since the first purchase"), Labels: h.Columns, XName: s.w("Monate seit dem ersten Kauf", "Months since first purchase"), Unit: ui.Unit{Kind: ui.Rate, Digits: 1},
		Series: []ui.Series{{Name: s.w("Erstkäufer 2026", "First buyers 2026"), Values: decay(.41)}, {Name: s.w("Erstkäufer 2025", "First buyers 2025"), Values: decay(.37), Past: true, Color: 6}}})
	return ui.All(s.header("e-cohorts", s.w("Kohorten", "Cohorts"), s.w("Von [[a|100 Kunden]], die im März zum ersten Mal gekauft haben, sind 29 innerhalb von 90 Tagen wiedergekommen, 4 mehr als vor einem Jahr.", "Of [[a|100 customers]] who first bought in March, 29 came back within 90 days, 4 more than a year ago.")),
		line, ui.HeatTable(s.p, h), ui.AsOfLine(s.p, ui.AsOf{At: asOf, Source: s.w("Bestellungen, nach Retouren", "orders, after returns"), Rows: 182_455}))
}

func decay(start float64) []float64 {
	var values []float64
	for m := 1; m <= 11; m++ {
		values = append(values, start*math.Exp(-float64(m)*.17)+.01*math.Sin(float64(m)*2))
	}
	return values
}

func (s sheet) revenue() templ.Component {
	unit := ui.Unit{Kind: ui.Money, Currency: "EUR"}
	months := s.months(12)
	stacked := ui.ChartBox(s.p, ui.Chart{ID: "c1", Kind: ui.Stacked, Title: s.w("Umsatz je Monat", "Revenue by month"), Labels: months, Unit: unit, Series: []ui.Series{{Name: s.w("Wiederkehrende Kunden", "Returning customers"), Values: wave(12, 61000, 9000)}, {Name: s.w("Neue Kunden", "New customers"), Values: wave(12, 24000, -3000)}}})
	bars := ui.ChartBox(s.p, ui.Chart{ID: "c2", Kind: ui.BarChart, Title: s.w("Käufe je Wochentag", "Purchases by weekday"), Labels: []string{"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"}, Unit: ui.Unit{Name: s.w("Käufe", "purchases")}, Series: []ui.Series{{Name: s.w("Käufe", "Purchases"), Values: []float64{412, 388, 395, 441, 520, 280, 199}}}})
	histogram := ui.ChartBox(s.p, ui.Chart{ID: "c3", Kind: ui.Histogram, Title: s.w("Tage zwischen zwei Käufen", "Days between two purchases"), Labels: []string{"1–7", "8–14", "15–21", "22–28", "29–35", "36–42", "43–49", "50–56", "57–63", "64–70", "71–77", "78–84", "85–91", "> 91"}, XName: s.w("Tage", "Days"), Unit: ui.Unit{Name: s.w("Kaufabstände", "intervals")}, Series: []ui.Series{{Name: s.w("Abstände", "Intervals"), Values: []float64{820, 1240, 1980, 2410, 2105, 1650, 1210, 890, 640, 480, 350, 270, 210, 640}, Color: 2}}})
	var rows []ui.Row
	for i, month := range months {
		rows = append(rows, ui.Row{Href: "/customers", Cells: ui.Cells(month+" 2026", s.p.Number(int64(812+i*3)), s.p.Money(int64(6_112_044+i*73_110), "EUR"), s.p.Money(int64(2_412_044-i*13_110), "EUR"), s.p.Percent(.71+float64(i)*.003, 1))})
	}
	table := ui.TableBox(s.p, ui.Table{ID: "t", Title: s.w("Die Zahlen dazu", "The figures"), Caption: s.w("Umsatz je Monat", "Revenue by month"), CSV: "/x.csv", Compact: true, Rows: rows,
		Columns: []ui.Column{{Title: s.w("Monat", "Month"), Narrow: ui.NarrowLead}, {Title: s.w("Käufer", "Buyers"), Number: true}, {Title: s.w("Wiederkehrend", "Returning"), Number: true, Narrow: ui.NarrowValue}, {Title: s.w("Neu", "New"), Number: true}, {Title: s.w("Anteil", "Share"), Number: true}},
		Total:   &ui.Row{Cells: ui.Cells(s.w("Summe 12 Monate", "Total 12 months"), "", s.p.Money(78_166_200, "EUR"), s.p.Money(28_912_000, "EUR"), s.p.Percent(.73, 1))}})
	return ui.All(s.header("e-revenue", s.w("Umsatz", "Revenue"), s.w("[[a|73 % des Umsatzes]] kamen von Kunden, die schon einmal gekauft hatten.", "[[a|73% of revenue]] came from customers who had bought before.")), stacked, ui.Even(bars, histogram), table)
}

func (s sheet) abc() templ.Component {
	chart := ui.Chart{ID: "lorenz", Kind: ui.Lorenz, Tall: true, Title: s.w("Anteil der Kunden am Umsatz", "Customers' share of revenue"), XName: s.w("Anteil der Kunden", "Share of customers"), YName: s.w("Anteil am Umsatz", "Share of revenue"), Unit: ui.Unit{Kind: ui.Rate}}
	curve := func(x float64) float64 { return 1 - math.Pow(1-x, 3.6) }
	classes := []struct {
		name     string
		from, to int
	}{{"A", 0, 32}, {"B", 32, 60}, {"C", 60, 100}}
	for i := 0; i <= 100; i++ {
		chart.X = append(chart.X, float64(i)/100)
	}
	for n, class := range classes {
		series := ui.Series{Name: class.name, Color: n, Values: make([]float64, 101)}
		for i := range series.Values {
			series.Values[i] = math.NaN()
			if i >= class.from && i <= class.to {
				series.Values[i] = curve(float64(i) / 100)
			}
		}
		chart.Series = append(chart.Series, series)
	}
	square := ui.Square{ID: "rfm", Caption: s.w("Kunden nach Aktualität und Häufigkeit", "Customers by recency and frequency"), XName: s.w("Häufigkeit →", "Frequency →"), YName: s.w("Aktualität →", "Recency →"), XLabels: []string{"1", "2", "3", "4", "5"}, YLabels: []string{"5", "4", "3", "2", "1"}}
	names := []string{s.w("Neu", "New"), s.w("Vielversprechend", "Promising"), s.w("Treu", "Loyal"), s.w("Treu", "Loyal"), s.w("Beste", "Champions")}
	for y := range 5 {
		var fields []ui.SquareField
		for x := range 5 {
			share := .15 + .8*math.Abs(math.Sin(float64(x*2+y*y)))
			fields = append(fields, ui.SquareField{Value: s.p.Number(int64(share * 1400)), Name: names[x], Share: share, Href: "/customers"})
		}
		square.Fields = append(square.Fields, fields)
	}
	return ui.All(s.header("e-abc", s.w("ABC und RFM", "ABC and RFM"), s.w("[[a|20 % der Kunden]] bringen 55 % des Umsatzes.", "[[a|20% of customers]] bring 55% of revenue.")),
		ui.Even(ui.ChartBox(s.p, chart), around(ui.CardBox(ui.Card{Title: s.w("Aktualität und Häufigkeit", "Recency and frequency")}), ui.SquareMap(s.p, square))))
}

func (s sheet) importing() templ.Component {
	preview := ui.TableBox(s.p, ui.Table{ID: "preview", Caption: s.w("Zwanzig Zeilen", "Twenty rows"), Compact: true, Scroll: true, Columns: []ui.Column{{Title: s.w("Bestellnummer", "Order")}, {Title: s.w("Datum", "Date"), Number: true, Mark: s.w("geraten", "guessed")}, {Title: s.w("Kunde", "Customer")}, {Title: s.w("Betrag", "Amount"), Number: true}},
		Rows: []ui.Row{{Cells: ui.Cells("4711", s.w("31.12.2026", "31 Dec 2026"), "0004711", s.p.Money(123_456, "EUR"))}, {Cells: ui.Cells("4712", s.w("31.12.2026", "31 Dec 2026"), "0004712", s.p.Money(990, "EUR"))}}})
	mapping := around(ui.FormBox(s.p, ui.Form{Action: "/sent", Submit: s.w("So lesen", "Read it like this")}), ui.All(
		ui.Select(s.p, ui.Field{Name: "date", Label: s.w("Spalte für das Datum", "Column of the date"), Help: s.w("Geraten aus der Überschrift „Bestelldatum“.", "Guessed from the heading “Bestelldatum”."), Width: ui.WidthMedium, Guessed: true}, ui.Options("b", "a", "Lieferdatum", "b", "Bestelldatum")),
		ui.Select(s.p, ui.Field{Name: "decimal", Label: s.w("„1.234“ bedeutet", "“1.234” means"), Width: ui.WidthMedium}, ui.Options("", "point", s.w("eintausendzweihundertvierunddreißig", "one thousand two hundred and thirty-four"), "comma", s.w("eins Komma zwei drei vier", "one point two three four"))),
	))
	return ui.All(ui.PageHeader(s.p, ui.Header{Title: s.w("Bestellungen importieren", "Import orders")}),
		around(ui.Steps(), ui.All(
			ui.StepBox(s.p, 1, ui.Step{Title: s.w("Datei", "File"), Sum: "bestellungen-2026.csv, " + s.p.Bytes(18_400_000), State: ui.StepDone, Back: "?step=1"}),
			around(ui.StepBox(s.p, 2, ui.Step{Title: s.w("So lesen wir sie", "How we read it"), State: ui.StepNow}), ui.All(preview, mapping)),
			ui.StepBox(s.p, 3, ui.Step{Title: s.w("Was geschehen würde", "What would happen"), State: ui.StepNext}),
			ui.StepBox(s.p, 4, ui.Step{Title: s.w("Los", "Go"), State: ui.StepNext}),
		)),
		around(ui.FormBox(s.p, ui.Form{Action: "/sent", Upload: true, Submit: s.w("Datei prüfen", "Check file")}), ui.Upload(s.p, ui.Field{Name: "file", Label: s.w("Datei", "File"), Help: s.w("CSV, Excel, gepackt als zip oder gz.", "CSV, Excel, packed as zip or gz.")}, ".csv,.xlsx,.zip,.gz", true)))
}

func (s sheet) jobPage(state ui.JobState) templ.Component {
	job := *s.job()
	job.State = state
	if state == ui.JobFailed {
		job.Note = s.w("Die Platte ist voll. Machen Sie Platz und starten Sie den Import neu; er fährt dort fort.", "The disk is full. Make room and start the import again; it goes on from there.")
	}
	return ui.All(ui.PageHeader(s.p, ui.Header{Title: job.Name}), ui.Progress(s.p, job))
}

func (s sheet) form() templ.Component {
	errs := ui.Errors{{Field: "mail", Text: s.w("„miriam@“ ist keine Mailadresse.", "“miriam@” is not a mail address.")}, {Field: "zone", Text: s.w("Bitte wählen Sie eine Zeitzone.", "Please choose a time zone.")}}
	f := ui.Form{ID: "company", Action: "/sent", Submit: s.w("Angaben speichern", "Save settings"), Cancel: &ui.Anchor{Text: s.w("Verwerfen", "Discard"), Href: "/admin"}, Errors: errs}
	fields := ui.All(
		ui.Input(s.p, ui.Field{Name: "name", Label: s.w("Name der Firma", "Name of the company"), Value: "Rösterei Sonnleitner", Required: true, Autocomplete: "organization"}),
		ui.Input(s.p, ui.Field{Name: "mail", Type: "email", Label: "Mail", Value: "miriam@", Error: errs.On("mail"), Width: ui.WidthMedium, Help: s.w("Dahin gehen Hinweise zu Importen.", "Where notes on imports go.")}),
		ui.Select(s.p, ui.Field{Name: "zone", Label: s.w("Zeitzone", "Time zone"), Error: errs.On("zone"), Width: ui.WidthMedium}, ui.Options("", "", s.w("Bitte wählen", "Please choose"), "de", "Europe/Berlin")),
		ui.Input(s.p, ui.Field{Name: "days", Label: s.w("Gilt als aktiv, wer gekauft hat in den letzten", "Counts as active who bought in the last"), Value: "365", Suffix: s.w("Tagen", "days"), Width: ui.WidthShort}),
		ui.TextArea(s.p, ui.Field{Name: "note", Label: s.w("Notiz", "Note"), Optional: true}),
		ui.Check(ui.Field{Name: "weekly", Label: s.w("Jeden Montag eine Zusammenfassung schicken", "Send a summary every Monday")}, true),
		ui.Radios(s.p, ui.Field{Name: "basis", Label: s.w("Zahlen zeigen", "Show figures")}, []ui.Option{{Value: "net", Label: s.w("nach Retouren", "after returns"), Help: s.w("Eine ganz zurückgegebene Bestellung zählt nicht.", "An order returned in full does not count."), Chosen: true}, {Value: "gross", Label: s.w("vor Retouren", "before returns")}}),
	)
	danger := around(ui.FormBox(s.p, ui.Form{ID: "erase", Action: "/sent", Submit: s.w("Person löschen", "Erase person"), Danger: true, Confirm: s.w("Name, Anschriften und Notizen werden gelöscht. Das lässt sich nicht rückgängig machen.", "Name, addresses and notes are erased. This cannot be undone.")}), ui.Words(s.w("Die Zahlen bleiben ohne Person.", "The figures stay without a person.")))
	return ui.All(ui.PageHeader(s.p, ui.Header{Title: s.w("Einstellungen", "Settings")}), around(ui.FormBox(s.p, f), fields), danger)
}

func (s sheet) empty() templ.Component {
	return ui.All(ui.PageHeader(s.p, ui.Header{Title: s.w("Kunden", "Customers")}), ui.TableBox(s.p, ui.Table{ID: "none", Caption: "x", Empty: &ui.Empty{Icon: "users", Title: s.w("Hier stehen Ihre Kunden", "Your customers will stand here"), Text: s.w("Ziehen Sie eine Bestelldatei aus Ihrem Shop hierher; eine Minute später sehen Sie, wie gut Sie Ihre Kunden halten.", "Bring in an order file from your shop; a minute later you see how well you keep your customers."), Action: &ui.Anchor{Text: s.w("Bestellungen importieren", "Import orders"), Href: "/import"}, Second: &ui.Anchor{Text: s.w("Kunde anlegen", "Add customer"), Href: "/new"}}}))
}

func (s sheet) trouble() templ.Component {
	return ui.ErrorPage(ui.Trouble{Status: 404, Title: s.w("Diese Seite gibt es nicht", "There is no such page"), Text: s.w("Der Kunde wurde gelöscht oder die Adresse ist falsch geschrieben.", "The customer was erased or the address is misspelt."), Links: []ui.Anchor{{Text: s.w("Zu Heute", "Go to Today"), Href: "/"}, {Text: s.w("Kunden suchen", "Search customers"), Href: "/customers"}}})
}

func (s sheet) login() templ.Component {
	return around(ui.FormBox(s.p, ui.Form{Action: "/sent", Submit: s.w("Anmelden", "Sign in")}), ui.All(
		ui.Input(s.p, ui.Field{Name: "mail", Type: "email", Label: "Mail", Autocomplete: "username", Autofocus: true}),
		ui.Input(s.p, ui.Field{Name: "password", Type: "password", Label: s.w("Passwort", "Password"), Autocomplete: "current-password"})))
}
