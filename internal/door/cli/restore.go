package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stamm/internal/action/message/email"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// restoreFolder in the data folder holds what a restore has unpacked. While it is there the folder is not whole.
const restoreFolder = "restore.part"

const (
	databaseNote = "database" // in restoreFolder: the path of the database file that is being made
	newSuffix    = ".restore" // of that file until it is whole
)

type restoreCommand struct {
	File string `arg:"" help:"Backup to bring in."`
}

// RunOwning brings a backup into an empty folder, and into an empty database. It is all there afterwards, or nothing.
func (cmd *restoreCommand) RunOwning(ctx context.Context, c *Call) error {
	if err := checkEmpty(c.Config); err != nil { // before the folder gets a lock
		return err
	}
	o, err := alone(ctx, c)
	if err != nil {
		return err
	}
	defer o.release()
	if err := checkEmpty(c.Config); err != nil {
		return err
	}
	f, err := os.Open(c.Path(cmd.File))
	if err != nil {
		return fault.New(fault.Invalid, "cli.no_file", "file", cmd.File).On("file").Because(err)
	}
	defer f.Close()
	r := &restoring{call: c, file: f, part: filepath.Join(c.Config.Dir, restoreFolder)}
	if err := r.run(ctx); err != nil {
		return errors.Join(err, r.clear())
	}
	locked, err := locked(ctx, c)
	if err != nil {
		return err
	}
	return c.Print(map[string]any{"created": r.header.Created, "files": r.files, "with_keys": r.keyed, "unreadable": locked}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("cli.restored", "time", r.header.Created, "folder", c.Config.Dir))
		if r.keyed {
			fmt.Fprintln(w, c.Text.T("cli.restored_with"))
		}
		if len(locked) == 0 {
			return
		}
		fmt.Fprintln(w, c.Text.T("cli.restored_without", "file", filepath.Join(c.Config.Dir, vaultFile)))
		for _, s := range locked {
			fmt.Fprintln(w, "-", c.Text.T("email.secret."+s.Kind, "name", s.Name))
		}
	})
}

