package sheet_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

// orders reads inputs from beginning to end.
func orders(t testing.TB, o sheet.Options, inputs ...sheet.Input) (rows []sheet.OrderRow, bad []sheet.RowError, err error) {
	t.Helper()
	ctx := context.Background()
	files := &sheet.Files{Inputs: inputs}
	plan, err := files.Prepare(ctx, sheet.Orders, o)
	if err != nil {
		return nil, nil, err
	}
	s, err := files.Survey(ctx, plan)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Err(); err != nil {
		return nil, nil, err
	}
	err = files.Orders(ctx, s, 0, func(r *sheet.OrderRow) error {
		rows = append(rows, *r)
		return nil
	}, func(e sheet.RowError) error {
		bad = append(bad, e)
		return nil
	})
	return rows, bad, err
}

func zipped(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, entries[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const small = "order,customer,date,amount\nA1,1,2024-01-31,10.50\nA2,2,2024-02-01,3\n"

func TestPackedFilesAreReadLikePlainOnes(t *testing.T) {
	junk := []string{"__MACOSX/._a.csv", "x", ".DS_Store", "x", "readme.pdf", "%PDF", "empty.csv", "", "../../etc/passwd.csv", small, "sub/b.TXT", "order,customer,date,amount\nA3,1,2024-03-01,1\n"}
	for name, tt := range map[string]struct {
		data []byte
		rows int
	}{
		"plain": {[]byte(small), 2}, "gz": {gzipped(t, small), 2}, "zip": {zipped(t, "a.csv", small), 2}, "two gzip members": {append(gzipped(t, small), gzipped(t, "A3,1,2024-03-01,1\n")...), 3}, "zip with junk": {zipped(t, junk...), 3},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("f", tt.data))
			if err != nil || len(rows) != tt.rows || len(bad) != 0 {
				t.Fatalf("%d rows, bad %v, error %v", len(rows), bad, err)
			}
			if r := rows[0]; r.Order != "A1" || r.Amount.N != 1050 || r.Currency != "EUR" || r.Line != 2 {
				t.Errorf("first row %+v", r)
			}
		})
	}
}

// sparse is a large file of which only the beginning has bytes of its own.
type sparse struct {
	head []byte
	fill byte
	size int64
	read *int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	if off+n > s.size {
		n = s.size - off
	}
	for i := range p[:n] {
		p[i] = s.fill
		if at := off + int64(i); at < int64(len(s.head)) {
			p[i] = s.head[at]
		}
	}
	*s.read += n
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}
func (s sparse) Close() error { return nil }
func (s sparse) Size() int64  { return s.size }

func TestLargeFilesThatAreNoTableAreRefusedAtTheirBeginning(t *testing.T) {
	for name, s := range map[string]sparse{
		"nothing but zeros":     {nil, 0, 2 << 30, new(int64)},
		"text without line end": {nil, 'a', 2 << 30, new(int64)},
		"a program":             {[]byte("\x7fELF\x02\x01\x01"), 0x90, 2 << 30, new(int64)},
		"a film":                {[]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00"), 0xff, 2 << 30, new(int64)},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := orders(t, sheet.Options{}, sheet.Input{Name: "film.csv", Open: func() (sheet.Content, error) { return s, nil }})
			if f := fault.As(err); f == nil || f.Key != "sheet.file.not_csv" || f.Code != fault.Invalid {
				t.Errorf("error %v", err)
			}
			if *s.read > 4<<20 {
				t.Errorf("read %d bytes", *s.read)
			}
		})
	}
}

func TestALateEndlessRowStopsTheReading(t *testing.T) {
	s := sparse{[]byte(small), 'a', 2 << 30, new(int64)}
	_, _, err := orders(t, sheet.Options{}, sheet.Input{Name: "x.csv", Open: func() (sheet.Content, error) { return s, nil }})
	if f := fault.As(err); f == nil || f.Key != "sheet.file.row_endless" {
		t.Errorf("error %v", err)
	}
	if *s.read > 8<<20 {
		t.Errorf("read %d bytes", *s.read)
	}
}

func TestBombsAreStoppedBeforeTheyGrow(t *testing.T) {
	row := "A1,1,2024-01-31,10.50\n"
	big := "order,customer,date,amount\n" + strings.Repeat(row, 34<<20/len(row))
	for name, data := range map[string][]byte{"zip": zipped(t, "a.csv", big), "gz": gzipped(t, big)} {
		t.Run(name, func(t *testing.T) {
			_, _, err := orders(t, sheet.Options{}, sheet.Bytes("bomb."+name, data))
			if f := fault.As(err); f == nil || f.Key != "sheet.file.bomb" {
				t.Errorf("%d bytes packed, error %v", len(data), err)
			}
		})
	}
	t.Run("bytes in all", func(t *testing.T) {
		limits := sheet.DefaultLimits()
		limits.Bytes = 1 << 20
		files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.gz", gzipped(t, big))}, Limits: limits}
		plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = files.Survey(context.Background(), plan); fault.As(err).Key != "sheet.file.too_large" {
			t.Errorf("error %v", err)
		}
	})
}

