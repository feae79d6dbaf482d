package predict_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"

	"pgregory.net/rapid"
)

func foretell(t testing.TB, db *warehouse.DB, asOf string, change ...func(*predict.Options)) *predict.Scores {
	t.Helper()
	o := predict.OptionsOf(company.Defaults(), mustDay(t, asOf))
	for _, f := range change {
		f(&o)
	}
	s, err := predict.Foretell(context.Background(), db, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFitsOfNothingSaySo(t *testing.T) {
	t.Parallel()
	db := shop(t, nil)
	got, err := predict.Fit(context.Background(), db, predict.Scope{AsOf: mustDay(t, "2025-06-30")}, btyd.NameNBD, predict.NameBGBB, predict.NameGammaGamma)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range got {
		if c.Status != btyd.TooFew || c.N != 0 || len(c.Warnings) != 1 || c.Warnings[0].Code != btyd.WarnFewCustomers {
			t.Errorf("%s: %+v", name, c)
		}
	}
	_, err = predict.Fit(context.Background(), db, predict.Scope{AsOf: mustDay(t, "2025-06-30"), From: mustDay(t, "2025-07-01")})
	if f := fault.As(err); f == nil || f.Code != fault.Invalid || f.Key != "predict.error.from" {
		t.Errorf("from after until: %v", err)
	}
}

// everyDay are so many orders of one customer, so many days apart, up to and with the day.
func everyDay(customer int64, until clock.Day, gap, n int, amount int64) (all []order) {
	for i := n - 1; i >= 0; i-- {
		all = append(all, order{customer, until.AddDays(-gap * i).String(), amount})
	}
	return all
}

func oneTimers(n int64, day string, amount int64) (all []order) {
	for id := int64(1); id <= n; id++ {
		all = append(all, order{id, day, amount})
	}
	return all
}

func TestBadDataAreSaidInAPlainSentenceAndGiveNumbers(t *testing.T) {
	last := mustDay(t, "2025-12-31")
	allBack := []int{}
	for i := range 60 {
		allBack = append(allBack, i)
	}
	for _, c := range []struct {
		name      string
		orders    []order
		returned  []int
		want      string // a note of the card
		customers int
	}{
		{"no orders", nil, nil, "no_purchases", 0},
		{"one customer", []order{{1, "2025-03-01", 1000}}, nil, "one_time_only", 1},
		{"one customer, often", everyDay(1, last, 30, 12, 2500), nil, "untested", 1},
		{"all bought once", oneTimers(60, "2025-01-10", 990), nil, "one_time_only", 60},
		{"one day of history", oneTimers(60, "2025-12-31", 990), nil, "one_time_only", 60},
		{"everything returned", oneTimers(60, "2025-05-05", 990), allBack, "no_purchases", 0},
		{"a thousand purchases", append(everyDay(1, last, 1, 1001, 100), oneTimers(40, "2024-05-05", 500)[1:]...), nil, "", 40},
		{"ten years", append(everyDay(1, last, 365, 10, 5000), everyDay(2, last.AddDays(-900), 90, 20, 1)...), nil, "untested", 2},
		{"nothing was paid", append(everyDay(1, last, 20, 30, 0), everyDay(2, last, 50, 10, 0)...), nil, "untested", 2},
		{"sold for less than nothing", append(everyDay(1, last, 20, 30, -2500), append(oneTimers(60, "2025-02-02", -100)[1:], everyDay(2, last, 50, 10, 0)...)...), nil, "", 60},
		{"all in step", append(everyDay(1, last, 7, 50, 100), append(everyDay(2, last, 7, 50, 100), everyDay(3, last, 7, 50, 100)...)...), nil, "no_dropout", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := foretell(t, shop(t, c.orders, c.returned...), "2025-12-31")
			if s.Len() != c.customers {
				t.Errorf("%d customers, want %d", s.Len(), c.customers)
			}
			found := c.want == ""
			for _, n := range s.Card.Notes {
				found = found || n.Code == c.want
				for _, lang := range i18n.Languages() {
					if words := n.Words(i18n.For(lang, nil)); words == n.Code || words == "" {
						t.Errorf("%s has no words in %s", n.Code, lang)
					}
				}
			}
			if !found {
				t.Errorf("notes are %v, want %s", s.Card.Notes, c.want)
			}
			sound(t, s)
		})
	}
}

// sound reports numbers that are none, chances outside of 0 to 1 and intervals that do not hold their number.
func sound(t rapid.TB, s *predict.Scores) {
	t.Helper()
	card, err := json.Marshal(s.Card)
	if err != nil {
		t.Fatalf("the card: %v", err)
	}
	var back predict.Card
	if err := json.Unmarshal(card, &back); err != nil {
		t.Fatalf("the card: %v", err)
	}
	finite(t, "card", reflect.ValueOf(s.Card))
	for _, b := range s.Card.Bands {
		if b.NLo > b.N || b.NHi < b.N || b.AtRiskLo > b.AtRisk || b.AtRiskHi < b.AtRisk || b.BuyersLo > b.Buyers+1e-9 || b.BuyersHi < b.Buyers-1e-9 {
			t.Errorf("an interval does not hold its number: %+v", b)
		}
	}
	if c := s.Card; c.AtRiskLo > c.AtRisk || c.AtRiskHi < c.AtRisk || c.CLVLo > c.CLV || c.CLVHi < c.CLV {
		t.Errorf("%d at risk (%d to %d), all worth %d (%d to %d)", c.AtRisk, c.AtRiskLo, c.AtRiskHi, c.CLV, c.CLVLo, c.CLVHi)
	}
	for i := range s.Len() {
		sc, ok := s.At(i)
		if !ok {
			continue
		}
		finite(t, "score", reflect.ValueOf(sc))
		if sc.Active < 0 || sc.Active > 1 || sc.ActiveLo > sc.Active+1e-9 || sc.ActiveHi < sc.Active-1e-9 || sc.Expected < 0 {
			t.Errorf("customer %d: chance %v (%v to %v), %v purchases", sc.Customer, sc.Active, sc.ActiveLo, sc.ActiveHi, sc.Expected)
		}
		follows(t, s.Card.Limits, sc)
		if sc.CLVLo > sc.CLV || sc.CLVHi < sc.CLV || sc.AtRisk < 0 || len(sc.Reasons) == 0 || len(sc.Reasons) > 3 {
			t.Errorf("customer %d: %+v", sc.Customer, sc)
		}
		if sc.RiskSince != nil && (*sc.RiskSince > s.Card.AsOf || sc.Band != predict.AtRisk && sc.Band != predict.ProbablyLost) {
			t.Errorf("customer %d is %s, at risk since %v", sc.Customer, sc.Band, *sc.RiskSince)
		}
	}
}

func finite(t rapid.TB, where string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			t.Errorf("%s is %v", where, f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			finite(t, where, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			finite(t, where+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			finite(t, where, v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			finite(t, where+"."+k.String(), v.MapIndex(k))
		}
	}
}

func TestWhateverPeopleBuyAllNumbersAreNumbers(t *testing.T) {
	db := house(t)
	rapid.Check(t, func(rt *rapid.T) {
		orders := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) order {
			return order{rapid.Int64Range(1, 45).Draw(rt, "customer"), mustDay(t, "2025-12-31").AddDays(-rapid.IntRange(0, 1200).Draw(rt, "days")).String(),
				rapid.SampledFrom([]int64{0, 1, 999, 100_000, 1 << 40}).Draw(rt, "amount")}
		}), 0, 150).Draw(rt, "orders")
		refill(t, db, orders)
		model := rapid.SampledFrom([]string{"auto", "auto", "bgnbd", "mbgnbd", "pnbd", "nbd"}).Draw(rt, "model")
		sound(rt, foretell(t, db, "2025-12-31", func(o *predict.Options) {
			o.Model, o.Horizon = model, rapid.SampledFrom([]int{1, 30, 91, 730}).Draw(rt, "horizon")
			o.Discount = rapid.SampledFrom([]int{0, 10, 100}).Draw(rt, "discount")
		}))
	})
}

func TestTheSamePurchasesGiveTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	db := cdnow(t)
	text := func(cores int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		s := foretell(t, db, "1998-06-30")
		b, err := json.Marshal(s.Card)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Len() {
			sc, _ := s.At(i)
			one, err := json.Marshal(sc)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, one...)
		}
		return b
	}
	want := text(1)
	for _, cores := range []int{2, 7} {
		if !bytes.Equal(text(cores), want) {
			t.Errorf("%d cores give other bytes than one", cores)
		}
	}
}

func TestAReturnedPurchaseIsNone(t *testing.T) {
	orders := []order{{1, "2025-01-10", 1000}, {1, "2025-02-10", 3000}, {1, "2025-03-10", 5000}, {2, "2025-03-10", 100}}
	b := load(t, shop(t, orders, 1), predict.Scope{AsOf: mustDay(t, "2025-12-31")})
	if b.X[0] != 1 || b.Repeat[0] != 5000 || b.Returns[0] != 1 || b.LastReturned[0] {
		t.Errorf("repeat purchases %d of %d, returns %d, of the last %v", b.X[0], b.Repeat[0], b.Returns[0], b.LastReturned[0])
	}
	before := load(t, shop(t, orders, 1), predict.Scope{AsOf: mustDay(t, "2025-02-11")})
	if before.X[0] != 1 || before.Repeat[0] != 3000 || before.Len() != 1 {
		t.Errorf("before the return: %d of %d", before.X[0], before.Repeat[0])
	}
	if b := load(t, shop(t, orders, 2), predict.Scope{AsOf: mustDay(t, "2025-12-31")}); !b.LastReturned[0] {
		t.Error("the last order was returned, and nothing tells")
	}
}

func TestFromAndUntilMeanWholeDays(t *testing.T) {
	orders := []order{{1, "2025-01-10", 1000}, {1, "2025-01-20", 1000}, {2, "2025-01-11", 1000}, {3, "2025-01-21", 1000}}
	db := shop(t, orders)
	b := load(t, db, predict.Scope{AsOf: mustDay(t, "2025-01-20")})
	if b.Len() != 2 || b.X[0] != 1 || b.Last[0]-b.First[0] != 10 || b.AsOf-b.First[1] != 9 {
		t.Errorf("until a day: %d customers, %d", b.Len(), b.X)
	}
	if b := load(t, db, predict.Scope{AsOf: mustDay(t, "2025-01-31"), From: mustDay(t, "2025-01-11")}); b.Len() != 2 || b.ID[0] != 2 {
		t.Errorf("from a day: %v", b.ID)
	}
}
