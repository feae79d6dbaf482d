package customers

import (
	"strings"

	"stamm/internal/platform/i18n"
)

// What other systems call things comes in their words and in their language. Where we know the word, a page says it in
// the reader's language; where not, it stands as it came.

// eventName is what an event is called: "page_view" is "Seite angesehen".
func eventName(p *i18n.Printer, name string) string {
	if key := "customers.events." + name; plainKey(name) && p.Has(key) {
		return p.T(key)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// propertyName is what a property of an event is called.
func propertyName(p *i18n.Printer, name string) string {
	if key := "customers.properties." + name; plainKey(name) && p.Has(key) {
		return p.T(key)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// plainKey tells whether a foreign name can be part of a key of the catalogues.
func plainKey(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// statuses are the usual words for where a document stands, and the word of the catalogues for each.
func statuses() map[string]string {
	return map[string]string{
		"offen": "open", "open": "open", "pending": "open", "in arbeit": "processing", "in bearbeitung": "processing", "processing": "processing",
		"angenommen": "accepted", "accepted": "accepted", "abgelehnt": "declined", "declined": "declined", "rejected": "declined",
		"versandt": "shipped", "versendet": "shipped", "shipped": "shipped", "geliefert": "delivered", "delivered": "delivered", "fulfilled": "delivered",
		"gebucht": "booked", "booked": "booked", "posted": "booked", "bezahlt": "paid", "paid": "paid", "erstattet": "refunded", "refunded": "refunded",
		"erhalten": "received", "eingegangen": "received", "received": "received", "erledigt": "completed", "abgeschlossen": "completed", "completed": "completed",
		"storniert": "cancelled", "cancelled": "cancelled", "canceled": "cancelled", "geplant": "planned", "planned": "planned",
	}
}

// statusName is where a document stands: "geliefert" is "delivered" on an English page.
func statusName(p *i18n.Printer, status string) string {
	if word, ok := statuses()[strings.ToLower(strings.TrimSpace(status))]; ok {
		return p.T("customers.status." + word)
	}
	return status
}
