package clock

import "time"

// regions are the codes of ISO 3166 that the table knows.
const regions = `
	DE DE-BW DE-BY DE-BE DE-BB DE-HB DE-HH DE-HE DE-MV DE-NI DE-NW DE-RP DE-SL DE-SN DE-ST DE-SH DE-TH
	AT
	CH CH-AG CH-AI CH-AR CH-BE CH-BL CH-BS CH-FR CH-GE CH-GL CH-GR CH-JU CH-LU CH-NE CH-NW CH-OW CH-SG CH-SH CH-SO CH-SZ CH-TG CH-TI
	CH-UR CH-VD CH-VS CH-ZG CH-ZH`

// Groups of regions that share days.
const (
	reformed2018 = "DE-BB DE-MV DE-SN DE-ST DE-TH DE-HB DE-HH DE-NI DE-SH"

	// Cantons that keep the Catholic days; in Fribourg and Solothurn most communes do.
	catholic = "CH-AI CH-FR CH-JU CH-LU CH-NW CH-OW CH-SO CH-SZ CH-TI CH-UR CH-VS CH-ZG"

	// Cantons in which Easter Monday, Whit Monday and 26 December are holidays by law, and those where they are by custom.
	mondaysByLaw    = "CH-AG CH-AI CH-AR CH-BE CH-BL CH-BS CH-GE CH-GL CH-GR CH-JU CH-SG CH-SH CH-SZ CH-TG CH-TI CH-UR CH-VD CH-ZH"
	mondaysByCustom = "CH-FR CH-LU CH-NE CH-NW CH-OW CH-SO CH-VS CH-ZG"
	stephenByLaw    = "CH-AG CH-BE CH-BL CH-BS CH-GL CH-GR CH-LU CH-SG CH-SH CH-SZ CH-TG CH-TI CH-ZH"
	stephenByCustom = "CH-FR CH-NW CH-OW CH-SO CH-VS CH-ZG"
)

