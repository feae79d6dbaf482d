package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/door/cli"
)

// host accepts commands in dir until the test ends.
func host(t *testing.T, dir string, run func(context.Context, cli.Invocation) int) {
	t.Helper()
	stop, err := cli.Host(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
}

func TestAHandedOverCommandHasItsCallersStreamsAndPlace(t *testing.T) {
	dir := t.TempDir()
	big := strings.Repeat("0123456789abcdef", 1<<16) // longer than any frame of a stream
	host(t, dir, func(_ context.Context, in cli.Invocation) int {
		fmt.Fprintln(in.Stderr, strings.Join(in.Args, " "), in.Dir)
		n, err := io.Copy(in.Stdout, in.Stdin)
		if n != int64(len(big)) || err != nil {
			fmt.Fprintln(in.Stderr, "copied", n, err)
		}
		return 7
	})
	var out, errs bytes.Buffer
	code, err := cli.Forward(t.Context(), dir, cli.Invocation{Args: []string{"import", "a b"}, Dir: "/somewhere", Stdin: strings.NewReader(big), Stdout: &out, Stderr: &errs})
	if err != nil || code != 7 {
		t.Fatalf("exit %d, %v", code, err)
	}
	if out.String() != big {
		t.Errorf("%d bytes came through of %d", out.Len(), len(big))
	}
	if errs.String() != "import a b /somewhere\n" {
		t.Errorf("standard error is %q", errs.String())
	}
}

func TestInputThatACommandDoesNotReadIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	host(t, dir, func(context.Context, cli.Invocation) int { return 0 })
	in := strings.NewReader("for the next command")
	if _, err := cli.Forward(t.Context(), dir, cli.Invocation{Stdin: in, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if in.Len() != len("for the next command") {
		t.Errorf("%d bytes are left", in.Len())
	}
}

func TestTheCallerIsAskedForSecrets(t *testing.T) {
	dir := t.TempDir()
	host(t, dir, func(_ context.Context, in cli.Invocation) int {
		first, err := in.Secret("Password?")
		if err != nil || first != "geheim" {
			fmt.Fprintln(in.Stderr, first, err)
		}
		if _, err := in.Secret("Again?"); err == nil {
			fmt.Fprintln(in.Stderr, "no error at the end of the input")
		}
		return 0
	})
	var errs bytes.Buffer
	if _, err := cli.Forward(t.Context(), dir, cli.Invocation{Stdin: strings.NewReader("geheim\n"), Stdout: io.Discard, Stderr: &errs}); err != nil || errs.Len() > 0 {
		t.Errorf("%v %s", err, errs.String())
	}
}

func TestCtrlCCancelsTheCommandWhereItRuns(t *testing.T) {
	dir := t.TempDir()
	begun := make(chan bool, 1)
	host(t, dir, func(ctx context.Context, in cli.Invocation) int {
		begun <- true
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, cli.ErrStopped) {
			t.Errorf("it ends because of %v", cause)
		}
		fmt.Fprint(in.Stdout, "tidied up")
		return 1
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-begun; cancel(cli.ErrStopped) }()
	var out bytes.Buffer
	code, err := cli.Forward(ctx, dir, cli.Invocation{Stdin: strings.NewReader(""), Stdout: &out, Stderr: io.Discard})
	if err != nil || code != 1 || out.String() != "tidied up" {
		t.Errorf("exit %d, %v, %q", code, err, out.String())
	}
}

func TestACallerThatIsGoneCancelsItsCommand(t *testing.T) {
	dir := t.TempDir()
	begun, ended := make(chan bool, 1), make(chan bool, 1)
	host(t, dir, func(ctx context.Context, in cli.Invocation) int {
		begun <- true
		<-ctx.Done()
		ended <- true
		return 1
	})
	conn, err := cli.Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	conn.Write(cli.Frame('R', []byte(`{"protocol":1,"args":["x"]}`)))
	<-begun
	conn.Close()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the command goes on")
	}
}

func TestNonsenseOnTheSocketIsNoCommand(t *testing.T) {
	dir := t.TempDir()
	host(t, dir, func(context.Context, cli.Invocation) int { t.Error("it ran"); return 0 })
	for _, nonsense := range [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n"), cli.Frame('R', []byte("[")), cli.Frame('I', nil), cli.Frame('R', []byte(`{"protocol":99}`)), {}} {
		conn, err := cli.Dial(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(nonsense)
		conn.(interface{ CloseWrite() error }).CloseWrite()
		answer, _ := io.ReadAll(conn)
		conn.Close()
		if len(answer) > 0 && answer[0] != 'N' {
			t.Errorf("%q is answered with %q", nonsense, answer)
		}
	}
}

func TestAFolderWithALongPathHasASocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30), "data")
	host(t, dir, func(_ context.Context, in cli.Invocation) int { return 3 })
	code, err := cli.Forward(t.Context(), dir, cli.Invocation{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
	if code != 3 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	info, err := os.Lstat(filepath.Join(dir, "stamm.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
}

// process is this test binary as the program stamm.
func process(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("stamm") // testscript.Main puts it there
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "STAMM_DIR="+dir)
	cmd.Dir = t.TempDir()
	return cmd
}

func TestACommandWithoutAServerIsTheOwnerForOthersUntilItEnds(t *testing.T) {
	dir := t.TempDir()
	owner := process(t, dir, "user", "add", "anna@example.com") // waits for a password, and so owns the folder
	in, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	owner.Stderr = &said
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return owns(dir, owner.Process.Pid) })
	if out, err := process(t, dir, "settings", "set", "currency=CHF").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Serving cannot be handed over: it waits for its turn.
	serve := process(t, dir, "serve", "--addr", "127.0.0.1:0")
	errs, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { serve.Process.Kill(); serve.Wait() })
	line, err := bufio.NewReader(errs).ReadString('\n')
	if err != nil || !strings.Contains(line, "Waiting for “stamm user add”") {
		t.Errorf("serve says %q, %v", line, err)
	}
	fmt.Fprintln(in, "a few words in a row")
	in.Close()
	if err := owner.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	waitFor(t, func() bool {
		lock, _ := os.ReadFile(filepath.Join(dir, "lock"))
		return bytes.Contains(lock, []byte(`"addr"`))
	})
	out, err := process(t, dir, "user", "list").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("anna@example.com")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// owns tells whether a process holds the folder.
func owns(dir string, pid int) bool {
	lock, _ := os.ReadFile(filepath.Join(dir, "lock"))
	return bytes.Contains(lock, []byte(fmt.Sprintf(`"pid":%d,`, pid)))
}

// waitFor asks until another process has done something; nothing tells us when.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited 30 s in vain")
		}
	}
}

