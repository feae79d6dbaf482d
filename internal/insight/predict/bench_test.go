package predict_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"
)

// growth fills a warehouse with customers who buy at a rate of their own and leave after a time of their own, over three years:
// about ten orders each; those from Austria twice as often, so that covariates are chosen and what they cost is measured.
var growth = []string{
	`CREATE TEMP TABLE seed AS SELECT i AS id, CAST(hash(i, 1) % 1095 AS INTEGER) AS begun,
		CASE i % 3 WHEN 1 THEN -0.068 ELSE -0.034 END * ln((hash(i, 2) % 1000000 + 1) / 1000000.0) AS rate,
		-500 * ln((hash(i, 3) % 1000000 + 1) / 1000000.0) * (0.3 + hash(i, 4) % 1000 / 400.0) AS life FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i)`,
	`INSERT INTO customer (id, ext, source, kind, country, region, language, excluded, erased, created, mail) SELECT id, 'K' || id, 'default', CASE WHEN id % 5 = 0 THEN 'company' ELSE 'person' END, CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END, '', 'de', false, false, DATE '2023-01-01' + begun, 'valid' FROM seed`,
	`INSERT INTO document SELECT customer * 1000 + k, customer, 'order', day, 0, true, 1, amount, NULL, 1 FROM (
		SELECT id AS customer, k, DATE '2023-01-01' + begun + CASE WHEN k = 0 THEN 0 ELSE CAST(hash(id, k, 5) % CAST(span + 1 AS BIGINT) AS INTEGER) END AS day,
			1000 + CAST(hash(id, 6) % 4000 AS BIGINT) + CAST(hash(id, k, 7) % 3000 AS BIGINT) AS amount
		FROM (SELECT id, begun, span, unnest(range(CAST(1 + floor(rate * span + hash(id, 8) % 1000 / 1000.0) AS BIGINT))) AS k
			FROM (SELECT id, begun, rate, least(life, 1095 - begun) AS span FROM seed)))`,
}

// grown is a warehouse of so many customers.
func grown(b *testing.B, customers int) *warehouse.DB {
	db := house(b)
	err := db.Fill(context.Background(), func(f *warehouse.Filler) error {
		for _, q := range growth {
			if err := f.Exec(context.Background(), strings.ReplaceAll(q, "{customers}", strconv.Itoa(customers))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkScore fits, tests, scores and writes STAMM_BENCH_CUSTOMERS customers (default 20,000) with about ten orders each, the first
// time and the night after, and prints the time of the clock and of the processors and the memory used at most.
func BenchmarkScore(b *testing.B) {
	customers := 20_000
	if n, err := strconv.Atoi(os.Getenv("STAMM_BENCH_CUSTOMERS")); err == nil {
		customers = n
	}
	db := grown(b, customers)
	s, err := store.Open(context.Background(), filepath.Join(b.TempDir(), "store.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	runtime.GC()
	for _, day := range []string{"2025-12-29", "2025-12-30"} {
		b.Run(day, func(b *testing.B) {
			for b.Loop() {
				score(b, db, s, mustDay(b, day))
			}
		})
	}
}

func score(b *testing.B, db *warehouse.DB, s *store.DB, day clock.Day) {
	begin, before := time.Now(), cpu()
	last := begin
	lap := func(what string) {
		b.Logf("%s: %s %.1f s", day, what, time.Since(last).Seconds())
		last = time.Now()
	}
	var scores *predict.Scores
	err := db.View(context.Background(), func(v *warehouse.View) (err error) {
		scores, err = predict.Foretell(context.Background(), v, predict.OptionsOf(company.Defaults(), day), func(part float64) error {
			lap(fmt.Sprintf("up to %.1f", part))
			return nil
		})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	done, err := scores.Record(context.Background(), s, store.System(), nil)
	if err != nil {
		b.Fatal(err)
	}
	lap("written")
	var m syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &m); err != nil {
		b.Fatal(err)
	}
	b.Logf("%+v, chosen %s, counts %s", done, scores.Card.Chosen, scores.Card.Counts)
	b.ReportMetric(time.Since(begin).Seconds(), "s/clock")
	b.ReportMetric((cpu() - before).Seconds(), "s/cpu")
	b.ReportMetric(float64(m.Maxrss)/1024, "MB/most")
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
