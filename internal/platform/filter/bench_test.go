package filter_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/product"
)

// growth fills a warehouse inside DuckDB: three years of about ten orders a customer, returns of every twentieth order, and
// fifty events a customer, a tenth of them clicks.
var growth = []string{
	`CREATE TEMP TABLE seed AS SELECT i AS id, DATE '2023-01-01' + CAST(hash(i, 1) % 1095 AS INTEGER) AS first_day,
		1 + CAST(least(80, floor(-9.3 * ln((hash(i, 2) % 1000000 + 1) / 1000000.0))) AS INTEGER) AS n
		FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i)`,
	`INSERT INTO customer SELECT id, 'K' || id, 'default', CASE WHEN id % 5 = 0 THEN 'company' ELSE 'person' END,
		CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END, 'R' || (id % 16), 'de', id % 1000 = 0, false, first_day, 'valid',
		DATE '1950-01-01' + CAST(hash(id, 9) % 20000 AS INTEGER), id % 7 FROM seed`,
	`INSERT INTO customer_tag SELECT id, CASE id % 2 WHEN 0 THEN 'VIP' ELSE 'Messe' END FROM seed WHERE hash(id, 10) % 5 = 0`,
	`INSERT INTO product SELECT i, 'P' || i, 'Product ' || i, 'C' || (i % 12) FROM range(1, 201) r(i)`,
	`INSERT INTO document SELECT row_number() OVER (ORDER BY day, customer, k), customer, 'order', day, 0, true, 2, amount, NULL, 2 FROM (
		SELECT id AS customer, k, CASE WHEN k = 0 THEN first_day ELSE first_day + CAST(hash(id, k, 3) % (DATE '2026-01-01' - first_day) AS INTEGER) END AS day,
			500 + CAST(hash(id, k, 4) % 12000 AS BIGINT) AS amount
		FROM (SELECT id, first_day, unnest(range(n)) AS k FROM seed))`,
	`INSERT INTO line SELECT id, k, 1 + CAST(hash(id, k, 5) % 200 AS BIGINT), 1000, amount // 2, NULL, true FROM (
		SELECT id, amount, unnest(range(1 + CAST(hash(id, 6) % 4 AS BIGINT))) AS k FROM document)`,
	`INSERT INTO document SELECT 100000000 + id, customer, 'return', day + 9, 0, false, 0, amount, NULL, 1 FROM document WHERE hash(id, 8) % 20 = 0 AND day < DATE '2025-12-01'`,
	`INSERT INTO link SELECT id, 1, id - 100000000, 'reverses', amount FROM document WHERE id > 100000000`,
	`INSERT INTO event SELECT i, 1 + CAST(hash(i) % CAST({customers} AS BIGINT) AS BIGINT),
		CASE hash(i, 2) % 10 WHEN 0 THEN 'newsletter_clicked' WHEN 1 THEN 'newsletter_opened' WHEN 2 THEN 'newsletter_opened' WHEN 3 THEN 'download' ELSE 'visit' END,
		DATE '2023-01-01' + CAST(i * 1095 // (CAST({customers} AS BIGINT) * 50) AS INTEGER), i FROM range(1, CAST({customers} AS BIGINT) * 50 + 1) r(i)`,
}

