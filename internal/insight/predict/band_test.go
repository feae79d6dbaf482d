package predict_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"

	"pgregory.net/rapid"
)

// follows reports a band that the chance beside it contradicts: somebody lost who is going to buy, somebody gone who may buy.
func follows(t rapid.TB, limits predict.Thresholds, sc predict.Score) {
	t.Helper()
	most := map[predict.Band]float64{predict.ProbablyLost: limits.Lost, predict.AtRisk: limits.AtRisk, predict.Cooling: limits.Cooling}
	if hopeless := sc.Band == predict.ProbablyLost && sc.Active < limits.Hopeless; hopeless {
		return
	}
	if limit, ok := most[sc.Band]; ok && sc.Active >= limit {
		t.Errorf("customer %d is %s with a chance of %v", sc.Customer, sc.Band, sc.Active)
	}
	if sc.Alive != nil && (*sc.Alive < sc.Active || *sc.AliveHi < *sc.Alive || *sc.AliveLo > *sc.Alive) {
		t.Errorf("customer %d has not left with %v (%v to %v) and buys with %v", sc.Customer, *sc.Alive, *sc.AliveLo, *sc.AliveHi, sc.Active)
	}
}

// seasonal is a company of ten years whose customers buy on some days in a row, pause for months and come back, which no model of
// purchases at random expects; some leave for good.
func seasonal(t *testing.T) *warehouse.DB {
	t.Helper()
	rnd := rand.New(rand.NewPCG(3, 4))
	begin := mustDay(t, "2015-01-05")
	var orders []order
	for id := range int64(250) {
		day := rnd.IntN(3600)
		left := day + 100 + int(700*rnd.ExpFloat64())
		for ; day < min(left, 3650); day += 60 + rnd.IntN(20) {
			for n := range 4 + rnd.IntN(3) {
				orders = append(orders, order{id + 1, begin.AddDays(day + n).String(), 1000 + 10*id})
			}
		}
	}
	return shop(t, orders)
}

func TestWhereARuleWinsTheBandFollowsFromItsChance(t *testing.T) {
	t.Parallel()
	s := foretell(t, seasonal(t), "2024-12-30")
	t.Logf("%s, %s, %s", s.Card.Chosen, s.Card.Counts, s.Card.Keeper)
	if !slices.ContainsFunc(s.Card.Notes, func(n predict.Notice) bool { return n.Code == "rule_wins" }) {
		t.Errorf("%s foretells; this test is about rules", s.Card.Chosen)
	}
	sound(t, s)
	for _, b := range s.Card.Bands {
		t.Logf("%s: %d", b.Band, b.N)
	}
}

func TestWhoIsAtRiskHasBeenSoSinceHerCurveFellBelowTheLimit(t *testing.T) {
	t.Parallel()
	db := twoCountries(t, 1500, 4, 1)
	o := predict.Options{AsOf: mustDay(t, "2024-12-30"), Horizon: 91, ValueYears: 3, Discount: 10, Margin: 100, ActiveDays: 90, Covariates: []string{"country"}, Model: btyd.NameCovariates}
	s, err := predict.Foretell(context.Background(), db, o, nil)
	if err != nil || s.Card.Chosen == s.Card.Keeper {
		t.Fatalf("%s foretells and judges silence: %v; this test is about two models", s.Card.Chosen, err)
	}
	bought := map[int64][]clock.Day{}
	rows, err := db.QueryContext(context.Background(), `SELECT DISTINCT customer, day FROM document ORDER BY customer, day`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var customer int64
		var day time.Time
		if err := rows.Scan(&customer, &day); err != nil {
			t.Fatal(err)
		}
		bought[customer] = append(bought[customer], clock.DayOf(day, time.UTC))
	}
	seen := 0
	for i := range s.Len() {
		sc, _ := s.At(i)
		if sc.RiskSince == nil || sc.Active < 0.001 {
			continue
		}
		days := bought[sc.Customer]
		points, then := predict.CurveOf(s.Card, days, sc.Active)
		before := days[len(days)-1] // the last day that is known not to have been below the limit
		for _, p := range points {
			if p.Day > before && p.Day <= s.Card.AsOf && p.Active >= s.Card.Limits.AtRisk*then {
				before = p.Day
			}
		}
		below := slices.IndexFunc(points, func(p predict.Point) bool { return p.Day > before })
		if *sc.RiskSince <= before || *sc.RiskSince > points[below].Day {
			t.Errorf("customer %d is %s: at risk since %v, but her curve fell below the limit after %v and up to %v", sc.Customer, sc.Band, *sc.RiskSince, before, points[below].Day)
		}
		seen++
	}
	if seen < 100 {
		t.Errorf("%d customers are at risk; this test is about many", seen)
	}
}

// Customers who buy five times as often in November and December as in other months are not at risk for nothing in January: what is left
// of a chance is told for the same season on both days.
func TestWhatIsLeftOfAChanceIsWhatTheBandSays(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(11, 12))
	begin := mustDay(t, "2021-01-01")
	var orders []order
	bought := map[int64][]clock.Day{}
	for id := int64(1); id <= 1200; id++ {
		rate, gone := 0.004+0.02*rnd.ExpFloat64(), 200+int(900*rnd.ExpFloat64())
		first := rnd.IntN(1000)
		for n := first; n <= min(first+gone, 1477); n++ {
			day, often := begin.AddDays(n), 0.5
			if _, month, _ := day.Date(); month >= 11 {
				often = 2.5
			}
			if n == first || rnd.Float64() < rate*often {
				orders = append(orders, order{id, day.String(), 2000})
				bought[id] = append(bought[id], day)
			}
		}
	}
	s := foretell(t, shop(t, orders), "2025-01-17")
	if !s.Card.Season.On {
		t.Fatalf("the season is not used: %+v", s.Card.Season)
	}
	l, seen := s.Card.Limits, map[predict.Band]int{}
	for i := range s.Len() {
		sc, _ := s.At(i)
		_, then := predict.CurveOf(s.Card, bought[sc.Customer], sc.Active)
		const round = 0.01
		left := sc.Active / then
		seen[sc.Band]++
		switch sc.Band {
		case predict.AtRisk:
			if left >= l.AtRisk+round || left < l.Lost-round {
				t.Errorf("customer %d is at risk with %.0f %% left", sc.Customer, 100*left)
			}
		case predict.Cooling:
			if left >= l.Cooling+round || left < l.AtRisk-round {
				t.Errorf("customer %d is cooling with %.0f %% left", sc.Customer, 100*left)
			}
		case predict.Loyal, predict.Promising:
			if left < l.Cooling-round {
				t.Errorf("customer %d is %s with %.0f %% left", sc.Customer, sc.Band, 100*left)
			}
		}
	}
	if seen[predict.AtRisk] < 20 || seen[predict.Cooling] < 20 {
		t.Errorf("bands: %v", seen)
	}
}
