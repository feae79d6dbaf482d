package cli

import (
	"stamm/internal/action/campaign"
)

// demoSegments are the segments of the demo, by the measures that went to them.
var demoSegments = []struct{ measure, name, description, condition string }{
	{"Nachkauf-Erinnerung", "Bald leere Tüte", "Privatkunden, deren letzte Bohnen zur Neige gehen", `kind = person and days_since_order between 35 and 84`},
	{"Rückgewinnung mit Gutschein", "Privat und abkühlend", "Privatkunden mit zwei Bestellungen und mehr, die zwei bis sechs Monate still sind", `kind = person and orders >= 2 and days_since_order between 50 and 170`},
	{"Maschinenpflege", "Besitzer einer Maschine", "Wer eine Maschine bei uns gekauft hat", `kind = person and orders(category starts with "Maschinen") >= 1 and days_since_order <= 365`},
	{"Barista-Nachmittag für Cafés", "Cafés in Österreich", "Gastronomie in Österreich, die im letzten Vierteljahr bestellt hat", `custom.kundengruppe = "Gastronomie" and country = AT and days_since_order <= 120`},
	{"Herbströstung vorgestellt", "Treue Privatkunden", "Drei Bestellungen und mehr, die letzte vor höchstens drei Monaten", `kind = person and orders >= 3 and days_since_order <= 90`},
	{"Anruf bei stillen Büros", "Stille Büros", "Büros in Deutschland, die seit zwei bis vier Monaten still sind", `custom.kundengruppe = "Büro" and country = DE and days_since_order between 60 and 120`},
	{"", "Groß und abkühlend", "Kunden mit viel Umsatz, die seltener kommen als gewohnt", `band in (cooling, at_risk) and revenue >= 400 EUR`},
	{"", "Haben geklickt", "Wer im letzten Jahr einen Link in einer unserer Nachrichten angeklickt hat, soweit wir es wissen dürfen", `clicked(last 365 d) >= 1`},
}

// demoTopics are what people can leave out on the page of their preferences.
var demoTopics = []struct{ code, de, en string }{{"neues", "Neue Röstungen", "New roasts"}, {"pflege", "Tipps zu Maschinen", "Care of machines"}, {"angebote", "Angebote und Gutscheine", "Offers and coupons"}}

const (
	demoShop    = "https://www.tidenlicht.example"
	demoImprint = "Rösterei Tidenlicht GmbH\nAm Sandtorkai 99, 20457 Hamburg\nAmtsgericht Hamburg, HRB 00000, Geschäftsführung: Frauke Jessen"
)

// demoDraft is the campaign of the demo that waits for the word of a second person.
const demoDraft = "Wir vermissen Sie"

