package trial_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stamm/internal/insight/trial"
)

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(math.Abs(want), 1e-300)) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

// shop are 6,000 customers in three arms, as the script that made the constants below has them:
//
//	i = np.arange(6000); k = (i*17)%100; arm = np.where(k<10, 0, np.where(k<60, 1, 2))
//	u = (i*7919+13)%10007/10007
//	y = np.where(u < .08+.02*(arm==1), np.round(np.exp(3+4*((i*104729)%9973/9973)**2), 2), 0.)
//	x = np.where((i*31)%7 < 3, ((i*53)%199).astype(float), 0.); y += np.where(y>0, np.round(x/10, 2), 0)
//
// The constants come from numpy 1.24.2 and scipy 1.10.1: ttest_ind(equal_var=False), t.ppf, quantile(y, .999), cov, chisquare.
func shop(each func(arm int, y, x float64)) {
	cents := func(f float64) float64 { return math.RoundToEven(f*100) / 100 }
	for i := range 6000 {
		arm := 2
		if k := i * 17 % 100; k < 10 {
			arm = 0
		} else if k < 60 {
			arm = 1
		}
		buys := .08
		if arm == 1 {
			buys += .02
		}
		x, y := 0., 0.
		if i*31%7 < 3 {
			x = float64(i * 53 % 199)
		}
		if float64((i*7919+13)%10007)/10007 < buys {
			late := float64(i*104729%9973) / 9973
			y = cents(math.Exp(3+4*late*late)) + cents(x/10)
		}
		each(arm, y, x)
	}
}

func readShop(t *testing.T, shares []float64) *trial.Reading {
	t.Helper()
	g := trial.NewGatherer(6000)
	shop(g.Add)
	capped, limit, ok := g.Winsorised()
	if !ok {
		t.Fatal("no limit")
	}
	near(t, "limit", limit, 998.9431800000007, 1e-12)
	groups := make([]trial.Group, 3)
	for i, j := range g.Arms() {
		groups[i] = trial.Group{Name: []string{"control", "mail", "letter"}[i], Outcome: j.Outcome, Capped: &capped[i], Pairs: &j}
	}
	return trial.Read(groups[0], groups[1:], shares)
}

func TestFiguresAreThoseOfAnIndependentProgram(t *testing.T) {
	r := readShop(t, []float64{.1, .45, .45})
	near(t, "mean", r.Control.Outcome.Mean, 11.7291, 1e-12)
	near(t, "sd", r.Control.Outcome.SD(), 69.95602075535174, 1e-12)
	near(t, "sample ratio", *r.SampleRatio, 3.3382377953650016e-15, 1e-9)
	if !r.Blocked() {
		t.Error("arms of other sizes than drawn can be read")
	}
	near(t, "theta", r.CUPED.Theta, 0.019217031886490318, 1e-10)
	near(t, "correlation", r.CUPED.Correlation, 0.01405541466259666, 1e-10)
	for i, want := range []struct {
		raw, capped, cuped [6]float64 // effect, se, df, lo, hi, p
		lift               [3]float64
	}{
		{
			[6]float64{5.356983333333334, 3.272439592342627, 1012.751078935941, -1.0645547951621621, 11.77852146182883, 0.10194115688512827},
			[6]float64{5.303369846666667, 3.266859436141276, 1006.409069876399, -1.1072666260226196, 11.714006319355954, 0.10482033610744176},
			[6]float64{5.361448090408295, 3.2719910661257803, 1012.5933422234202, -1.059211087710323, 11.782107268526914, 0.10160956560217078},
			[3]float64{0.4567258641612173, -0.2888651679394352, 1.2023168962618698},
		},
		{
			[6]float64{2.2224458333333352, 3.3301449923409048, 1072.6967343883027, -4.311891213471099, 8.75678288013777, 0.5046780249149364},
			[6]float64{2.142274808333335, 3.3198859922651436, 1061.0654348889434, -4.372012916162796, 8.656562532829465, 0.5188815893032177},
			[6]float64{2.2132296651244356, 3.330030345430096, 1072.9248631109867, -4.320880854727119, 8.74734018497599, 0.5064316071967236},
			[3]float64{0.18948136117292333, -0.4469670448674856, 0.8259297672133323},
		},
	} {
		a := r.Arms[i]
		for name, c := range map[string]struct {
			got  trial.Estimate
			want [6]float64
		}{"raw": {a.Estimate, want.raw}, "winsorised": {a.Winsorised.Estimate, want.capped}, "cuped": {a.CUPED.Estimate, want.cuped}} {
			for k, v := range []float64{c.got.Effect, c.got.SE, c.got.DF, c.got.Lo, c.got.Hi, c.got.P} {
				near(t, a.Name+" "+name+" "+[]string{"effect", "se", "df", "lo", "hi", "p"}[k], v, c.want[k], 1e-8)
			}
		}
		near(t, "lift", a.Lift.Share, want.lift[0], 1e-10)
		near(t, "lift from", a.Lift.Lo, want.lift[1], 1e-8)
		near(t, "lift to", a.Lift.Hi, want.lift[2], 1e-8)
		near(t, "gain", a.Winsorised.Gain, 1-math.Pow(want.capped[1]/want.raw[1], 2), 1e-6)
	}
}

