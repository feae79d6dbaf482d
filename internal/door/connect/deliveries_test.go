package connect_test

import (
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"

	"github.com/google/go-cmp/cmp"
)

// bring imports a file of that content.
func (s *shop) bring(t *testing.T, kind sheet.Kind, content string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if run := s.run(t, kind, "default", sheet.Options{}, path); run.Errors > 0 || run.New == 0 {
		t.Fatalf("%d new, %d errors", run.New, run.Errors)
	}
}

func TestDeliveriesKnowWhatWasPromisedAndKept(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		s.bring(t, sheet.Orders, "Lieferscheinnummer;Belegart;Bezug;Kundennummer;Datum;Zugesagt;Geliefert\nL1;Lieferung;A1;K1;04.03.2011;03.03.2011;04.03.2011\n")
		s.bring(t, sheet.Orders, "Bestellnummer;Kundennummer;Bestelldatum;Betrag\nA1;K1;01.03.2011;12,50\n")
		err := s.db.Read(t.Context(), func(tx *store.Tx) error {
			id := int64(0)
			if err := tx.QueryRow(t.Context(), `SELECT id FROM document WHERE kind = $1`, int(document.Delivery)).Scan(&id); err != nil {
				return err
			}
			d, err := document.Load(t.Context(), tx, id)
			if err != nil {
				return err
			}
			day := func(n int) *clock.Day { d := clock.NewDay(2011, 3, n); return &d }
			if diff := cmp.Diff([]*clock.Day{day(3), day(4)}, []*clock.Day{d.Promised, d.Kept}); diff != "" || d.Sale {
				t.Errorf("sale %v, promised and kept %s", d.Sale, diff)
			}
			links, _, err := document.Bonds(t.Context(), tx, id)
			if len(links) != 1 || links[0].Kind != "delivers" || links[0].ExternalID != "A1" {
				t.Errorf("links %+v", links)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.report(t, "totals", report.Params{AsOf: clock.NewDay(2011, 12, 31)}); got["orders"] != 1.0 || got["revenue"] != 12.5 {
			t.Errorf("a delivery counts: %v", got)
		}
	})
}

func TestStaffAndResellersAreLeftOutOfFigures(t *testing.T) {
	s := open(t, storetest.SQLite(t))
	s.bring(t, sheet.Customers, "Kundennummer;Name;Ausgeschlossen\nK1;Anna;\nK2;Bert;intern\nK3;Cafina;Wiederverkäufer\nK4;Dora;nein\nK5;Emil;ja\n")
	s.bring(t, sheet.Orders, "Bestellnummer;Kundennummer;Bestelldatum;Betrag\n1;K1;01.03.2011;1,00\n2;K2;01.03.2011;2,00\n3;K3;01.03.2011;4,00\n4;K4;01.03.2011;8,00\n5;K5;01.03.2011;16,00\n")
	var got []string
	err := s.db.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(t.Context(), `SELECT excluded FROM customer ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var why string
			if err := rows.Scan(&why); err != nil {
				return err
			}
			got = append(got, why)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "internal", "reseller", "", "internal"}, got); diff != "" {
		t.Error(diff)
	}
	if totals := s.report(t, "totals", report.Params{AsOf: clock.NewDay(2011, 12, 31)}); totals["customers"] != 2.0 || totals["revenue"] != 9.0 {
		t.Errorf("figures count %v customers and %v", totals["customers"], totals["revenue"])
	}
}
