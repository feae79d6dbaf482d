package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stamm/internal/door/api"
	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// benchCommand loads the whole program and prints rates; docs/benchmarks.md says what they should be.
type benchCommand struct {
	Rows      int `help:"Order lines to import." default:"1000000" placeholder:"N"`
	Customers int `help:"Customers they belong to." default:"100000" placeholder:"N"`
	Seconds   int `help:"How long small writes are sent." default:"5" placeholder:"N"`
}

// figure is one result.
type benchFigure struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type bench struct {
	*Call
	app   *App
	house *warehouse.DB
	dir   string
	all   []benchFigure
}

// RunOwning measures in a folder that must be empty.
func (cmd *benchCommand) RunOwning(ctx context.Context, c *Call) (err error) {
	if c.Config.sources["dir"] == "" {
		if c.Config.Dir, err = os.MkdirTemp("", "stamm-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(c.Config.Dir)
		if c.Config.sources["db"] == "" {
			c.Config.DB = filepath.Join(c.Config.Dir, filepath.Base(c.Config.DB))
		}
	}
	o, err := alone(ctx, c)
	if err != nil {
		return err
	}
	defer o.release()
	app, err := Open(ctx, c.Config, c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close(ending(closingTime))) }()
	b := &bench{Call: c, app: app, dir: c.Config.Dir}
	if b.house, err = app.Warehouse(ctx); err != nil {
		return err
	}
	app.Work()
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return b.lines(ctx, cmd.Rows, cmd.Customers) },
		func(ctx context.Context) error { return b.singles(ctx, cmd.Rows*3/10, cmd.Customers) },
		b.reports, b.search, b.rebuild,
		func(ctx context.Context) error { return b.writes(ctx, time.Duration(cmd.Seconds)*time.Second) },
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.Print(b.all, func(io.Writer) {})
}

func (b *bench) add(what string, value float64, unit string) {
	b.all = append(b.all, benchFigure{what, value, unit})
	if !b.JSON {
		fmt.Fprintf(b.Stdout, "%-60s %12.1f %s\n", what, value, unit)
	}
}

// importFile brings a file in and waits until the warehouse shows it.
func (b *bench) importFile(ctx context.Context, path, source string) (*connect.Run, time.Duration, error) {
	start := time.Now()
	file, err := b.app.Importer.KeepPath(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	run, err := b.app.Importer.Start(ctx, actor, connect.Request{Kind: sheet.Orders, Source: source, Files: []connect.File{file}})
	if err != nil {
		return nil, 0, err
	}
	if _, err := jobs.Wait(ctx, b.app.Store, run.Job, nil); err != nil {
		return nil, 0, err
	}
	if err := upToDate(ctx, b.Call, b.house, b.app.Store); err != nil {
		return nil, 0, err
	}
	took := time.Since(start)
	err = b.app.Store.Read(ctx, func(tx *store.Tx) (err error) {
		run, err = connect.FindRun(ctx, tx, run.ID)
		return err
	})
	return run, took, errors.Join(err, os.Remove(path))
}

// lines imports orders of 2.5 lines on average.
func (b *bench) lines(ctx context.Context, rows, customers int) error {
	path := filepath.Join(b.dir, "lines.csv")
	err := writeOrders(path, "order;customer;date;sku;description;quantity;unit_price\n", func(w *bufio.Writer) {
		r := rand.New(rand.NewPCG(1, 2))
		for row, order := 0, 0; row < rows; order++ {
			id, at := buyer(r, customers), moment(r)
			for range 2 + order%2 {
				sku := r.IntN(2000)
				fmt.Fprintf(w, "A%08d;K%07d;%s;P%04d;Product %d;%d;%d.%02d\n", order, id, at, sku, sku, 1+r.IntN(5), 1+r.IntN(90), r.IntN(100))
				row++
			}
		}
	})
	if err != nil {
		return err
	}
	run, took, err := b.importFile(ctx, path, "lines")
	if err != nil {
		return err
	}
	b.add(fmt.Sprintf("order lines imported, 2.5 an order, %d rows", run.Rows), float64(run.Rows)/took.Seconds(), "rows/s")
	b.add("peak memory so far", peakMemory(), "MiB")
	return nil
}

// singles imports one row an order, and the same file again.
func (b *bench) singles(ctx context.Context, rows, customers int) error {
	path := filepath.Join(b.dir, "singles.csv")
	write := func() error {
		return writeOrders(path, "order,customer,date,amount\n", func(w *bufio.Writer) {
			r := rand.New(rand.NewPCG(3, 4))
			for order := range rows {
				fmt.Fprintf(w, "B%08d,K%07d,%s,%d.%02d\n", order, buyer(r, customers), moment(r), 1+r.IntN(300), r.IntN(100))
			}
		})
	}
	for _, what := range []string{"one row, one order", "the same file again, unchanged"} {
		if err := write(); err != nil {
			return err
		}
		run, took, err := b.importFile(ctx, path, "lines")
		if err != nil {
			return err
		}
		b.add(fmt.Sprintf("%s, %d rows", what, run.Rows), float64(run.Rows)/took.Seconds(), "rows/s")
	}
	return nil
}

func writeOrders(path, heading string, rows func(*bufio.Writer)) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fault.New(fault.Unavailable, "cli.file_not_writable", "file", path).Because(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	w.WriteString(heading)
	rows(w)
	return w.Flush()
}

// buyer draws a customer; some buy much more than others.
func buyer(r *rand.Rand, customers int) int {
	x := r.Float64()
	return int(x * x * float64(customers))
}

// moment draws a time in three years.
func moment(r *rand.Rand) string {
	t := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(3*365*24*3600)) * time.Second)
	return t.Format("2006-01-02 15:04:05")
}

