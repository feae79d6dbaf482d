package insight_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/insight"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

func thisDay() clock.Day { return clock.DayOf(time.Now(), time.UTC) }

func site(t *testing.T, shop *shoptest.Shop) *webtest.Site {
	t.Helper()
	return webtest.New(t, shop.DB, insight.Area(insight.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}))
}

func small(t *testing.T) *webtest.Site {
	t.Helper()
	shop := shoptest.New(t)
	shop.Small(thisDay())
	return site(t, shop)
}

// clean checks what every page must keep to and returns its words.
func clean(t *testing.T, c *webtest.Client, language, address string, status int) string {
	t.Helper()
	got := c.In(language).Get(address)
	if got.Status != status {
		t.Errorf("%s in %s: status %d, want %d: %s", address, language, got.Status, status, webtest.Words(got.Body))
	}
	for _, problem := range webtest.Problems(got, language) {
		t.Errorf("%s in %s: %s", address, language, problem)
	}
	return webtest.Words(got.Body)
}

func TestEveryReportShowsItself(t *testing.T) {
	s := small(t)
	c := s.As(auth.Viewer)
	for _, r := range report.All() {
		for _, language := range []string{"de", "en"} {
			for _, query := range []string{"", "?basis=gross&compare=before&rows=all", "?parts=kind&compare=none", "?as_of=" + thisDay().AddDays(-200).String(), "?as_of=1900-01-01"} {
				clean(t, c, language, "/insight/"+r.Name+query, 200)
			}
		}
	}
}

func TestAnEmptyShopIsToldTheFirstStep(t *testing.T) {
	c := site(t, shoptest.New(t)).As(auth.Manager)
	for _, address := range []string{"/insight", "/insight/totals", "/insight/cohorts", "/insight/rfm", "/insight/abc"} {
		clean(t, c, "en", address, 200)
		if words := clean(t, c, "de", address, 200); !strings.Contains(words, "Bestellungen importieren") {
			t.Errorf("%s does not say how to begin: %s", address, words)
		}
	}
	for _, r := range report.All() {
		clean(t, c, "de", "/insight/"+r.Name, 200)
	}
}

func TestTheOverviewSaysWhatEachReportSays(t *testing.T) {
	c := small(t).As(auth.Viewer)
	words := clean(t, c, "de", "/insight", 200)
	for _, title := range []string{"Jahrgänge", "RFM", "ABC-Analyse", "Retouren", "Von 100 Kunden"} {
		if !strings.Contains(words, title) {
			t.Errorf("no %q on the overview: %s", title, words)
		}
	}
	clean(t, c, "en", "/insight", 200)
}

// Every figure that can be opened leads to a page of customers, and none of them is an error.
func TestEveryFigureOpensItsCustomers(t *testing.T) {
	c := small(t).As(auth.Viewer)
	for _, r := range report.All() {
		links := hrefs(c.Get("/insight/"+r.Name+"?rows=all").Body, "/insight/"+r.Name+"/customers?")
		for i, link := range links {
			if i > 12 && i%7 != 0 {
				continue // of the many cells of a matrix a few
			}
			if words := clean(t, c, "de", link, 200); !strings.Contains(words, "Kunden hinter der Zahl") {
				t.Errorf("%s: %s", link, words)
			}
		}
	}
}

func hrefs(body, prefix string) (out []string) {
	seen := map[string]bool{}
	for _, part := range strings.Split(body, `href="`)[1:] {
		address, _, _ := strings.Cut(part, `"`)
		address = strings.ReplaceAll(address, "&amp;", "&")
		if strings.HasPrefix(address, prefix) && !seen[address] {
			seen[address] = true
			out = append(out, address)
		}
	}
	return out
}

