package sim_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/sim"
	"stamm/internal/platform/clock"
)

func TestDocumentsAreSortedResolveAndAddUp(t *testing.T) {
	c := newCompany(t, 11, 5000)
	customers := map[string]bool{}
	for u := range c.Customers() {
		customers[u.ID] = true
	}
	numbers, open := map[string]sim.Kind{}, map[string]int64{}
	count := map[sim.Kind]int{}
	var last sim.Moment
	var lines, guests, unlinked int
	for d, err := range c.Documents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.At.Day < last.Day || d.At.Day == last.Day && d.At.Second < last.Second {
			t.Fatalf("%s is out of order", d.Number)
		}
		last = d.At
		if _, twice := numbers[d.Number]; twice {
			t.Errorf("%s given twice", d.Number)
		}
		numbers[d.Number] = d.Kind
		count[d.Kind]++
		if d.Customer == "" {
			guests++
		} else if !customers[d.Customer] {
			t.Errorf("%s: customer %s does not exist", d.Number, d.Customer)
		}
		if want := reference[d.Kind]; d.Reference != "" && numbers[d.Reference] != want {
			t.Errorf("%s refers to %s, which is %q and not an earlier %s", d.Number, d.Reference, numbers[d.Reference], want)
		} else if d.Reference == "" && d.Kind == sim.Return {
			unlinked++
		} else if d.Reference == "" && want != "" && d.Kind != sim.Order {
			t.Errorf("%s refers to nothing", d.Number)
		}
		checkAmounts(t, d)
		switch d.Kind {
		case sim.Order:
			lines += len(d.Lines)
		case sim.Invoice:
			open[d.Number] = d.Gross
		case sim.Payment:
			open[d.Reference] -= d.Gross
		}
	}
	orders := float64(count[sim.Order])
	for what, is := range map[string][3]float64{
		"lines per order":  {float64(lines) / orders, 2.35, 2.65},
		"returns":          {float64(count[sim.Return]) / orders, 0.028, 0.05},
		"unlinked returns": {float64(unlinked) / float64(count[sim.Return]), 0.04, 0.15},
		"invoices":         {float64(count[sim.Invoice]) / orders, 0.3, 0.6},
		"payments":         {float64(count[sim.Payment]) / float64(count[sim.Invoice]), 0.88, 1.1},
		"credit notes":     {float64(count[sim.CreditNote]) / orders, 0.002, 0.02},
		"guests":           {float64(guests) / orders, 0.04, 0.08},
	} {
		if is[0] < is[1] || is[0] > is[2] {
			t.Errorf("%s: %.3f, want %v to %v", what, is[0], is[1], is[2])
		}
	}
	for _, k := range []sim.Kind{sim.Quote, sim.Delivery, sim.ServiceVisit} {
		if count[k] == 0 {
			t.Errorf("no document is a %s", k)
		}
	}
	unpaid := 0
	for _, left := range open {
		if left > 0 {
			unpaid++
		}
	}
	if share := float64(unpaid) / float64(len(open)); share < 0.01 || share > 0.12 {
		t.Errorf("%.3f of the invoices are open", share)
	}
}

// reference is the kind of document to which one of a kind refers.
var reference = map[sim.Kind]sim.Kind{sim.Order: sim.Quote, sim.Delivery: sim.Order, sim.Invoice: sim.Order, sim.CreditNote: sim.Order,
	sim.Return: sim.Order, sim.Payment: sim.Invoice}

func checkAmounts(t *testing.T, d *sim.Document) {
	t.Helper()
	if want := map[string]string{"DE": "EUR", "AT": "EUR", "CH": "CHF"}[d.Country]; d.Currency != want || d.Rate <= 0 || d.Currency == "EUR" && d.Rate != 1_000_000 {
		t.Errorf("%s: %s at %d in %s", d.Number, d.Currency, d.Rate, d.Country)
	}
	if d.Kind == sim.Payment || d.Kind == sim.Delivery {
		return
	}
	var net int64
	for _, l := range d.Lines {
		net += l.Net
		if l.Quantity <= 0 || l.UnitPrice <= 0 || l.Net < 0 || l.Text == "" {
			t.Errorf("%s: line %+v", d.Number, l)
		}
		if want := math.Round(float64(l.Net) * float64(l.TaxRate) / 1e4); math.Abs(want-float64(l.Tax)) > 1 {
			t.Errorf("%s: tax %d on %d at %d", d.Number, l.Tax, l.Net, l.TaxRate)
		}
	}
	if d.Net+d.Tax != d.Gross || d.Kind != sim.Invoice && d.Net != net+d.Shipping {
		t.Errorf("%s: net %d, tax %d, gross %d, shipping %d, lines %d", d.Number, d.Net, d.Tax, d.Gross, d.Shipping, net)
	}
}