// The constants are scipy.stats.chisquare's.
func TestSharesAreCheckedByChiSquare(t *testing.T) {
	for _, c := range []struct {
		counts []int64
		shares []float64
		want   float64
	}{
		{[]int64{21306, 21387, 21307}, []float64{1, 1, 1}, 0.9036929575604196},
		{[]int64{900, 9000}, []float64{.1, .9}, 0.0025688315270227164},
		{[]int64{48000, 52000}, []float64{.5, .5}, 1.1314837902433038e-36},
		{[]int64{5, 0, 5}, []float64{.5, 0, .5}, 1},
		{[]int64{5, 1, 5}, []float64{.5, 0, .5}, 0},
	} {
		p, ok := trial.SampleRatio(c.counts, c.shares)
		if near(t, "p", p, c.want, 1e-9); !ok {
			t.Error("not known")
		}
	}
	for name, c := range map[string]struct {
		counts []int64
		shares []float64
	}{"one arm": {[]int64{3}, []float64{1}}, "nobody": {[]int64{0, 0}, []float64{.5, .5}}, "no shares": {[]int64{1, 2}, nil},
		"not a number": {[]int64{1, 2}, []float64{math.NaN(), 1}}, "nothing": {[]int64{1, 2}, []float64{0, 0}}} {
		if _, ok := trial.SampleRatio(c.counts, c.shares); ok {
			t.Errorf("%s: there is no answer", name)
		}
	}
}

// GrowthBook's sequential interval of the women's e-mail in a public experiment of 64,000 customers (spend: control 21,306
// customers, mean .6528, sd 11.588; women 21,387, mean 1.0772, sd 15.090) leaves 0 by a hair: .0046 to .8442.
func TestTheAlwaysValidIntervalIsThePublishedOne(t *testing.T) {
	control, women := trial.Of(21306, .652789, 11.588200*11.588200), trial.Of(21387, 1.077202, 15.08988*15.08988)
	lo, hi, ok := trial.Compare(control, women).AlwaysValid(21306 + 21387)
	if !ok || math.Abs(lo-.0046) > .0008 || math.Abs(hi-.8442) > .0008 {
		t.Errorf("%g to %g, %v", lo, hi, ok)
	}
}

func TestHolmCorrectsFromTheSmallestOn(t *testing.T) {
	got := trial.Holm([]float64{.04, .01, .03, .005})
	for i, want := range []float64{.06, .03, .06, .02} {
		near(t, "p", got[i], want, 1e-12)
	}
	if len(trial.Holm(nil)) != 0 {
		t.Error("nothing to correct")
	}
}

// Measured on the same experiment: a control group of 5 % of 64,000 sees 0.59, of 10 % 0.43, and half of 42,613 sees 0.31.
func TestThePlannerKnowsHowSmallAnEffectCanBeSeen(t *testing.T) {
	const sd = 11.588
	for _, c := range []struct {
		control, arm int64
		want         float64
	}{{3200, 60800, .59}, {6400, 57600, .43}, {21306, 21307, .31}} {
		effect, ok := trial.MDE(c.control, c.arm, sd)
		if !ok || math.Abs(effect-c.want) > .005 {
			t.Errorf("%d against %d: %g, want %g", c.control, c.arm, effect, c.want)
		}
		near(t, "power", trial.PowerOf(effect, c.control, c.arm, sd), .8, 1e-3)
		share := float64(c.control) / float64(c.control+c.arm)
		n, ok := trial.Customers(effect, sd, share)
		if near(t, "customers", float64(n), float64(c.control+c.arm), 1e-3); !ok {
			t.Error("no answer")
		}
		back, ok := trial.ControlShare(effect*1.0005, sd, c.control+c.arm)
		if !ok || math.Abs(back-share) > .02 {
			t.Errorf("share %g, want %g", back, share)
		}
	}
	exact, _ := trial.MDE(21306, 21307, sd)
	near(t, "exact", exact, 0.31454385316636824, 1e-9) // scipy 1.10.1, t.ppf
}

