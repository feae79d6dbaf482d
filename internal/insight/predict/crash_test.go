package predict_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// scoreURL names, in the environment of the process that the test kills, the database it scores into.
const scoreURL = "STAMM_TEST_SCORE_URL"

const crashing = 5500 // customers, a slice of a thousand and its sequels

func crashScores(t *testing.T) *predict.Scores {
	return foretell(t, shop(t, oneTimers(crashing, "2025-06-01", 1000)), "2025-10-15")
}

// A process that dies while it scores leaves whole slices, each with its change in the feed, and no outlook; the next one goes on.
func TestAKilledProcessLeavesNoHalfScoring(t *testing.T) {
	if url := os.Getenv(scoreURL); url != "" {
		scoreUntilKilled(t, url)
		return
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, store.Options{})
		killWhileScoring(t, url, 1+rand.IntN(4))
		scored, told := scoredAndTold(t, db)
		if scored == 0 || scored%1000 != 0 || scored != told {
			t.Errorf("%d scores were left, the feed tells of %d", scored, told)
		}
		if _, shown := foreseen(t, db, 1); shown {
			t.Error("half a scoring is shown")
		}
		done := record(t, db, crashScores(t))
		if done.Scores != crashing || done.Written != int64(crashing-scored) {
			t.Errorf("%d scores were left, then %+v", scored, done)
		}
		if scored, told := scoredAndTold(t, db); scored != crashing || told != crashing {
			t.Errorf("in the end there are %d scores, and the feed tells of %d", scored, told)
		}
		if _, shown := foreseen(t, db, crashing); !shown {
			t.Error("the last customer has no score")
		}
	})
}

// scoreUntilKilled prints a line for each slice that is written.
func scoreUntilKilled(t *testing.T, url string) {
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = crashScores(t).Record(context.Background(), db, store.System(), func(done, total int64) error {
		_, err := fmt.Println("\nslice")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// killWhileScoring starts a process that scores and kills it after so many slices.
func killWhileScoring(t *testing.T, url string, slices int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKilledProcessLeavesNoHalfScoring$")
	cmd.Env = append(os.Environ(), scoreURL+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); seen < slices && lines.Scan(); {
		if lines.Text() == "slice" {
			seen++
		}
	}
	if err := cmd.Process.Kill(); err != nil || seen < slices {
		t.Fatalf("%d slices, %v", seen, err)
	}
	_ = cmd.Wait() // it was killed
}

// scoredAndTold counts the scores in the store, and those the feed tells of.
func scoredAndTold(t *testing.T, db *store.DB) (scored, told int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT COUNT(customer) FROM score").Scan(&scored)
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, c := range changes(t, db, predict.KindChanged) {
		for _, r := range c.Rows["score"] {
			for id := r[0]; id <= r[1]; id++ {
				if seen[id] {
					t.Fatalf("the feed tells twice of customer %d", id)
				}
				seen[id] = true
			}
		}
	}
	return scored, len(seen)
}
