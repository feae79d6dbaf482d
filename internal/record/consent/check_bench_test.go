package consent_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// BenchmarkCheck asks about 1,000 recipients an operation, of 10,000 who have consent to advertising and to tracking.
func BenchmarkCheck(b *testing.B) {
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) { benchmarkCheck(b, storetest.Open(b, database.url(b), store.Options{})) })
	}
}

func benchmarkCheck(b *testing.B, db *store.DB) {
	ctx := context.Background()
	var to []consent.Recipient
	for slice := range 10 {
		err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
			batch := customer.Batch{Source: 1, Fields: []string{"external_id", "email"}}
			for i := range 1000 {
				n := slice*1000 + i
				batch.Rows = append(batch.Rows, []string{fmt.Sprint(n), fmt.Sprintf("person.%d@example.org", n)})
			}
			w, err := customer.Upsert(ctx, tx, batch)
			if err != nil {
				return err
			}
			var entries []consent.Entry
			for i, o := range w.Outcomes {
				to = append(to, consent.Recipient{Customer: o.ID, Address: batch.Rows[i][1]})
				for _, p := range []consent.Purpose{consent.Advertising, consent.Tracking} {
					entries = append(entries, consent.Entry{Customer: o.ID, Channel: consent.Email, Purpose: p, Kind: consent.Confirmed, Address: batch.Rows[i][1], Proof: "<1@x>"})
				}
			}
			_, err = consent.Record(ctx, tx, entries)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	before := spent(b)
	b.ResetTimer()
	for n := 0; b.Loop(); n = (n + 1) % 10 {
		err := db.Read(ctx, func(tx *store.Tx) error {
			all, err := consent.Check(ctx, tx, consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}, to[n*1000:n*1000+1000])
			if err == nil && all[7].Basis != consent.Consent {
				b.Fatalf("%+v", all[7])
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "recipients/s")
	b.ReportMetric(1000*float64(b.N)/(spent(b)-before).Seconds(), "recipients/cpu-s")
}

// spent is the processor time of this process, its database server not included.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
