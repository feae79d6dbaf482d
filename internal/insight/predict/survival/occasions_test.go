package survival_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse/warehousetest"

	"github.com/google/go-cmp/cmp"
)

// asked is an empty warehouse: the purchases of the tests stand in the question itself.
type asked interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func purchases(days map[int][]string) string {
	var all []string
	for customer, list := range days {
		for _, d := range list {
			all = append(all, fmt.Sprintf("(%d, DATE '%s')", customer, d))
		}
	}
	return "(SELECT * FROM (VALUES " + strings.Join(all, ", ") + ") v(customer, day))"
}

func day(t *testing.T, text string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnOccasionIsTheLongestUnitInWhichNobodyBuysTwice(t *testing.T) {
	var house asked = warehousetest.Open(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		days   map[int][]string
		unit   survival.Unit
		fits   bool
		from   string
		counts []survival.Pattern
	}{
		"donations": {days: map[int][]string{1: {"2019-11-03", "2020-12-24", "2022-01-05"}, 2: {"2020-12-20"}, 3: {"2023-03-01"}, 4: {"2019-11-03", "2020-12-24", "2022-01-05"}},
			unit: survival.Year, fits: true,
			counts: []survival.Pattern{{X: 0, TX: 0, N: 2, Count: 1}, {X: 2, TX: 3, N: 3, Count: 2}}}, // 2023 is not over: customer 3 is not there yet
		"those of a year": {days: map[int][]string{1: {"2019-11-03", "2020-12-24", "2022-01-05"}, 2: {"2020-12-20"}}, from: "2020-01-01",
			unit: survival.Year, fits: true, counts: []survival.Pattern{{X: 0, TX: 0, N: 2, Count: 1}}},
		"boxes": {days: map[int][]string{1: {"2023-01-03", "2023-02-01", "2023-04-20"}, 2: {"2023-02-28", "2023-03-01"}},
			unit: survival.Month, fits: true, counts: []survival.Pattern{{X: 1, TX: 1, N: 3, Count: 1}, {X: 2, TX: 3, N: 4, Count: 1}}},
		"a shop": {days: map[int][]string{1: {"2023-01-03", "2023-01-04", "2023-02-05"}, 2: {"2023-02-27", "2023-03-01"}},
			unit: survival.Month, counts: []survival.Pattern{{X: 1, TX: 1, N: 3, Count: 1}, {X: 1, TX: 1, N: 4, Count: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			from := clock.Day(0)
			if c.from != "" {
				from = day(t, c.from)
			}
			got, unit, fits, err := survival.Occasions(ctx, house, purchases(c.days), day(t, "2023-05-31"), from)
			if err != nil || unit != c.unit || fits != c.fits {
				t.Errorf("unit %s, fits %t, error %v", unit, fits, err)
			}
			if d := cmp.Diff(c.counts, got); d != "" {
				t.Error(d)
			}
		})
	}
	if got, _, _, err := survival.Occasions(ctx, house, "(SELECT 1 AS customer, DATE '2023-01-01' AS day WHERE false)", day(t, "2023-05-31"), 0); err != nil || len(got) != 0 {
		t.Errorf("no purchases: %v, %v", got, err)
	}
}

func TestDonationsAsPurchasesGiveTheirPatternsBack(t *testing.T) {
	var house asked = warehousetest.Open(t)
	ctx := context.Background()
	var sets []string
	next := 1
	want := donations(t)
	for i, p := range want {
		p.Count = 1 + p.Count/100
		want[i] = p
		for range p.Count { // buys first in 1995, then in the last of the years, and in the earliest of the others
			years := []int{0}
			for y := 1; len(years) < p.X; y++ {
				years = append(years, y)
			}
			if p.X > 0 {
				years = append(years, p.TX)
			}
			for _, y := range years {
				sets = append(sets, fmt.Sprintf("(%d, DATE '%d-06-01')", next, 1995+y))
			}
			next++
		}
	}
	got, unit, fits, err := survival.Occasions(ctx, house, "(SELECT * FROM (VALUES "+strings.Join(sets, ", ")+") v(customer, day))", day(t, "2001-12-31"), 0)
	if err != nil || unit != survival.Year || !fits {
		t.Fatalf("unit %s, fits %t, error %v", unit, fits, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
