package report_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

// small is a warehouse of some hundred customers with everything in it: anonymous orders, returns with and without a purchase,
// returns in full, excluded customers, products.
func small(t testing.TB) *sql.DB {
	db := openWarehouse(t, "")
	db.SetMaxOpenConns(1) // for the temporary tables
	for _, q := range growth {
		exec(t, db, strings.ReplaceAll(q, "{customers}", "400"))
	}
	exec(t, db, "UPDATE customer SET mail = 'invalid' WHERE id = 7")
	exec(t, db, "INSERT INTO setting VALUES ('sector', 'wholesale'), ('currency', 'EUR')")
	derive(t, db)
	return db
}

// ways are the parameters every report is tried with: today, as of a day that later returns reach back behind, gross, a part of
// the customers, before the first purchase.
func ways(t testing.TB) []report.Params {
	return []report.Params{
		{AsOf: mustDay(t, "2025-12-31")},
		{AsOf: mustDay(t, "2024-12-10"), Customers: true},
		{AsOf: mustDay(t, "2024-12-10"), Basis: report.Gross, By: "category"},
		{AsOf: mustDay(t, "2025-06-30"), Kind: "company", Country: "CH"},
		{AsOf: mustDay(t, "2022-01-01")},
	}
}

func TestEveryReportSpeaksBothLanguages(t *testing.T) {
	db := small(t)
	for _, r := range report.All() {
		for _, params := range ways(t) {
			if r.By == nil {
				params.By = ""
			}
			res, err := r.Run(context.Background(), db, params)
			if err != nil {
				t.Fatalf("%s %+v: %v", r.Name, params, err)
			}
			for _, lang := range i18n.Languages() {
				for _, s := range wordsOf(res, i18n.For(lang, time.UTC)) {
					if s == "" || strings.ContainsAny(s, "⟦⟧{}") || strings.Contains(s, "NaN") || strings.Contains(s, "%!") {
						t.Errorf("%s %s %+v: %q", r.Name, lang, params, s)
					}
				}
			}
		}
	}
}

// wordsOf is every text of a result.
func wordsOf(res *report.Result, p *i18n.Printer) []string {
	e := res.Explain(p)
	words := []string{res.Report.Title(p), res.Report.Question(p), res.Sentence(p), e.Definition, e.Formula, e.Source, e.Purchase, e.Returns, e.Period}
	for _, f := range res.Figures {
		words = append(words, f.Label(p), f.Format(p, f.Kind, res.Currency))
	}
	for _, table := range res.Tables {
		if table.Name != "" {
			words = append(words, p.T("report.table."+table.Name))
		}
		for _, c := range table.Columns {
			words = append(words, c.Heading(p))
		}
		for _, row := range append(table.Rows, table.Total) {
			for i, cell := range row {
				if c := table.Columns[i]; c.Kind != report.Text || cell.Key != "" {
					words = append(words, cell.Format(p, c.Kind, res.Currency))
				}
			}
		}
	}
	return words
}

