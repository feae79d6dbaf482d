package btyd_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stamm/internal/insight/predict/btyd"
)

// customer is a row of the data the golden numbers are from.
type customer struct {
	id      string
	history btyd.History
	mean    float64 // of the repeat purchases, 0 if there are none
	first   int     // day of the first purchase, from 1997-01-01
	holdout float64 // purchases from 1997-10-01 to 1998-06-30
	spent   float64 // in the holdout
	later   []int   // days of all repeat purchases, from 1997-01-01
}

func readCSV(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedData(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// cdnowExact is the CDNOW sample as its orders have it, in days, observed until 1997-09-30.
func cdnowExact(t testing.TB) []customer {
	epoch := time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC)
	const end = 272 // 1997-09-30
	byDay := map[string]map[int]float64{}
	for _, row := range readCSV(t, "cdnow_sample.csv") {
		at, err := time.Parse(time.DateOnly, row[2])
		if err != nil {
			t.Fatal(err)
		}
		if byDay[row[1]] == nil {
			byDay[row[1]] = map[int]float64{}
		}
		byDay[row[1]][int(at.Sub(epoch).Hours()/24)] += number(t, row[4])
	}
	var all []customer
	for id, values := range byDay {
		var days []int
		for day := range values {
			days = append(days, day)
		}
		slices.Sort(days)
		c := customer{id: id, first: days[0], later: days[1:]}
		var spent float64
		for _, day := range days[1:] {
			if day > end {
				c.holdout++
				c.spent += values[day]
				continue
			}
			c.history.X++
			c.history.Tx = int32(day - c.first)
			spent += values[day]
		}
		c.history.T = int32(end - c.first)
		if c.history.X > 0 {
			c.mean = spent / float64(c.history.X)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b customer) int { return strings.Compare(a.id, b.id) })
	return all
}

// cdnowPublished is the summary of the same sample as it was published, in hundredths of a week, with the holdout of the
// orders.
func cdnowPublished(t testing.TB) []customer {
	exact := map[string]customer{}
	for _, c := range cdnowExact(t) {
		exact[c.id] = c
	}
	ticks := func(s string) int32 { return int32(math.Round(number(t, s) * 100)) }
	var all []customer
	for _, row := range readCSV(t, "cdnow_customers_summary_with_transactions.csv") {
		c := exact[strings.Repeat("0", 4-len(row[0]))+row[0]]
		c.history = btyd.History{X: int32(number(t, row[1])), Tx: ticks(row[2]), T: ticks(row[3])}
		c.mean = number(t, row[4])
		all = append(all, c)
	}
	return all
}

func histories(customers []customer) []btyd.History {
	var h []btyd.History
	for _, c := range customers {
		h = append(h, c.history)
	}
	return h
}

// set is a block of golden.btyd.
type set struct {
	N         int64 `json:"n_customers"`
	Patterns  int   `json:"n_unique_patterns"`
	Models    map[string]goldenModel
	Baselines map[string]goldenHoldout
	Actual    []float64 `json:"tracking_cumulative_actual"`
	Held      float64   `json:"holdout_actual_total"`
	Active    float64   `json:"holdout_active_share"`
}

type goldenModel struct {
	Params, SE map[string]float64
	N          int64
	LL         float64
	LR         float64            `json:"LR_vs_nbd"`
	MeanAlive  float64            `json:"mean_palive"`
	Living     float64            `json:"expected_alive_customers"`
	Mean       map[string]float64 `json:"unconditional_expected_purchases"`
	Holdout    goldenHoldout
	ByX        []goldenBin `json:"holdout_by_x"`
	Deciles    []goldenBin `json:"holdout_by_predicted_decile"`
	CLV        float64     `json:"clv12_total"`
	CLVMean    float64     `json:"clv12_mean"`
	Customers  []goldenCustomer
	Tracking   []float64 `json:"tracking_cumulative_expected"`
	TrackMAPE  float64   `json:"tracking_weekly_mape_holdout_cumulative_pct"`
	TrackMAE   float64   `json:"tracking_weekly_inc_MAE_holdout"`
	TrackEnd   float64   `json:"tracking_error_at_end_pct"`
	Population float64   `json:"population_mean"`
	Corr       float64   `json:"corr_x_m"`
}

type goldenHoldout struct {
	Total      float64 `json:"total_predicted"`
	Bias       float64 `json:"bias_pct"`
	MAE, RMSE  float64
	Corr       *float64
	AUC        *float64 `json:"auc_active"`
	AUCByAlive float64  `json:"auc_active_by_palive"`
	Spent      float64  `json:"spend_total_actual"`
	Spend      float64  `json:"spend_total_predicted"`
	SpendMAE   float64  `json:"spend_MAE"`
	SpendRMSE  float64  `json:"spend_RMSE"`
}

type goldenBin struct {
	N         int
	Actual    float64 `json:"actual_mean"`
	Predicted float64 `json:"predicted_mean"`
}

type goldenCustomer struct {
	ID       string
	X        int32
	Tx       float64 `json:"t_x"`
	T        float64 `json:"T"`
	M        float64
	Alive    float64 `json:"p_alive"`
	Expected float64 `json:"expected_purchases_holdout"`
	LL       float64
	E4       float64 `json:"E_4"`
	E13      float64 `json:"E_13"`
	E52      float64 `json:"E_52"`
	Value    float64 `json:"expected_avg_value"`
	CLV      float64 `json:"clv12"`
	DERT     *float64
	Actual   float64 `json:"actual_holdout"`
}

// cdnow are both forms of the data with their golden numbers and the days of a week.
func cdnow(t testing.TB, test func(t *testing.T, customers []customer, week btyd.Unit, want set)) {
	for name, c := range map[string]struct {
		customers func(testing.TB) []customer
		week      btyd.Unit
	}{"exact": {cdnowExact, btyd.Week}, "published_summary": {cdnowPublished, 100}} {
		t.(*testing.T).Run(name, func(t *testing.T) {
			var want set
			readGolden(t, &want, "btyd", "cdnow_sample_"+name)
			test(t, c.customers(t), c.week, want)
		})
	}
}

// values are the numbers of these names.
func values(m map[string]float64, names ...string) []float64 {
	var v []float64
	for _, name := range names {
		v = append(v, m[name])
	}
	return v
}

var paramNames = map[string][]string{
	"nbd": {"r", "alpha"}, "bgnbd": {"r", "alpha", "a", "b"}, "mbgnbd": {"r", "alpha", "a", "b"}, "pnbd": {"r", "alpha", "s", "beta"},
}
