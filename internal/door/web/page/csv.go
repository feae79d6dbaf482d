package page

import (
	"iter"
	"net/http"
	"strings"

	"stamm/internal/door/connect/sheet"
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
	out := sheet.NewWriter(r.W)
	out.Write(columns...)
	for ; more; cells, err, more = next() {
		if r.Context().Err() != nil { // whoever asked has left, or it took too long
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			r.Server.Report(r, err)
			panic(http.ErrAbortHandler)
		}
		for i, cell := range cells {
			cells[i] = plain(cell)
		}
		out.Write(cells...)
	}
	_ = out.Flush() // fails when whoever asked has left
	return nil
}

// plain writes a number as spreadsheets read it: they take the sign of arithmetic for a word.
func plain(cell string) string {
	if rest, below := strings.CutPrefix(cell, "−"); below {
		return "-" + strings.TrimPrefix(rest, "\u2060")
	}
	return cell
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
