package storetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Restartable is a PostgreSQL server of a test's own, which may die and come again without hurting other tests.
type Restartable struct {
	URL string

	bin, dir string
	port     int
	identity *syscall.Credential
	shell    *exec.Cmd
	hold     io.Closer // closing it ends the server as a crash would
}

// OwnPostgres starts such a server; it ends with the test. Without its binaries the test is skipped, as by Each.
func OwnPostgres(t testing.TB) *Restartable {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		if Required("postgres") {
			t.Fatalf("postgres is required: %v", err)
		}
		t.Skipf("postgres: %v", err)
	}
	dir, err := os.MkdirTemp("", "stamm-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Restartable{bin: bin, dir: dir}
	if s.identity, err = unprivileged(dir); err != nil {
		t.Fatal(err)
	}
	if s.port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	s.URL = fmt.Sprintf("postgres://stamm@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	if out, err := s.command("initdb", "-D", s.data(), "-U", "stamm", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start(t)
	t.Cleanup(func() { s.Stop() })
	return s
}

func (s *Restartable) data() string { return filepath.Join(s.dir, "data") }

func (s *Restartable) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.identity}
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	return cmd
}

// start starts the server below a shell that ends it when the other end of its input is closed, whatever way this process ends.
func (s *Restartable) start(t testing.TB) {
	t.Helper()
	server := s.command("postgres", "-D", s.data(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-k", s.dir, "-c", "fsync=off",
		"-c", "log_min_messages=fatal", "-c", "log_destination=stderr")
	shell := exec.Command("sh", append([]string{"-c", `"$0" "$@" </dev/null >/dev/null 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait $server`}, server.Args...)...)
	shell.Dir, shell.Env, shell.SysProcAttr = server.Dir, server.Env, server.SysProcAttr
	hold, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	s.shell, s.hold = shell, hold
	if err := waitReady(s.URL); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server at once, as a crash would.
func (s *Restartable) Stop() {
	if s.shell == nil {
		return
	}
	s.hold.Close()
	s.shell.Wait() // its state is that of a killed server
	s.shell = nil
}

// Start starts it again.
func (s *Restartable) Start(t testing.TB) {
	t.Helper()
	s.start(t)
}
