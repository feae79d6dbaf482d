package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/cli"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// sharedFile finds a file of the data sets of the golden numbers, or skips the test.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		for _, data := range []string{os.Getenv("STAMM_DATA"), filepath.Join(dir, "shared", "data")} {
			path := filepath.Join(data, name)
			if _, err := os.Stat(path); data != "" && err == nil {
				return path
			}
		}
		if dir == filepath.Dir(dir) {
			t.Skip("golden numbers: no shared/data here and STAMM_DATA is not set")
		}
	}
}

// parts goes down into what JSON means.
func parts(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func about(t *testing.T, what string, got, want any, tolerance float64) {
	t.Helper()
	g, known := got.(float64)
	w, wanted := want.(float64)
	if known != wanted || known && !(math.Abs(g-w) <= tolerance*math.Max(math.Abs(w), 1e-6)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestTheGoldenNumbersComeOutOfTheCommandLine(t *testing.T) {
	text, err := os.ReadFile(sharedFile(t, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden any
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	golden = parts(golden, "btyd", "cdnow_sample_exact")
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		ask := func(args ...string) (v any) {
			t.Helper()
			out := must(t, dir, "", append(args, "--db", url, "--json")...)
			if err := json.Unmarshal([]byte(out), &v); err != nil {
				t.Fatalf("%v: %v", args, err)
			}
			return v
		}
		ask("import", "orders", sharedFile(t, "cdnow_sample.csv"), "--source", "cdnow")

		fits := ask("predict", "fit", "--until", "1997-09-30")
		for name, model := range parts(golden, "models").(map[string]any) {
			about(t, name+" LL", parts(fits, name, "LL"), parts(model, "LL"), 1e-7)
			for p, v := range parts(model, "params").(map[string]any) {
				about(t, name+" "+p, parts(fits, name, "params", p), v, 1e-3)
			}
		}
		if one, ok := ask("predict", "fit", "--until", "1997-09-30", "--model", "pnbd").(map[string]any); !ok || len(one) != 1 || parts(one, "pnbd", "status") != "ok" {
			t.Errorf("one model: %v", one)
		}
		if n := parts(ask("predict", "fit", "--from", "1997-02-01", "--until", "1997-09-30", "--model", "nbd"), "nbd", "n"); n == nil || n.(float64) >= 2357 || n.(float64) < 500 {
			t.Errorf("from February on: %v customers", n)
		}
		holdGoldenScores(t, golden, ask)
		holdGoldenTest(t, golden, ask("predict", "backtest", "--cut", "1997-09-30", "--until", "1998-06-30"))
	})
}

func holdGoldenScores(t *testing.T, golden any, ask func(...string) any) {
	t.Helper()
	for _, name := range []string{"bgnbd", "mbgnbd", "pnbd"} {
		got := ask("predict", "score", "--as-of", "1997-09-30", "--horizon", "273d", "--model", name)
		if parts(got, "as_of") != "1997-09-30" || parts(got, "horizon_days") != 273.0 || parts(got, "model") != name {
			t.Errorf("%v %v %v", parts(got, "as_of"), parts(got, "horizon_days"), parts(got, "model"))
		}
		byID := map[any]any{}
		alive := 0.0
		for _, c := range parts(got, "customers").([]any) {
			byID[parts(c, "id")] = c
			alive += parts(c, "p_alive").(float64)
		}
		about(t, name+" customers alive", alive, parts(golden, "models", name, "expected_alive_customers"), 1e-3)
		for _, want := range parts(golden, "models", name, "customers").([]any) {
			id := parts(want, "id")
			about(t, name+" chance to be alive", parts(byID[id], "p_alive"), parts(want, "p_alive"), 1e-3)
			about(t, name+" purchases", parts(byID[id], "expected_purchases"), parts(want, "expected_purchases_holdout"), 1e-3)
			lo, clv, hi := parts(byID[id], "clv_lo").(float64), parts(byID[id], "clv").(float64), parts(byID[id], "clv_hi").(float64)
			if lo > clv || clv > hi || parts(byID[id], "band") == "" || len(parts(byID[id], "reasons").([]any)) == 0 {
				t.Errorf("%s: %v", id, byID[id])
			}
		}
	}
	one := ask("predict", "score", "--as-of", "1997-09-30", "--model", "pnbd", "--customer", "0006")
	if all := parts(one, "customers").([]any); len(all) != 1 || parts(all[0], "id") != "0006" {
		t.Errorf("one customer: %v", all)
	}
	if all := ask("predict", "score", "--as-of", "1998-06-30"); parts(all, "model") == "auto" || len(parts(all, "customers").([]any)) != 2357 {
		t.Errorf("chosen by a backtest: %v", parts(all, "model"))
	}
}

func holdGoldenTest(t *testing.T, golden, got any) {
	t.Helper()
	rows := map[any]any{}
	for _, r := range parts(got, "rows").([]any) {
		rows[parts(r, "model")] = r
	}
	for name, want := range map[string]any{"bgnbd": parts(golden, "models", "bgnbd", "holdout"), "mbgnbd": parts(golden, "models", "mbgnbd", "holdout"),
		"pnbd": parts(golden, "models", "pnbd", "holdout"), "nbd": parts(golden, "models", "nbd", "holdout"), "zero": parts(golden, "baselines", "zero"),
		"same_rate": parts(golden, "baselines", "same_rate x/T*t"), "overall_mean": parts(golden, "baselines", "overall_mean")} {
		for _, key := range []string{"total_predicted", "bias_pct", "MAE", "RMSE", "auc_active"} {
			about(t, name+" "+key, parts(rows[name], key), parts(want, key), 1e-3)
		}
	}
}

func TestWhatPredictCannotDoItSays(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"fit", "--model", "lstm"}, "There is no model “lstm”"},
		{[]string{"fit", "--until", "yesterday"}, "--until"},
		{[]string{"score", "--horizon", "soon"}, "“soon” is not a length of time"},
		{[]string{"score", "--model", "gg"}, "There is no model “gg”"},
		{[]string{"score", "--customer", "4711"}, "There is no customer “4711”"},
		{[]string{"backtest", "--cut", "2025-05-05", "--until", "2025-05-05"}, "does not lie after"},
	} {
		if code, _, errs := stamm(t, dir, "", append([]string{"predict"}, c.args...)...); code == 0 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %s", c.args, code, errs)
		}
	}
	for _, args := range [][]string{{"fit"}, {"score", "--as-of", "2025-05-05"}, {"backtest", "--cut", "2025-01-01", "--until", "2025-05-05"}} {
		if out := must(t, dir, "", append(append([]string{"predict"}, args...), "--json")...); !json.Valid([]byte(out)) {
			t.Errorf("%v without any orders: %s", args, out)
		}
	}
}

