package survival_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"stamm/internal/insight/predict/survival"
)

// sharedData finds the folder with the data sets of the golden numbers, or skips the test.
func sharedData(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAMM_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		data := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(data, "golden.json")); err == nil {
			return data
		}
		if dir == filepath.Dir(dir) {
			t.Skip("golden numbers: no shared/data here and STAMM_DATA is not set")
		}
	}
}

type segment struct {
	Lost    []int64 `json:"lost_by_period_1_7"`
	Alive   int64   `json:"alive_after_7"`
	N0      int64   `json:"n0"`
	Alpha   float64
	Beta    float64
	LL      float64
	S       []float64 `json:"S_1_to_12"`
	R       []float64 `json:"retention_rate_1_to_12"`
	DERL    []float64 `json:"DERL_d10pct_n1_to_5"`
	Churn   float64   `json:"mean_churn_prob"`
	N       int64
	Events  int64
	Dropped int64 `json:"n_tenure0_dropped"`
}

func golden(t *testing.T, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(sharedData(t), "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := struct {
		Block any `json:"contractual_and_special"`
	}{into}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > rel*math.Max(math.Abs(want), 1e-300) {
		t.Errorf("%s: %.12g, want %.12g (off by %.2g of it)", what, got, want, math.Abs(got/want-1))
	}
}

// likely holds a log-likelihood against a reference: within 1e-4 of it, and never worse.
func likely(t *testing.T, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-4 {
		t.Errorf("log-likelihood %.8f, want %.8f", got, want)
	}
}

func TestSBGFitsThePublishedSegments(t *testing.T) {
	var g struct {
		SBG struct {
			HighEnd segment `json:"high_end"`
			Regular segment
		}
	}
	golden(t, &g)
	for name, want := range map[string]segment{"high_end": g.SBG.HighEnd, "regular": g.SBG.Regular} {
		t.Run(name, func(t *testing.T) {
			var spells []survival.Spell
			for i, lost := range want.Lost {
				spells = append(spells, survival.Spell{Length: i + 1, Ended: true, Count: lost})
			}
			spells = append(spells, survival.Spell{Length: 7, Count: want.Alive})
			fit := survival.FitSBG(survival.Collapse(spells))
			if fit.Status != survival.OK || fit.SE == nil {
				t.Errorf("status %q, errors %v", fit.Status, fit.SE)
			}
			likely(t, fit.LL, want.LL)
			near(t, "alpha", fit.Alpha, want.Alpha, 1e-6)
			near(t, "beta", fit.Beta, want.Beta, 1e-6)

			known := survival.NewSBG(want.Alpha, want.Beta)
			for i := range want.S {
				near(t, "S", known.Survival(i+1), want.S[i], 1e-9)
				near(t, "retention", known.Retention(i+1), want.R[i], 1e-9)
			}
			for i := range want.DERL {
				near(t, "DERL", known.DERL(i+1, .1), want.DERL[i], 1e-9)
			}
			near(t, "mean churn", known.MeanChurn(), want.Churn, 1e-9)
		})
	}
}

// telco reads tenure and churn, all and by kind of contract.
func telco(t *testing.T) map[string][]survival.Spell {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedData(t), "Telco-Customer-Churn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	names := map[string]string{"Month-to-month": "month_to_month", "One year": "one_year", "Two year": "two_year"}
	all := map[string][]survival.Spell{}
	for _, row := range rows[1:] {
		tenure, err := strconv.Atoi(row[at["tenure"]])
		if err != nil {
			t.Fatal(err)
		}
		s := survival.Spell{Length: tenure, Ended: row[at["Churn"]] == "Yes", Count: 1}
		for _, name := range []string{"all", names[row[at["Contract"]]]} {
			all[name] = append(all[name], s)
		}
	}
	return all
}

func TestSBGFitsContractsThatStillRun(t *testing.T) {
	var g struct {
		SBG struct {
			Telco map[string]json.RawMessage `json:"telco_right_censored"`
		}
	}
	golden(t, &g)
	spells := telco(t)
	for _, name := range []string{"all", "month_to_month", "one_year"} {
		t.Run(name, func(t *testing.T) {
			var want segment
			var s map[string]float64
			if err := json.Unmarshal(g.SBG.Telco[name], &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(g.SBG.Telco[name], &s); err != nil {
				t.Fatal(err)
			}
			table := survival.Collapse(spells[name])
			if table.N != want.N || table.Events != want.Events || table.Dropped != want.Dropped {
				t.Errorf("n %d, events %d, dropped %d, want %d, %d, %d", table.N, table.Events, table.Dropped, want.N, want.Events, want.Dropped)
			}
			fit := survival.FitSBG(table)
			for _, months := range []int{12, 24, 72} {
				near(t, "S", fit.Survival(months), s["S_"+strconv.Itoa(months)], 1e-4)
			}
			if name == "one_year" {
				if fit.Status != survival.ConstantHazard || fit.SE != nil {
					t.Errorf("status %q, errors %v: all leave at the same rate", fit.Status, fit.SE)
				}
				// The reference adds up log-gammas of 7e7, whose rounding is 5e-4 of a log-likelihood. With 40 digits it
				// is -1148.796926861 at the parameters of the reference and -1148.796878092 in the limit, which is best.
				near(t, "log-likelihood", fit.LL, -1148.796878091582726913717, 1e-12)
				return
			}
			likely(t, fit.LL, want.LL)
			near(t, "alpha", fit.Alpha, want.Alpha, 1e-6)
			near(t, "beta", fit.Beta, want.Beta, 1e-6)
		})
	}
	if fit := survival.FitSBG(survival.Collapse(spells["two_year"])); math.IsNaN(fit.LL) || fit.Status == "" {
		t.Errorf("two years: %+v", fit)
	}
}

func TestBGBBFitsTheDonations(t *testing.T) {
	var g struct {
		BGBB struct {
			N      int64 `json:"n_donors"`
			Params struct{ Alpha, Beta, Gamma, Delta float64 }
			LL     float64
		} `json:"bgbb_donations"`
	}
	golden(t, &g)
	fit, err := survival.FitBGBB(t.Context(), donations(t))
	if err != nil {
		t.Fatal(err)
	}
	want := g.BGBB
	if fit.N != want.N || fit.Status != survival.OK || fit.SE == nil || fit.AtBound {
		t.Errorf("%+v", fit)
	}
	likely(t, fit.LL, want.LL)
	near(t, "alpha", fit.Alpha, want.Params.Alpha, 1e-5)
	near(t, "beta", fit.Beta, want.Params.Beta, 1e-5)
	near(t, "gamma", fit.Gamma, want.Params.Gamma, 1e-5)
	near(t, "delta", fit.Delta, want.Params.Delta, 1e-5)
}

func donations(t *testing.T) []survival.Pattern {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedData(t), "donations_summary.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []survival.Pattern
	for _, row := range rows[1:] {
		var n [4]int
		for i := range n {
			if n[i], err = strconv.Atoi(row[i]); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, survival.Pattern{X: n[0], TX: n[1], N: n[2], Count: int64(n[3])})
	}
	return all
}
