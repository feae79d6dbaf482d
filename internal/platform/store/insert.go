package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
)

// multiValues is how many values one INSERT of several rows binds at most. Measured on SQLite with an import of order
// lines: 400 take an eighth less of the whole import's time than 100, 800 no less than 400.
const multiValues = 400

// insert goes past database/sql, whose checks cost as much as SQLite itself where rows are narrow, and puts several rows
// into one statement. Columns that are NULL in every row are left out: binding them would cost as much as any other.
func (w *writer) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	used := usedColumns(columns, rows)
	names := make([]string, len(used))
	for i, c := range used {
		names[i] = columns[c]
	}
	many := max(1, multiValues/len(used))
	args := make([]driver.NamedValue, min(many, len(rows))*len(used))
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return w.conn.Raw(func(conn any) error {
		for _, n := range []int{many, 1} { // few texts, so that all of them stay prepared
			if len(rows) < n {
				continue
			}
			stmt, err := w.raw(ctx, conn, insertText(SQLite, table, names, n))
			if err != nil {
				return err
			}
			for ; len(rows) >= n; rows = rows[n:] {
				if err := bindRows(args, rows[:n], len(columns), used); err != nil {
					return fmt.Errorf("store: insert into %s: %w", table, err)
				}
				// The caller's context never reaches SQL here, see exec.
				if _, err := stmt.ExecContext(context.Background(), args[:n*len(used)]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Rows are rows for Insert that lie in memory one after the other, which spares an allocation each.
type Rows struct {
	All   [][]any
	cells []any
}

// NewRows makes room for n rows of so many columns.
func NewRows(n, columns int) *Rows {
	return &Rows{All: make([][]any, 0, n), cells: make([]any, 0, n*columns)}
}

// Row is the next row, empty: append its values and give it to End.
func (r *Rows) Row() []any { return r.cells[len(r.cells):] }

// End keeps the row.
func (r *Rows) End(row []any) {
	if room := cap(r.cells) - len(r.cells); len(row) <= room {
		r.cells = r.cells[:len(r.cells)+len(row)]
	}
	r.All = append(r.All, row[:len(row):len(row)])
}

// usedColumns are the places of the columns in which some row has a value; all of them where there is none.
func usedColumns(columns []string, rows [][]any) []int {
	used := make([]int, 0, len(columns))
	for c := range columns {
		for _, row := range rows {
			if c >= len(row) || row[c] != nil {
				used = append(used, c)
				break
			}
		}
	}
	if len(used) == 0 {
		return []int{0}
	}
	return used
}

func bindRows(args []driver.NamedValue, rows [][]any, columns int, used []int) error {
	at := 0
	for _, row := range rows {
		if len(row) != columns {
			return fmt.Errorf("%d values for %d columns", len(row), columns)
		}
		for _, c := range used {
			v, err := driverValue(row[c])
			if err != nil {
				return err
			}
			args[at].Value = v
			at++
		}
	}
	return nil
}

// driverValue is what database/sql makes of a value before the driver sees it.
func driverValue(v any) (driver.Value, error) {
	switch x := v.(type) {
	case nil, int64, string, float64, bool:
		return v, nil
	case int:
		return int64(x), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// raw is a statement of the writing connection as the driver has it, prepared once.
func (w *writer) raw(ctx context.Context, conn any, text string) (driver.StmtExecContext, error) {
	if s := w.raws[text]; s != nil {
		return s, nil
	}
	s, err := conn.(driver.ConnPrepareContext).PrepareContext(context.WithoutCancel(ctx), text)
	if err != nil {
		return nil, err
	}
	if len(w.raws) >= maxStatements {
		for t, old := range w.raws {
			old.(driver.Stmt).Close()
			delete(w.raws, t)
			break
		}
	}
	w.raws[text] = s.(driver.StmtExecContext)
	return w.raws[text], nil
}

// insertText is the text of an INSERT of so many rows. On SQLite its placeholders have no names, which spares a search by
// name for every value bound, and several rows are told to fail without taking back those before the one that fails: the
// transaction goes anyway, and SQLite would keep a copy of every page for it.
func insertText(d Dialect, table string, columns []string, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT ")
	if d == SQLite && rows > 1 {
		b.WriteString("OR FAIL ")
	}
	b.WriteString("INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for i := range columns {
			if i > 0 {
				b.WriteString(", ")
			}
			if d == SQLite {
				b.WriteString("?")
			} else {
				fmt.Fprintf(&b, "$%d", row*len(columns)+i+1)
			}
		}
		b.WriteString(")")
	}
	return b.String()
}
