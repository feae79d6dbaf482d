// Package blob keeps files: uploads waiting for their import, error files, attachments.
//
// A file is named by the SHA-256 of what is in it, its reference: the same content is kept once, a
// reference can be checked against the bytes, and nothing a user types ever becomes part of a path.
// Put writes beside the files, syncs, renames and syncs the folder, so that a reference once given
// out is on the disk whole; what a killed process left half written is swept away by Open. The
// package does not count who uses a file: whoever deletes knows, and spares young files that a
// transaction may be about to name (Walk tells the time of the last Put).
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"stamm/internal/platform/fault"
)

// partFolder holds files that are being written; everything in it is rubbish after a start.
const partFolder = "part"

// Store is a folder of files by content. One process owns the folder.
type Store struct {
	dir string
	// naming is held while a file gets or loses its name, so that a Put that found its content already
	// there cannot be overtaken by a Delete of it.
	naming sync.Mutex
}

// Open makes the folder if it is missing and sweeps away what an earlier process left half written.
// It fails with unavailable where the folder cannot be written.
func Open(dir string) (*Store, error) {
	part := filepath.Join(dir, partFolder)
	if err := os.RemoveAll(part); err != nil {
		return nil, diskFault(err)
	}
	if err := os.MkdirAll(part, 0o700); err != nil {
		return nil, diskFault(err)
	}
	return &Store{dir: dir}, nil
}

// Put keeps what r gives and returns its reference and its size in bytes. The file is on the disk
// when Put returns. More than limit bytes (0: no limit) are refused as invalid; a full or read-only
// disk is unavailable; an error of r is returned as it is. Nothing is kept after an error.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (ref string, size int64, err error) {
	part, err := os.CreateTemp(filepath.Join(s.dir, partFolder), "put-*")
	if err != nil {
		return "", 0, diskFault(err)
	}
	defer os.Remove(part.Name()) // after the rename there is nothing left to remove
	defer part.Close()

	w := &hashingFile{file: part, sum: sha256.New()}
	size, err = io.Copy(w, &limitedReader{ctx: ctx, r: r, left: limit, limited: limit > 0})
	if err != nil {
		var tooBig *overLimit
		switch {
		case w.err != nil:
			return "", 0, diskFault(w.err)
		case errors.As(err, &tooBig):
			return "", 0, fault.New(fault.Invalid, "blob.too_big", "limit", limit)
		}
		return "", 0, err
	}
	if err := part.Sync(); err != nil {
		return "", 0, diskFault(err)
	}
	if err := part.Close(); err != nil {
		return "", 0, diskFault(err)
	}
	ref = hex.EncodeToString(w.sum.Sum(nil))
	if err := s.name(part.Name(), ref); err != nil {
		return "", 0, diskFault(err)
	}
	return ref, size, nil
}

// name gives a written file its place and makes the place durable.
func (s *Store) name(part, ref string) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	place := s.place(ref)
	folder := filepath.Dir(place)
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(place); err == nil {
		now := time.Now() // wanted again just now: a sweep of old files spares it
		if err := os.Chtimes(place, now, now); err != nil {
			return err
		}
	} else if err := os.Rename(part, place); err != nil {
		return err
	}
	// Both folders also where the name was there before: a crash may have come between it and its sync.
	return errors.Join(syncFolder(folder), syncFolder(s.dir))
}

// Open opens a file for reading. A reference that was never given out, or whose file was deleted,
// is notfound.
func (s *Store) Open(ref string) (*os.File, error) {
	path, err := s.Path(ref)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown(ref)
	}
	if err != nil {
		return nil, diskFault(err)
	}
	return f, nil
}

// Path is where the file of a reference lies, for libraries that want a path. It does not look
// whether the file is there. Anything but a reference is notfound, so a path never leaves the folder.
func (s *Store) Path(ref string) (string, error) {
	if !isRef(ref) {
		return "", unknown(ref)
	}
	return s.place(ref), nil
}

// Delete removes a file. One that is not there is no error: deleting twice is deleting.
func (s *Store) Delete(ref string) error {
	path, err := s.Path(ref)
	if err != nil {
		return err
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskFault(err)
	}
	return nil
}

// Sweep removes a file unless it was put after that time, also meanwhile.
func (s *Store) Sweep(ref string, before time.Time) error {
	path, err := s.Path(ref)
	if err != nil {
		return err
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
		return nil
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return diskFault(err)
	}
	return nil
}

// File is what Walk tells about a file.
type File struct {
	Ref  string
	Size int64     // bytes
	Put  time.Time // when this content was last put
}

// Walk calls fn for every file, in the order of the references, until fn fails or ctx ends. Files
// that are put or deleted meanwhile may be told or not.
func (s *Store) Walk(ctx context.Context, fn func(File) error) error {
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return diskFault(err)
	}
	for _, folder := range folders {
		if len(folder.Name()) != prefix || !folder.IsDir() {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(s.dir, folder.Name()))
		if err != nil {
			return diskFault(err)
		}
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) || !isRef(entry.Name()) {
				continue
			}
			if err != nil {
				return diskFault(err)
			}
			if err := fn(File{Ref: entry.Name(), Size: info.Size(), Put: info.ModTime().UTC()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// prefix is how many letters of the reference name the folder: 256 folders keep each one short.
const prefix = 2

func (s *Store) place(ref string) string { return filepath.Join(s.dir, ref[:prefix], ref) }

func isRef(ref string) bool {
	if len(ref) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(ref) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func unknown(ref string) error {
	return fault.New(fault.NotFound, "blob.unknown").Because(fmt.Errorf("no file %.80q", ref))
}

// diskFault tells a full disk from one that cannot be written, since the remedies differ.
func diskFault(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.New(fault.Unavailable, "blob.disk_full").Because(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.New(fault.Unavailable, "blob.not_writable").Because(err)
	}
	return fault.New(fault.Unavailable, "blob.disk").Because(err)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// hashingFile writes to the file and the hash and remembers an error of the file, which io.Copy
// mixes with errors of the reader.
type hashingFile struct {
	file *os.File
	sum  hash.Hash
	err  error
}

func (w *hashingFile) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.sum.Write(p[:n])
	w.err = err
	return n, err
}

type overLimit struct{}

func (*overLimit) Error() string { return "more bytes than allowed" }

// limitedReader ends with an error, not with EOF, at the byte after the limit, and when ctx ends.
type limitedReader struct {
	ctx     context.Context
	r       io.Reader
	left    int64
	limited bool
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if l.limited && int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.limited {
		if l.left -= int64(n); l.left < 0 {
			return 0, &overLimit{}
		}
	}
	return n, err
}
