package storetest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Required tells whether STAMM_REQUIRE names what, so that its absence fails a test instead of skipping it.
func Required(what string) bool {
	for _, name := range strings.Split(os.Getenv("STAMM_REQUIRE"), ",") {
		if strings.TrimSpace(name) == what {
			return true
		}
	}
	return false
}

type started struct {
	once sync.Once
	url  string
	err  error
}

// one is the throw-away cluster of this test binary. It lives until the process ends: a watchdog that holds the
// other end of a pipe then stops the server and removes its folder.
var one started

func cluster(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("STAMM_TEST_POSTGRES"); given != "" {
		return given
	}
	bin, err := binaries()
	if err != nil {
		if Required("postgres") {
			t.Fatalf("postgres is required: %v", err)
		}
		t.Skipf("postgres: %v", err)
	}
	one.once.Do(func() { one.url, one.err = startCluster(bin) })
	if one.err != nil {
		t.Fatalf("start a PostgreSQL cluster: %v", one.err)
	}
	return one.url
}

func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", fmt.Errorf("no PostgreSQL server binaries (Debian package postgresql) and no STAMM_TEST_POSTGRES")
	}
	sort.Slice(found, func(i, j int) bool { return major(found[i]) > major(found[j]) })
	return filepath.Dir(found[0]), nil
}

func major(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func startCluster(bin string) (string, error) {
	dir, err := os.MkdirTemp("", "stamm-postgres-")
	if err != nil {
		return "", err
	}
	identity, err := unprivileged(dir)
	if err != nil {
		return "", err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: identity}
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
		return cmd
	}
	data := filepath.Join(dir, "data")
	if err := initialise(run, data, identity); err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	server := run("postgres", "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-k", dir,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "log_min_messages=fatal")
	if err := server.Start(); err != nil {
		return "", err
	}
	go server.Wait()
	if err := watch(server.Process.Pid, dir); err != nil {
		return "", err
	}
	address := fmt.Sprintf("postgres://stamm@127.0.0.1:%d/postgres?sslmode=disable", port)
	return address, waitReady(address)
}

// unprivileged gives the folder to a user PostgreSQL is willing to run as: itself, or postgres or nobody for root.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

func watch(pid int, dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	dog := exec.Command("sh", "-c", fmt.Sprintf("cat >/dev/null; kill -INT %d; while kill -0 %d 2>/dev/null; do sleep 0.1; done; rm -rf %q", pid, pid, dir))
	dog.Stdin = r
	dog.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := dog.Start(); err != nil {
		return err
	}
	go dog.Wait()
	keep.Store(w)
	return r.Close()
}

// keep holds the watchdog's pipe open as long as the process lives; its end closes it, whatever way it ends.
var keep atomic.Pointer[os.File]

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func waitReady(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		}
	}
}

// createDatabase makes a database that is a copy of like, empty for none, and drops it when the test ends.
func createDatabase(t testing.TB, base, like string) string {
	t.Helper()
	name := fmt.Sprintf("stamm_test_%d_%d", databases.Add(1), os.Getpid())
	address, err := create(base, name, like)
	if err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, base)
		if err != nil {
			return // the cluster is gone, and the database with it
		}
		defer conn.Close(ctx)
		conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return address
}

func create(base, name, like string) (string, error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	text := "CREATE DATABASE " + name
	if like != "" {
		text += " TEMPLATE " + like
	}
	if _, err := conn.Exec(ctx, text); err != nil {
		return "", err
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}
