package btyd_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

// fine are ticks fine enough for the decimals of the vectors: a millionth of their unit.
const fine btyd.Unit = 1e6

func ticks(v float64) int32 { return int32(math.Round(v * float64(fine))) }

func parse(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestExpectationsAtHardPoints(t *testing.T) {
	var points []struct {
		Model          string
		R, Alpha, A, B float64
		X              int32
		Tx             float64 `json:"t_x"`
		Until          float64 `json:"T"`
		Horizon        float64 `json:"t"`
		E              string
	}
	readGolden(t, &points, "contractual_and_special", "bg_conditional_expectation_hard_points", "vectors")
	for _, p := range points {
		const unit = 100
		h := btyd.History{X: p.X, Tx: int32(math.Round(p.Tx * unit)), T: int32(math.Round(p.Until * unit))}
		m, ok := btyd.New(p.Model, unit, p.R, p.Alpha, p.A, p.B)
		if !ok {
			t.Fatal(p)
		}
		near(t, fmt.Sprintf("%+v", p), m.Expected(h, p.Horizon*unit), parse(t, p.E), 1e-12)
	}
}

func TestParetoAtHardPoints(t *testing.T) {
	var points []struct {
		R, Alpha, S, Beta float64
		X                 int32
		Tx                float64 `json:"t_x"`
		T                 float64 `json:"T"`
		LL                string
		Alive             string `json:"p_alive"`
	}
	readGolden(t, &points, "contractual_and_special", "pnbd_hard_points", "vectors")
	for _, p := range points {
		checkPareto(t, []float64{p.R, p.Alpha, p.S, p.Beta}, p.X, p.Tx, p.T, parse(t, p.LL), parse(t, p.Alive))
	}
	var random [][]any
	readGolden(t, &random, "contractual_and_special", "pnbd_random_vectors", "rows")
	for _, row := range random {
		v := make([]float64, len(row))
		for i := range row {
			if s, ok := row[i].(string); ok {
				v[i] = parse(t, s)
			} else {
				v[i] = row[i].(float64)
			}
		}
		checkPareto(t, v[:4], int32(v[4]), v[5], v[6], v[7], v[8])
	}
}

func checkPareto(t *testing.T, params []float64, x int32, tx, until, ll, alive float64) {
	t.Helper()
	m, ok := btyd.New("pnbd", fine, params...)
	if !ok {
		t.Fatal(params)
	}
	h, of := btyd.History{X: x, Tx: ticks(tx), T: ticks(until)}, fmt.Sprint(params, x, tx, until)
	within(t, of+" LL", m.LogLikelihood(h), ll, 1e-10)
	near(t, of+" P(alive)", m.Alive(h), alive, 1e-9)
}

func TestDistributionOfTheNumberOfPurchases(t *testing.T) {
	var want struct {
		T    float64
		PMF  []float64          `json:"P_n_0_to_10_mpmath"`
		Mean map[string]float64 `json:"E_X_t_mpmath"`
	}
	readGolden(t, &want, "contractual_and_special", "bgnbd_pmf")
	m := btyd.BGNBD{R: .243, Alpha: 4.414, A: .793, B: 2.426, Per: btyd.Week}
	for n, p := range want.PMF {
		near(t, fmt.Sprintf("P(%d)", n), m.PMF(n, want.T*7), p, 1e-9)
	}
	for weeks, mean := range want.Mean {
		near(t, "E X("+weeks+")", m.Mean(parse(t, weeks)*7), mean, 1e-9)
	}
	var total, mean float64
	for n := range 2000 {
		p := m.PMF(n, want.T*7)
		total, mean = total+p, mean+float64(n)*p
	}
	within(t, "sum of the probabilities", total, 1, 1e-8)
	near(t, "mean of the distribution", mean, m.Mean(want.T*7), 1e-6)
}
