package message_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

const crashConnections = 8

// fileOutlet hands messages over by writing a line into a file, which stays when the process is killed.
type fileOutlet struct{ file *os.File }

func (o fileOutlet) Ready(_ string, now time.Time) time.Time       { return now }
func (o fileOutlet) Dial(context.Context) (message.Session, error) { return o, nil }
func (o fileOutlet) Close() error                                  { return nil }
func (o fileOutlet) Send(_ context.Context, m *message.Mail) message.Outcome {
	if _, err := fmt.Fprintf(o.file, "%d\n", m.ID); err != nil {
		return message.Outcome{State: message.Failed, Text: err.Error()}
	}
	fmt.Println("sent")
	return message.Outcome{State: message.Sent, Code: 250}
}

// crashSender is the process that the test kills: it sends and prints a line for each message.
func crashSender(url, sink string) {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		panic(err)
	}
	file, err := os.OpenFile(sink, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if db.Dialect() == store.Postgres { // the one before is dead, and the test does not wait until that shows
		if _, err := message.Recover(ctx, db, "nobody", true); err != nil {
			panic(err)
		}
	}
	s := &message.Sender{DB: db, Outlet: fileOutlet{file}, Connections: crashConnections, Composers: map[string]message.Composer{"test": letters{}}}
	if err := s.Start(ctx); err != nil {
		panic(err)
	}
	io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent is
	if err := s.Close(ctx); err != nil {
		panic(err)
	}
}

func TestKilledProcessesLoseNothingAndSendNothingTwice(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		const many, rounds = 3000, 6
		db := storetest.Open(t, url, store.Options{})
		ids := customers(t, db, many)
		var news []message.New
		for i, id := range ids {
			news = append(news, notice(7, id, i))
		}
		plan(t, db, news...)
		sink := filepath.Join(t.TempDir(), "sink")
		for range rounds {
			before := countsOf(t, db, 7).Unclear
			sendAndKill(t, db, url, sink, 1+rand.IntN(many/rounds/2))
			if _, err := message.Recover(context.Background(), db, "", true); err != nil {
				t.Fatal(err)
			}
			if unclear := countsOf(t, db, 7).Unclear - before; unclear > crashConnections {
				t.Errorf("%d messages are unclear after one kill, with %d connections", unclear, crashConnections)
			}
			adds(t, db)
		}
		cmd, stop := sender(t, url, sink)
		await(t, db, 7, "everything is over", done)
		stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("draining: %v", err)
		}
		adds(t, db)
		times := delivered(t, sink)
		c := countsOf(t, db, 7)
		lost, doubled := 0, 0
		read(t, db, func(ctx context.Context, tx *store.Tx) error {
			all, err := message.List(ctx, tx, message.Filter{Limit: many})
			for _, m := range all {
				switch {
				case times[m.ID] > 1:
					doubled++
				case m.State == message.Sent && times[m.ID] == 0:
					lost++
				case m.State != message.Sent && m.State != message.Unclear:
					t.Errorf("message %d is %s (%s)", m.ID, m.State, m.Reason)
				}
			}
			return err
		})
		t.Logf("%d kills: %d sent, %d unclear, %d lost, %d doubled", rounds, c.Sent, c.Unclear, lost, doubled)
		if lost > 0 || doubled > 0 || c.Sent+c.Unclear != many {
			t.Errorf("%d lost, %d doubled: %+v", lost, doubled, c)
		}
	})
}

// delivered counts the lines of the sink by message.
func delivered(t *testing.T, sink string) map[int64]int {
	t.Helper()
	text, err := os.ReadFile(sink)
	if err != nil {
		t.Fatal(err)
	}
	times := map[int64]int{}
	for _, line := range strings.Fields(string(text)) {
		id, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		times[id]++
	}
	return times
}

// sender starts the process; stop tells it to end in order.
func sender(t *testing.T, url, sink string) (cmd *exec.Cmd, stop func()) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STAMM_TEST_CRASH_SENDER="+url, "STAMM_TEST_CRASH_SINK="+sink)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, func() { in.Close() }
}

// sendAndKill lets a process send so many messages and then kills it, and looks meanwhile whether the sum is right.
func sendAndKill(t *testing.T, db *store.DB, url, sink string, many int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STAMM_TEST_CRASH_SENDER="+url, "STAMM_TEST_CRASH_SINK="+sink)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := range many {
		if !lines.Scan() {
			t.Fatal("the process ended by itself")
		}
		if i%50 == 0 {
			if c := countsOf(t, db, 7); c.Sum() != c.Planned {
				t.Errorf("while sending: %d planned, %d in all: %+v", c.Planned, c.Sum(), c)
			}
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
}
