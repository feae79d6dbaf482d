package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

func hours(t testing.TB, s string) clock.OpeningHours {
	t.Helper()
	h, err := clock.ParseOpeningHours(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// local reads a local time of a zone.
func local(t testing.TB, loc *time.Location, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpeningHoursReadAndWriteTheirText(t *testing.T) {
	tests := map[string]string{
		"Mo-Fr 09:00-17:00":                             "Mo-Fr 09:00-17:00",
		"Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00": "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00",
		" Sa,Su  08:00-12:00 ;Mo 00:00-24:00 ":          "Mo 00:00-24:00; Sa-Su 08:00-12:00",
		"Sa-Mo 10:00-12:00":                             "Mo 10:00-12:00; Sa-Su 10:00-12:00",
		"Mo,We,Fr 09:00-12:00; Tu,Th 09:00-12:00":       "Mo-Fr 09:00-12:00",
		"Mo-Th 09:00-12:00, 13:00-17:00;Fr 09:00-12:00": "Mo-Th 09:00-12:00,13:00-17:00; Fr 09:00-12:00",
		"Di-Do 09:00-12:00; So 10:00-11:00":             "Tu-Th 09:00-12:00; Su 10:00-11:00",
		"":                                              "",
	}
	for text, want := range tests {
		h, err := clock.ParseOpeningHours(text)
		if err != nil || h.String() != want {
			t.Errorf("ParseOpeningHours(%q) = %q, %v; want %q", text, h, err, want)
		}
	}
	for _, bad := range []string{"Mo", "09:00-17:00", "Mo-Fr", "Mo-Xx 09:00-17:00", "Mo 17:00-09:00", "Mo 09:00-09:00", "Mo 09:00-12:00,11:00-13:00",
		"Mo 13:00-17:00,09:00-12:00", "Mo 9-17", "Mo 09:00-17:00;", "Mo 09:00-17:00; Mo 18:00-19:00", "Mo-Mo-Fr 09:00-17:00", "Mo 09:00-25:00"} {
		if h, err := clock.ParseOpeningHours(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseOpeningHours(%q) = %v, %v; want an invalid fault", bad, h, err)
		}
	}
	var back clock.OpeningHours
	data, err := json.Marshal(hours(t, "Mo-Fr 09:00-17:00"))
	if err != nil || string(data) != `"Mo-Fr 09:00-17:00"` || json.Unmarshal(data, &back) != nil || back.String() != "Mo-Fr 09:00-17:00" {
		t.Errorf("JSON gives %s, %v, and back %v", data, err, back)
	}
}

func TestBusinessDaysLeaveOutHolidaysAndDaysOff(t *testing.T) {
	c := clock.Calendar{Region: "DE-BY", Hours: hours(t, "Mo-Fr 09:00-17:00"), Closed: []clock.Period{period(t, "2024-12-27", "2024-12-30")}}
	tests := map[string]bool{
		"2024-05-29": true, "2024-05-30": false /* Corpus Christi */, "2024-06-01": false, "2024-08-15": false, "2024-12-24": true, "2024-12-25": false,
		"2024-12-27": false, "2024-12-30": false, "2024-12-31": true,
	}
	for text, want := range tests {
		if got := c.IsBusinessDay(day(t, text)); got != want {
			t.Errorf("IsBusinessDay(%s) = %v, want %v", text, got, want)
		}
	}
	if zero := (clock.Calendar{}); !zero.IsBusinessDay(day(t, "2024-12-25")) || zero.IsBusinessDay(day(t, "2024-12-28")) {
		t.Error("the zero Calendar does not work Monday to Friday all the year")
	}
}

func TestAddBusinessDaysCountsWorkingDays(t *testing.T) {
	c := clock.Calendar{Region: "DE-BE", Hours: hours(t, "Mo-Fr 09:00-17:00")}
	tests := []struct {
		name, from string
		n          int
		want       string
	}{
		{"over a weekend", "2024-06-07", 1, "2024-06-10"},
		{"over Easter", "2024-03-28", 1, "2024-04-02"},
		{"over Christmas and New Year", "2024-12-23", 3, "2024-12-30"},
		{"back over Easter", "2024-04-02", -1, "2024-03-28"},
		{"none from a business day", "2024-06-07", 0, "2024-06-07"},
		{"none from a Saturday is the next", "2024-06-08", 0, "2024-06-10"},
		{"one from a Saturday", "2024-06-08", 1, "2024-06-10"},
		{"a one-off holiday", "2025-05-07", 1, "2025-05-09"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.AddBusinessDays(day(t, tt.from), tt.n); got.String() != tt.want {
				t.Errorf("%d business days after %s = %v, want %s", tt.n, tt.from, got, tt.want)
			}
		})
	}
}

func TestBusinessDaysBetweenIsTheInverseOfAdding(t *testing.T) {
	c := clock.Calendar{Region: "AT", Hours: hours(t, "Tu-Sa 09:00-17:00")}
	rapid.Check(t, func(t *rapid.T) {
		from := clock.Day(rapid.Int32Range(0, 30_000).Draw(t, "from"))
		n := rapid.IntRange(-60, 60).Draw(t, "n")
		until := c.AddBusinessDays(from, n)
		if n == 0 && until != from || n < 0 && !c.IsBusinessDay(from) {
			return // the count starts from a day that is none
		}
		if got := c.BusinessDaysBetween(from, until); got != n {
			t.Fatalf("%d business days after %v is %v, but between them lie %d", n, from, until, got)
		}
	})
}

func TestBusinessTimeStandsStillOutsideTheHours(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	c := clock.Calendar{Region: "DE-NW", Zone: berlin, Hours: hours(t, "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00")}
	tests := []struct {
		name, from string
		add        time.Duration
		want       string
	}{
		{"within a window", "2024-06-03 09:15", time.Hour, "2024-06-03 10:15"},
		{"over lunch", "2024-06-03 12:00", time.Hour, "2024-06-03 14:00"},
		{"overnight", "2024-06-03 16:30", time.Hour, "2024-06-04 09:30"},
		{"from before opening", "2024-06-03 06:00", time.Hour, "2024-06-03 10:00"},
		{"over the weekend, with Saturday", "2024-06-07 16:00", 6 * time.Hour, "2024-06-10 10:00"},
		{"over a holiday", "2024-05-29 16:00", 2 * time.Hour, "2024-05-31 10:00"},
		{"exactly to the end of the hours", "2024-06-03 13:30", 210 * time.Minute, "2024-06-03 17:00"},
		{"none while open", "2024-06-03 09:15", 0, "2024-06-03 09:15"},
		{"none while closed waits for the opening", "2024-06-08 15:00", 0, "2024-06-10 09:00"},
		{"none at closing time waits for the opening", "2024-06-03 12:30", 0, "2024-06-03 13:30"},
		{"back over lunch", "2024-06-03 14:00", -time.Hour, "2024-06-03 12:00"},
		{"back over the weekend", "2024-06-10 09:30", -time.Hour, "2024-06-08 13:30"},
		{"back from the night", "2024-06-04 03:00", -time.Hour, "2024-06-03 16:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := c.AddBusinessTime(local(t, berlin, tt.from), tt.add)
			if s := got.Format("2006-01-02 15:04"); s != tt.want {
				t.Errorf("%v of business after %s = %s, want %s", tt.add, tt.from, s, tt.want)
			}
		})
	}
}

func TestBusinessTimeIsElapsedTimeWhenTheClocksChange(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	c := clock.Calendar{Zone: berlin, Hours: hours(t, "Mo-Su 00:00-24:00")}
	spring, autumn := day(t, "2024-03-31"), day(t, "2024-10-27")
	if got := c.BusinessTimeBetween(spring.Start(berlin), spring.End(berlin)); got != 23*time.Hour {
		t.Errorf("the day summer time begins has %v", got)
	}
	if got := c.BusinessTimeBetween(autumn.Start(berlin), autumn.End(berlin)); got != 25*time.Hour {
		t.Errorf("the day summer time ends has %v", got)
	}
	if got := c.AddBusinessTime(spring.Start(berlin), 3*time.Hour).Format("15:04"); got != "04:00" {
		t.Errorf("three hours after midnight it is %s", got)
	}
}

func TestBusinessTimeBetweenIsTheInverseOfAdding(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	c := clock.Calendar{Region: "CH-ZH", Zone: berlin, Hours: hours(t, "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00; Su 01:00-04:00")}
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1_600_000_000, 1_900_000_000).Draw(t, "from"), 0)
		d := time.Duration(rapid.Int64Range(-300*3600, 300*3600).Draw(t, "seconds")) * time.Second
		until := c.AddBusinessTime(from, d)
		if got := c.BusinessTimeBetween(from, until); got != d {
			t.Fatalf("%v after %v is %v, but between them lie %v", d, from, until, got)
		}
		if d > 0 && !c.IsOpen(until.Add(-time.Second)) {
			t.Fatalf("%v after %v is %v, outside the hours", d, from, until)
		}
	})
}

