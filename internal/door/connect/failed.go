package connect

import (
	"context"
	"fmt"

	"stamm/internal/platform/store"
	"stamm/internal/record/task"
)

// FailedTask is the kind of the task that a failed run raises. Its subject is the run.
const FailedTask = "import.failed"

// failedWeight puts a failed import above what can wait.
const failedWeight = 800

const (
	sqlProfileOwner = `SELECT owner FROM import_profile WHERE id = $1`
	sqlFailedBefore = `SELECT id FROM import_run WHERE key = $1 AND state = 'failed' AND id < $2 ORDER BY id`
)

func failedKey(run int64) string { return fmt.Sprintf("%s:%d", FailedTask, run) }

// raiseFailed tells who has to look after a run that failed: the owner of its profile, else who started it.
func raiseFailed(ctx context.Context, tx *store.Tx, r *Run) error {
	owner := int64(0)
	if r.Actor.Kind == "user" {
		owner = r.Actor.ID
	}
	if r.Profile != 0 {
		found, err := tx.QueryIDs(ctx, sqlProfileOwner, r.Profile)
		if err != nil {
			return err
		}
		for _, id := range found {
			if id != 0 {
				owner = id
			}
		}
	}
	_, err := task.Raise(ctx, tx, task.New{Kind: FailedTask, Key: failedKey(r.ID), Subject: r.ID, Owner: owner, Weight: failedWeight})
	return err
}

// settleFailed closes the tasks of the run and of earlier ones of the same files read the same way.
func settleFailed(ctx context.Context, tx *store.Tx, r *Run) error {
	if err := task.Settle(ctx, tx, failedKey(r.ID)); err != nil {
		return err
	}
	earlier, err := tx.QueryIDs(ctx, sqlFailedBefore, r.Key, r.ID)
	if err != nil {
		return err
	}
	for _, id := range earlier {
		if err := task.Settle(ctx, tx, failedKey(id)); err != nil {
			return err
		}
	}
	return nil
}
