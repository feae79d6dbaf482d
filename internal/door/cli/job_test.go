package cli_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

func TestJobsAreShownWaitedForCancelledAndTriedAgain(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	db, err := store.Open(ctx, filepath.Join(dir, "stamm.db"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	var good, unknown int64
	err = db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
		if good, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: "jobs.prune"}); err != nil {
			return err
		}
		unknown, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: "nobody.does.this", Key: "a"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	list := must(t, dir, "", "job", "list", "--kind", "jobs.prune")
	if !strings.Contains(list, "jobs.prune") || strings.Contains(list, "nobody") {
		t.Errorf("list:\n%s", list)
	}
	if out := must(t, dir, "", "job", "wait", fmt.Sprint(good)); !strings.Contains(out, "Done") {
		t.Errorf("waited for:\n%s", out)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if code, _, errs := stammAt(t, stopped, dir, strings.NewReader(""), "job", "wait", fmt.Sprint(unknown)); code != 1 || !strings.Contains(errs, "Stopped.") {
		t.Errorf("a stopped command: exit %d: %s", code, errs)
	}
	must(t, dir, "", "job", "cancel", fmt.Sprint(unknown))
	if code, out, errs := stamm(t, dir, "", "job", "wait", fmt.Sprint(unknown), "--json"); code != 1 || !strings.Contains(errs, "was cancelled") || !strings.Contains(out, `"state": "cancelled"`) {
		t.Errorf("waiting for a cancelled job: exit %d: %s %s", code, out, errs)
	}
	if out := must(t, dir, "", "job", "retry", fmt.Sprint(unknown), "--json"); !strings.Contains(out, `"state": "queued"`) {
		t.Errorf("tried again:\n%s", out)
	}
	if code, _, errs := stamm(t, dir, "", "job", "retry", fmt.Sprint(good)); code != 1 || !strings.Contains(errs, "nothing to try again") {
		t.Errorf("trying a done job again: exit %d: %s", code, errs)
	}
}
