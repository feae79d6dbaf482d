// Package warehouse answers questions about all customers at once, from a copy of what the store holds
// that is laid out for counting.
//
// The copy is one DuckDB file owned by this process, and it is disposable: everything in it can be read
// from the store again, and nothing in it names a person. Domains describe their tables as plain values
// (Projection); Follow keeps the copy up to date by the change feed, with rows and cursor in one
// transaction, so that a killed process goes on where the last commit left it. A file that is damaged or
// of another layout is thrown away and built anew. There is one writer; any number of readers see the
// state of the last commit meanwhile. Files are numbered: a rebuild or compaction makes the next number
// beside the present one, which answers until the new one takes its place.
package warehouse

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/singleflight"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
)

// Options of Open. Dir and Projections are needed, the rest has defaults.
type Options struct {
	Dir         string // folder of the files; made if missing, owned by this process
	Projections []Projection

	// MemoryLimit is how many bytes DuckDB may use for data, 384 MiB by default; what needs more goes
	// through the folder. The process grows to about 200 MiB above it while much is computed.
	MemoryLimit int64
	Threads     int          // of DuckDB; 2 by default, at most the number of processors
	Log         *slog.Logger // slog.Default by default
}

// maxReaders is how many queries may run or be read from at once; more wait their turn.
const maxReaders = 16

// tempFolder is where DuckDB puts what does not fit into its memory.
const tempFolder = "temp"

// DB is an open warehouse. Its methods may be called concurrently.
type DB struct {
	options Options
	log     *slog.Logger

	writing sync.Mutex // held by whoever writes the present generation or replaces it
	making  sync.Mutex // held by whoever makes the next generation

	mu      sync.Mutex
	current *generation
	next    int // number of the next generation
	version int64
	state   Status
	moved   chan struct{} // closed and replaced with every commit
	urgent  chan struct{} // capacity 1: somebody waits for the next commit
	waiters int
	broken  chan struct{} // capacity 1: the present file has shown to be damaged
	damaged bool          // it has
	rebuilt time.Time     // when the present generation came into its place
	stuck   *fault.Error  // why the follower cannot go on, where somebody can help; nil while it goes

	cache   cache
	flights singleflight.Group

	life   context.Context // ends with Close; what runs behind a page lives in it
	end    context.CancelFunc
	behind sync.WaitGroup
	ending bool // guarded by mu: nothing more may start behind
}

// Status tells how the warehouse stands.
type Status struct {
	Complete bool      // it has been built and answers are right as of AsOf
	Building bool      // it is being built anew just now
	Rows     int64     // rows written by the build under way, or by the last one
	AsOf     time.Time // time of the last change it shows; zero before the first
	Size     int64     // bytes of the file
}

// Open opens the newest whole file of the folder, or makes an empty one, which Follow or Rebuild then
// fills. Damaged files and files of another layout are removed. It fails with unavailable when another
// process holds the file or the folder cannot be written.
func Open(ctx context.Context, o Options) (*DB, error) {
	if err := check(o.Projections); err != nil {
		return nil, err
	}
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = 384 << 20
	}
	if o.Threads <= 0 {
		o.Threads = min(2, runtime.NumCPU())
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if err := os.MkdirAll(filepath.Join(dir, tempFolder), 0o700); err != nil {
		return nil, diskFault(err)
	}
	db := &DB{options: o, log: o.Log, moved: make(chan struct{}), urgent: make(chan struct{}, 1), broken: make(chan struct{}, 1)}
	db.life, db.end = context.WithCancel(context.Background())
	if err := db.openNewest(ctx); err != nil {
		db.end()
		return nil, err
	}
	db.cache.init()
	return db, nil
}

// openNewest opens the newest file that was ever complete and removes all others.
func (db *DB) openNewest(ctx context.Context) error {
	numbers, err := db.numbers()
	if err != nil {
		return diskFault(err)
	}
	db.next = 1
	if len(numbers) > 0 {
		db.next = numbers[0] + 1
	}
	for _, n := range numbers {
		if db.current == nil {
			g, err := openGeneration(ctx, db.options, n, false)
			switch {
			case err == nil && g.meta.complete:
				db.current = g
				continue
			case err == nil:
				g.close()
			case fault.CodeOf(err) == fault.Unavailable:
				return err // locked, or the disk: the file itself may be good
			default:
				db.log.Warn("warehouse: a file cannot be used and is built anew", "file", n, "reason", err)
			}
		}
		if err := removeFile(db.path(n)); err != nil {
			return diskFault(err)
		}
	}
	if db.current == nil {
		if db.current, err = openGeneration(ctx, db.options, db.next, true); err != nil {
			return err
		}
		db.next++
	}
	db.sweep(db.current.number)
	return nil
}