// Close holds the app while it waits for the jobs under way: one that asked the app for the warehouse would wait for Close, and Close for it.
func TestWorkThatBeginsWhileTheProgramClosesDoesNotWaitForIt(t *testing.T) {
	ctx := t.Context()
	app, err := cli.Open(ctx, cli.Config{Dir: t.TempDir(), DB: storetest.SQLite(t), Memory: 64}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close(context.Background())
	if _, err := app.Warehouse(ctx); err != nil {
		t.Fatal(err)
	}
	app.Work()
	release := app.Hold()
	defer release()
	for _, kind := range []string{predict.JobScore, segment.DailyJob} {
		var id int64
		err := app.Store.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
			id, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: kind, Key: "test " + kind, Args: predict.Args{}, MaxAttempts: 1})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		waiting, stop := context.WithTimeout(ctx, 20*time.Second)
		job, err := jobs.Wait(waiting, app.Store, id, nil)
		stop()
		if err != nil || job.State != jobs.Done {
			t.Fatalf("%s: %s, %v %v", kind, job.State, err, job.Err)
		}
	}
}

func TestAButtonScoresEverybodyAndTheWarehouseShowsIt(t *testing.T) {
	file := sharedFile(t, "cdnow_sample.csv")
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir, ctx := t.TempDir(), t.Context()
		must(t, dir, "", "import", "orders", file, "--source", "cdnow", "--db", url)
		app, err := cli.Open(ctx, cli.Config{Dir: dir, DB: url, Memory: 64}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer app.Close(context.Background())
		house, err := app.Warehouse(ctx)
		if err != nil {
			t.Fatal(err)
		}
		app.Work()
		var id int64
		if err := app.Store.Write(ctx, store.System(), func(tx *store.Tx) (err error) { id, err = predict.Start(ctx, tx); return err }); err != nil {
			t.Fatal(err)
		}
		job, err := jobs.Wait(ctx, app.Store, id, nil)
		if err != nil || job.State != jobs.Done {
			t.Fatalf("the job is %s: %v %v", job.State, err, job.Err)
		}
		var done predict.Recorded
		if err := json.Unmarshal(job.Result, &done); err != nil || done.Scores != 2357 || done.Written != 2357 {
			t.Errorf("result: %s, %v", job.Result, err)
		}
		if err := house.Reach(ctx, app.Store); err != nil {
			t.Fatal(err)
		}
		var n, bands int
		if err := house.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT band) FROM score").Scan(&n, &bands); err != nil || n != 2357 || bands < 3 {
			t.Errorf("the warehouse has %d scores in %d bands, %v", n, bands, err)
		}
		err = app.Store.Read(ctx, func(tx *store.Tx) error {
			o, ok, err := predict.Newest(ctx, tx)
			if !ok || o.AsOf.String() != "1998-06-30" || o.Customers != 2357 { // of a file that ended long ago, its last day
				t.Errorf("the outlook: %v as of %s, %d customers", ok, o.AsOf, o.Customers)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What pages say of a customer the command line says too: the day that was told stays, also where today's parameters see another one.
func TestTheCommandLineTellsTheSameDaySinceWhichSheIsAtRisk(t *testing.T) {
	file := sharedFile(t, "cdnow_sample.csv")
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		must(t, dir, "", "import", "orders", file, "--source", "cdnow", "--db", url)
		since := func(asOf string) map[any]any {
			var v any
			if err := json.Unmarshal([]byte(must(t, dir, "", "predict", "score", "--as-of", asOf, "--json", "--db", url)), &v); err != nil {
				t.Fatal(err)
			}
			all := map[any]any{}
			for _, c := range parts(v, "customers").([]any) {
				if day := parts(c, "at_risk_since"); day != nil {
					all[parts(c, "id")] = day
				}
			}
			return all
		}
		computed := since("1998-06-30")
		scoreAndTell(t, dir, url, -3)
		told, before := since("1998-06-30"), since("1998-06-29")
		if len(computed) < 100 || len(told) != len(computed) || len(before) < 100 {
			t.Fatalf("%d, %d and %d customers are at risk", len(computed), len(told), len(before))
		}
		for id, day := range told {
			was, _ := time.Parse(time.DateOnly, computed[id].(string))
			if want := was.AddDate(0, 0, -3).Format(time.DateOnly); day != want {
				t.Fatalf("%v: at risk since %v, want %v", id, day, want)
			}
		}
	})
}

// scoreAndTell scores everybody, and moves the day since which customers are at risk, as other parameters of an earlier night would have.
func scoreAndTell(t *testing.T, dir, url string, days int) {
	t.Helper()
	ctx := t.Context()
	app, err := cli.Open(ctx, cli.Config{Dir: dir, DB: url, Memory: 64}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close(context.Background())
	house, err := app.Warehouse(ctx)
	if err != nil {
		t.Fatal(err)
	}
	app.Work()
	var id int64
	if err := app.Store.Write(ctx, store.System(), func(tx *store.Tx) (err error) { id, err = predict.Start(ctx, tx); return err }); err != nil {
		t.Fatal(err)
	}
	if job, err := jobs.Wait(ctx, app.Store, id, nil); err != nil || job.State != jobs.Done {
		t.Fatalf("the job is %s: %v", job.State, err)
	}
	err = app.Store.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE score SET risk_since = risk_since + $1 WHERE risk_since IS NOT NULL", days)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := house.Rebuild(ctx, app.Store); err != nil {
		t.Fatal(err)
	}
}
