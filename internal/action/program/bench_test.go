package program_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// BenchmarkProof reads a measure of everybody with about ten orders a customer. STAMM_BENCH_CUSTOMERS says how many (default 100,000).
func BenchmarkProof(b *testing.B) {
	customers := os.Getenv("STAMM_BENCH_CUSTOMERS")
	if _, err := strconv.Atoi(customers); err != nil {
		customers = "100000"
	}
	w := warehousetest.Open(b, company.Projection(), customer.Projection(), document.Projection(), predict.Projection(), program.Projection())
	err := w.Fill(b.Context(), func(f *warehouse.Filler) error {
		for _, text := range []string{
			`INSERT INTO document SELECT row_number() OVER (), id, 'order', DATE '2026-04-30' - CAST(hash(id, k) % 1095 AS INTEGER), 0, true, 2,
				500 + CAST(hash(id, k, 4) % 12000 AS BIGINT), NULL, 2
				FROM (SELECT i AS id, unnest(range(CAST(hash(i, 2) % 20 AS BIGINT))) AS k FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i))`,
			`INSERT INTO measure_customer SELECT i, 7, i, CASE WHEN hash(i, 5) % 10 = 0 THEN 'control' WHEN hash(i, 5) % 10 < 6 THEN 'a' ELSE 'b' END, 1, DATE '2026-03-02'
				FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i)`,
		} {
			if err := f.Exec(b.Context(), strings.ReplaceAll(text, "{customers}", customers)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	m := measure()
	m.Control = 100
	for b.Loop() {
		err := w.View(context.Background(), func(v *warehouse.View) error {
			_, err := program.Prove(b.Context(), v, m, program.Basis{AsOf: first.AddDays(60), Margin: 40}, program.Spending{})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAssign draws a hundred thousand customers in slices of the bulk lane.
func BenchmarkAssign(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b), store.Options{})
	all := make([]int64, 100_000)
	for i := range all {
		all[i] = int64(i + 1)
	}
	begin := cpu()
	for b.Loop() {
		id := draft(b, db)
		move(b, db, id, program.Start)
		for part := range slices.Chunk(all, 1000) {
			err := db.Bulk(b.Context(), store.System(), func(tx *store.Tx) error { _, err := program.Assign(b.Context(), tx, id, part); return err })
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(all))/(cpu()-begin).Seconds(), "customers/cpu-s")
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
