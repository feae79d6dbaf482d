package connect_test

import (
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
