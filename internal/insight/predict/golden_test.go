package predict_test

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/money"
)

func readCSV(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, r := range rows[1:] {
		out = append(out, []string{r[1], r[2], r[3], r[4]})
	}
	return out
}

func cents(t testing.TB, text string) int64 {
	t.Helper()
	v, err := money.ParseScaled(text, 2)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1e-9, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func TestFitsOfTheCDNOWSampleAreTheGoldenOnes(t *testing.T) {
	want := golden(t)
	db, scope := cdnow(t), predict.Scope{AsOf: mustDay(t, "1997-09-30")}
	near(t, "customers", float64(load(t, db, scope).Len()), at(want, "n_customers").(float64), 0)
	got, err := predict.Fit(context.Background(), db, scope)
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range at(want, "models").(map[string]any) {
		m, ok := got[name]
		if !ok {
			t.Errorf("no model %s", name)
			continue
		}
		if ll := at(model, "LL").(float64); math.Abs(m.LL-ll) > 1e-4 {
			t.Errorf("%s: log-likelihood %v, want %v", name, m.LL, ll)
		}
		for p, v := range at(model, "params").(map[string]any) {
			near(t, name+" "+p, m.Params[p], v.(float64), 1e-3)
		}
		if se, ok := at(model, "se").(map[string]any); ok {
			for p, v := range se {
				near(t, name+" standard error of "+p, m.SE[p], v.(float64), 1e-2)
			}
		}
	}
}

func TestTheBacktestOfTheCDNOWSampleIsTheGoldenOne(t *testing.T) {
	want := golden(t)
	got, err := predict.Test(context.Background(), cdnow(t), mustDay(t, "1997-09-30"), mustDay(t, "1998-06-30"), predict.Options{ActiveDays: 90})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "purchases", got.Actual, at(want, "holdout_actual_total").(float64), 0)
	near(t, "share of customers who bought", got.Active/float64(got.Customers), at(want, "holdout_active_share").(float64), 1e-9)
	seen := map[string]bool{}
	for _, r := range got.Rows {
		var g any
		switch r.Model {
		case predict.NameSameRate:
			g = at(want, "baselines", "same_rate x/T*t")
		case predict.NameZero, predict.NameOverallMean:
			g = at(want, "baselines", r.Model)
		default:
			g = at(want, "models", r.Model, "holdout")
		}
		if g == nil {
			continue
		}
		seen[r.Model] = true
		for key, v := range map[string]*float64{"total_predicted": r.Predicted, "bias_pct": r.Bias, "MAE": r.MAE, "RMSE": r.RMSE, "auc_active": r.AUC} {
			w, known := at(g, key).(float64)
			if known != (v != nil) {
				t.Errorf("%s: %s known: %v, want %v", r.Model, key, v != nil, known)
			} else if known {
				near(t, r.Model+" "+key, *v, w, 1e-3)
			}
		}
	}
	for _, name := range []string{"bgnbd", "mbgnbd", "pnbd", "nbd", "zero", "same_rate", "overall_mean"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
