package report_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"stamm/internal/insight/report"
	"stamm/internal/platform/filter"
	"stamm/internal/record/customer"
)

func TestConditionsMeanTheClassesOfTheReports(t *testing.T) {
	fewer(t, "25")
	db := openWarehouse(t, "")
	c, err := filter.NewCatalogue("EUR", customer.Projection().Fields, report.Projection().Fields)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		b.Returns = slices.DeleteFunc(b.Returns, func(g given) bool { return g.Day > mustDay(t, "2023-12-31") }) // conditions know returns as of now
		b.open(t, db)
		b.fill(t, db, func(int64) bool { return true })
		derive(t, db)
		p := report.Params{AsOf: mustDay(t, "2024-01-01").AddDays(rapid.IntRange(0, 800).Draw(r, "as of"))}
		l := b.read(p.AsOf, report.Net)
		if len(l.of) == 0 {
			return
		}
		for _, tt := range []struct{ report, ref, condition string }{
			{"rfm", "pct/555", "rfm = 555"}, {"rfm", "pct/1__", "rfm_recency = 1"}, {"rfm", "pct/5__", "rfm_recency > 4"}, {"rfm", "pct/_3_", "rfm_frequency = 3"},
			{"rfm", "pct/__2", "rfm_value = 2"}, {"abc", "class/A", "abc = A"}, {"abc", "class/B", "abc = b"}, {"abc", "class/C", "abc in (C)"},
			{"abc", fmt.Sprintf("top/%d", (len(l.of)*20+99)/100), "value_rank < 20 %"},
		} {
			want := who(r, db, tt.report, tt.ref, p)
			tree, err := filter.Parse(tt.condition, c)
			if err != nil {
				r.Fatal(err)
			}
			q, err := filter.Compile(tree, c, p.AsOf, filter.Options{})
			if err != nil {
				r.Fatal(err)
			}
			if !q.Whole() {
				r.Fatalf("%s depends on everybody", tt.condition)
			}
			if diff := cmp.Diff(want, ids(r, db, q.Customers())); diff != "" {
				r.Fatalf("%s on %s: %s", tt.condition, p.AsOf, diff)
			}
			some := []int64{2, 3, 5, 7}
			want = slices.DeleteFunc(want, func(id int64) bool { return !slices.Contains(some, id) })
			if got := ids(r, db, q.Among(some)); !slices.Equal(want, got) {
				r.Fatalf("%s on %s of a few: %v, want %v", tt.condition, p.AsOf, got, want)
			}
		}
	})
}

func ids(t *rapid.T, db *sql.DB, q filter.SQL) []int64 {
	rows, err := db.QueryContext(context.Background(), q.Text, q.Args...)
	if err != nil {
		t.Fatalf("%v\nin %s", err, q.Text)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// who lists the customers behind a figure of a report.
func who(t *rapid.T, db *sql.DB, name, ref string, p report.Params) []int64 {
	r, err := report.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.Rows(context.Background(), db, p, report.Ref(ref), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []int64
	for _, row := range rows {
		all = append(all, row.ID)
	}
	slices.Sort(all)
	return all
}