// table holds the public holidays of Germany, Austria and Switzerland.
//
// Germany: the holiday laws of the states, since unification. Where a law names communes, their majority decides: Assumption Day
// counts in all of Bavaria, Corpus Christi neither in Saxony nor in Thuringia; the Peace Festival of the city of Augsburg is left out.
//
// Austria: Arbeitsruhegesetz § 7 and Feiertagsruhegesetz.
//
// Switzerland: the laws of the cantons, and as custom the days that no law of the canton names but on which its offices and most
// firms are closed all the same. Where districts or communes of a canton differ, the canton's majority decides. Half days are left
// out, so are days that always are Sundays and days that only banks keep. What a canton's law was formerly is not in the table.
var table = []rule{
	// Germany, with what Austria and Switzerland share.
	{name: "new_year", when: on(time.January, 1), regions: "DE AT CH"},
	{name: "epiphany", when: on(time.January, 6), regions: "DE-BW DE-BY DE-ST AT CH-SZ CH-TI CH-UR"},
	{name: "womens_day", when: on(time.March, 8), regions: "DE-BE", from: 2019},
	{name: "womens_day", when: on(time.March, 8), regions: "DE-MV", from: 2023},
	{name: "good_friday", when: easterAnd(-2), regions: "DE"},
	{name: "easter_sunday", when: easterAnd(0), regions: "DE-BB"},
	{name: "easter_monday", when: easterAnd(1), regions: "DE AT"},
	{name: "labour_day", when: on(time.May, 1), regions: "DE"},
	{name: "liberation_day", when: on(time.May, 8), regions: "DE-BE", from: 2020, until: 2020},
	{name: "liberation_day", when: on(time.May, 8), regions: "DE-BE", from: 2025, until: 2025},
	{name: "ascension", when: easterAnd(39), regions: "DE AT"},
	{name: "whit_sunday", when: easterAnd(49), regions: "DE-BB"},
	{name: "whit_monday", when: easterAnd(50), regions: "DE AT"},
	{name: "corpus_christi", when: easterAnd(60), regions: "DE-BW DE-BY DE-HE DE-NW DE-RP DE-SL AT"},
	{name: "uprising_1953", when: on(time.June, 17), regions: "DE-BE", from: 2028, until: 2028},
	{name: "assumption", when: on(time.August, 15), regions: "DE-BY DE-SL AT"},
	{name: "childrens_day", when: on(time.September, 20), regions: "DE-TH", from: 2019},
	{name: "unity_day", when: on(time.October, 3), regions: "DE", from: 1990},
	{name: "reformation_day", when: on(time.October, 31), regions: "DE-BB DE-MV DE-SN DE-ST DE-TH", until: 2016},
	{name: "reformation_day", when: on(time.October, 31), regions: "DE", from: 2017, until: 2017},
	{name: "reformation_day", when: on(time.October, 31), regions: reformed2018, from: 2018},
	{name: "all_saints", when: on(time.November, 1), regions: "DE-BW DE-BY DE-NW DE-RP DE-SL AT"},
	{name: "repentance_day", when: repentanceDay, regions: "DE", until: 1994},
	{name: "repentance_day", when: repentanceDay, regions: "DE-SN", from: 1995},
	{name: "christmas", when: on(time.December, 25), regions: "DE"},
	{name: "second_christmas", when: on(time.December, 26), regions: "DE"},

	// Austria, where it has days or names of its own.
	{name: "state_day_at", when: on(time.May, 1), regions: "AT"},
	{name: "national_day_at", when: on(time.October, 26), regions: "AT"},
	{name: "immaculate_conception", when: on(time.December, 8), regions: "AT"},
	{name: "christmas_at", when: on(time.December, 25), regions: "AT"},
	{name: "st_stephen_at", when: on(time.December, 26), regions: "AT"},

	// Switzerland.
	{name: "berchtold", when: on(time.January, 2), regions: "CH-AG CH-BE CH-JU CH-TG CH-VD"},
	{name: "berchtold", when: on(time.January, 2), regions: "CH-FR CH-GL CH-LU CH-OW CH-SH CH-SO CH-ZG CH-ZH", custom: true},
	{name: "berchtold", when: on(time.January, 2), regions: "CH-NE", only: isMonday},
	{name: "republic_day_ne", when: on(time.March, 1), regions: "CH-NE"},
	{name: "st_joseph", when: on(time.March, 19), regions: "CH-NW CH-SZ CH-TI CH-UR CH-VS"},
	{name: "naefels_day", when: naefelsDay, regions: "CH-GL"},
	{name: "good_friday", when: easterAnd(-2), regions: "CH-AG CH-AI CH-AR CH-BE CH-BL CH-BS CH-FR CH-GE CH-GL CH-JU CH-LU CH-NE CH-NW CH-OW CH-SG CH-SH CH-SO CH-SZ CH-TG CH-UR CH-VD CH-ZG CH-ZH"},
	{name: "good_friday", when: easterAnd(-2), regions: "CH-GR", custom: true},
	{name: "easter_monday", when: easterAnd(1), regions: mondaysByLaw},
	{name: "easter_monday", when: easterAnd(1), regions: mondaysByCustom, custom: true},
	{name: "labour_day", when: on(time.May, 1), regions: "CH-BL CH-BS CH-JU CH-NE CH-SH CH-TG CH-TI CH-ZH"},
	{name: "ascension_ch", when: easterAnd(39), regions: "CH"},
	{name: "whit_monday", when: easterAnd(50), regions: mondaysByLaw},
	{name: "whit_monday", when: easterAnd(50), regions: mondaysByCustom, custom: true},
	{name: "corpus_christi", when: easterAnd(60), regions: catholic},
	{name: "independence_ju", when: on(time.June, 23), regions: "CH-JU"},
	{name: "peter_and_paul", when: on(time.June, 29), regions: "CH-TI"},
	{name: "national_day_ch", when: on(time.August, 1), regions: "CH", from: 1994},
	{name: "assumption", when: on(time.August, 15), regions: catholic},
	{name: "geneva_fast", when: nth(1, time.Sunday, time.September, 4), regions: "CH-GE"},
	{name: "fast_monday", when: nth(3, time.Sunday, time.September, 1), regions: "CH-VD"},
	{name: "fast_monday", when: nth(3, time.Sunday, time.September, 1), regions: "CH-NE", custom: true},
	{name: "st_maurice", when: on(time.September, 22), regions: "CH-AI"},
	{name: "brother_klaus", when: on(time.September, 25), regions: "CH-OW"},
	{name: "all_saints", when: on(time.November, 1), regions: catholic + " CH-GL CH-SG"},
	{name: "immaculate_conception", when: on(time.December, 8), regions: "CH-AI CH-FR CH-LU CH-NW CH-OW CH-SZ CH-TI CH-UR CH-VS CH-ZG"},
	{name: "christmas_ch", when: on(time.December, 25), regions: "CH"},
	{name: "st_stephen_ch", when: on(time.December, 26), regions: stephenByLaw},
	{name: "st_stephen_ch", when: on(time.December, 26), regions: stephenByCustom, custom: true},
	{name: "st_stephen_ch", when: on(time.December, 26), regions: "CH-AI CH-AR CH-UR", only: noThirdRestDay},
	{name: "st_stephen_ch", when: on(time.December, 26), regions: "CH-NE", only: isMonday},
	{name: "restoration_ge", when: on(time.December, 31), regions: "CH-GE"},
}
