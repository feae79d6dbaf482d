package connect_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/report"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// shop is a whole installation without its doors.
type shop struct {
	db       *store.DB
	house    *warehouse.DB
	importer *connect.Importer
}

func open(t *testing.T, url string) *shop {
	t.Helper()
	return openWith(t, url, filepath.Join(t.TempDir(), "files"))
}

func openWith(t *testing.T, url, folder string) *shop {
	t.Helper()
	db := storetest.Open(t, url, store.Options{})
	files, err := blob.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{db: db, importer: connect.New(db, files)}
	s.house = warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection())
	runner := jobs.NewRunner(db, jobs.Options{})
	s.importer.Register(runner)
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })
	return s
}

// data is the path of a file of real data; the test is skipped where it is missing.
func data(t *testing.T, name string) string {
	t.Helper()
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		path := filepath.Join(dir, "shared", "data", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if abs, _ := filepath.Abs(dir); abs == "/" {
			t.Skipf("real data: no shared/data/%s", name)
		}
	}
}

func (s *shop) run(t *testing.T, kind sheet.Kind, source string, o sheet.Options, paths ...string) *connect.Run {
	t.Helper()
	ctx := context.Background()
	q := connect.Request{Kind: kind, Source: source, Options: o}
	for _, p := range paths {
		f, err := s.importer.KeepPath(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		q.Files = append(q.Files, f)
	}
	run, err := s.importer.Start(ctx, store.System(), q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Wait(ctx, s.db, run.Job, nil); err != nil {
		t.Fatal(err)
	}
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		run, err = connect.FindRun(ctx, tx, run.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (s *shop) report(t *testing.T, name string, p report.Params) map[string]any {
	t.Helper()
	ctx := context.Background()
	if err := s.house.CatchUp(ctx, s.db); err != nil {
		t.Fatal(err)
	}
	r, err := report.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.Run(ctx, s.house, p)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(res.JSON)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func asOf(t *testing.T, text string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// golden is a block of the known figures.
func golden(t *testing.T, block string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(data(t, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		KPI map[string]map[string]any `json:"kpi"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.KPI[block]
}

// compare reports where got lacks what want has; more keys in got are fine, and definitions are in our own words.
func compare(t *testing.T, path string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for key, value := range want {
			if key == "definition" || key == "top_share_definition" {
				continue
			}
			if _, ok := object[key]; !ok {
				t.Errorf("%s: no %s", path, key)
				continue
			}
			compare(t, path+"."+key, value, object[key])
		}
	case []any:
		list, _ := got.([]any)
		if len(list) < len(want) {
			t.Errorf("%s: %d entries, want %d", path, len(list), len(want))
			return
		}
		for i := range want {
			compare(t, path+"["+strconv.Itoa(i)+"]", want[i], list[i])
		}
	case float64:
		tolerance := max(1e-9, math.Abs(want)*1e-9)
		if strings.Contains(path, "cohorts.retention") {
			tolerance = 1e-6 // stands there rounded
		}
		if value, ok := got.(float64); !ok || math.Abs(value-want) > tolerance {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	default:
		if want != got {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
}

// compareBlock runs every report of a golden block. Of rfm the file lists some customers, found here by their number.
func (s *shop) compareBlock(t *testing.T, block string, p report.Params) {
	t.Helper()
	p.Customers = true
	for name, want := range golden(t, block) {
		if name == "source" {
			continue
		}
		got := s.report(t, name, p)
		if name == "rfm" {
			byID := map[any]any{}
			for _, c := range got["customers"].([]any) {
				byID[c.(map[string]any)["id"]] = c
			}
			for _, c := range want.(map[string]any)["customers"].([]any) {
				id := c.(map[string]any)["id"]
				compare(t, "rfm."+id.(string), c, byID[id])
			}
			delete(want.(map[string]any), "customers")
		}
		compare(t, name, want, got)
	}
}

func counts(r *connect.Run) [5]int64 {
	return [5]int64{r.Rows, r.New, r.Changed, r.Unchanged, r.Errors}
}

func TestCDNOWGivesTheKnownFigures(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		path := data(t, "cdnow_sample.csv")
		if got, want := counts(s.run(t, sheet.Orders, "", sheet.Options{}, path)), [5]int64{6919, 6919, 0, 0, 0}; got != want {
			t.Errorf("rows, new, changed, unchanged, errors = %v, want %v", got, want)
		}
		s.compareBlock(t, "cdnow_sample", report.Params{AsOf: asOf(t, "1998-06-30")})
		s.compareBlock(t, "cdnow_sample", report.Params{AsOf: asOf(t, "1998-06-30"), Basis: report.Gross})
		if got, want := counts(s.run(t, sheet.Orders, "", sheet.Options{}, path)), [5]int64{6919, 0, 0, 6919, 0}; got != want {
			t.Errorf("the same file again: %v, want %v", got, want)
		}
	})
}

func TestOnlineRetailGivesTheKnownFigures(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		var paths []string
		for _, m := range []string{"2010-12", "2011-01", "2011-02", "2011-03", "2011-04", "2011-05"} {
			paths = append(paths, data(t, "online_retail_"+m+".csv.gz"))
		}
		run := s.run(t, sheet.Orders, "", sheet.Options{}, paths...)
		if got, want := counts(run), [5]int64{209029, 10783, 0, 0, 0}; got != want {
			t.Errorf("rows, new, changed, unchanged, errors = %v, want %v", got, want)
		}
		p := report.Params{AsOf: asOf(t, "2011-05-31"), Basis: report.Gross}
		s.compareBlock(t, "online_retail_h1_gross", p)
		compare(t, "refunds", golden(t, "online_retail_h1_refunds"), s.report(t, "refunds", report.Params{AsOf: p.AsOf}))
		if got := s.report(t, "totals", report.Params{AsOf: p.AsOf})["revenue"]; got != 3120488.09 {
			t.Errorf("revenue after returns %v, want 3120488.09", got)
		}
		ctx := context.Background()
		var job int64
		err := s.db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
			job, err = connect.Undo(ctx, tx, run.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jobs.Wait(ctx, s.db, job, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.report(t, "totals", p); got["customers"] != 0.0 || got["company_revenue"] != 0.0 {
			t.Errorf("after the undo: %v", got)
		}
	})
}
