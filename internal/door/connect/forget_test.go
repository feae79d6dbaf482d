package connect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func TestWhatRefusedRowsSaidOfPeopleCanBeForgotten(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		path := filepath.Join(t.TempDir(), "customers.csv")
		text := "Kundennummer;Nachname;E-Mail;Geburtstag;Land\n" +
			"K1;Röster;anna.roester(at)example.org;01.02.1980;DE\n" + // no mail address
			"K2;Bohne;bert@example.org;31.02.1980;DE\n" + // no day
			"K3;Kanne;karl@example.org;;Kaffeeland\n" // no country
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run := s.run(t, sheet.Customers, "crm", sheet.Options{}, path)
		before := s.errors(t, run.ID)
		if all := fmt.Sprint(before); !strings.Contains(all, "anna.roester") || !strings.Contains(all, "31.02.1980") {
			t.Fatalf("nothing there to be forgotten: %s", all)
		}
		for range 2 { // an erasure comes more than once
			if err := connect.ForgetValues(t.Context(), s.db); err != nil {
				t.Fatal(err)
			}
		}
		after := s.errors(t, run.ID)
		if all := fmt.Sprint(after); strings.Contains(all, "anna") || strings.Contains(all, "1980") || !strings.Contains(all, "Kaffeeland") {
			t.Errorf("mail and birthday of people should be gone, the country not: %s", all)
		}
		if len(after) != len(before) {
			t.Fatalf("%d errors became %d", len(before), len(after))
		}
		for i := range after {
			if after[i].Line != before[i].Line || after[i].Field != before[i].Field || after[i].Key != before[i].Key {
				t.Errorf("%+v became %+v: line, field and reason should stay", before[i], after[i])
			}
		}
	})
}

func (s *shop) errors(t *testing.T, run int64) (all []connect.RowError) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) { all, err = connect.Errors(ctx, tx, run, 0, 100); return err })
	if err != nil {
		t.Fatal(err)
	}
	return all
}
