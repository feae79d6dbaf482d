package hit_test

import (
	"context"
	"fmt"
	"testing"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// BenchmarkCounter counts hits from 64 goroutines, each by name of one of 2,000 customers who consent to it.
func BenchmarkCounter(b *testing.B) {
	db := storetest.Open(b, storetest.SQLite(b), store.Options{})
	ctx := context.Background()
	var messages []int64
	links := []hit.Link{{Measure: measure, Arm: "a", Channel: consent.Email, Kind: hit.Open}, {Measure: measure, Arm: "a", Channel: consent.Email, Kind: hit.Click, Position: 1, Target: "https://shop.example"}}
	for i := range links {
		links[i].Identify()
	}
	for part := range 2 {
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			batch := customer.Batch{Fields: []string{customer.FieldExternalID, "last_name"}}
			for i := range 1000 {
				batch.Rows = append(batch.Rows, []string{fmt.Sprint(part, "-", i), "Berg"})
			}
			var err error
			if batch.Source, err = customer.SourceID(ctx, tx, "shop"); err != nil {
				return err
			}
			w, err := customer.Upsert(ctx, tx, batch)
			if err != nil {
				return err
			}
			var entries []consent.Entry
			var ds []message.Decision
			for _, o := range w.Outcomes {
				address := fmt.Sprintf("k%d@example.org", o.ID)
				entries = append(entries, consent.Entry{Customer: o.ID, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Confirmed, Address: address, Evidence: "form", Source: consent.SourcePerson})
				ds = append(ds, message.Decision{New: message.New{Measure: measure, Customer: o.ID, Channel: consent.Email, Kind: "campaign", Arm: "a", Address: address}, State: message.Proposed})
			}
			if _, err := consent.Record(ctx, tx, entries); err != nil {
				return err
			}
			if err := message.Record(ctx, tx, ds); err != nil {
				return err
			}
			for _, d := range ds {
				messages = append(messages, d.ID)
			}
			return hit.Keep(ctx, tx, links)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	c := &hit.Counter{DB: db}
	if err := c.Start(ctx); err != nil {
		b.Fatal(err)
	}
	defer c.Close(ctx)
	b.SetParallelism(32) // times two processors
	b.ResetTimer()
	n := make(chan int, 1)
	n <- 0
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := <-n
			n <- i + 1
			h := hit.Hit{At: db.Now(), Link: &links[i%2], Message: messages[i*7%len(messages)], Agent: firefox}
			if err := c.Count(ctx, h, "192.0.2.1"); err != nil {
				b.Error(err)
			}
		}
	})
}
