package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

func TestLoadZoneTakesOnlyNamesOfTheTable(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "UTC", "America/New_York"} {
		if loc, err := clock.LoadZone(name); err != nil || loc.String() != name {
			t.Errorf("LoadZone(%q) = %v, %v", name, loc, err)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Nowhere", "CEST", "../etc/passwd", "/etc/passwd", "Europe/Berlin\x00"} {
		if loc, err := clock.LoadZone(name); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("LoadZone(%q) = %v, %v; want an invalid fault", name, loc, err)
		}
	}
}

func TestTimeOfDayReadsAndWritesClockTimes(t *testing.T) {
	for text, want := range map[string]clock.TimeOfDay{"00:00": 0, "09:05": 545, "23:59": 1439, "24:00": 1440} {
		got, err := clock.ParseTimeOfDay(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseTimeOfDay(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "9:00", "09:60", "24:01", "25:00", "-1:00", "09-00", "09:0a", "09:000"} {
		if got, err := clock.ParseTimeOfDay(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseTimeOfDay(%q) = %v, %v; want an invalid fault", text, got, err)
		}
	}
	var back clock.TimeOfDay
	if data, err := json.Marshal(clock.TimeOfDay(545)); err != nil || string(data) != `"09:05"` || json.Unmarshal(data, &back) != nil || back != 545 {
		t.Errorf("JSON gives %s, %v, and back %v", data, err, back)
	}
}

func TestAtKnowsTheTrapsOfDaylightSaving(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct{ name, day, at, want string }{
		{"an ordinary time", "2024-06-01", "09:30", "2024-06-01T09:30:00+02:00"},
		{"a skipped time is the first after the gap", "2024-03-31", "02:30", "2024-03-31T03:00:00+02:00"},
		{"just before the gap", "2024-03-31", "01:59", "2024-03-31T01:59:00+01:00"},
		{"just after the gap", "2024-03-31", "03:00", "2024-03-31T03:00:00+02:00"},
		{"a time that comes twice is the first", "2024-10-27", "02:30", "2024-10-27T02:30:00+02:00"},
		{"after the second time", "2024-10-27", "03:00", "2024-10-27T03:00:00+01:00"},
		{"the end of a day is the next midnight", "2024-12-31", "24:00", "2025-01-01T00:00:00+01:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, err := clock.ParseTimeOfDay(tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := day(t, tt.day).At(at, berlin).Format(time.RFC3339); got != tt.want {
				t.Errorf("At = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDaysLast23To25Hours(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for text, want := range map[string]time.Duration{"2024-03-31": 23 * time.Hour, "2024-10-27": 25 * time.Hour, "2024-07-01": 24 * time.Hour} {
		d := day(t, text)
		if got := d.End(berlin).Sub(d.Start(berlin)); got != want {
			t.Errorf("%s lasts %v, want %v", text, got, want)
		}
	}
}

func TestAtShowsTheTimeWantedUnlessItIsSkipped(t *testing.T) {
	zones := []*time.Location{zone(t, "Europe/Berlin"), zone(t, "America/Havana"), zone(t, "Australia/Lord_Howe"), zone(t, "America/St_Johns"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		d := clock.Day(rapid.Int32Range(0, 25_000).Draw(t, "day"))
		tod := clock.TimeOfDay(rapid.Int16Range(0, 1439).Draw(t, "time"))
		got := d.At(tod, loc)
		shown := clock.TimeOfDay(got.Hour()*60 + got.Minute())
		if clock.DayOf(got, loc) == d && shown == tod {
			return
		}
		// The time was skipped: an instant before it the clocks showed something earlier.
		before := got.Add(-time.Second)
		if shown < tod || clock.DayOf(before, loc) > d || clock.TimeOfDay(before.Hour()*60+before.Minute()) >= tod && clock.DayOf(before, loc) == d {
			t.Fatalf("%v %v in %v is %v", d, tod, loc, got)
		}
	})
}
