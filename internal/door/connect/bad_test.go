package connect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"

	"github.com/google/go-cmp/cmp"
)

// packed is content as gzip packs it.
func packed(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// badFile is a file as strangers send it and what has to come of it.
type badFile struct {
	name    string
	kind    sheet.Kind // orders if empty
	content []byte
	packed  bool

	refused string   // message key of why the file as a whole is not taken; nothing else counts then
	field   string   // what the refusal is about: names the flag on the command line
	rows    [4]int64 // read, new, errors, notices
	keys    []string // of the rows not taken or remarked on
	amount  int64    // sum of all documents, minor units
}

func badFiles() []badFile {
	const head = "Auftrag;Kunde;Datum;Betrag\n"
	text := func(s string) []byte { return []byte(s) }
	wide := strings.Repeat("Spalte;", 10_000) + "\n" + strings.Repeat("1;", 10_000) + "\n"
	return []badFile{
		{name: "an empty file", refused: "sheet.file.empty", field: "file"},
		{name: "no table at all", content: append(text("\x7fELF\x02\x01\x01\x00"), bytes.Repeat([]byte{0, 1, 2, 0xff, 0xfe, 0x90}, 500)...), refused: "sheet.file.not_csv", field: "file"},
		{name: "a bomb", content: bytes.Repeat(text("1;2;2011-01-01;1\n"), 34<<20/17), packed: true, refused: "sheet.file.bomb", field: "file"},
		{name: "ten thousand columns", content: text(wide), refused: "sheet.file.columns", field: "file"},
		{name: "too few fields", content: text(head + "1;K1;01.12.2010;10,00\n2;K2\n3;K3;03.12.2010;5,50\n"), rows: [4]int64{3, 2, 1, 0}, keys: []string{"sheet.bad.fields_few"}, amount: 1550},
		{name: "too many fields", content: text(head + "1;K1;01.12.2010;10,00\n2;K2;02.12.2010;1,00;was;ist;das\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.fields_many"}, amount: 1000},
		{name: "null characters", content: text(head + "1;K1;01.12.2010;10,00\n2;K\x002;02.12.2010;1,00\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.nul"}, amount: 1000},
		{name: "broken UTF-8", content: text("Auftrag;Kunde;Datum;Betrag;Stadt\n1;K1;01.12.2010;10,00;Köln\n2;K2;02.12.2010;1,00;K\xffln\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.encoding"}, amount: 1000},
		{name: "a day that is none", content: text(head + "1;K1;31.02.2011;10,00\n2;K2;28.02.2011;1,00\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.date_impossible"}, amount: 100},
		{name: "an amount as people write it", content: text(head + "1;K1;31.12.2010;1.234,56 €\n"), rows: [4]int64{1, 1, 0, 0}, amount: 123456},
		{name: "thousands or three decimals", content: text(head + "1;K1;31.12.2010;1.234\n"), refused: "sheet.ambiguous.decimal", field: "decimal"},
		{name: "day or month first", content: text(head + "1;K1;03/04/2011;10,50\n"), refused: "sheet.ambiguous.dates", field: "dates"},
		{name: "a negative quantity", content: text("Auftrag;Kunde;Datum;Artikel;Menge;Einzelpreis\n1;K1;31.12.2010;A;-2;1,50\n2;K1;31.12.2010;A;2;1,50\n"), rows: [4]int64{2, 2, 0, 0}, amount: 0},
		{name: "an unknown currency", content: text("Auftrag;Kunde;Datum;Betrag;Währung\n1;K1;31.12.2010;10,00;EUR\n2;K1;31.12.2010;10,00;EUR\n3;K1;31.12.2010;10,00;QQX\n"), rows: [4]int64{3, 2, 1, 0}, keys: []string{"sheet.bad.currency"}, amount: 2000},
		{name: "a currency without a rate", content: text("Auftrag;Kunde;Datum;Betrag;Währung\n1;K1;31.12.2010;10,00;EUR\n2;K1;31.12.2010;10,00;CHF\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"import.no_rate"}, amount: 1000},
		{name: "a currency whose rate the file tells", content: text("Auftrag;Kunde;Datum;Betrag;Währung;Kurs\n1;K1;31.12.2010;10,00;EUR;1\n2;K1;31.12.2010;10,00;CHF;0,80\n"), rows: [4]int64{2, 2, 0, 0}, amount: 1800},
		{name: "an article number that a spreadsheet ruined", kind: sheet.Products, content: text("Artikelnummer;EAN;Bezeichnung\nA1;4,0E+12;Kaffee\nA2;4006381333931;Stift\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.excel_number"}},
		{name: "an article number with a wrong digit", kind: sheet.Products, content: text("Artikelnummer;EAN;Bezeichnung\nA1;4006381333932;Kaffee\n"), rows: [4]int64{1, 1, 0, 1}, keys: []string{"sheet.notice.gtin"}},
		{name: "one number for two people", content: text("Auftrag;Kunde;Datum;Betrag;Kundenname\n1;K1;01.12.2010;10,00;Anna Röster\n2;K1;02.12.2010;1,00;anna  RÖSTER\n3;K1;03.12.2010;1,00;Bert Bohne\n"), rows: [4]int64{3, 3, 0, 1}, keys: []string{"import.other_name"}, amount: 1200},
		{name: "two customers in one order", content: text(head + "1;K1;01.12.2010;10,00\n1;K2;01.12.2010;1,00\n2;K2;02.12.2010;1,00\n"), rows: [4]int64{3, 1, 1, 0}, keys: []string{"import.two_customers"}, amount: 100},
		{name: "a formula", content: text(head + "1;K1;01.12.2010;10,00\n2;K2;=cmd|' /C calc'!A0;1,00\n"), rows: [4]int64{2, 1, 1, 0}, keys: []string{"sheet.bad.date"}, amount: 1000},
	}
}

func TestBadFilesAreToldWithARemedyAndLeaveNothingHalfDone(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) { testBadFiles(t, open(t, url)) })
}

func testBadFiles(t *testing.T, s *shop) {
	ctx := context.Background()
	for _, c := range badFiles() {
		t.Run(c.name, func(t *testing.T) {
			name := "orders.csv"
			if c.packed {
				name, c.content = name+".gz", packed(t, c.content)
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.kind == "" {
				c.kind = sheet.Orders
			}
			var run *connect.Run
			file, err := s.importer.KeepPath(ctx, path)
			if err == nil {
				run, err = s.importer.Start(ctx, store.System(), connect.Request{Kind: c.kind, Source: c.name, Files: []connect.File{file}})
			}
			if err == nil {
				jobs.Wait(ctx, s.db, run.Job, nil) // its error is the run's
				run = s.again(t, run.ID)
				err = run.Why()
			}
			if c.refused != "" {
				refused(t, err, c.refused, c.field)
			} else {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if got := [4]int64{run.Rows, run.New, run.Errors, run.Notices}; got != c.rows {
					t.Errorf("rows, new, errors, notices: %v, want %v", got, c.rows)
				}
				s.told(t, run.ID, c.keys)
			}
			documents, amount, loose := s.documents(t, c.name)
			want := c.rows[1]
			if c.kind != sheet.Orders {
				want = 0
			}
			if documents != want || amount != c.amount || loose != 0 {
				t.Errorf("%d documents of %d, want %d of %d; %d lines without a document", documents, amount, want, c.amount, loose)
			}
		})
	}
}

func TestALargeFileThatIsNoTableIsRefusedBeforeItIsCopied(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "files")
	s := openWith(t, storetest.SQLite(t), folder)
	path := filepath.Join(t.TempDir(), "film.csv")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<30); err != nil { // sparse: it takes no room
		t.Fatal(err)
	}
	_, err := s.importer.KeepPath(t.Context(), path)
	refused(t, err, "sheet.file.not_csv", "file")
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s was left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// refused checks that a file was refused with words in both languages.
func refused(t *testing.T, err error, key, field string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Key != key || f.Field != field || f.Code != fault.Invalid {
		t.Fatalf("refused with %+v, want %s on %q", f, key, field)
	}
	for _, lang := range i18n.Languages() {
		if message := i18n.For(lang, nil).Err(err); strings.ContainsAny(message, "⟦{") {
			t.Errorf("%s: %s", lang, message)
		}
	}
}

// told checks which rows the run's list of errors names, and that it says what to do and harms no spreadsheet.
func (s *shop) told(t *testing.T, run int64, keys []string) {
	t.Helper()
	ctx := context.Background()
	var rows []connect.RowError
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = connect.Errors(ctx, tx, run, 0, 100)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, row.Key)
		if row.Line == 0 || row.File == "" {
			t.Errorf("%s has no place", row.Key)
		}
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	for _, lang := range i18n.Languages() {
		var out bytes.Buffer
		p := i18n.For(lang, nil)
		if err := connect.WriteErrors(ctx, s.db, run, p, &out); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); strings.ContainsAny(text, "⟦{") || strings.Contains(text, ",=") || strings.Contains(text, ";=") || strings.Contains(text, "\"=") {
			t.Errorf("%s:\n%s", lang, text)
		}
		for _, row := range rows {
			if strings.HasPrefix(row.Key, "sheet.") && row.Remedy(p) == "" {
				t.Errorf("%s: no remedy for %s", lang, row.Key)
			}
		}
	}
}

func (s *shop) again(t *testing.T, id int64) (run *connect.Run) {
	t.Helper()
	err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
		run, err = connect.FindRun(context.Background(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// documents counts those of a source, and lines that belong to none.
func (s *shop) documents(t *testing.T, source string) (n, amount, loose int64) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `SELECT count(*), COALESCE(sum(CASE WHEN kind = $2 THEN -amount ELSE amount END), 0) FROM document
			WHERE source = (SELECT id FROM source WHERE name = $1)`, source, int(document.Return)).Scan(&n, &amount)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT count(*) FROM document_line WHERE document NOT IN (SELECT id FROM document)`).Scan(&loose)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, amount, loose
}
