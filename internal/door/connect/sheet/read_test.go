package sheet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

func TestABadRowCostsOnlyItself(t *testing.T) {
	head := "order;customer;date;quantity;unit_price;amount;currency;kind;product\n"
	tests := []struct{ name, row, key, field string }{
		{"31 February", "1;7;31.02.2011;1;1,00;1,00;EUR;;A", "sheet.bad.date_impossible", "date"},
		{"no date", "1;7;;1;1,00;1,00;EUR;;A", "sheet.bad.missing", "date"},
		{"a day without a year", "1;7;1. Feb;1;1,00;1,00;EUR;;A", "sheet.bad.date", "date"},
		{"an unknown zone", "1;7;01.02.2011 10:00 XYT;1;1,00;1,00;EUR;;A", "sheet.bad.zone", "date"},
		{"an unknown currency", "1;7;01.02.2011;1;1,00;1,00;XQZ;;A", "sheet.bad.currency", "currency"},
		{"another currency beside the amount", "1;7;01.02.2011;1;1,00;1,00 $;EUR;;A", "sheet.bad.currency_mixed", "amount"},
		{"a word for an amount", "1;7;01.02.2011;1;1,00;viel;EUR;;A", "sheet.bad.number", "amount"},
		{"a formula for an amount", "1;7;01.02.2011;1;1,00;=1+1;EUR;;A", "sheet.bad.number", "amount"},
		{"an amount as in America", "1;7;01.02.2011;1;1,00;1.50;EUR;;A", "sheet.bad.number", "amount"},
		{"an amount beyond reason", "1;7;01.02.2011;1;1,00;99999999999999999;EUR;;A", "sheet.bad.number_large", "amount"},
		{"a key Excel ruined", "4,0E+12;7;01.02.2011;1;1,00;1,00;EUR;;A", "sheet.bad.excel_number", "order"},
		{"a customer Excel ruined", "1;4.01235E+12;01.02.2011;1;1,00;1,00;EUR;;A", "sheet.bad.excel_number", "customer"},
		{"a key without end", strings.Repeat("1", 300) + ";7;01.02.2011;1;1,00;1,00;EUR;;A", "sheet.bad.too_long", "order"},
		{"an unknown kind", "1;7;01.02.2011;1;1,00;1,00;EUR;Wunsch;A", "sheet.bad.kind", "kind"},
		{"too few fields", "1;7;01.02.2011;1;1,00", "sheet.bad.fields_few", ""},
		{"too many fields", "1;7;01.02.2011;1;1,00;1,00;EUR;;A;B", "sheet.bad.fields_many", ""},
		{"a null byte", "1;7;01.02.2011;1;1,00;1,00;EUR;;A\x00", "sheet.bad.nul", ""},
		{"broken UTF-8", "1;7;01.02.2011;1;1,00;1,00;EUR;;\xe4", "sheet.bad.encoding", ""},
		{"a misplaced quote", "1;7;01.02.2011;1;1,00;1,00;EUR;;\"A\"B", "sheet.bad.quote", ""},
	}
	good := "2;8;02.02.2011;2;1,50;3,00;EUR;Rechnung;Ä\n"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, bad, err := orders(t, sheet.Options{Decimal: sheet.Comma}, sheet.Bytes("a.csv", []byte(head+good+tt.row+"\n"+good)))
			if err != nil || len(rows) != 2 || len(bad) != 1 {
				t.Fatalf("%d rows, bad %v, error %v", len(rows), bad, err)
			}
			e := bad[0]
			if e.Key != tt.key || e.Field != tt.field || e.Line != 3 || e.Number != 1 || rows[1].Line != 4 || rows[1].Number != 2 {
				t.Errorf("%+v, want %s on %s", e, tt.key, tt.field)
			}
			for _, lang := range i18n.Languages() {
				p := i18n.For(lang, nil)
				if text := e.Reason(p) + e.Remedy(p); strings.Contains(text, "⟦") || len(text) < 20 {
					t.Errorf("%s: %s", lang, text)
				}
			}
		})
	}
}

