package sheet

// The words other systems use for things Stamm has one word for. All are folded: small letters, no signs, ue for ü.

// documentWords are the kinds of documents.
var documentWords = map[string]string{
	"order": "order", "bestellung": "order", "auftrag": "order", "auftragsbestaetigung": "order", "salesorder": "order", "sale": "order", "verkauf": "order",
	"purchase": "order", "kauf": "order", "donation": "order", "spende": "order", "charge": "order", "ta": "order", "f2": "invoice", "g2": "credit_note", "s1": "credit_note", "chargeback": "return", "rueckzahlung": "return", "bon": "order", "kassenbon": "order", "receipt": "order", "shoporder": "order", "au": "order", "ab": "order",
	"invoice": "invoice", "rechnung": "invoice", "re": "invoice", "rg": "invoice", "rechnungen": "invoice", "salesinvoice": "invoice", "ausgangsrechnung": "invoice",
	"creditnote": "credit_note", "gutschrift": "credit_note", "gs": "credit_note", "creditmemo": "credit_note", "rechnungskorrektur": "credit_note", "credit": "credit_note",
	"stornorechnung": "credit_note", "stornorechnungen": "credit_note", "korrekturrechnung": "credit_note",
	"return": "return", "retoure": "return", "ruecksendung": "return", "rueckgabe": "return", "refund": "return", "rma": "return", "erstattung": "return", "rueckerstattung": "return",
	"storno": "return", "cancellation": "return", "stornierung": "return", "reversal": "return", "warenruecknahme": "return",
	"quote": "quote", "angebot": "quote", "offer": "quote", "quotation": "quote", "offerte": "quote", "an": "quote", "estimate": "quote", "kostenvoranschlag": "quote",
	"delivery": "delivery", "lieferung": "delivery", "lieferschein": "delivery", "ls": "delivery", "deliverynote": "delivery", "shipment": "delivery",
	"payment": "payment", "zahlung": "payment", "zahlungseingang": "payment",
	"servicevisit": "service_visit", "service": "service_visit", "wartung": "service_visit", "serviceeinsatz": "service_visit", "kundendienst": "service_visit", "reparatur": "service_visit",
}

// browsingWords are what visitors of a shop do before they buy, or instead. Rows of them are no documents.
var browsingWords = wordSet(`view pageview detail impression click search cart addtocart removefromcart basket wishlist addtowishlist checkout begincheckout viewitem session`)

// cancelledWords are the states in which an order came to nothing.
var cancelledWords = map[string]bool{
	"cancelled": true, "canceled": true, "storniert": true, "storno": true, "abgebrochen": true, "void": true, "voided": true, "failed": true,
	"fehlgeschlagen": true, "stornierung": true, "annulliert": true, "expired": true, "verfallen": true, "abgelehnt": true, "declined": true, "rejected": true,
	"cancelledrejected": true, "wccancelled": true, "wcfailed": true, "trash": true, "ordercancelled": true, "komplettstorniert": true, "vollstaendigstorniert": true,
}

// flagWords are yes and no.
var flagWords = map[string]bool{
	"1": true, "ja": true, "j": true, "yes": true, "y": true, "true": true, "wahr": true, "x": true, "on": true, "aktiv": true, "active": true, "published": true,
	"enabled": true, "verfuegbar": true, "instock": true, "publish": true, "visible": true, "internal": true, "intern": true, "reseller": true, "haendler": true, "wiederverkaeufer": true,
	"0": false, "nein": false, "n": false, "no": false, "false": false, "falsch": false, "off": false, "inaktiv": false, "inactive": false, "draft": false,
	"disabled": false, "gesperrt": false, "archived": false, "hidden": false, "unpublished": false, "entwurf": false, "archiviert": false,
}

// refundedWords are the states in which all that an order sold was given back. In part is another thing.
var refundedWords = map[string]bool{
	"refunded": true, "fullyrefunded": true, "wcrefunded": true, "orderrefunded": true, "returned": true, "erstattet": true, "rueckerstattet": true, "zurueckerstattet": true,
	"vollstaendigerstattet": true, "zurueckgezahlt": true, "retourniert": true, "komplettretourniert": true, "zurueckgesendet": true,
}

// leftWords tell whether a contract ended where flagWords would say the opposite or nothing.
var leftWords = map[string]bool{
	"churned": true, "left": true, "lost": true, "exited": true, "attrited": true, "attritedcustomer": true, "cancelled": true, "canceled": true, "terminated": true, "ended": true, "inactive": true,
	"gekuendigt": true, "beendet": true, "ausgetreten": true, "verloren": true, "inaktiv": true, "abgewandert": true, "expired": true, "closed": true, "abgelaufen": true,
	"stayed": false, "joined": false, "existing": false, "existingcustomer": false, "retained": false, "active": false, "aktiv": false, "laufend": false, "ongoing": false, "ungekuendigt": false, "current": false, "open": false,
}

