package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// BenchmarkWrites sends small durable writes with a key over loopback from 64 clients that keep their connections, as
// many shops and tills would. It prints the rate and how long calls take.
func BenchmarkWrites(b *testing.B) {
	kinds := []struct {
		name string
		path string
		body string
	}{
		{"event", "/events/shop/%d", `{"customer":{"external_id":"C%d"},"name":"visit","time":"2026-03-01T10:00:00Z","properties":{"page":"/coffee","seconds":12}}`},
		{"document", "/documents/shop/order/%d", `{"customer":{"external_id":"C%d"},"time":"2026-03-01T10:00:00Z","currency":"EUR","lines":[{"sku":"ESP-1000","description":"Espresso","quantity":"2","unit_price":"19.90"}]}`},
	}
	for _, kind := range kinds {
		for _, url := range []func(testing.TB) string{storetest.SQLite, storetest.Postgres} {
			db := storetest.Open(b, url(b), store.Options{})
			b.Run(fmt.Sprintf("%s/%s", kind.name, db.Dialect()), func(b *testing.B) { benchmarkWrites(b, db, kind.path, kind.body) })
		}
	}
}

func benchmarkWrites(b *testing.B, db *store.DB, path, body string) {
	const clients, customers = 64, 20_000
	c := newClient(b, db)
	for first := 0; first < customers; first += 1000 {
		var records []byte
		for i := first; i < first+1000; i++ {
			records = fmt.Appendf(records, `,{"external_id":"C%d","first_name":"Anna","last_name":"Berg %d"}`, i, i)
		}
		c.post("/customers/batch", `{"source":"shop","records":[`+string(records[1:])+`]}`)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: c.api}
	go server.Serve(listener)
	defer server.Shutdown(context.Background())
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()

	base := time.Now().UnixNano()
	var next atomic.Int64
	var all sync.WaitGroup
	took := make([][]time.Duration, clients)
	before := cpu(b)
	b.ResetTimer()
	for n := range clients {
		all.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				r, _ := http.NewRequest("PUT", fmt.Sprintf("http://%s/api/v1"+path, listener.Addr(), base+i), bytes.NewReader(fmt.Appendf(nil, body, i*7919%customers)))
				r.Header.Set("Authorization", "Bearer "+c.secret)
				r.Header.Set("Content-Type", "application/json")
				start := time.Now()
				answer, err := transport.RoundTrip(r)
				if err != nil {
					b.Error(err)
					return
				}
				text, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				took[n] = append(took[n], time.Since(start))
				if answer.StatusCode != 200 {
					b.Errorf("%d %s\n%s", answer.StatusCode, text, c.log)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/write")
	sorted := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// cpu is the time this process has computed: on a machine that does other things too it says more than the clock.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
