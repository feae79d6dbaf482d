package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

func period(t testing.TB, from, until string) clock.Period {
	t.Helper()
	return clock.Period{From: day(t, from), Until: day(t, until)}
}

func TestUntilIsOverAtTheNextLocalMidnight(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start, end := period(t, "2024-07-01", "2024-12-31").Instants(berlin)
	if got := start.UTC().Format(time.RFC3339); got != "2024-06-30T22:00:00Z" {
		t.Errorf("it starts at %s", got)
	}
	if got := end.UTC().Format(time.RFC3339); got != "2024-12-31T23:00:00Z" {
		t.Errorf("it ends at %s", got)
	}
}

func TestPeriodsKnowTheirDays(t *testing.T) {
	p := period(t, "2024-02-01", "2024-02-29")
	if p.Days() != 29 || !p.Contains(p.From) || !p.Contains(p.Until) || p.Contains(p.Until+1) || p.Contains(p.From-1) {
		t.Errorf("February 2024 is wrong: %v days", p.Days())
	}
	if empty := period(t, "2024-02-02", "2024-02-01"); empty.Days() != 0 || empty.Contains(empty.From) {
		t.Error("a period that ends before it starts has days")
	}
}

func TestCalendarPeriodsHoldTheirDay(t *testing.T) {
	tests := []struct {
		name string
		got  clock.Period
		want clock.Period
	}{
		{"month", clock.MonthOf(day(t, "2024-02-29")), period(t, "2024-02-01", "2024-02-29")},
		{"month at the end of a year", clock.MonthOf(day(t, "2023-12-31")), period(t, "2023-12-01", "2023-12-31")},
		{"year", clock.YearOf(day(t, "2024-02-29")), period(t, "2024-01-01", "2024-12-31")},
		{"week of a Sunday", clock.WeekOf(day(t, "2024-03-03")), period(t, "2024-02-26", "2024-03-03")},
		{"week of a Monday", clock.WeekOf(day(t, "2024-02-26")), period(t, "2024-02-26", "2024-03-03")},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestPeriodsCompareWithEarlierOnes(t *testing.T) {
	tests := []struct {
		name               string
		p, yearBefore, was clock.Period
	}{
		{"a month", period(t, "2024-02-01", "2024-02-29"), period(t, "2023-02-01", "2023-02-28"), period(t, "2024-01-01", "2024-01-31")},
		{"February after a leap year", period(t, "2025-02-01", "2025-02-28"), period(t, "2024-02-01", "2024-02-29"), period(t, "2025-01-01", "2025-01-31")},
		{"a quarter", period(t, "2024-04-01", "2024-06-30"), period(t, "2023-04-01", "2023-06-30"), period(t, "2024-01-01", "2024-03-31")},
		{"a year", period(t, "2024-01-01", "2024-12-31"), period(t, "2023-01-01", "2023-12-31"), period(t, "2023-01-01", "2023-12-31")},
		{"some days", period(t, "2024-03-10", "2024-03-16"), period(t, "2023-03-10", "2023-03-16"), period(t, "2024-03-03", "2024-03-09")},
		{"a month so far", period(t, "2024-03-01", "2024-03-16"), period(t, "2023-03-01", "2023-03-16"), period(t, "2024-02-14", "2024-02-29")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.YearBefore(); got != tt.yearBefore {
				t.Errorf("YearBefore = %v, want %v", got, tt.yearBefore)
			}
			if got := tt.p.Before(); got != tt.was {
				t.Errorf("Before = %v, want %v", got, tt.was)
			}
		})
	}
}

func TestThePeriodBeforeEndsTheDayBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := clock.Day(rapid.Int32Range(0, 30_000).Draw(t, "from"))
		p := clock.Period{From: from, Until: from.AddDays(rapid.IntRange(0, 800).Draw(t, "days"))}
		if rapid.Bool().Draw(t, "months") {
			p = clock.Period{From: p.From.Month(), Until: clock.MonthOf(p.Until).Until}
		}
		if b := p.Before(); b.Until != p.From-1 || b.Days() == 0 {
			t.Fatalf("before %v lies %v", p, b)
		}
	})
}

