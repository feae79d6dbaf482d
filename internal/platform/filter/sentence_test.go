package filter_test

import (
	"strings"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
)

// shop is the catalogue of the real domains.
func shop(t testing.TB) *filter.Catalogue {
	t.Helper()
	own := customer.FieldsOf(customer.Catalogue{Custom: []customer.CustomField{
		{ID: 7, Key: "group", Label: "Kundengruppe", Type: customer.TypeChoice, Choices: []string{"A", "B"}},
		{ID: 8, Key: "points", Label: "Punkte", Type: customer.TypeNumber},
		{ID: 9, Key: "note", Label: "Notiz", Type: customer.TypeText},
	}})
	c, err := filter.NewCatalogue("EUR", customer.Projection().Fields, document.Projection().Fields, contract.Projection().Fields,
		event.Projection().Fields, report.Projection().Fields, predict.Projection().Fields, segment.Projection().Fields, own)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSentencesSayWhomAConditionMeans(t *testing.T) {
	tests := []struct{ text, de, en string }{
		{``, "Alle Kunden", "All customers"},
		{`country = DE and orders(last 365 d) >= 3 and revenue(last 365 d) > 200 EUR and days_since_order > 60 and did(newsletter_clicked, last 30 d)`,
			"Kunden aus Deutschland, die in den letzten 365 Tagen mindestens 3-mal bestellt haben, die in den letzten 365 Tagen mehr als 200 € Umsatz gebracht haben, deren letzte Bestellung mehr als 60 Tage her ist und bei denen in den letzten 30 Tagen ein Ereignis „newsletter_clicked“ eintrat",
			"Customers from Germany who ordered at least 3 times in the last 365 days, who brought more than €200 of revenue in the last 365 days, whose last order was more than 60 days ago and with an event “newsletter_clicked” in the last 30 days"},
		{`country in (DE, AT, CH)`,
			"Kunden aus Deutschland, Österreich oder der Schweiz",
			"Customers from Germany, Austria or Switzerland"},
		{`tag = VIP and (orders = 0 or last_order < today - 6 months)`,
			"Kunden mit dem Schlagwort „VIP“, die nicht bestellt haben oder deren letzte Bestellung früher als vor 6 Monaten war",
			"Customers with the tag “VIP” who did not order or whose last order was earlier than 6 months ago"},
		{`not (orders(last 30 d) and birthday within next 14 d)`,
			"Kunden, die nicht zu denen gehören, (die in den letzten 30 Tagen bestellt haben und die in den nächsten 14 Tagen Geburtstag haben)",
			"Customers who are not among those (who ordered in the last 30 days and whose birthday is in the next 14 days)"},
		{`at least 2 of (mailable; custom.group = a; custom.points >= 10 or custom.points is empty)`,
			"Kunden, auf die mindestens 2 von 3 Beschreibungen passen: (die eine gültige Mailadresse haben; deren Angabe „Kundengruppe“ A ist; deren Angabe „Punkte“ mindestens 10 beträgt oder bei denen „Punkte“ fehlt)",
			"Customers whom at least 2 of 3 descriptions fit: (who have a valid mail address; whose “Kundengruppe” is A; whose “Punkte” is at least 10 or whose “Punkte” is missing)"},
		{`in segment "Stammkunden" and share("Test") < 10 %`,
			"Kunden, die zum Segment „Stammkunden“ gehören und die zu einem zufälligen Teil gehören (Auslosung „Test“: weniger als 10 %)",
			"Customers who are in the segment “Stammkunden” and who are in a random part (draw “Test”: less than 10%)"},
		{`orders(product = "ESP-1", last 3 months) = 0 and average_order between 20 EUR and 49.90 EUR`,
			"Kunden, die in den letzten 3 Monaten nicht bestellt haben (Artikel „ESP-1“) und deren Bestellungen im Durchschnitt 20 € bis 49,90 € wert waren",
			"Customers who did not order in the last 3 months (product “ESP-1”) and whose orders were worth €20 to €49.90 on average"},
		{`probability fell(last 30 d) by 20 % and clv rose(since 2026-06-01) by 50 EUR`,
			"Kunden, deren Chance auf einen weiteren Kauf in den letzten 30 Tagen um mindestens 20 Prozentpunkte gefallen ist und deren Kundenwert seit dem 01.06.2026 um mindestens 50 € gestiegen ist",
			"Customers whose chance of another purchase fell by at least 20 percentage points in the last 30 days and whose customer value rose by at least €50 since 1 Jun 2026"},
		{`customer_since anniversary today or customer_since < 2025-01-01 and kind = company`,
			"Kunden, deren erster Tag als Kunde sich heute jährt oder (die vor dem 01.01.2025 Kunde wurden und deren Kundenart Firma ist)",
			"Customers who became customers on this day of another year or (who became customers before 1 Jan 2025 and whose kind is Company)"},
		{`customer_since anniversary within next 14 d and birthday within next 7 d and band in (cooling, at_risk) and expected_orders >= 1`,
			"Kunden, deren erster Tag als Kunde sich in den nächsten 14 Tagen jährt, die in den nächsten 7 Tagen Geburtstag haben, deren Bindung „Abkühlend“ oder „Gefährdet“ ist und deren erwartete Zahl von Käufen mindestens 1 beträgt",
			"Customers whose first day as a customer has its anniversary in the next 14 days, whose birthday is in the next 7 days, whose band is “Cooling” or “At risk” and whose expected number of purchases is at least 1"},
		{`band = at_risk and probability < 20 % and band changed(last 30 d) and rfm_recency >= 4`,
			"Kunden, deren Bindung „Gefährdet“ ist, deren Chance auf einen weiteren Kauf weniger als 20 % beträgt, deren Bindung sich in den letzten 30 Tagen geändert hat und deren RFM-Punkte für Aktualität mindestens 4 betragen",
			"Customers whose band is “At risk”, whose chance of another purchase is less than 20%, whose band changed in the last 30 days and whose RFM score for recency is at least 4"},
		{`did not("unsubscribed") and documents(kind = invoice, amount > 100 EUR, since 2026-01-01) <= 2`,
			"Kunden, bei denen kein Ereignis „unsubscribed“ eintrat und zu denen es seit dem 01.01.2026 höchstens 2 Belege der Art Rechnung mit einem Betrag von mehr als 100 € gibt",
			"Customers without an event “unsubscribed” and who have at most 2 documents of the kind Invoice with an amount of more than €100 since 1 Jan 2026"},
		{`birthday < 1990-01-01 and birthday within last 7 d and contacts >= 2`,
			"Kunden, die vor dem 01.01.1990 geboren sind, die in den letzten 7 Tagen Geburtstag hatten und die mindestens 2 Ansprechpartner haben",
			"Customers who were born before 1 Jan 1990, whose birthday was in the last 7 days and who have at least 2 contacts"},
		{`orders between 1 and 5 and days_since_order between 14 and 60 and orders(product != "ESP-1") not in (1, 5) and documents(amount = 10 EUR) = 1`,
			"Kunden, die 1- bis 5-mal bestellt haben, deren letzte Bestellung 14 bis 60 Tage her ist, die nicht genau einmal oder 5-mal bestellt haben (Artikel nicht „ESP-1“) und zu denen es genau 1 Beleg mit einem Betrag von 10 € gibt",
			"Customers who ordered 1 to 5 times, whose last order was 14 to 60 days ago, who ordered not exactly once or 5 times (product not “ESP-1”) and who have exactly 1 document with an amount of €10"},
	}
	c := shop(t)
	for _, tt := range tests {
		tree, err := filter.Parse(tt.text, c)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		for lang, want := range map[string]string{"de": tt.de, "en": tt.en} {
			if got := plain(filter.Sentence(i18n.For(lang, nil), tree, c, nil)); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", tt.text, got, want)
			}
		}
	}
}

// plain makes no-break spaces readable.
func plain(s string) string { return strings.ReplaceAll(s, i18n.NBSP, " ") }

func TestSharesAreWrittenInPerCentForPeopleAndMeanTheSame(t *testing.T) {
	c := shop(t)
	for _, tt := range []struct{ text, want string }{
		{`probability > 0.2`, `probability > 20 %`},
		{`probability >= 12.5 %`, `probability >= 12.5 %`},
		{`orders >= 0.2 and (share(x) < 0.07 or not probability between 1 % and 0.29)`, `orders >= 0.2 and (share(x) < 7 % or not probability between 1 % and 29 %)`},
		{`probability fell(last 30 d) by 0.01`, `probability fell(last 30 d) by 1 %`},
	} {
		tree, err := filter.Parse(tt.text, c)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := c.Text(tree); got != tt.want {
			t.Errorf("%s is written as %s", tt.text, got)
		}
		if back, err := filter.Parse(c.Text(tree), c); err != nil || c.Text(back) != tt.want || filter.Sentence(i18n.For("en", nil), back, c, nil) != filter.Sentence(i18n.For("en", nil), tree, c, nil) {
			t.Errorf("%s is read as %s: %v", tt.want, c.Text(back), err)
		}
	}
}