func TestMoreCustomersDecideOnceTheEffectIsMeasured(t *testing.T) {
	e := trial.Compare(trial.Of(1000, 10, 900), trial.Of(1000, 11, 900))
	times, ok := e.More()
	if !ok || e.Sure() {
		t.Fatalf("%+v", e)
	}
	more := int64(times * 1000)
	if b := trial.Compare(trial.Of(more+2, 10, 900), trial.Of(more+2, 11, 900)); !b.Sure() {
		t.Errorf("%d customers do not decide: %+v", more, b)
	}
	if b := trial.Compare(trial.Of(more*98/100, 10, 900), trial.Of(more*98/100, 11, 900)); b.Sure() {
		t.Errorf("%d customers decide already", more*98/100)
	}
	if _, ok := trial.Compare(trial.Of(1000, 10, 900), trial.Of(1000, 10.001, 900)).More(); ok {
		t.Error("a hundred times as many customers are no outlook")
	}
}

func TestWhatCannotBeToldSaysSo(t *testing.T) {
	one, none, same := trial.Of(1, 5, 0), trial.Moments{}, trial.Of(10, 5, 0)
	spread := trial.Of(10, 7, 4)
	for name, c := range map[string]struct {
		control, arm trial.Moments
		known, lift  bool
	}{
		"nobody":            {none, none, false, false},
		"no control":        {none, spread, false, false},
		"one each":          {one, one, false, false},
		"one in control":    {one, spread, false, false},
		"all the same":      {same, same, false, false},
		"one group varies":  {same, spread, true, true},
		"control brought 0": {trial.Of(10, 0, 0), spread, true, false},
		"control lost":      {trial.Of(10, -3, 4), spread, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := trial.Read(trial.Group{Outcome: c.control}, []trial.Group{{Outcome: c.arm}}, []float64{.5, .5})
			if a := r.Arms[0]; a.Known != c.known || a.Lift.Known != c.lift {
				t.Errorf("%+v", a)
			}
			finite(t, r)
		})
	}
}

func finite(t interface{ Errorf(string, ...any) }, r *trial.Reading) {
	check := func(what string, all ...float64) {
		for _, v := range all {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s is %v", what, v)
			}
		}
	}
	estimate := func(what string, e trial.Estimate) {
		check(what, e.Effect, e.SE, e.DF, e.Lo, e.Hi, e.P)
		if e.Known && (e.SE <= 0 || e.DF <= 0 || e.P < 0 || e.P > 1 || e.Lo > e.Effect || e.Hi < e.Effect) {
			t.Errorf("%s: %+v", what, e)
		}
	}
	for _, a := range r.Arms {
		estimate("raw", a.Estimate)
		check("lift", a.Lift.Share, a.Lift.Lo, a.Lift.Hi)
		check("always", a.Always[0], a.Always[1])
		if times, ok := a.More(); ok {
			check("more", times)
		}
		for _, b := range []*trial.Adjusted{a.Winsorised, a.CUPED} {
			if b != nil {
				estimate("beside", b.Estimate)
				check("gain", b.Mean, b.Gain)
			}
		}
	}
	if r.SampleRatio != nil {
		check("sample ratio", *r.SampleRatio)
	}
	if r.MDE != nil {
		check("mde", *r.MDE)
	}
}

// value is an outcome as hostile as doors let through.
func value() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Just(0.), rapid.Float64Range(-1, 1), rapid.Float64Range(-trial.Largest, trial.Largest), rapid.SampledFrom([]float64{1e-300, -1e-300, 1e15, 5, 5}))
}

