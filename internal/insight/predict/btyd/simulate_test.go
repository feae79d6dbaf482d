package btyd_test

import (
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

// gamma draws from Gamma(shape, rate) (Marsaglia and Tsang).
func gamma(rnd *rand.Rand, shape, rate float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(rnd.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	for {
		z := rnd.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rnd.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v * boost / rate
		}
	}
}

func beta(rnd *rand.Rand, a, b float64) float64 {
	x, y := gamma(rnd, a, 1), gamma(rnd, b, 1)
	return x / (x + y)
}

// simulated are customers of a model, each watched for 1 to `days` days, with one purchase a day at most.
func simulated(m btyd.Model, seed uint64, customers, days int) []btyd.History {
	rnd := rand.New(rand.NewPCG(seed, 1))
	all := make([]btyd.History, customers)
	for i := range all {
		h := btyd.History{T: 1 + int32(rnd.IntN(days))}
		rate, leaves, lifetime := 0.0, func() bool { return false }, math.Inf(1)
		switch m := m.(type) {
		case btyd.BGNBD:
			rate = gamma(rnd, m.R, m.Alpha)
			p := beta(rnd, m.A, m.B)
			leaves = func() bool { return rnd.Float64() < p }
		case btyd.MBGNBD:
			rate = gamma(rnd, m.R, m.Alpha)
			p := beta(rnd, m.A, m.B)
			leaves = func() bool { return rnd.Float64() < p }
			if leaves() {
				rate = 0
			}
		case btyd.ParetoNBD:
			rate = gamma(rnd, m.R, m.Alpha)
			lifetime = -math.Log(1-rnd.Float64()) / gamma(rnd, m.S, m.Beta)
		case btyd.NBD:
			rate = gamma(rnd, m.R, m.Alpha)
		}
		for at, gone := 0.0, rate <= 0; !gone; gone = leaves() {
			at -= math.Log(1-rnd.Float64()) / rate
			day := math.Ceil(at * float64(m.Unit()))
			if at > lifetime || day > float64(h.T) {
				break
			}
			if int32(day) > h.Tx {
				h.X, h.Tx = h.X+1, int32(day)
			}
		}
		all[i] = h
	}
	return all
}

// cpuSeconds is the time all cores have spent on this process.
func cpuSeconds(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

// A large shop of two years: 1,000,000 customers with about 400,000 distinct histories.
var (
	largeBG     = btyd.BGNBD{R: 0.8, Alpha: 8, A: 0.8, B: 2.5, Per: btyd.Week}
	largeNBD    = btyd.NBD{R: 0.8, Alpha: 20, Per: btyd.Week}
	largePareto = btyd.ParetoNBD{R: 0.8, Alpha: 12, S: 0.6, Beta: 12, Per: btyd.Week}
)

func BenchmarkFitBGNBD(b *testing.B)     { benchmarkFit(b, btyd.NameBGNBD, largeBG) }
func BenchmarkFitMBGNBD(b *testing.B)    { benchmarkFit(b, btyd.NameMBGNBD, largeBG) }
func BenchmarkFitParetoNBD(b *testing.B) { benchmarkFit(b, btyd.NameParetoNBD, largePareto) }

// What nobody leaves has no maximum to find.
func BenchmarkFitBGNBDWithoutDropout(b *testing.B)     { benchmarkFit(b, btyd.NameBGNBD, largeNBD) }
func BenchmarkFitParetoNBDWithoutDropout(b *testing.B) { benchmarkFit(b, btyd.NameParetoNBD, largeNBD) }

// benchmarkFit fits a million customers from their histories, collapsing included.
func benchmarkFit(b *testing.B, name string, m btyd.Model) {
	all := simulated(m, 1, 1_000_000, 730)
	b.ResetTimer()
	cpu := cpuSeconds(b)
	defer func() { b.ReportMetric((cpuSeconds(b)-cpu)/float64(b.N), "cpu-s/op") }()
	for b.Loop() {
		fit, err := btyd.FitModel(b.Context(), name, btyd.Collapse(all), btyd.Week)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(fit.Patterns), "patterns")
		b.ReportMetric(float64(fit.Evaluations), "evaluations")
		b.Log(fit.Status, fit.Model, fit.SE, fit.LRvsNBD)
	}
}

func BenchmarkCollapse(b *testing.B) {
	all := simulated(largeBG, 1, 1_000_000, 730)
	b.ResetTimer()
	cpu := cpuSeconds(b)
	defer func() { b.ReportMetric((cpuSeconds(b)-cpu)/float64(b.N), "cpu-s/op") }()
	for b.Loop() {
		btyd.Collapse(all)
	}
}

func BenchmarkPredictBGNBD(b *testing.B)     { benchmarkPredict(b, btyd.NameBGNBD, largeBG) }
func BenchmarkPredictParetoNBD(b *testing.B) { benchmarkPredict(b, btyd.NameParetoNBD, largePareto) }

// benchmarkPredict predicts a million customers by their patterns, with errors and discount.
func benchmarkPredict(b *testing.B, name string, m btyd.Model) {
	patterns := btyd.Collapse(simulated(m, 1, 1_000_000, 730))
	fit, err := btyd.FitModel(b.Context(), name, patterns, btyd.Week)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	cpu := cpuSeconds(b)
	defer func() { b.ReportMetric((cpuSeconds(b)-cpu)/float64(b.N), "cpu-s/op") }()
	for b.Loop() {
		if _, err := fit.Predict(b.Context(), patterns, 91); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(patterns)), "patterns")
}
