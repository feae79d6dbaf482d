package sim

// The assortment. All names of blends, machines and series are invented; origins are the countries and regions coffee and
// tea come from.

var coffees = []coffee{
	{"Hafenmischung", "Filterkaffee", 790}, {"Espresso Nachtwache", "Espresso", 850}, {"Äthiopien Yirgacheffe", "Filterkaffee", 990},
	{"Crema Elbkies", "Café Crème", 820}, {"Espresso Lotsenturm", "Espresso", 890}, {"Brasilien Sul de Minas", "Espresso", 790},
	{"Kolumbien Huila", "Filterkaffee", 890}, {"Frühschicht", "Filterkaffee", 750}, {"Guatemala Huehuetenango", "Filterkaffee", 940},
	{"Crema Deichgraf", "Café Crème", 840}, {"Entkoffeiniert Stille Stunde", "Entkoffeiniert", 890}, {"Honduras Marcala Bio", "Bio & Fair", 920},
	{"Peru Cajamarca Bio", "Bio & Fair", 930}, {"Kenia Nyeri AA", "Filterkaffee", 1190}, {"Espresso Sturmflut", "Espresso", 870},
	{"Indien Monsooned Malabar", "Espresso", 910}, {"Sumatra Mandheling", "Filterkaffee", 960}, {"Costa Rica Tarrazú", "Filterkaffee", 990},
	{"Nicaragua Jinotega Bio", "Bio & Fair", 920}, {"Ruanda Nyamasheke", "Filterkaffee", 1040}, {"Mexiko Chiapas Bio", "Bio & Fair", 910},
	{"Espresso Entkoffeiniert", "Entkoffeiniert", 910}, {"El Salvador Pacamara", "Raritäten", 1490}, {"Wintermischung", "Saison", 860},
	{"Sommerröstung", "Saison", 860}, {"Panama Boquete", "Raritäten", 2190}, {"Jemen Haraz", "Raritäten", 2490}, {"Burundi Kayanza", "Filterkaffee", 1040},
}

// item is a product that is no coffee: its price with tax in cents, and how often it is asked for against its neighbours.
type item struct {
	name   string
	price  int64
	grams  int
	demand float64
	gift   bool
}

// row is a part of the shelf: products of one category.
type row struct {
	code             string
	category         []string
	group            group
	reduced          bool
	margin           float64
	home, work, cafe float64
	items            []item
}

