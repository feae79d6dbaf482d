package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// zone loads a zone or ends the test.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// day reads a date or ends the test.
func day(t testing.TB, s string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDayTakesOnlyRealDates(t *testing.T) {
	for _, good := range []string{"1970-01-01", "0000-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "1899-12-31"} {
		d, err := clock.ParseDay(good)
		if err != nil || d.String() != good {
			t.Errorf("ParseDay(%q) = %v, %v", good, d, err)
		}
	}
	for _, bad := range []string{"", "2023-02-29", "1900-02-29", "2023-02-31", "2023-13-01", "2023-00-10", "2023-01-00", "2023-1-1", "23-01-01", "2023/01/01", "2023-01-01T", "２０23-01-01", "-001-01-01"} {
		if d, err := clock.ParseDay(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseDay(%q) = %v, %v; want an invalid fault", bad, d, err)
		}
	}
}

func TestDaysAgreeWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := clock.Day(rapid.Int32Range(-3_000_000, 3_000_000).Draw(t, "day"))
		want := time.Unix(int64(d)*86400, 0).UTC()
		y, m, dd := d.Date()
		if wy, wm, wd := want.Date(); y != wy || m != wm || dd != wd || d.Weekday() != want.Weekday() {
			t.Fatalf("%d is %d-%d-%d, want %v", d, y, m, dd, want)
		}
		if got := clock.NewDay(y, m, dd); got != d {
			t.Fatalf("NewDay(%d, %d, %d) = %d, want %d", y, m, dd, got, d)
		}
		if d.String() != want.Format("2006-01-02") {
			t.Fatalf("String = %s, want %s", d, want.Format("2006-01-02"))
		}
		if got := clock.DayOf(want.Add(23*time.Hour), time.UTC); got != d {
			t.Fatalf("DayOf = %v, want %v", got, d)
		}
	})
}

func TestNewDayCarriesOver(t *testing.T) {
	tests := []struct {
		y    int
		m    time.Month
		d    int
		want string
	}{
		{2023, 6, 31, "2023-07-01"}, {2023, 13, 1, "2024-01-01"}, {2023, 0, 1, "2022-12-01"}, {2024, 3, 0, "2024-02-29"}, {2023, -11, 1, "2022-01-01"},
	}
	for _, tt := range tests {
		if got := clock.NewDay(tt.y, tt.m, tt.d).String(); got != tt.want {
			t.Errorf("NewDay(%d, %d, %d) = %s, want %s", tt.y, tt.m, tt.d, got, tt.want)
		}
	}
}

func TestMonthsClampToTheLastDay(t *testing.T) {
	tests := []struct {
		from string
		n    int
		want string
	}{
		{"2023-01-31", 1, "2023-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2024-02-29", 12, "2025-02-28"}, {"2024-03-31", -1, "2024-02-29"},
		{"2024-12-31", 2, "2025-02-28"}, {"2024-01-15", -13, "2022-12-15"}, {"2024-05-31", 0, "2024-05-31"}, {"2024-08-30", 6, "2025-02-28"},
	}
	for _, tt := range tests {
		if got := day(t, tt.from).AddMonths(tt.n).String(); got != tt.want {
			t.Errorf("%s + %d months = %s, want %s", tt.from, tt.n, got, tt.want)
		}
	}
}

func TestDayIsTextInJSON(t *testing.T) {
	type birthday struct {
		Day clock.Day `json:"day"`
	}
	data, err := json.Marshal(birthday{day(t, "2024-02-29")})
	if err != nil || string(data) != `{"day":"2024-02-29"}` {
		t.Fatalf("Marshal = %s, %v", data, err)
	}
	var back birthday
	if err := json.Unmarshal(data, &back); err != nil || back.Day.String() != "2024-02-29" {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"day":"2023-02-29"}`), &back); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a date that does not exist gives %v", err)
	}
}

func TestDayStartsAtTheFirstLocalInstant(t *testing.T) {
	tests := []struct{ name, zone, day, want string }{
		{"in winter", "Europe/Berlin", "2024-01-15", "2024-01-14T23:00:00Z"},
		{"in summer", "Europe/Berlin", "2024-07-15", "2024-07-14T22:00:00Z"},
		{"where midnight is skipped", "America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z"},
		{"where midnight comes twice", "America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"},
		{"on the day after a skipped day", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"on a day that never was, at the same instant", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"with half hours", "Australia/Lord_Howe", "2024-04-08", "2024-04-07T13:30:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := day(t, tt.day).Start(zone(t, tt.zone)).UTC().Format(time.RFC3339)
			if got != tt.want {
				t.Errorf("Start = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEveryInstantLiesBetweenTheStartOfItsDayAndTheNext(t *testing.T) {
	zones := []*time.Location{zone(t, "Europe/Berlin"), zone(t, "America/Havana"), zone(t, "America/Santiago"), zone(t, "Asia/Beirut"), zone(t, "Pacific/Apia"), zone(t, "Asia/Kathmandu")}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "instant"), 0)
		d := clock.DayOf(at, loc)
		if at.Before(d.Start(loc)) || !at.Before(d.AddDays(1).Start(loc)) {
			t.Fatalf("%v is in %v, which lasts from %v to %v", at, d, d.Start(loc), d.AddDays(1).Start(loc))
		}
	})
}

func TestMicrosKeepAnInstant(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 123456789, zone(t, "Europe/Berlin"))
	if got := clock.Time(clock.Micros(at)); !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != time.UTC {
		t.Errorf("Time(Micros) = %v", got)
	}
}

func FuzzParseDay(f *testing.F) {
	f.Add("2024-02-29")
	f.Add("2023-02-31")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := clock.ParseDay(s)
		want, wantErr := time.Parse("2006-01-02", s)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("ParseDay(%q) = %v, time.Parse says %v", s, err, wantErr)
		}
		if err == nil && clock.DayOf(want, time.UTC) != d {
			t.Fatalf("ParseDay(%q) = %v, want %v", s, d, want)
		}
	})
}
