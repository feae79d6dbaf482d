package cli

import (
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
	"strings"
	"syscall"

	"stamm/internal/platform/blob"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

type backupCommand struct {
	File     string `arg:"" help:"File to write, compressed if its name ends in .gz; - for standard output. A file of that name is replaced when the backup is whole."`
	WithKeys bool   `help:"Put mail.key into the backup, so that nothing has to be entered again after a restore. Whoever has the file can then read passwords of relays and mailboxes and sign mails in your name."`
}

// scratchPattern names folders for what a command makes on the way; the next owner removes what a killed one left.
const scratchPattern = ".scratch-*"

// sweepScratch removes what killed commands have left; the folder is ours alone.
func sweepScratch(dir string) error {
	for _, pattern := range []string{scratchPattern, socketScratch} {
		left, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return err
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

var globEscapes = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

func escapeGlob(path string) string { return globEscapes.Replace(path) }

// Run writes a backup.
func (cmd *backupCommand) Run(ctx context.Context, c *Call) error {
	if cmd.File == "-" {
		if c.JSON {
			return fault.New(fault.Invalid, "cli.json_and_output").On("file")
		}
		return backup(ctx, c.App, c.Stdout, false, cmd.WithKeys)
	}
	path := c.Path(cmd.File)
	size, err := writeWhole(path, func(w io.Writer) error {
		return backup(ctx, c.App, w, strings.HasSuffix(path, ".gz"), cmd.WithKeys)
	})
	if err != nil {
		return err
	}
	key := filepath.Join(c.Config.Dir, vaultFile)
	result, say := map[string]any{"file": path, "bytes": size}, ""
	switch {
	case !exists(key): // nothing was ever sealed
	case cmd.WithKeys:
		result["with"], say = []string{key}, "cli.backed_up_with"
	default:
		result["without"], say = []string{key}, "cli.backed_up_without"
	}
	return c.Print(result, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("cli.backed_up", "file", path, "size", c.Text.Bytes(size)))
		if say != "" {
			fmt.Fprintln(w, c.Text.T(say, "file", key))
		}
	})
}

// writeWhole writes a file that appears under its name only when it is whole and on the disk. It returns its size.
func writeWhole(path string, write func(io.Writer) error) (size int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return 0, outputFault(path, err)
	}
	defer os.Remove(part.Name()) // after the rename there is nothing left to remove
	defer part.Close()
	if err := write(part); err != nil {
		return 0, outputFault(path, err)
	}
	info, err := part.Stat()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return 0, outputFault(path, err)
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return 0, outputFault(path, err)
	}
	return info.Size(), syncFolder(filepath.Dir(path))
}

// outputFault gives errors of the file system their messages and leaves others as they are.
func outputFault(path string, err error) error {
	var p *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.New(fault.Unavailable, "errors.disk_full").Because(err)
	case errors.As(err, &p):
		return fault.New(fault.Unavailable, "cli.no_output", "file", path).On("file").Because(err)
	}
	return err
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// backup writes everything to w: first one state of the database, then the files, of which there may meanwhile be more
// than that state names, but none fewer; then, with keys, what opens the sealed secrets.
func backup(ctx context.Context, app *App, w io.Writer, compressed, keys bool) error {
	a := newArchiveWriter(w, compressed, app.Store.Now())
	var key []byte
	format := plainFormat
	if keys {
		var err error
		if key, err = os.ReadFile(filepath.Join(app.Config.Dir, vaultFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		format = keyFormat
	}
	var err error
	if app.Store.Dialect() == store.SQLite {
		err = backupSQLite(ctx, app, a, format)
	} else {
		err = backupRows(ctx, app, a, format)
	}
	if err != nil {
		return err
	}
	if err := backupFiles(ctx, app.Files, a); err != nil {
		return err
	}
	if key != nil {
		if err := a.add(vaultFile, int64(len(key)), bytes.NewReader(key)); err != nil {
			return err
		}
	}
	return a.close()
}

func header(ctx context.Context, tx *store.Tx, format int) (backupHeader, error) {
	version, err := tx.Version(ctx)
	return backupHeader{Format: format, Program: thisBuild(), Created: tx.Now, Database: tx.Dialect(), Schema: version}, err
}

func backupSQLite(ctx context.Context, app *App, a *archiveWriter, format int) error {
	var h backupHeader
	if err := app.Store.Read(ctx, func(tx *store.Tx) (err error) { h, err = header(ctx, tx, format); return err }); err != nil {
		return err
	}
	if err := a.addJSON(headerEntry, h); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(app.Config.Dir, scratchPattern)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	path := filepath.Join(scratch, databaseEntry)
	if err := app.Store.Snapshot(ctx, path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return a.addFile(ctx, databaseEntry, f)
}

// backupRows writes all tables as rows, out of one snapshot however long it takes.
func backupRows(ctx context.Context, app *App, a *archiveWriter, format int) error {
	return app.Store.Read(ctx, func(tx *store.Tx) error {
		h, err := header(ctx, tx, format)
		if err != nil {
			return err
		}
		if h.Tables, err = tx.Tables(ctx); err != nil {
			return err
		}
		if err := a.addJSON(headerEntry, h); err != nil {
			return err
		}
		a.manifest.Rows = map[string]int64{}
		for _, t := range h.Tables {
			if a.manifest.Rows[t.Name], err = backupTable(ctx, tx, a, t); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		a.manifest.Sequences, err = tx.Sequences(ctx)
		return err
	})
}

// pieceSize is about how many bytes of a table one entry holds.
const pieceSize = 4 << 20

func backupTable(ctx context.Context, tx *store.Tx, a *archiveWriter, t store.Table) (rows int64, err error) {
	var piece bytes.Buffer
	pieces := 0
	flush := func() error {
		if piece.Len() == 0 {
			return nil
		}
		pieces++
		err := a.add(fmt.Sprintf("%s%s/%d.jsonl", tablesFolder, t.Name, pieces), int64(piece.Len()), bytes.NewReader(piece.Bytes()))
		piece.Reset()
		return err
	}
	line := json.NewEncoder(&piece)
	line.SetEscapeHTML(false)
	err = eachRow(ctx, tx, t, func(row []any) error {
		rows++
		for i, c := range t.Columns {
			if b, ok := row[i].([]byte); ok && c.Bytes {
				row[i] = base64.StdEncoding.EncodeToString(b)
			}
		}
		if err := line.Encode(row); err != nil {
			return err
		}
		if piece.Len() < pieceSize {
			return nil
		}
		return flush()
	})
	if err != nil {
		return 0, err
	}
	return rows, flush()
}

// eachRow calls fn with each row of a table: whole numbers as int64, texts as string, bytes as []byte. fn may change the
// row but not keep it.
func eachRow(ctx context.Context, tx *store.Tx, t store.Table, fn func(row []any) error) error {
	rows, err := tx.Query(ctx, `SELECT `+columnList(t)+` FROM `+t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	row, places := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range row {
		places[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i, c := range t.Columns {
			if b, ok := row[i].([]byte); ok && !c.Bytes {
				row[i] = string(b)
			}
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

func columnList(t store.Table) string { return strings.Join(columnNames(t), ", ") }

func columnNames(t store.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

func backupFiles(ctx context.Context, files *blob.Store, a *archiveWriter) error {
	return files.Walk(ctx, func(info blob.File) error {
		f, err := files.Open(info.Ref)
		if fault.CodeOf(err) == fault.NotFound {
			return nil // deleted since it was seen
		}
		if err != nil {
			return err
		}
		defer f.Close()
		return a.addFile(ctx, blobFolder+"/"+info.Ref, f)
	})
}
