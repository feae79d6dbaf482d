package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
)

const (
	metaTable = "warehouse_meta"

	// metaDDL is one row: how the file is laid out, whether it was ever complete, how far it has read
	// the feed, and which change that was.
	metaDDL = `layout VARCHAR, complete BOOLEAN, xid BIGINT, seq BIGINT, at_us BIGINT, kind VARCHAR`
)

// meta is the row of the meta table.
type meta struct {
	complete bool
	cursor   feed.Cursor
	at       time.Time // of the change at the cursor; zero before the first
	kind     string    // of the change at the cursor
}

// generation is one DuckDB file and the connections to it. A rebuild or compaction makes the next one;
// the earlier one answers until its last query is done.
type generation struct {
	number  int
	path    string
	readers *sql.DB   // SELECT only
	pool    *sql.DB   // owns the DuckDB instance; its one connection is writer
	writer  *sql.Conn // whoever holds DB.writing uses it
	tables  map[string]*table
	meta    meta // guarded by DB.mu once the generation is current
	unkept  int  // changes that the cursor in memory is ahead of the one in the file

	slice int64 // customers whose derived rows are computed at a time
	short bool  // the memory has not reached for all at once
	large bool  // half the memory has not reached for an import

	mu      sync.Mutex
	users   int
	retired bool
	closed  chan struct{}
}

// table is a table of the projections as it stands in a generation.
type table struct {
	Table
	columns []column
	high    int64 // no row has a greater key; only the writer looks
}

type column struct {
	name string
	kind kind
}

// errLayout says that a file is whole but of another layout.
var errLayout = errors.New("warehouse: the file has another layout")

// openGeneration opens the file, or makes it with all its tables when create is set.
func openGeneration(ctx context.Context, o Options, number int, create bool) (_ *generation, err error) {
	// What it runs is short. Interrupted in the middle the driver keeps the file open, and opening it again in this
	// process would wait for ever.
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	ctx = context.WithoutCancel(ctx)
	path := filepath.Join(o.Dir, strconv.Itoa(number)+fileSuffix)
	if create {
		if err := removeFile(path); err != nil {
			return nil, diskFault(err)
		}
	} else if _, err := os.Stat(path); err != nil {
		return nil, diskFault(err)
	}
	temp := filepath.Join(o.Dir, tempFolder)
	config := url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"memory_limit":                 {strconv.FormatInt(o.MemoryLimit, 10) + "B"},
		"threads":                      {strconv.Itoa(o.Threads)},
		"temp_directory":               {temp},
		"checkpoint_threshold":         {"16MB"},
	}
	connector, err := duckdb.NewConnector(path+"?"+config.Encode(), nil)
	if err != nil {
		return nil, translate(err)
	}
	g := &generation{number: number, path: path, closed: make(chan struct{}), slice: max(o.MemoryLimit/sliceMemory, fewCustomers)}
	g.pool = sql.OpenDB(connector)
	g.pool.SetMaxOpenConns(1)
	g.readers = sql.OpenDB(readOnly{connector})
	g.readers.SetMaxOpenConns(maxReaders)
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.writer, err = g.pool.Conn(ctx); err != nil {
		return nil, translate(err)
	}
	statements := []string{
		// Files outside the folder cannot be reached from SQL; set here since DuckDB wants this order.
		"SET allowed_directories = [" + quote(o.Dir) + "]",
		"SET enable_external_access = false",
	}
	if create {
		statements = append(statements, layoutStatements(o)...)
	}
	for _, s := range statements {
		if _, err = g.writer.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("warehouse: %s: %w", s, translate(err))
		}
	}
	if err = g.learn(ctx, o); err != nil {
		return nil, err
	}
	return g, nil
}

