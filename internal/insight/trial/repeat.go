package trial

import (
	"math"
	"math/rand/v2"
)

// The customers of Repeat: nine in ten buy nothing, those who buy spend as a lognormal does, so that few bring much.
const (
	repeatCustomers = 20_000
	repeatControl   = .1
	repeatBuyers    = .1
	repeatMu        = 4.
	repeatSigma     = .8
)

// Repeated counts what the intervals of simulated measures said.
type Repeated struct {
	Runs    int
	Covered int // intervals that hold the true effect
	Alarms  int // intervals that leave out 0
}

// Repeat runs so many simulated measures whose true effect per customer is known, and reads each. The effect comes from more customers
// who buy; with 0 both groups are alike. The same seed gives the same counts. It is for tests and benchmarks.
func Repeat(runs int, seed uint64, effect float64) Repeated {
	r := Repeated{Runs: runs}
	perBuyer := math.Exp(repeatMu + repeatSigma*repeatSigma/2)
	buyers := min(1, max(0, repeatBuyers+effect/perBuyer))
	truth := (buyers - repeatBuyers) * perBuyer
	for run := range runs {
		dice := rand.New(rand.NewPCG(seed, uint64(run)))
		var control, arm Moments
		for range repeatCustomers {
			if dice.Float64() < repeatControl {
				control.Add(spend(dice, repeatBuyers))
			} else {
				arm.Add(spend(dice, buyers))
			}
		}
		e := Compare(control, arm)
		if e.Known && e.Lo <= truth && truth <= e.Hi {
			r.Covered++
		}
		if e.Sure() {
			r.Alarms++
		}
	}
	return r
}

// spend is what a customer brings.
func spend(dice *rand.Rand, buyers float64) float64 {
	if dice.Float64() >= buyers {
		return 0
	}
	return math.Exp(repeatMu + repeatSigma*dice.NormFloat64())
}
