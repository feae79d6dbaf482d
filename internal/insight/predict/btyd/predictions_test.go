package btyd_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

// goldenModels are the models with the golden parameters of a set.
func goldenModels(t *testing.T, want set, week btyd.Unit) map[string]btyd.Model {
	models := map[string]btyd.Model{}
	for name, params := range paramNames {
		m, ok := btyd.New(name, week, values(want.Models[name].Params, params...)...)
		if !ok {
			t.Fatal(name)
		}
		models[name] = m
	}
	return models
}

func spendModel(want set) btyd.GammaGamma {
	p := want.Models["gg"].Params
	return btyd.GammaGamma{P: p["p"], Q: p["q"], V: p["v"]}
}

func TestPredictionsAtGoldenParameters(t *testing.T) {
	const tolerance = 1e-6
	cdnow(t, func(t *testing.T, customers []customer, week btyd.Unit, want set) {
		spend, byID := spendModel(want), map[string]customer{}
		for _, c := range customers {
			byID[c.id] = c
		}
		near(t, "population mean", spend.Population(), want.Models["gg"].Population, tolerance)
		for name, m := range goldenModels(t, want, week) {
			g := want.Models[name]
			for _, w := range g.Customers {
				c, of := byID[w.ID], fmt.Sprintf("%s of customer %s: ", name, w.ID)
				within(t, of+"history", math.Abs(float64(c.history.X-w.X))+math.Abs(week.Of(float64(c.history.Tx))-w.Tx)+math.Abs(week.Of(float64(c.history.T))-w.T), 0, 1e-9)
				in := func(weeks float64) float64 { return m.Expected(c.history, weeks*float64(week)) }
				near(t, of+"LL", m.LogLikelihood(c.history), w.LL, tolerance)
				near(t, of+"P(alive)", m.Alive(c.history), w.Alive, tolerance)
				near(t, of+"E(39)", in(39), w.Expected, tolerance)
				near(t, of+"E(4)", in(4), w.E4, tolerance)
				near(t, of+"E(13)", in(13), w.E13, tolerance)
				near(t, of+"E(52)", in(52), w.E52, tolerance)
				near(t, of+"holdout", c.holdout, w.Actual, 0)
				worth := spend.Conditional(c.history.X, c.mean)
				near(t, of+"value", worth, w.Value, tolerance)
				near(t, of+"CLV", btyd.LifetimesValue(m, c.history, worth, 0.01, 12, week), w.CLV, tolerance)
				if w.DERT != nil {
					// delta is ln 1.01 in a month of 4.345 weeks, where a year has 365.25 days
					yearly := math.Pow(1.01, week.Of(float64(btyd.Year))/4.345) - 1
					near(t, of+"DERT", m.Residual(c.history, yearly, math.Inf(1)), *w.DERT, tolerance)
				}
			}
			for weeks, mean := range g.Mean {
				w, err := strconv.Atoi(weeks)
				if err != nil {
					t.Fatal(err)
				}
				near(t, name+" E X("+weeks+")", m.Mean(float64(w)*float64(week)), mean, tolerance)
			}
		}
	})
}

func TestTotalsAndHoldoutAtGoldenParameters(t *testing.T) {
	cdnow(t, func(t *testing.T, customers []customer, week btyd.Unit, want set) {
		for name, m := range goldenModels(t, want, week) {
			g := want.Models[name]
			var alive, predicted, clv, worth []float64
			var living, total float64
			spend := spendModel(want)
			for _, c := range customers {
				alive = append(alive, m.Alive(c.history))
				predicted = append(predicted, m.Expected(c.history, 39*float64(week)))
				worth = append(worth, spend.Conditional(c.history.X, c.mean))
				clv = append(clv, btyd.LifetimesValue(m, c.history, worth[len(worth)-1], 0.01, 12, week))
				living, total = living+alive[len(alive)-1], total+clv[len(clv)-1]
			}
			checkHoldout(t, name, customers, predicted, g.Holdout)
			if name == "nbd" {
				continue
			}
			n := float64(len(customers))
			near(t, name+" mean P(alive)", living/n, g.MeanAlive, 1e-6)
			near(t, name+" living", living, g.Living, 1e-6)
			near(t, name+" CLV", total, g.CLV, 1e-6)
			near(t, name+" mean CLV", total/n, g.CLVMean, 1e-6)
			checkBins(t, name, customers, predicted, g)
			checkSpend(t, name, customers, predicted, worth, g.Holdout)
			_, held, bought := held(customers)
			near(t, name+" bought", btyd.Measure(predicted, held).Actual, want.Held, 0)
			active := 0.0
			for _, b := range bought {
				if b {
					active++
				}
			}
			near(t, name+" share active", active/n, want.Active, 1e-12)
			auc, _ := btyd.AUC(alive, bought)
			near(t, name+" AUC by P(alive)", auc, g.Holdout.AUCByAlive, 1e-6)
		}
	})
}