// locked lists the secrets of the restored database that cannot be opened here, for want of their key.
func locked(ctx context.Context, c *Call) (all []email.Secret, err error) {
	var vault *email.Vault
	if key := filepath.Join(c.Config.Dir, vaultFile); exists(key) {
		if vault, err = email.OpenVault(key); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, c.Config.DB, store.Options{Log: c.Log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all = []email.Secret{}
	err = db.Read(ctx, func(tx *store.Tx) error {
		found, err := email.Unreadable(ctx, tx, vault)
		all = append(all[:0], found...)
		return err
	})
	return all, err
}

// checkEmpty refuses a folder or a database file that holds anything; what an interrupted restore left is nothing.
func checkEmpty(config Config) error {
	interrupted := exists(filepath.Join(config.Dir, restoreFolder))
	half := interruptedDB(config)
	own := map[string]bool{lockName: true, socketName: true, "stamm.toml": true, vaultFile: true, restoreFolder: true, blobFolder: interrupted}
	notEmpty := func(what string) error {
		return fault.New(fault.Conflict, "cli.not_empty", "folder", config.Dir, "what", what).On("dir")
	}
	entries, err := os.ReadDir(config.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", config.Dir).On("dir").Because(err)
	}
	for _, e := range entries {
		if !own[e.Name()] && !strings.HasPrefix(e.Name(), ".") && !half(filepath.Join(config.Dir, e.Name())) {
			return notEmpty(e.Name())
		}
	}
	if !isPostgres(config.DB) && exists(config.DB) && !half(config.DB) {
		return notEmpty(config.DB)
	}
	return nil
}

// interruptedDB tells which files an interrupted restore into the configured database may have made.
func interruptedDB(config Config) func(path string) bool {
	made, err := os.ReadFile(filepath.Join(config.Dir, restoreFolder, databaseNote))
	half := err == nil && string(made) == config.DB && !isPostgres(config.DB)
	return func(path string) bool { return half && slices.Contains(databaseFiles(config), path) }
}

// databaseFiles are the names an SQLite database has while it is restored and afterwards.
func databaseFiles(config Config) []string {
	var names []string
	for _, name := range []string{config.DB, config.DB + newSuffix} {
		names = append(names, name, name+"-wal", name+"-shm")
	}
	return names
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// checkRestored refuses a folder in which a restore was interrupted.
func checkRestored(config Config) error {
	if exists(filepath.Join(config.Dir, restoreFolder)) {
		return fault.New(fault.Conflict, "cli.restore_interrupted", "folder", config.Dir)
	}
	return nil
}

// restoring is one restore.
type restoring struct {
	call   *Call
	file   *os.File
	part   string // folder of what is unpacked
	header backupHeader
	files  int
	keyed  bool // mail.key came with it
}

// clear removes what a restore that did not end well has made.
func (r *restoring) clear() error {
	config := r.call.Config
	half := interruptedDB(config)
	err := os.RemoveAll(filepath.Join(config.Dir, blobFolder))
	for _, name := range databaseFiles(config) {
		if half(name) {
			err = errors.Join(err, os.RemoveAll(name))
		}
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(r.part)
}

// newDB is where an SQLite database is made before it gets its name.
func (r *restoring) newDB() string { return r.call.Config.DB + newSuffix }

func (r *restoring) run(ctx context.Context) error {
	if err := r.clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.part, blobFolder), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.part, databaseNote), []byte(r.call.Config.DB), 0o600); err != nil {
		return err
	}
	if err := r.readHeader(ctx); err != nil {
		return err
	}
	var err error
	switch postgres := isPostgres(r.call.Config.DB); {
	case r.header.Database == store.SQLite && !postgres:
		_, err = r.read(ctx, func(in io.Reader) error { return writeNew(r.newDB(), in) }, noRows)
	case r.header.Database == store.SQLite:
		err = r.fileToPostgres(ctx)
	case postgres:
		err = r.rowsToPostgres(ctx)
	default:
		err = r.rowsToFile(ctx)
	}
	if err != nil {
		return err
	}
	return r.install()
}

// readHeader refuses a backup that this program cannot use, before anything is unpacked.
func (r *restoring) readHeader(ctx context.Context) error {
	enough := errors.New("enough")
	_, err := readArchive(ctx, r.file, entries{header: func(h backupHeader) error { r.header = h; return enough }})
	if !errors.Is(err, enough) {
		return err
	}
	h := r.header
	if h.Format > newestFormat || h.Schema > store.SchemaVersion() {
		return fault.New(fault.Conflict, "cli.backup_newer", "version", h.Program.Version, "schema", fmt.Sprint(h.Schema), "known", fmt.Sprint(store.SchemaVersion()))
	}
	if h.Format < 1 || h.Schema < 1 || h.Database != store.SQLite && h.Database != store.Postgres {
		return noBackup(fmt.Errorf("header %+v", h))
	}
	return nil
}

// read reads the whole backup, unpacks its files and gives the database to the two functions.
func (r *restoring) read(ctx context.Context, database func(io.Reader) error, rows func(string, io.Reader) error) (backupManifest, error) {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return backupManifest{}, err
	}
	r.files, r.keyed = 0, false
	return readArchive(ctx, r.file, entries{
		header:   func(backupHeader) error { return nil },
		database: database,
		rows:     rows,
		file: func(ref string, in io.Reader) error {
			r.files++
			folder := filepath.Join(r.part, blobFolder, ref[:2])
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return err
			}
			return writeNew(filepath.Join(folder, ref), in)
		},
		key: r.key,
	})
}

// key unpacks the key of the sealed secrets. A folder that has another one keeps it, and the restore is refused: what it opens may be
// nowhere else.
func (r *restoring) key(in io.Reader) error {
	key, err := io.ReadAll(io.LimitReader(in, maxKey))
	if err != nil {
		return err
	}
	if _, err := email.NewVault(key); err != nil {
		return noBackup(err)
	}
	path := filepath.Join(r.call.Config.Dir, vaultFile)
	switch own, err := os.ReadFile(path); {
	case err == nil && !bytes.Equal(own, key):
		return fault.New(fault.Conflict, "cli.other_key", "file", path).On("dir")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	r.keyed = true
	return writeNew(filepath.Join(r.part, vaultFile), bytes.NewReader(key))
}

func noRows(table string, _ io.Reader) error {
	return noBackup(fmt.Errorf("rows of %s beside a database file", table))
}

func noDatabase(io.Reader) error { return noBackup(errors.New("a database file beside rows")) }

// writeNew writes a file and brings it to the disk.
func writeNew(path string, in io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return outputFault(path, err)
	}
	defer f.Close()
	if _, err := io.Copy(f, in); err != nil {
		return outputFault(path, err)
	}
	return outputFault(path, errors.Join(f.Sync(), f.Close()))
}

