package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"stamm/internal/platform/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	maxRetries         = 20
	politeTries        = 3
	serializationError = "40001"
	deadlockError      = "40P01"
	uniqueError        = "23505"
	diskFullError      = "53100"
	connectionsError   = "53300"
	ioError            = "58030"
	readOnlyError      = "25006"
	badTextError       = "22021" // a null character or broken UTF-8
	badJSONTextError   = "22P05" // a null character in JSON
	shutdownError      = "57P01"
	crashError         = "57P02"
	startingError      = "57P03"
)

func (db *DB) openPostgres(ctx context.Context, url string, o Options) error {
	db.dialect = Postgres
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return fault.New(fault.Invalid, "errors.database_address").On("db").Because(errors.New("postgres address does not parse")) // the address holds a password
	}
	// A plan kept from when a table was empty makes a lookup of a thousand keys a thousand times slower.
	cfg.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(o.Readers + 8)
	pool.SetMaxIdleConns(o.Readers + 8)
	db.read, db.write = pool, pool
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return fault.New(fault.Unavailable, "errors.database_unavailable").Because(err)
	}
	var durable string
	if err := pool.QueryRowContext(ctx, `SHOW fsync`).Scan(&durable); err != nil {
		pool.Close()
		return err
	}
	if err := migrate(ctx, pool, Postgres, o.Version); err != nil {
		pool.Close()
		return err
	}
	return nil
}

// writePostgres runs fn in a SERIALIZABLE transaction and again when another one came between, so that what is right
// under SQLite's single writer is right here. A call that lost a few times runs while no other of this process does: many
// programs that write next to each other in the same index would otherwise hold each other up for ever.
func (db *DB) writePostgres(ctx context.Context, actor Actor, fn func(*Tx) error, dry bool) error {
	for try := 0; ; try++ {
		err := db.tryPostgres(ctx, actor, fn, dry, try >= politeTries)
		switch {
		case !isRetryable(err):
			return err
		case try == maxRetries:
			return fault.New(fault.Unavailable, "errors.database_busy").Because(err)
		case try < politeTries-1:
			select {
			case <-time.After(time.Duration(1+rand.IntN(4<<try)) * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (db *DB) tryPostgres(ctx context.Context, actor Actor, fn func(*Tx) error, dry, alone bool) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return unavailable(ctx, err)
	}
	defer conn.Close()
	if alone {
		db.crowd.Lock()
		defer db.crowd.Unlock()
	} else {
		db.crowd.RLock()
		defer db.crowd.RUnlock()
	}
	begun, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return unavailable(ctx, err)
	}
	defer begun.Rollback()
	if err := db.runPostgres(fn, &Tx{Now: db.Now(), Actor: actor, dialect: Postgres, run: pgRunner{begun, conn}}); err != nil || dry {
		return err
	}
	if err := begun.Commit(); err != nil {
		return translate(err)
	}
	db.announce()
	return nil
}

func (db *DB) runPostgres(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			db.log.Error("panic in a write", "panic", p, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "errors.internal").Because(fmt.Errorf("panic: %v", p))
		}
	}()
	return translate(fn(tx))
}

func isRetryable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == serializationError || e.Code == deadlockError)
}

func isUniquePostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == uniqueError
}

// translatePostgres is translate for errors of a PostgreSQL server.
func translatePostgres(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case diskFullError:
		return fault.New(fault.Unavailable, "errors.database_full").Because(err)
	case ioError:
		return fault.New(fault.Unavailable, "errors.disk_failed").Because(err)
	case readOnlyError:
		return fault.New(fault.Unavailable, "errors.database_read_only").Because(err)
	case badTextError, badJSONTextError:
		return fault.New(fault.Invalid, "errors.text").Because(err)
	case shutdownError, crashError, startingError, connectionsError:
		return fault.New(fault.Unavailable, "errors.database_unavailable").Because(err)
	}
	return err
}

type pgRunner struct {
	tx   *sql.Tx
	conn *sql.Conn
}

func (r pgRunner) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, text, args...)
}

func (r pgRunner) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, text, args...)
}

func (r pgRunner) row(ctx context.Context, text string, args []any) *sql.Row {
	return r.tx.QueryRowContext(ctx, text, args...)
}

func (r pgRunner) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	if len(rows) < 4 { // COPY costs two round trips
		text := insertText(Postgres, table, columns, 1)
		for _, row := range rows {
			if _, err := r.tx.ExecContext(ctx, text, row...); err != nil {
				return err
			}
		}
		return nil
	}
	return r.conn.Raw(func(c any) error {
		raw := c.(*stdlib.Conn).Conn()
		_, err := raw.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		return err
	})
}
