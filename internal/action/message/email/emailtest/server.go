// Package emailtest starts a real mail server for tests, so that what is said about sending is not only true of servers that we wrote
// ourselves. It is the exim of Debian (package exim4-daemon-light) with a configuration and a spool folder of its own: it listens on this
// machine only, takes mails to every domain and puts all of them into one mailbox, so that nothing can leave the machine.
package emailtest

import (
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/store/storetest"
)

// Server is a mail server that runs until the test ends.
type Server struct {
	Port int // on 127.0.0.1

	dir string
}

// Refused is a local part that the server refuses as one that does not exist, at every domain.
const Refused = "unbekannt"

// configuration of exim: everything is local. The lines in the order of its specification, chapter 14 and following.
const configuration = `
exim_user = %[2]s
exim_group = %[3]s
primary_hostname = mail.stamm.test
spool_directory = %[1]s/spool
log_file_path = %[1]s/%%slog
pid_file_path = %[1]s/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[4]d
deliver_drop_privilege = true
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
smtputf8_advertise_hosts = *
tls_advertise_hosts =
keep_environment =
add_environment =
acl_smtp_rcpt = recipients

begin acl
recipients:
  deny local_parts = %[5]s
       message = 5.1.1 no such user here
  accept

begin routers
all:
  driver = accept
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  directory = %[1]s/mailbox
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
  user = %[2]s
  group = %[3]s
`

// Start starts a server. Where there is none installed the test is skipped, and fails if STAMM_REQUIRE names smtp.
func Start(t testing.TB) *Server {
	t.Helper()
	program := find()
	if program == "" {
		if storetest.Required("smtp") {
			t.Fatal("smtp is required: no exim4 (Debian package exim4-daemon-light)")
		}
		t.Skip("smtp: no exim4 (Debian package exim4-daemon-light)")
	}
	dir, err := os.MkdirTemp("", "stamm-smtp-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	name, group, err := account(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Port: freePort(t), dir: dir}
	file := filepath.Join(dir, "exim.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, dir, name, group, s.Port, Refused), 0o644); err != nil {
		t.Fatal(err)
	}
	// The shell ends the server when the other end of its input is closed, whatever way this process ends.
	shell := exec.Command("sh", "-c", `"$0" -C "$1" -bdf </dev/null & server=$!; cat >/dev/null; kill $server; wait $server`, program, file)
	shell.Dir = dir
	shell.Stdout, shell.Stderr = os.Stderr, os.Stderr
	hold, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hold.Close(); shell.Wait() })
	s.awaitGreeting(t)
	return s
}

func find() string {
	for _, name := range []string{"exim4", "/usr/sbin/exim4", "exim", "/usr/sbin/exim"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// account is who the server runs as: ourselves, or the account of the package for root, which may not deliver. It is given the folder.
func account(dir string) (name, group string, err error) {
	u, err := user.Current()
	if err == nil && u.Uid == "0" {
		if u, err = user.Lookup("Debian-exim"); err != nil {
			u, err = user.Lookup("nobody")
		}
	}
	if err != nil {
		return "", "", err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return "", "", err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return u.Username, g.Name, os.Chown(dir, uid, gid)
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// The server and what it delivers are other processes: nothing tells when they are there, so we look again and again.
const (
	lookEvery = 20 * time.Millisecond
	patience  = 30 * time.Second
)

func (s *Server) awaitGreeting(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)))
		if err == nil {
			conn.Close()
			return
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "mainlog"))
	panicked, _ := os.ReadFile(filepath.Join(s.dir, "paniclog"))
	t.Fatalf("the mail server does not answer: %s%s", log, panicked)
}

// Received is a mail in the server's mailbox.
type Received struct {
	From, To string // of the envelope
	mail.Header
	Body string
}

// Mails waits until nothing waits in the server's queue, and reads its mailbox.
func (s *Server) Mails(t testing.TB) []Received {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); s.queued(t) > 0; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d mails are not delivered", s.queued(t))
		}
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "mailbox", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := make([]Received, len(files))
	for i, file := range files {
		all[i] = readFile(t, file)
	}
	return all
}

// queued is how many mails the server has taken and not delivered: exim keeps the head of each in a file whose name ends in -H.
func (s *Server) queued(t testing.TB) (n int) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(s.dir, "spool", "input"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "-H") {
			n++
		}
	}
	return n
}

func readFile(t testing.TB, path string) Received {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Received{From: strings.Trim(m.Header.Get("Return-path"), "<>"), To: m.Header.Get("Envelope-to"), Header: m.Header, Body: string(body)}
}