func TestUnreadableFilesSayWhatToDo(t *testing.T) {
	whole := gzipped(t, strings.Repeat(small, 5000))
	many := make([]string, 0, 2002)
	for range 1001 {
		many = append(many, "a.csv", "x")
	}
	dir := t.TempDir()
	wide := strings.Repeat("a,", 9_999) + "a\n"
	tests := []struct {
		name, key string
		in        sheet.Input
	}{
		{"empty", "sheet.file.empty", sheet.Bytes("a.csv", nil)},
		{"only white space", "sheet.file.empty", sheet.Bytes("a.csv", []byte(" \r\n\n"))},
		{"only a byte order mark", "sheet.file.empty", sheet.Bytes("a.csv", []byte("\xef\xbb\xbf"))},
		{"gzip of nothing", "sheet.file.empty", sheet.Bytes("a.gz", gzipped(t, ""))},
		{"zip of nothing", "sheet.file.zip_empty", sheet.Bytes("a.zip", zipped(t))},
		{"zip of empty tables", "sheet.file.empty", sheet.Bytes("a.zip", zipped(t, "a.csv", ""))},
		{"zip without tables", "sheet.file.zip_empty", sheet.Bytes("a.zip", zipped(t, "a.png", "x"))},
		{"too many entries", "sheet.file.entries", sheet.Bytes("a.zip", zipped(t, many...))},
		{"cut zip", "sheet.file.damaged", sheet.Bytes("a.zip", zipped(t, "a.csv", small)[:60])},
		{"cut gzip", "sheet.file.damaged", sheet.Bytes("a.gz", whole[:len(whole)-40])},
		{"gzip of a zip", "sheet.file.not_csv", sheet.Bytes("a.gz", gzipped(t, string(zipped(t, "a.csv", small))))},
		{"an old workbook", "sheet.file.old_excel", sheet.Bytes("a.xls", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"))},
		{"a binary workbook", "sheet.file.other_book", sheet.Bytes("a.xlsb", zipped(t, "xl/workbook.bin", "x"))},
		{"a web page", "sheet.file.markup", sheet.Bytes("a.csv", []byte("<!DOCTYPE html><html></html>"))},
		{"JSON", "sheet.file.markup", sheet.Bytes("a.csv", []byte(`[{"order":1}]`))},
		{"a picture in gzip", "sheet.file.not_csv", sheet.Bytes("a.gz", gzipped(t, "\x89PNG\r\n\x1a\n\x00"))},
		{"7z", "sheet.file.packer", sheet.Bytes("a.7z", []byte("7z\xbc\xaf\x27\x1c"))},
		{"no such file", "sheet.file.missing", sheet.Path(filepath.Join(dir, "none.csv"))},
		{"a folder", "sheet.file.folder", sheet.Path(dir)},
		{"10,000 columns", "sheet.file.columns", sheet.Bytes("a.csv", []byte(wide+wide))},
		{"prose", "sheet.map.missing", sheet.Bytes("a.csv", []byte("Once upon a time.\nThere was a file.\n"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := orders(t, sheet.Options{}, tt.in)
			var f *fault.Error
			if !errors.As(err, &f) || f.Key != tt.key {
				t.Fatalf("error %v, want %s", err, tt.key)
			}
			for _, lang := range i18n.Languages() {
				if text := i18n.For(lang, nil).Err(err); strings.Contains(text, "⟦") {
					t.Errorf("%s: %s", lang, text)
				}
			}
		})
	}
}

func TestAnUnreadableFileIsForbidden(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(small), 0o000); err != nil {
		t.Fatal(err)
	}
	if _, _, err := orders(t, sheet.Options{}, sheet.Path(path)); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("error %v", err)
	}
}

func TestProgressReachesTheEnd(t *testing.T) {
	data := gzipped(t, strings.Repeat(small, 1000))
	var read, total int64
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.gz", data)}, Progress: func(r, of int64) {
		if r < read && r != 0 && read != total {
			t.Errorf("went back from %d to %d", read, r)
		}
		read, total = r, of
	}}
	plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Survey(context.Background(), plan); err != nil {
		t.Fatal(err)
	}
	if read != total || total != int64(len(data)) {
		t.Errorf("read %d of %d, the file has %d", read, total, len(data))
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(small))}}
	plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := files.Survey(ctx, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
