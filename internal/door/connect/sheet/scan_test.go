package sheet_test

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect/sheet"
)

func TestScannerCutsRowsAsTheyAreMeant(t *testing.T) {
	type row = sheet.ScannedRow
	long := strings.Repeat("x", 300_000)
	tests := []struct {
		name, text string
		sep        byte
		want       []row
	}{
		{"plain rows", "a,b\n1,2\n", ',', []row{{1, []string{"a", "b"}, ""}, {2, []string{"1", "2"}, ""}}},
		{"no line end at the end", "a,b\n1,2", ',', []row{{1, []string{"a", "b"}, ""}, {2, []string{"1", "2"}, ""}}},
		{"CRLF and empty lines", "a;b\r\n\r\n1;2\r\n", ';', []row{{1, []string{"a", "b"}, ""}, {3, []string{"1", "2"}, ""}}},
		{"doubled quotes", `"say ""hi""",2`, ',', []row{{1, []string{`say "hi"`, "2"}, ""}}},
		{"separator in quotes", `"a,b",c`, ',', []row{{1, []string{"a,b", "c"}, ""}}},
		{"cells of several lines keep count of lines", "\"a\r\nb\",c\r\nd,e\r\n", ',', []row{{1, []string{"a\nb", "c"}, ""}, {3, []string{"d", "e"}, ""}}},
		{"quotes inside a cell are text", `5" pipe,2` + "\n", ',', []row{{1, []string{`5" pipe`, "2"}, ""}}},
		{"spaces around quotes", `a, "b,c" ,d`, ',', []row{{1, []string{"a", "b,c", "d"}, ""}}},
		{"empty cells", ";;\n;\"\";\n", ';', []row{{1, []string{"", "", ""}, ""}, {2, []string{"", "", ""}, ""}}},
		{"a misplaced quote costs its line only", "a,b\n\"x\"y,2\n3,4\n", ',', []row{{1, []string{"a", "b"}, ""}, {2, []string{`"x"y`, "2"}, "sheet.bad.quote"}, {3, []string{"3", "4"}, ""}}},
		{"an open quote costs its line only", "a,b\n\"x,2\n3,4\n", ',', []row{{1, []string{"a", "b"}, ""}, {2, []string{`"x`, "2"}, "sheet.bad.quote_open"}, {3, []string{"3", "4"}, ""}}},
		{"a tab as separator is no white space", "\"a\"\t\"b\"\n", '\t', []row{{1, []string{"a", "b"}, ""}}},
		{"rows longer than the first buffer", long + "," + long + "\n\"" + long + "\",1\n", ',', []row{{1, []string{long, long}, ""}, {2, []string{long, "1"}, ""}}},
	}
	for _, tt := range tests {
		for how, src := range map[string]io.Reader{"at once": strings.NewReader(tt.text), "by the byte": iotest.OneByteReader(strings.NewReader(tt.text))} {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				got, err := sheet.Scan(src, tt.sep, '\n', 1<<20)
				if err != io.EOF {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func TestScannerReadsLinesOfOldMacs(t *testing.T) {
	got, _ := sheet.Scan(strings.NewReader("a,b\r\"1\r2\",3\r"), ',', '\r', 1<<20)
	want := []sheet.ScannedRow{{1, []string{"a", "b"}, ""}, {2, []string{"1\r2", "3"}, ""}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestARowWithoutEndStopsWithinItsLimit(t *testing.T) {
	endless := &endlessReader{text: "abc,"}
	_, err := sheet.Scan(endless, ',', '\n', 1<<20)
	if err != sheet.ErrRecordTooLong {
		t.Fatalf("error %v", err)
	}
	if endless.read > 4<<20 {
		t.Errorf("read %d bytes before giving up", endless.read)
	}
}

func TestAnOpenQuoteDoesNotSwallowTheFile(t *testing.T) {
	text := "a,b\n\"open,1\n" + strings.Repeat("2,3\n", 300_000)
	rows, err := sheet.Scan(strings.NewReader(text), ',', '\n', 1<<20)
	if err != io.EOF {
		t.Fatal(err)
	}
	if len(rows) != 300_002 || rows[1].Fault != "sheet.bad.quote_open" || rows[2].Fault != "" {
		t.Errorf("%d rows, second %v", len(rows), rows[1])
	}
}

func TestAReadErrorIsReturned(t *testing.T) {
	rows, err := sheet.Scan(io.MultiReader(strings.NewReader("a,b\n1,"), iotest.ErrReader(io.ErrUnexpectedEOF)), ',', '\n', 1<<20)
	if err != io.ErrUnexpectedEOF || len(rows) != 1 {
		t.Errorf("rows %v, error %v", rows, err)
	}
}

// endlessReader repeats a text for ever.
type endlessReader struct {
	text string
	read int
}

func (e *endlessReader) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	e.read += n
	return n, nil
}

// FuzzScanner compares with encoding/csv wherever that finds the input well formed, and with itself when bytes come one by one.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",c\r\n", "\"a\nb\",c\n\n\nd,e", "a,\"b", "\"x\"y,z\n1,2\n", ",,,\n", "\r\n\r", "\"\"\n", " \"a\" ,b\n", "\"a\r\n\"\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := sheet.Scan(strings.NewReader(text), ',', '\n', 1<<16)
		slow, _ := sheet.Scan(iotest.OneByteReader(strings.NewReader(text)), ',', '\n', 1<<16)
		if d := cmp.Diff(got, slow); d != "" {
			t.Fatalf("bytes that come one by one are cut differently: %s", d)
		}
		if err != io.EOF {
			return
		}
		last := int64(0)
		for _, r := range got {
			if r.Line <= last {
				t.Fatalf("line %d after line %d", r.Line, last)
			}
			last = r.Line
		}
		ref := csv.NewReader(strings.NewReader(text))
		ref.FieldsPerRecord = -1
		want, err := ref.ReadAll()
		if err != nil {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%d rows, encoding/csv has %d: %q", len(got), len(want), want)
		}
		for i, r := range got {
			if d := cmp.Diff(want[i], r.Cells); d != "" || r.Fault != "" {
				t.Fatalf("row %d %s: %s", i, r.Fault, d)
			}
		}
	})
}