func TestNamesOfCustomersStayText(t *testing.T) {
	c := small(t).As(auth.Viewer)
	got := c.Get("/insight/totals/customers?ref=all")
	if strings.Contains(got.Body, "<script>alert") || !strings.Contains(got.Body, "&lt;script&gt;alert") {
		t.Errorf("the name is not escaped, or is not there: %s", webtest.Words(got.Body))
	}
}

func TestEachListIsThereAsCSV(t *testing.T) {
	c := small(t).As(auth.Viewer)
	for _, address := range []string{"/insight.csv", "/insight/cohorts.csv", "/insight/cohorts.csv?table=revenue", "/insight/abc.csv", "/insight/rfm.csv?table=rfm_cells",
		"/insight/totals/customers.csv?ref=all", "/insight/monthly.csv?basis=gross"} {
		got := c.Get(address)
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.Body, "\ufeff")))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil || got.Status != 200 || len(rows) < 2 {
			t.Errorf("%s: status %d, %d rows, %v: %.200s", address, got.Status, len(rows), err, got.Body)
		}
		if strings.Contains(got.Body, "⟦") {
			t.Errorf("%s: a text is missing: %.300s", address, got.Body)
		}
	}
}

func TestAddressesThatMeanNothingSaySo(t *testing.T) {
	c := small(t).As(auth.Viewer)
	for address, status := range map[string]int{
		"/insight/nothing":                            404,
		"/insight/nothing/customers?ref=all":          404,
		"/insight/totals?as_of=yesterday":             422,
		"/insight/totals?as_of=2026-02-30":            422,
		"/insight/totals?as_of=9999-12-31":            422,
		"/insight/totals?basis=brutto":                422,
		"/insight/totals?compare=x":                   422,
		"/insight/cohorts?parts=shoe":                 422,
		"/insight/products?by=shoe":                   422,
		"/insight/totals/customers":                   404,
		"/insight/cohorts/customers?ref=x/y":          422,
		"/insight/cohorts/customers?ref=%27%3Bdrop--": 422,
		"/insight/totals/customers?ref=all&after=x":   422,
	} {
		clean(t, c, "de", address, status)
		clean(t, c, "en", address, status)
	}
}

func TestALongListGoesOn(t *testing.T) {
	shop := shoptest.New(t)
	shop.Small(thisDay())
	c := site(t, shop).As(auth.Viewer)
	body := c.Get("/insight/totals/customers?ref=all").Body
	if !strings.Contains(body, "40") || strings.Contains(body, "after=") {
		t.Errorf("forty customers fit on a page: %s", webtest.Words(body))
	}
}

// A page does not wait for figures: it says that they are being computed and asks again.
func TestAPageDoesNotWaitForItsFigures(t *testing.T) {
	shop := shoptest.New(t)
	shop.Small(thisDay())
	s := webtest.New(t, shop.DB, insight.Area(insight.Deps{Warehouse: shop.Warehouse, Patience: time.Nanosecond}))
	c := s.As(auth.Viewer)
	got := c.Get("/insight/cohorts")
	if got.Status != 200 {
		t.Fatalf("status %d: %s", got.Status, webtest.Words(got.Body))
	}
	deadline := time.Now().Add(30 * time.Second)
	for strings.Contains(got.Body, "hx-get") && time.Now().Before(deadline) {
		if !strings.Contains(got.Body, "/insight/cohorts") {
			t.Fatal("it does not say where to ask again")
		}
		got = c.Get("/insight/cohorts")
	}
	if strings.Contains(got.Body, "hx-get") || !strings.Contains(got.Body, "s-heat") {
		t.Errorf("the figures never came: %s", webtest.Words(got.Body))
	}
}

func TestWhoMayNotReadReportsIsSentAway(t *testing.T) {
	c := small(t).As(webtest.Nobody)
	for _, address := range []string{"/insight", "/insight/totals", "/insight/totals.csv", "/insight/totals/customers?ref=all"} {
		if got := c.Get(address); got.Status != 303 {
			t.Errorf("%s: status %d for nobody", address, got.Status)
		}
	}
}
