package btyd_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"stamm/internal/insight/predict/btyd"
)

func TestSeriesAndQuadratureAgree(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	spread := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, rnd.Float64()) }
	for range 2000 {
		m := btyd.BGNBD{R: spread(0.05, 50), Alpha: spread(0.1, 300), A: spread(0.01, 50), B: spread(0.05, 100), Per: btyd.Week}
		h := btyd.History{X: int32(spread(1, 400)), T: int32(spread(1, 4000))}
		series, quadrature := m.PurchasesBothWays(h, spread(1, 4000))
		if math.Abs(series-quadrature) > 1e-9*series {
			t.Fatalf("%+v %+v: %v by series, %v by quadrature", m, h, series, quadrature)
		}
	}
}

func TestMeansOverBetaHaveTenDigits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	spread := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, rnd.Float64()) }
	for range 100 {
		a, b, k, tau := spread(1e-5, 3e4), spread(1e-5, 3e4), spread(0.01, 3e4), spread(1e-5, 1e4)
		g := func(p, _ float64) float64 { return math.Exp(-k * math.Log1p(p*tau)) }
		// the same by many steps of the log odds, weighed by their own sum
		var sum, weight, top float64
		const step = 0.002
		top = math.Inf(-1)
		log := func(y float64) (lw, lg float64) {
			e := math.Exp(-math.Abs(y))
			lp, lq, p := -math.Log1p(e), -math.Abs(y)-math.Log1p(e), 1/(1+e)
			if y < 0 {
				lp, lq, p = lq, lp, e/(1+e)
			}
			return a*lp + b*lq, -k * math.Log1p(p*tau)
		}
		reach := 40 + 40/min(a, b, 1)
		if reach > 200 {
			continue // too far for many steps
		}
		for y := -reach; y < reach; y += step {
			lw, _ := log(y)
			top = max(top, lw)
		}
		for y := -reach; y < reach; y += step {
			lw, lg := log(y)
			weight += math.Exp(lw - top)
			sum += math.Exp(lw + lg - top)
		}
		want := sum / weight
		within(t, fmt.Sprint(a, b, k, tau), btyd.BetaMean(a, b, k*tau/(1+tau), g), want, 1e-10*want+1e-12)
	}
	near(t, "mean of p", btyd.BetaMean(1e-7, 3e-6, 1, func(p, _ float64) float64 { return p * p }), 1e-7*(1+1e-7)/(31e-7*(1+31e-7)), 1e-9)
}

func TestLongHorizonsAddUp(t *testing.T) {
	// purchases within two horizons are those of the first and those after it, whatever way they are worked out
	for _, m := range []btyd.Model{largeBG, btyd.MBGNBD(largeBG), largePareto, btyd.NBD{R: 1, Alpha: 4, Per: btyd.Week}} {
		h := btyd.History{X: 5, Tx: 200, T: 230}
		last := 0.0
		for days := 1.0; days < 1e6; days *= 1.3 {
			e := m.Expected(h, days)
			if e <= last {
				t.Errorf("%s: %v purchases in %v days after %v in fewer", m.Name(), e, days, last)
			}
			last = e
			// with a discount, each day's purchases are worth a little less
			sum, steps := 0.0, 400.0
			for i := range int(steps) {
				from, to := days*float64(i)/steps, days*float64(i+1)/steps
				sum += (m.Expected(h, to) - m.Expected(h, from)) * math.Pow(1.1, -(from+to)/2/365.25)
			}
			if days < 20000 {
				near(t, m.Name()+" discounted", m.Residual(h, 0.1, days), sum, 2e-3)
			}
			if days > 50 {
				days *= 4
			}
		}
	}
}

