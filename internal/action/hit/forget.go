package hit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// NightJob is the kind of the job that forgets what hits were judged by, and judges again what was judged by older rules.
const NightJob = "hit.night"

// KeptDays is how long it is kept what a program called itself that opened or clicked something.
const KeptDays = 30

// sliceRows is how many rows one turn of the bulk lane changes.
const sliceRows = 1000

// Where it is remembered up to which hit it is forgotten what made it, and by which rules all were judged at least.
const (
	forgottenKey = "hit.forgotten"
	rulesKey     = "hit.rules"
)

// Erase takes a person's name off everything she opened and clicked, and forgets where links of her own led. The hits themselves are still
// counted.
func Erase(ctx context.Context, tx *store.Tx, customer int64) error {
	if _, err := tx.Exec(ctx, sqlForgetLinks, customer); err != nil {
		return err
	}
	ids, err := tx.QueryIDs(ctx, sqlIDsOf, customer)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, sliceRows) {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlUnlink, tx.Numbers("$1")), store.JSON(part)); err != nil {
			return err
		}
		if err := tell(ctx, tx, KindErased, part); err != nil {
			return err
		}
	}
	return nil
}

// Night is the work of NightJob.
func Night(ctx context.Context, db *store.DB, task *jobs.Task) error {
	var after, judged int64
	err := db.Read(ctx, func(tx *store.Tx) (err error) {
		if after, err = setting(ctx, tx, forgottenKey); err == nil {
			judged, err = setting(ctx, tx, rulesKey)
		}
		return err
	})
	if err != nil {
		return err
	}
	for old := true; old || judged < Rules; {
		var last int64
		var all bool
		err := db.Bulk(ctx, task.Actor(), func(tx *store.Tx) error {
			rows, err := rowsOf(ctx, tx, sqlAfter, after, sliceRows)
			if err != nil {
				return err
			}
			if last, all = 0, false; len(rows) == 0 {
				return saveSetting(ctx, tx, rulesKey, Rules)
			}
			last = rows[len(rows)-1].ID
			if err := judgeAgain(ctx, tx, rows); err != nil || !old {
				return err
			}
			all, err = forget(ctx, tx, rows)
			return err
		})
		if err != nil || last == 0 {
			return err
		}
		after, old = last, all
	}
	return nil
}

// forget empties what the agents of old hits called themselves; false once there is a hit that is not old yet. Ids ascend with time.
func forget(ctx context.Context, tx *store.Tx, rows []Row) (all bool, err error) {
	limit := tx.Now.Add(-KeptDays * 24 * time.Hour)
	n := 0
	for n < len(rows) && rows[n].At.Before(limit) {
		n++
	}
	if n == 0 {
		return false, nil
	}
	if _, err := tx.Exec(ctx, sqlForget, rows[0].ID, rows[n-1].ID); err != nil {
		return false, err
	}
	return n == len(rows), saveSetting(ctx, tx, forgottenKey, rows[n-1].ID)
}

// judgeAgain judges hits by the present rules where older ones judged them and it is still known what made them. What is judged by its message
// stays: bursts are found among all hits of a message anew, what came too soon did so.
func judgeAgain(ctx context.Context, tx *store.Tx, rows []Row) error {
	var old []*Row
	var messages []int64
	for i := range rows {
		if r := &rows[i]; r.rules < Rules {
			old = append(old, r)
			if r.Message != 0 {
				messages = append(messages, r.Message)
			}
		}
	}
	if len(old) == 0 {
		return nil
	}
	burst, err := burstsAmong(ctx, tx, messages)
	if err != nil {
		return err
	}
	var changed []int64
	for _, r := range old {
		was, client, reason := *r, r.Client, r.Reason
		if r.Agent != "" || strings.Contains(r.signs, signHead) || r.Client == clientNone {
			client, reason = judge(r.Kind, r.Agent, r.signs)
			switch {
			case reason != "":
			case was.Reason == ReasonSoon:
				reason = ReasonSoon
			case burst[r.ID]:
				reason = ReasonBurst
			}
		}
		if _, err := tx.Exec(ctx, sqlJudgeAgain, r.ID, store.Flag(reason == ""), reason, client, Rules); err != nil {
			return err
		}
		if reason != was.Reason || client != was.Client {
			changed = append(changed, r.ID)
		}
	}
	return tell(ctx, tx, KindJudged, changed)
}

// burstsAmong are the hits of messages that are part of a burst.
func burstsAmong(ctx context.Context, tx *store.Tx, messages []int64) (map[int64]bool, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	slices.Sort(messages)
	all, err := OfMessages(ctx, tx, slices.Compact(messages), mostOfMessage*len(messages))
	if err != nil {
		return nil, err
	}
	byMessage := map[int64][]*Row{}
	for i := range all {
		if all[i].Kind == Click {
			byMessage[all[i].Message] = append(byMessage[all[i].Message], &all[i])
		}
	}
	found := map[int64]bool{}
	for _, rows := range byMessage {
		for _, r := range bursts(rows) {
			found[r.ID] = true
		}
	}
	return found, nil
}
