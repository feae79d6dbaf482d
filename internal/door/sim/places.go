package sim

// place is a town with what an address there looks like.
type place struct {
	city    string
	region  string // ISO 3166-2
	country country
	zip     [2]int // from, to: postal codes within the town's real range
	area    string // telephone code without the leading zero
	lang    byte   // 'd', 'f' or 'i': what most people there speak
	weight  float64
}

// drawPlace draws where someone lives. Hamburg, where the roastery stands, comes first and often.
func drawPlace(d *dice) (country, uint16) {
	i := placeUrn[d.below(len(placeUrn))]
	return places[i].country, i
}

var placeUrn = func() urn[uint16] {
	all := make([]uint16, len(places))
	for i := range all {
		all[i] = uint16(i)
	}
	return fill(2048, all, func(i uint16) float64 { return places[i].weight })
}()

var places = []place{
	{"Hamburg", "DE-HH", germany, [2]int{20095, 20359}, "40", 'd', 210},
	{"Hamburg", "DE-HH", germany, [2]int{22041, 22769}, "40", 'd', 110},
	{"Berlin", "DE-BE", germany, [2]int{10115, 13629}, "30", 'd', 75},
	{"München", "DE-BY", germany, [2]int{80331, 81929}, "89", 'd', 45},
	{"Köln", "DE-NW", germany, [2]int{50667, 51149}, "221", 'd', 32},
	{"Frankfurt am Main", "DE-HE", germany, [2]int{60308, 60599}, "69", 'd', 24},
	{"Stuttgart", "DE-BW", germany, [2]int{70173, 70619}, "711", 'd', 22},
	{"Düsseldorf", "DE-NW", germany, [2]int{40210, 40629}, "211", 'd', 20},
	{"Leipzig", "DE-SN", germany, [2]int{4103, 4357}, "341", 'd', 18},
	{"Dresden", "DE-SN", germany, [2]int{1067, 1328}, "351", 'd', 16},
	{"Hannover", "DE-NI", germany, [2]int{30159, 30669}, "511", 'd', 24},
	{"Bremen", "DE-HB", germany, [2]int{28195, 28779}, "421", 'd', 22},
	{"Bremerhaven", "DE-HB", germany, [2]int{27568, 27580}, "471", 'd', 6},
	{"Nürnberg", "DE-BY", germany, [2]int{90402, 90491}, "911", 'd', 13},
	{"Dortmund", "DE-NW", germany, [2]int{44135, 44388}, "231", 'd', 14},
	{"Essen", "DE-NW", germany, [2]int{45127, 45359}, "201", 'd', 13},
	{"Bonn", "DE-NW", germany, [2]int{53111, 53229}, "228", 'd', 10},
	{"Münster", "DE-NW", germany, [2]int{48143, 48167}, "251", 'd', 11},
	{"Bielefeld", "DE-NW", germany, [2]int{33602, 33739}, "521", 'd', 8},
	{"Kiel", "DE-SH", germany, [2]int{24103, 24159}, "431", 'd', 17},
	{"Lübeck", "DE-SH", germany, [2]int{23552, 23570}, "451", 'd', 14},
	{"Flensburg", "DE-SH", germany, [2]int{24937, 24944}, "461", 'd', 7},
	{"Norderstedt", "DE-SH", germany, [2]int{22844, 22851}, "40", 'd', 11},
	{"Lüneburg", "DE-NI", germany, [2]int{21335, 21407}, "4131", 'd', 9},
	{"Oldenburg", "DE-NI", germany, [2]int{26121, 26135}, "441", 'd', 8},
	{"Göttingen", "DE-NI", germany, [2]int{37073, 37085}, "551", 'd', 6},
	{"Rostock", "DE-MV", germany, [2]int{18055, 18147}, "381", 'd', 9},
	{"Schwerin", "DE-MV", germany, [2]int{19053, 19063}, "385", 'd', 5},
	{"Magdeburg", "DE-ST", germany, [2]int{39104, 39130}, "391", 'd', 6},
	{"Halle (Saale)", "DE-ST", germany, [2]int{6108, 6132}, "345", 'd', 6},
	{"Erfurt", "DE-TH", germany, [2]int{99084, 99099}, "361", 'd', 6},
	{"Jena", "DE-TH", germany, [2]int{7743, 7751}, "3641", 'd', 4},
	{"Potsdam", "DE-BB", germany, [2]int{14467, 14482}, "331", 'd', 7},
	{"Cottbus", "DE-BB", germany, [2]int{3042, 3055}, "355", 'd', 3},
	{"Kassel", "DE-HE", germany, [2]int{34117, 34134}, "561", 'd', 6},
	{"Wiesbaden", "DE-HE", germany, [2]int{65183, 65207}, "611", 'd', 7},
	{"Mainz", "DE-RP", germany, [2]int{55116, 55131}, "6131", 'd', 7},
	{"Trier", "DE-RP", germany, [2]int{54290, 54296}, "651", 'd', 4},
	{"Saarbrücken", "DE-SL", germany, [2]int{66111, 66133}, "681", 'd', 5},
	{"Karlsruhe", "DE-BW", germany, [2]int{76131, 76229}, "721", 'd', 8},
	{"Mannheim", "DE-BW", germany, [2]int{68159, 68309}, "621", 'd', 8},
	{"Freiburg im Breisgau", "DE-BW", germany, [2]int{79098, 79117}, "761", 'd', 9},
	{"Heidelberg", "DE-BW", germany, [2]int{69115, 69126}, "6221", 'd', 6},
	{"Ulm", "DE-BW", germany, [2]int{89073, 89081}, "731", 'd', 4},
	{"Augsburg", "DE-BY", germany, [2]int{86150, 86199}, "821", 'd', 6},
	{"Regensburg", "DE-BY", germany, [2]int{93047, 93059}, "941", 'd', 5},
	{"Würzburg", "DE-BY", germany, [2]int{97070, 97084}, "931", 'd', 5},
	{"Wien", "AT-9", austria, [2]int{101, 123}, "1", 'd', 60},
	{"Graz", "AT-6", austria, [2]int{8010, 8055}, "316", 'd', 19},
	{"Linz", "AT-4", austria, [2]int{4020, 4040}, "732", 'd', 13},
	{"Salzburg", "AT-5", austria, [2]int{5020, 5026}, "662", 'd', 13},
	{"Innsbruck", "AT-7", austria, [2]int{6020, 6020}, "512", 'd', 11},
	{"Klagenfurt am Wörthersee", "AT-2", austria, [2]int{9020, 9020}, "463", 'd', 6},
	{"St. Pölten", "AT-3", austria, [2]int{3100, 3107}, "2742", 'd', 4},
	{"Wiener Neustadt", "AT-3", austria, [2]int{2700, 2700}, "2622", 'd', 3},
	{"Bregenz", "AT-8", austria, [2]int{6900, 6900}, "5574", 'd', 4},
	{"Dornbirn", "AT-8", austria, [2]int{6850, 6850}, "5572", 'd', 4},
	{"Eisenstadt", "AT-1", austria, [2]int{7000, 7000}, "2682", 'd', 2},
	{"Villach", "AT-2", austria, [2]int{9500, 9500}, "4242", 'd', 3},
	{"Zürich", "CH-ZH", switzerland, [2]int{8001, 8057}, "44", 'd', 34},
	{"Winterthur", "CH-ZH", switzerland, [2]int{8400, 8409}, "52", 'd', 7},
	{"Bern", "CH-BE", switzerland, [2]int{3004, 3027}, "31", 'd', 15},
	{"Basel", "CH-BS", switzerland, [2]int{4051, 4059}, "61", 'd', 14},
	{"Luzern", "CH-LU", switzerland, [2]int{6003, 6006}, "41", 'd', 7},
	{"St. Gallen", "CH-SG", switzerland, [2]int{9000, 9016}, "71", 'd', 7},
	{"Zug", "CH-ZG", switzerland, [2]int{6300, 6300}, "41", 'd', 4},
	{"Chur", "CH-GR", switzerland, [2]int{7000, 7000}, "81", 'd', 3},
	{"Schaffhausen", "CH-SH", switzerland, [2]int{8200, 8208}, "52", 'd', 3},
	{"Aarau", "CH-AG", switzerland, [2]int{5000, 5004}, "62", 'd', 4},
	{"Genève", "CH-GE", switzerland, [2]int{1201, 1209}, "22", 'f', 5},
	{"Lausanne", "CH-VD", switzerland, [2]int{1003, 1018}, "21", 'f', 4},
	{"Fribourg", "CH-FR", switzerland, [2]int{1700, 1700}, "26", 'f', 2},
	{"Lugano", "CH-TI", switzerland, [2]int{6900, 6904}, "91", 'i', 3},
}