func layoutStatements(o Options) []string {
	all := []string{
		"CREATE TABLE " + metaTable + " (" + metaDDL + ")",
		"INSERT INTO " + metaTable + " VALUES (" + quote(layoutOf(o.Projections)) + ", false, 0, 0, 0, '')",
		"CREATE TABLE " + touchedTable + " (" + touchedDDL + ")",
		"INSERT INTO " + touchedTable + " VALUES (0, 0, '', NULL, false)",
	}
	for _, p := range o.Projections {
		for _, t := range p.Tables {
			all = append(all, "CREATE TABLE "+t.Name+" ("+t.DDL+")")
		}
		for _, d := range p.Derived {
			all = append(all, "CREATE TABLE "+d.Name+" ("+d.DDL+")")
		}
	}
	return all
}

// learn reads the meta row and the columns and greatest keys of the tables.
func (g *generation) learn(ctx context.Context, o Options) error {
	var layout string
	var at int64
	err := g.writer.QueryRowContext(ctx, "SELECT layout, complete, xid, seq, at_us, kind FROM "+metaTable).
		Scan(&layout, &g.meta.complete, &g.meta.cursor.XID, &g.meta.cursor.Seq, &at, &g.meta.kind)
	if err != nil {
		return fmt.Errorf("%w: %w", errLayout, err)
	}
	if layout != layoutOf(o.Projections) {
		return errLayout
	}
	if at != 0 {
		g.meta.at = clock.Time(at)
	}
	g.tables = map[string]*table{}
	for _, p := range o.Projections {
		for _, t := range p.Tables {
			known := &table{Table: t}
			if known.columns, err = g.columns(ctx, t.Name); err != nil {
				return err
			}
			if t.Key != "" {
				if known.high, err = g.greatest(ctx, t); err != nil {
					return err
				}
			}
			g.tables[t.Name] = known
		}
	}
	return nil
}

func (g *generation) columns(ctx context.Context, table string) ([]column, error) {
	rows, err := g.writer.QueryContext(ctx, `SELECT column_name, data_type FROM duckdb_columns()
		WHERE table_name = $1 AND database_name = current_database() ORDER BY column_index`, table)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var all []column
	for rows.Next() {
		var name, dataType string
		if err := rows.Scan(&name, &dataType); err != nil {
			return nil, err
		}
		k, ok := kinds[dataType]
		if !ok {
			return nil, fmt.Errorf("warehouse: column %s.%s: type %s is not one of those that Table.DDL allows", table, name, dataType)
		}
		all = append(all, column{name, k})
	}
	return all, rows.Err()
}

func (g *generation) greatest(ctx context.Context, t Table) (int64, error) {
	var high int64
	err := g.writer.QueryRowContext(ctx, "SELECT coalesce(max("+t.Key+"), -9223372036854775808) FROM "+t.Name).Scan(&high)
	return high, translate(err)
}

// exec runs a statement on the writer.
func (g *generation) exec(ctx context.Context, text string, args ...any) error {
	if _, err := g.writer.ExecContext(ctx, text, args...); err != nil {
		return fmt.Errorf("warehouse: %s: %w", firstLine(text), translate(err))
	}
	return nil
}

// transact runs fn between BEGIN and COMMIT on the writer.
func (g *generation) transact(ctx context.Context, fn func() error) error {
	if err := g.exec(ctx, "BEGIN TRANSACTION"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		if err = g.exec(context.WithoutCancel(ctx), "COMMIT"); err == nil {
			return nil
		}
	}
	// The rollback must also come where ctx is the reason; after a failed COMMIT there is none to do.
	_, _ = g.writer.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return err
}

// put writes the meta row in the open transaction.
func (g *generation) put(ctx context.Context, m meta) error {
	at := int64(0)
	if !m.at.IsZero() {
		at = clock.Micros(m.at)
	}
	return g.exec(ctx, "UPDATE "+metaTable+" SET complete = $1, xid = $2, seq = $3, at_us = $4, kind = $5",
		m.complete, m.cursor.XID, m.cursor.Seq, at, m.kind)
}

// use keeps the generation open until the matching done; false once it is retired.
func (g *generation) use() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		return false
	}
	g.users++
	return true
}

