package trial

import (
	"cmp"
	"math"
	"slices"
)

// Scored is a customer who was scored for how much a measure changes what she does.
type Scored struct {
	Score   float64 // the higher, the more is expected of treating her
	Treated bool    // by the draw
	Bought  bool    // what happened
}

// Uplift is how well scores rank customers by what treating them changes, by one definition: that of scikit-uplift 0.5. The curve stands,
// after each distinct score from the highest, at the buyers among the treated so far less those among the others so far times treated over
// others; Qini is the area between curve and straight line over that of the perfect ranking, which puts treated buyers first and buyers of
// the others last. 0 is as good as chance, 1 is perfect; other programs normalise in other ways, and their numbers cannot be compared.
type Uplift struct {
	Qini   float64 `json:"qini"`
	Known  bool    `json:"known"` // false where a group, buyers or differing scores are missing
	At     []At    `json:"at"`    // the best tenth, fifth and third, and everybody
	Points []Point `json:"-"`     // of the curve, from (0, 0)
}

// At is what treating the best scored brings, in the unit of the outcome: the share of buyers among the treated less that among the
// others of the same part, with an interval of 95 % (Wald, without supposing equal variances).
type At struct {
	Share   float64 `json:"share"` // of the customers, the best first; customers of the same score come in whole
	N       int     `json:"n"`
	Uplift  float64 `json:"uplift"`
	Lo      float64 `json:"lo"`
	Hi      float64 `json:"hi"`
	Treated int     `json:"treated"`
	Others  int     `json:"others"`
}

// Point is one of the curve: customers so far, and buyers gained.
type Point struct{ N, Gained float64 }

// MeasureUplift ranks and measures; the order of all does not matter.
func MeasureUplift(all []Scored) Uplift {
	ranked := slices.Clone(all)
	slices.SortStableFunc(ranked, func(a, b Scored) int { return cmp.Compare(b.Score, a.Score) })
	u := Uplift{Points: qiniCurve(ranked, func(s Scored) float64 { return s.Score })}
	for _, share := range []float64{0.1, 0.2, 1. / 3, 1} {
		u.At = append(u.At, upliftAt(ranked, share))
	}
	best := slices.Clone(ranked)
	worth := func(s Scored) float64 {
		switch {
		case s.Bought && s.Treated:
			return 1
		case s.Bought:
			return -1
		}
		return 0
	}
	slices.SortStableFunc(best, func(a, b Scored) int { return cmp.Compare(worth(b), worth(a)) })
	perfect := area(qiniCurve(best, worth))
	mine := area(u.Points)
	everybody := u.At[len(u.At)-1]
	if last := u.Points[len(u.Points)-1]; everybody.Treated > 0 && everybody.Others > 0 {
		line := last.N * last.Gained / 2
		if most := perfect - line; len(u.Points) > 2 && most > 0 && !math.IsNaN(mine) {
			u.Qini, u.Known = (mine-line)/most, true
		}
	}
	return u
}

// qiniCurve is the curve of customers in that order, with a point after each distinct score.
func qiniCurve(ranked []Scored, score func(Scored) float64) []Point {
	points := []Point{{}}
	var treated, others, gained, lost float64
	for i, s := range ranked {
		if s.Treated {
			treated++
			gained += flag(s.Bought)
		} else {
			others++
			lost += flag(s.Bought)
		}
		if i+1 < len(ranked) && score(ranked[i+1]) == score(s) {
			continue
		}
		p := Point{N: float64(i + 1), Gained: gained}
		if others > 0 {
			p.Gained -= lost * treated / others
		}
		points = append(points, p)
	}
	return points
}

// area is that under a curve, by trapezoids.
func area(points []Point) (sum float64) {
	for i := 1; i < len(points); i++ {
		sum += (points[i].N - points[i-1].N) * (points[i].Gained + points[i-1].Gained) / 2
	}
	return sum
}

// upliftAt measures the best share.
func upliftAt(ranked []Scored, share float64) At {
	n := int(math.Ceil(share*float64(len(ranked)) - 1e-9))
	for n > 0 && n < len(ranked) && ranked[n].Score == ranked[n-1].Score {
		n++
	}
	at := At{Share: share, N: n}
	var bought, left float64
	for _, s := range ranked[:n] {
		if s.Treated {
			at.Treated++
			bought += flag(s.Bought)
		} else {
			at.Others++
			left += flag(s.Bought)
		}
	}
	if at.Treated == 0 || at.Others == 0 {
		return at
	}
	p, q := bought/float64(at.Treated), left/float64(at.Others)
	half := 1.959963984540054 * math.Sqrt(p*(1-p)/float64(at.Treated)+q*(1-q)/float64(at.Others))
	at.Uplift, at.Lo, at.Hi = p-q, p-q-half, p-q+half
	return at
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
