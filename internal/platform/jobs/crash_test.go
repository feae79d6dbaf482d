package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

const insertSource = `INSERT INTO source (name) VALUES ($1) RETURNING id`

// crashRunner is the process that the test kills: it does jobs and prints a line for each.
func crashRunner(url string) {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		panic(err)
	}
	if db.Dialect() == store.SQLite {
		if err := db.Write(ctx, store.System(), func(tx *store.Tx) error { _, err := jobs.Release(ctx, tx); return err }); err != nil {
			panic(err)
		}
	}
	r := jobs.NewRunner(db, jobs.Options{Lease: 300 * time.Millisecond})
	r.Handle("add", 4, func(ctx context.Context, task *jobs.Task) error {
		fmt.Println("begun")
		return db.Write(ctx, task.Actor(), func(tx *store.Tx) error {
			if _, err := tx.InsertID(ctx, insertSource, fmt.Sprint(task.ID)); err != nil {
				return err
			}
			return task.Finish(ctx, tx, nil)
		})
	})
	r.Start()
	io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent is
}

func TestKilledProcessesLoseNoJobAndDoNoneTwice(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		const rounds, each = 6, 80
		const many = rounds * each
		db := storetest.Open(t, url, store.Options{})
		for range rounds {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				for range each {
					// A second effect for the same job would break the unique name and, with one attempt, fail the job.
					if _, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: "add", MaxAttempts: 1}); err != nil {
						return err
					}
				}
				return nil
			})
			runAndKill(t, url, 1+rand.IntN(each/2))
		}
		finish := exec.Command(os.Args[0])
		finish.Env = append(os.Environ(), "STAMM_TEST_CRASH_RUNNER="+url)
		if _, err := finish.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := finish.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { finish.Process.Kill(); finish.Wait() }()
		tick := time.NewTicker(20 * time.Millisecond) // commits of another process are not announced here
		defer tick.Stop()
		timeout := time.After(60 * time.Second)
		for {
			done := len(list(t, db, jobs.Filter{State: jobs.Done, Limit: many}))
			failed := list(t, db, jobs.Filter{State: jobs.Failed})
			if len(failed) > 0 {
				t.Fatalf("failed: %+v", failed[0])
			}
			if done == many {
				break
			}
			select {
			case <-tick.C:
			case <-timeout:
				t.Fatalf("%d of %d jobs done", done, many)
			}
		}
		awaitSQL(t, db, `SELECT COUNT(1) FROM source`, func(n int64) bool { return n == many })
	})
}

// runAndKill lets a process begin so many jobs and then kills it.
func runAndKill(t *testing.T, url string, begun int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STAMM_TEST_CRASH_RUNNER="+url)
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
	for range begun {
		if !lines.Scan() {
			t.Fatal("the process ended by itself")
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
}
