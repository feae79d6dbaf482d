package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/product"
)

// TestTheFieldsOfTheDomains asks a small shop, as of 30 June 2026, what its books say.
func TestTheFieldsOfTheDomains(t *testing.T) {
	day := func(s string) clock.Day {
		d, err := clock.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	db := warehousetest.Open(t, customer.Projection(), product.Projection(), document.Projection(), contract.Projection(), event.Projection(), predict.Projection())
	person := func(id int64, kind, country string, excluded, erased bool, created, mail string, birthday any) []any {
		return []any{id, "K" + string(rune('0'+id)), "Shop", kind, country, "", "de", excluded, erased, day(created), mail, birthday, id % 2}
	}
	sale := func(id, customer int64, on string, amount int64) []any {
		return []any{id, customer, "order", day(on), 0, true, 1, amount, nil, 1}
	}
	warehousetest.Fill(t, db, map[string][][]any{
		"customer": {
			person(1, "person", "DE", false, false, "2020-06-30", "valid", day("1980-07-05")),
			person(2, "company", "AT", false, false, "2026-01-10", "", nil),
			person(3, "person", "DE", true, false, "2020-01-01", "valid", day("1980-07-05")), // left out
			person(4, "person", "DE", false, true, "2020-01-01", "", nil),                    // erased
			person(5, "person", "CH", false, false, "2024-02-29", "invalid", day("1984-02-29")),
			person(6, "person", "DE", false, false, "2026-06-30", "valid", nil), // has not bought yet
		},
		"customer_tag":     {{1, "VIP"}, {1, "Messe"}, {2, "vip"}, {3, "VIP"}},
		"customer_custom":  {{1, 7, "A"}, {2, 7, "B"}, {1, 8, "12.5"}, {5, 8, "3"}},
		"customer_contact": {{2, 1, "Einkauf", nil, nil}, {2, 5, "Technik", nil, day("2026-06-29")}, {2, 6, "Einkauf", day("2026-07-01"), nil}},
		"product":          {{10, "ESP-1", "Espresso", "Kaffee"}, {11, "CUP-1", "Tasse", "Zubehör"}},
		"document": {
			sale(100, 1, "2025-01-01", 10_000), sale(101, 1, "2026-06-01", 5_000), sale(102, 1, "2026-06-30", 2_500),
			sale(110, 2, "2026-01-10", 100_000),
			sale(130, 3, "2026-06-01", 5_000), sale(140, 4, "2026-06-01", 5_000),
			sale(150, 5, "2024-02-29", 7_000), sale(151, 5, "2026-05-01", 3_000),
			{200, 5, "return", day("2026-05-09"), 0, false, 0, 3_000, nil, 1},  // takes 151 back
			{201, 2, "return", day("2026-02-01"), 0, false, 0, 10_000, nil, 1}, // of no sale that is known
			{300, 2, "invoice", day("2026-01-11"), 0, false, 0, 100_000, nil, 1},
		},
		"link": {{200, 1, 151, "reverses", 3_000}},
		"line": {
			{100, 1, 10, 1000, 10_000, nil, true}, {101, 1, 11, 1000, 5_000, nil, true}, {102, 1, 10, 1000, 2_500, nil, true},
			{110, 1, 10, 1000, 60_000, nil, true}, {110, 2, 11, 1000, 40_000, nil, true},
			{150, 1, 11, 1000, 7_000, nil, true}, {151, 1, 10, 1000, 3_000, nil, true}, {200, 1, 10, 1000, 3_000, nil, false},
		},
		"contract": {{1, 1, "Gold", day("2026-01-01"), day("2026-07-10"), nil, false, nil}, {2, 2, "Basis", day("2025-01-01"), day("2026-06-29"), nil, true, nil},
			{3, 5, "Basis", nil, nil, 12, false, day("2026-01-01")}, {4, 6, "Gold", day("2026-07-01"), nil, nil, false, nil}},
		"score": {{1, "loyal", 8000, nil, 25_000, 90_000, 120_000, 0, nil, day("2026-07-20"), day("2026-06-29"), 8000, 120_000}, {2, "cooling", 1500, nil, 3_000, 9_000, 50_000, 4_000, day("2026-06-20"), nil, day("2026-06-29"), 1500, 51_000},
			{5, "probably_lost", 100, nil, 100, 0, -100, 0, nil, nil, nil, nil, nil}},
		"score_history": {{1, day("2026-05-31"), "loyal", 5000, nil, 100_000},
			{2, day("2026-05-31"), "loyal", 8000, nil, 90_000}, {2, day("2026-06-15"), "cooling", 3000, nil, 60_000},
			{5, day("2026-01-31"), "at_risk", 3000, nil, 1}, {5, day("2026-02-28"), "probably_lost", 1500, nil, 1}},
		"event": {{1, 1, "visit", day("2026-06-30"), 0}, {2, 1, "visit", day("2026-06-01"), 0}, {3, 1, "visit", day("2026-05-31"), 0},
			{4, 5, "download", day("2026-06-30"), 0}, {5, 3, "visit", day("2026-06-30"), 0}},
	})
	c := shop(t)
	for _, tt := range []struct {
		text string
		want []int64
	}{
		{"", []int64{1, 2, 5, 6}},
		{"country = DE", []int64{1, 6}},
		{"country != DE", []int64{2, 5}},
		{"kind = company", []int64{2}},
		{"mailable", []int64{1, 6}},
		{"not mailable", []int64{2, 5}},
		{"tag = vip", []int64{1, 2}},
		{"tag is empty", []int64{5, 6}},
		{"tag not in (Messe)", []int64{2, 5, 6}},
		{"custom.group = a", []int64{1}},
		{"custom.points > 3 or custom.group = B", []int64{1, 2}},
		{"custom.points is empty", []int64{2, 6}},
		{"contact_role = einkauf", []int64{1}},
		{"contact_role is not empty", []int64{1}},
		{"contacts = 1", []int64{2}},
		{"owner is empty", []int64{2, 6}},
		{"number starts with k", []int64{1, 2, 5, 6}},
		{"customer in (5, 6)", []int64{5, 6}},
		{"birthday within next 5 d", []int64{1}},
		{"birthday within next 4 d", nil},
		{"customer_since anniversary today", []int64{1}},
		{"days_as_customer <= 200", []int64{2, 6}},
		{"orders >= 2", []int64{1}},
		{"orders = 1", []int64{2, 5}},
		{"orders = 0", []int64{6}},
		{"orders(last 30 d) = 2", []int64{1}},
		{"orders(last 29 d) = 1", []int64{1}},
		{"orders(last 2 months)", []int64{1}},
		{"orders(until 2024-12-31)", []int64{5}},
		{"orders(product = esp-1) = 2", []int64{1}},
		{"orders(category = Kaffee)", []int64{1, 2}},
		{"orders(product = ESP-1, since 2026-05-01)", []int64{1}},
		{"revenue >= 900 EUR", []int64{2}},
		{"revenue >= 900.01", nil},
		{"revenue(last 365 d) = 1000 EUR", []int64{2}},
		{"revenue(category = \"Zubehör\") between 50 and 70", []int64{1, 5}},
		{"average_order > 58.32 EUR and average_order < 58.34 EUR", []int64{1}},
		{"average_order is empty", []int64{6}},
		{"first_order <= 2025-01-01", []int64{1, 5}},
		{"last_order = today", []int64{1}},
		{"last_order < today - 6 months", []int64{5}},
		{"last_order is empty", []int64{6}},
		{"days_since_order > 60", []int64{2, 5}},
		{"not days_since_order > 60", []int64{1, 6}},
		{"returns >= 1", []int64{2, 5}},
		{"returned_amount(last 4 months) > 29 EUR", []int64{5}},
		{"documents(invoice) = 1", []int64{2}},
		{"open_amount = 0", []int64{1, 2, 5, 6}},
		{"overdue_amount > 0", nil},
		{"documents(kind in (order, invoice), amount >= 1000 EUR) = 2", []int64{2}},
		{"did(visit) = 3", []int64{1}},
		{"did(visit, last 30 d) = 2", []int64{1}},
		{"did not(visit)", []int64{2, 5, 6}},
		{"contracts(plan = gold) or ended_contracts(last 30 d)", []int64{1, 2}},
		{"contracts", []int64{1, 5}},
		{"contract_end within next 14 d", []int64{1}},
		{"contract_start is empty", []int64{2, 5, 6}},
		{"band = cooling", []int64{2}},
		{"band in (loyal, Probably_Lost)", []int64{1, 5}},
		{"band changed(last 16 d)", []int64{2}},
		{"band changed(last 15 d)", nil},
		{"band changed(since 2026-01-01)", []int64{2, 5}},
		{"band is empty", []int64{6}},
		{"probability < 20 %", []int64{2, 5}},
		{"probability >= 0.8", []int64{1}},
		{"probability fell(last 30 d) by 20 %", []int64{2}},
		{"probability fell(last 30 d) by at least 65 %", []int64{2}},
		{"probability fell(last 30 d) by 66 %", nil},
		{"probability fell(last 15 d) by 15 %", []int64{2}},
		{"probability fell(since 2026-06-01) by 0.3", []int64{2}},
		{"probability fell(since 2026-01-01) by 1 %", nil}, // nothing was known before
		{"probability fell(since 2026-05-01) by 10 %", []int64{5}},
		{"probability rose(last 30 d) by 30 %", []int64{1}},
		{"probability rose(last 1 d) by 0.1 %", nil},
		{"clv fell(last 30 d) by 400 EUR", []int64{2}},
		{"clv rose(last 30 d) by 200 EUR or clv fell(last 15 d) by 100", []int64{1, 2}},
		{"not clv rose(last 30 d) by 1 EUR", []int64{2, 5, 6}},
		{"probability fell(last 30 d) by 20 % and probability < 20 % and band = cooling", []int64{2}},
		{"expected_orders >= 2.5", []int64{1}},
		{"clv > 500 EUR", []int64{1}},
		{"at_risk_since within last 11 d", []int64{2}},
		{"next_order within next 20 d", []int64{1}},
		{"margin is empty", []int64{1, 2, 5, 6}},
		{"at least 2 of (country = DE; orders = 0; did(visit))", []int64{1, 6}},
	} {
		tree, err := filter.Parse(tt.text, c)
		if err != nil {
			t.Errorf("%s: %v", tt.text, i18n.For("en", nil).Err(err))
			continue
		}
		q, err := filter.Compile(tree, c, day("2026-06-30"), filter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for name, sql := range map[string]filter.SQL{"all": q.Customers(), "few": q.Among([]int64{1, 2, 3, 4, 5, 6, 7})} {
			var got []int64
			for _, row := range warehousetest.Rows(t, db, sql.Text, sql.Args...) {
				got = append(got, row[0].(int64))
			}
			if slices.Sort(got); !slices.Equal(tt.want, got) {
				t.Errorf("%s (%s): %v, want %v", tt.text, name, got, tt.want)
			}
		}
	}
	q := compile(t, c, "contact_role = technik or contact_role = einkauf or days_since_order > 60", day("2026-06-29"))
	sql := q.Due([]int64{1, 5, 6})
	due := warehousetest.Rows(t, db, sql.Text, sql.Args...)
	slices.SortFunc(due, func(a, b []any) int { return int(a[0].(int64) - b[0].(int64)) })
	if len(due) != 3 {
		t.Fatalf("%v", due)
	}
	for i, want := range []clock.Day{day("2026-06-30"), day("2026-06-30"), day("2026-07-01")} { // an order tomorrow; a contact that ends; one that begins
		if got := warehousetest.Rows(t, db, "SELECT $1::DATE - DATE '1970-01-01'", due[i][2]); cmp.Diff([][]any{{int64(want)}}, got) != "" {
			t.Errorf("%v: due %v, want %s", due[i][0], due[i][2], want)
		}
	}
}

func compile(t *testing.T, c *filter.Catalogue, text string, asOf clock.Day) *filter.Query {
	t.Helper()
	tree, err := filter.Parse(text, c)
	if err != nil {
		t.Fatal(err)
	}
	q, err := filter.Compile(tree, c, asOf, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestEveryFieldHasItsTexts(t *testing.T) {
	for _, f := range shop(t).Fields() {
		for _, lang := range i18n.Languages() {
			p := i18n.For(lang, nil)
			if f.Label == "" && !p.Has(f.Words+".label") {
				t.Errorf("%s: %s has no label", lang, f.Name)
			}
			for _, param := range f.Params {
				if !p.Has(param.Words+".label") || !p.Has(param.Words+".with") {
					t.Errorf("%s: parameter %s of %s lacks its texts", lang, param.Name, f.Name)
				}
			}
		}
		for _, o := range f.Operators() {
			for _, lang := range i18n.Languages() {
				if p := i18n.For(lang, nil); strings.Contains(o.Title(p), "⟦") {
					t.Errorf("%s: operator %s has no text", lang, o)
				}
			}
		}
	}
}