// demoWords are what the campaigns of the demo said, by their name. coupon is that of the campaign, 0 for none.
func demoWords(name string, coupon int64) *campaign.Campaign {
	c := &campaign.Campaign{Name: name, Language: "de", Tracking: campaign.Tracking{UTM: true}}
	say := func(topic string, contents map[string]*campaign.Content) *campaign.Campaign {
		c.Topic, c.Variants = topic, []campaign.Variant{{Name: "a", Share: 1000, Contents: contents}}
		return c
	}
	switch name {
	case "Nachkauf-Erinnerung":
		return say("", map[string]*campaign.Content{
			"de": demoLetter("Ist die Tüte bald leer?", "Frisch geröstet, übermorgen bei Ihnen", "{{ customer.salutation }},\n\nIhre letzten Bohnen sind eine Weile her. Wir rösten montags und donnerstags; was Sie heute bestellen, ist übermorgen bei Ihnen.",
				link("Wieder bestellen", "/wieder"), link("Alle Röstungen", "/kaffee")),
			"en": demoLetter("Is the bag nearly empty?", "Freshly roasted, with you the day after tomorrow", "{{ customer.salutation }},\n\nit has been a while since your last beans. We roast on Mondays and Thursdays; what you order today is with you the day after tomorrow.",
				link("Order again", "/en/again"), link("All roasts", "/en/coffee"))})
	case "Rückgewinnung mit Gutschein", demoDraft:
		body := []campaign.Block{{Kind: campaign.Voucher, Text: "5 Euro auf Ihre nächste Bestellung", Coupon: coupon}, link("Gutschein einlösen", "/kaffee"), link("Was gibt es Neues?", "/neu")}
		return say("angebote", map[string]*campaign.Content{"de": demoLetter("Wir vermissen Sie: 5 Euro für Ihre nächste Tüte", "Ein Gutschein, weil es eine Weile her ist",
			"{{ customer.salutation }},\n\nes ist eine Weile her. Wir haben neu geröstet und legen 5 Euro dazu, damit Sie wieder probieren.", body...)})
	case "Maschinenpflege":
		return say("pflege", map[string]*campaign.Content{"de": demoLetter("Entkalken in fünf Minuten", "So bleibt Ihre Maschine lange gut", "{{ customer.salutation }},\n\nIhre Maschine dankt es Ihnen, wenn sie alle drei Monate entkalkt wird. Wie das geht, zeigen wir in drei Schritten.",
			link("Anleitung ansehen", "/pflege"), link("Entkalker bestellen", "/pflege/entkalker"))})
	case "Herbströstung vorgestellt":
		return say("neues", map[string]*campaign.Content{
			"de": demoLetter("Die Herbströstung ist da – Sie sind die Ersten", "Haselnuss, Kakao, ein Hauch Orange", "{{ customer.salutation }},\n\nseit gestern steht die neue Röstung im Regal. Weil Sie uns treu sind, erfahren Sie es als Erste.", link("Probieren", "/herbst"), link("Zur Geschichte der Bohne", "/herbst/huila")),
			"en": demoLetter("The autumn roast is here – you are the first to know", "Hazelnut, cocoa, a touch of orange", "{{ customer.salutation }},\n\nthe new roast has been on the shelf since yesterday. As you have been with us for long, you are the first to know.", link("Try it", "/en/autumn"), link("Where the beans come from", "/en/autumn/huila"))})
	case "Barista-Nachmittag für Cafés":
		c.Channel, c.Calls, c.Tracking = "phone", campaign.Calls{Tries: 2}, campaign.Tracking{}
		return say("", demoScript("Guten Tag, {{ customer.name }}, hier ist die Rösterei Tidenlicht.\n\nWir laden im nächsten Monat Cafés zu einem Nachmittag mit unserer Barista ein: Milch, Mahlgrad, Maschinenpflege.\n\n- Wer würde kommen, und an welchem Tag passt es?\n- Einladung per Mail anbieten."))
	case "Anruf bei stillen Büros":
		c.Channel, c.Calls, c.Tracking = "phone", campaign.Calls{Tries: 3}, campaign.Tracking{}
		return say("", demoScript("Guten Tag, {{ customer.name }}, hier ist die Rösterei Tidenlicht.\n\nIhre letzte Bestellung ist eine Weile her. Wir möchten wissen, ob Ihnen etwas gefehlt hat.\n\n- Schmeckt die Sorte noch? Passt die Liefermenge?\n- Probierpaket anbieten."))
	}
	return nil
}

func demoScript(text string) map[string]*campaign.Content {
	return map[string]*campaign.Content{"de": {Script: text}}
}

func link(text, path string) campaign.Block {
	return campaign.Block{Kind: campaign.Button, Text: text, URL: demoShop + path}
}

func demoLetter(subject, beside, text string, more ...campaign.Block) *campaign.Content {
	blocks := append([]campaign.Block{{Kind: campaign.Heading, Text: subject, Level: 1}, {Kind: campaign.Text, Text: text}}, more...)
	return &campaign.Content{Subject: subject, Preheader: beside, Blocks: append(blocks, campaign.Block{Kind: campaign.Divider}, campaign.Block{Kind: campaign.Footer})}
}