func TestManyCommandsAtOnceAllRun(t *testing.T) {
	dir := t.TempDir()
	const many = 8
	errs := make(chan error, many)
	for i := range many {
		cmd := process(t, dir, "user", "add", fmt.Sprintf("user%d@example.com", i))
		cmd.Stdin = strings.NewReader("a few words in a row\n")
		go func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w\n%s", err, out)
			}
			errs <- err
		}()
	}
	var all []error
	for range many {
		all = append(all, <-errs)
	}
	if err := errors.Join(all...); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(must(t, dir, "", "user", "list"), "@example.com"); got < many {
		t.Errorf("%d users, want %d", got, many)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("R\x00\x00\x00\x02{}"))
	f.Add([]byte("O\xff\xff\xff\xff"))
	f.Add([]byte("I\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, payload, err := cli.ReadFrame(b)
		if err == nil && (len(payload) > len(b)-5 || kind != b[0]) {
			t.Errorf("%q gave %q %q", b, kind, payload)
		}
	})
}

func TestCtrlCOfAnImportCancelsItsJobAndATerminatedOneGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "orders.csv")
	var rows bytes.Buffer
	rows.WriteString("order;date;customer;amount\n")
	for i := range 150_000 {
		fmt.Fprintf(&rows, "A%d;2026-01-%02d;C%d;12,50\n", i, 1+i%28, i%5000)
	}
	if err := os.WriteFile(file, rows.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for signal, want := range map[os.Signal]string{os.Interrupt: "cancelled", syscall.SIGTERM: "queued"} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := process(t, dir, "import", "orders", file)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return owns(dir, cmd.Process.Pid) }) // or the next command would be the owner
			waitFor(t, func() bool {
				out, _ := process(t, dir, "job", "list", "--state", "running", "--kind", "import", "--json").Output()
				return bytes.Contains(out, []byte(`"import"`))
			})
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || !strings.Contains(errs.String(), "Stopped.") {
				t.Errorf("it ended with %v\n%s", err, errs.String())
			}
			if out := must(t, dir, "", "job", "list", "--kind", "import", "--json"); !strings.Contains(out, `"state": "`+want+`"`) {
				t.Errorf("the job is not %s:\n%s", want, out)
			}
		})
	}
}
