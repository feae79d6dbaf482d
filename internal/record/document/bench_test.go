package document_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"
)

// BenchmarkWrite writes orders in slices of 1,000 rows, as an import does.
func BenchmarkWrite(b *testing.B) {
	for _, lines := range []int{0, 2} {
		for _, url := range []func(testing.TB) string{storetest.SQLite, storetest.Postgres} {
			db := storetest.Open(b, url(b), store.Options{})
			b.Run(fmt.Sprintf("%s/lines=%d", db.Dialect(), lines), func(b *testing.B) {
				n := 0
				perSlice := 1000 / max(lines, 1)
				rows := 0
				for b.Loop() {
					docs := make([]*document.Document, perSlice)
					for i := range docs {
						n++
						ls := make([][3]int64, lines)
						for j := range ls {
							ls[j] = [3]int64{int64(j + 1), 2, 3}
						}
						docs[i] = doc(document.Order, fmt.Sprint(b.N, "-", n), int64(n*7919%100000), "2026-01-05", ls...)
						if lines == 0 {
							docs[i].Gross = p(1000)
						}
						if err := document.Assess(docs[i], "EUR"); err != nil {
							b.Fatal(err)
						}
					}
					err := db.Bulk(context.Background(), store.System(), func(tx *store.Tx) error {
						_, err := document.Write(context.Background(), tx, 1, docs, nil)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					rows += perSlice * max(lines, 1)
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