func TestAmountsFollowTheirRules(t *testing.T) {
	tests := []struct {
		name, text string
		amount     int64
		set        bool
		currency   string
	}{
		{"as it stands", "date;amount\n01.02.2011;1.234,56 €\n", 123456, true, "EUR"},
		{"quantity times price", "date;quantity;unit_price\n01.02.2011;3;0,335\n", 101, true, "EUR"},
		{"the amount before quantity times price", "date;quantity;unit_price;amount\n01.02.2011;3;0,335;9,99\n", 999, true, "EUR"},
		{"a negative quantity", "date;quantity;unit_price\n01.02.2011;-3;0,5\n", -150, true, "EUR"},
		{"a price of zero", "date;quantity;unit_price\n01.02.2011;-36;0,0\n", 0, true, "EUR"},
		{"a price alone is for one", "date;unit_price\n01.02.2011;0,5\n", 50, true, "EUR"},
		{"net before gross", "date;netto;brutto\n01.02.2011;10,0;11,9\n", 1000, true, "EUR"},
		{"none at all", "date;customer\n01.02.2011;7\n", 0, false, "EUR"},
		{"yen have no cents", "date;amount;currency\n01.02.2011;1.234,5;JPY\n", 1235, true, "JPY"},
		{"a currency beside the amount", "date;amount\n01.02.2011;CHF 12,50\n", 1250, true, "CHF"},
		{"a currency with other digits beside the amount", "date;tax;amount\n01.02.2011;1,5;JPY 12\n", 12, true, "JPY"},
		{"dollars of Canada", "date;amount;currency\n01.02.2011;$12,5;CAD\n", 1250, true, "CAD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, bad, err := orders(t, sheet.Options{Decimal: sheet.Comma}, sheet.Bytes("a.csv", []byte(tt.text)))
			if err != nil || len(rows) != 1 || len(bad) != 0 {
				t.Fatalf("rows %+v, bad %v, error %v", rows, bad, err)
			}
			if r := rows[0]; r.Amount != (sheet.Value{N: tt.amount, Set: tt.set}) || r.Currency != tt.currency {
				t.Errorf("%+v %s", r.Amount, r.Currency)
			}
		})
	}
}

func TestAmbiguityIsAskedNotAssumed(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		name, rows, key, field string
		answer                 sheet.Options
	}{
		{"only 1.234", "1;2011-01-02;1.234\n2;2011-01-02;2.500\n3;2011-01-02;17\n", "sheet.ambiguous.decimal", "decimal", sheet.Options{Decimal: sheet.Comma}},
		{"1.234 decided late", "1;2011-01-02;1.234\n" + strings.Repeat("2;2011-01-02;17\n", 5000) + "3;2011-01-02;0,5\n", "", "", sheet.Options{}},
		{"both signs", "1;2011-01-02;1,5\n2;2011-01-02;2.5\n", "sheet.ambiguous.decimal_mixed", "decimal", sheet.Options{Decimal: sheet.Point}},
		{"a slip among many", strings.Repeat("1;2011-01-02;1,5\n", 100) + "2;2011-01-02;2.5\n", "", "", sheet.Options{}},
		{"only 03/04/2011", "1;03/04/2011;1\n2;05/06/2011;2\n", "sheet.ambiguous.dates", "dates", sheet.Options{Dates: sheet.MDY}},
		{"03/04/2011 decided late", "1;03/04/2011;1\n2;13/06/2011;2\n", "", "", sheet.Options{}},
		{"both orders", "1;13/04/2011;1\n2;05/16/2011;2\n", "sheet.ambiguous.dates_mixed", "dates", sheet.Options{Dates: sheet.DMY}},
		{"nothing to ask", "1;2011-01-02;17\n2;02.01.2011;2\n", "", "", sheet.Options{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte("order;date;amount\n"+tt.rows))}}
			for round, o := range []sheet.Options{{}, tt.answer} {
				plan, err := files.Prepare(ctx, sheet.Orders, o)
				if err != nil {
					t.Fatal(err)
				}
				s, err := files.Survey(ctx, plan)
				if err != nil {
					t.Fatal(err)
				}
				err = s.Err()
				if tt.key == "" || round == 1 {
					if err != nil {
						t.Errorf("round %d: error %v", round, err)
					}
					continue
				}
				f := fault.As(err)
				if f == nil || f.Code != fault.Invalid || f.Key != tt.key || f.Field != tt.field || !strings.Contains(fmt.Sprint(f.Args...), "--"+tt.field) {
					t.Errorf("error %v", err)
				}
				if text := i18n.For("de", nil).Err(err); strings.Contains(text, "⟦") || !strings.Contains(text, "--"+tt.field) {
					t.Error(text)
				}
			}
		})
	}
}

