package insight_test

import (
	"net/url"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/insight"
	"stamm/internal/door/web/today"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// What CDNOW's customers did is shown in both languages at both widths without sideways scrolling, weak contrast or a
// complaint of the browser. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestReportsOfARealShopAreReadable(t *testing.T) {
	path := shoptest.Data(t, "cdnow_sample.csv")
	shop := shoptest.New(t)
	b := browsertest.New(t)
	shop.Import(sheet.Orders, path)
	site := webtest.New(t, shop.DB, today.Area(today.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}),
		insight.Area(insight.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}))
	server := site.Serve()
	b.Open(server+site.LoginLink(auth.Manager), 1440, 900)
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	const asOf = "?as_of=1998-06-30"
	seen := 0
	for _, language := range []string{"de", "en"} {
		site.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		for name, address := range map[string]string{
			"overview": "/insight" + asOf, "overview-now": "/insight", "cohorts": "/insight/cohorts" + asOf, "rfm": "/insight/rfm" + asOf, "abc": "/insight/abc" + asOf, "monthly": "/insight/monthly" + asOf,
			"revenue": "/insight/revenue" + asOf, "interpurchase": "/insight/interpurchase" + asOf, "frequency": "/insight/purchase_frequency" + asOf,
			"second": "/insight/second_purchase_within" + asOf, "sector": "/insight/sector_churn" + asOf, "quality": "/insight/data_quality" + asOf,
			"explain": "/insight/period_retention" + asOf + "#explain", "totals": "/insight/totals", "products": "/insight/products", "customers": "/insight/rfm/customers" + asOf + "&ref=pct/555",
		} {
			b.LookAtBothWidths(server+address, name+"-"+language)
			if problems := b.Problems(); len(problems) > seen {
				t.Logf("on %s %s: %v", name, language, problems)
				seen = len(problems)
			}
		}
	}
}
