package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"stamm/internal/platform/fault"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	batchCalls = 256                   // small calls that share a commit at most
	batchTime  = 20 * time.Millisecond // after which a batch commits, whatever waits
	slowCall   = 5 * time.Millisecond  // a small call that takes longer holds up everybody and is logged

	smallCache = 16               // page cache of the writer in MiB while there are small calls only
	largeTime  = 10 * time.Second // how long it stays larger after a bulk call, and so does the log
)

func (db *DB) openSQLite(ctx context.Context, path string, o Options) error {
	db.dialect = SQLite
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", filepath.Dir(path)).Because(err)
	}
	if _, err := sharedMutexes(); err != nil {
		return err
	}
	// SQLite would let everybody on the machine read a file that it makes; its log takes after the file. What goes wrong here SQLite says better.
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		f.Close()
	}
	var err error
	// busy_timeout comes first: the pragmas after it may have to wait.
	common := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}
	if db.write, err = sql.Open("sqlite", sqliteName(path, append(common, fmt.Sprintf("cache_size(-%d)", smallCache<<10), "wal_autocheckpoint(0)"))); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	if err := db.prepareSQLite(ctx, path, o); err != nil {
		db.write.Close()
		return err
	}
	if db.read, err = sql.Open("sqlite", sqliteName(path, append(common, "query_only(1)", "cache_size(-2000)"))); err != nil {
		db.write.Close()
		return err
	}
	db.slots = make(chan struct{}, o.Readers)
	db.read.SetMaxOpenConns(o.Readers + 1)
	db.read.SetMaxIdleConns(o.Readers + 1)
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return errors.Join(sqliteFault(err, path), db.read.Close(), db.write.Close())
	}
	copies, err := sql.Open("sqlite", sqliteName(path, common))
	if err != nil {
		return errors.Join(err, conn.Close(), db.read.Close(), db.write.Close())
	}
	copies.SetMaxOpenConns(1)
	db.sqlite = newWriter(db, conn, newCheckpointer(copies, o.Log), o.Cache)
	return nil
}

func sqliteName(path string, pragmas []string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// prepareSQLite migrates and reads back that commits are durable; a file system that cannot do it is refused.
func (db *DB) prepareSQLite(ctx context.Context, path string, o Options) error {
	var journal string
	var synchronous int
	if err := db.write.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&journal); err != nil {
		return sqliteFault(err, path)
	}
	if err := db.write.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&synchronous); err != nil {
		return sqliteFault(err, path)
	}
	if journal != "wal" || synchronous != 2 {
		return fault.New(fault.Unavailable, "errors.not_durable", "folder", filepath.Dir(path))
	}
	if err := migrate(ctx, db.write, SQLite, o.Version); err != nil {
		return sqliteFault(err, path)
	}
	return nil
}

func sqliteFault(err error, path string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
			return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", filepath.Dir(path)).Because(err)
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return fault.New(fault.Unavailable, "errors.database_damaged", "file", path).Because(err)
		}
	}
	return translate(err)
}

// call is one function waiting for its turn at the writer.
type call struct {
	ctx   context.Context
	actor Actor
	fn    func(*Tx) error
	dry   bool
	done  chan error
	err   error
}

// writer owns the only writing connection of an SQLite file.
type writer struct {
	db     *DB
	conn   *sql.Conn
	small  chan *call
	bulk   chan *call
	closed chan struct{}
	ended  chan struct{}
	stmts  map[string]*sql.Stmt
	raws   map[string]driver.StmtExecContext // of insert
	copies *checkpointer

	cache int  // MiB of the page cache for bulk calls
	large bool // it has that size now
}

func newWriter(db *DB, conn *sql.Conn, copies *checkpointer, cache int) *writer {
	w := &writer{db: db, conn: conn, copies: copies, cache: cache, small: make(chan *call, 4*batchCalls), bulk: make(chan *call),
		closed: make(chan struct{}), ended: make(chan struct{}), stmts: map[string]*sql.Stmt{}, raws: map[string]driver.StmtExecContext{}}
	go w.loop()
	return w
}

func (w *writer) stop() {
	close(w.closed)
	<-w.ended
	w.copies.stop()
	for _, s := range w.stmts {
		s.Close()
	}
	w.conn.Raw(func(any) error {
		for _, s := range w.raws {
			s.(driver.Stmt).Close()
		}
		return nil
	})
	w.conn.Close()
}

func (w *writer) do(ctx context.Context, c *call, bulk bool) error {
	c.done = make(chan error, 1)
	lane := w.small
	if bulk {
		lane = w.bulk
	}
	select {
	case lane <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closed:
		return fault.New(fault.Unavailable, "errors.shutting_down")
	}
	// Once in the lane the call is answered by the writer alone: only it knows whether the commit happened.
	select {
	case err := <-c.done:
		return err
	case <-w.ended:
		select {
		case err := <-c.done:
			return err
		default:
			return fault.New(fault.Unavailable, "errors.shutting_down")
		}
	}
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case c := <-w.small:
			if w.large && w.copies.untilCalm() <= 0 {
				w.resize(smallCache, false)
			}
			w.batch(c)
			select { // a bulk turn after each small batch, so that neither lane starves
			case c := <-w.bulk:
				w.inBulk(c)
			default:
			}
		case c := <-w.bulk:
			w.inBulk(c)
		case <-w.copies.finish:
			if _, _, err := checkpoint(context.Background(), w.conn, "PASSIVE"); err != nil {
				w.db.log.Warn("checkpoint failed; it is tried again", "error", err)
			}
		case <-w.closed:
			return
		}
	}
}