func (g *generation) done() {
	g.mu.Lock()
	g.users--
	last := g.retired && g.users == 0
	g.mu.Unlock()
	if last {
		g.close()
	}
}

// retire closes the generation as soon as nobody uses it.
func (g *generation) retire() {
	g.mu.Lock()
	free := g.users == 0 && !g.retired
	g.retired = true
	g.mu.Unlock()
	if free {
		g.close()
	}
}

func (g *generation) close() error {
	err := g.readers.Close()
	if g.writer != nil {
		err = errors.Join(err, g.writer.Close())
	}
	err = errors.Join(err, g.pool.Close())
	close(g.closed)
	return err
}

const fileSuffix = ".duckdb"

// removeFile removes a DuckDB file and its log.
func removeFile(path string) error {
	for _, p := range []string{path, path + ".wal"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// translate gives errors of DuckDB that have nothing to do with the statement their fault.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var de *duckdb.Error
	if !errors.As(err, &de) {
		return err
	}
	switch {
	case strings.Contains(de.Msg, "Could not set lock"), strings.Contains(de.Msg, "Conflicting lock"):
		return fault.New(fault.Unavailable, "warehouse.locked").Because(err)
	case strings.Contains(de.Msg, "No space left"):
		return fault.New(fault.Unavailable, "warehouse.disk_full").Because(err)
	case de.Type == duckdb.ErrorTypeOutOfMemory:
		return errMemory().Because(err)
	case de.Type == duckdb.ErrorTypeInterrupt:
		return errors.Join(context.Canceled, err)
	}
	return err
}

func errMemory() *fault.Error { return fault.New(fault.Unavailable, "warehouse.memory") }

// isBroken tells whether the error means that the file or the instance is beyond repair.
func isBroken(err error) bool {
	var de *duckdb.Error
	if !errors.As(err, &de) || fault.CodeOf(err) == fault.Unavailable {
		return false
	}
	switch de.Type {
	case duckdb.ErrorTypeFatal, duckdb.ErrorTypeIO, duckdb.ErrorTypeSerialization:
		return true
	}
	return strings.Contains(de.Msg, "database has been invalidated")
}

// readOnly gives connections that can do nothing but SELECT.
type readOnly struct{ connector *duckdb.Connector }

func (r readOnly) Driver() driver.Driver { return r.connector.Driver() }

func (r readOnly) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &readConn{c.(*duckdb.Conn)}, nil
}

// readConn has no ExecContext and no QueryContext of its own, so that database/sql prepares every
// statement and thereby passes the check below.
type readConn struct{ conn *duckdb.Conn }

func (c *readConn) Close() error { return c.conn.Close() }
func (c *readConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *readConn) CheckNamedValue(v *driver.NamedValue) error { return c.conn.CheckNamedValue(v) }

// Prepare takes exactly one statement (unlike the driver's PrepareContext, which would run all but the
// last), and only a SELECT or EXPLAIN.
func (c *readConn) Prepare(text string) (driver.Stmt, error) {
	stmt, err := c.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	kind, err := stmt.(*duckdb.Stmt).StatementType()
	if err == nil && kind != duckdb.STATEMENT_TYPE_SELECT && kind != duckdb.STATEMENT_TYPE_EXPLAIN {
		err = fmt.Errorf("warehouse: readers may only SELECT, not: %s", firstLine(text))
	}
	if err != nil {
		return nil, errors.Join(err, stmt.Close())
	}
	return stmt, nil
}

func (c *readConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if _, err := c.conn.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY", nil); err != nil {
		return nil, err
	}
	return readTx{c.conn}, nil
}

type readTx struct{ conn *duckdb.Conn }

func (t readTx) Commit() error   { return t.end("COMMIT") }
func (t readTx) Rollback() error { return t.end("ROLLBACK") }

func (t readTx) end(text string) error {
	_, err := t.conn.ExecContext(context.Background(), text, nil)
	return err
}
