package survival_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"stamm/internal/insight/predict/survival"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// draw makes n customers whose outcome follows the given intercept and coefficients. Features have different units.
func draw(n int, intercept float64, coefficients ...float64) (survival.Features, []bool) {
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	k := len(coefficients)
	f := survival.Features{Names: make([]string, k), Data: make([]float32, 0, n*k)}
	for j := range k {
		f.Names[j] = "f" + string(rune('a'+j))
	}
	happened := make([]bool, n)
	for i := range n {
		eta := intercept
		for j, c := range coefficients {
			x := float32(dice.NormFloat64()*math.Pow(10, float64(j%3)) + float64(100*j))
			f.Data = append(f.Data, x)
			eta += c * (float64(x) - float64(100*j))
		}
		happened[i] = dice.Float64() < 1/(1+math.Exp(-eta))
	}
	return f, happened
}

func fitLogistic(t testing.TB, f survival.Features, happened []bool) *survival.Logistic {
	t.Helper()
	m, err := survival.FitLogistic(t.Context(), f, happened)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLogisticOfATwoByTwoTableIsItsOddsRatio(t *testing.T) {
	f := survival.Features{Names: []string{"returned"}}
	var left []bool
	for _, c := range []struct {
		x    float32
		left bool
		n    int
	}{{0, false, 400_000}, {0, true, 100_000}, {1, false, 60_000}, {1, true, 40_000}} {
		for range c.n {
			f.Data, left = append(f.Data, c.x), append(left, c.left)
		}
	}
	m := fitLogistic(t, f, left)
	near(t, "coefficient", m.Coefficients[0], math.Log(40./60/(100./400)), 1e-4)
	near(t, "its error", m.SE[0], math.Sqrt(1./400e3+1./100e3+1./60e3+1./40e3), 1e-4)
	near(t, "intercept", m.Intercept, math.Log(.25), 1e-4)
	near(t, "its error", m.InterceptSE, math.Sqrt(1./400e3+1./100e3), 1e-4)
	p := m.Predict([]float32{1}, .95)
	near(t, "probability", p.P, .4, 1e-4)
	near(t, "lower limit", p.Lo, 1/(1+math.Exp(-math.Log(2./3)+1.959964*math.Sqrt(1./60e3+1./40e3))), 1e-4)
}

func TestLogisticFindsTheCoefficientsItsDataWereDrawnWith(t *testing.T) {
	truth := []float64{.8, -.05, .002, 0}
	f, happened := draw(150_000, -1.5, truth...)
	m := fitLogistic(t, f, happened)
	for j, c := range truth {
		if math.Abs(m.Coefficients[j]-c) > 4*m.SE[j] {
			t.Errorf("%s: %v ± %v, drawn with %v", m.Names[j], m.Coefficients[j], m.SE[j], c)
		}
	}
	if m.Status != survival.OK || m.Iterations > 4 {
		t.Errorf("status %q after %d rounds over all rows", m.Status, m.Iterations)
	}
}

func TestAtTheFitThePenalisedSlopeVanishes(t *testing.T) {
	f, happened := draw(300, -.5, 1, .2, 0)
	m := fitLogistic(t, f, happened)
	balance, byFeature := 0.0, make([]float64, 3)
	for i, h := range happened {
		miss := -m.Predict(f.Row(i), .95).P
		if h {
			miss++
		}
		balance += miss
		for j, x := range f.Row(i) {
			byFeature[j] += miss * float64(x)
		}
	}
	if math.Abs(balance) > 1e-6 {
		t.Errorf("as many as happened are foreseen, but for %v", balance)
	}
	for j, sum := range byFeature {
		mean, variance := 0.0, 0.0
		for i := range happened {
			mean += float64(f.Row(i)[j]) / 300
		}
		for i := range happened {
			variance += (float64(f.Row(i)[j]) - mean) * (float64(f.Row(i)[j]) - mean) / 300
		}
		near(t, m.Names[j], sum, survival.Penalty*m.Coefficients[j]*variance, 1e-5)
	}
}

func TestTheLogisticFitIsTheSameOnAnyNumberOfProcessors(t *testing.T) {
	f, happened := draw(120_000, -1, .5, .1)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := fitLogistic(t, f, happened)
	runtime.GOMAXPROCS(5)
	five := fitLogistic(t, f, happened)
	if diff := cmp.Diff(append(one.Coefficients, one.LL, one.SE[1]), append(five.Coefficients, five.LL, five.SE[1])); diff != "" {
		t.Error(diff)
	}
}

func TestOutcomesThatAFeatureTellsApartKeepCoefficientsFinite(t *testing.T) {
	f := survival.Features{Names: []string{"days", "constant", "twice the days"}}
	var left []bool
	for i := range 1000 {
		f.Data, left = append(f.Data, float32(i), 5, float32(2*i)), append(left, i >= 500)
	}
	m := fitLogistic(t, f, left)
	if m.Coefficients[1] != 0 || m.SE[1] != 0 {
		t.Errorf("what never varies has the coefficient %v", m.Coefficients[1])
	}
	if early, late := m.Predict([]float32{0, 5, 0}, .95), m.Predict([]float32{999, 5, 1998}, .95); early.P > .01 || late.P < .99 || late.Hi > 1 || early.Lo < 0 {
		t.Errorf("%+v %+v", early, late)
	}
	c := m.Contributions([]float32{999, 7, 1998})
	if c[0] <= 0 || c[1] != 0 || math.Abs(c[0]-c[2]) > 1e-6*c[0] {
		t.Errorf("contributions %v: features that say the same share", c)
	}
}

func TestALogisticFitNeverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(0, 40).Draw(t, "rows"), rapid.IntRange(0, 4).Draw(t, "features")
		f := survival.Features{Names: make([]string, k), Data: make([]float32, n*k)}
		value := rapid.OneOf(rapid.Float32Range(-3, 3), rapid.Float32(), rapid.SampledFrom([]float32{0, 1, 1e30, -1e-30, 16777216}))
		for i := range f.Data {
			f.Data[i] = value.Draw(t, "value")
		}
		happened := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "happened")
		m, err := survival.FitLogistic(t.Context(), f, happened)
		if err != nil {
			t.Fatal(err)
		}
		finite(t, "fit", append(append(m.Coefficients, m.SE...), m.Intercept, m.InterceptSE, m.LL)...)
		all, err := m.PredictAll(t.Context(), f, .95)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range all {
			finite(t, "chance", c.P, c.Lo, c.Hi)
			if k > 0 {
				finite(t, "contributions", m.Contributions(f.Row(i))...)
			}
			if c.Lo > c.P || c.P > c.Hi {
				t.Fatalf("%+v", c)
			}
		}
	})
}

func TestAFeatureThatIsNoNumberIsNamed(t *testing.T) {
	f := survival.Features{Names: []string{"recency", "value"}, Data: []float32{1, 2, 3, float32(math.NaN())}}
	if _, err := survival.FitLogistic(t.Context(), f, []bool{true, false}); err == nil {
		t.Error("NaN was taken")
	}
}

// BenchmarkLogistic fits a million customers by nine features.
func BenchmarkLogistic(b *testing.B) {
	f, happened := draw(1_000_000, -1.2, .8, -.05, .002, .3, .01, -.001, .1, .02, .003)
	b.ReportAllocs()
	for b.Loop() {
		fitLogistic(b, f, happened)
	}
}
