package sim_test

import (
	"context"
	"math"
	"testing"
	"time"

	"stamm/internal/door/sim"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// counted is a warehouse with the orders and returns of a company, and the numbers of its customers by id.
func counted(t *testing.T, c *sim.Company) (*warehouse.DB, []string) {
	t.Helper()
	db := warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection(), predict.Projection())
	names := []string{""}
	ids := map[string]int64{}
	tables := map[string][][]any{}
	for who := range c.Customers() {
		ids[who.ID] = int64(len(names))
		tables["customer"] = append(tables["customer"], []any{int64(len(names)), who.ID, "sim", "person", who.Country, "", "de", who.Internal, false, lastDay, "", nil, int64(0)})
		names = append(names, who.ID)
	}
	sales := map[string]int64{}
	next := int64(0)
	for d, err := range c.Documents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind != sim.Order && d.Kind != sim.Return || d.Customer == "" {
			continue
		}
		next++
		sale, rows := d.Kind == sim.Order, int64(len(d.Lines))
		tables["document"] = append(tables["document"], []any{next, ids[d.Customer], string(d.Kind), d.At.Day, int64(0), sale, rows, d.Net, nil, rows})
		if sale {
			sales[d.Number] = next
		} else if of, ok := sales[d.Reference]; ok {
			tables["link"] = append(tables["link"], []any{next, int64(1), of, "reverses", d.Net})
		}
	}
	warehousetest.Fill(t, db, tables)
	return db, names
}

// What is foreseen holds against what is true of the simulated company: who buys, who has left, what is sold. It is a company without
// measures: nobody could foresee from its orders that it will hold some.
func TestWhatIsForeseenHoldsAgainstTheTruth(t *testing.T) {
	c, err := sim.New(sim.Config{Seed: 7, Customers: 8000, Until: lastDay, Quiet: true, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	db, names := counted(t, c)
	t.Run("chances", func(t *testing.T) { holdChances(t, db) })
	t.Run("who has left", func(t *testing.T) { holdLeft(t, c, db, names) })
	t.Run("sales", func(t *testing.T) { holdSales(t, db) })
}

// holdChances looks at two windows in which nothing happens that nobody could foresee: before them the company lives through late
// parcels and a voucher, after them comes an autumn better than the one after the late parcels. Of twenty intervals of 95 % three
// may miss: more would miss in one of sixty companies.
func holdChances(t *testing.T, db *warehouse.DB) {
	missed := 0
	for _, back := range []int{182, 273} {
		s := foretold(t, db, lastDay.AddDays(-back))
		for _, d := range s.Card.Test.Deciles {
			if d.Predicted < d.Lo || d.Predicted > d.Hi {
				missed++
			}
			t.Logf("as of %s, %d customers: %.3f foreseen, %.3f happened (%.3f to %.3f)", s.Card.Test.Cut, d.N, d.Predicted, d.Actual, d.Lo, d.Hi)
		}
		if len(s.Card.Test.Deciles) != 10 || s.Card.Season == nil || !s.Card.Season.On {
			t.Errorf("as of %s: %d tenths, season %v", s.Card.AsOf, len(s.Card.Test.Deciles), s.Card.Season)
		}
	}
	if missed > 3 {
		t.Errorf("%d of twenty tenths are not calibrated", missed)
	}
}

func foretold(t *testing.T, db *warehouse.DB, day clock.Day) *predict.Scores {
	t.Helper()
	s, err := predict.Foretell(context.Background(), db, predict.OptionsOf(company.Defaults(), day), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func holdLeft(t *testing.T, c *sim.Company, db *warehouse.DB, names []string) {
	s := foretold(t, db, lastDay)
	truth := map[string]sim.Truth{}
	for w := range c.Truth() {
		truth[w.ID] = w
	}
	var left []bool
	var gone, isGone []float64
	for i := range s.Len() {
		sc, ok := s.At(i)
		if w, known := truth[names[sc.Customer]]; ok && known && sc.Alive != nil {
			left, gone = append(left, !w.Alive), append(gone, 1-*sc.Alive)
			isGone = append(isGone, 0)
			if !w.Alive {
				isGone[len(isGone)-1] = 1
			}
		}
	}
	if len(left) < 7500 {
		t.Fatalf("only %d customers have a chance to be there", len(left))
	}
	if auc, _ := btyd.AUC(gone, left); auc < 0.9 {
		t.Errorf("who has left stands above who has not in %.3f of the pairs", auc)
	} else {
		t.Logf("who has left stands above who has not in %.3f of the pairs (judged by %s)", auc, s.Card.Keeper)
	}
	for _, b := range btyd.Deciles(gone, isGone) {
		t.Logf("%d customers: %.3f have left by the model, %.3f in truth", b.N, b.Predicted, b.Actual)
		if math.Abs(b.Predicted-b.Actual) > 0.1 {
			t.Errorf("of %d customers %.2f should have left, and %.2f have", b.N, b.Predicted, b.Actual)
		}
	}
	total := btyd.Measure(gone, isGone)
	if math.Abs(total.Bias) > 5 {
		t.Errorf("%.0f should have left, and %.0f have", total.Predicted, total.Actual)
	}
}

// holdSales looks whether sales lie within their interval.
func holdSales(t *testing.T, db *warehouse.DB) {
	for _, back := range []int{91, 182} {
		day := lastDay.AddDays(-back)
		s := foretold(t, db, day)
		var sold int64
		err := db.QueryRowContext(t.Context(), `SELECT CAST(sum(net) AS BIGINT) FROM purchase_day WHERE day > ? AND day <= ?`,
			day.Start(time.UTC), day.AddDays(91).Start(time.UTC)).Scan(&sold)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("from %s: %d, expected %d (%d to %d)", day, sold, s.Card.Sales.Expected, s.Card.Sales.Lo, s.Card.Sales.Hi)
		if sold < s.Card.Sales.Lo || sold > s.Card.Sales.Hi {
			t.Errorf("from %s on %d was sold, %d to %d expected", day, sold, s.Card.Sales.Lo, s.Card.Sales.Hi)
		}
	}
}
