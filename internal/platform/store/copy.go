package store

import (
	"context"
	"database/sql"
	"fmt"
)

// SchemaVersion is the newest version of the tables that this program knows.
func SchemaVersion() int64 {
	_, last, err := embedded(SQLite)
	if err != nil {
		panic(fmt.Sprintf("store: migrations: %v", err)) // they are part of the program
	}
	return last
}

// Snapshot writes a whole and consistent copy of an SQLite database into the new file at path, while others go on
// reading and writing. PostgreSQL has no such file; there a Read that lasts as long as needed sees one snapshot.
func (db *DB) Snapshot(ctx context.Context, path string) error {
	if db.dialect != SQLite {
		return fmt.Errorf("store: a snapshot file of %s", db.dialect)
	}
	conn, release, err := db.reader(ctx)
	if err != nil {
		return translate(err)
	}
	defer release()
	// A reader may write nothing, not even another file.
	if _, err := conn.ExecContext(ctx, `PRAGMA query_only = 0`); err != nil {
		return translate(err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA query_only = 1`)
	_, err = conn.ExecContext(ctx, `VACUUM INTO $1`, path)
	return translate(err)
}

// Table is a table as a backup copies it.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a Table.
type Column struct {
	Name  string `json:"name"`
	Bytes bool   `json:"bytes,omitempty"` // holds raw bytes
	Given bool   `json:"-"`               // is an {{id}}
}

// Tables lists all tables of the schema by name, those that keep the versions of the schema left out.
func (tx *Tx) Tables(ctx context.Context) ([]Table, error) {
	text := `SELECT t.name, c.name, CASE WHEN c.type = 'BLOB' THEN 1 ELSE 0 END,
			CASE WHEN c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%' THEN 1 ELSE 0 END
		FROM sqlite_master t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND t.name <> 'goose_db_version' ORDER BY t.name, c.cid`
	if tx.dialect == Postgres {
		text = `SELECT c.table_name::text, c.column_name::text, CASE WHEN c.data_type = 'bytea' THEN 1 ELSE 0 END, CASE WHEN c.is_identity = 'YES' THEN 1 ELSE 0 END
			FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
			WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> 'goose_db_version'
			ORDER BY c.table_name::text COLLATE "C", c.ordinal_position`
	}
	rows, err := tx.Query(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Table
	for rows.Next() {
		var table string
		var c Column
		if err := rows.Scan(&table, &c.Name, &c.Bytes, &c.Given); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].Name != table {
			all = append(all, Table{Name: table})
		}
		last := &all[len(all)-1]
		last.Columns = append(last.Columns, c)
	}
	return all, rows.Err()
}

// Sequences returns the last id each table with an {{id}} has given, 0 for none. A copy must go on from there, since an
// id is never given twice.
func (tx *Tx) Sequences(ctx context.Context) (map[string]int64, error) {
	tables, err := tx.Tables(ctx)
	if err != nil {
		return nil, err
	}
	last := map[string]int64{}
	for _, t := range tables {
		for _, c := range t.Columns {
			if !c.Given {
				continue
			}
			var n sql.NullInt64
			var err error
			if tx.dialect == SQLite {
				err = tx.QueryRow(ctx, `SELECT MAX(seq) FROM sqlite_sequence WHERE name = $1`, t.Name).Scan(&n)
			} else {
				err = tx.QueryRow(ctx, `SELECT pg_sequence_last_value(pg_get_serial_sequence(quote_ident($1), $2)::regclass)`, t.Name, c.Name).Scan(&n)
			}
			if err != nil {
				return nil, fmt.Errorf("last id of %s: %w", t.Name, err)
			}
			last[t.Name] = n.Int64
		}
	}
	return last, nil
}

// SetSequences makes the tables go on after the ids that Sequences of another database returned.
func (tx *Tx) SetSequences(ctx context.Context, last map[string]int64) error {
	tables, err := tx.Tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			n := last[t.Name]
			if !c.Given || n == 0 {
				continue
			}
			var err error
			if tx.dialect == SQLite {
				if _, err = tx.Exec(ctx, `DELETE FROM sqlite_sequence WHERE name = $1`, t.Name); err == nil {
					_, err = tx.Exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, t.Name, n)
				}
			} else {
				_, err = tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence(quote_ident($1), $2), $3)`, t.Name, c.Name, n)
			}
			if err != nil {
				return fmt.Errorf("last id of %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// Version is the version of the database's tables.
func (tx *Tx) Version(ctx context.Context) (v int64, err error) {
	err = tx.QueryRow(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&v)
	return v, err
}
