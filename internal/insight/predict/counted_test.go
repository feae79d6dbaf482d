package predict_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict"
)

// The models' frequency and the list that explains it come from two queries. They agree, for every window, also where purchases
// were returned or lie after the day.
func TestTheFrequencyIsWhatItsRowsSay(t *testing.T) {
	t.Parallel()
	db := shop(t, []order{
		{1, "2025-01-01", 1000}, {1, "2025-01-01", 500}, {1, "2025-01-03", 2000}, {1, "2025-01-04", 2500}, {1, "2025-02-01", 3000}, {1, "2025-06-01", 900},
		{2, "2025-01-10", 1000}, {2, "2025-01-12", 1000},
		{3, "2025-01-01", 100}, {3, "2025-01-02", 100}, {3, "2025-01-03", 100}, {3, "2025-01-04", 100}, {3, "2025-01-05", 100},
	}, 4, 6)
	asOf := mustDay(t, "2025-04-01")
	for window, want := range map[int][]int32{0: {2, 0, 4}, 1: {1, 0, 2}, 2: {1, 0, 1}, 3: {0, 0, 1}, 30: {0, 0, 0}} {
		b, err := predict.Load(context.Background(), db, predict.Scope{AsOf: asOf, Recent: 91, Merge: window})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.X); diff != "" {
			t.Errorf("a window of %d days: %s", window, diff)
		}
		for i, id := range b.ID {
			rows, err := predict.CountedOf(context.Background(), db, id, asOf, window)
			if err != nil {
				t.Fatal(err)
			}
			if n := predict.Repeats(rows); n != int(b.X[i]) {
				t.Errorf("customer %d in a window of %d days: %d rows of repeat purchases, the models know %d", id, window, n, b.X[i])
			}
		}
	}
}

func TestEachDocumentSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	db := shop(t, []order{{1, "2025-01-01", 1000}, {1, "2025-01-01", 500}, {1, "2025-01-03", 2000}, {1, "2025-02-01", 3000}, {1, "2025-03-01", 100}, {1, "2025-06-01", 900}}, 3)
	rows, err := predict.CountedOf(context.Background(), db, 1, mustDay(t, "2025-04-01"), 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []predict.Counting
	for _, r := range rows {
		got = append(got, r.As)
	}
	want := []predict.Counting{predict.CountedFirst, predict.CountedMerged, predict.CountedMerged, predict.LeftReturned, predict.CountedRepeat, predict.LeftUnobserved}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows[2].With != mustDay(t, "2025-01-01") || rows[3].With != 0 {
		t.Errorf("the day each belongs to: %v", rows)
	}
}