func TestSpansReadAndWriteISO8601(t *testing.T) {
	for text, want := range map[string]clock.Span{
		"P3M": {3, clock.UnitMonth}, "P14D": {14, clock.UnitDay}, "P2W": {2, clock.UnitWeek}, "P1Y": {1, clock.UnitYear}, "PT36H": {36, clock.UnitHour}, "P0D": {0, clock.UnitDay},
	} {
		if got, err := clock.ParseSpan(text); err != nil || got != want || got.String() != text {
			t.Errorf("ParseSpan(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "3M", "PM", "P3", "P3H", "PT3M", "PT3D", "PTH", "P-3M", "P1Y2M", "P3.5D", "P99999999D", "P1000001D", "p3m"} {
		if got, err := clock.ParseSpan(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseSpan(%q) = %v, %v; want an invalid fault", text, got, err)
		}
	}
	var back struct{ S, None clock.Span }
	if err := json.Unmarshal([]byte(`{"S":"P3M","None":""}`), &back); err != nil || back.S != (clock.Span{N: 3, Unit: clock.UnitMonth}) || back.None != (clock.Span{}) {
		t.Errorf("JSON gives %v, %v", back, err)
	}
}

func TestCalendarUnitsDifferFromElapsedOnes(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := []struct{ name, from, span, want string }{
		{"24 hours over the start of summer time end an hour later", "2024-03-30T12:00:00+01:00", "PT24H", "2024-03-31T13:00:00+02:00"},
		{"a day over the start of summer time keeps the time", "2024-03-30T12:00:00+01:00", "P1D", "2024-03-31T12:00:00+02:00"},
		{"a day that ends in the gap ends after it", "2024-03-30T02:30:15+01:00", "P1D", "2024-03-31T03:00:00+02:00"},
		{"a day that ends in the doubled hour ends in its first", "2024-10-26T02:30:15+02:00", "P1D", "2024-10-27T02:30:15+02:00"},
		{"a day from the second of the doubled hours", "2024-10-27T02:30:00+01:00", "P1D", "2024-10-28T02:30:00+01:00"},
		{"a week", "2024-10-24T09:00:00+02:00", "P1W", "2024-10-31T09:00:00+01:00"},
		{"a month from the 31st", "2024-01-31T09:00:00+01:00", "P1M", "2024-02-29T09:00:00+01:00"},
		{"a year from a leap day", "2024-02-29T09:00:00+01:00", "P1Y", "2025-02-28T09:00:00+01:00"},
		{"nothing changes nothing", "2024-10-27T02:30:00+01:00", "P0D", "2024-10-27T02:30:00+01:00"},
		{"the day counts that it is there", "2024-01-30T23:30:00Z", "P1M", "2024-02-29T00:30:00+01:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			span, err := clock.ParseSpan(tt.span)
			if err != nil {
				t.Fatal(err)
			}
			if got := span.AddTo(at(tt.from), berlin).Format(time.RFC3339); got != tt.want {
				t.Errorf("AddTo = %s, want %s", got, tt.want)
			}
		})
	}
	nanos := at("2024-01-15T09:00:00Z").Add(123 * time.Microsecond)
	if got := (clock.Span{N: 1, Unit: clock.UnitMonth}).AddTo(nanos, berlin); got.Nanosecond() != 123_000 {
		t.Errorf("the fraction of the second is lost: %v", got)
	}
}

func TestSpansOfDays(t *testing.T) {
	tests := []struct {
		n    int
		unit clock.Unit
		want string
	}{
		{1, clock.UnitMonth, "2024-02-29"}, {-2, clock.UnitMonth, "2023-11-30"}, {2, clock.UnitWeek, "2024-02-14"}, {1, clock.UnitYear, "2025-01-31"},
		{36, clock.UnitHour, "2024-02-02"}, {24, clock.UnitHour, "2024-02-01"}, {-24, clock.UnitHour, "2024-01-30"}, {3, clock.UnitDay, "2024-02-03"},
	}
	for _, tt := range tests {
		if got := (clock.Span{N: tt.n, Unit: tt.unit}).AddToDay(day(t, "2024-01-31")); got.String() != tt.want {
			t.Errorf("%d %c after 31 January = %v, want %s", tt.n, tt.unit, got, tt.want)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"P3M", "PT36H", "P", "PT1", "P1000000Y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		span, err := clock.ParseSpan(s)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("ParseSpan(%q): %v", s, err)
			}
			return
		}
		if again, err := clock.ParseSpan(span.String()); err != nil || again != span {
			t.Fatalf("%q is %v and read again %v, %v", s, span, again, err)
		}
		span.AddToDay(0)
	})
}
