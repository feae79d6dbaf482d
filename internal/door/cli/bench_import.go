package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
)

// benchSource is where the orders come from.
const benchSource = "lines"

// start brings a file in; the run goes on behind.
func (b *bench) start(ctx context.Context, path string) (*connect.Run, error) {
	file, err := b.app.Importer.KeepPath(ctx, path)
	if err != nil {
		return nil, err
	}
	run, err := b.app.Importer.Start(ctx, actor, connect.Request{Kind: sheet.Orders, Source: benchSource, Files: []connect.File{file}})
	return run, errors.Join(err, os.Remove(path))
}

// importFile brings a file in and waits until the warehouse shows it.
func (b *bench) importFile(ctx context.Context, path string) (*connect.Run, time.Duration, error) {
	start := time.Now()
	run, err := b.start(ctx, path)
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
	if run, err = b.progress(ctx, run.ID); err != nil {
		return nil, 0, err
	}
	return run, took, run.Why()
}

// lines imports orders of 2.5 lines on average.
func (b *bench) lines(ctx context.Context, rows int) error {
	path := filepath.Join(b.dir, "lines.csv")
	if err := b.writeLines(path, "A", rows); err != nil {
		return err
	}
	run, took, err := b.importFile(ctx, path)
	if err != nil {
		return err
	}
	b.atLeast(fmt.Sprintf("order lines imported, 2.5 an order, %d rows", run.Rows), float64(run.Rows)/took.Seconds(), "rows/s", 50_000)
	b.atMost("peak memory so far", peakMemory(), "MiB", 700)
	return nil
}

func (b *bench) writeLines(path, prefix string, rows int) error {
	return writeOrders(path, "order;customer;date;sku;description;quantity;unit_price\n", func(w *bufio.Writer) {
		r := rand.New(rand.NewPCG(1, 2))
		for row, order := 0, 0; row < rows; order++ {
			id, at := buyer(r, b.customers), moment(r)
			for range 2 + order%2 {
				sku := r.IntN(2000)
				fmt.Fprintf(w, "%s%08d;K%07d;%s;P%04d;Product %d;%d;%d.%02d\n", prefix, order, id, at, sku, sku, 1+r.IntN(5), 1+r.IntN(90), r.IntN(100))
				row++
			}
		}
	})
}

// singles imports one row an order, and the same file again; where says into what.
func (b *bench) singles(ctx context.Context, rows int, where string) error {
	path := filepath.Join(b.dir, "singles.csv")
	for _, pass := range []struct {
		what   string
		wanted float64
	}{{"one row, one order" + where, 30_000}, {"the same file again, unchanged" + where, 200_000}} {
		err := writeOrders(path, "order,customer,date,amount\n", func(w *bufio.Writer) {
			r := rand.New(rand.NewPCG(3, 4))
			for order := range rows {
				fmt.Fprintf(w, "B%08d,K%07d,%s,%d.%02d\n", order, buyer(r, b.customers), moment(r), 1+r.IntN(300), r.IntN(100))
			}
		})
		if err != nil {
			return err
		}
		run, took, err := b.importFile(ctx, path)
		if err != nil {
			return err
		}
		b.atLeast(fmt.Sprintf("%s, %d rows", pass.what, run.Rows), float64(run.Rows)/took.Seconds(), "rows/s", pass.wanted)
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
