package sheet_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
)

// workbook writes rows the way Excel does.
func workbook(t testing.TB, change func(f *excelize.File), rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAWorkbookIsReadWithItsDatesAndNumbers(t *testing.T) {
	at := time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC)
	data := workbook(t, nil,
		[]any{"Bestellungen 2010"}, nil,
		[]any{"Bestellnummer", "Kunde", "Datum", "Betrag", "Artikel", "Bezeichnung", "Land"},
		[]any{"0001", 17850, at, 2.55, 85123, "T-LIGHT & <HOLDER>\nred", "Österreich"},
		nil,
		[]any{"0002", "0017", time.Date(2010, 12, 2, 0, 0, 0, 0, time.UTC), 1.234, "00042", nil, nil},
		[]any{"0003", 4012345678901, "03.12.2010", 1e-3, 4012345678901, "ß_x000D_", "EIRE"},
	)
	for name, in := range map[string]sheet.Input{"alone": sheet.Bytes("a.xlsx", data), "in a zip": sheet.Bytes("a.zip", zipped(t, "a.xlsx", string(data)))} {
		t.Run(name, func(t *testing.T) {
			rows, bad, err := orders(t, sheet.Options{Zone: "Europe/Berlin"}, in)
			if err != nil || len(bad) != 0 || len(rows) != 3 {
				t.Fatalf("%d rows, bad %v, error %v", len(rows), bad, err)
			}
			r := rows[0]
			if !r.Date.At.Equal(at.Add(-time.Hour)) || !r.Date.HasTime {
				t.Errorf("date %v", r.Date)
			}
			got := []any{r.Line, r.Order, r.Customer, r.Amount.N, r.Product, r.Description, r.Country, rows[1].Line, rows[1].Customer, rows[1].Amount.N, rows[1].Product, rows[1].Date.HasTime, rows[2].Customer, rows[2].Amount.N, rows[2].Description, rows[2].Country, rows[2].Date.Day.String()}
			want := []any{int64(4), "0001", "17850", int64(255), "85123", "T-LIGHT & <HOLDER>\nred", "AT", int64(6), "0017", int64(123), "00042", false, "4012345678901", int64(0), "ß", "IE", "2010-12-03"}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSerialNumbersWithoutAFormatAreDates(t *testing.T) {
	data := workbook(t, nil, []any{"order", "date", "amount"}, []any{"a", 40513, 1}, []any{"b", 40513.351388888886, 2}, []any{"c", 20101203, 3}, []any{"d", 7, 4})
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.xlsx", data))
	if err != nil || len(rows) != 3 || len(bad) != 1 {
		t.Fatalf("%d rows, bad %v, error %v", len(rows), bad, err)
	}
	for i, want := range []string{"2010-12-01T00:00:00Z", "2010-12-01T08:26:00Z", "2010-12-03T00:00:00Z"} {
		if got := rows[i].Date.At.Format(time.RFC3339); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestWorkbooksThatCountFrom1904(t *testing.T) {
	yes := true
	data := workbook(t, func(f *excelize.File) {
		f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
		style, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		f.SetCellStyle("Sheet1", "B2", "B2", style)
	}, []any{"order", "date"}, []any{"a", 40513 - 1462})
	rows, _, err := orders(t, sheet.Options{}, sheet.Bytes("a.xlsx", data))
	if err != nil || len(rows) != 1 || rows[0].Date.Day.String() != "2010-12-01" {
		t.Errorf("rows %+v, error %v", rows, err)
	}
}

func TestTheFirstVisibleSheetWithRowsIsRead(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		f.NewSheet("Hidden")
		f.SetSheetRow("Hidden", "A1", &[]any{"order", "date"})
		f.SetSheetRow("Hidden", "A2", &[]any{"hidden", "2024-01-01"})
		f.NewSheet("Data")
		f.SetSheetRow("Data", "A1", &[]any{"order", "date"})
		f.SetSheetRow("Data", "A2", &[]any{"shown", "2024-01-01"})
		f.SetSheetVisible("Hidden", false)
	})
	for name, want := range map[string]string{"": "shown", "data": "shown", "Hidden": "hidden"} {
		rows, _, err := orders(t, sheet.Options{Sheet: name}, sheet.Bytes("a.xlsx", data))
		if err != nil || len(rows) != 1 || rows[0].Order != want {
			t.Errorf("sheet %q: rows %+v, error %v", name, rows, err)
		}
	}
	if _, _, err := orders(t, sheet.Options{Sheet: "Other"}, sheet.Bytes("a.xlsx", data)); fault.As(err).Key != "sheet.file.no_sheet" {
		t.Errorf("error %v", err)
	}
	if _, _, err := orders(t, sheet.Options{}, sheet.Bytes("a.xlsx", workbook(t, nil))); fault.As(err).Key != "sheet.file.empty" {
		t.Errorf("an empty workbook: error %v", err)
	}
}

func TestSheetsThatGoOnWithATableAreReadToo(t *testing.T) {
	put := func(f *excelize.File, name string, rows ...[]any) {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	head := []any{"Invoice", "Customer ID", "InvoiceDate", "Quantity", "Price", "StockCode"}
	data := workbook(t, func(f *excelize.File) {
		put(f, "Notes", []any{"Made by", "hand"}, []any{"x", "y"})
		put(f, "2011", head, []any{"b", 2, "2011-01-03", 2, 1.5, "S"}, []any{"a", 1, "2010-12-01", 1, 2.5, "S"})
		put(f, "Old", head, []any{"c", 3, "2009-01-03", 1, 1, "S"})
		put(f, "Empty", head)
		put(f, "Pivot", []any{"Customer ID", "InvoiceDate", "Sum"}, []any{2, "2011-01-03", 3})
		if err := f.SetSheetVisible("Old", false); err != nil {
			t.Fatal(err)
		}
	}, head, []any{"a", 1, "2010-12-01", 1, 2.5, "S"})
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.xlsx", data))
	if err != nil || len(bad) > 0 || len(rows) != 3 || rows[1].Order != "b" || rows[1].Amount.N != 300 || rows[2].File != 1 {
		t.Errorf("rows %+v, bad %v, error %v", rows, bad, err)
	}
	rows, _, err = orders(t, sheet.Options{Sheet: "2011"}, sheet.Bytes("a.xlsx", data))
	if err != nil || len(rows) != 2 {
		t.Errorf("one sheet told: rows %+v, error %v", rows, err)
	}
}

// book packs the parts of a workbook made by hand.
func book(t testing.TB, sheetXML, sharedXML string) []byte {
	return zipped(t,
		"xl/workbook.xml", `<?xml version="1.0"?><workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="/xl/worksheets/sheet1.xml"/></Relationships>`,
		"xl/sharedStrings.xml", sharedXML, "xl/worksheets/sheet1.xml", sheetXML)
}

func TestHostileWorkbooksEndInAClearFault(t *testing.T) {
	head := `<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>order</t></is></c><c t="inlineStr"><is><t>date</t></is></c></row>`
	huge := strings.Repeat("x", 600_000)
	tests := []struct{ name, sheetXML, shared, key string }{
		{"cut XML", head + `<row r="2"><c><v>1</v>`, "", "sheet.file.damaged"},
		{"a document type", `<!DOCTYPE a [<!ENTITY b "c">]>` + head + `</sheetData></worksheet>`, "", "sheet.file.damaged"},
		{"an endless tag", head + "<row " + strings.Repeat("a", 3<<20), "", "sheet.file.damaged"},
		{"an endless text", head + "<row><c><v>" + strings.Repeat("1", 3<<20) + "</v></c></row></sheetData></worksheet>", "", "sheet.file.damaged"},
		{"a sheet of zeros", strings.Repeat("\x00", 100_000), "", "sheet.file.empty"},
		{"a bomb", head + strings.Repeat(`<row><c><v>1</v></c></row>`, 36<<20/26), "", "sheet.file.bomb"},
		{"10,000 columns", head + `<row r="2"><c r="NTP2"><v>1</v></c><c r="B2"><v>40000</v></c></row></sheetData></worksheet>`, "", ""},
		{"a string used very often", head + `<row r="2">` + strings.Repeat(`<c t="s"><v>0</v></c>`, 900) + `</row></sheetData></worksheet>`, `<sst><si><t>` + huge + `</t></si></sst>`, ""},
		{"strings that are not there", head + `<row r="2"><c t="s"><v>99</v></c><c t="s"><v>-1</v></c><c t="s"><v>x</v></c></row></sheetData></worksheet>`, "", ""},
		{"deep nesting", head + strings.Repeat("<a>", 300_000) + `</sheetData></worksheet>`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.xlsx", book(t, tt.sheetXML, tt.shared)))
			switch {
			case tt.key == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.key != "" && (err == nil || fault.As(err).Key != tt.key):
				t.Errorf("error %v, bad %v, want %s", err, bad, tt.key)
			}
		})
	}
}

func TestManySheetsRowsStayFlat(t *testing.T) {
	var rows strings.Builder
	rows.WriteString(`<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>order</t></is></c><c t="inlineStr"><is><t>date</t></is></c></row>`)
	for i := range 50_000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d"><v>40513</v></c></row>`, i+2, i+2, i*7919, i+2)
	}
	rows.WriteString(`</sheetData></worksheet>`)
	data := book(t, rows.String(), "")
	files, s := survey(t, sheet.Orders, sheet.Options{}, sheet.Bytes("a.xlsx", data))
	if s.Rows != 50_000 {
		t.Fatalf("%d rows", s.Rows)
	}
	allocated := testing.AllocsPerRun(1, func() {
		if err := files.Rows(context.Background(), s.Plan, func(int, *sheet.Row) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if allocated > 1000 {
		t.Errorf("%v allocations for 50,000 rows", allocated)
	}
}

// FuzzXML compares with encoding/xml wherever that finds the input well formed.
func FuzzXML(f *testing.F) {
	for _, s := range []string{`<a b="c>d"><e/>text &amp; &#65;&#x42;</a>`, `<x:row r='1'><c><v>1</v></c></x:row>`, `<!-- <a> --><a><![CDATA[<b>]]></a>`, `<?xml version="1.0"?><a/>`, `<a`, `<a b="`, `<![CDATA[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := sheet.XMLPieces(strings.NewReader(text))
		if err != io.EOF || strings.Contains(text, "\r") {
			return
		}
		d := xml.NewDecoder(strings.NewReader(text))
		var want strings.Builder
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				return // not well formed
			}
			switch token := token.(type) {
			case xml.StartElement:
				fmt.Fprintf(&want, "<%s>", token.Name.Local)
			case xml.EndElement:
				fmt.Fprintf(&want, "</%s>", token.Name.Local)
			case xml.CharData:
				want.Write(token)
			}
		}
		if d := cmp.Diff(want.String(), got); d != "" {
			t.Error(d)
		}
	})
}
