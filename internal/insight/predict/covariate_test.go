package predict_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// twoCountries is a shop of two years whose customers from Austria buy and leave as often as those from Germany, times these factors.
func twoCountries(t testing.TB, customers int, buys, leaves float64) *warehouse.DB {
	t.Helper()
	rnd := rand.New(rand.NewPCG(7, 7))
	tables := map[string][][]any{}
	begin := mustDay(t, "2023-01-01")
	order := int64(0)
	for i := range customers {
		id, country, rate, leaving := int64(i+1), "DE", 1/60.0, 1/300.0
		if i%2 == 1 {
			country, rate, leaving = "AT", rate*buys, leaving*leaves
		}
		first := begin.AddDays(rnd.IntN(500))
		tables["customer"] = append(tables["customer"], []any{id, "K", "shop", "person", country, "", "de", false, false, first, "valid", nil, int64(0)})
		rate, gone := rate*rnd.ExpFloat64(), rnd.ExpFloat64()/(leaving*rnd.ExpFloat64())
		for at := 0.0; at <= gone && first.AddDays(int(at)) <= begin.AddDays(729); at += 1 + rnd.ExpFloat64()/rate {
			order++
			tables["document"] = append(tables["document"], []any{order, id, "order", first.AddDays(int(at)), int64(0), true, int64(1), int64(1000 + rnd.IntN(4000)), nil, int64(1)})
		}
	}
	db := house(t)
	warehousetest.Fill(t, db, tables)
	return db
}

func TestWhatACountryDoesIsFoundAndUsedWhereItForetellsBetter(t *testing.T) {
	t.Parallel()
	db := twoCountries(t, 4000, 4, 1)
	asOf := mustDay(t, "2024-12-30")
	o := predict.Options{AsOf: asOf, Horizon: 91, ValueYears: 3, Discount: 10, Margin: 100, ActiveDays: 90, Covariates: []string{"country", "type"}}
	fits, err := predict.Fit(context.Background(), db, predict.Scope{AsOf: asOf, Covariates: o.Covariates}, btyd.NameParetoNBD, btyd.NameCovariates)
	if err != nil {
		t.Fatal(err)
	}
	c := fits[btyd.NameCovariates]
	if c.Status != btyd.OK || len(c.Levels) != 1 || c.Levels[0].Level == c.Levels[0].Against || c.LL <= fits[btyd.NameParetoNBD].LL {
		t.Fatalf("card %+v", c)
	}
	l := c.Levels[0]
	want := math.Log(4)
	if l.Level == "DE" {
		want = -want
	}
	if math.Abs(l.Buys-want) > 4*l.BuysSE+0.05 || l.BuysSE <= 0 {
		t.Errorf("effect on buying %.3f ± %.3f, the truth is %.3f", l.Buys, l.BuysSE, want)
	}
	s, err := predict.Foretell(context.Background(), db, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]predict.TestRow{}
	for _, r := range s.Card.Test.Rows {
		rows[r.Model] = r
	}
	with, without := rows[btyd.NameCovariates], rows[btyd.NameParetoNBD]
	if with.Brier == nil || *with.Brier >= *without.Brier {
		t.Errorf("chances of the backtest: %v with, %v without", with.Brier, without.Brier)
	}
	for i := range s.Len() {
		if sc, ok := s.At(i); ok && !(sc.ActiveLo <= sc.Active && sc.Active <= sc.ActiveHi && sc.Expected >= 0) {
			t.Fatalf("score %+v", sc)
		}
	}
	o.Model = btyd.NameCovariates
	if s, err = predict.Foretell(context.Background(), db, o, nil); err != nil || s.Card.Chosen != btyd.NameCovariates || s.Card.Sales.Expected <= 0 {
		t.Fatalf("asked for by name: %s, %v", s.Card.Chosen, err)
	}
	// Of two customers with the same purchases the one from the country that buys more often has the smaller chance after a long
	// silence or the larger one after a short one; they cannot be alike.
	alike := true
	for i := 1; i < s.Len(); i++ {
		a, _ := s.At(i - 1)
		b, _ := s.At(i)
		alike = alike && a.Active == b.Active
	}
	if alike {
		t.Error("everybody has the same chance")
	}
}

// Where all customers are alike but for their purchases, covariates change nothing, not a byte.
func TestWithoutLevelsCovariatesChangeNothing(t *testing.T) {
	t.Parallel()
	var orders []order
	rnd := rand.New(rand.NewPCG(1, 2))
	begin := mustDay(t, "2024-01-01")
	for id := range int64(300) {
		for day := rnd.IntN(200); day < 500; day += 1 + rnd.IntN(120) {
			orders = append(orders, order{id + 1, begin.AddDays(day).String(), 1000})
		}
	}
	db := shop(t, orders)
	card := func(covariates ...string) string {
		o := predict.Options{AsOf: begin.AddDays(500), Horizon: 91, ValueYears: 3, Discount: 10, Margin: 100, ActiveDays: 90, Covariates: covariates}
		s, err := predict.Foretell(context.Background(), db, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(s.Card)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(card(), card("country", "type", "source")); diff != "" {
		t.Error(diff)
	}
	if _, err := predict.Fit(context.Background(), db, predict.Scope{AsOf: begin.AddDays(500), Covariates: []string{"shoe_size"}}); err == nil {
		t.Error("an unknown covariate is taken")
	}
}
