package sheet_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/door/connect/sheet"
)

// inMemory unpacks files and puts each there n times under one heading, so that neither disk nor gzip is measured.
func inMemory(b *testing.B, n int, paths ...string) ([]sheet.Input, int64) {
	b.Helper()
	var inputs []sheet.Input
	var size int64
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		if filepath.Ext(path) == ".gz" {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			if data, err = io.ReadAll(z); err != nil {
				b.Fatal(err)
			}
		}
		head, rows, _ := bytes.Cut(data, []byte("\n"))
		data = append(append(bytes.Clone(head), '\n'), bytes.Repeat(rows, n)...)
		size += int64(len(data))
		inputs = append(inputs, sheet.Bytes(filepath.Base(path), data))
	}
	return inputs, size
}

func benchmark(b *testing.B, inputs []sheet.Input, size int64, o sheet.Options) {
	files, s := survey(b, sheet.Orders, o, inputs...)
	pass := func(name string, run func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(s.Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	pass("raw", func() error {
		return files.Rows(context.Background(), s.Plan, func(int, *sheet.Row) error { return nil })
	})
	pass("survey", func() error {
		_, err := files.Survey(context.Background(), s.Plan)
		return err
	})
	pass("orders", func() error {
		return files.Orders(context.Background(), s, 0, func(*sheet.OrderRow) error { return nil }, func(e sheet.RowError) error { return fmt.Errorf("%+v", e) })
	})
}

func BenchmarkOnlineRetail(b *testing.B) {
	var paths []string
	for _, month := range []string{"2010-12", "2011-01", "2011-02"} {
		paths = append(paths, filepath.Join(dataFolder(b), "online_retail_"+month+".csv.gz"))
	}
	inputs, size := inMemory(b, 2, paths...)
	benchmark(b, inputs, size, sheet.Options{Currency: "GBP", Zone: "Europe/London"})
}

func BenchmarkCDNOW(b *testing.B) {
	inputs, size := inMemory(b, 30, filepath.Join(dataFolder(b), "cdnow_sample.csv"))
	benchmark(b, inputs, size, sheet.Options{Currency: "USD", Zone: "America/New_York"})
}