func held(customers []customer) (x []int32, held []float64, bought []bool) {
	for _, c := range customers {
		x, held, bought = append(x, c.history.X), append(held, c.holdout), append(bought, c.holdout > 0)
	}
	return x, held, bought
}

func checkHoldout(t *testing.T, name string, customers []customer, predicted []float64, want goldenHoldout) {
	t.Helper()
	_, held, _ := held(customers)
	a := btyd.Measure(predicted, held)
	near(t, name+" total", a.Predicted, want.Total, 1e-6)
	near(t, name+" bias", a.Bias, want.Bias, 1e-6)
	near(t, name+" MAE", a.MAE, want.MAE, 1e-6)
	near(t, name+" RMSE", a.RMSE, want.RMSE, 1e-6)
	if a.CorrKnown != (want.Corr != nil) || a.AUCKnown != (want.AUC != nil) {
		t.Errorf("%s: known correlation %v, AUC %v", name, a.CorrKnown, a.AUCKnown)
		return
	}
	if want.Corr != nil {
		near(t, name+" correlation", a.Corr, *want.Corr, 1e-6)
		near(t, name+" AUC", a.AUC, *want.AUC, 1e-6)
	}
}

func checkSpend(t *testing.T, name string, customers []customer, predicted, worth []float64, want goldenHoldout) {
	t.Helper()
	var spend, spent []float64
	for i, c := range customers {
		spend, spent = append(spend, predicted[i]*worth[i]), append(spent, c.spent)
	}
	a := btyd.Measure(spend, spent)
	near(t, name+" spent", a.Actual, want.Spent, 1e-6)
	near(t, name+" spend", a.Predicted, want.Spend, 1e-6)
	near(t, name+" MAE of spend", a.MAE, want.SpendMAE, 1e-6)
	near(t, name+" RMSE of spend", a.RMSE, want.SpendRMSE, 1e-6)
}

func checkBins(t *testing.T, name string, customers []customer, predicted []float64, want goldenModel) {
	t.Helper()
	x, held, _ := held(customers)
	for what, bins := range map[string]struct {
		got  []btyd.Bin
		want []goldenBin
	}{
		"x":      {btyd.ByCount(x, 7, predicted, held), want.ByX},
		"decile": {btyd.Deciles(predicted, held), want.Deciles},
	} {
		if len(bins.got) != len(bins.want) {
			t.Fatalf("%s by %s: %d groups, want %d", name, what, len(bins.got), len(bins.want))
		}
		for i, w := range bins.want {
			of := fmt.Sprintf("%s by %s, group %d: ", name, what, i)
			if bins.got[i].N != w.N {
				t.Errorf("%s%d customers, want %d", of, bins.got[i].N, w.N)
			}
			near(t, of+"predicted", bins.got[i].Predicted, w.Predicted, 1e-6)
			near(t, of+"actual", bins.got[i].Actual, w.Actual, 1e-6)
		}
	}
}