// grown opens the warehouse of STAMM_BENCH_FILE, or makes one; STAMM_BENCH_CUSTOMERS says how large, and that the
// benchmark runs at all.
func grown(b *testing.B) *sql.DB {
	customers := os.Getenv("STAMM_BENCH_CUSTOMERS")
	if _, err := strconv.Atoi(customers); err != nil {
		b.Skip("STAMM_BENCH_CUSTOMERS says how many customers the company has, for example 1000000")
	}
	file := os.Getenv("STAMM_BENCH_FILE")
	if file == "" {
		file = b.TempDir() + "/warehouse.duckdb"
	}
	_, err := os.Stat(file)
	db, openErr := sql.Open("duckdb", file)
	if openErr != nil {
		b.Fatal(openErr)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // for the temporary tables
	run := func(q string) {
		if _, err := db.ExecContext(context.Background(), q); err != nil {
			b.Fatalf("%v\nin %s", err, q)
		}
	}
	run("SET threads = 2")
	if err == nil {
		return db
	}
	var derive []string
	for _, p := range []warehouse.Projection{customer.Projection(), product.Projection(), document.Projection(), event.Projection()} {
		for _, t := range p.Tables {
			run("CREATE TABLE " + t.Name + " (" + t.DDL + ")")
		}
		for _, d := range p.Derived {
			run("CREATE TABLE " + d.Name + " (" + d.DDL + ")")
		}
	}
	derive = document.DeriveAll()
	for _, q := range append(slices.Clone(growth), derive...) {
		begin := time.Now()
		run(strings.ReplaceAll(q, "{customers}", customers))
		b.Logf("%7.2f s  %.60s", time.Since(begin).Seconds(), strings.TrimSpace(q))
	}
	return db
}

// benched are conditions as people make them, the five of the issue first.
var benched = []struct{ name, text string }{
	{"five", `country = DE and orders(last 365 d) >= 3 and revenue(last 365 d) > 200 EUR and days_since_order > 60 and did(newsletter_clicked, last 30 d) >= 1`},
	{"purchases", `country = DE and orders(last 365 d) >= 3 and revenue(last 365 d) > 200 EUR and days_since_order > 60`},
	{"either", `orders(last 365 d) >= 3 or did(newsletter_clicked, last 30 d) >= 3 or tag = VIP`},
	{"ever", `orders >= 10 and days_since_order > 90 and tag = VIP`},
	{"product", `orders(product = P17, last 365 d) >= 2 and country = DE`},
	{"birthday", `birthday within next 14 d and revenue > 500 EUR`},
	{"share", `share("spring") < 10 %`},
}

func BenchmarkSegment(b *testing.B) {
	db := grown(b)
	c := shop(b)
	for _, tt := range benched {
		tree, err := filter.Parse(tt.text, c)
		if err != nil {
			b.Fatal(err)
		}
		q, err := filter.Compile(tree, c, clock.NewDay(2025, 12, 31), filter.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(tt.name+"/count", func(b *testing.B) { timed(b, db, 5, func(int) filter.SQL { return q.Count() }) })
		for _, n := range []int{1, 5000} {
			some := func(run int) []int64 {
				ids := make([]int64, n)
				for i := range ids {
					ids[i] = int64(1 + (i*7919+run*104_729)%1_000_000)
				}
				return ids
			}
			b.Run(fmt.Sprintf("%s/among%d", tt.name, n), func(b *testing.B) { timed(b, db, 7, func(run int) filter.SQL { return q.Among(some(run)) }) })
			b.Run(fmt.Sprintf("%s/due%d", tt.name, n), func(b *testing.B) { timed(b, db, 7, func(run int) filter.SQL { return q.Due(some(run)) }) })
			if n == 1 {
				b.Run(tt.name+"/explain1", func(b *testing.B) { timed(b, db, 7, func(run int) filter.SQL { return q.Explain(some(run)) }) })
			}
		}
	}
}

// timed reports the medians of some runs after one for the cache.
func timed(b *testing.B, db *sql.DB, runs int, query func(run int) filter.SQL) {
	var took, used []time.Duration
	rows := 0
	for run := range runs + 1 {
		q := query(run)
		begin, before := time.Now(), cpu()
		rows = read(b, db, q)
		if run > 0 {
			took, used = append(took, time.Since(begin)), append(used, cpu()-before)
		}
	}
	slices.Sort(took)
	slices.Sort(used)
	b.ReportMetric(took[runs/2].Seconds()*1000, "ms/median")
	b.ReportMetric(used[runs/2].Seconds()*1000, "cpu-ms/median")
	b.ReportMetric(float64(rows), "rows")
	b.ReportMetric(0, "ns/op")
}

func read(b *testing.B, db *sql.DB, q filter.SQL) (n int) {
	rows, err := db.QueryContext(context.Background(), q.Text, q.Args...)
	if err != nil {
		b.Fatalf("%v\nin %s", err, q.Text)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatalf("%v\nin %s", err, q.Text)
	}
	return n
}

// cpu is the processor time this process has used; on a busy machine it tells more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
