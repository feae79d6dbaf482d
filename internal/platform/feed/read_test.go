package feed_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// Followers look at each commit; what they have read already must cost nothing, however long the feed is.
func TestWhatIsBehindACursorIsFoundInTheIndex(t *testing.T) {
	db := storetest.Open(t, filepath.Join(t.TempDir(), "stamm.db"), store.Options{})
	var plan []string
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Values(t.Context(), "EXPLAIN QUERY PLAN "+feed.SQLRead, []any{0, 1, int64(math.MaxInt64), 100}, func(_ []string, row []any) error {
			plan = append(plan, row[3].(string))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "(xid=? AND seq>?)") || strings.Contains(text, "SCAN feed") {
		t.Errorf("changes that were read are passed again:\n%s", text)
	}
}
