package cli

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// A backup is a tar file, compressed where its name ends in .gz:
//
//	header.json           what the backup is, so that one that cannot be used is refused before it is read
//	stamm.db              an SQLite database, or
//	tables/NAME/N.jsonl   the rows of a table as JSON arrays, for a PostgreSQL database
//	blob/REF              the files
//	mail.key              what opens the sealed passwords and keys, only where it was asked for
//	manifest.json         size and checksum of everything before, so that nothing can be missing or changed
const (
	headerEntry   = "header.json"
	databaseEntry = "stamm.db"
	manifestEntry = "manifest.json"
	tablesFolder  = "tables/"
	blobFolder    = "blob"

	plainFormat  = 1
	keyFormat    = 2 // with mail.key, which older programs do not know
	newestFormat = keyFormat
	maxKey       = 1 << 10  // bytes of mail.key
	maxEntryJSON = 64 << 20 // bytes of header, manifest or a piece of a table
)

// backupHeader is the first entry of a backup.
type backupHeader struct {
	Format   int           `json:"format"`
	Program  build         `json:"program"`
	Created  time.Time     `json:"created"`
	Database store.Dialect `json:"database"`
	Schema   int64         `json:"schema"`
	Tables   []store.Table `json:"tables,omitempty"` // of a backup that holds rows
}

// backupManifest is the last entry of a backup.
type backupManifest struct {
	Files     []backupFile     `json:"files"`
	Rows      map[string]int64 `json:"rows,omitempty"`      // by table
	Sequences map[string]int64 `json:"sequences,omitempty"` // last ids given, by table
}

type backupFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// archiveWriter writes a backup and keeps its manifest.
type archiveWriter struct {
	tar      *tar.Writer
	closing  []func() error
	manifest backupManifest
	now      time.Time
}

func newArchiveWriter(w io.Writer, compressed bool, now time.Time) *archiveWriter {
	a := &archiveWriter{now: now, manifest: backupManifest{Files: []backupFile{}}}
	buffered := bufio.NewWriterSize(w, 1<<20)
	out := io.Writer(buffered)
	a.closing = []func() error{buffered.Flush}
	if compressed {
		z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		out = z
		a.closing = append(a.closing, z.Close)
	}
	a.tar = tar.NewWriter(out)
	a.closing = append(a.closing, a.tar.Close)
	return a
}

// add writes one entry of so many bytes.
func (a *archiveWriter) add(name string, size int64, r io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: a.now, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(a.tar, sum), r)
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%s: %d bytes instead of %d", name, n, size)
	}
	a.manifest.Files = append(a.manifest.Files, backupFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (a *archiveWriter) addFile(ctx context.Context, name string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.add(name, info.Size(), &stoppableReader{ctx, f})
}

func (a *archiveWriter) addJSON(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.add(name, int64(len(data)), strings.NewReader(string(data)))
}

// close writes the manifest and ends the file.
func (a *archiveWriter) close() error {
	if err := a.addJSON(manifestEntry, a.manifest); err != nil {
		return err
	}
	for i := len(a.closing) - 1; i >= 0; i-- {
		if err := a.closing[i](); err != nil {
			return err
		}
	}
	return nil
}

// stoppableReader ends with its context.
type stoppableReader struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppableReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// entries is what readArchive does with each kind of entry. Functions may leave the rest of a reader unread.
type entries struct {
	header   func(backupHeader) error
	database func(io.Reader) error
	rows     func(table string, r io.Reader) error
	file     func(ref string, r io.Reader) error
	key      func(io.Reader) error
}

var (
	tableEntry = regexp.MustCompile(`^tables/([a-z][a-z0-9_]{0,62})/[0-9]{1,12}\.jsonl$`)
	blobEntry  = regexp.MustCompile(`^blob/([0-9a-f]{64})$`)
)

// readArchive reads a backup from its beginning to its end, checks every entry against the manifest and returns that.
// What is no backup, is damaged or ends too early is an invalid fault; what was done with its entries must then be
// thrown away.
func readArchive(ctx context.Context, r io.Reader, on entries) (backupManifest, error) {
	in, err := maybeGzip(&stoppableReader{ctx, r})
	if err != nil {
		return backupManifest{}, noBackup(err)
	}
	a := archiveReader{tar: tar.NewReader(in), on: on}
	for {
		entry, err := a.tar.Next()
		if err == io.EOF && len(a.seen) == 0 {
			return backupManifest{}, noBackup(err)
		}
		if err == io.EOF {
			return backupManifest{}, damaged(errors.New("the manifest is missing"))
		}
		if err != nil {
			return backupManifest{}, a.unreadable(ctx, err)
		}
		manifest, err := a.entry(entry)
		if err != nil {
			return backupManifest{}, a.unreadable(ctx, err)
		}
		if manifest != nil {
			return *manifest, nil
		}
	}
}

func maybeGzip(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<20)
	magic, err := b.Peek(2)
	if err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, nil
	}
	return gzip.NewReader(b)
}