func TestNothingIsEverNaN(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		arms := rapid.IntRange(1, 4).Draw(r, "arms")
		n := rapid.IntRange(0, 60).Draw(r, "customers")
		g := trial.NewGatherer(int64(rapid.IntRange(0, n).Draw(r, "foretold")))
		all, capped := make([]trial.Joint, arms), []trial.Moments(nil)
		for range n {
			arm, y, x := rapid.IntRange(0, arms-1).Draw(r, "arm"), value().Draw(r, "outcome"), value().Draw(r, "before")
			g.Add(arm, y, x)
			all[arm].Add(y, x)
		}
		got := g.Arms()
		if c, _, ok := g.Winsorised(); ok {
			capped = c
		}
		groups := make([]trial.Group, arms)
		for i := range groups {
			groups[i] = trial.Group{Outcome: all[i].Outcome, Pairs: &all[i]}
			if i < len(got) && got[i].Outcome.N != all[i].Outcome.N {
				r.Fatalf("arm %d has %d of %d customers", i, got[i].Outcome.N, all[i].Outcome.N)
			}
			if i < len(capped) {
				groups[i].Capped = &capped[i]
			}
		}
		shares := rapid.SliceOfN(rapid.Float64Range(0, 1), arms, arms).Draw(r, "shares")
		finite(r, trial.Read(groups[0], groups[1:], shares))
	})
}

func TestPartsAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		offset := rapid.SampledFrom([]float64{0, 1e6, -1e9}).Draw(r, "offset")
		values := rapid.SliceOfN(rapid.Float64Range(-100, 100), 2, 50).Draw(r, "values")
		cut := rapid.IntRange(0, len(values)).Draw(r, "cut")
		var whole, left, right trial.Joint
		sum := 0.
		for i, v := range values {
			whole.Add(v+offset, v*2-offset)
			sum += v
			if i < cut {
				left.Add(v+offset, v*2-offset)
			} else {
				right.Add(v+offset, v*2-offset)
			}
		}
		left.Merge(right)
		mean, m2 := sum/float64(len(values)), 0.
		for _, v := range values {
			m2 += (v - mean) * (v - mean)
		}
		tolerance := 1e-7 * (1 + m2)
		for _, j := range []trial.Joint{whole, left} {
			if j.Outcome.N != int64(len(values)) || math.Abs(j.Outcome.Mean-offset-mean) > 1e-6 || math.Abs(j.Outcome.M2-m2) > tolerance || math.Abs(j.C-2*m2) > 4*tolerance {
				r.Fatalf("%+v, want mean %g, m2 %g", j, mean+offset, m2)
			}
		}
	})
}

func TestTheLimitIsTheQuantileOfAllCustomers(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 10, 999, 1000, 1001, 5000, 12_345} {
		g := trial.NewGatherer(int64(n))
		var all []float64
		for i := range n {
			v := math.Floor(dice.Float64() * 1000)
			all = append(all, v)
			g.Add(i%2, v, 0)
		}
		slices.Sort(all)
		place := float64(n-1) * .999
		low := int(place)
		want := all[low]
		if low+1 < n {
			want += (all[low+1] - all[low]) * (place - float64(low))
		}
		_, got, ok := g.Winsorised()
		if !ok || math.Abs(got-want) > 1e-6 {
			t.Errorf("of %d: %g, want %g", n, got, want)
		}
	}
	few := trial.NewGatherer(10_000) // five who bought are fewer than one in a thousand
	for i := range 10_000 {
		v := 0.
		if i < 5 {
			v = float64(i + 1)
		}
		few.Add(i%2, v, 0)
	}
	if _, limit, ok := few.Winsorised(); !ok || math.Abs(limit-4.996) > 1e-9 {
		t.Errorf("of those who bought: %g", limit)
	}
}

func TestIntervalsHoldTheTruth(t *testing.T) {
	const runs = 200
	for _, effect := range []float64{0, 1, -1.5} {
		r := trial.Repeat(runs, 11, effect)
		if share := float64(r.Covered) / runs; math.Abs(share-.95) > .05 {
			t.Errorf("with an effect of %g, %.3f of the intervals hold it", effect, share)
		}
		if share := float64(r.Alarms) / runs; effect == 0 && math.Abs(share-.05) > .05 {
			t.Errorf("%.3f of the measures without an effect raise an alarm", share)
		}
	}
	if a, b := trial.Repeat(5, 7, 1), trial.Repeat(5, 7, 1); a != b {
		t.Error("the same seed gives other counts")
	}
}
