// Package store keeps everything Stamm knows, in SQLite by default and in PostgreSQL beyond one machine, so that
// nothing acknowledged is ever lost and the code above has one way to read and one way to write.
//
// SQL is one text for both databases. Doors, jobs and followers open transactions with Read, Write, Bulk and DryRun;
// domain functions take the *Tx. On SQLite all writes pass through one goroutine with group commit (sqlite.go); on
// PostgreSQL they are concurrent SERIALIZABLE transactions that are retried (postgres.go). A function given to Write
// may therefore run twice and must touch nothing but its transaction.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"stamm/internal/platform/fault"
)

// Dialect names the database behind a DB.
type Dialect string

// The two databases Stamm runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// ErrNoRows is what QueryRow(...).Scan returns when there is no row.
var ErrNoRows = sql.ErrNoRows

// Actor is who does something: a user, an API key, a job, the command line or Stamm itself.
type Actor struct {
	Kind string // user, api, job, cli or system
	ID   int64  // of the user, key or job; 0 otherwise
}

// System is the actor of what Stamm does by itself.
func System() Actor { return Actor{Kind: "system"} }

// Options of Open; the zero value is right for use.
type Options struct {
	Now     func() time.Time // the clock, time.Now by default
	Readers int              // concurrent read connections, 8 by default
	Cache   int              // page cache of the SQLite writer in MiB while much is written, 48 by default
	Version int64            // bring the tables only up to this version, for restoring an older backup; the newest by default
	Log     *slog.Logger     // slog.Default by default
}

// DB is an open database.
type DB struct {
	dialect Dialect
	now     func() time.Time
	log     *slog.Logger
	read    *sql.DB
	write   *sql.DB // PostgreSQL: the same pool as read
	sqlite  *writer // SQLite only
	bulk    sync.Mutex
	slots   chan struct{} // SQLite: one for each reader
	crowd   sync.RWMutex  // PostgreSQL: held by every write, alone by one that lost too often

	mu      sync.Mutex
	changed chan struct{}
	stmts   statements
}

// Open opens the database at url, a postgres:// address or the path of an SQLite file, and brings its tables up to
// date. It refuses a database that a newer Stamm has written.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Readers <= 0 {
		o.Readers = 8
	}
	if o.Cache <= 0 {
		o.Cache = 48
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	db := &DB{now: o.Now, log: o.Log, changed: make(chan struct{})}
	var err error
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		err = db.openPostgres(ctx, url, o)
	} else {
		err = db.openSQLite(ctx, url, o)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Close waits for the write under way and closes the database.
func (db *DB) Close() error {
	if db.sqlite != nil {
		db.sqlite.stop()
	}
	db.stmts.close()
	err := db.read.Close()
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	return err
}

// Dialect tells which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Now is the time by this database's clock.
func (db *DB) Now() time.Time { return db.now().UTC() }

// Changed returns a channel that is closed at the next commit of this process. Ask for it before reading, so that no
// commit falls between.
func (db *DB) Changed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.changed
}

func (db *DB) announce() {
	db.mu.Lock()
	defer db.mu.Unlock()
	close(db.changed)
	db.changed = make(chan struct{})
}

// Read runs fn on one snapshot of the database. It should end within five seconds.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	conn, release, err := db.reader(ctx)
	if err != nil {
		return unavailable(ctx, err)
	}
	defer release()
	begun, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return unavailable(ctx, err)
	}
	defer begun.Rollback()
	return translate(ended(ctx, fn(&Tx{Now: db.Now(), dialect: db.dialect, run: readRunner{begun, conn, &db.stmts, db}})))
}

// reader takes a connection to read by. On SQLite one more than there are readers is left to prepare statements by: whoever prepares holds up
// the others, and would otherwise wait for a connection that one of them has.
func (db *DB) reader(ctx context.Context) (conn *sql.Conn, release func(), err error) {
	if db.slots != nil {
		select {
		case db.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	leave := func() {
		if db.slots != nil {
			<-db.slots
		}
	}
	if conn, err = db.read.Conn(ctx); err != nil {
		leave()
		return nil, nil, err
	}
	return conn, func() { conn.Close(); leave() }, nil
}

// Write runs fn in a transaction. When it returns nil the changes are durable; when fn returns an error nothing of it
// is left.
func (db *DB) Write(ctx context.Context, actor Actor, fn func(*Tx) error) error {
	if db.dialect == Postgres {
		return db.writePostgres(ctx, actor, fn, false)
	}
	return db.sqlite.do(ctx, &call{ctx: ctx, actor: actor, fn: fn}, false)
}

// Bulk is Write in the lane for mass data: a transaction of its own that alternates with the small ones. A turn
// writes at most 1,000 rows, so that nobody waits long behind it; while tx.Alone it may go on.
func (db *DB) Bulk(ctx context.Context, actor Actor, fn func(*Tx) error) error {
	if db.dialect == Postgres {
		db.bulk.Lock()
		defer db.bulk.Unlock()
		return db.writePostgres(ctx, actor, fn, false)
	}
	return db.sqlite.do(ctx, &call{ctx: ctx, actor: actor, fn: fn}, true)
}

// DryRun runs fn as Write does and takes everything back.
func (db *DB) DryRun(ctx context.Context, actor Actor, fn func(*Tx) error) error {
	if db.dialect == Postgres {
		return db.writePostgres(ctx, actor, fn, true)
	}
	return db.sqlite.do(ctx, &call{ctx: ctx, actor: actor, fn: fn, dry: true}, false)
}

// ended is err as the end of the context, if that is what made a driver give up: SQLite says "interrupted" by then, which is no
// fault of the database.
func ended(ctx context.Context, err error) error {
	var known *fault.Error
	if err == nil || ctx.Err() == nil || errors.As(err, &known) || errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %v", ctx.Err(), err)
}

func unavailable(ctx context.Context, err error) error {
	err = ended(ctx, err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.Unavailable, "errors.database_unavailable").Because(err)
}

// statements caches prepared statements of the readers by their text.
type statements struct {
	mu  sync.RWMutex
	all map[string]*sql.Stmt
}

const maxStatements = 500

func (s *statements) prepare(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.all[text]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt = s.all[text]; stmt != nil {
		return stmt, nil
	}
	if len(s.all) >= maxStatements {
		return nil, nil
	}
	stmt, err := db.PrepareContext(context.WithoutCancel(ctx), text)
	if err != nil {
		return nil, err
	}
	if s.all == nil {
		s.all = map[string]*sql.Stmt{}
	}
	s.all[text] = stmt
	return stmt, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.all {
		stmt.Close()
	}
	s.all = nil
}
