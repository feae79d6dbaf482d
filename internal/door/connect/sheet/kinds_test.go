package sheet_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/i18n"
)

func TestCustomersAreRead(t *testing.T) {
	text := "Kundennr;Vorname;Nachname;Firma;E-Mail;Land;Geburtsdatum;Kunde seit;Typ;Anredeform;Tags;Intern;Schuhgröße\n" +
		"007;Anna;Öz;;anna@example.org;D;01.02.45;2020-05-01;Privat;Du;vip, bio;nein;38\n" +
		"008;;;Café GmbH;info@cafe.at;AT;;;Firma;Sie;;ja;\n" +
		";;;;;;;;;;x;;\n" +
		"009;Eva;;;;;31.02.1980;;;;;;\n"
	files, s := survey(t, sheet.Customers, sheet.Options{Map: map[string]string{"custom.shoe": "Schuhgröße"}}, sheet.Bytes("a.csv", []byte(text)))
	var rows []sheet.CustomerRow
	var bad []sheet.RowError
	err := files.Customers(context.Background(), s, 0, func(r *sheet.CustomerRow) error { rows = append(rows, *r); return nil }, func(e sheet.RowError) error { bad = append(bad, e); return nil })
	if err != nil || len(rows) != 2 || len(bad) != 2 || bad[0].Line != 4 || bad[1].Key != "sheet.bad.date_impossible" {
		t.Fatalf("rows %+v, bad %+v, error %v", rows, bad, err)
	}
	a, b := rows[0], rows[1]
	got := []any{a.Customer, a.Name, a.Email, a.Country, a.Birthday.Day.String(), a.CustomerSince.Day.String(), a.Kind, a.FormOfAddress, a.TagList(), a.Excluded, a.Custom, b.Name, b.Kind, b.Excluded.Yes, len(b.Custom)}
	want := []any{"007", "Anna Öz", "anna@example.org", "DE", "1945-02-01", "2020-05-01", "person", "du", []string{"vip", "bio"}, sheet.Flag{Set: true}, []sheet.Custom{{Name: "shoe", Value: "38"}}, "Café GmbH", "company", true, 0}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestUnknownHeadingsOfCustomersAreOffered(t *testing.T) {
	p := prepare(t, sheet.Customers, sheet.Options{}, "Kundennr;Name;Schuhgröße;Lieblingskaffee\n1;Anna;38;Espresso\n").Files[0]
	if d := cmp.Diff([]string{"Schuhgröße", "Lieblingskaffee"}, p.Unused()); d != "" {
		t.Error(d)
	}
}

func TestProductsAreRead(t *testing.T) {
	text := "Artikelnummer;EAN;Bezeichnung;VK;EK;Währung;Aktiv\nA1;4006381333931;Stift;1,505;0,7;EUR;ja\nA2;4006381333932;Stift;2;;CHF;gesperrt\nA3;4,0E+12;Stift;2;;EUR;ja\n;4006381333931;Stift;2;;EUR;ja\n"
	files, s := survey(t, sheet.Products, sheet.Options{Decimal: sheet.Comma}, sheet.Bytes("a.csv", []byte(text)))
	var rows []sheet.ProductRow
	var bad []string
	err := files.Products(context.Background(), s, 0, func(r *sheet.ProductRow) error { rows = append(rows, *r); return nil }, func(e sheet.RowError) error {
		bad = append(bad, e.Key+" "+e.Field)
		return nil
	})
	if err != nil || len(rows) != 2 {
		t.Fatalf("rows %+v, bad %v, error %v", rows, bad, err)
	}
	if d := cmp.Diff([]string{"sheet.bad.excel_number gtin", "sheet.bad.missing product"}, bad); d != "" {
		t.Error(d)
	}
	a, b := rows[0], rows[1]
	got := []any{a.Product, a.GTIN, a.Price, a.Cost.N, a.Active, a.Currency, b.GTIN, b.Notices[0].Key, b.Cost.Set, b.Active, b.Currency}
	want := []any{"A1", "4006381333931", sheet.Value{N: 1_505_000, Set: true}, int64(700_000), sheet.Flag{Yes: true, Set: true}, "EUR", "", "sheet.notice.gtin", false, sheet.Flag{Set: true}, "CHF"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPaymentsAreRead(t *testing.T) {
	text := "Zahlungsdatum;Rechnungsnummer;Betrag\n01.02.2024;R1;10,00-\n01.02.2024;R1;10,00-\n01.02.2024;;5,00\n01.02.2024;R2;\n"
	files, s := survey(t, sheet.Payments, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	var rows []sheet.PaymentRow
	var bad []string
	err := files.Payments(context.Background(), s, 0, func(r *sheet.PaymentRow) error { rows = append(rows, *r); return nil }, func(e sheet.RowError) error {
		bad = append(bad, e.Key+" "+e.Field)
		return nil
	})
	if err != nil || len(rows) != 2 || rows[0].Invoice != "R1" || rows[0].Amount.N != -1000 || rows[1].Occurrence != 2 {
		t.Errorf("rows %+v, error %v", rows, err)
	}
	if d := cmp.Diff([]string{"sheet.bad.missing invoice", "sheet.bad.missing amount"}, bad); d != "" {
		t.Error(d)
	}
}

func TestContractsAreRead(t *testing.T) {
	text := "Vertragsnr;Kunde;Tarif;Beginn;Ende;Kündigungsgrund\nV1;7;Komfort;01.02.2024;31.01.2025;Umzug\nV2;7;Basis;15.03.2024;unbefristet;\n" +
		"V3;8;Basis;15.03.2024;31.12.9999;\nV4;;Basis;15.03.2024;;\nV5;9;Basis;;;\nV6;9;Basis;15.03.2024;bald;\n"
	files, s := survey(t, sheet.Contracts, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	var rows []sheet.ContractRow
	var bad []string
	err := files.Contracts(context.Background(), s, 0, func(r *sheet.ContractRow) error { rows = append(rows, *r); return nil }, func(e sheet.RowError) error {
		bad = append(bad, e.Key+" "+e.Field)
		return nil
	})
	if err != nil || len(rows) != 3 {
		t.Fatalf("rows %+v, bad %v, error %v", rows, bad, err)
	}
	if d := cmp.Diff([]string{"sheet.bad.missing customer", "sheet.bad.missing start", "sheet.bad.date end"}, bad); d != "" {
		t.Error(d)
	}
	a := rows[0]
	if a.Contract != "V1" || a.Customer != "7" || a.Plan != "Komfort" || a.Start.Day.String() != "2024-02-01" || a.End.Day.String() != "2025-01-31" || a.Reason != "Umzug" {
		t.Errorf("%+v", a)
	}
	if rows[1].End.Set || rows[2].End.Set {
		t.Error("a contract without an end got one")
	}
}

func TestContractsOfMonthsInsteadOfDaysAreRead(t *testing.T) {
	text := "customerID,tenure,Contract,Churn\nA-1,1,Month-to-month,No\nA-2,34,One year,Yes\nA-3,0,Two year,No\nA-4,,One year,No\nA-5,2,One year,No\nA-6,2,One year,No\n"
	files, s := survey(t, sheet.Contracts, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	var rows []sheet.ContractRow
	var bad []string
	err := files.Contracts(context.Background(), s, 0, func(r *sheet.ContractRow) error { rows = append(rows, *r); return nil }, func(e sheet.RowError) error {
		bad = append(bad, e.Key+" "+e.Field)
		return nil
	})
	if err != nil || len(rows) != 5 || len(bad) != 1 || bad[0] != "sheet.bad.missing tenure" {
		t.Fatalf("rows %+v, bad %v, error %v", rows, bad, err)
	}
	if b := rows[1]; b.Customer != "A-2" || b.Plan != "One year" || b.Tenure.N != 34000 || !b.Churned.Yes || b.Contract != "" {
		t.Errorf("%+v", b)
	}
}

func TestThePreviewShowsWhatIsUnderstood(t *testing.T) {
	text := "Auftrag;Datum;Menge;Einzelpreis;Farbe\n1;01.02.2024 10:00;2;3,505;rot\n2;31.02.2024;2;3,50;rot\n3;01.02.2024;1,5;2;rot\n"
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(text))}}
	plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{Zone: "Europe/Berlin", Currency: "CHF"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := files.Preview(context.Background(), plan, 0, 20, i18n.For("de", berlin(t)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range v.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.Text+"|"+c.Raw)
		}
		if r.Err != nil {
			cells = append(cells, r.Err.Key)
		}
		lines = append(lines, strings.ReplaceAll(strings.Join(cells, " "), "\u00a0", "_"))
	}
	want := []string{
		"1|1 01.02.2024, 10:00|01.02.2024 10:00 2|2 3,505_CHF|3,505 7,01_CHF|",
		"|2 |31.02.2024 |2 |3,50 | sheet.bad.date_impossible",
		"3|3 01.02.2024|01.02.2024 1,5|1,5 2,00_CHF|2 3,00_CHF|",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if last := v.Columns[len(v.Columns)-1]; last.Field != "amount" || last.Index != -1 || len(v.Unused) != 1 || v.Unused[0] != "Farbe" {
		t.Errorf("columns %+v, unused %v", v.Columns, v.Unused)
	}
	if v, err = files.Preview(context.Background(), plan, 0, 1, i18n.For("en", nil)); err != nil || len(v.Rows) != 1 {
		t.Errorf("%+v, error %v", v, err)
	}
}

func TestThePreviewOfEveryKindHasItsFields(t *testing.T) {
	for kind, text := range map[sheet.Kind]string{
		sheet.Customers: "Kundennr;Name;Geburtsdatum;Intern;Farbe\n1;Anna;01.02.1980;ja;rot\n",
		sheet.Products:  "Artikelnummer;Preis;Aktiv;Farbe\nA;1,50;ja;rot\n", sheet.Payments: "Datum;Betrag;Rechnung;Farbe\n01.02.2024;1,50;R1;rot\n",
		sheet.Consents:  "Kundennummer;E-Mail;Kanal;Zweck;Einwilligung;Datum;Bestätigt am;Einwilligungstext;Nachweis;Farbe\n7;a@b.de;E-Mail;Werbung;ja;01.02.2024;02.02.2024;v1;Karte 7;rot\n",
		sheet.Contracts: "Vertragsnummer;Kunde;Tarif;Beginn;Ende;Gekündigt;Kündigungsgrund;Farbe\nV1;7;Komfort;01.02.2024;31.01.2025;ja;Umzug;rot\n",
	} {
		o := sheet.Options{}
		if kind == sheet.Customers {
			o.Map = map[string]string{"custom.colour": "Farbe"}
		}
		files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(text))}}
		plan, err := files.Prepare(context.Background(), kind, o)
		if err != nil {
			t.Fatal(kind, err)
		}
		p := i18n.For("en", nil)
		v, err := files.Preview(context.Background(), plan, 0, 20, p)
		if err != nil || len(v.Rows) != 1 {
			t.Fatalf("%s: %+v, error %v", kind, v, err)
		}
		for i, c := range v.Rows[0].Cells {
			if c.Text == "" || c.Raw == "" || strings.Contains(c.Text+sheet.FieldLabel(p, v.Columns[i].Field)+p.T(v.Columns[i].Reason), "⟦") {
				t.Errorf("%s %s: %+v", kind, v.Columns[i].Field, c)
			}
		}
	}
}

func TestEveryFieldHasAName(t *testing.T) {
	for _, kind := range sheet.Kinds() {
		for _, name := range sheet.FieldNames(kind) {
			for _, lang := range i18n.Languages() {
				if label := sheet.FieldLabel(i18n.For(lang, nil), name); strings.Contains(label, "⟦") {
					t.Error(lang, label)
				}
			}
		}
	}
}

func TestTheErrorFileCanBeReadBack(t *testing.T) {
	_, bad, err := orders(t, sheet.Options{}, sheet.Bytes("=cmd.csv", []byte("order;date;amount\n1;31.02.2024;5\n2;01.02.2024;@SUM(A1)\n")))
	if err != nil || len(bad) != 2 {
		t.Fatal(bad, err)
	}
	var b bytes.Buffer
	w := sheet.NewErrorWriter(&b, i18n.For("de", nil))
	for _, e := range bad {
		w.Write(e)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := sheet.Scan(bytes.NewReader(b.Bytes()[3:]), ';', '\n', 1<<20)
	if !strings.HasPrefix(b.String(), "\ufeffDatei;Zeile;") || len(rows) != 3 || len(rows[1].Cells) != 7 {
		t.Fatalf("%q %v %v", b.String(), rows, err)
	}
	if d := cmp.Diff([]string{"'=cmd.csv", "3", "Betrag", "amount", "'@SUM(A1)"}, rows[2].Cells[:5]); d != "" {
		t.Error(d)
	}
}

func TestNoCellIsRunAsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+49 351 1234": "'+49 351 1234", "@SUM(1)": "'@SUM(1)", "-1+1": "'-1+1", "-cmd": "'-cmd", " =1+1": "' =1+1", "\t=1": "'\t=1", "\n=1": "'\n=1", "＝1": "'＝1", "\u00a0=1": "'\u00a0=1",
		"-12,50": "-12,50", "-1.234,56 €": "-1.234,56 €", "-12 %": "-12 %", "-12,3\u00a0%": "-12,3\u00a0%", "-": "'-", "12": "12", "": "", " ": " ", "a=b": "a=b", "Öl": "Öl",
	} {
		if got := sheet.Harmless(cell); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestTheWriterReportsAFullDisk(t *testing.T) {
	w := sheet.NewWriter(failing{})
	for range 10_000 {
		w.Write("a", "b;c", "say \"hi\"")
	}
	if w.Flush() == nil {
		t.Error("no error")
	}
}

// FuzzWriter holds that what is written is read back the same, but for the apostrophe of a formula.
func FuzzWriter(f *testing.F) {
	f.Add("a;b", "\"", "=1")
	f.Add("\r\n", " x ", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if strings.ContainsAny(a+b+c, "\r\x00") {
			return // \r\n in a cell is read as \n
		}
		var out bytes.Buffer
		w := sheet.NewWriter(&out)
		w.Write("x"+a, b, c, "end")
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows, _ := sheet.Scan(bytes.NewReader(out.Bytes()[3:]), ';', '\n', 1<<20)
		if len(rows) != 1 {
			t.Fatalf("%q: %d rows", out.String(), len(rows))
		}
		if d := cmp.Diff([]string{"x" + a, sheet.Harmless(b), sheet.Harmless(c), "end"}, rows[0].Cells); d != "" {
			t.Fatal(d)
		}
	})
}
