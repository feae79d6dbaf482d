package sim

import "strings"

// tongue is a set of names that go together.
type tongue struct {
	female, male, last []string
	weight             [4]float64 // in Germany, Austria, German-speaking Switzerland, and there in French and Italian
}

func words(s string) []string {
	list := strings.Fields(s)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "_", " ")
	}
	return list
}

// tongues are the names people in the three countries have. First and last names of one tongue usually go together; an
// underscore in the list stands for a blank.
var tongues = []tongue{
	{
		female: words(`Anna Maria Ursula Monika Petra Sabine Renate Karin Andrea Claudia Susanne Julia Stefanie Christina Katharina Lena Laura Sarah
			Lisa Sophie Hannah Johanna Charlotte Marie Emma Mia Clara Ida Frieda Greta Mathilda Luise Paula Antonia Theresa Franziska Annika Nele
			Birgit Heike Gabriele Martina Silke Anke Kerstin Ute Antje Wiebke Insa Frauke Maike Swantje Elke Ingrid Gisela Helga Brigitte Christa
			Jana Nicole Melanie Sandra Tanja Anja Katrin Nadine Yvonne Daniela Bettina Cornelia Barbara Regina Hildegard Käthe Änne Jördis Ann-Kathrin
			Anne-Marie Eva-Maria Marie-Luise Lea Leonie Amelie Pauline Helene Elisabeth Margarete Dorothea Friederike Henrike Ulrike Almut Gudrun`),
		male: words(`Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Uwe Werner Hans Markus Jan Tim Lukas Felix Max
			Paul Jonas Leon Finn Ben Elias Noah Moritz Julian Tobias Sebastian Alexander Daniel Matthias Florian Martin Frank Ralf Jörg Bernd Dieter
			Rainer Manfred Gerhard Helmut Heinz Horst Karl Friedrich Wilhelm Otto Hinnerk Sönke Götz Björn Lars Sven Nils Torben Hauke Fiete Ole Thore
			Henning Malte Hannes Jakob Anton Emil Oskar Theo Konrad Richard Benedikt Dominik Philipp Simon Fabian Patrick Marcel Robert Oliver Dirk
			Holger Volker Joachim Hans-Peter Karl-Heinz Hans-Jürgen Jan-Philipp Ulrich Eberhard Ludwig Gregor Vincent Valentin Leopold Kilian Jürn`),
		last: words(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder
			Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler
			Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank
			Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger
			Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer
			Arnold Wolff Pfeiffer Petersen Hansen Jensen Clausen Carstens Behrens Ahrens Lührs Rehder Brodersen Thiessen Lüders Wulff Kröger Steffens
			Harms Janßen Ehlers Struck Buhr Timm Voß Hinrichs Meinecke Nöldeke Weißenborn Großmann Preuß Strauß Heß Rößler Süß Gößling Kießling
			Schütte Brüggemann Grünewald Büttner Förster Löffler Schröter Köster Böttcher Fröhlich Hübner Kröll Übelacker Öhlschläger Äckerle
			Ostermann Kortmann Niehaus Westphal Tiedemann Sievers Reimers Wiechmann Buchholz Kruse Nagel Lindner Kessler Thiel Stahl Ritter Barth
			Hermann Bock Bender Kramer Ernst Lohmann Wendt Noack Radtke Kaminski Nowak Kowalski Jankowski von_Bargen von_der_Heide vom_Hofe zu_Rhein
			Müller-Thiessen Schmidt-Oltmanns Meyer-Grote Koch-Wiebe Becker-Hansen Wolff-Petersen Krause-Lindner Sommer-Voigt Peters-Jung`),
		weight: [4]float64{80, 45, 30, 4},
	},
	{
		female: words(`Resi Vroni Elisabeth Theresia Magdalena Marlene Valentina Viktoria Anna-Lena Johanna Eva Rosa Hermine Edeltraud Waltraud Romana`),
		male:   words(`Alois Franz Josef Johann Ferdinand Leopold Maximilian Matthäus Severin Wendelin Hubert Rupert Gernot Siegfried Christoph Lorenz`),
		last: words(`Gruber Pichler Steiner Moser Mayr Hofer Leitner Fellner Eder Reiter Egger Brunner Lackner Haider Wimmer Aigner Ebner Auer Binder
			Lechner Wallner Stadler Holzer Kogler Fuchs Zauner Haslinger Strasser Wieser Kofler Thaler Unterberger Obermoser Hinterholzer Pölzl Höller
			Schöpf Mühlbacher Grünwald Brandstätter Ratzenböck Prohaska Novotny Swoboda Dworak Jelinek Kratochwil`),
		weight: [4]float64{3, 40, 3, 0},
	},
	{
		female: words(`Regula Ursina Seraina Ladina Corina Vreni Rösli Annelies Beatrice Silvia Mirjam Rahel Salome Flurina Nina Luana`),
		male:   words(`Urs Beat Reto Ueli Jürg Ruedi Köbi Hansruedi Gian Flurin Andri Curdin Linus Nando Silvan Remo Luca Marco Pascal`),
		last: words(`Meier Müller Schmid Keller Weber Huber Schneider Meyer Steiner Fischer Gerber Brunner Baumann Frei Zimmermann Moser Widmer Wyss
			Graf Roth Suter Baumgartner Bachmann Studer Bucher Berger Kaufmann Kunz Hofer Bühler Lüthi Marti Sutter Ammann Zürcher Aeschbacher
			Hürlimann Rüegg Bächtold Zgraggen Caflisch Camenisch Caduff Derungs Nüesch Bösch Züger Föhn Gisler Odermatt Amstutz Abderhalden`),
		weight: [4]float64{1, 1, 55, 4},
	},
	{
		female: words(`Amélie Chloé Camille Élodie Céline Hélène Geneviève Noémie Aurélie Sylvie Nathalie Françoise Léa Inès Zoé Margaux`),
		male:   words(`François Frédéric Jérôme Étienne Benoît Gaël Loïc Noël Mathieu Olivier Thierry Cédric Raphaël Théo Hugo Luc Jean-Luc Jean-Pierre`),
		last: words(`Favre Rochat Bonvin Chappuis Dupont Lefèvre Girard Bélanger Jaquet Perret Monnier Blanc Rey Crausaz Jacquier Pittet Gonçalves
			Aubry Béguelin Châtelain Cuénoud Décosterd Mérillat Périllard Rossier Vuilleumier Zufferey`),
		weight: [4]float64{1, 0.5, 2, 60},
	},
	{
		female: words(`Giulia Chiara Francesca Alessandra Elena Paola Federica Silvia Martina Sofia Lucia Ilaria`),
		male:   words(`Marco Luca Giuseppe Matteo Alessandro Nicolò Davide Fabio Salvatore Enrico Paolo Giorgio Stefano`),
		last: words(`Rossi Bianchi Ferrari Esposito Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini Costa Giordano Rizzo
			Bernasconi Cattaneo Fontana Galli Pedrazzini Lombardi D'Angelo Dell'Oro Foletti`),
		weight: [4]float64{2, 2, 4, 25},
	},
	{
		female: words(`Ayşe Fatma Elif Zeynep Emine Selin Gül Derya Ebru Şeyma Özlem Çiğdem Melek Sibel`),
		male:   words(`Mehmet Mustafa Ahmet Ali Hüseyin Emre Murat Kaan Özgür Çağlar Yiğit Serkan Volkan Deniz`),
		last:   words(`Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Koç Kurt Şimşek Güneş Erdoğan Özkan`),
		weight: [4]float64{4, 4, 2, 1},
	},
	{
		female: words(`Agnieszka Małgorzata Katarzyna Joanna Ewa Zofia Magdalena Božena Zuzana Jiřina Ivana Snežana Dragana Ana Lucija Željka Milena Jelena`),
		male:   words(`Piotr Krzysztof Andrzej Tomasz Michał Paweł Łukasz Jiří Zdeněk Marek Goran Dejan Zoran Dragan Ivan Luka Željko Nikola Miloš`),
		last: words(`Kowalczyk Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Novák Svoboda Dvořák Černý Procházka
			Jovanović Petrović Nikolić Marković Đorđević Horvat Kovačević Babić Marić Jurić Šarić Žukić`),
		weight: [4]float64{4, 6, 4, 2},
	},
	{
		female: words(`Nguyễn_Thị_Lan Mai Linh Priya Ananya Fatima Leila Amira Yasmin Nour Samira Olga Natalia Tatjana Irina Svetlana Oksana María Carmen Inés Eleni Despina Sofía Ngozi Emily Grace`),
		male:   words(`Minh Tuấn Duc Arjun Rahul Omar Youssef Karim Hassan Tariq Bilal Sergej Dmitri Vitali Andrej Oleksandr José Andrés Kostas Yannis Nikos João Chidi James Oliver`),
		last: words(`Nguyễn Trần Lê Phạm Sharma Patel Singh Haddad Al-Masri El_Khoury Rahmani Karimi Ben_Salah Ivanov Schevchenko Kuznetsov Bondarenko García
			Fernández López Núñez Papadopoulos Georgiou Konstantinidis Gonçalves Pereira da_Silva Okafor Mensah O'Connor MacLeod Smith`),
		weight: [4]float64{4, 3, 3, 3},
	},
}

// speaksGerman reports whether people with names of tongue t are mostly written to in German.
func speaksGerman(t int) bool { return t < 3 || t == 5 || t == 6 }

var tongueUrns = func() (urns [4]urn[int]) {
	all := make([]int, len(tongues))
	for i := range all {
		all[i] = i
	}
	for k := range urns {
		urns[k] = fill(256, all, func(t int) float64 { return tongues[t].weight[k] })
	}
	return urns
}()

var streets = strings.Split(`Hafenstraße,Lindenweg,Am Alten Speicher,Kastanienallee,Mühlenweg,Deichstraße,Birkenweg,Gartenstraße,Schulstraße,Bahnhofstraße,`+
	`Kirchweg,Rosenweg,Am Markt,Fährstraße,Bergstraße,Sonnenhang,Wiesengrund,Lerchenweg,Amselweg,Brunnenstraße,Seestraße,Ahornweg,Eschenallee,`+
	`Kapitänsweg,Am Kanal,Speicherstraße,Lotsenstieg,Möwenstieg,Buchenhain,Ulmenstraße,Erlengrund,Tulpenweg,Fliederweg,Nelkenstraße,Feldstraße,`+
	`Waldstraße,Parkstraße,Uferstraße,Brückenstraße,Turmstraße,Schlossallee,Marktplatz,Neuer Weg,Alte Landstraße,Hohe Gasse,Krumme Gasse,`+
	`Färbergasse,Töpferweg,Böttcherstraße,Schmiedegasse,Bäckerstraße,Kornweg,Haferkamp,Heideweg,Moorweg,Kiefernweg,Tannenstraße,Fasanenweg,`+
	`Falkenstraße,Rehwinkel,Am Mühlbach,Quellenweg,Weinbergstraße,Kirschenallee,Apfelgarten,Holunderweg,Schlehenweg,Hagebuttenweg,Ringstraße,`+
	`Nordstraße,Oststraße,Südring,Westwall,Zum Leuchtturm,An der Schleuse,Äußerer Ring,Überseeweg,Osterkamp,Großer Kamp`, ",")

var (
	streetsAustria = words(`Lindengasse Mühlgasse Gartengasse Schulgasse Kirchengasse Rosengasse Berggasse Feldgasse Brunnengasse Hauptplatz Bachgasse
		Weingartenweg Hofgasse Neubaugürtel Bahngasse Schlossergasse Färbergasse Lerchengasse`)
	streetsSwiss  = words(`Lindenstrasse Bahnhofstrasse Seestrasse Dorfstrasse Kirchgasse Mühlestrasse Bergstrasse Rosenweg Schulhausstrasse Rebweg Wiesenstrasse Gartenstrasse Sonnhalde Bachweg`)
	streetsFrench = []string{"Rue du Lac", "Rue de la Gare", "Chemin des Vignes", "Avenue du Léman", "Rue de l'Église", "Chemin du Château", "Rue du Marché"}
	streetsItaly  = []string{"Via Stazione", "Via al Lago", "Via San Gottardo", "Via della Chiesa", "Via delle Vigne"}
)

// Parts of company names. All are invented.
var (
	officeFirst = strings.Split(`Weitblick,Nordstern,Hanseplan,Kompass,Fachwerk,Lichtung,Ankerpunkt,Brückenbau,Federkiel,Datenkontor,Planraum,Steuerbord,`+
		`Gezeiten,Kranich,Morgentau,Wirkraum,Querdenk,Rautenberg,Silberpappel,Seitenwind,Taktgeber,Uferlos,Zahlenwerk,Bauhütte,Grundriss,Klangfarbe,Denkfabrik,Mittelpunkt`, ",")
	officeSecond = strings.Split(`Architekten,Steuerberatung,Rechtsanwälte,Software,Ingenieure,Versicherungsmakler,Medien,Logistik,Consulting,Immobilien,`+
		`Personalberatung,Zahnarztpraxis,Physiotherapie,Druckerei,Energieberatung,Maschinenbau,Designstudio,Verlag`, ",")
	officeForm = [3][]string{germany: {"GmbH", "GmbH", "GmbH & Co. KG", "AG", "UG (haftungsbeschränkt)", "KG"},
		austria: {"GmbH", "KG", "OG", "e. U."}, switzerland: {"AG", "GmbH", "Sàrl"}}
	cafeFirst = strings.Split(`Café,Kaffeehaus,Bistro,Bäckerei,Konditorei,Eiscafé,Restaurant,Hotel,Pension,Kantine,Espressobar,Buchcafé`, ",")
	cafeLast  = strings.Split(`Lindenhof,Morgenrot,Zur Alten Mühle,Seeblick,Möwe,Treibgut,Goldene Bohne,Sonnenschein,Anker,Rosengarten,Himmelblau,`+
		`Am Markt,Kleine Pause,Herzstück,Zeitlos,Glückskind,Wolke Sieben,Heimathafen,Schwarzes Schaf,Grüner Baum,Alte Post,Zuckerstück,Süßes Eck,Nebenan,Übermorgen`, ",")
	resellerLast = strings.Split(`Feinkost,Weinhandel,Hofladen,Bioladen,Teekontor,Delikatessen,Unverpackt-Laden,Kaufhaus`, ",")
)

// chainName is the big café chain that cools.
const chainName = "Kaffeebars Möwenflug Betriebs GmbH"