func TestAmountsDecideForEachOther(t *testing.T) {
	rows, _, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte("date,amount,shipping\n2024-01-01,1.234,4.90\n")))
	if err != nil || rows[0].Amount.N != 123 {
		t.Errorf("rows %+v, error %v", rows, err)
	}
	rows, _, err = orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte("date;amount;quantity\n2024-01-01;1.234;0,5\n")))
	if err != nil || rows[0].Amount.N != 123400 || rows[0].Quantity.N != 500 {
		t.Errorf("rows %+v, error %v", rows, err)
	}
}

func TestOrderRowsSayWhatTheyAre(t *testing.T) {
	text := "order;customer;date;amount;type;status;first name;last name;email;country;language\n" +
		"0001; 007 ;01.02.2011 10:00;1,5;;Storniert;Anna;Öz;anna@example.org;Österreich;de-AT\n" +
		"0002;NULL;01.02.2011;1,5;Gutschrift;bezahlt;;;kein-mail;Atlantis;Klingonisch\n"
	rows, bad, err := orders(t, sheet.Options{Zone: "Europe/Vienna"}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(bad) != 0 {
		t.Fatal(bad, err)
	}
	a, b := rows[0], rows[1]
	got := []any{a.Order, a.Customer, a.Date.At.String(), a.Date.Day, a.Kind, a.Cancelled, a.Name, a.Email, a.Country, a.Language, len(a.Notices), b.Customer, b.Kind, b.Cancelled, b.Name, b.Country, b.Language, b.Date.HasTime}
	want := []any{"0001", "007", "2011-02-01 09:00:00 +0000 UTC", clock.NewDay(2011, 2, 1), "order", true, "Anna Öz", "anna@example.org", "AT", "de", 0, "", "credit_note", false, "", "Atlantis", "", false}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var notices []string
	for _, n := range b.Notices {
		notices = append(notices, n.Field)
		if text := n.Text(i18n.For("en", nil)); strings.Contains(text, "⟦") {
			t.Error(text)
		}
	}
	if d := cmp.Diff([]string{"country", "email", "language"}, notices); d != "" {
		t.Error(d)
	}
}

func TestAWordMeansWhatItsFieldMeans(t *testing.T) {
	text := "order;date;type;status;country;currency\n1;01.02.2024;Storno;offen;CHE;CHE\n1;01.02.2024;Auftrag;Auftrag;CHF;CHF\n"
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(rows) != 1 || len(bad) != 1 || bad[0].Field != "currency" {
		t.Fatalf("rows %+v, bad %+v, error %v", rows, bad, err)
	}
	if r := rows[0]; r.Kind != "order" || r.Cancelled || r.Country != "CHF" || r.Currency != "CHF" {
		t.Errorf("%+v", r)
	}
}

func TestAFileOfHeadingsAloneHasNoRows(t *testing.T) {
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte("order;date;amount\n")))
	if err != nil || len(rows)+len(bad) != 0 {
		t.Errorf("rows %+v, bad %+v, error %v", rows, bad, err)
	}
}

func TestLinesOfAnOrderInheritDateAndCurrency(t *testing.T) {
	text := "order,date,amount,currency\n1,2024-01-01,5,CHF\n1,,6,\n2,2024-01-02,7,\n,,8,\n"
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(rows) != 3 || len(bad) != 1 || bad[0].Line != 5 {
		t.Fatalf("rows %+v, bad %v, error %v", rows, bad, err)
	}
	if rows[1].Date.Day != rows[0].Date.Day || rows[1].Currency != "CHF" || rows[2].Currency != "EUR" {
		t.Errorf("%+v", rows)
	}
}

