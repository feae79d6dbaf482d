package store

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// sharedMutexes takes the mutex of a connection out of SQLite; those that guard what connections share stay. The driver
// opens every connection in serialized mode, in which SQLite locks it for each value bound and each column read: a tenth
// of the time of an import. database/sql gives a connection to one goroutine at a time, which is all that the multi-thread
// mode asks for (https://www.sqlite.org/threadsafe.html); sqlite3_interrupt, the one call from beside, takes no mutex.
// The configuration is that of the process, so it is made once, before the first connection; what it returns keeps the
// functions alive that SQLite knows by address only.
var sharedMutexes = sync.OnceValues(func() (*mutexes, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	m := &mutexes{none: libc.Xmalloc(tls, 8)}
	args, methods := libc.Xmalloc(tls, 8), libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(m.methods)))
	if m.none == 0 || args == 0 || methods == 0 {
		return nil, errors.New("store: no memory to configure SQLite")
	}
	defer libc.Xfree(tls, args)
	defer libc.Xfree(tls, methods)
	// SQLite chooses its own methods when it begins, and is configured only while it has not.
	for _, step := range []func() int32{
		func() int32 { return sqlite3.Xsqlite3_initialize(tls) },
		func() int32 { return sqlite3.Xsqlite3_shutdown(tls) },
		func() int32 {
			return sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_GETMUTEX, libc.VaList(args, methods))
		},
		func() int32 {
			own := unsafe.Slice((*byte)(unsafe.Pointer(&m.methods)), unsafe.Sizeof(m.methods))
			copy(own, libc.GoBytes(methods, len(own)))
			m.spareConnections()
			changed, err := libc.CString(string(own)) // SQLite copies it
			if err != nil {
				return sqlite3.SQLITE_NOMEM
			}
			defer libc.Xfree(tls, changed)
			return sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_MUTEX, libc.VaList(args, changed))
		},
	} {
		if code := step(); code != sqlite3.SQLITE_OK {
			return nil, fmt.Errorf("store: configuring SQLite gave %d", code)
		}
	}
	return m, nil
})

// mutexes are the methods SQLite uses, and what keeps ours alive.
type mutexes struct {
	methods sqlite3.Tsqlite3_mutex_methods
	none    uintptr // stands for the mutex of a connection

	alloc              func(*libc.TLS, int32) uintptr
	free, enter, leave func(*libc.TLS, uintptr)
	try                func(*libc.TLS, uintptr) int32
}

// spareConnections makes recursive mutexes, which connections alone have, do nothing.
func (m *mutexes) spareConnections() {
	none, own := m.none, m.methods
	spare := func(method *uintptr) func(*libc.TLS, uintptr) {
		use := *(*func(*libc.TLS, uintptr))(unsafe.Pointer(method))
		return func(tls *libc.TLS, mutex uintptr) {
			if mutex != none {
				use(tls, mutex)
			}
		}
	}
	alloc := *(*func(*libc.TLS, int32) uintptr)(unsafe.Pointer(&own.FxMutexAlloc))
	m.alloc = func(tls *libc.TLS, kind int32) uintptr {
		if kind == sqlite3.SQLITE_MUTEX_RECURSIVE {
			return none
		}
		return alloc(tls, kind)
	}
	try := *(*func(*libc.TLS, uintptr) int32)(unsafe.Pointer(&own.FxMutexTry))
	m.try = func(tls *libc.TLS, mutex uintptr) int32 {
		if mutex == none {
			return sqlite3.SQLITE_OK
		}
		return try(tls, mutex)
	}
	m.free, m.enter, m.leave = spare(&own.FxMutexFree), spare(&own.FxMutexEnter), spare(&own.FxMutexLeave)
	m.methods.FxMutexAlloc = *(*uintptr)(unsafe.Pointer(&m.alloc))
	m.methods.FxMutexFree = *(*uintptr)(unsafe.Pointer(&m.free))
	m.methods.FxMutexEnter = *(*uintptr)(unsafe.Pointer(&m.enter))
	m.methods.FxMutexLeave = *(*uintptr)(unsafe.Pointer(&m.leave))
	m.methods.FxMutexTry = *(*uintptr)(unsafe.Pointer(&m.try))
}