func TestTruthIsWhatTheCustomersDo(t *testing.T) {
	c := newCompany(t, 12, 10000)
	placed, lastOrder := map[string]int{}, map[string]clock.Day{}
	for d, err := range c.Documents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind == sim.Order && d.Customer != "" {
			placed[d.Customer]++
			lastOrder[d.Customer] = d.At.Day
		}
	}
	var n, alive, orders, expected, oldOrders, old float64
	reasons := map[string]int{}
	for x := range c.Truth() {
		n++
		if x.Alive != (x.Dropout == 0) || x.Orders != placed[x.ID] {
			t.Errorf("%s: %+v, has %d orders", x.ID, x, placed[x.ID])
		}
		if !x.Alive && lastOrder[x.ID] >= x.Dropout {
			t.Errorf("%s left on %s and ordered on %s", x.ID, x.Dropout, lastOrder[x.ID])
		}
		if x.Alive {
			alive++
		} else if x.NextYear != 0 {
			t.Errorf("%s has left and is expected to order %f", x.ID, x.NextYear)
		}
		reasons[x.Reason]++
		orders += float64(x.Orders - x.Moved)
		expected += x.Expected
		if x.Start < c.Start().AddMonths(2) {
			old++
			oldOrders += float64(x.Orders)
		}
	}
	if r := expected / orders; r < 0.98 || r > 1.02 {
		t.Errorf("%.0f orders expected, %.0f placed", expected, orders)
	}
	for what, is := range map[string][3]float64{
		"share alive":                        {alive / n, 0.45, 0.75},
		"orders per customer":                {orders / n, 5, 8},
		"orders per customer of three years": {oldOrders / old, 7.5, 11},
	} {
		if is[0] < is[1] || is[0] > is[2] {
			t.Errorf("%s: %.3f, want %v to %v", what, is[0], is[1], is[2])
		}
	}
	if reasons["delivery"] < 50 || reasons["cooling"] != 1 {
		t.Errorf("reasons to leave: %v", reasons)
	}
}

func TestTruthFileIsJSONLines(t *testing.T) {
	c := newCompany(t, 12, 200)
	var b bytes.Buffer
	if err := c.WriteTruth(&b); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(&b)
	var head struct {
		Seed      uint64
		Customers int
	}
	if err := dec.Decode(&head); err != nil || head.Seed != 12 || head.Customers != 200 {
		t.Fatalf("%+v, %v", head, err)
	}
	n := 0
	for ; ; n++ {
		var line struct {
			Customer string
			Rate     float64
			Dropout  *clock.Day
			Alive    bool
			Orders   int
		}
		err := dec.Decode(&line)
		if err == io.EOF {
			break
		}
		if err != nil || line.Customer == "" || line.Rate <= 0 || line.Orders < 1 || line.Alive != (line.Dropout == nil) {
			t.Fatalf("line %d: %+v, %v", n, line, err)
		}
	}
	if n != 200 {
		t.Errorf("%d lines", n)
	}
}

func TestFilesAreReadableAndSorted(t *testing.T) {
	c := newCompany(t, 13, 2000)
	dir := t.TempDir()
	var done []float64
	files, err := c.WriteFiles(t.Context(), dir, func(f float64) { done = append(done, f) })
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range done {
		if f < 0 || f > 1 || i > 0 && f < done[i-1] {
			t.Fatalf("progress %v", done)
		}
	}
	if done[len(done)-1] != 1 {
		t.Errorf("progress ends at %v", done[len(done)-1])
	}
	for name, rows := range files.Rows {
		records := readCSV(t, filepath.Join(dir, name))
		if int64(len(records)-1) != rows || rows == 0 {
			t.Errorf("%s has %d rows, reported %d", name, len(records)-1, rows)
		}
	}
	records := readCSV(t, files.Orders)
	col := map[string]int{}
	for i, h := range records[0] {
		col[h] = i
	}
	kinds, numbers := map[string]int{}, map[string]bool{"": true}
	var last time.Time
	for _, r := range records[1:] {
		at, err := time.Parse("02.01.2006 15:04:05", r[col["Bestelldatum"]])
		if err != nil || at.Before(last) {
			t.Fatalf("%v: %v after %v", r, err, last)
		}
		last = at
		kinds[r[col["Belegart"]]]++
		if numbers[r[0]] = true; !numbers[r[col["Bezug"]]] {
			t.Errorf("%s refers to %s, which does not stand above it", r[0], r[col["Bezug"]])
		}
		if negative := strings.HasPrefix(r[col["Gesamt netto"]], "-"); negative != (r[col["Belegart"]] == "Retoure" || r[col["Belegart"]] == "Gutschrift") {
			t.Errorf("sign of %v", r)
		}
	}
	if len(kinds) != 4 || kinds["Bestellung"] == 0 || kinds["Rechnung"] == 0 || kinds["Retoure"] == 0 || kinds["Gutschrift"] == 0 {
		t.Errorf("kinds %v", kinds)
	}
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, ok := bytes.CutPrefix(b, []byte("\ufeff"))
	if !ok || !bytes.HasSuffix(b, []byte("\r\n")) {
		t.Errorf("%s: no byte order mark, or its last line does not end", path)
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma = ';'
	records, err := r.ReadAll() // fails on rows of different length
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return records
}

func TestStopsWhenToldAndLeavesNoTemporaryFile(t *testing.T) {
	temp := t.TempDir()
	c, err := sim.New(sim.Config{Seed: 1, Customers: 20000, Until: lastDay, TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err = range c.Documents(ctx) {
		if n++; n == 5000 {
			cancel()
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	for range c.Documents(t.Context()) {
		break
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

func BenchmarkWriteFiles(b *testing.B) {
	c := newCompany(b, 1, 20000)
	dir := b.TempDir()
	var orders int64
	for b.Loop() {
		files, err := c.WriteFiles(b.Context(), dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		orders += files.Documents[sim.Order]
	}
	b.ReportMetric(float64(orders)/b.Elapsed().Seconds(), "orders/s")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB")
}