type archiveReader struct {
	tar  *tar.Reader
	on   entries
	seen []backupFile
}

// entry handles one entry; a manifest that fits what was read ends the backup.
func (a *archiveReader) entry(h *tar.Header) (*backupManifest, error) {
	if (len(a.seen) == 0) != (h.Name == headerEntry) || h.Typeflag != tar.TypeReg {
		return nil, noBackup(fmt.Errorf("entry %q", h.Name))
	}
	sum := sha256.New()
	in := &failingReader{r: io.TeeReader(a.tar, sum)}
	manifest, err := a.dispatch(h.Name, in)
	if in.err != nil { // a damaged file rather than what somebody made of it
		return nil, damaged(in.err)
	}
	if err != nil || manifest != nil {
		return manifest, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return nil, damaged(err)
	}
	a.seen = append(a.seen, backupFile{h.Name, h.Size, hex.EncodeToString(sum.Sum(nil))})
	return nil, nil
}

func (a *archiveReader) dispatch(name string, r io.Reader) (*backupManifest, error) {
	switch name {
	case headerEntry:
		var header backupHeader
		if err := decodeEntry(r, &header); err != nil {
			return nil, noBackup(err)
		}
		return nil, a.on.header(header)
	case databaseEntry:
		return nil, a.on.database(r)
	case vaultFile:
		return nil, a.on.key(r)
	case manifestEntry:
		var m backupManifest
		if err := decodeEntry(r, &m); err != nil {
			return nil, damaged(err)
		}
		return &m, a.compare(m)
	}
	if m := tableEntry.FindStringSubmatch(name); m != nil {
		return nil, a.on.rows(m[1], r)
	}
	if m := blobEntry.FindStringSubmatch(name); m != nil {
		return nil, a.on.file(m[1], r)
	}
	return nil, noBackup(fmt.Errorf("entry %q", name))
}

func decodeEntry(r io.Reader, v any) error {
	return json.NewDecoder(io.LimitReader(r, maxEntryJSON)).Decode(v)
}

// compare checks that exactly the entries of the manifest were read.
func (a *archiveReader) compare(m backupManifest) error {
	if len(m.Files) != len(a.seen) {
		return damaged(fmt.Errorf("%d entries instead of %d", len(a.seen), len(m.Files)))
	}
	for i, want := range m.Files {
		if a.seen[i] != want {
			return damaged(fmt.Errorf("%s does not have its checksum", want.Name))
		}
	}
	return nil
}

// unreadable tells a damaged file from an error of whoever used its entries.
func (a *archiveReader) unreadable(ctx context.Context, err error) error {
	var f *fault.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &f):
		return err
	case len(a.seen) == 0 && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)):
		return noBackup(err)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return damaged(err)
	}
	return err
}

// failingReader remembers the error of reading, which users of a reader mix with their own.
type failingReader struct {
	r   io.Reader
	err error
}

func (f *failingReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

func noBackup(err error) error { return fault.New(fault.Invalid, "cli.no_backup").Because(err) }

func damaged(err error) error { return fault.New(fault.Invalid, "cli.backup_damaged").Because(err) }