// numbers lists the generations that lie in the folder, newest first.
func (db *DB) numbers() ([]int, error) {
	entries, err := os.ReadDir(db.options.Dir)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, e := range entries {
		stem, isFile := strings.CutSuffix(e.Name(), fileSuffix)
		if n, err := strconv.Atoi(stem); isFile && err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all, nil
}

func (db *DB) path(number int) string {
	return filepath.Join(db.options.Dir, strconv.Itoa(number)+fileSuffix)
}

// sweep removes what is left of other generations and of spilled queries. It is only called while no
// other generation is open.
func (db *DB) sweep(keep int) {
	entries, _ := os.ReadDir(db.options.Dir)
	own := strconv.Itoa(keep) + fileSuffix
	for _, e := range entries {
		if !e.IsDir() && e.Name() != own && e.Name() != own+".wal" && strings.Contains(e.Name(), fileSuffix) {
			os.Remove(filepath.Join(db.options.Dir, e.Name()))
		}
	}
	temp := filepath.Join(db.options.Dir, tempFolder)
	left, _ := os.ReadDir(temp)
	for _, e := range left {
		os.RemoveAll(filepath.Join(temp, e.Name()))
	}
}

// Close ends what runs behind pages, waits for the writer and closes the file. Follow and Rebuild must
// have returned.
func (db *DB) Close() error {
	db.mu.Lock()
	db.ending = true
	db.mu.Unlock()
	db.end()
	db.behind.Wait()
	db.making.Lock()
	defer db.making.Unlock()
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	g := db.current
	db.current = nil
	db.mu.Unlock()
	if g == nil {
		return nil
	}
	g.retire()
	<-g.closed
	return nil
}

// Version is a number that is greater after every commit of the warehouse in this process.
func (db *DB) Version() int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.version
}

// AsOf is the time of the last change that the warehouse shows; zero before the first.
func (db *DB) AsOf() time.Time { return db.Status().AsOf }

// Status tells how the warehouse stands.
func (db *DB) Status() Status {
	db.mu.Lock()
	s := db.state
	var path string
	if db.current != nil {
		s.Complete, s.AsOf, path = db.current.meta.complete, db.current.meta.at, db.current.path
	}
	db.mu.Unlock()
	if info, err := os.Stat(path); err == nil {
		s.Size = info.Size()
	}
	return s
}

// Cursor is how far the warehouse has read the feed.
func (db *DB) Cursor() feed.Cursor {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.current == nil {
		return feed.Cursor{}
	}
	return db.current.meta.cursor
}

// generation returns the present generation for writing; the caller holds writing.
func (db *DB) generation() (*generation, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.current == nil {
		return nil, errClosed()
	}
	return db.current, nil
}

// committed makes a commit known: the generation has become m.
func (db *DB) committed(g *generation, m meta) {
	db.mu.Lock()
	defer db.mu.Unlock()
	g.meta = m
	if g == db.current {
		db.announce()
	}
}

// passed moves the cursor over changes that ask nothing of the warehouse.
func (db *DB) passed(g *generation, m meta) {
	db.mu.Lock()
	defer db.mu.Unlock()
	g.meta = m
	if g == db.current {
		db.wake()
	}
}

// announce gives the present state a new version; the caller holds mu.
func (db *DB) announce() {
	db.version++
	db.wake()
}

// wake wakes who waits for the cursor; the caller holds mu.
func (db *DB) wake() {
	close(db.moved)
	db.moved = make(chan struct{})
}

// replace makes g the present generation; the caller holds writing. The file of the one before goes when
// its last query is done, which the channel tells.
func (db *DB) replace(g *generation) (<-chan error, error) {
	gone := make(chan error, 1)
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.ending {
		return nil, errClosed()
	}
	old := db.current
	db.current, db.damaged, db.rebuilt = g, false, time.Now()
	db.announce()
	db.behind.Go(func() {
		old.retire()
		<-old.closed
		err := removeFile(old.path)
		if err != nil {
			db.log.Warn("warehouse: an old file stays until the next start", "error", err)
		}
		gone <- err
	})
	return gone, nil
}

// goBehind runs fn beside the callers; Close waits for it. False when the warehouse is closing.
func (db *DB) goBehind(fn func()) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.ending {
		return false
	}
	db.behind.Go(fn)
	return true
}

func errClosed() error { return fault.New(fault.Unavailable, "warehouse.closed") }

func diskFault(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Unavailable, "warehouse.disk_full").Because(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.New(fault.Unavailable, "warehouse.not_writable").Because(err)
	}
	return fault.New(fault.Unavailable, "warehouse.disk").Because(err)
}