func TestBaselinesOfTheHoldout(t *testing.T) {
	cdnow(t, func(t *testing.T, customers []customer, week btyd.Unit, want set) {
		var zero, rate, mean []float64
		var purchases, watched float64
		all := want.Baselines["overall_mean"] // its correlation is rounding
		for _, c := range customers {
			zero = append(zero, 0)
			rate = append(rate, float64(c.history.X)/week.Of(float64(c.history.T))*39)
			purchases, watched = purchases+float64(c.history.X), watched+week.Of(float64(c.history.T))
		}
		for range customers {
			mean = append(mean, purchases/watched*39)
		}
		checkHoldout(t, "zero", customers, zero, want.Baselines["zero"])
		checkHoldout(t, "mean", customers, mean, goldenHoldout{Total: all.Total, Bias: all.Bias, MAE: all.MAE, RMSE: all.RMSE})
		checkHoldout(t, "same rate", customers, rate, want.Baselines["same_rate x/T*t"])
	})
}

func TestTrackingOfTheWholeBook(t *testing.T) {
	cdnow(t, func(t *testing.T, customers []customer, week btyd.Unit, want set) {
		if want.Actual == nil {
			return
		}
		// Day 0 ends the year before: who buys on January 1st starts when a seventh of the first week is over.
		starts, bought := map[int32]int64{}, make([]float64, 78)
		for _, c := range customers {
			starts[int32(c.first)+1]++
			for _, day := range c.later {
				for w := day / 7; w < 78; w++ {
					bought[w]++
				}
			}
		}
		var cohorts []btyd.Start
		for day, n := range starts {
			cohorts = append(cohorts, btyd.Start{Day: day, N: n})
		}
		slices.SortFunc(cohorts, func(a, b btyd.Start) int { return cmp.Compare(a.Day, b.Day) })
		var ends []int32
		for w := range 78 {
			ends = append(ends, int32(w+1)*7)
			near(t, "bought", bought[w], want.Actual[w], 0)
		}
		for name, m := range goldenModels(t, want, btyd.Week) {
			g := want.Models[name]
			if g.Tracking == nil {
				continue
			}
			expected := btyd.Tracking(m, cohorts, ends)
			for w := range expected {
				near(t, fmt.Sprintf("%s week %d", name, w+1), expected[w], g.Tracking[w], 1e-6)
			}
			e := btyd.CompareTracking(expected, bought, 39)
			near(t, name+" MAPE", e.MAPE, g.TrackMAPE, 1e-6)
			near(t, name+" MAE", e.PerPeriod, g.TrackMAE, 1e-6)
			near(t, name+" at end", e.AtEnd, g.TrackEnd, 1e-6)
		}
	})
}

func TestTheWrongUnitMakesTheValueFourTimesTooLarge(t *testing.T) {
	var want struct {
		Documented float64 `json:"customer_1_as_documented"`
		Correct    float64 `json:"customer_1_correct_weeks"`
		TotalWrong float64 `json:"total_as_documented"`
		Total      float64 `json:"total_correct"`
	}
	readGolden(t, &want, "clv_unit_trap")
	var golden set
	readGolden(t, &golden, "btyd", "cdnow_sample_published_summary")
	p := values(golden.Models["bgnbd"].Params, paramNames["bgnbd"]...)
	m, ok := btyd.New("bgnbd", 100, p...)
	if !ok {
		t.Fatal(p)
	}
	spend, total, wrong := spendModel(golden), 0.0, 0.0
	for i, c := range cdnowPublished(t) {
		worth := spend.Conditional(c.history.X, c.mean)
		right := btyd.LifetimesValue(m, c.history, worth, 0.01, 12, 100)
		// a month of 30 weeks: what counting weeks as days comes to
		trap := btyd.LifetimesValue(m, c.history, worth, 0.01, 12, 100*30/4.345)
		total, wrong = total+right, wrong+trap
		if i == 0 {
			near(t, "customer 1", right, want.Correct, 1e-6)
			near(t, "customer 1 as documented", trap, want.Documented, 1e-4)
		}
	}
	near(t, "total", total, want.Total, 1e-4)
	near(t, "total as documented", wrong, want.TotalWrong, 1e-4)
}