// rowsToFile makes an SQLite database of the version of the backup and brings the rows in; Open brings it up to date.
func (r *restoring) rowsToFile(ctx context.Context) (err error) {
	db, err := store.Open(ctx, r.newDB(), store.Options{Version: r.header.Schema, Log: r.call.Log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Read(ctx, func(tx *store.Tx) error { return sameTables(ctx, tx, r.header.Tables) }); err != nil {
		return err
	}
	manifest, err := r.read(ctx, noDatabase, func(table string, in io.Reader) error {
		t, err := r.table(table)
		if err != nil {
			return err
		}
		return eachBatch(in, t, func(rows [][]any) error {
			return db.Bulk(ctx, store.System(), func(tx *store.Tx) error { return tx.Insert(ctx, t.Name, columnNames(t), rows) })
		})
	})
	if err != nil {
		return err
	}
	return db.Bulk(ctx, store.System(), func(tx *store.Tx) error { return complete(ctx, tx, manifest) })
}

// rowsToPostgres brings the rows into an empty database in one transaction.
func (r *restoring) rowsToPostgres(ctx context.Context) error {
	return r.toPostgres(ctx, r.header.Schema, r.header.Tables, func(tx *store.Tx) error {
		manifest, err := r.read(ctx, noDatabase, func(table string, in io.Reader) error {
			t, err := r.table(table)
			if err != nil {
				return err
			}
			return eachBatch(in, t, func(rows [][]any) error { return tx.Insert(ctx, t.Name, columnNames(t), rows) })
		})
		if err != nil {
			return err
		}
		return complete(ctx, tx, manifest)
	})
}

// fileToPostgres brings an SQLite database to the newest version and copies its rows in one transaction.
func (r *restoring) fileToPostgres(ctx context.Context) (err error) {
	path := filepath.Join(r.part, databaseEntry)
	if _, err := r.read(ctx, func(in io.Reader) error { return writeNew(path, in) }, noRows); err != nil {
		return err
	}
	from, err := store.Open(ctx, path, store.Options{Log: r.call.Log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	return from.Read(ctx, func(source *store.Tx) error {
		tables, err := source.Tables(ctx)
		if err != nil {
			return err
		}
		last, err := source.Sequences(ctx)
		if err != nil {
			return err
		}
		return r.toPostgres(ctx, 0, tables, func(tx *store.Tx) error {
			counted := map[string]int64{}
			for _, t := range tables {
				if counted[t.Name], err = copyTable(ctx, source, tx, t); err != nil {
					return fmt.Errorf("table %s: %w", t.Name, err)
				}
			}
			return complete(ctx, tx, backupManifest{Rows: counted, Sequences: last})
		})
	})
}

// toPostgres opens the configured database at a version of its tables (0: the newest) and fills it in one transaction,
// provided that it is empty and has the same tables.
func (r *restoring) toPostgres(ctx context.Context, version int64, source []store.Table, fill func(*store.Tx) error) (err error) {
	db, err := store.Open(ctx, r.call.Config.DB, store.Options{Version: version, Log: r.call.Log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Write(ctx, store.System(), func(tx *store.Tx) error {
		present, err := tx.Version(ctx)
		if err != nil {
			return err
		}
		tables, err := tx.Tables(ctx)
		if err != nil {
			return err
		}
		filled := version != 0 && present != version
		for _, t := range tables {
			var some bool
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+t.Name+`)`).Scan(&some); err != nil {
				return err
			}
			filled = filled || some
		}
		if filled {
			return fault.New(fault.Conflict, "cli.database_not_empty").On("db")
		}
		if err := sameTables(ctx, tx, source); err != nil {
			return err
		}
		return fill(tx)
	})
}

// sameTables makes sure that a backup has exactly the tables and columns of the database: their names become part of SQL.
func sameTables(ctx context.Context, tx *store.Tx, source []store.Table) error {
	own, err := tx.Tables(ctx)
	if err != nil {
		return err
	}
	describe := func(all []store.Table) []string {
		var names []string
		for _, t := range all {
			for _, c := range t.Columns {
				names = append(names, fmt.Sprintf("%s.%s %v", t.Name, c.Name, c.Bytes))
			}
		}
		slices.Sort(names)
		return names
	}
	if !slices.Equal(describe(own), describe(source)) {
		return noBackup(errors.New("its tables are not those of the database"))
	}
	return nil
}

// table finds a table of a backup that holds rows.
func (r *restoring) table(name string) (store.Table, error) {
	for _, t := range r.header.Tables {
		if t.Name == name {
			return t, nil
		}
	}
	return store.Table{}, noBackup(fmt.Errorf("rows of the unknown table %q", name))
}

// batch is how many rows one turn writes.
const batch = 1000

// eachBatch reads rows as JSON arrays and calls fn with up to batch of them at a time.
func eachBatch(in io.Reader, t store.Table, fn func([][]any) error) error {
	d := json.NewDecoder(bufio.NewReader(in))
	d.UseNumber()
	rows := make([][]any, 0, batch)
	for {
		var row []any
		err := d.Decode(&row)
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged(err)
		}
		if err := restoreRow(row, t); err != nil {
			return damaged(err)
		}
		if rows = append(rows, row); len(rows) == batch {
			if err := fn(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return fn(rows)
}

// restoreRow gives the values of a JSON array their types.
func restoreRow(row []any, t store.Table) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("%d values for the %d columns of %s", len(row), len(t.Columns), t.Name)
	}
	for i, v := range row {
		switch v := v.(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, t.Columns[i].Name, err)
			}
			row[i] = n
		case string:
			if !t.Columns[i].Bytes {
				continue
			}
			b, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, t.Columns[i].Name, err)
			}
			row[i] = b
		case nil:
		default:
			return fmt.Errorf("%s.%s holds a %T", t.Name, t.Columns[i].Name, v)
		}
	}
	return nil
}

func copyTable(ctx context.Context, from, to *store.Tx, t store.Table) (n int64, err error) {
	rows := make([][]any, 0, batch)
	flush := func() error {
		err := to.Insert(ctx, t.Name, columnNames(t), rows)
		rows = rows[:0]
		return err
	}
	err = eachRow(ctx, from, t, func(row []any) error {
		n++
		rows = append(rows, append([]any(nil), row...))
		if len(rows) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return 0, err
	}
	return n, flush()
}

// complete checks that all rows came in and makes the copy go on where the original stood. Numbers of transactions mean
// nothing in another database: the feed is then in the order of seq alone, and a follower goes back to the first change
// it has not read, so that it may read some twice but misses none.
func complete(ctx context.Context, tx *store.Tx, m backupManifest) error {
	tables, err := tx.Tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		var got int64
		if err := tx.QueryRow(ctx, `SELECT COUNT(1) FROM `+t.Name).Scan(&got); err != nil {
			return err
		}
		if want := m.Rows[t.Name]; got != want {
			return damaged(fmt.Errorf("%d rows of %s instead of %d", got, t.Name, want))
		}
	}
	for _, text := range []string{
		`UPDATE follower SET xid = 0, seq = COALESCE((SELECT MIN(feed.seq) - 1 FROM feed WHERE (feed.xid, feed.seq) > (follower.xid, follower.seq)),
			(SELECT MAX(feed.seq) FROM feed), 0)`,
		`UPDATE feed SET xid = 0 WHERE xid <> 0`,
	} {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	return tx.SetSequences(ctx, m.Sequences)
}

// install gives everything its name; the database file last. A crash in between leaves restoreFolder, and with it a
// folder that is refused until the restore is run again.
func (r *restoring) install() error {
	config := r.call.Config
	if err := os.Rename(filepath.Join(r.part, blobFolder), filepath.Join(config.Dir, blobFolder)); err != nil {
		return err
	}
	if r.keyed {
		if err := os.Rename(filepath.Join(r.part, vaultFile), filepath.Join(config.Dir, vaultFile)); err != nil {
			return err
		}
	}
	if !isPostgres(config.DB) {
		if exists(r.newDB() + "-wal") {
			return errors.New("the new database was not closed")
		}
		if err := os.Rename(r.newDB(), config.DB); err != nil {
			return err
		}
		if err := syncFolder(filepath.Dir(config.DB)); err != nil {
			return err
		}
	}
	if err := syncFolder(config.Dir); err != nil {
		return err
	}
	return os.RemoveAll(r.part)
}
