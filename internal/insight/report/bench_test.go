package report_test

import (
	"os"
	"testing"
	"time"
)

var grow = []string{
	`SET threads = 2`,
	`CREATE TEMP TABLE seed AS SELECT i AS id, DATE '2023-01-01' + CAST(hash(i, 1) % 1095 AS INTEGER) AS first_day,
		1 + CAST(least(80, floor(-9.3 * ln((hash(i, 2) % 1000000 + 1) / 1000000.0))) AS INTEGER) AS n
		FROM range(1, 1 + CAST(1000000 AS BIGINT)) r(i)`,
	`INSERT INTO customer SELECT id, 'K' || lpad(CAST(hash(id, 9) % 100000000 AS VARCHAR), 8, '0') || id, 'default', CASE WHEN id % 5 = 0 THEN 'company' ELSE 'person' END,
		CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END, 'R' || (id % 16), 'de', id % 1000 = 0, false, first_day, 'valid' FROM seed`,
	`INSERT INTO product SELECT i, 'P' || i, 'Product ' || i, 'C' || (i % 12) FROM range(1, 201) r(i)`,
	`INSERT INTO document SELECT row_number() OVER (ORDER BY day, customer, k), customer, 'order', day, 0, true, 2, amount, NULL, 2 FROM (
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

func TestGrow(t *testing.T) {
	file := os.Getenv("STAMM_BENCH_FILE")
	os.Remove(file)
	db := openWarehouse(t, file)
	for _, q := range grow {
		s := time.Now()
		exec(t, db, q)
		t.Logf("%8.2fs %.60s", time.Since(s).Seconds(), q)
	}
	s := time.Now()
	derive(t, db)
	t.Logf("derive %.2fs", time.Since(s).Seconds())
}