func TestRecurringOrdersAndEqualRowsAreKnownBeforehand(t *testing.T) {
	ctx := context.Background()
	a := "order,customer,date\n1,7,2024-01-01\n1,7,2024-01-01\n2,7,2024-01-01\n1,8,2024-01-01\n3,8,2024-01-01\n"
	b := "order,customer,date\n3,8,2024-01-02\n4,8,2024-01-02\n2,8,2024-01-02\n"
	files, s := survey(t, sheet.Orders, sheet.Options{}, sheet.Bytes("a.csv", []byte(a)), sheet.Bytes("b.csv", []byte(b)))
	for order, want := range map[string]bool{"1": true, "2": true, "3": false, "4": false, "5": false} {
		if s.Recurs(order) != want {
			t.Errorf("order %s recurs: %v", order, !want)
		}
	}
	_ = files
	c := "customer,date,amount\n7,2024-01-01,5\n7,2024-01-01,5\n8,2024-01-01,5\n\"7\",2024-01-01,5\n7,2024-01-01,6\n"
	files, s = survey(t, sheet.Orders, sheet.Options{}, sheet.Bytes("c.csv", []byte(c)), sheet.Bytes("again.csv", []byte(c)))
	var got []string
	hashes := map[sheet.Hash]bool{}
	read := func(skip int64) {
		err := files.Orders(ctx, s, skip, func(r *sheet.OrderRow) error {
			got = append(got, fmt.Sprintf("%d:%d#%d", r.File, r.Line, r.Occurrence))
			hashes[r.Hash] = true
			return nil
		}, func(e sheet.RowError) error { return errors.New(e.Key) })
		if err != nil {
			t.Fatal(err)
		}
	}
	read(0)
	want := []string{"0:2#1", "0:3#2", "0:4#1", "0:5#3", "0:6#1", "1:2#1", "1:3#2", "1:4#1", "1:5#3", "1:6#1"}
	if d := cmp.Diff(want, got); d != "" || len(hashes) != 3 {
		t.Errorf("%d hashes, %s", len(hashes), d)
	}
	got = nil
	if read(3); cmp.Diff(want[3:], got) != "" {
		t.Errorf("from the third row on: %v", got)
	}
}

func TestAnErrorOfTheReceiverEndsTheReading(t *testing.T) {
	files, s := survey(t, sheet.Orders, sheet.Options{}, sheet.Bytes("a.csv", []byte(small)))
	stop := errors.New("stop")
	n := 0
	err := files.Orders(context.Background(), s, 0, func(*sheet.OrderRow) error { n++; return stop }, func(sheet.RowError) error { return nil })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d rows, error %v", n, err)
	}
}

func TestFilesOfOneRunMayHaveOtherColumns(t *testing.T) {
	b := "Datum;Summe;Kundennummer;Auftrag\n03.02.2024;2,5;0007;B1\n"
	rows, bad, err := orders(t, sheet.Options{Decimal: sheet.Comma}, sheet.Bytes("a.csv", []byte("order,customer,date,amount\nA1,1,2024-01-31,\"10,50\"\n")), sheet.Bytes("b.csv", []byte(b)))
	if err != nil || len(bad) != 0 || len(rows) != 2 || rows[1].Customer != "0007" || rows[1].Amount.N != 250 || rows[1].File != 1 {
		t.Errorf("rows %+v, bad %v, error %v", rows, bad, err)
	}
}

func TestMemoryStaysFlat(t *testing.T) {
	const n = 400_000
	line := func(i int64) string { return strconv.FormatInt(1_000_000_000+i, 10) + ",0007,2024-01-01,12.50\n" }
	width := int64(len(line(0)))
	head := fmt.Sprintf("%-*s\n", width-1, "order,customer,date,amount")
	in := sheet.Input{Name: "large.csv", Open: func() (sheet.Content, error) { return &made{head, line, width, width * (n + 1)}, nil }}
	files, s := survey(t, sheet.Orders, sheet.Options{}, in)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows, peak := 0, uint64(0)
	err := files.Orders(context.Background(), s, 0, func(*sheet.OrderRow) error {
		if rows++; rows%50_000 == 0 {
			runtime.ReadMemStats(&after)
			peak = max(peak, after.HeapAlloc)
		}
		return nil
	}, func(e sheet.RowError) error { return errors.New(e.Key) })
	if err != nil || rows != n || s.RecurringOrders() != 0 {
		t.Fatalf("%d rows, error %v", rows, err)
	}
	if peak > before.HeapAlloc+32<<20 {
		t.Errorf("heap grew from %d to %d bytes", before.HeapAlloc, peak)
	}
}

// made is a large file that is made while it is read.
type made struct {
	head        string
	line        func(int64) string
	width, size int64
}

func (m *made) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < m.size {
		text := m.head
		if row := off / m.width; row > 0 {
			text = m.line(row - 1)
		}
		c := copy(p[n:], text[off%m.width:])
		n += c
		off += int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
func (m *made) Close() error { return nil }
func (m *made) Size() int64  { return m.size }
