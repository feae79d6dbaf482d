package page

import (
	"encoding/csv"
	"iter"
	"net/http"
	"strings"
)

// WantsCSV tells whether the list is asked for as CSV. Its route has CSV set.
func (r *Request) WantsCSV() bool { return r.CSVWanted }

// SendCSV answers with a file that spreadsheets open as it is meant: UTF-8 with byte order mark, semicolons, and no cell
// that would be taken for a formula. The rows are written as they come, so a long list is read page by page. name is the
// file's, without ".csv".
//
// An error before the first row becomes an error page. After it the connection is cut, so that nobody takes half a list
// for the whole.
func (r *Request) SendCSV(name string, columns []string, rows iter.Seq2[[]string, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	cells, err, more := next()
	if err != nil {
		return err
	}
	header := r.W.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="`+fileName(name)+`.csv"`)
	out := csv.NewWriter(r.W)
	out.Comma, out.UseCRLF = ';', true
	if _, err := r.W.Write([]byte("\ufeff")); err != nil {
		return nil // whoever asked has left
	}
	_ = out.Write(plain(columns)) // errors stay until Flush
	for ; more; cells, err, more = next() {
		if err != nil {
			r.Server.Report(r, err)
			panic(http.ErrAbortHandler)
		}
		if out.Write(plain(cells)) != nil {
			return nil
		}
	}
	out.Flush()
	return nil
}

// plain returns the cells so that no spreadsheet takes one for a formula: an apostrophe goes before what begins like
// one. Negative numbers stay numbers.
func plain(cells []string) []string {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) && !isNumber(cell) {
			cell = "'" + cell
		}
		safe[i] = cell
	}
	return safe
}

func isNumber(cell string) bool {
	digits := strings.TrimLeft(cell, "+-")
	return len(cell)-len(digits) == 1 && digits != "" && strings.Trim(digits, "0123456789.,") == "" && strings.ContainsAny(digits[:1], "0123456789")
}

// fileName keeps of a name what every file system takes.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			return c
		}
		return '-'
	}, name)
}
