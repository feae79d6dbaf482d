package jobs_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// BenchmarkJobs does jobs that do nothing, 64 at a time, from queued to done.
func BenchmarkJobs(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			db := storetest.Open(b, url(b), store.Options{Log: slog.New(slog.DiscardHandler)})
			for left := b.N; left > 0; left -= 1000 {
				err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
					for range min(left, 1000) {
						if _, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: "nothing"}); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			var all sync.WaitGroup
			all.Add(b.N)
			r := jobs.NewRunner(db, jobs.Options{})
			r.Handle("nothing", 64, func(context.Context, *jobs.Task) error { all.Done(); return nil })
			b.ResetTimer()
			r.Start()
			all.Wait()
			if err := r.Close(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}