func (b *bench) reports(ctx context.Context) error {
	p := report.Params{AsOf: clock.NewDay(2025, 12, 31)}
	for _, r := range report.All() {
		start := time.Now()
		err := b.house.View(ctx, func(v *warehouse.View) error {
			_, err := r.Run(ctx, v, p)
			return err
		})
		if err != nil {
			return err
		}
		b.add("report "+r.Name+", cold", float64(time.Since(start).Microseconds())/1000, "ms")
	}
	return nil
}

func (b *bench) search(ctx context.Context) error {
	var took []time.Duration
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		words := fmt.Sprintf("K%07d", r.IntN(1000))[:2+r.IntN(6)]
		start := time.Now()
		err := b.app.Store.Read(ctx, func(tx *store.Tx) error {
			_, err := customer.Search(ctx, tx, words, 20)
			return err
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
	}
	b.add("search from the second letter, p95", percentile(took, 95), "ms")
	return nil
}

func (b *bench) rebuild(ctx context.Context) error {
	start := time.Now()
	if err := b.house.Rebuild(ctx, b.app.Store); err != nil {
		return err
	}
	b.add("warehouse rebuilt", time.Since(start).Seconds(), "s")
	return nil
}

// benchClients is how many clients send small writes at once.
const benchClients = 64

// writes sends events through the API from many clients on this machine.
func (b *bench) writes(ctx context.Context, d time.Duration) (err error) {
	var secret string
	err = b.app.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		secret, _, err = auth.AddKey(ctx, tx, "bench", []auth.Permission{auth.WriteEvents})
		return err
	})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: api.New(api.Deps{Store: b.app.Store, Log: b.Log}), ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	defer func() { err = errors.Join(err, server.Close()) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchClients}}
	var sent atomic.Int64
	var wg sync.WaitGroup
	took, failed := make([][]time.Duration, benchClients), make([]error, benchClients)
	end := time.Now().Add(d)
	for n := range benchClients {
		wg.Go(func() {
			for i := 0; time.Now().Before(end) && failed[n] == nil; i++ {
				start := time.Now()
				failed[n] = sendEvent(ctx, client, "http://"+l.Addr().String(), secret, fmt.Sprintf("%d-%d-%d", os.Getpid(), n, i))
				took[n] = append(took[n], time.Since(start))
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	b.add("small writes through the API, 64 clients", float64(sent.Load())/d.Seconds(), "writes/s")
	b.add("small writes through the API, p99", percentile(slices.Concat(took...), 99), "ms")
	b.add("peak memory of all", peakMemory(), "MiB")
	return nil
}

func sendEvent(ctx context.Context, client *http.Client, address, secret, id string) error {
	body := fmt.Sprintf(`{"source":"bench","records":[{"id":%q,"name":"visit","time":"2026-01-01T10:00:00Z","customer":null}]}`, id)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+api.Base+"/events", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("status %d: %s", res.StatusCode, text)
	}
	return err
}

// percentile is in milliseconds.
func percentile(all []time.Duration, p int) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[min(len(all)*p/100, len(all)-1)].Microseconds()) / 1000
}

// peakMemory is the most memory this process has held so far, in MiB; 0 where the system does not tell.
func peakMemory() float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024
		}
	}
	return 0
}
