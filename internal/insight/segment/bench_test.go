package segment_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// growth fills a warehouse with three years of ten orders and fifty events a customer.
var growth = []string{
	`CREATE TEMP TABLE seed AS SELECT i AS id, DATE '2023-01-01' + CAST(hash(i, 1) % 1095 AS INTEGER) AS first_day,
		1 + CAST(least(80, floor(-9.3 * ln((hash(i, 2) % 1000000 + 1) / 1000000.0))) AS INTEGER) AS n FROM range(1, 1 + CAST({customers} AS BIGINT)) r(i)`,
	`INSERT INTO customer SELECT id, 'K' || id, 'default', 'person', CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END, '', 'de', false, false, first_day, 'valid',
		DATE '1950-01-01' + CAST(hash(id, 9) % 20000 AS INTEGER), 0 FROM seed`,
	`INSERT INTO document (id, customer, kind, day, happened, sale, sale_rows, amount, rows) SELECT row_number() OVER (ORDER BY day, customer, k), customer, 'order', day, 0, true, 1, amount, 1 FROM (
		SELECT id AS customer, k, CASE WHEN k = 0 THEN first_day ELSE first_day + CAST(hash(id, k, 3) % (DATE '2026-01-01' - first_day) AS INTEGER) END AS day,
			500 + CAST(hash(id, k, 4) % 12000 AS BIGINT) AS amount FROM (SELECT id, first_day, unnest(range(n)) AS k FROM seed))`,
	`INSERT INTO event SELECT i, 1 + CAST(hash(i) % CAST({customers} AS BIGINT) AS BIGINT), CASE hash(i, 2) % 10 WHEN 0 THEN 'newsletter_clicked' ELSE 'visit' END,
		DATE '2023-01-01' + CAST(i * 1095 // (CAST({customers} AS BIGINT) * 50) AS INTEGER), i FROM range(1, CAST({customers} AS BIGINT) * 50 + 1) r(i)`,
}

// BenchmarkRefresh looks again at 5,000 changed customers of STAMM_BENCH_CUSTOMERS in a tracked segment, and writes who entered. It
// reports the processor time of the process.
func BenchmarkRefresh(b *testing.B) {
	customers, err := strconv.Atoi(os.Getenv("STAMM_BENCH_CUSTOMERS"))
	if err != nil {
		b.Skip("STAMM_BENCH_CUSTOMERS says how many customers the company has, for example 1000000")
	}
	now := time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)
	s := &shop{TB: b, now: now}
	s.db = storetest.Open(b, storetest.SQLite(b), store.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	s.house = warehousetest.OpenWith(b, warehouse.Options{Dir: b.TempDir(), Projections: projections(), MemoryLimit: 4 << 30})
	err = s.house.Fill(b.Context(), func(f *warehouse.Filler) error {
		for _, text := range growth {
			if err := f.Exec(b.Context(), strings.ReplaceAll(text, "{customers}", strconv.Itoa(customers))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	s.tracker = segment.NewTracker(s.db, s.house, fields, nil)
	for i, text := range []string{
		`country = DE and orders(last 365 d) >= 3 and revenue(last 365 d) > 200 EUR and days_since_order > 60 and did(newsletter_clicked, last 30 d) >= 1`,
		`country = DE and orders(last 365 d) >= 3 and revenue(last 365 d) > 200 EUR`,
	} {
		id := s.save(fmt.Sprintf("S%d", i), text, true)
		before, start := used(), time.Now()
		if err := s.tracker.CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: first look at everybody: %v of the processors, %v by the clock, %d are in", text, used()-before, time.Since(start), len(s.members(id)))
		b.Run(fmt.Sprintf("conditions%d", i), func(b *testing.B) { s.refreshed(b, id, customers) })
	}
}

// refreshed has a tenth of 5,000 customers enter and the rest looked at.
func (s *shop) refreshed(b *testing.B, id int64, customers int) {
	const changed, enter = 5_000, 500
	var took []time.Duration
	members := s.members(id)
	for run := 0; run < 7 || b.Loop(); run++ {
		ids := map[int64]bool{}
		var out []int64
		for i := 0; len(out) < min(enter, len(members)); i++ {
			who := members[(i*7919+run*104_729)%len(members)]
			if !ids[who] {
				ids[who], out = true, append(out, who)
			}
		}
		for i := 0; len(ids) < changed; i++ {
			ids[int64(1+(i*7919+run*104_729)%customers)] = true
		}
		s.write(func(ctx context.Context, tx *store.Tx) error {
			for _, text := range []string{`DELETE FROM segment_member WHERE segment = $1 AND customer `, `DELETE FROM segment_due WHERE segment = $1 AND customer `} {
				if _, err := tx.Exec(ctx, text+tx.Numbers("$2"), id, store.JSON(out)); err != nil {
					return err
				}
			}
			return nil
		})
		var list []int64
		for who := range ids {
			list = append(list, who)
		}
		slices.Sort(list)
		before := used()
		turned, err := s.tracker.Look(b.Context(), id, list)
		if err != nil || turned < len(out) {
			b.Fatalf("%d turned, %v", turned, err)
		}
		took = append(took, used()-before)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "cpu-ms/refresh")
}

// used is the processor time of this process so far.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