// flag is what a folded word says as a yes or no of the field.
func (f field) flag(word string) (yes, known bool) {
	if f.name == "churned" {
		if yes, known = leftWords[word]; known {
			return yes, true
		}
	}
	yes, known = flagWords[word]
	return yes, known
}

// academic reports whether words begin like an academic title rather than the name of a post.
func academic(s string) bool {
	for _, w := range wordsOf(s) {
		switch w {
		case "dr", "prof", "professor", "doktor", "doctor", "dipl", "diplom", "mag", "magister", "ing", "phd", "ph", "med", "ba", "ma", "msc", "bsc", "mba", "lic", "pd", "hc", "mult":
			return true
		}
	}
	return false
}

// excludedWord is why a customer is left out of figures, empty if the word does not say it.
func excludedWord(word string) string {
	switch word {
	case "reseller", "haendler", "wiederverkaeufer":
		return "reseller"
	case "internal", "intern":
		return "internal"
	}
	return ""
}

// personWords tell persons from companies.
var personWords = map[string]string{
	"person": "person", "privat": "person", "private": "person", "privatkunde": "person", "privatperson": "person", "endkunde": "person", "b2c": "person", "consumer": "person",
	"individual": "person", "verbraucher": "person", "endverbraucher": "person", "customer": "person", "privatkunden": "person", "haushalt": "person",
	"company": "company", "firma": "company", "unternehmen": "company", "geschaeftskunde": "company", "gewerbe": "company", "gewerblich": "company", "b2b": "company",
	"business": "company", "firmenkunde": "company", "organisation": "company", "organization": "company", "gewerbekunde": "company", "geschaeftlich": "company", "commercial": "company",
	"haendler": "company", "wholesale": "company", "firmenkunden": "company", "geschaeftskunden": "company",
}

// formWords tell du from Sie.
var formWords = map[string]string{"du": "du", "duzen": "du", "informal": "du", "perdu": "du", "sie": "sie", "siezen": "sie", "formal": "sie", "persie": "sie"}

// languageWords are the names of languages; codes like de-AT are cut before they are looked up.
var languageWords = map[string]string{
	"de": "de", "deutsch": "de", "german": "de", "deu": "de", "ger": "de", "allemand": "de", "en": "en", "englisch": "en", "english": "en", "eng": "en",
	"fr": "fr", "franzoesisch": "fr", "french": "fr", "fra": "fr", "fre": "fr", "francais": "fr", "it": "it", "italienisch": "it", "italian": "it", "ita": "it", "italiano": "it",
	"es": "es", "spanisch": "es", "spanish": "es", "spa": "es", "espanol": "es", "nl": "nl", "niederlaendisch": "nl", "dutch": "nl", "nld": "nl", "nederlands": "nl",
	"pl": "pl", "polnisch": "pl", "polish": "pl", "pol": "pl", "cs": "cs", "tschechisch": "cs", "czech": "cs", "ces": "cs", "da": "da", "daenisch": "da", "danish": "da",
	"sv": "sv", "schwedisch": "sv", "swedish": "sv", "pt": "pt", "portugiesisch": "pt", "portuguese": "pt", "hu": "hu", "ungarisch": "hu", "hungarian": "hu",
	"tr": "tr", "tuerkisch": "tr", "turkish": "tr", "ru": "ru", "russisch": "ru", "russian": "ru", "uk": "uk", "ukrainisch": "uk", "ukrainian": "uk", "sl": "sl", "slowenisch": "sl",
	"hr": "hr", "kroatisch": "hr", "croatian": "hr", "sk": "sk", "slowakisch": "sk", "slovak": "sk", "rm": "rm", "raetoromanisch": "rm", "romansh": "rm",
}

// languageOf returns the code of a language given as code (de, de-AT, de_CH) or name; "" if it is unknown.
func languageOf(s string) string {
	for i := range len(s) {
		if s[i] == '-' || s[i] == '_' {
			s = s[:i]
			break
		}
	}
	return languageWords[fold(s)]
}

// nothing reports the ways databases and programs write that a key, number or date is missing. Taken as they stand they would put all
// orders without a customer on one customer called NULL.
func nothing(s string) bool {
	switch s {
	case "", "NULL", "null", "Null", "(null)", "\\N", "NaN", "nan", "None", "n/a", "N/A", "#N/A", "#NV", "-", "–", "<NA>":
		return true
	}
	return false
}
