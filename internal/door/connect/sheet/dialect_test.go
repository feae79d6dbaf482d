package sheet_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
)

func prepare(t testing.TB, kind sheet.Kind, o sheet.Options, text string) *sheet.Plan {
	t.Helper()
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(text))}}
	plan, err := files.Prepare(context.Background(), kind, o)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestTheDialectIsFound(t *testing.T) {
	german := "Auftrag;Kunde;Datum;Betrag\n"
	tests := []struct {
		name, text    string
		separator     string
		heading, skip int64
		headings      string
	}{
		{"commas", small, ",", 1, 1, "order customer date amount"},
		{"semicolons with decimal commas", german + "1;7;01.02.2024;1,5\n2;8;02.02.2024;2,5\n", ";", 1, 1, "Auftrag Kunde Datum Betrag"},
		{"tabs", strings.ReplaceAll(small, ",", "\t"), "\t", 1, 1, "order customer date amount"},
		{"bars", strings.ReplaceAll(small, ",", "|"), "|", 1, 1, "order customer date amount"},
		{"a line sep=", "sep=;\r\n" + german + "1;7;01.02.2024;1,5\n", ";", 2, 2, "Auftrag Kunde Datum Betrag"},
		{"a quoted line sep=", "\"sep=|\"\nAuftrag|Datum\n1|01.02.2024\n", "|", 2, 2, "Auftrag Datum"},
		{"titles above", "Umsatzliste, gesamt\nStand: 01.03.2024\n\n" + german + "1;7;01.02.2024;1,5\n2;8;02.02.2024;2\n", ";", 4, 4, "Auftrag Kunde Datum Betrag"},
		{"titles filled up with separators", "Umsatzliste;;;\nStand;01.03.2024;;\n" + german + "1;7;01.02.2024;1,5\n2;8;02.02.2024;2\n", ";", 3, 3, "Auftrag Kunde Datum Betrag"},
		{"no headings", "S1;0001;1997-01-01;2;29,33\nS2;0001;1997-01-18;2;29,73\nS3;0002;1997-01-18;1;9,73\n", ";", 0, 0, "1 2 3 4 5"},
		{"empty columns at the end", "order;date;;\n1;2024-01-01;;\n", ";", 1, 1, "order date"},
		{"headings that occur twice", "order,date,note,note,\n1,2024-01-01,a,b,\n", ",", 1, 1, "order date note note (2)"},
		{"a heading without a name", "order,,date\n1,x,2024-01-01\n", ",", 1, 1, "order 2 date"},
		{"separators inside quotes", "order,date,description\n1,2024-01-01,\"a;b;c\"\n2,2024-01-01,\"a;b;c\"\n", ",", 1, 1, "order date description"},
		{"semicolons in each row of a comma file", "order,date,description\n1,2024-01-01,a;b\n2,2024-01-01,a;b\n", ",", 1, 1, "order date description"},
		{"blanks, without headings", " 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n 00002 19970112 15    0.00\r\n", " ", 0, 0, "1 2 3 4"},
		{"blanks, with headings", "id date  amount \n  1 2024-01-01 5\n 10 2024-01-02   7\n", " ", 1, 1, "id date amount"},
		{"rows of every width under headings that are known", german + "1;7;01.02.2024;1,5\n2;8;02.02.2024\n3;8;02.02.2024;2,5;x;y\n4;8;02.02.2024;2,5\n", ";", 1, 1, "Auftrag Kunde Datum Betrag"},
		{"times are no second column", "date\n2024-01-01 10:00\n2024-01-02 11:00\n", ",", 1, 1, "date"},
		{"one column", "date\n2024-01-01\n2024-01-02\n", ",", 1, 1, "date"},
		{"unknown headings above numbers", "foo;Datum\n1;01.02.2024\n", ";", 1, 1, "foo Datum"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := prepare(t, sheet.Orders, sheet.Options{}, tt.text).Files[0]
			got := []any{p.Dialect.Separator, p.Dialect.Heading, p.Dialect.Skip, strings.Join(p.Headings, " ")}
			if d := cmp.Diff([]any{tt.separator, tt.heading, tt.skip, tt.headings}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTheDialectCanBeTold(t *testing.T) {
	text := "a;b,c\n2024-01-01;1,5\n2024-01-02;2,5\n"
	p := prepare(t, sheet.Orders, sheet.Options{Separator: "tab", Heading: -1, Map: map[string]string{"date": "1"}}, strings.ReplaceAll(text, ";", "\t")).Files[0]
	if p.Dialect.Separator != "\t" || p.Dialect.Heading != 0 || p.Headings[0] != "1" {
		t.Errorf("%+v", p)
	}
	p = prepare(t, sheet.Orders, sheet.Options{Separator: ",", Heading: 2, Map: map[string]string{"date": "1"}}, "x,y\ndate,z\n2024-01-01,1\n").Files[0]
	if p.Dialect.Heading != 2 || p.Headings[0] != "date" {
		t.Errorf("%+v", p)
	}
	for name, o := range map[string]sheet.Options{"decimal": {Decimal: "dot"}, "dates": {Dates: "ydm"}, "encoding": {Encoding: "ebcdic"}, "separator": {Separator: ":"}, "currency": {Currency: "XQZ"}, "zone": {Zone: "Mars/Base"}} {
		files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(small))}}
		if _, err := files.Prepare(context.Background(), sheet.Orders, o); fault.CodeOf(err) != fault.Invalid || fault.As(err).Field != name {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestATableSetWithBlanksIsReadInAnyPortions(t *testing.T) {
	text := " 00001 19970101  1   11.77\r\n 00002 19970112 12  1,200.00 \n00002 19970113  1    0.00"
	for name, data := range map[string]string{"as it is": text, "long": strings.Repeat(text+"\r\n", 5000)} {
		rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.txt", []byte(data)))
		if err != nil || len(bad) > 0 || len(rows)%3 != 0 {
			t.Fatalf("%s: %d rows, bad %v, error %v", name, len(rows), bad, err)
		}
		for i, r := range rows {
			want := [...]string{"00001 1997-01-01 1000 1177", "00002 1997-01-12 12000 120000", "00002 1997-01-13 1000 0"}[i%3]
			if got := fmt.Sprint(r.Customer, " ", r.Date.Day, " ", r.Quantity.N, " ", r.Amount.N); got != want {
				t.Fatalf("%s: row %d: %s, want %s", name, i, got, want)
			}
		}
	}
	whole, _ := io.ReadAll(sheet.Blanks(strings.NewReader(text)))
	halves, err := io.ReadAll(sheet.Blanks(iotest.OneByteReader(strings.NewReader(text))))
	if err != nil || string(whole) != string(halves) || !strings.HasPrefix(string(whole), "00001\t19970101\t1\t11.77\r\n00002\t19970112\t12\t1,200.00\n") {
		t.Errorf("%q, byte by byte %q, %v", whole, halves, err)
	}
}

func TestEveryEncodingGivesTheSameText(t *testing.T) {
	text := "Auftrag;Datum;Bezeichnung;Betrag\r\n1;01.02.2024;Größe „XL“ – 5 €;1,5\r\n"
	win, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	le, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	be, _ := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	bare, _ := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(text)
	for name, data := range map[string]string{"utf-8": text, "utf-8 with mark": "\xef\xbb\xbf" + text, "windows-1252": win, "utf-16le": le, "utf-16be": be, "utf-16le without mark": bare, "old mac": strings.ReplaceAll(text, "\r\n", "\r")} {
		rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte(data)))
		if err != nil || len(bad) > 0 || len(rows) != 1 || rows[0].Order != "1" || rows[0].Description != "Größe „XL“ – 5 €" || rows[0].Amount.N != 150 {
			t.Errorf("%s: rows %+v, bad %v, error %v", name, rows, bad, err)
		}
	}
}

func TestWindows1252ThatShowsLate(t *testing.T) {
	text := "order,date,name\n" + strings.Repeat("1,2024-01-01,Anna\n", 10_000) + "2,2024-01-01,J\xf6rg\n"
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(bad) != 0 || rows[len(rows)-1].Name != "Jörg" {
		t.Errorf("last %+v, bad %v, error %v", rows[len(rows)-1], bad, err)
	}
	rows, bad, err = orders(t, sheet.Options{Encoding: sheet.UTF8}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(rows) != 10_000 || len(bad) != 1 || bad[0].Key != "sheet.bad.encoding" || bad[0].Line != 10_002 {
		t.Errorf("told UTF-8: %d rows, bad %v, error %v", len(rows), bad, err)
	}
}

// FuzzEncodings holds that text is decoded the same however it arrives, and that UTF-8 comes through unchanged.
func FuzzEncodings(f *testing.F) {
	for _, s := range []string{"\xef\xbb\xbfa", "\xef\xbb", "\xff\xfea\x00", "\xfe\xff\x00a", "Gr\xf6\xdfe", "Größe", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sheet.GuessEncoding(data)
		for _, e := range sheet.Encodings() {
			whole, err := io.ReadAll(sheet.Decode(e, bytes.NewReader(data)))
			if err != nil {
				t.Fatal(e, err)
			}
			halves, err := io.ReadAll(sheet.Decode(e, iotest.HalfReader(bytes.NewReader(data))))
			if err != nil || !bytes.Equal(whole, halves) {
				t.Fatalf("%s: %q, in portions %q %v", e, whole, halves, err)
			}
			if e == sheet.UTF8 && !bytes.Equal(whole, bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
				t.Fatalf("%q became %q", data, whole)
			}
		}
	})
}

// FuzzFiles reads whatever comes as a file of every kind: it must end, without panic, in rows or a fault.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{small, "sep=;\nAuftrag;Datum\n1;01.02.2024\n", "a\x00b", "\xff\xfea\x00,\x00", "PK\x03\x04", "\x1f\x8b\x08", "1,2,3\n4,5,6\n", "\"", "date\n\"2024-01-01\n", "order,date,amount\n1,2024-01-01,\"1.234\"\n", "Kundennr;Vorname\n1;\xe4\n"} {
		f.Add([]byte(s))
	}
	f.Add(gzipped(f, small))
	f.Add(zipped(f, "a.csv", small))
	f.Add(book(f, `<worksheet><sheetData><row><c t="inlineStr"><is><t>date</t></is></c></row><row><c><v>40000</v></c></row></sheetData></worksheet>`, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx := context.Background()
		for _, kind := range sheet.Kinds() {
			files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("f", data)}}
			plan, err := files.Prepare(ctx, kind, sheet.Options{})
			if err != nil {
				if fault.CodeOf(err) != fault.Invalid {
					t.Fatalf("%s: %v", kind, err)
				}
				continue
			}
			s, err := files.Survey(ctx, plan)
			if err != nil {
				if fault.CodeOf(err) != fault.Invalid {
					t.Fatalf("%s: %v", kind, err)
				}
				continue
			}
			n := int64(0)
			bad := func(e sheet.RowError) error { n++; return nil }
			switch kind {
			case sheet.Orders:
				err = files.Orders(ctx, s, 0, func(*sheet.OrderRow) error { n++; return nil }, bad)
			case sheet.Customers:
				err = files.Customers(ctx, s, 0, func(*sheet.CustomerRow) error { n++; return nil }, bad)
			case sheet.Products:
				err = files.Products(ctx, s, 0, func(*sheet.ProductRow) error { n++; return nil }, bad)
			case sheet.Payments:
				err = files.Payments(ctx, s, 0, func(*sheet.PaymentRow) error { n++; return nil }, bad)
			case sheet.Contracts:
				err = files.Contracts(ctx, s, 0, func(*sheet.ContractRow) error { n++; return nil }, bad)
			case sheet.Consents:
				err = files.Consents(ctx, s, 0, func(*sheet.ConsentRow) error { n++; return nil }, bad)
			}
			if err != nil || n != s.Rows {
				t.Fatalf("%s: %d rows of %d, error %v", kind, n, s.Rows, err)
			}
		}
	})
}
