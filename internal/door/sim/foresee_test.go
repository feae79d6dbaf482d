package sim_test

import (
	"context"
	"math"
	"testing"

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
		tables["customer"] = append(tables["customer"], []any{int64(len(names)), who.ID, "sim", "person", who.Country, "", "de", who.Internal, false, lastDay, ""})
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

func TestWhatIsForeseenHoldsAgainstTheTruth(t *testing.T) {
	c := newCompany(t, 7, 8000)
	db, names := counted(t, c)
	s, err := predict.Foretell(context.Background(), db, predict.OptionsOf(company.Defaults(), lastDay), nil)
	if err != nil {
		t.Fatal(err)
	}
	truth := map[string]sim.Truth{}
	for w := range c.Truth() {
		truth[w.ID] = w
	}
	var left []bool
	var stays, gone, alive []float64
	for i := range s.Len() {
		sc, ok := s.At(i)
		w, known := truth[names[sc.Customer]]
		if !ok || !known || sc.Alive == nil {
			continue
		}
		left = append(left, !w.Alive)
		gone = append(gone, 1-*sc.Alive)
		stays = append(stays, *sc.Alive)
		y := 0.0
		if w.Alive {
			y = 1
		}
		alive = append(alive, y)
	}
	auc, _ := btyd.AUC(gone, left)
	t.Logf("%d customers, chosen %s, silence judged by %s; P(left) ranks who has left above who has not in %.3f of the pairs", len(left), s.Card.Chosen, s.Card.Keeper, auc)
	for _, b := range btyd.Deciles(stays, alive) {
		t.Logf("%d: P(alive) %.3f, alive %.3f", b.N, b.Predicted, b.Actual)
	}
	for _, d := range s.Card.Test.Deciles {
		t.Logf("%d: %.4f  actual %.4f (%.4f – %.4f)", d.N, d.Predicted, d.Actual, d.Lo, d.Hi)
	}
	for _, r := range s.Card.Test.Rows {
		t.Logf("%s brier %.4f", r.Model, *r.Brier)
		if r.Predicted != nil { t.Logf("   total %.0f of %.0f rmse %.4f auc %v", *r.Predicted, s.Card.Test.Actual, *r.RMSE, r.AUC) }
	}
	t.Logf("season on %v off %v on %v %v", s.Card.Season.On, s.Card.Season.ErrorOff, s.Card.Season.ErrorOn, s.Card.Season.Index[33:47])
	t.Logf("notes %+v stay %+v bands %+v", s.Card.Notes, s.Card.Stay, s.Card.Bands)
	t.Logf("drift %+v", s.Card.Drift)
	t.Logf("sales %+v", s.Card.Sales)
	_ = math.Abs
	_ = clock.Day(0)
}
