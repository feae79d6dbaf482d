package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Tx is one transaction: the database, the time and who acts. Now does not move while it lasts.
type Tx struct {
	Now   time.Time
	Actor Actor

	dialect Dialect
	run     runner
	xid     int64
}

// runner is what differs between a reader, the SQLite writer and PostgreSQL.
type runner interface {
	exec(ctx context.Context, text string, args []any) (sql.Result, error)
	query(ctx context.Context, text string, args []any) (*sql.Rows, error)
	row(ctx context.Context, text string, args []any) *sql.Row
	insert(ctx context.Context, table string, columns []string, rows [][]any) error
}

// Dialect tells which database the transaction is on.
func (tx *Tx) Dialect() Dialect { return tx.dialect }

// Exec runs a statement and returns how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	res, err := tx.run.exec(ctx, text, args)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

// Query runs a statement that returns rows. The caller closes them before the transaction ends.
func (tx *Tx) Query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	rows, err := tx.run.query(ctx, text, args)
	if err != nil {
		return nil, translate(err)
	}
	return rows, nil
}

// QueryIDs returns the numbers of a query of one column.
func (tx *Tx) QueryIDs(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// QueryRow runs a statement that returns at most one row; its Scan says ErrNoRows when there is none.
func (tx *Tx) QueryRow(ctx context.Context, text string, args ...any) *sql.Row {
	return tx.run.row(ctx, text, args)
}

// InsertID runs an INSERT … RETURNING id and returns the id.
func (tx *Tx) InsertID(ctx context.Context, text string, args ...any) (int64, error) {
	var id int64
	if err := tx.run.row(ctx, text, args).Scan(&id); err != nil {
		return 0, translate(err)
	}
	return id, nil
}

// Insert adds many rows to table: prepared statements of a few rows each on SQLite, COPY on PostgreSQL. Table and columns
// come from code, never from a user; a column that may be nil has no default.
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	return translate(tx.run.insert(ctx, table, columns, rows))
}

// ReserveIDs takes n ids of table's {{id}} column for rows that Insert will add. They ascend and are never given
// again.
func (tx *Tx) ReserveIDs(ctx context.Context, table string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	ids := make([]int64, 0, n)
	if tx.dialect == SQLite {
		var last int64
		err := tx.run.row(ctx, `UPDATE sqlite_sequence SET seq = seq + $1 WHERE name = $2 RETURNING seq`, []any{n, table}).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			last = int64(n)
			_, err = tx.run.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, []any{table, n})
		}
		if err != nil {
			return nil, translate(err)
		}
		for id := last - int64(n) + 1; id <= last; id++ {
			ids = append(ids, id)
		}
		return ids, nil
	}
	rows, err := tx.Query(ctx, `SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::bigint)`, table, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, translate(err)
		}
		ids = append(ids, id)
	}
	return ids, translate(rows.Err())
}

// XID is the transaction's number for the order of the feed: the xid8 of PostgreSQL, 0 on SQLite, where one writer
// makes the sequence itself the order.
func (tx *Tx) XID(ctx context.Context) (int64, error) {
	if tx.dialect == SQLite || tx.xid != 0 {
		return tx.xid, nil
	}
	err := tx.run.row(ctx, `SELECT pg_current_xact_id()::text::bigint`, nil).Scan(&tx.xid)
	return tx.xid, translate(err)
}

