package btyd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict/btyd"
)

func TestAUCCountsPairsWithTiesHalf(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		n := 1 + rnd.IntN(30)
		score, yes := make([]float64, n), make([]bool, n)
		for i := range score {
			score[i], yes[i] = float64(rnd.IntN(5)), rnd.IntN(3) == 0
		}
		var wins, pairs float64
		for i := range score {
			for j := range score {
				if yes[i] && !yes[j] {
					pairs++
					if score[i] > score[j] {
						wins++
					} else if score[i] == score[j] {
						wins += 0.5
					}
				}
			}
		}
		got, known := btyd.AUC(score, yes)
		if known != (pairs > 0) {
			t.Fatal(score, yes, known)
		}
		if known {
			within(t, "AUC", got, wins/pairs, 1e-12)
		}
	}
}

func TestMeasureOfNothingAndOfPerfection(t *testing.T) {
	if diff := cmp.Diff(btyd.Accuracy{}, btyd.Measure(nil, nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(btyd.Accuracy{N: 2}, btyd.Measure([]float64{0, 0}, []float64{0, 0})); diff != "" {
		t.Error(diff)
	}
	want := btyd.Accuracy{N: 3, Predicted: 6, Actual: 6, Corr: 1, CorrKnown: true, AUC: 1, AUCKnown: true}
	if diff := cmp.Diff(want, btyd.Measure([]float64{0, 2, 4}, []float64{0, 2, 4})); diff != "" {
		t.Error(diff)
	}
}

func TestDecilesOfFewCustomers(t *testing.T) {
	if got := btyd.Deciles(nil, nil); len(got) != 0 {
		t.Error(got)
	}
	want := []btyd.Bin{{N: 1, Predicted: 1, Actual: 5}}
	if diff := cmp.Diff(want, btyd.Deciles([]float64{1}, []float64{5})); diff != "" {
		t.Error(diff)
	}
	total := 0
	for _, b := range btyd.Deciles([]float64{3, 1, 2}, []float64{1, 2, 3}) {
		total += b.N
	}
	if total != 3 {
		t.Errorf("%d customers in the groups of three", total)
	}
}

func TestCountsBeyondTheTopAreTogether(t *testing.T) {
	want := []btyd.Bin{{N: 1, Predicted: 1, Actual: 4}, {}, {N: 2, Predicted: 2.5, Actual: 2}}
	if diff := cmp.Diff(want, btyd.ByCount([]int32{0, 2, 9}, 2, []float64{1, 2, 3}, []float64{4, 3, 1})); diff != "" {
		t.Error(diff)
	}
}
