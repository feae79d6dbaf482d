package connect_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
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
	db := storetest.Open(t, url, store.Options{})
	files, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{db: db, importer: connect.New(db, files)}
	s.house = warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection())
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

func TestCDNOW(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		run := s.run(t, sheet.Orders, "", sheet.Options{}, data(t, "cdnow_sample.csv"))
		t.Logf("%+v %v", run, run.Why())
		t.Log(s.report(t, "totals", report.Params{AsOf: asOf(t, "1998-06-30")}))
		again := s.run(t, sheet.Orders, "", sheet.Options{}, data(t, "cdnow_sample.csv"))
		t.Logf("%+v %v", again, again.Why())
	})
}

func TestOnlineRetail(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		var paths []string
		for _, m := range []string{"2010-12", "2011-01", "2011-02", "2011-03", "2011-04", "2011-05"} {
			paths = append(paths, data(t, "online_retail_"+m+".csv.gz"))
		}
		run := s.run(t, sheet.Orders, "", sheet.Options{}, paths...)
		run.Plan = sheet.Plan{}
		t.Logf("%+v %v", run, run.Why())
		t.Log(s.report(t, "totals", report.Params{AsOf: asOf(t, "2011-05-31"), Basis: report.Gross}))
		t.Log(s.report(t, "refunds", report.Params{AsOf: asOf(t, "2011-05-31")}))
		t.Log(s.report(t, "totals", report.Params{AsOf: asOf(t, "2011-05-31")}))
	})
}