func TestModelsStayFiniteForAnyParameters(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 9))
	spread := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, rnd.Float64()) }
	for i := range 600 {
		wide := 1e9
		if i%2 == 0 {
			wide = 1e3
		}
		params := []float64{spread(1/wide, wide), spread(1/wide, wide), spread(1/wide, wide), spread(1/wide, wide)}
		name := btyd.Names()[i%3]
		m, ok := btyd.New(name, btyd.Week, params...)
		if !ok {
			t.Fatal(params)
		}
		h := btyd.History{X: int32(spread(0.1, 1e4)), T: int32(spread(0.1, 1e5))}
		if h.X > 0 {
			h.Tx = int32(float64(h.T) * min(1, rnd.Float64()*1.1))
		}
		checkModel(t, m, h, spread(0.01, 1e5), spread(0.001, 1))
	}
}

func FuzzModelsStayFinite(f *testing.F) {
	f.Add(uint8(0), 0.2426, 4.4135, 0.7929, 2.4258, 7.0, int32(2), int32(30), int32(39), 39.0, 0.1)
	f.Add(uint8(1), 0.5, 10.0, 1.0, 1.0, 7.0, int32(1000), int32(3650), int32(3653), 365.0, 0.0)
	f.Add(uint8(2), 0.5, 10.0, 1.0, 10.0, 1.0, int32(3), int32(3653), int32(3653), 3650.0, 0.1)
	f.Add(uint8(2), 1e-9, 1e9, 1e9, 1e-9, 7.0, int32(0), int32(0), int32(0), math.Inf(1), 5.0)
	f.Add(uint8(0), 1e9, 1e-9, 1e-9, 1e9, 365.25, int32(math.MaxInt32), int32(0), int32(math.MaxInt32), 1e300, -3.0)
	f.Add(uint8(1), 1e9, 1e9, 1e9, 1e9, 1e-9, int32(7), int32(7), int32(70), -1.0, math.Inf(1))
	f.Add(uint8(3), 1e-9, 1e-9, 1.0, 1.0, 1e9, int32(7), int32(7), int32(70), math.NaN(), math.NaN())
	f.Fuzz(func(t *testing.T, kind uint8, p1, p2, p3, p4, unit float64, x, tx, until int32, days, rate float64) {
		name := btyd.Names()[int(kind)%4]
		params := []float64{p1, p2, p3, p4}
		if name == btyd.NameNBD {
			params = params[:2]
		}
		m, ok := btyd.New(name, btyd.Unit(unit), params...)
		if !ok {
			return
		}
		for _, p := range btyd.Collapse([]btyd.History{{X: x, Tx: tx, T: until}}) {
			checkModel(t, m, p.History, days, rate)
			checkFit(t, btyd.Fit{Name: name, Model: m}, []btyd.Pattern{p})
		}
	})
}

func FuzzFitsStayFinite(f *testing.F) {
	f.Add(uint64(1), uint16(200), int32(400), int32(8), uint8(50))
	f.Add(uint64(2), uint16(30), int32(3653), int32(1000), uint8(0))
	f.Add(uint64(3), uint16(500), int32(1), int32(1), uint8(99))
	f.Add(uint64(4), uint16(11), int32(math.MaxInt32), int32(math.MaxInt32), uint8(30))
	f.Fuzz(func(t *testing.T, seed uint64, customers uint16, longest, most int32, once uint8) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var all []btyd.History
		var spends []btyd.Spend
		for range customers % 1000 {
			h := btyd.History{T: rnd.Int32N(max(longest, 1))}
			if rnd.IntN(100) >= int(once)%100 && h.T > 0 {
				h.X, h.Tx = 1+rnd.Int32N(max(most, 1)), 1+rnd.Int32N(h.T)
			}
			all = append(all, h)
			spends = append(spends, btyd.Spend{X: h.X, Mean: math.Exp(rnd.NormFloat64() * float64(once)), N: 1})
		}
		fitAll(t, all, func(btyd.Fit) {})
		spend, err := btyd.FitGammaGamma(t.Context(), spends)
		if err != nil {
			t.Fatal(err)
		}
		finite(t, "spend", append([]float64{spend.LL, spend.Corr, spend.Model.Population()}, spend.SE...)...)
		for _, s := range spends {
			if v := spend.Model.Conditional(s.X, s.Mean); !(v >= 0) || math.IsInf(v, 0) {
				t.Fatalf("%+v of %+v: %v", s, spend.Model, v)
			}
		}
	})
}