func TestIsOpenFollowsTheWindows(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	c := clock.Calendar{Region: "DE-NW", Zone: berlin, Hours: hours(t, "Mo-Fr 09:00-12:30,13:30-17:00")}
	got := map[string]bool{}
	want := map[string]bool{"2024-06-03 08:59": false, "2024-06-03 09:00": true, "2024-06-03 12:29": true, "2024-06-03 12:30": false, "2024-06-03 13:30": true,
		"2024-06-03 17:00": false, "2024-06-08 10:00": false, "2024-05-30 10:00": false}
	for s := range want {
		got[s] = c.IsOpen(local(t, berlin, s))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseOpeningHours(f *testing.F) {
	for _, s := range []string{"Mo-Fr 09:00-17:00", "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00", "Sa-Mo 00:00-24:00", "Mo"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := clock.ParseOpeningHours(s)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("ParseOpeningHours(%q): %v", s, err)
			}
			return
		}
		again, err := clock.ParseOpeningHours(h.String())
		if err != nil || again.String() != h.String() || !cmp.Equal(again, h) {
			t.Fatalf("%q is %v and read again %v, %v", s, h, again, err)
		}
	})
}

func BenchmarkAddBusinessTime(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	c := clock.Calendar{Region: "DE-BY", Zone: berlin, Hours: hours(b, "Mo-Fr 09:00-12:30,13:30-17:00")}
	from := local(b, berlin, "2024-06-07 16:00")
	for b.Loop() {
		c.AddBusinessTime(from, 8*time.Hour)
	}
}
