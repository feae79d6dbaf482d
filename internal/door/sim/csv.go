package sim

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
)

// table writes a CSV file as a German shop exports it: UTF-8 with byte order mark, semicolons, decimal commas, lines that
// end in CR LF. Its methods append one field each; the first error is kept for close.
type table struct {
	file *os.File
	b    []byte
	rows int64
	err  error

	last     clock.Day // the last day written with a time, and how: most rows of a file follow one of the same day
	lastText []byte
}

const tableBuffer = 1 << 18

func newTable(path string, headings []string) (*table, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	t := &table{file: f, b: make([]byte, 0, tableBuffer+4096)}
	t.b = append(t.b, "\ufeff"...)
	t.b = append(t.b, strings.Join(headings, ";")...)
	t.b = append(t.b, "\r\n"...)
	return t, nil
}

// end finishes a row.
func (t *table) end() {
	t.b[len(t.b)-1] = '\r' // the semicolon behind the last field
	t.b = append(t.b, '\n')
	t.rows++
}

// room writes out what has gathered, if it is much. It is called between two records.
func (t *table) room() error {
	if len(t.b) >= tableBuffer {
		t.flush()
	}
	return t.err
}

func (t *table) flush() {
	if t.err == nil {
		_, t.err = t.file.Write(t.b)
	}
	t.b = t.b[:0]
}

func (t *table) close() error {
	t.flush()
	if err := t.file.Close(); t.err == nil {
		t.err = err
	}
	return t.err
}

// text writes a field that may need quotes, raw one that cannot.
func (t *table) text(s string) {
	t.b = append(appendText(t.b, s), ';')
}

func (t *table) raw(s string) { t.b = append(append(t.b, s...), ';') }

func (t *table) empty(n int) {
	for range n {
		t.b = append(t.b, ';')
	}
}

func (t *table) int(n int64) { t.b = append(strconv.AppendInt(t.b, n, 10), ';') }

// amount writes minor units with two decimals.
func (t *table) amount(n int64) {
	if n < 0 {
		t.b, n = append(t.b, '-'), -n
	}
	t.b = append(strconv.AppendInt(t.b, n/100, 10), ',')
	t.b = append(append2(t.b, int(n%100)), ';')
}

// decimal writes minor units with a decimal point.
func (t *table) decimal(n int64) {
	t.b = append(strconv.AppendInt(t.b, n/100, 10), '.')
	t.b = append(append2(t.b, int(n%100)), ';')
}

// tax writes hundredths of a per cent with one decimal.
func (t *table) tax(rate int64) {
	t.b = append(strconv.AppendInt(t.b, rate/100, 10), ',', byte('0'+rate/10%10), ';')
}

// rate writes millionths with four decimals.
func (t *table) rate(n int64) {
	t.b = append(strconv.AppendInt(t.b, n/1_000_000, 10), ',')
	t.b = append(append2(append2(t.b, int(n/10_000%100)), int(n/100%100)), ';')
}

// day writes 31.12.2026, or nothing for none.
func (t *table) day(d clock.Day, has bool) {
	if has {
		t.b = appendDay(t.b, d)
	}
	t.b = append(t.b, ';')
}

// moment writes 31.12.2026 23:59:59.
func (t *table) moment(m Moment) {
	if m.Day != t.last || t.lastText == nil {
		t.last, t.lastText = m.Day, append(appendDay(t.lastText[:0], m.Day), ' ')
	}
	t.b = append(t.b, t.lastText...)
	t.b = append(append2(t.b, m.Second/3600), ':')
	t.b = append(append2(t.b, m.Second/60%60), ':')
	t.b = append(append2(t.b, m.Second%60), ';')
}

func (t *table) yes(is bool) {
	if is {
		t.raw("ja")
	} else {
		t.raw("nein")
	}
}

func appendText(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ";\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

func appendDay(b []byte, d clock.Day) []byte {
	y, m, day := d.Date()
	b = append(append2(b, day), '.')
	b = append(append2(b, int(m)), '.')
	return append2(append2(b, y/100), y%100)
}

func append2(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
