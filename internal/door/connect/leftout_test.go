package connect_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/company"
)

func TestOrdersWithoutARateAreToldUntilTheFileComesAgain(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := open(t, url), context.Background()
		path := filepath.Join(t.TempDir(), "orders.csv")
		if err := os.WriteFile(path, []byte("Auftrag;Kunde;Datum;Betrag;Währung\n1;K1;31.12.2010;10,00;CHF\n2;K2;31.12.2010;10,00;CHF\n3;K3;31.12.2010;10,00;USD\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		missing := func(when string, want ...connect.NoRate) {
			t.Helper()
			err := s.db.Read(ctx, func(tx *store.Tx) error {
				got, err := connect.NoRates(ctx, tx)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", when, diff)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		enter := func(currency string) {
			t.Helper()
			rate, err := money.ParseRate("0.8")
			if err != nil {
				t.Fatal(err)
			}
			err = s.db.Write(ctx, store.System(), func(tx *store.Tx) error {
				return company.SetRate(ctx, tx, company.Rate{Currency: currency, ValidFrom: clock.NewDay(2000, 1, 1), Rate: rate})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		missing("before")
		first := s.run(t, sheet.Orders, "shop", sheet.Options{}, path)
		missing("at first", connect.NoRate{Currency: "CHF", Rows: 2, Run: first.ID}, connect.NoRate{Currency: "USD", Rows: 1, Run: first.ID})
		enter("CHF")
		missing("with one rate", connect.NoRate{Currency: "CHF", Rows: 2, Run: first.ID, Entered: true}, connect.NoRate{Currency: "USD", Rows: 1, Run: first.ID})
		second := s.run(t, sheet.Orders, "shop", sheet.Options{}, path)
		missing("imported again", connect.NoRate{Currency: "USD", Rows: 1, Run: second.ID})
		enter("USD")
		s.run(t, sheet.Orders, "shop", sheet.Options{}, path)
		missing("with both")
	})
}
