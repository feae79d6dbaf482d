package sheet_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
)

func berlin(t testing.TB) *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDatesAreReadAsPeopleWriteThem(t *testing.T) {
	const dmy, mdy, ymd, unknown = sheet.DMY, sheet.MDY, sheet.YMD, sheet.DateOrder("")
	tests := []struct {
		text  string
		order sheet.DateOrder
		want  string // UTC
		day   string
		timed bool
	}{
		{"01.12.2010", unknown, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"1.12.2010 8:26", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"01.12.2010 08:26:30", mdy, "2010-01-12T07:26:30Z", "2010-01-12", true},
		{"1. 2. 2010", unknown, "2010-01-31T23:00:00Z", "2010-02-01", false}, {"01.12.10", unknown, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"01.12.2010, 08:26 Uhr", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"01.12.2010 08.26", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true},
		{"2010-12-01", mdy, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"2010-12-01T08:26:00", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"2010-12-01 08:26:00.123456", unknown, "2010-12-01T07:26:00.123456Z", "2010-12-01", true},
		{"2010-12-01T23:30:00Z", unknown, "2010-12-01T23:30:00Z", "2010-12-02", true}, {"2010-12-01T08:26:00+0530", unknown, "2010-12-01T02:56:00Z", "2010-12-01", true}, {"2010-12-01 08:26:00 +0100", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"2010-12-01 08:26:00-05", unknown, "2010-12-01T13:26:00Z", "2010-12-01", true},
		{"2010-07-01 08:26 MESZ", unknown, "2010-07-01T06:26:00Z", "2010-07-01", true}, {"2010-12-01T08:26+01:00[Europe/Berlin]", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"2010/12/01", unknown, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"2010.12.01", unknown, "2010-11-30T23:00:00Z", "2010-12-01", false},
		{"12/1/2010 8:26", mdy, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"1/12/2010", dmy, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"12/13/2010", unknown, "2010-12-12T23:00:00Z", "2010-12-13", false}, {"13/12/2010", unknown, "2010-12-12T23:00:00Z", "2010-12-13", false}, {"5/5/2011", unknown, "2011-05-04T22:00:00Z", "2011-05-05", false},
		{"12/1/10 8:26 PM", mdy, "2010-12-01T19:26:00Z", "2010-12-01", true}, {"12/1/10 12:05 am", mdy, "2010-11-30T23:05:00Z", "2010-12-01", true}, {"12/1/2010 8 PM", mdy, "2010-12-01T19:00:00Z", "2010-12-01", true}, {"1-2-2011", dmy, "2011-01-31T23:00:00Z", "2011-02-01", false}, {"10/12/01", ymd, "2010-11-30T23:00:00Z", "2010-12-01", false},
		{"20101201", unknown, "2010-11-30T23:00:00Z", "2010-12-01", false}, {"20101201 0826", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"20101201082600", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true}, {"20101201T082600Z", unknown, "2010-12-01T08:26:00Z", "2010-12-01", true}, {"201012010826", unknown, "2010-12-01T07:26:00Z", "2010-12-01", true},
		{"11-Feb-13", unknown, "2013-02-10T23:00:00Z", "2013-02-11", false}, {"3. März 2024", mdy, "2024-03-02T23:00:00Z", "2024-03-03", false}, {"1. Dez. 2024, 08:26 Uhr", unknown, "2024-12-01T07:26:00Z", "2024-12-01", true}, {"Mar 3, 2024, 9:05:00 PM", dmy, "2024-03-03T20:05:00Z", "2024-03-03", true},
		{"2024-Mar-03", unknown, "2024-03-02T23:00:00Z", "2024-03-03", false}, {"Tue, 5 Mar 2024 10:00:00 +0000", unknown, "2024-03-05T10:00:00Z", "2024-03-05", true}, {"March 3rd, 2024", unknown, "2024-03-02T23:00:00Z", "2024-03-03", false}, {"03MAY2024", unknown, "2024-05-02T22:00:00Z", "2024-05-03", false}, {"Feb 1, 2017 12:05:05 AM PST", unknown, "2017-02-01T08:05:05Z", "2017-02-01", true},
		{"29.02.2012", unknown, "2012-02-28T23:00:00Z", "2012-02-29", false}, {"01.01.69", unknown, "1968-12-31T23:00:00Z", "1969-01-01", false}, {"99/12/31", unknown, "1999-12-30T23:00:00Z", "1999-12-31", false},
		{"28.03.2010 02:30", unknown, "2010-03-28T01:30:00Z", "2010-03-28", true}, {"31.10.2010", unknown, "2010-10-30T22:00:00Z", "2010-10-31", false},
	}
	for _, tt := range tests {
		got, problem := sheet.ParseDate(tt.text, tt.order, berlin(t))
		if problem != "" || got.At.Format(time.RFC3339Nano) != tt.want || got.Day.String() != tt.day || got.HasTime != tt.timed {
			t.Errorf("%q %s: %s %s %v %q, want %s %s %v", tt.text, tt.order, got.At.Format(time.RFC3339Nano), got.Day, got.HasTime, problem, tt.want, tt.day, tt.timed)
		}
	}
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"31.02.2011": "date_impossible", "30.02.2011": "date_impossible", "29.02.2011": "date_impossible", "31.04.2011": "date_impossible", "02/31/2011": "date_impossible", "2011-02-31": "date_impossible", "20110231": "date_impossible",
		"32.01.2011": "date", "01.13.2011": "date", "2011-13-01": "date", "0.1.2011": "date", "abc": "date", "": "date", "1.2.": "date", "01.02": "date", "12": "date", "1.2.3.4": "date", "01.02.2011 25:00": "date", "01.02.2011 08:60": "date", "01.02.2011 x": "date", "01.02.11111": "date", "12345": "date", "2011-02-01T": "",
		"03/04/2011": "date_ambiguous", "01.02.2011 08:00 XYZ": "zone", "01.02.2011 08:00 +25:00": "zone", "1. Fooruar 2011": "date", "Feb 2011": "date", "Mayor 3 2011": "date", "3 May 20111": "date", "31. Februar 2011": "date_impossible", "May": "date", "2011 2012 May": "date", "40513.35": "date", "31/31/2011": "date", "13:30": "date", "01-2011": "date", "1/2/3/4": "date",
	} {
		if got, problem := sheet.ParseDate(text, "", time.UTC); problem != want {
			t.Errorf("%q: %v, problem %q, want %q", text, got, problem, want)
		}
	}
}