var shelf = []row{
	{"KK", []string{"Kaffee", "Kapseln"}, capsules, true, 0.6, 0.25, 0.35, 0, []item{
		{"Kapseln Hafenmischung 20 Stück", 890, 200, 1, false}, {"Kapseln Espresso Nachtwache 20 Stück", 890, 200, 1.2, false},
		{"Kapseln Crema Elbkies 20 Stück", 890, 200, 1, false}, {"Kapseln Entkoffeiniert 20 Stück", 890, 200, 0.4, false},
		{"Kapseln Bio 20 Stück", 990, 200, 0.6, false}, {"Kapseln Sortiment 100 Stück", 3990, 1000, 0.5, false},
	}},
	{"TE", []string{"Tee"}, tea, true, 0.6, 0.14, 0.25, 0.3, []item{
		{"Ostfriesenmischung 250 g", 890, 250, 1.4, false}, {"Darjeeling First Flush 100 g", 1290, 100, 0.8, true}, {"Assam 250 g", 990, 250, 1, false},
		{"Earl Grey 250 g", 990, 250, 1, false}, {"Sencha 100 g", 890, 100, 1, false}, {"Jasmintee 100 g", 890, 100, 0.6, false},
		{"Pfefferminze Bio 100 g", 590, 100, 1.1, false}, {"Kamille Bio 100 g", 590, 100, 0.7, false}, {"Rooibos Vanille 250 g", 790, 250, 0.9, false},
		{"Früchtetee Sanddorn 250 g", 790, 250, 0.8, false}, {"Ingwer-Zitrone Bio 100 g", 690, 100, 0.9, false}, {"Chai 250 g", 990, 250, 0.8, true},
		{"Wintertee 250 g", 890, 250, 0.6, true}, {"Oolong 100 g", 1490, 100, 0.3, true},
	}},
	{"TS", []string{"Kakao & Sirup"}, drinks, true, 0.55, 0.12, 0.12, 0.4, []item{
		{"Trinkschokolade Dunkel 500 g", 1190, 500, 1, true}, {"Trinkschokolade Vollmilch 500 g", 1190, 500, 1, true},
		{"Kakaopulver Bio 1 kg", 1990, 1000, 0.7, false}, {"Sirup Vanille 0,7 l", 990, 900, 0.9, false}, {"Sirup Karamell 0,7 l", 990, 900, 0.9, false},
		{"Sirup Haselnuss 0,7 l", 990, 900, 0.7, false}, {"Hafermilch Barista 6 × 1 l", 1490, 6200, 1.2, false}, {"Kandis braun 500 g", 390, 500, 0.7, false},
	}},
	{"MH", []string{"Maschinen", "Für zu Hause"}, machine, false, 0.3, 0, 0, 0, []item{
		{"Siebträger Kranich E1", 54900, 9500, 1, false}, {"Siebträger Kranich E2 Zweikreiser", 119900, 19000, 1, false}, {"Siebträger Priel 58", 79900, 12000, 1, false},
		{"Vollautomat Sund 300", 64900, 10500, 1, false}, {"Vollautomat Sund 500 Milch", 94900, 11500, 1, false}, {"Filtermaschine Molenkopf", 22900, 3800, 1, false},
		{"Filtermaschine Molenkopf Thermo", 25900, 4200, 1, false}, {"Kapselmaschine Jolle", 12900, 3100, 1, false}, {"Handhebel Pinasse", 189900, 16000, 1, false},
	}},
	{"MG", []string{"Maschinen", "Für Büro und Gastronomie"}, bigMachine, false, 0.28, 0, 0, 0, []item{
		{"Vollautomat Sund Office 50", 189900, 18000, 1, false}, {"Vollautomat Sund Office 100", 329900, 24000, 1, false}, {"Siebträger Kranich Gastro 2-gruppig", 549900, 62000, 1, false},
		{"Siebträger Kranich Gastro 3-gruppig", 789900, 81000, 1, false}, {"Filterbrüher Kai 2 × 2 l", 49900, 9000, 1, false},
	}},
	{"MU", []string{"Mühlen"}, grinder, false, 0.35, 0.012, 0.006, 0.008, []item{
		{"Handmühle Dünung", 8900, 600, 1.5, true}, {"Handmühle Dünung Pro", 18900, 750, 0.6, true}, {"Mühle Gischt 40", 14900, 2900, 1, false},
		{"Mühle Gischt 54", 29900, 5800, 0.8, false}, {"Mühle Gischt 64 Single Dose", 64900, 7900, 0.3, false}, {"Mühle Brandung Gastro", 89900, 14500, 0.3, false},
		{"Ersatzscheiben Gischt 54", 4900, 200, 0.6, false}, {"Ersatzscheiben Brandung 64", 7900, 300, 0.5, false},
	}},
	{"ZB", []string{"Zubehör", "Zubereitung"}, accessory, false, 0.5, 0.05, 0.02, 0.06, []item{
		{"Tamper 58 mm", 3490, 400, 1, true}, {"Tampermatte", 1490, 300, 0.8, false}, {"Abschlagbehälter", 3990, 900, 0.7, false}, {"Milchkännchen 350 ml", 1990, 250, 1, true},
		{"Milchkännchen 600 ml", 2490, 320, 1, false}, {"Milchaufschäumer elektrisch", 7990, 900, 0.6, true}, {"Feinwaage mit Uhr", 4990, 350, 1, true},
		{"Handfilter Porzellan Größe 2", 1990, 450, 1, true}, {"Handfilter Porzellan Größe 4", 2290, 600, 0.9, false}, {"Kanne aus Glas 0,6 l", 2490, 500, 0.8, false},
		{"Schwanenhalskessel 0,9 l", 6990, 900, 0.7, true}, {"Kaffeepresse 0,35 l", 2990, 500, 0.9, true}, {"Kaffeepresse 1 l", 3990, 900, 0.9, true},
		{"Espressokocher 3 Tassen", 2990, 450, 1, true}, {"Espressokocher 6 Tassen", 3490, 650, 0.9, false}, {"Siebträger bodenlos 58 mm", 5990, 500, 0.4, false},
		{"Präzisionssieb 18 g", 2490, 60, 0.5, false}, {"Verteiler 58 mm", 3490, 350, 0.5, false}, {"Thermometer", 1490, 60, 0.5, false},
	}},
	{"ZT", []string{"Zubehör", "Tassen & Aufbewahrung"}, accessory, false, 0.55, 0.04, 0.04, 0.25, []item{
		{"Espressotasse Wattenmeer, 2 Stück", 1990, 500, 1, true}, {"Cappuccinotasse Wattenmeer, 2 Stück", 2490, 800, 1, true}, {"Becher Leuchtfeuer 300 ml", 1490, 350, 1, true},
		{"Kaffeedose 500 g", 2490, 400, 0.9, true}, {"Vakuumdose 1 kg", 3990, 700, 0.6, false}, {"Thermobecher 400 ml", 2990, 350, 0.9, true},
		{"Thermoskanne 1 l", 4490, 800, 0.6, false}, {"Latte-Gläser, 4 Stück", 1990, 1200, 0.7, false}, {"Mehrwegbecher, 25 Stück", 8990, 2500, 0.3, false},
		{"Papierbecher 200 ml, 1.000 Stück", 6990, 9000, 0.5, false}, {"Holzrührstäbchen, 1.000 Stück", 890, 1200, 0.5, false}, {"Zuckersticks, 1.000 Stück", 1990, 4000, 0.6, false},
	}},
	{"FI", []string{"Filter"}, filters, false, 0.6, 0.3, 0.4, 0.25, []item{
		{"Filterpapier Größe 2, 100 Stück", 390, 150, 1, false}, {"Filterpapier Größe 4, 100 Stück", 450, 190, 1.2, false}, {"Filterpapier Kegel 01, 100 Stück", 590, 120, 0.6, false},
		{"Filterpapier Kegel 02, 100 Stück", 690, 160, 0.7, false}, {"Korbfilter 90/250, 1.000 Stück", 2990, 2200, 0.3, false}, {"Dauerfilter Edelstahl", 2490, 200, 0.3, false},
		{"Wasserfilter Sund", 1590, 250, 1, false}, {"Wasserfilter Sund, 4 Stück", 5490, 1000, 0.6, false},
	}},
	{"RE", []string{"Reinigung & Pflege"}, cleaning, false, 0.55, 0.14, 0.4, 0.5, []item{
		{"Reinigungstabletten, 100 Stück", 1990, 300, 1.2, false}, {"Reinigungstabletten, 20 Stück", 790, 80, 1, false}, {"Entkalker 1 l", 1290, 1100, 1.2, false},
		{"Milchsystemreiniger 1 l", 1490, 1100, 0.9, false}, {"Gruppenreiniger 900 g", 1890, 950, 0.6, false}, {"Mühlenreiniger 430 g", 2490, 450, 0.5, false},
		{"Reinigungspinsel", 990, 80, 0.5, false}, {"Mikrofasertücher, 3 Stück", 990, 120, 0.6, false},
	}},
	{"GE", []string{"Geschenke"}, present, false, 0.45, 0.03, 0.02, 0, []item{
		{"Geschenkbox Drei Röstungen", 2990, 1000, 1.4, true}, {"Geschenkbox Espresso und Tassen", 4990, 1500, 1, true}, {"Adventskalender Kaffee", 3990, 1300, 1.2, true},
		{"Geschenkabo 3 Monate", 5990, 1500, 0.9, true}, {"Geschenkabo 6 Monate", 11490, 3000, 0.5, true}, {"Geschenkabo 12 Monate", 21990, 6000, 0.3, true},
		{"Baristakurs für zwei", 15900, 20, 0.4, true}, {"Röstereiführung mit Verkostung", 3900, 20, 0.5, true},
	}},
	{"PR", []string{"Geschenke", "Probierpakete"}, trial, true, 0.35, 0, 0, 0, []item{
		{"Probierpaket Weltreise 5 × 60 g", 1490, 300, 1, false},
	}},
	{"SV", []string{"Service"}, service, false, 0.4, 0, 0, 0, []item{
		{"Wartung Vollautomat", 14900, 0, 1, false}, {"Wartung Siebträger Gastro", 22900, 0, 1, false}, {"Reparatur nach Aufwand, Stunde", 8900, 0, 1, false},
	}},
}
