package predict_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/warehouse"
)

// came is what each customer bought in the year after a day: days with a purchase, and the value.
func came(t *testing.T, db *warehouse.DB, after string) (days, value map[int64]int64) {
	t.Helper()
	days, value = map[int64]int64{}, map[int64]int64{}
	rows, err := db.QueryContext(context.Background(), fmt.Sprintf(`SELECT customer, count(DISTINCT day), CAST(sum(amount) AS BIGINT) FROM document
		WHERE day > DATE '%s' AND day <= DATE '%s' + 365 GROUP BY customer`, after, after))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, n, sum int64
		if err := rows.Scan(&id, &n, &sum); err != nil {
			t.Fatal(err)
		}
		days[id], value[id] = n, sum
	}
	return days, value
}

func TestWhatTheBandsSayComesTrueWithinItsIntervals(t *testing.T) {
	t.Parallel()
	db := twoCountries(t, 3000, 1, 1)
	asOf := "2023-12-31"
	s, err := predict.Foretell(context.Background(), db, predict.Options{AsOf: mustDay(t, asOf), Horizon: 365, ValueYears: 3, Discount: 10, Margin: 100, ActiveDays: 90}, nil)
	if err != nil {
		t.Fatal(err)
	}
	days, value := came(t, db, asOf)
	bought := map[predict.Band]int{}
	fallen := int64(0)
	for i := range s.Len() {
		sc, _ := s.At(i)
		if days[sc.Customer] > 0 {
			bought[sc.Band]++
		}
		if sc.Band == predict.Cooling || sc.Band == predict.AtRisk {
			fallen += sc.AtRisk + sc.Value - value[sc.Customer] // of what a year was worth after her last purchase
		}
	}
	outside := 0
	for _, b := range s.Card.Bands {
		t.Logf("%s: %d (%d to %d), buy %d of %.0f (%.0f to %.0f), at risk %d (%d to %d)", b.Band, b.N, b.NLo, b.NHi, bought[b.Band], b.Buyers, b.BuyersLo, b.BuyersHi, b.AtRisk, b.AtRiskLo, b.AtRiskHi)
		if n := float64(bought[b.Band]); n < b.BuyersLo || n > b.BuyersHi {
			outside++
		}
		if b.Band != predict.New && (b.NLo >= b.N || b.NHi <= b.N) {
			t.Errorf("%s: %d customers, %d to %d", b.Band, b.N, b.NLo, b.NHi)
		}
	}
	if outside > 1 {
		t.Errorf("in %d of six bands another number bought than was to be expected", outside)
	}
	t.Logf("at risk %d (%d to %d), in fact %d", s.Card.AtRisk, s.Card.AtRiskLo, s.Card.AtRiskHi, fallen)
	if fallen < s.Card.AtRiskLo || fallen > s.Card.AtRiskHi {
		t.Errorf("a year brought %d less, foretold were %d to %d", fallen, s.Card.AtRiskLo, s.Card.AtRiskHi)
	}
}
