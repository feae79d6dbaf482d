package trial_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"stamm/internal/insight/trial"
)

// Worked out by hand by the definition of scikit-uplift.
func TestQiniIsThatOfItsDefinition(t *testing.T) {
	t.Parallel()
	// scores fall; treated buyer, other who does not buy, treated buyer, other buyer
	all := []trial.Scored{{4, true, true}, {3, false, false}, {2, true, true}, {1, false, true}}
	u := trial.MeasureUplift(all)
	// gained: 1; 1 - 0·1/1 = 1; 2 - 0·2/1 = 2; 2 - 1·2/2 = 1
	want := []trial.Point{{0, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 1}}
	for i, p := range want {
		if u.Points[i] != p {
			t.Errorf("point %d is %v, want %v", i, u.Points[i], p)
		}
	}
	// area .5+1+1.5+1.5 = 4.5, line 2; perfect: both treated buyers, then the other who does not buy, then the buyer: (0,0) (2,2) (3,2) (4,1),
	// area 2+2+1.5 = 5.5; (4.5-2)/(5.5-2)
	if got, want := u.Qini, 2.5/3.5; !u.Known || math.Abs(got-want) > 1e-12 {
		t.Errorf("Qini is %v, want %v", got, want)
	}
}

func TestAPerfectRankingHasOneAndChanceHasNone(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	var perfect, chance, alike []trial.Scored
	for range 20_000 {
		s := trial.Scored{Treated: rnd.IntN(2) == 0, Bought: rnd.IntN(4) == 0}
		switch {
		case s.Bought && s.Treated:
			s.Score = 1
		case s.Bought:
			s.Score = -1
		}
		perfect = append(perfect, s)
		s.Score = rnd.Float64()
		chance = append(chance, s)
		s.Score = 1
		alike = append(alike, s)
	}
	if u := trial.MeasureUplift(perfect); math.Abs(u.Qini-1) > 1e-12 {
		t.Errorf("perfect: %v", u.Qini)
	}
	u := trial.MeasureUplift(chance)
	if math.Abs(u.Qini) > 0.05 || !(u.At[3].Lo < 0 && 0 < u.At[3].Hi) {
		t.Errorf("chance: %+v", u)
	}
	if u := trial.MeasureUplift(alike); u.Known || u.Qini != 0 {
		t.Errorf("equal scores: %+v", u)
	}
	for _, few := range [][]trial.Scored{nil, {{1, true, true}}, {{1, true, true}, {2, true, false}}} {
		if u := trial.MeasureUplift(few); u.Known || math.IsNaN(u.Qini) {
			t.Errorf("%v: %+v", few, u)
		}
	}
}