func TestEveryRowHasACellForEachColumn(t *testing.T) {
	db := small(t)
	for _, r := range report.All() {
		res, err := r.Run(context.Background(), db, ways(t)[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range res.Tables {
			for _, row := range table.Rows {
				if len(row) != len(table.Columns) {
					t.Errorf("%s %s: %d cells for %d columns", r.Name, table.Name, len(row), len(table.Columns))
				}
			}
			if table.Total != nil && len(table.Total) != len(table.Columns) {
				t.Errorf("%s %s: total of %d cells", r.Name, table.Name, len(table.Total))
			}
		}
		if c := res.Chart; c != nil {
			table := res.Tables[c.Table]
			for _, i := range append(c.Series, c.X) {
				if i >= len(table.Columns) {
					t.Errorf("%s: the chart draws column %d of %d", r.Name, i, len(table.Columns))
				}
			}
		}
	}
}

// counted are the columns and figures that count something other than the customers behind them.
var counted = []string{"orders", "purchase_days", "rows", "gaps", "refund_rows", "refund_invoices", "unlinked_returns", "future_dates",
	"orders_of_zero", "found", "of", "tenth"}

func TestBehindEveryFigureStandAsManyCustomersAsItSays(t *testing.T) {
	db := small(t)
	for _, r := range report.All() {
		for _, params := range ways(t)[:4] {
			if r.By == nil {
				params.By = ""
			}
			res, err := r.Run(context.Background(), db, params)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[report.Ref]int64{}
			note := func(name string, kind report.Kind, c report.Cell) {
				if c.Ref == "" || c.Ref == report.Anonymous {
					return
				}
				if kind == report.Count && !slices.Contains(counted, name) {
					if n, ok := seen[c.Ref]; ok && n >= 0 && n != c.Int {
						t.Errorf("%s %s means %d and %d customers", r.Name, c.Ref, n, c.Int)
					}
					seen[c.Ref] = c.Int
				} else if _, ok := seen[c.Ref]; !ok {
					seen[c.Ref] = -1
				}
			}
			for _, f := range res.Figures {
				note(f.Name, f.Kind, f.Cell)
			}
			for _, table := range res.Tables {
				for _, row := range table.Rows {
					for i, cell := range row {
						note(table.Columns[i].Name, table.Columns[i].Kind, cell)
					}
				}
			}
			for _, ref := range some(seen) {
				n, err := r.Count(context.Background(), db, params, ref)
				if err != nil {
					t.Errorf("%s %+v %s: %v", r.Name, params, ref, err)
				}
				if seen[ref] >= 0 && n != seen[ref] {
					t.Errorf("%s %+v %s: %d customers, the figure says %d", r.Name, params, ref, n, seen[ref])
				}
			}
		}
	}
}

// some picks about fifteen references, spread over all.
func some(refs map[report.Ref]int64) []report.Ref {
	var all, out []report.Ref
	for ref := range refs {
		all = append(all, ref)
	}
	slices.Sort(all)
	for i := 0; i < len(all); i += 1 + len(all)/15 {
		out = append(out, all[i])
	}
	return out
}

func TestRowsGoOnAfterAKey(t *testing.T) {
	db, ctx := small(t), context.Background()
	r, err := report.Find("repeat_purchase_rate")
	if err != nil {
		t.Fatal(err)
	}
	for _, params := range ways(t)[:4] {
		all, err := r.Rows(ctx, db, params, "days/2", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.Count(ctx, db, params, "days/2")
		if err != nil || n != int64(len(all)) || n == 0 {
			t.Fatalf("%d rows, count %d, %v", len(all), n, err)
		}
		var pages []report.CustomerRow
		for after := ""; ; {
			page, err := r.Rows(ctx, db, params, "days/2", after, 7)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
			after = page[len(page)-1].Key()
		}
		if diff := cmp.Diff(all, pages); diff != "" {
			t.Errorf("page by page differs from all at once:\n%s", diff)
		}
		for i, c := range all {
			if c.Days < 2 || c.Orders < c.Days || c.First == nil || c.Last == nil || *c.Last <= *c.First || c.External == "" {
				t.Errorf("row %d: %+v", i, c)
			}
			if i > 0 && all[i-1].Value < c.Value {
				t.Errorf("row %d is worth more than the one before", i)
			}
		}
	}
}

func TestUnknownQuestionsAreTheReadersFault(t *testing.T) {
	db, ctx := small(t), context.Background()
	p := ways(t)[0]
	if _, err := report.Find("nonsense"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown report: %v", err)
	}
	if _, err := report.ParseBasis("brutto"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("unknown basis: %v", err)
	}
	for _, r := range report.All() {
		for _, ref := range []report.Ref{"nonsense", "active/2025-13", "cell/2025-01", "over/x", "days/'", "pct/9", "class/Q", "top/-1", "from/1", "month/x",
			"first/product", "first/thing/1", "gap/1-x"} {
			_, err := r.Rows(ctx, db, p, ref, "", 10)
			if err != nil && fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s %s: %v", r.Name, ref, err)
			}
			if err == nil && ref == "nonsense" && r.Name != "totals" && r.Name != "average_order_value" {
				t.Errorf("%s knows %s", r.Name, ref)
			}
		}
	}
	products, err := report.Find("products")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := products.Run(ctx, db, report.Params{AsOf: p.AsOf, By: "colour"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("unknown grouping: %v", err)
	}
	if _, err := products.Rows(ctx, db, p, "first", "x", 10); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("unknown key: %v", err)
	}
}

func TestNamesOfPlacesCannotBecomeSQL(t *testing.T) {
	db := small(t)
	p := report.Params{AsOf: mustDay(t, "2025-12-31"), Country: "DE' OR '1' = '1"}
	if got := object(t, db, "totals", p)["customers"]; got != 0.0 {
		t.Errorf("%v customers in a country that does not exist", got)
	}
}

func TestPartsOfTheCustomersAddUp(t *testing.T) {
	db := small(t)
	for _, p := range ways(t)[:2] {
		all := object(t, db, "totals", p)
		for _, key := range []string{"customers", "orders", "purchase_days", "rows", "revenue"} {
			sum := 0.0
			for _, kind := range []string{"person", "company"} {
				part := p
				part.Kind = kind
				got := object(t, db, "totals", part)
				sum += got[key].(float64)
				if got["company_revenue"] != all["company_revenue"] {
					t.Errorf("the company's revenue follows the kind of customer")
				}
			}
			if diff := sum - all[key].(float64); diff > 0.001 || diff < -0.001 {
				t.Errorf("%s: parts %v, all %v", key, sum, all[key])
			}
		}
	}
}

func TestABreakdownHasARowPerGroup(t *testing.T) {
	db := small(t)
	for _, r := range report.All() {
		for _, by := range report.Breakdowns() {
			table, err := r.Breakdown(context.Background(), db, ways(t)[0], by)
			if err != nil {
				t.Fatalf("%s: %v", r.Name, err)
			}
			want := map[string]int{"kind": 2, "country": 3, "region": 12}[by]
			if len(table.Rows) != want {
				t.Errorf("%s by %s: %d rows, want %d", r.Name, by, len(table.Rows), want)
			}
			for _, row := range table.Rows {
				if len(row) != len(table.Columns) {
					t.Errorf("%s by %s: %d cells for %d columns", r.Name, by, len(row), len(table.Columns))
				}
			}
		}
	}
}

func TestAComparisonIsTheReportOfAYearAgo(t *testing.T) {
	db, ctx := small(t), context.Background()
	r, err := report.Find("totals")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		asOf, want string
		yearAgo    bool
	}{{"2025-12-31", "2024-12-31", true}, {"2023-06-30", "2023-04-01", false}, {"2023-02-01", "", false}, {"2020-01-01", "", false}} {
		c, err := r.Compare(ctx, db, report.Params{AsOf: mustDay(t, test.asOf)})
		if err != nil {
			t.Fatal(err)
		}
		if c == nil || test.want == "" {
			if (c == nil) != (test.want == "") {
				t.Errorf("%s: %v, want %q", test.asOf, c, test.want)
			}
			continue
		}
		then, err := r.Run(ctx, db, report.Params{AsOf: mustDay(t, test.want)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(then.Figures, c.Figures); diff != "" || c.YearAgo != test.yearAgo {
			t.Errorf("%s, year ago %v:\n%s", test.asOf, c.YearAgo, diff)
		}
	}
}

func TestObjectsKeepTheOrderOfTheirKeys(t *testing.T) {
	db := small(t)
	r, err := report.Find("second_purchase_within")
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.Run(context.Background(), db, ways(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(res.JSON)
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, key := range []string{`"definition"`, `"rates"`, `"30"`, `"60"`, `"90"`, `"180"`, `"basis"`, `"as_of"`} {
		i := strings.Index(string(b), key+":")
		if i < last {
			t.Errorf("%s is out of place in %s", key, b)
		}
		last = i
	}
}

func TestAmountsFollowTheCurrency(t *testing.T) {
	db := small(t)
	exec(t, db, "UPDATE setting SET value = 'JPY' WHERE key = 'currency'")
	euro := object(t, small(t), "totals", ways(t)[0])["revenue"].(float64)
	if yen := object(t, db, "totals", ways(t)[0])["revenue"].(float64); fmt.Sprintf("%.2f", yen) != fmt.Sprintf("%.2f", 100*euro) {
		t.Errorf("%v yen, %v euros of the same minor units", yen, euro)
	}
}

func TestTodayTellsTheStory(t *testing.T) {
	db, ctx := small(t), context.Background()
	today, err := report.ForToday(ctx, db, report.Params{AsOf: mustDay(t, "2025-12-31")})
	if err != nil {
		t.Fatal(err)
	}
	if today.Story == nil || today.Story.Month != mustDay(t, "2025-09-01") || today.Story.Before == nil || !today.Story.Before.Year {
		t.Fatalf("story: %+v", today.Story)
	}
	second, err := report.Find(today.Tiles[0].Report)
	if err != nil || second.Name != "period_retention" {
		t.Fatal(second, err)
	}
	r, err := report.Find("second_purchase_within")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Count(ctx, db, report.Params{AsOf: today.AsOf}, today.Story.Ref); err != nil || n != today.Story.Again {
		t.Errorf("%d customers behind the story, it says %d: %v", n, today.Story.Again, err)
	}
	for _, tile := range today.Tiles {
		if tile.Now.None || tile.Before.None || !tile.Year || len(tile.Trend) < 2 {
			t.Errorf("tile %+v", tile)
		}
	}
	empty, err := report.ForToday(ctx, db, report.Params{AsOf: mustDay(t, "2020-12-31")})
	if err != nil || empty.Story != nil {
		t.Errorf("a story before the first purchase: %+v, %v", empty, err)
	}
	for _, lang := range i18n.Languages() {
		p := i18n.For(lang, time.UTC)
		texts := []string{today.Sentence(p), empty.Sentence(p)}
		for _, tile := range today.Tiles {
			texts = append(texts, tile.Label(p), tile.Change(p))
		}
		for _, s := range texts {
			if s == "" || strings.ContainsAny(s, "⟦{") {
				t.Errorf("%s: %q", lang, s)
			}
		}
	}
}

func TestTheStoryIsToldInWholeCustomers(t *testing.T) {
	march, before := mustDay(t, "2026-03-01"), mustDay(t, "2026-02-01")
	for _, test := range []struct {
		story report.Story
		de    string
		en    string
	}{
		{report.Story{Month: march, Customers: 1000, Again: 290, Before: &report.StoryBefore{Month: clock.Day(0), Customers: 800, Again: 200, Year: true}},
			"Von 100 Kunden, die im März zum ersten Mal gekauft haben, kamen 29 innerhalb von 90 Tagen wieder, 4 mehr als vor einem Jahr.",
			"Of 100 customers who first bought in March, 29 came back within 90 days, 4 more than a year ago."},
		{report.Story{Month: march, Customers: 1000, Again: 290, Before: &report.StoryBefore{Month: before, Customers: 1000, Again: 294}},
			"Von 100 Kunden, die im März zum ersten Mal gekauft haben, kamen 29 innerhalb von 90 Tagen wieder, so viele wie von denen im Februar.",
			"Of 100 customers who first bought in March, 29 came back within 90 days, as many as of those in February."},
		{report.Story{Month: march, Customers: 60, Again: 6, Before: &report.StoryBefore{Month: before, Customers: 3, Again: 3}},
			"Von 100 Kunden, die im März zum ersten Mal gekauft haben, kamen 10 innerhalb von 90 Tagen wieder.",
			"Of 100 customers who first bought in March, 10 came back within 90 days."},
		{report.Story{Month: march, Customers: 3, Again: 1},
			"3 Kunden haben im März zum ersten Mal gekauft; innerhalb von 90 Tagen wiedergekommen: 1.",
			"3 customers first bought in March; came back within 90 days: 1."},
	} {
		if got := test.story.Sentence(i18n.For("de", nil)); got != test.de {
			t.Errorf("got  %s\nwant %s", got, test.de)
		}
		if got := test.story.Sentence(i18n.For("en", nil)); got != test.en {
			t.Errorf("got  %s\nwant %s", got, test.en)
		}
	}
}
