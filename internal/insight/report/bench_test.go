package report_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/insight/report"
	"stamm/internal/record/document"
)

// growth fills a warehouse inside DuckDB: three years of about ten orders a customer, lines, and returns of every twentieth
// order, a tenth of them without a link.
var growth = []string{
	`CREATE TEMP TABLE seed AS SELECT i AS id, DATE '2023-01-01' + CAST(hash(i, 1) % 1095 AS INTEGER) AS first_day,
		1 + CAST(least(80, floor(-9.3 * ln((hash(i, 2) % 1000000 + 1) / 1000000.0))) AS INTEGER) AS n
		FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i)`,
	`INSERT INTO customer SELECT id, 'K' || lpad(CAST(hash(id, 9) % 100000000 AS VARCHAR), 8, '0') || id, 'default',
		CASE WHEN id % 5 = 0 THEN 'company' ELSE 'person' END, CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END,
		'R' || (id % 16), 'de', id % 1000 = 0, false, first_day, 'valid' FROM seed`,
	`INSERT INTO product SELECT i, 'P' || i, 'Product ' || i, 'C' || (i % 12) FROM range(1, 201) r(i)`,
	`INSERT INTO document SELECT row_number() OVER (ORDER BY day, customer, k), CASE WHEN hash(customer, k) % 50 = 0 THEN 0 ELSE customer END,
			'order', day, 0, true, 2, amount, NULL, 2 FROM (
		SELECT id AS customer, k, CASE WHEN k = 0 THEN first_day ELSE first_day + CAST(hash(id, k, 3) % (DATE '2026-01-01' - first_day) AS INTEGER) END AS day,
			500 + CAST(hash(id, k, 4) % 12000 AS BIGINT) AS amount
		FROM (SELECT id, first_day, unnest(range(n)) AS k FROM seed))`,
	`INSERT INTO line SELECT id, k, 1 + CAST(hash(id, k, 5) % 200 AS BIGINT), 1000, amount // 2, NULL, true FROM (
		SELECT id, amount, unnest(range(1 + CAST(hash(id, 6) % 4 AS BIGINT))) AS k FROM document)`,
	`CREATE TEMP TABLE returned AS SELECT 100000000 + id AS id, customer, day + 1 + CAST(hash(id, 7) % 60 AS INTEGER) AS day, id AS target,
		CASE WHEN id % 2 = 0 THEN amount ELSE amount // 2 END AS amount FROM document WHERE hash(id, 8) % 20 = 0`,
	`INSERT INTO document SELECT id, customer, 'return', day, 0, false, 0, amount, NULL, 1 FROM returned WHERE day <= DATE '2025-12-31'`,
	`INSERT INTO link SELECT id, 1, target, 'reverses', amount FROM returned WHERE day <= DATE '2025-12-31' AND target % 10 <> 0`,
}

// grown opens the warehouse of STAMM_BENCH_FILE, or makes one; STAMM_BENCH_CUSTOMERS says how large (default 100,000).
func grown(b *testing.B) *sql.DB {
	file, customers := os.Getenv("STAMM_BENCH_FILE"), os.Getenv("STAMM_BENCH_CUSTOMERS")
	if file == "" {
		file = filepath.Join(b.TempDir(), "warehouse.duckdb")
	}
	if _, err := strconv.Atoi(customers); err != nil {
		customers = "100000"
	}
	if exists(file) {
		db, err := sql.Open("duckdb", file)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		exec(b, db, "SET threads = 2")
		return db
	}
	db := openWarehouse(b, file)
	db.SetMaxOpenConns(1) // for the temporary tables
	exec(b, db, "SET threads = 2")
	for _, q := range growth {
		exec(b, db, strings.ReplaceAll(q, "{customers}", customers))
	}
	for _, q := range document.DeriveAll() {
		begin := time.Now()
		exec(b, db, q)
		b.Logf("%7.2f s  %.60s", time.Since(begin).Seconds(), strings.TrimSpace(q))
	}
	db.SetMaxOpenConns(0)
	return db
}

// BenchmarkReports times every report, the median of three runs, as of the last day, of a day a year earlier and on the gross
// basis.
func BenchmarkReports(b *testing.B) {
	db := grown(b)
	for _, p := range []report.Params{
		{AsOf: mustDay(b, "2025-12-31")},
		{AsOf: mustDay(b, "2024-12-10")},
		{AsOf: mustDay(b, "2024-12-10"), Basis: report.Gross},
		{AsOf: mustDay(b, "2025-12-31"), Kind: "person", Country: "DE"},
	} {
		for _, r := range report.All() {
			b.Run(fmt.Sprintf("%s/%s%s%s", r.Name, p.AsOf, p.Basis, p.Kind), func(b *testing.B) {
				var took []time.Duration
				var used time.Duration
				for range 3 {
					begin, before := time.Now(), cpu()
					if _, err := r.Run(context.Background(), db, p); err != nil {
						b.Fatal(err)
					}
					took, used = append(took, time.Since(begin)), used+cpu()-before
				}
				slices.Sort(took)
				b.ReportMetric(took[1].Seconds()*1000, "ms/median")
				b.ReportMetric(used.Seconds()*1000/3, "cpu-ms/run")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// cpu is the processor time this process has used; on a busy machine it tells more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
