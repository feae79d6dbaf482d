package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"
)

// Querier runs SELECTs: a DB, each on the newest state, or a View, all on one.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var (
	_ Querier = (*DB)(nil)
	_ Querier = (*View)(nil)
)

// View is one state of the warehouse: several queries in it agree with each other.
type View struct {
	tx      *sql.Tx
	version int64
	asOf    time.Time
}

// QueryContext runs a SELECT. The caller closes the rows before the next query of the view.
func (v *View) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := v.tx.QueryContext(ctx, query, args...)
	return rows, translate(err)
}

// QueryRowContext runs a SELECT that returns at most one row.
func (v *View) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return v.tx.QueryRowContext(ctx, query, args...)
}

// AsOf is the time of the last change that the view shows; zero before the first.
func (v *View) AsOf() time.Time { return v.asOf }

// Version is the number of a commit that the view shows. It may show later ones too, so a result kept
// under it is never taken for newer than it is.
func (v *View) Version() int64 { return v.version }

// QueryContext runs a SELECT on the newest state. Anything else is refused, and no file outside the
// warehouse can be reached: the query still comes from code, never from a user.
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	g, _, err := db.acquire()
	if err != nil {
		return nil, err
	}
	defer g.done()
	rows, err := g.readers.QueryContext(ctx, query, args...)
	db.noticed(err)
	return rows, translate(err)
}

// QueryRowContext runs a SELECT that returns at most one row, on the newest state.
func (db *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	g, _, err := db.acquire()
	if err != nil {
		refused := sql.OpenDB(refusing{err}) // the only way to a Row that carries an error
		defer refused.Close()
		return refused.QueryRowContext(ctx, query)
	}
	defer g.done()
	row := g.readers.QueryRowContext(ctx, query, args...)
	db.noticed(row.Err())
	return row
}

// View runs fn on one state of the warehouse.
func (db *DB) View(ctx context.Context, fn func(*View) error) error {
	g, at, err := db.acquire()
	if err != nil {
		return err
	}
	defer g.done()
	tx, err := g.readers.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback()
	err = fn(&View{tx: tx, version: at.version, asOf: at.asOf})
	db.noticed(err)
	return err
}

// moment is a commit that a reader sees at least.
type moment struct {
	version int64
	asOf    time.Time
}

// acquire returns the present generation, to be given back with done, and what it has at least reached.
func (db *DB) acquire() (*generation, moment, error) {
	for {
		db.mu.Lock()
		g := db.current
		if g == nil {
			db.mu.Unlock()
			return nil, moment{}, errClosed()
		}
		at := moment{db.version, g.meta.at}
		db.mu.Unlock()
		if g.use() {
			return g, at, nil
		}
	}
}

// noticed has the file built anew when an error of a reader shows that it is damaged.
func (db *DB) noticed(err error) {
	if isBroken(err) {
		db.suspect()
	}
}

// refusing is a database whose every connection fails with err.
type refusing struct{ err error }

func (r refusing) Connect(context.Context) (driver.Conn, error) { return nil, r.err }
func (r refusing) Driver() driver.Driver                        { return r }
func (r refusing) Open(string) (driver.Conn, error)             { return nil, r.err }
