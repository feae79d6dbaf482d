package feed_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), store.System(), fn); err != nil {
		t.Fatal(err)
	}
}

// grown writes n changes, one a month, the last one now, and returns their cursors. Every third is about a user, and
// each has an old value.
func grown(t *testing.T, db *store.DB, n int) (at []feed.Cursor) {
	t.Helper()
	for i := range n {
		write(t, db, func(tx *store.Tx) error {
			kind := "thing.changed"
			if i%3 == 2 {
				kind = "user.changed"
			}
			seq, err := feed.Append(t.Context(), tx, feed.New{Kind: kind, Subject: int64(i), Old: map[string]string{"name": fmt.Sprint(i)}})
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `UPDATE feed SET at = $2 WHERE seq = $1`, seq, clock.Micros(tx.Now.AddDate(0, i-n+1, 0)))
			return err
		})
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		changes, _, err := feed.Read(t.Context(), tx, feed.Cursor{}, n)
		for _, c := range changes {
			at = append(at, feed.Cursor{XID: c.XID, Seq: c.Seq})
		}
		return err
	})
	if err != nil || len(at) != n {
		t.Fatalf("%d changes, %v", len(at), err)
	}
	return at
}

// cut cuts what is older than months, three changes at a time, and returns the subjects that are left.
func cut(t *testing.T, db *store.DB, months int) (left []int64) {
	t.Helper()
	for after := int64(0); ; {
		write(t, db, func(tx *store.Tx) (err error) {
			after, _, err = feed.Cut(t.Context(), tx, tx.Now.AddDate(0, -months, 0).Add(-time.Hour), []string{"user."}, after, 3)
			return err
		})
		if after == 0 {
			break
		}
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		changes, _, err := feed.Read(t.Context(), tx, feed.Cursor{}, 100)
		for _, c := range changes {
			left = append(left, c.Subject)
			if old, err := feed.OldValues(t.Context(), tx, c.Seq); err != nil || old["name"] != fmt.Sprint(c.Subject) {
				t.Errorf("change %d kept %v, %v", c.Subject, old, err)
			}
		}
		if err != nil {
			return err
		}
		var values int
		if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM feed_value`).Scan(&values); err != nil || values != len(left) {
			t.Errorf("%d old values of %d changes, %v", values, len(left), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestOldChangesAreCutBehindTheSlowestFollowerAndAuditStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		at := grown(t, db, 12)
		advance := func(follower string, c feed.Cursor) {
			write(t, db, func(tx *store.Tx) error { return feed.Advance(context.Background(), tx, follower, c) })
		}
		all := []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
		if diff := cmp.Diff(all, cut(t, db, 5)); diff != "" {
			t.Errorf("with no follower (-want +got):\n%s", diff)
		}
		advance("fast", at[11])
		advance("slow", feed.Cursor{})
		if diff := cmp.Diff(all, cut(t, db, 5)); diff != "" {
			t.Errorf("with a follower that has read nothing (-want +got):\n%s", diff)
		}
		advance("slow", at[4])
		if diff := cmp.Diff([]int64{2, 4, 5, 6, 7, 8, 9, 10, 11}, cut(t, db, 5)); diff != "" {
			t.Errorf("behind the slow follower (-want +got):\n%s", diff)
		}
		advance("slow", at[11])
		if diff := cmp.Diff([]int64{2, 5, 6, 7, 8, 9, 10, 11}, cut(t, db, 5)); diff != "" {
			t.Errorf("by age (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int64{2, 5, 8, 11}, cut(t, db, -1)); diff != "" {
			t.Errorf("everything but the audit and the change at the cursors (-want +got):\n%s", diff)
		}
	})
}
