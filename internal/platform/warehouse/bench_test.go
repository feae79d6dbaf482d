package warehouse_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// The benchmarks copy a trade of orders with two and a half lines each, wide as the real ones.
// STAMM_BENCH_ORDERS sets their number (200,000 by default), STAMM_BENCH_FOLDER keeps the database and the
// warehouse made for them from one run to the next.

var tradeTables = []string{
	`CREATE TABLE t_order (id BIGINT PRIMARY KEY, customer BIGINT NOT NULL, kind SMALLINT NOT NULL, day BIGINT NOT NULL, at BIGINT NOT NULL,
		sale SMALLINT NOT NULL, sale_rows BIGINT NOT NULL, amount BIGINT NOT NULL, cost BIGINT, file_rows BIGINT NOT NULL)`,
	`CREATE TABLE t_line (document BIGINT NOT NULL, n BIGINT NOT NULL, product BIGINT NOT NULL, quantity BIGINT NOT NULL,
		amount BIGINT NOT NULL, cost BIGINT, sale SMALLINT NOT NULL, PRIMARY KEY (document, n))`,
}

func orders() int64 {
	if n, err := strconv.ParseInt(os.Getenv("STAMM_BENCH_ORDERS"), 10, 64); err == nil {
		return n
	}
	return 200_000
}

// insertOrders makes the orders low to high of ten times fewer customers.
func insertOrders(low, high int64) []string {
	series := fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, low, high)
	return []string{
		series + `INSERT INTO t_order SELECT i, 1 + (i * 7919) % ` + strconv.FormatInt(max(orders()/10, 1), 10) + `, 2, 18000 + i * 1000 / ` + strconv.FormatInt(orders(), 10) + `,
			1600000000000000 + i * 1000000, 1, 2, 1000 + i % 9000, 500 + i % 700, 2 + i % 2 FROM n`,
		series + `INSERT INTO t_line SELECT i, l, (i + l * 31) % 5000, 1000, 400 + i % 4000, 200, 1 FROM n CROSS JOIN (SELECT 1 AS l UNION ALL SELECT 2 UNION ALL SELECT 3) x
			WHERE l <= 2 + i % 2`,
	}
}

func trade() warehouse.Projection {
	const daySelect = `SELECT o.customer, o.day, count(*), coalesce(sum(l.lines), 0)::BIGINT, sum(o.amount)::BIGINT, sum(o.amount - o.cost)::BIGINT
		FROM sale_order o LEFT JOIN (SELECT x.document, count(*) AS lines FROM line x WHERE x.sale %s GROUP BY x.document) l ON l.document = o.id
		WHERE o.sale AND o.customer <> 0 %s GROUP BY o.customer, o.day`
	const ofChanged = `AND o.customer IN (SELECT c.customer FROM changed c)`
	const ofTheirs = `AND x.document IN (SELECT o.id FROM sale_order o WHERE o.customer IN (SELECT c.customer FROM changed c))`
	return warehouse.Projection{
		Customers: `SELECT unnest(range(1, ` + strconv.FormatInt(max(orders()/10, 1), 10) + `))`,
		Tables: []warehouse.Table{{
			Name:    "sale_order",
			Key:     "id",
			DDL:     "id BIGINT, customer BIGINT, kind VARCHAR, day DATE, at_us BIGINT, sale BOOLEAN, sale_rows INTEGER, amount BIGINT, cost BIGINT, file_rows INTEGER",
			Select:  `SELECT id, customer, CASE kind WHEN 2 THEN 'order' ELSE 'other' END AS kind, day, at AS at_us, sale, sale_rows, amount, cost, file_rows FROM t_order WHERE id BETWEEN $1 AND $2`,
			Span:    `SELECT min(id), max(id) FROM t_order`,
			Affects: `SELECT o.customer FROM sale_order o WHERE o.id IN (SELECT c.key FROM changed_key c)`,
		}, {
			Name:    "line",
			Key:     "document",
			DDL:     "document BIGINT, n INTEGER, product BIGINT, quantity BIGINT, amount BIGINT, cost BIGINT, sale BOOLEAN",
			Select:  `SELECT document, n, product, quantity, amount, cost, sale FROM t_line WHERE document BETWEEN $1 AND $2`,
			Span:    `SELECT min(document), max(document) FROM t_line`,
			Affects: `SELECT o.customer FROM sale_order o WHERE o.id IN (SELECT c.key FROM changed_key c)`,
		}},
		Derived: []warehouse.Derived{{
			Name: "purchase_day",
			DDL:  "customer BIGINT, day DATE, orders BIGINT, lines BIGINT, gross BIGINT, margin BIGINT",
			Changed: []string{`DELETE FROM purchase_day WHERE customer IN (SELECT c.customer FROM changed c)`,
				`INSERT INTO purchase_day ` + fmt.Sprintf(daySelect, ofTheirs, ofChanged)},
			All: []string{`INSERT INTO purchase_day ` + fmt.Sprintf(daySelect, "", "") + ` ORDER BY 1, 2`},
		}},
	}
}

