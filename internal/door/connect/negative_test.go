package connect_test

import (
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store/storetest"
)

func TestAnOrderThatAlsoSellsStaysASaleWhateverItGivesBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		s.bring(t, sheet.Orders, "order;customer;date;sku;quantity;unit price\n"+
			"1;A;2024-01-01;x;2;10\n1;A;2024-01-01;y;-5;10\n"+ // bought for 20, gave back for 50
			"2;A;2024-02-01;x;1;10\n2;A;2024-02-01;discount;1;-4\n"+
			"3;B;2024-03-01;x;1;10\n4;B;2024-03-02;x;-1;10\n") // a return under a number of its own
		for basis, want := range map[report.Basis][2]float64{report.Gross: {3, 40}, report.Net: {2, 30}} {
			got := s.report(t, "totals", report.Params{AsOf: clock.NewDay(2024, 12, 31), Basis: basis})
			if got["orders"] != want[0] || got["revenue"] != want[1] {
				t.Errorf("%v: %v orders, revenue %v, want %v", basis, got["orders"], got["revenue"], want)
			}
		}
	})
}

func TestARefundedOrderIsAReturnOfAllThatItSold(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		orders := "Name,Email,Created at,Financial Status,Lineitem quantity,Lineitem name,Lineitem price\n" +
			"#1,a@b.de,2024-01-01,paid,2,Tea,10\n" +
			"#2,a@b.de,2024-02-01,refunded,1,Tea,10\n#2,,,,2,Cup,5\n#2,,,,0,Gift,3\n" +
			"#3,a@b.de,2024-03-01,partially_refunded,1,Tea,10\n" +
			"#4,,2024-04-01,refunded,1,Tea,7\n"
		s.bring(t, sheet.Orders, orders)
		check := func() {
			t.Helper()
			for basis, want := range map[report.Basis][4]float64{report.Gross: {3, 50, 1, 57}, report.Net: {2, 30, 0, 30}} {
				got := s.report(t, "totals", report.Params{AsOf: clock.NewDay(2024, 12, 31), Basis: basis})
				for i, key := range []string{"orders", "revenue", "anonymous_orders", "company_revenue"} {
					if got[key] != want[i] {
						t.Errorf("%v: %s %v, want %v", basis, key, got[key], want[i])
					}
				}
			}
		}
		check()
		path := filepath.Join(t.TempDir(), "returns.csv")
		if err := os.WriteFile(path, []byte("order,kind,reference,date,email,amount\n#2,return,#2,2024-02-05,a@b.de,20\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if run := s.run(t, sheet.Orders, "default", sheet.Options{}, path); run.Changed != 1 || run.New+run.Errors > 0 { // the return itself, later
			t.Errorf("%+v", run)
		}
		check()
	})
}

func TestAnAmountGivenBackIsAReturnInPart(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		for _, file := range []string{
			"Name,Email,Created at,Financial Status,Refunded Amount,Lineitem quantity,Lineitem name,Lineitem price\n" +
				"#1,a@b.de,2024-01-01,paid,0.00,2,Tea,10\n" + // sold for 20
				"#2,a@b.de,2024-02-01,partially_refunded,5.50,1,Tea,10\n#2,,,,,2,Cup,5\n" + // 20 less 5.50
				"#3,a@b.de,2024-03-01,paid,14.90,1,Tea,10\n", // all of it, and 4.90 for shipping
			"Bestellnummer;E-Mail;Datum;Netto;MwSt;Brutto;Erstattungsbetrag\n" +
				"R1;c@d.de;01.04.2024;100,00;19,00;119,00;59,50\n", // half of it, told with tax
		} {
			s.bring(t, sheet.Orders, file)
		}
		for basis, want := range map[report.Basis][2]float64{report.Gross: {4, 150}, report.Net: {3, 84.5}} {
			got := s.report(t, "totals", report.Params{AsOf: clock.NewDay(2024, 12, 31), Basis: basis})
			if got["orders"] != want[0] || got["revenue"] != want[1] {
				t.Errorf("%v: %v orders, revenue %v, want %v", basis, got["orders"], got["revenue"], want)
			}
		}
	})
}