// Horizon is the first XID that may still be uncommitted: rows of the feed below it are complete.
func (tx *Tx) Horizon(ctx context.Context) (int64, error) {
	if tx.dialect == SQLite {
		return math.MaxInt64, nil
	}
	var x int64
	err := tx.run.row(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`, nil).Scan(&x)
	return x, translate(err)
}

// Alone tells whether nobody waits for this transaction to end. It is for mass data, which may then go on beyond the
// 1,000 rows of a turn: few large transactions cost less than many small ones. On PostgreSQL, where others write
// meanwhile and the longer of two transactions in each other's way does its work again, it is never so.
func (tx *Tx) Alone() bool {
	w, ok := tx.run.(*writer)
	return ok && len(w.small) == 0
}

// SkipLocked is the clause with which a claim passes over rows that another process is claiming; empty on SQLite,
// which has one writer.
func (tx *Tx) SkipLocked() string {
	if tx.dialect == SQLite {
		return ""
	}
	return " FOR UPDATE SKIP LOCKED"
}

// Each is the SQL that joins, to each row before it, those of a table which an index finds by on, as in
// `FROM who w`+tx.Each("consent_state", "s", "s.customer = w.main"). Where PostgreSQL misjudges the conditions that
// follow, it reads the whole table instead.
func (tx *Tx) Each(table, alias, on string) string {
	if tx.dialect == SQLite {
		return fmt.Sprintf(" CROSS JOIN %s %s ON %s", table, alias, on)
	}
	return fmt.Sprintf(" CROSS JOIN LATERAL (SELECT * FROM %s %s WHERE %s OFFSET 0) %s", table, alias, on, alias)
}

// Strings is the SQL that compares a column with a list of texts, the JSON array bound at placeholder, as in
// `WHERE sku `+tx.Strings("$1"); bind it with JSON(values). Both forms use an index of the column, whatever the
// database knows of the table.
func (tx *Tx) Strings(placeholder string) string {
	if tx.dialect == SQLite {
		return "IN (SELECT value FROM json_each(" + placeholder + "))"
	}
	return "= ANY(ARRAY(SELECT jsonb_array_elements_text(" + placeholder + "::text::jsonb)))"
}

// StringList is the list itself, a query of one column, for use as a table.
func (tx *Tx) StringList(placeholder string) string {
	if tx.dialect == SQLite {
		return "(SELECT value FROM json_each(" + placeholder + "))"
	}
	return "(SELECT jsonb_array_elements_text(" + placeholder + "::text::jsonb))"
}

// Numbers is Strings for whole numbers.
func (tx *Tx) Numbers(placeholder string) string {
	if tx.dialect == SQLite {
		return "IN (SELECT value FROM json_each(" + placeholder + "))"
	}
	return "= ANY(ARRAY(SELECT jsonb_array_elements_text(" + placeholder + "::text::jsonb)::bigint))"
}

// ByID is the SQL of a text that differs by the id of the row at hand: the argument is JSON of a map from ids to texts.
func (tx *Tx) ByID(placeholder string) string {
	if tx.dialect == SQLite {
		return "json_extract(" + placeholder + ", '$.' || id)"
	}
	return "((SELECT " + placeholder + "::text::jsonb) ->> id::text)" // the subquery has it read once, not for each row
}

// JSON renders v as the text of a {{json}} column or of Strings and Numbers. It panics on what JSON cannot say, which
// only a programming error gives it.
func JSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: JSON of %T: %v", v, err))
	}
	if string(b) == "null" { // a nil slice is an empty list to Strings and Numbers
		return "[]"
	}
	return string(b)
}

// Flag is how a truth value is bound to a SMALLINT column.
func Flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readRunner reads within a transaction of the read pool, with cached statements on SQLite (pgx caches its own).
type readRunner struct {
	tx    *sql.Tx
	conn  *sql.Conn
	stmts *statements
	db    *DB
}

func (r readRunner) stmt(ctx context.Context, text string) *sql.Stmt {
	if r.db.dialect == Postgres {
		return nil
	}
	s, err := r.stmts.prepare(ctx, r.db.read, text)
	if err != nil || s == nil {
		return nil // the direct way reports the error where it belongs
	}
	return r.tx.StmtContext(ctx, s)
}

func (r readRunner) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, text, args...)
}

func (r readRunner) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if s := r.stmt(ctx, text); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.tx.QueryContext(ctx, text, args...)
}

func (r readRunner) row(ctx context.Context, text string, args []any) *sql.Row {
	if s := r.stmt(ctx, text); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.tx.QueryRowContext(ctx, text, args...)
}

func (r readRunner) insert(context.Context, string, []string, [][]any) error {
	return fmt.Errorf("store: insert in a read transaction")
}
