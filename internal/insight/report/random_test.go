package report_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/record/document"
)

// fewer lowers the number of random cases, unless -rapid.checks was given: each asks some hundred queries.
func fewer(t *testing.T, n string) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		if err := f.Value.Set(n); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
	}
}

// draw makes up a book: few customers and few days, so that days, amounts and returns collide often.
func draw(t *rapid.T) book {
	b := book{Ext: map[int64]string{}, Excluded: map[int64]bool{}}
	names := []string{"10", "9", "A", "a", "", "Ä", "010", "9", "z", "B"}
	customers := rapid.Int64Range(1, 10).Draw(t, "customers")
	for c := int64(1); c <= customers; c++ {
		b.Ext[c] = names[c-1]
		b.Excluded[c] = rapid.IntRange(0, 9).Draw(t, "excluded") == 0
	}
	begin, span := mustDay(t, "2023-11-20"), rapid.IntRange(1, 600).Draw(t, "span")
	when := rapid.Custom(func(t *rapid.T) clock.Day { return begin.AddDays(rapid.IntRange(0, span).Draw(t, "day")) })
	who := rapid.Int64Range(0, customers)
	for i := range rapid.Int64Range(0, 30).Draw(t, "sales") {
		b.Sales = append(b.Sales, sold{ID: i + 1, Customer: who.Draw(t, "customer"), Day: when.Draw(t, "day"),
			Amount: rapid.SampledFrom([]int64{0, 1, 5, 100, 100, 250, 99999}).Draw(t, "amount"), Rows: rapid.Int64Range(1, 3).Draw(t, "rows")})
	}
	for i := range rapid.Int64Range(0, 12).Draw(t, "returns") {
		r := given{ID: 1000 + i, Customer: who.Draw(t, "customer"), Day: when.Draw(t, "day"), Amount: rapid.SampledFrom([]int64{1, 5, 50, 100, 200, 350}).Draw(t, "amount")}
		for range rapid.IntRange(0, 2).Draw(t, "links") {
			if len(b.Sales) == 0 {
				break
			}
			s := rapid.SampledFrom(b.Sales).Draw(t, "target")
			if rapid.IntRange(0, 4).Draw(t, "same customer") > 0 {
				r.Customer = s.Customer
			}
			r.Links = append(r.Links, reversal{s.ID, rapid.SampledFrom([]int64{0, 1, 50, 100, 250}).Draw(t, "part")})
		}
		b.Returns = append(b.Returns, r)
	}
	return b
}

// fill writes the documents of customers into a warehouse.
func (b book) fill(t testing.TB, db *sql.DB, which func(customer int64) bool) {
	for _, s := range b.Sales {
		if which(s.Customer) {
			exec(t, db, "INSERT INTO document VALUES (?, ?, 'order', ?, 0, true, ?, ?, NULL, ?)", s.ID, s.Customer, s.Day.String(), s.Rows, s.Amount, s.Rows)
		}
	}
	for _, r := range b.Returns {
		if !which(r.Customer) {
			continue
		}
		exec(t, db, "INSERT INTO document VALUES (?, ?, 'return', ?, 0, false, 0, ?, NULL, 1)", r.ID, r.Customer, r.Day.String(), r.Amount)
		for n, l := range r.Links {
			exec(t, db, "INSERT INTO link VALUES (?, ?, ?, 'reverses', ?)", r.ID, n, l.Target, l.Amount)
		}
	}
}

func (b book) open(t testing.TB, db *sql.DB) {
	for _, table := range []string{"customer", "document", "line", "link", "refund", "purchase_day", "purchase_month", "first_item"} {
		exec(t, db, "DELETE FROM "+table)
	}
	for c, ext := range b.Ext {
		exec(t, db, "INSERT INTO customer VALUES (?, ?, 'default', 'person', 'DE', '', 'de', ?, false, NULL, 'none')", c, ext, b.Excluded[c])
	}
}

func TestReportsAgreeWithTheirDefinitions(t *testing.T) {
	fewer(t, "25")
	db := openWarehouse(t, "")
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		b.open(t, db)
		b.fill(t, db, func(int64) bool { return true })
		derive(t, db)
		p := report.Params{Customers: true}
		p.AsOf = mustDay(t, "2023-11-15").AddDays(rapid.IntRange(0, 800).Draw(r, "as of"))
		for _, p.Basis = range []report.Basis{report.Gross, report.Net} {
			b.check(r, db, p)
		}
	})
}

func (b book) check(t *rapid.T, db *sql.DB, p report.Params) {
	for name, want := range b.read(p.AsOf, p.Basis).reports() {
		r, err := report.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		res, err := r.Run(context.Background(), db, p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compareObjects(t, fmt.Sprintf("%s %s %s", name, p.AsOf, p.Basis), plain(t, want), plain(t, res.JSON))
	}
}

// plain turns a value into what a reader of its JSON sees.
func plain(t rapid.TB, v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDerivingWhatChangedIsDerivingAll(t *testing.T) {
	fewer(t, "25")
	db := openWarehouse(t, "")
	db.SetMaxOpenConns(1) // for the temporary table
	exec(t, db, "CREATE TEMP TABLE changed (customer BIGINT)")
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		b.open(t, db)
		before := func(c int64) bool { return c%2 == 0 }
		b.fill(t, db, before)
		derive(t, db)
		b.fill(t, db, func(c int64) bool { return !before(c) })
		// one more purchase and one more return of a customer who was there already
		b.Sales = append(b.Sales, sold{ID: 900, Customer: 2, Day: mustDay(t, "2024-01-05"), Amount: 70, Rows: 1})
		b.Returns = append(b.Returns, given{ID: 2000, Customer: 2, Day: mustDay(t, "2024-02-01"), Amount: 70, Links: []reversal{{900, 70}}})
		last := book{Sales: b.Sales[len(b.Sales)-1:], Returns: b.Returns[len(b.Returns)-1:]}
		last.fill(t, db, func(int64) bool { return true })
		exec(t, db, "DELETE FROM changed")
		exec(t, db, "INSERT INTO changed SELECT i FROM range(20) r(i) WHERE i % 2 = 1 OR i = 2")
		for _, q := range document.DeriveChanged() {
			exec(t, db, q)
		}
		tables := []string{"refund", "purchase_day", "purchase_month", "first_item"}
		got := map[string]string{}
		for _, table := range tables {
			got[table] = content(t, db, table)
			exec(t, db, "DELETE FROM "+table)
		}
		derive(t, db)
		for _, table := range tables {
			if want := content(t, db, table); got[table] != want {
				r.Fatalf("%s of the changed:\n%s\nof all:\n%s", table, got[table], want)
			}
		}
	})
}

// content is a table as text, sorted.
func content(t testing.TB, db *sql.DB, table string) string {
	var s sql.NullString
	if err := db.QueryRow("SELECT string_agg(CAST(t AS VARCHAR), chr(10) ORDER BY CAST(t AS VARCHAR)) FROM " + table + " t").Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s.String
}