func TestTheFormOfADateTellsTheOrder(t *testing.T) {
	for text, want := range map[string]string{
		"2011-03-04": "neutral", "03.04.2011": "neutral", "20110304": "neutral", "03/04/2011": "ambiguous", "3/4/11": "ambiguous", "04/04/2011": "neutral", "13/04/2011": "dmy", "04/13/2011": "mdy", "99/12/31": "ymd", "31/02/2011": "none", "31.02.2011": "none", "x": "none", "": "none", "13/02/03": "dmy", "13-04-2011 10:00": "dmy", "3-Apr-11": "neutral", "April 2011": "none", "31. Februar 2011": "none",
	} {
		if got := sheet.DateShape(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestLocalTimesAgreeWithGoInEveryZone(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tehran", "Pacific/Apia", "UTC", "Africa/Cairo"}
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day := clock.Day(rapid.IntRange(0, 24000).Draw(t, "day"))
		second := rapid.IntRange(0, 86399).Draw(t, "second")
		y, m, d := day.Date()
		text := day.String() + " " + time.Unix(int64(second), 0).UTC().Format("15:04:05")
		got, problem := sheet.ParseDate(text, "", loc)
		if want := time.Date(y, m, d, 0, 0, second, 0, loc); problem != "" || !got.At.Equal(want) || got.Day != day {
			t.Fatalf("%q in %s: %s %s, want %s", text, loc, got.At, problem, want)
		}
		zoned, problem := sheet.ParseDate(text+"Z", "", loc)
		at := time.Date(y, m, d, 0, 0, second, 0, time.UTC)
		if problem != "" || !zoned.At.Equal(at) || zoned.Day != clock.DayOf(at, loc) {
			t.Fatalf("%q in %s: day %s, want %s", text+"Z", loc, zoned.Day, clock.DayOf(at, loc))
		}
		plain, problem := sheet.ParseDate(day.String(), "", loc)
		if problem != "" || !plain.At.Equal(day.Start(loc)) {
			t.Fatalf("%s in %s starts at %s %s, want %s", day, loc, plain.At, problem, day.Start(loc))
		}
	})
}

// FuzzDates holds that nothing panics, and that a date that is read and written as ISO is read the same again.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"01.12.2010 08:26", "2010-12-01T08:26:00.5+01:00", "12/1/10 8:26 PM", "20101201 0826", "31.02.2011", "1. 2. 2010", "08:26"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []sheet.DateOrder{"", sheet.DMY, sheet.MDY, sheet.YMD} {
			got, problem := sheet.ParseDate(s, o, time.UTC)
			if problem != "" {
				continue
			}
			again, problem := sheet.ParseDate(got.At.Format(time.RFC3339Nano), "", time.UTC)
			if problem != "" || !again.At.Equal(got.At) || got.Day != clock.DayOf(got.At, time.UTC) {
				t.Errorf("%q is %s, read again %s %s", s, got.At, again.At, problem)
			}
		}
		sheet.DateShape(s)
	})
}
