package clock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/clock"
)

func TestEasterAgreesWithPublishedDates(t *testing.T) {
	for _, want := range []string{"1818-03-22", "1943-04-25", "1954-04-18", "1991-03-31", "2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "2049-04-18", "2076-04-19"} {
		d := day(t, want)
		y, _, _ := d.Date()
		if got := clock.Easter(y); got != d {
			t.Errorf("Easter %d = %v, want %s", y, got, want)
		}
	}
	for y := 1583; y < 4000; y++ {
		d := clock.Easter(y)
		if d.Weekday() != time.Sunday || d < clock.NewDay(y, time.March, 22) || d > clock.NewDay(y, time.April, 25) {
			t.Fatalf("Easter %d = %v, a %v", y, d, d.Weekday())
		}
	}
}

// listed returns the holidays of a year as "MM-DD name", those by custom with a star.
func listed(region string, year int) []string {
	var list []string
	for _, h := range clock.Holidays(region, year) {
		s := h.Day.String()[5:] + " " + strings.TrimPrefix(h.NameKey, "clock.holiday.")
		if h.Custom {
			s += " *"
		}
		list = append(list, s)
	}
	return list
}

func TestHolidaysOfWholeYears(t *testing.T) {
	tests := []struct {
		region string
		year   int
		want   string
	}{
		{"DE-BE", 2025, "01-01 new_year, 03-08 womens_day, 04-18 good_friday, 04-21 easter_monday, 05-01 labour_day, 05-08 liberation_day, 05-29 ascension, 06-09 whit_monday, 10-03 unity_day, 12-25 christmas, 12-26 second_christmas"},
		{"DE-BY", 2024, "01-01 new_year, 01-06 epiphany, 03-29 good_friday, 04-01 easter_monday, 05-01 labour_day, 05-09 ascension, 05-20 whit_monday, 05-30 corpus_christi, 08-15 assumption, 10-03 unity_day, 11-01 all_saints, 12-25 christmas, 12-26 second_christmas"},
		{"DE-BB", 2023, "01-01 new_year, 04-07 good_friday, 04-09 easter_sunday, 04-10 easter_monday, 05-01 labour_day, 05-18 ascension, 05-28 whit_sunday, 05-29 whit_monday, 10-03 unity_day, 10-31 reformation_day, 12-25 christmas, 12-26 second_christmas"},
		{"DE-SN", 2026, "01-01 new_year, 04-03 good_friday, 04-06 easter_monday, 05-01 labour_day, 05-14 ascension, 05-25 whit_monday, 10-03 unity_day, 10-31 reformation_day, 11-18 repentance_day, 12-25 christmas, 12-26 second_christmas"},
		{"AT", 2024, "01-01 new_year, 01-06 epiphany, 04-01 easter_monday, 05-01 state_day_at, 05-09 ascension, 05-20 whit_monday, 05-30 corpus_christi, 08-15 assumption, 10-26 national_day_at, 11-01 all_saints, 12-08 immaculate_conception, 12-25 christmas_at, 12-26 st_stephen_at"},
		{"CH-ZH", 2025, "01-01 new_year, 01-02 berchtold *, 04-18 good_friday, 04-21 easter_monday, 05-01 labour_day, 05-29 ascension_ch, 06-09 whit_monday, 08-01 national_day_ch, 12-25 christmas_ch, 12-26 st_stephen_ch"},
		{"CH-GE", 2025, "01-01 new_year, 04-18 good_friday, 04-21 easter_monday, 05-29 ascension_ch, 06-09 whit_monday, 08-01 national_day_ch, 09-11 geneva_fast, 12-25 christmas_ch, 12-31 restoration_ge"},
		{"CH-JU", 2025, "01-01 new_year, 01-02 berchtold, 04-18 good_friday, 04-21 easter_monday, 05-01 labour_day, 05-29 ascension_ch, 06-09 whit_monday, 06-19 corpus_christi, 06-23 independence_ju, 08-01 national_day_ch, 08-15 assumption, 11-01 all_saints, 12-25 christmas_ch"},
		{"CH-TI", 2024, "01-01 new_year, 01-06 epiphany, 03-19 st_joseph, 04-01 easter_monday, 05-01 labour_day, 05-09 ascension_ch, 05-20 whit_monday, 05-30 corpus_christi, 06-29 peter_and_paul, 08-01 national_day_ch, 08-15 assumption, 11-01 all_saints, 12-08 immaculate_conception, 12-25 christmas_ch, 12-26 st_stephen_ch"},
		{"CH-SO", 2024, "01-01 new_year, 01-02 berchtold *, 03-29 good_friday, 04-01 easter_monday *, 05-09 ascension_ch, 05-20 whit_monday *, 05-30 corpus_christi, 08-01 national_day_ch, 08-15 assumption, 11-01 all_saints, 12-25 christmas_ch, 12-26 st_stephen_ch *"},
		{"CH-NE", 2023, "01-01 new_year, 01-02 berchtold, 03-01 republic_day_ne, 04-07 good_friday, 04-10 easter_monday *, 05-01 labour_day, 05-18 ascension_ch, 05-29 whit_monday *, 08-01 national_day_ch, 09-18 fast_monday *, 12-25 christmas_ch"},
	}
	for _, tt := range tests {
		t.Run(tt.region, func(t *testing.T) {
			if diff := cmp.Diff(strings.Split(tt.want, ", "), listed(tt.region, tt.year)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNumberOfHolidaysByLaw(t *testing.T) {
	want := map[string]int{
		"DE": 9, "DE-BW": 12, "DE-BY": 13, "DE-BE": 10, "DE-BB": 12, "DE-HB": 10, "DE-HH": 10, "DE-HE": 10, "DE-MV": 11, "DE-NI": 10, "DE-NW": 11, "DE-RP": 11, "DE-SL": 12,
		"DE-SN": 11, "DE-ST": 11, "DE-SH": 10, "DE-TH": 11, "AT": 13, "CH": 4, "CH-AG": 9, "CH-AI": 13, "CH-AR": 8, "CH-BE": 9, "CH-BL": 9, "CH-BS": 9, "CH-FR": 9, "CH-GE": 9,
		"CH-GL": 10, "CH-GR": 7, "CH-JU": 13, "CH-LU": 10, "CH-NE": 7, "CH-NW": 10, "CH-OW": 10, "CH-SG": 9, "CH-SH": 9, "CH-SO": 8, "CH-SZ": 14, "CH-TG": 10, "CH-TI": 15,
		"CH-UR": 14, "CH-VD": 9, "CH-VS": 9, "CH-ZG": 9, "CH-ZH": 9,
	}
	got := map[string]int{}
	for _, region := range clock.Regions() {
		got[region] = 0
		for _, h := range clock.Holidays(region, 2024) { // 26 December 2024 is a Thursday
			if !h.Custom {
				got[region]++
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHolidaysHoldInTheirYearsOnly(t *testing.T) {
	tests := []struct {
		name, day string
		on, off   string // regions in which it is a holiday, and in which it is not
	}{
		{"Women's Day in Berlin since 2019", "2019-03-08", "DE-BE", "DE-MV DE-BB"},
		{"not before", "2018-03-08", "", "DE-BE DE-MV"},
		{"Women's Day in Mecklenburg-Vorpommern since 2023", "2023-03-08", "DE-BE DE-MV", "DE-SH"},
		{"not before", "2022-03-08", "DE-BE", "DE-MV"},
		{"Children's Day in Thuringia since 2019", "2019-09-20", "DE-TH", "DE-SN DE-HE"},
		{"not before", "2018-09-20", "", "DE-TH"},
		{"Reformation Day in the east", "2016-10-31", "DE-BB DE-MV DE-SN DE-ST DE-TH", "DE-NI DE-HH DE-BE DE-BY"},
		{"in all of Germany in 2017", "2017-10-31", "DE DE-BB DE-NI DE-BY DE-BE DE-SL DE-NW", "AT CH CH-ZH"},
		{"and in the north since 2018", "2018-10-31", "DE-BB DE-MV DE-SN DE-ST DE-TH DE-NI DE-HB DE-HH DE-SH", "DE DE-BE DE-BY DE-NW DE-HE"},
		{"Liberation Day in Berlin in 2020", "2020-05-08", "DE-BE", "DE-BB DE"},
		{"and in 2025", "2025-05-08", "DE-BE", "DE-BB"},
		{"not in between", "2024-05-08", "", "DE-BE"},
		{"the uprising of 1953 in Berlin in 2028", "2028-06-17", "DE-BE", "DE-BB"},
		{"Repentance Day everywhere until 1994", "1994-11-16", "DE DE-BY DE-HH DE-SN", "AT"},
		{"only in Saxony afterwards", "1995-11-22", "DE-SN", "DE DE-BY DE-HH"},
		{"a Wednesday in 2024", "2024-11-20", "DE-SN", "DE-TH"},
		{"Corpus Christi not in Saxony and Thuringia", "2024-05-30", "DE-HE DE-SL AT CH-FR", "DE-SN DE-TH DE-BE CH-ZH CH-AG"},
		{"Assumption Day in Bavaria and Saarland", "2024-08-15", "DE-BY DE-SL AT CH-VS", "DE-BW DE-NW CH-BE"},
		{"Swiss National Day since 1994", "1994-08-01", "CH CH-ZH CH-GE", "DE AT"},
		{"not before by law", "1993-08-01", "", "CH CH-ZH"},
		{"Näfels waits for Easter", "2026-04-09", "CH-GL", "CH-SG"},
		{"so not on Maundy Thursday", "2026-04-02", "", "CH-GL"},
		{"Näfels in an ordinary year", "2025-04-03", "CH-GL", ""},
		{"Fast Monday in Vaud", "2025-09-22", "CH-VD CH-NE CH-AI", "CH-GE CH-FR"},
		{"Brother Klaus", "2025-09-25", "CH-OW", "CH-NW"},
		{"no third day of rest in Appenzell", "2017-12-26", "CH-SG CH-ZH", "CH-AI CH-AR CH-UR"},
		{"Boxing Day there otherwise", "2024-12-26", "CH-AI CH-AR CH-UR", "CH-GE CH-VD CH-JU CH-NE"},
		{"2 January in Neuchâtel on a Monday only", "2023-01-02", "CH-NE CH-BE", "CH-GE"},
		{"not on a Thursday", "2025-01-02", "CH-BE", "CH-NE"},
		{"Good Friday is a working day in two cantons", "2024-03-29", "CH-ZH CH-GR DE", "CH-TI CH-VS AT"},
		{"an unknown region is its country", "2024-12-26", "DE-XX AT-9", "CH-XX"},
		{"an unknown country has none", "2024-12-25", "", "FR FR-75 XX"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := day(t, tt.day)
			for _, region := range strings.Fields(tt.on) {
				if h, ok := clock.HolidayOn(region, d); !ok || h.Day != d {
					t.Errorf("%s is no holiday in %s", d, region)
				}
			}
			for _, region := range strings.Fields(tt.off) {
				if h, ok := clock.HolidayOn(region, d); ok {
					t.Errorf("%s is a holiday in %s: %s", d, region, h.NameKey)
				}
			}
		})
	}
}

func TestTwoHolidaysOnOneDayBothStandThere(t *testing.T) {
	var names []string
	for _, h := range clock.Holidays("DE-HH", 2008) {
		if h.Day == day(t, "2008-05-01") {
			names = append(names, h.NameKey)
		}
	}
	if diff := cmp.Diff([]string{"clock.holiday.labour_day", "clock.holiday.ascension"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestHolidayOnAgreesWithTheYearsList(t *testing.T) {
	for _, region := range clock.Regions() {
		for year := 1991; year <= 2040; year++ {
			free := map[clock.Day]bool{}
			for _, h := range clock.Holidays(region, year) {
				free[h.Day] = true
			}
			for d := clock.NewDay(year, 1, 1); d < clock.NewDay(year+1, 1, 1); d++ {
				if _, ok := clock.HolidayOn(region, d); ok != free[d] {
					t.Fatalf("%s, %v: HolidayOn says %v", region, d, ok)
				}
			}
		}
	}
}

func BenchmarkHolidayOn(b *testing.B) {
	d := clock.NewDay(2024, time.June, 12)
	for b.Loop() {
		clock.HolidayOn("DE-BY", d)
	}
}
