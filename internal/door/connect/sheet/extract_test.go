package sheet_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"math"
	"strings"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

var picked = []sheet.Pick{{Column: "Gruppe", Field: "arm"}, {Column: "Umsatz", Field: "outcome", Number: true}}

// extract reads the two columns and returns the rows as "text=number".
func extract(t *testing.T, data []byte, o sheet.Options) ([]string, []float64, error) {
	t.Helper()
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("data.csv", data)}}
	e, err := files.Extract(context.Background(), picked, o)
	if err != nil {
		return nil, nil, err
	}
	var texts []string
	var numbers []float64
	err = e.Each(context.Background(), func(_ int64, cells []sheet.Cell) error {
		texts, numbers = append(texts, cells[0].Text), append(numbers, cells[1].Number)
		return nil
	})
	if err == nil && int64(len(texts)) != e.Rows {
		t.Errorf("%d rows were counted and %d handed out", e.Rows, len(texts))
	}
	return texts, numbers, err
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func TestNamedColumnsAreReadFromAnyFile(t *testing.T) {
	for name, c := range map[string]struct {
		data    []byte
		options sheet.Options
		want    []float64
	}{
		"comma and point":          {[]byte("Umsatz,Gruppe\n1.5,a\n1e2,b\n"), sheet.Options{}, []float64{1.5, 100}},
		"semicolon and comma":      {[]byte("Gruppe;x;Umsatz\na;1;1.234,5\nb;2;7\n"), sheet.Options{}, []float64{1234.5, 7}},
		"one row decides for all":  {[]byte("Gruppe;Umsatz\na;1,234\nb;2,5\n"), sheet.Options{}, []float64{1.234, 2.5}},
		"told":                     {[]byte("Gruppe;Umsatz\na;1,234\nb;2,555\n"), sheet.Options{Decimal: sheet.Point}, []float64{1234, 2555}},
		"packed":                   {packed("Gruppe\tUmsatz\na\t-3\nb\t4\n"), sheet.Options{}, []float64{-3, 4}},
		"title above the headings": {[]byte("Auswertung;\nGruppe;Umsatz\na;1\nb;2\n"), sheet.Options{}, []float64{1, 2}},
		"old encoding":             {[]byte("Gruppe;Umsatz\na\xfc;1\nb;2\n"), sheet.Options{}, []float64{1, 2}},
		"true and false":           {[]byte("Gruppe,Umsatz\na,True\nb,False\n"), sheet.Options{}, []float64{1, 0}},
		"long fractions":           {[]byte("Gruppe,Umsatz\na,0.30000000000000004\nb,12.300000000000001\n"), sheet.Options{}, []float64{.30000000000000004, 12.300000000000001}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got, err := extract(t, c.data, c.options)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				if got[i] != want {
					t.Errorf("row %d is %g, want %g", i, got[i], want)
				}
			}
		})
	}
}

func TestTheFirstBadRowEndsTheReadingWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ data, field, says string }{
		"no number":     {"Gruppe,Umsatz\na,1\nb,viel\n", "csv", "line 3, column “Umsatz”: “viel”"},
		"nothing":       {"Gruppe,Umsatz\na,1\n,3\n", "csv", "line 3, column “Gruppe”"},
		"not a number":  {"Gruppe,Umsatz\na,NaN\n", "csv", "line 2"},
		"infinite":      {"Gruppe,Umsatz\na,1e999\n", "csv", "too large"},
		"too few":       {"Gruppe,Umsatz\na,1\nb\n", "csv", "line 3"},
		"no column":     {"Gruppe,Erlös\na,1\n", "outcome", "“Umsatz”"},
		"left open":     {"Gruppe;Umsatz\na;1,234\n", "decimal", "line 2"},
		"mixed":         {"Gruppe;Umsatz\na;1,5\nb;1.5\n", "csv", "line 2"},
		"nothing at al": {"", "file", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := extract(t, []byte(c.data), sheet.Options{})
			f := fault.As(err)
			if f == nil || f.Code == fault.Internal || f.Field != c.field || !strings.Contains(i18n.For("en", nil).Err(err), c.says) {
				t.Errorf("%v, on %q; says %q", err, c.field, i18n.For("en", nil).Err(err))
			}
		})
	}
}

func FuzzExtractNeverMakesUpNumbers(f *testing.F) {
	for _, seed := range []string{"Gruppe,Umsatz\na,1\n", "Gruppe;Umsatz\na;1.234,5\n", "\xff\xfeG", "Gruppe,Umsatz\n\"a\",\"1\n", "Gruppe\tUmsatz\na\t(5)\n", "sep=;\nGruppe;Umsatz\na;- 4 €\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		texts, numbers, err := extract(t, data, sheet.Options{})
		if err != nil && fault.CodeOf(err) == fault.Internal {
			t.Errorf("%q: %v", data, err)
		}
		for i, v := range numbers {
			if math.IsNaN(v) || math.IsInf(v, 0) || texts[i] == "" {
				t.Errorf("%q: row %d is %q, %g", data, i, texts[i], v)
			}
		}
	})
}
