// Package shoptest gives tests of pages a small company whose orders have been imported, so that its figures are there.
package shoptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/action/program"
	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/segment"
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
	"stamm/internal/record/event"
	"stamm/internal/record/product"
)

// Shop is a whole installation without its doors.
type Shop struct {
	DB        *store.DB
	Warehouse *warehouse.DB

	importer *connect.Importer
	t        testing.TB
}

// New makes an empty shop in a database of its own.
func New(t testing.TB) *Shop {
	t.Helper()
	db := storetest.Open(t, filepath.Join(t.TempDir(), "stamm.db"), store.Options{})
	files, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Shop{DB: db, importer: connect.New(db, files), t: t}
	s.Warehouse = warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection(),
		event.Projection(), predict.Projection(), segment.Projection(), program.Projection())
	runner := jobs.NewRunner(db, jobs.Options{})
	s.importer.Register(runner)
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })
	s.CatchUp()
	return s
}

// CatchUp brings the warehouse up to date.
func (s *Shop) CatchUp() {
	s.t.Helper()
	if err := s.Warehouse.CatchUp(context.Background(), s.DB); err != nil {
		s.t.Fatal(err)
	}
}

// Import brings a file of orders in and the warehouse up to date.
func (s *Shop) Import(kind sheet.Kind, path string) {
	s.t.Helper()
	ctx := context.Background()
	file, err := s.importer.KeepPath(ctx, path)
	if err != nil {
		s.t.Fatal(err)
	}
	run, err := s.importer.Start(ctx, store.System(), connect.Request{Kind: kind, Files: []connect.File{file}})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := jobs.Wait(ctx, s.DB, run.Job, nil); err != nil {
		s.t.Fatal(err)
	}
	s.CatchUp()
}

// Score foresees what every customer will do after the day, as the job of the night does, and brings the warehouse up to date.
func (s *Shop) Score(asOf clock.Day) {
	s.t.Helper()
	ctx := context.Background()
	var scores *predict.Scores
	err := s.Warehouse.View(ctx, func(v *warehouse.View) (err error) {
		scores, err = predict.Foretell(ctx, v, predict.OptionsOf(company.Defaults(), asOf), nil)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := scores.Record(ctx, s.DB, store.System(), nil); err != nil {
		s.t.Fatal(err)
	}
	if _, err := scores.RaiseCalls(ctx, s.DB, store.System()); err != nil {
		s.t.Fatal(err)
	}
	s.CatchUp()
}

// Hostile is the name of the shop's first customer: a page that forgets to escape shows it.
const Hostile = "<b>injected</b><script>alert(1)</script>"

// Small imports the orders of forty customers over the two years up to today.
func (s *Shop) Small(today clock.Day) { s.Of(today, 40) }

// Of imports the orders of so many customers over the two years up to today; the first is called Hostile, and so is one of
// the products. The same today and number make the same shop.
func (s *Shop) Of(today clock.Day, customers int) {
	s.t.Helper()
	dice := rand.New(rand.NewPCG(uint64(today), uint64(customers)))
	var b strings.Builder
	b.WriteString("Bestellnummer;Datum;Kundennummer;Name;Artikel;Menge;Einzelpreis\n")
	n := 0
	for k := range customers {
		name := fmt.Sprintf("Kundin %d", k)
		if k == 0 {
			name = Hostile
		}
		stays, rhythm := 0.35+dice.Float64()*0.6, 15+dice.IntN(60)
		for day := today.AddDays(-dice.IntN(730)); day <= today; day = day.AddDays(1 + rhythm/2 + dice.IntN(rhythm)) {
			n++
			fmt.Fprintf(&b, "B%05d;%s;K%04d;%s;%s;%d;%d,90\n", n, day, k, name, [...]string{"Espresso", "Filterkaffee", Hostile}[(k+n)%3], 1+n%3, 7+dice.IntN(30))
			if dice.Float64() > stays {
				break
			}
		}
	}
	path := filepath.Join(s.t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.Import(sheet.Orders, path)
}

// Data is the path of a file of real data; the test is skipped where it is missing. STAMM_DATA names the folder, otherwise
// shared/data is looked for in the folders above.
func Data(t testing.TB, name string) string {
	t.Helper()
	folders := []string{os.Getenv("STAMM_DATA")}
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		folders = append(folders, filepath.Join(at, "shared", "data"))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil && folder != "" {
			return path
		}
	}
	t.Skipf("real data: no shared/data/%s here and STAMM_DATA does not name a folder with it", name)
	return ""
}
