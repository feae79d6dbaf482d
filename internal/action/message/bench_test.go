package message_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// processor is the time this process has used, user and system.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// both runs a benchmark on both databases. Of PostgreSQL only this side's time is seen.
func both(b *testing.B, fn func(*testing.B, *store.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, storetest.Open(b, storetest.SQLite(b), newClock(noon).options())) })
	b.Run("postgres", func(b *testing.B) { fn(b, storetest.Open(b, storetest.Postgres(b), newClock(noon).options())) })
}

// BenchmarkGates decides about customers of whom each has agreed and has had two messages this month.
func BenchmarkGates(b *testing.B) {
	both(b, func(b *testing.B, db *store.DB) {
		const many = 10_000
		ids := customers(b, db, many)
		agree(b, db, ids)
		var past, news []message.New
		for i, id := range ids {
			past = append(past, advert(1, id, i), advert(2, id, i))
			news = append(news, advert(3, id, i))
		}
		plan(b, db, past...)
		write(b, db, func(ctx context.Context, tx *store.Tx) error {
			if err := message.MarkAddress(ctx, tx, "email", "anderswo@example.de", message.AddressBounced, "5.1.1"); err != nil {
				return err
			}
			return message.Hold(ctx, tx, ids[0], message.HoldComplaint, "1")
		})
		began := processor(b)
		for b.Loop() {
			read(b, db, func(ctx context.Context, tx *store.Tx) error {
				ds, err := message.Decide(ctx, tx, news)
				if err == nil && ds[1].State != message.Queued {
					b.Fatalf("%+v", ds[1])
				}
				return err
			})
		}
		b.ReportMetric(float64(b.N)*many/(processor(b)-began).Seconds(), "customers/cpu-s")
	})
}

// BenchmarkSend sends to an outlet that takes everything at once, by 64 connections: what the ledger costs by itself.
func BenchmarkSend(b *testing.B) {
	both(b, func(b *testing.B, db *store.DB) {
		const many = 20_000
		ids := customers(b, db, many)
		for round := 0; b.Loop(); round++ {
			b.StopTimer()
			var news []message.New
			for i, id := range ids {
				news = append(news, notice(int64(10+round), id, i))
			}
			plan(b, db, news...)
			b.StartTimer()
			began, start0 := processor(b), time.Now()
			s := start(b, db, newPost(), 64)
			tick := time.NewTicker(50 * time.Millisecond) // a look at every commit would be measured with it
			for countsOf(b, db, int64(10+round)).Sent < many {
				<-tick.C
			}
			tick.Stop()
			b.ReportMetric(many/time.Since(start0).Seconds(), "messages/s")
			b.ReportMetric(float64((processor(b)-began).Microseconds())/many, "cpu-µs/message")
			if err := s.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
