package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"stamm/internal/platform/fault"
)

// Names in the data folder.
const (
	lockName   = "lock"
	socketName = "stamm.sock"

	socketScratch = ".socket-*" // where a socket is made
)

// maxSocketPath is the longest path the kernel takes for a socket, with some to spare: 104 bytes on macOS, 108 on Linux.
const maxSocketPath = 100

// holder is what an owner writes into its lock, for those who find it held.
type holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Addr    string `json:"addr,omitempty"`
}

// owner is this process as the one that holds a data folder.
type owner struct {
	dir    string
	lock   *os.File
	socket *net.UnixListener
}

// heldError says that another process holds the folder.
type heldError struct{ by holder }

func (e *heldError) Error() string { return "folder held by process " + strconv.Itoa(e.by.PID) }

// acquire makes this process the owner of the folder; a *heldError if there is one already. The lock ends with the
// process, whatever way that ends.
func acquire(dir string, self holder) (*owner, error) {
	unwritable := func(err error) error {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return fault.New(fault.Unavailable, "errors.disk_full").On("dir").Because(err)
		}
		return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", dir).On("dir").Because(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.Unavailable, "cli.no_lock", "folder", dir).On("dir").Because(err)
		}
		return nil, &heldError{readHolder(lock)}
	}
	o := &owner{dir: dir, lock: lock}
	if err := o.describe(self); err != nil {
		lock.Close()
		return nil, unwritable(err)
	}
	if o.socket, err = listenUnix(dir); err != nil {
		lock.Close()
		return nil, unwritable(err)
	}
	return o, nil
}

// readHolder reads who holds a lock; zero if that process has not written it yet.
func readHolder(lock io.Reader) (h holder) {
	data, err := io.ReadAll(io.LimitReader(lock, 4096))
	if err == nil && json.Unmarshal(data, &h) != nil {
		return holder{}
	}
	return h
}

// describe writes into the lock who this is.
func (o *owner) describe(self holder) error {
	self.PID = os.Getpid()
	data, err := json.Marshal(self)
	if err != nil {
		return err
	}
	if err := o.lock.Truncate(0); err != nil {
		return err
	}
	_, err = o.lock.WriteAt(append(data, '\n'), 0)
	return err
}

// release gives the folder up. The lock file stays: removing it would let two processes hold two files of one name.
func (o *owner) release() {
	o.socket.Close()
	os.Remove(filepath.Join(o.dir, socketName))
	o.lock.Truncate(0)
	o.lock.Close()
}

// listenUnix listens on the folder's socket, in the place of one a killed process has left. The socket is made in a
// folder nobody else can enter, so that its mode is right before its name is known.
func listenUnix(dir string) (*net.UnixListener, error) {
	private, err := os.MkdirTemp(dir, socketScratch)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	var l *net.UnixListener
	err = withShortPath(private, func(short string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, "s"), Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	made := filepath.Join(private, "s")
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, filepath.Join(dir, socketName))); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func dialUnix(ctx context.Context, dir string) (net.Conn, error) {
	var conn net.Conn
	err := withShortPath(dir, func(short string) (err error) {
		var d net.Dialer
		conn, err = d.DialContext(ctx, "unix", filepath.Join(short, socketName))
		return err
	})
	return conn, err
}

// withShortPath calls fn with a path of dir that is short enough for a socket in it: dir itself, or a symbolic link to
// it that exists only during the call.
func withShortPath(dir string, fn func(short string) error) error {
	if len(dir)+len("/"+socketName) <= maxSocketPath {
		return fn(dir)
	}
	parent := os.TempDir()
	if len(parent) > maxSocketPath/2 {
		parent = "/tmp"
	}
	private, err := os.MkdirTemp(parent, "stamm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)
	link := filepath.Join(private, "d")
	if err := os.Symlink(dir, link); err != nil {
		return err
	}
	return fn(link)
}

// Waits while an owner is just beginning or ending.
const (
	ownerPause   = 30 * time.Millisecond
	ownerSilence = 20 * time.Second // after which an owner that does not listen is reported
)

// anywhere runs a command in the process that owns the folder: another one, or this one until the command ends.
func anywhere(ctx context.Context, c *Call, cmd command) int {
	var silentSince time.Time
	for {
		o, err := acquire(c.Config.Dir, holder{Command: c.name})
		var held *heldError
		switch {
		case err == nil:
			return c.finish(asOwner(ctx, o, c, cmd))
		case !errors.As(err, &held):
			return c.finish(err)
		}
		code, err := forward(ctx, c)
		if !errors.Is(err, errNobody) {
			if err != nil {
				return c.finish(err)
			}
			return code
		}
		// The holder does not listen yet, or no more: it is beginning or ending.
		if now := time.Now(); silentSince.IsZero() {
			silentSince = now
		} else if now.Sub(silentSince) > ownerSilence {
			return c.finish(fault.New(fault.Unavailable, "cli.owner_silent", "pid", strconv.Itoa(held.by.PID), "folder", c.Config.Dir))
		}
		if err := wait(ctx, ownerPause); err != nil {
			return c.finish(err)
		}
	}
}

// asOwner runs a command in this process, and meanwhile those that others hand over.
func asOwner(ctx context.Context, o *owner, c *Call, cmd command) error {
	h := newHost(o.socket, c.Config, c.Log)
	defer o.release()
	app, err := Open(ctx, c.Config, c.Log)
	if err != nil {
		h.close()
		return err
	}
	h.ready(app)
	c.App = app
	err = c.run(ctx, cmd)
	if n := h.running.Load(); n > 0 {
		fmt.Fprintln(c.Stderr, c.Text.N("cli.others", n))
	}
	h.close() // takes nothing new and waits for what others have running here
	return errors.Join(err, app.Close(ending()))
}

// alone makes this process the owner for a command that runs for long. Whoever serves the folder is named and stays; a
// passing command is waited for.
func alone(ctx context.Context, c *Call) (*owner, error) {
	told := false
	for {
		o, err := acquire(c.Config.Dir, holder{Command: c.name})
		var held *heldError
		if !errors.As(err, &held) {
			return o, err
		}
		pid := strconv.Itoa(held.by.PID)
		switch {
		case held.by.Addr != "":
			return nil, fault.New(fault.Conflict, "cli.served", "folder", c.Config.Dir, "command", "stamm "+held.by.Command, "pid", pid, "addr", held.by.Addr)
		case !told && held.by.PID != 0:
			c.Note("cli.waiting", "command", "stamm "+held.by.Command, "pid", pid)
			told = true
		}
		if err := wait(ctx, ownerPause); err != nil {
			return nil, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
