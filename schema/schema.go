// Package schema holds the database migrations: numbered, forward only, one text for SQLite and PostgreSQL.
//
// Macros keep the text one: {{id}} is a key that is never given twice, {{json}} a JSON column that ->> reads on
// both, {{text}} text compared byte by byte, {{bytes}} raw bytes, {{strict}} ends a table, {{clustered}} ends a
// table that is stored in the order of its primary key, {{postgres}} begins a line that is for PostgreSQL alone.
// BIGINT and SMALLINT become INTEGER on SQLite, whose STRICT tables know no other whole number.
package schema

import "embed"

// Files are the migrations, named NNNN_title.sql.
//
//go:embed *.sql
var Files embed.FS