// batch runs first and whatever else waits in one transaction, each in its own savepoint, and answers all of them
// after the commit.
func (w *writer) batch(first *call) {
	calls := make([]*call, 0, batchCalls)
	if err := w.plain("BEGIN IMMEDIATE"); err != nil {
		first.done <- translate(err)
		return
	}
	start := time.Now()
	broken := false
	for c := first; c != nil && !broken; c = w.next(start, len(calls)) {
		calls = append(calls, c)
		broken = !w.inSavepoint(c)
	}
	if !broken {
		if err := w.plain("COMMIT"); err == nil {
			w.committed()
			for _, c := range calls {
				c.done <- c.err
			}
			return
		}
	}
	// Nothing of the batch is certain: take it back and run its members one by one.
	w.plain("ROLLBACK")
	for _, c := range calls {
		w.single(c)
	}
}

func (w *writer) committed() {
	w.db.announce()
	w.copies.note()
}

func (w *writer) next(start time.Time, n int) *call {
	if n >= batchCalls || time.Since(start) > batchTime {
		return nil
	}
	select {
	case c := <-w.small:
		return c
	default:
		return nil
	}
}

// inSavepoint runs one call and reports whether the transaction around it is still sound.
func (w *writer) inSavepoint(c *call) bool {
	if c.err = c.ctx.Err(); c.err != nil {
		return true
	}
	if err := w.plain("SAVEPOINT one"); err != nil {
		c.err = translate(err)
		return false
	}
	start := time.Now()
	c.err = w.runFn(c)
	if d := time.Since(start); d > slowCall {
		w.db.log.Debug("slow write", "duration", d)
	}
	if c.err != nil || c.dry {
		if err := w.plain("ROLLBACK TO one"); err != nil {
			return false
		}
	}
	return w.plain("RELEASE one") == nil
}

// inBulk runs a call of the bulk lane. An import changes pages all over its indexes, so that it has a larger cache, for its time.
func (w *writer) inBulk(c *call) {
	if !w.large {
		w.resize(w.cache, true)
	}
	w.copies.bulk()
	w.single(c)
	w.copies.bulk()
}

func (w *writer) resize(cache int, large bool) {
	if err := w.plain(fmt.Sprintf("PRAGMA cache_size = -%d", cache<<10)); err != nil {
		w.db.log.Warn("the cache of the writer keeps its size", "error", err)
	}
	w.large = large
}

// single runs one call in a transaction of its own and answers it.
func (w *writer) single(c *call) {
	if err := c.ctx.Err(); err != nil {
		c.done <- err
		return
	}
	if err := w.plain("BEGIN IMMEDIATE"); err != nil {
		c.done <- translate(err)
		return
	}
	err := w.runFn(c)
	if err != nil || c.dry {
		w.plain("ROLLBACK")
		c.done <- err
		return
	}
	if err := w.plain("COMMIT"); err != nil {
		w.plain("ROLLBACK")
		c.done <- translate(err)
		return
	}
	w.committed()
	c.done <- nil
}

func (w *writer) runFn(c *call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.db.log.Error("panic in a write", "panic", p, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "errors.internal").Because(fmt.Errorf("panic: %v", p))
		}
	}()
	return c.fn(&Tx{Now: w.db.Now(), Actor: c.actor, dialect: SQLite, run: w})
}

func (w *writer) plain(text string) error {
	_, err := w.exec(context.Background(), text, nil)
	return err
}

// The caller's context never reaches SQL here: an interrupted write makes SQLite roll back the whole transaction,
// and with it the calls of others.

func (w *writer) stmt(text string) (*sql.Stmt, error) {
	if s := w.stmts[text]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	if len(w.stmts) >= maxStatements {
		for t, old := range w.stmts {
			old.Close()
			delete(w.stmts, t)
			break
		}
	}
	w.stmts[text] = s
	return s, nil
}

func (w *writer) exec(_ context.Context, text string, args []any) (sql.Result, error) {
	s, err := w.stmt(text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

func (w *writer) query(_ context.Context, text string, args []any) (*sql.Rows, error) {
	s, err := w.stmt(text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

func (w *writer) row(_ context.Context, text string, args []any) *sql.Row {
	s, err := w.stmt(text)
	if err != nil {
		return w.conn.QueryRowContext(context.Background(), text, args...) // reports the same error through Scan
	}
	return s.QueryRowContext(context.Background(), args...)
}

// IsUnique reports whether err says that a unique key was already taken.
func IsUnique(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_ROWID
	}
	return isUniquePostgres(err)
}

// translate gives the errors an operator can mend their own message; the rest stays internal.
func translate(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return fault.New(fault.Unavailable, "errors.disk_full").Because(err)
		case sqlite3.SQLITE_IOERR:
			return fault.New(fault.Unavailable, "errors.disk_failed").Because(err)
		case sqlite3.SQLITE_BUSY:
			return fault.New(fault.Unavailable, "errors.database_busy").Because(err)
		}
		if strings.Contains(e.Error(), "interrupted") {
			return fault.New(fault.Unavailable, "errors.database_busy").Because(err)
		}
	}
	return translatePostgres(err)
}
