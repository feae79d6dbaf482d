package campaign_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/campaign"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

func TestNobodyIsOfferedWhatSheJustReturned(t *testing.T) {
	tables := map[string][][]any{}
	add := func(table string, row ...any) { tables[table] = append(tables[table], row) }
	for id := int64(1); id <= 8; id++ {
		category := "Kaffee"
		if id > 6 {
			category = "Tee"
		}
		add("product", id, fmt.Sprint("S", id), fmt.Sprint("P", id), category)
	}
	next := int64(0)
	today := clock.NewDay(2026, 11, 22)
	buys := func(who int64, kind string, ago int, what ...int64) {
		next++
		add("document", next, who, kind, int64(today.AddDays(-ago)), int64(0), kind == "order", int64(len(what)), int64(1000), nil, int64(1))
		for n, p := range what {
			add("line", next, int64(n), p, int64(1000), int64(1000), nil, kind == "order")
		}
	}
	// 1 buys product 1 each 30 days, is 60 days late; 2 each 100 days; 3 twice, and returned it; 4 once, lately.
	for _, ago := range []int{90, 120, 150} {
		buys(1, "order", ago, 1)
	}
	for _, ago := range []int{10, 110, 210} {
		buys(1, "order", ago, 2)
	}
	buys(1, "order", 100, 3)
	buys(1, "order", 130, 3)
	buys(1, "return", 95, 3)
	buys(1, "order", 20, 4)
	// Others buy coffee: product 5 most, then 6, then 3 and 4.
	for who := int64(10); who < 20; who++ {
		buys(who, "order", 50, 5)
		if who%2 == 0 {
			buys(who, "order", 40, 6)
		}
		if who%5 == 0 {
			buys(who, "order", 45, 3, 4)
		}
		buys(who, "order", 40, 7, 8)
	}
	house := warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection())
	warehousetest.Fill(t, house, tables)
	usual, category, err := campaign.Recommend(context.Background(), house, 1, today.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{1, 2}, usual); diff != "" {
		t.Error("usual:", diff)
	}
	if diff := cmp.Diff([]int64{5, 6, 1}, category); diff != "" {
		t.Error("of the category:", diff)
	}
}

func TestNoAddressOfOnesOwnNetIsAsked(t *testing.T) {
	for _, private := range []string{"127.0.0.1:80", "10.1.2.3:443", "192.168.0.1:80", "172.16.0.1:80", "169.254.169.254:80", "100.64.0.1:80", "[::1]:80", "[fe80::1]:80", "[fd00::1]:443",
		"[::ffff:127.0.0.1]:80", "0.0.0.0:80", "224.0.0.1:80", "[64:ff9b::7f00:1]:80", "[2002:7f00:1::]:80", "93.184.216.34:22", "198.18.0.1:80", "255.255.255.255:80"} {
		if campaign.Public(netip.MustParseAddrPort(private)) {
			t.Errorf("%s counts as public", private)
		}
	}
	for _, public := range []string{"93.184.216.34:443", "[2606:2800:220:1::1]:80"} {
		if !campaign.Public(netip.MustParseAddrPort(public)) {
			t.Errorf("%s does not count as public", public)
		}
	}
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch {
		case r.URL.Path == "/gone":
			http.NotFound(w, r)
		case r.URL.Path == "/get" && r.Method == http.MethodHead:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer site.Close()
	if a := (campaign.Prober{}).Ask(context.Background(), []string{site.URL})[0]; !a.Private || a.OK() || asked != 0 {
		t.Errorf("%+v, asked %d times", a, asked)
	}
	here := campaign.Prober{Allow: func(netip.AddrPort) bool { return true }}
	got := map[string]bool{}
	for _, a := range here.Ask(context.Background(), []string{site.URL + "/", site.URL + "/get", site.URL + "/gone", "http://127.0.0.1:1/", "mailto:a@example.org"}) {
		got[a.Address] = a.OK()
	}
	want := map[string]bool{site.URL + "/": true, site.URL + "/get": true, site.URL + "/gone": false, "http://127.0.0.1:1/": false, "mailto:a@example.org": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