// openTrade opens a store with the orders; told, the feed knows of them.
func openTrade(b *testing.B) (keeper, int64) {
	b.Helper()
	path := storetest.SQLite(b)
	if dir := os.Getenv("STAMM_BENCH_FOLDER"); dir != "" {
		path = filepath.Join(dir, fmt.Sprintf("trade-%d.db", orders()))
	}
	_, missing := os.Stat(path)
	s := storetest.Open(b, path, store.Options{})
	k := keeper{b, s}
	if missing != nil {
		k.do(nil, tradeTables...)
		for low := int64(1); low <= orders(); low += 100_000 {
			k.do(nil, insertOrders(low, min(low+99_999, orders()))...)
		}
	}
	var next int64
	err := s.Read(b.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(b.Context(), `SELECT max(id) + 1 FROM t_order`).Scan(&next)
	})
	if err != nil {
		b.Fatal(err)
	}
	return k, next
}

func BenchmarkRebuild(b *testing.B) {
	k, next := openTrade(b)
	db := openBench(b)
	for b.Loop() {
		if err := db.Rebuild(b.Context(), k.s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(db.Status().Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(next-1)*float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	b.ReportMetric(float64(db.Status().Size)/1e6, "MB")
}

// BenchmarkSeen measures from the durable write of one order to the answer that shows it.
func BenchmarkSeen(b *testing.B) {
	k, next := openTrade(b)
	db := openBench(b)
	if err := db.CatchUp(b.Context(), k.s); err != nil {
		b.Fatal(err)
	}
	follow(b, db, k.s)
	var worst time.Duration
	for b.Loop() {
		start := time.Now()
		k.do(feed.Rows{"sale_order": one(next), "line": one(next)}, insertOrders(next, next)...)
		if err := db.Reach(context.Background(), k.s); err != nil {
			b.Fatal(err)
		}
		worst = max(worst, time.Since(start))
		next++
	}
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
}

// BenchmarkFollow measures how fast a backlog of changes of 1,000 orders each is applied.
func BenchmarkFollow(b *testing.B) {
	k, next := openTrade(b)
	db := openBench(b)
	if err := db.CatchUp(b.Context(), k.s); err != nil {
		b.Fatal(err)
	}
	done := int64(0)
	for b.Loop() {
		b.StopTimer()
		for range 200 {
			k.do(feed.Rows{"sale_order": {{next, next + 999}}, "line": {{next, next + 999}}}, insertOrders(next, next+999)...)
			next, done = next+1000, done+1000
		}
		b.StartTimer()
		if err := db.CatchUp(b.Context(), k.s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "orders/s")
}

func openBench(b *testing.B) *warehouse.DB {
	b.Helper()
	dir := b.TempDir()
	if kept := os.Getenv("STAMM_BENCH_FOLDER"); kept != "" {
		dir = filepath.Join(kept, fmt.Sprintf("warehouse-%d", orders()))
	}
	log := slog.New(slog.NewTextHandler(b.Output(), nil))
	return warehousetest.OpenWith(b, warehouse.Options{Dir: dir, Projections: []warehouse.Projection{trade()}, Log: log})
}
