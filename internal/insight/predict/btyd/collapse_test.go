package btyd_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict/btyd"
)

func TestCollapseCountsEqualHistories(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, most := range []int32{1, 3, 40, 5000, math.MaxInt32} {
		var all []btyd.History
		count := map[btyd.History]int64{}
		for range 3000 {
			h := btyd.History{T: rnd.Int32N(most)}
			if h.X = rnd.Int32N(most); h.X > 0 {
				h.Tx = rnd.Int32N(h.T + 1)
			}
			all = append(all, h)
			count[h]++
		}
		patterns := btyd.Collapse(all)
		if len(patterns) != len(count) {
			t.Errorf("%d patterns, want %d", len(patterns), len(count))
		}
		for _, p := range patterns {
			if count[p.History] != p.N {
				t.Errorf("%+v, want %d", p, count[p.History])
			}
		}
		if !slices.IsSortedFunc(patterns, func(a, b btyd.Pattern) int {
			return slices.Compare([]int32{a.X, a.Tx, a.T}, []int32{b.X, b.Tx, b.T})
		}) {
			t.Error("not sorted")
		}
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if diff := cmp.Diff(patterns, btyd.Collapse(all)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCollapseMakesHistoriesAdmissible(t *testing.T) {
	got := btyd.Collapse([]btyd.History{{X: -1, Tx: 5, T: 9}, {X: 0, Tx: 5, T: 9}, {X: 2, Tx: 11, T: 9}, {X: 2, Tx: -1, T: 9}, {X: 1, Tx: 1, T: -9}})
	want := []btyd.Pattern{
		{History: btyd.History{T: 9}, N: 2},
		{History: btyd.History{X: 1}, N: 1},
		{History: btyd.History{X: 2, T: 9}, N: 1},
		{History: btyd.History{X: 2, Tx: 9, T: 9}, N: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := btyd.Collapse(nil); len(got) != 0 {
		t.Error(got)
	}
}
