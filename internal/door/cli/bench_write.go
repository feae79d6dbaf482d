package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"stamm/internal/door/api"
	"stamm/internal/door/connect"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

const (
	benchClients   = 64               // how many clients send small writes at once
	seenLooks      = 10               // how often a change is waited for
	seenPause      = time.Millisecond // between two looks at the warehouse
	seenLimit      = 30 * time.Second
	besideRows     = 40_000 // order lines for each second of the import beside small writes
	servedLimit    = 2 * time.Minute
	restingTime    = 5 * time.Second // after which a server is taken to be at rest
	restingWanted  = 200             // MiB, of a server with so many customers:
	restingOfSoFew = 20_000
)

// send sends JSON to the API.
func (b *bench) send(ctx context.Context, client *http.Client, method, path, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, b.address+api.Base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+b.secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s: status %d: %s", path, res.StatusCode, text)
	}
	return err
}

// sendOrder sends an order of the last day that reports show.
func (b *bench) sendOrder(ctx context.Context, id string) error {
	return b.send(ctx, http.DefaultClient, http.MethodPut, "/documents/"+benchSource+"/order/"+id,
		`{"customer":{"external_id":"K0000000"},"time":"`+benchDay.String()+`T10:00:00Z","lines":[{"sku":"P0001","quantity":"1","unit_price":"19.90"}]}`)
}

// seen measures how long it takes until the warehouse, which nobody waits for, shows an order.
func (b *bench) seen(ctx context.Context) error {
	var took []time.Duration
	for i := range seenLooks {
		if err := b.sendOrder(ctx, fmt.Sprintf("seen-%d", i)); err != nil {
			return err
		}
		start := time.Now()
		var head feed.Cursor
		err := b.app.Store.Read(ctx, func(tx *store.Tx) (err error) { head, err = feed.Head(ctx, tx); return err })
		for err == nil && b.house.Cursor().Before(head) {
			if time.Since(start) > seenLimit {
				return errors.New("bench: the warehouse does not follow")
			}
			err = wait(ctx, seenPause)
		}
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
	}
	b.atMost("a change seen in the warehouse, slowest of ten", percentile(took, 100)/1000, "s", 2)
	return nil
}

// writes sends events through the API from many clients on this machine.
func (b *bench) writes(ctx context.Context, d time.Duration) error {
	rate, p99, err := b.sendMany(ctx, d, "alone")
	b.atLeast("small writes through the API, 64 clients", rate, "writes/s", 5000)
	b.atMost("small writes through the API, p99", p99, "ms", 50)
	return err
}

// writesBeside does so while orders are imported.
func (b *bench) writesBeside(ctx context.Context, d time.Duration) error {
	path := filepath.Join(b.dir, "beside.csv")
	if err := b.writeLines(path, "C", int(d.Seconds()*besideRows)); err != nil {
		return err
	}
	run, err := b.start(ctx, path)
	if err != nil {
		return err
	}
	before, err := b.progress(ctx, run.ID)
	for err == nil && before.Rows == 0 && !before.Finished() { // it writes nothing yet
		if err = wait(ctx, seenPause); err == nil {
			before, err = b.progress(ctx, run.ID)
		}
	}
	if err != nil {
		return err
	}
	rate, p99, err := b.sendMany(ctx, d, "beside")
	if err != nil {
		return err
	}
	after, err := b.progress(ctx, run.ID)
	if err != nil {
		return err
	}
	note := ""
	if after.Finished() {
		note = ", which was over too soon"
	}
	b.atLeast("small writes while an import runs"+note+", 64 clients", rate, "writes/s", 1000)
	b.atMost("small writes while an import runs, p99", p99, "ms", 200)
	b.atLeast("order lines imported meanwhile", float64(after.Rows-before.Rows)/d.Seconds(), "rows/s", 0)
	if _, err := jobs.Wait(ctx, b.app.Store, run.Job, nil); err != nil {
		return err
	}
	return upToDate(ctx, b.Call, b.house, b.app.Store)
}

func (b *bench) progress(ctx context.Context, id int64) (run *connect.Run, err error) {
	err = b.app.Store.Read(ctx, func(tx *store.Tx) error {
		run, err = connect.FindRun(ctx, tx, id)
		return err
	})
	return run, err
}

// sendMany sends events for a while and returns how many a second and how long the slowest hundredth took at least.
func (b *bench) sendMany(ctx context.Context, d time.Duration, name string) (rate, p99 float64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchClients}}
	defer client.CloseIdleConnections()
	var sent atomic.Int64
	var wg sync.WaitGroup
	took, failed := make([][]time.Duration, benchClients), make([]error, benchClients)
	end := time.Now().Add(d)
	for n := range benchClients {
		wg.Go(func() {
			for i := 0; time.Now().Before(end) && failed[n] == nil; i++ {
				start := time.Now()
				failed[n] = b.send(ctx, client, http.MethodPost, "/events", fmt.Sprintf(
					`{"source":"bench","records":[{"id":"%s-%d-%d","name":"visit","time":"2026-01-01T10:00:00Z","customer":null}]}`, name, n, i))
				took[n] = append(took[n], time.Since(start))
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(sent.Load()) / d.Seconds(), percentile(slices.Concat(took...), 99), errors.Join(failed...)
}

// served starts this program anew as a server of the folder, and looks at how soon it answers and what it needs.
func (b *bench) served(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0") // a free port
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, servedLimit)
	defer cancel()
	server := exec.CommandContext(ctx, program, "serve", "--json", "--dir", b.dir, "--db", b.Config.DB, "--addr", address, "--memory", strconv.Itoa(b.Config.Memory), "--log-level", "warn")
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = closingTime
	server.Stderr = b.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { cancel(); server.Wait() }()
	var ready map[string]any
	if err := json.NewDecoder(out).Decode(&ready); err != nil { // it prints its address when it is ready
		return fmt.Errorf("bench: the server did not start: %w", err)
	}
	b.atMost(fmt.Sprintf("serve ready, %d customers", b.customers), time.Since(start).Seconds(), "s", 3)
	if err := wait(ctx, restingTime); err != nil {
		return err
	}
	wanted := 0.0
	if b.customers <= restingOfSoFew {
		wanted = restingWanted
	}
	b.atMost(fmt.Sprintf("memory of serve at rest, %d customers", b.customers), memoryOf(strconv.Itoa(server.Process.Pid), "VmRSS:"), "MiB", wanted)
	return nil
}
