package predict

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/predict/survival"
)

// Checked is one number of the self-test: what this program works out, and what is known to be right.
type Checked struct {
	What  string  `json:"what"`
	Got   float64 `json:"got"`
	Want  float64 `json:"want"`
	Error float64 `json:"error"` // as a share of Want, of a log-likelihood as it is; -1 where Got is not a number
	Most  float64 `json:"most"`  // of Error
	OK    bool    `json:"ok"`
}

// selfTestData are published data in collapsed form, and what independent programs made of them.
//
//go:embed selftest.json
var selfTestData []byte

type golden struct {
	Patterns [][4]int64 `json:"patterns"` // x, t_x and T in days, customers
	Models   map[string]struct {
		Params    map[string]float64 `json:"params"`
		LL        float64            `json:"LL"`
		Customers []struct {
			X     int32   `json:"x"`
			Tx    int32   `json:"tx"`
			T     int32   `json:"T"`
			Alive float64 `json:"p_alive"`
			E13   float64 `json:"E_13"`
			LL    float64 `json:"ll"`
		} `json:"customers"`
	} `json:"models"`
	Hard []struct {
		R, Alpha, S, Beta float64
		X                 int32
		Unit              btyd.Unit
		Tx                int32 `json:"tx"`
		T                 int32 `json:"T"`
		LL                float64
	} `json:"hard"`
	SBG struct {
		Start       int64
		Lost        []int64
		Alpha, Beta float64
		LL          float64
	} `json:"sbg"`
}

// SelfTest fits the models to published data and holds parameters, log-likelihoods and predictions against known values: log-likelihoods
// within 1e-4, parameters within 1e-3, predictions at the known parameters within 1e-6, points at which textbook formulas overflow within
// 1e-10. It asks no store and no warehouse, and nothing in it is drawn at random.
func SelfTest(ctx context.Context) ([]Checked, error) {
	var g golden
	if err := json.Unmarshal(selfTestData, &g); err != nil {
		return nil, err
	}
	var t selfTest
	patterns := make([]btyd.Pattern, len(g.Patterns))
	for i, p := range g.Patterns {
		patterns[i] = btyd.Pattern{History: btyd.History{X: int32(p[0]), Tx: int32(p[1]), T: int32(p[2])}, N: p[3]}
	}
	for _, name := range btyd.Names() {
		want := g.Models[name]
		fit, err := btyd.FitModel(ctx, name, patterns, btyd.Week)
		if err != nil {
			return nil, err
		}
		t.absolute(name+" LL", fit.LL, want.LL, 1e-4)
		var params []float64
		for _, p := range fit.Model.Params() {
			t.relative(name+" "+p.Name, p.Value, want.Params[p.Name], 1e-3)
			params = append(params, want.Params[p.Name])
		}
		known, _ := btyd.New(name, btyd.Week, params...)
		for i, c := range want.Customers {
			h, who := btyd.History{X: c.X, Tx: c.Tx, T: c.T}, fmt.Sprintf("%s customer %d ", name, i+1)
			t.relative(who+"p_alive", known.Alive(h), c.Alive, 1e-6)
			t.relative(who+"E_13", known.Expected(h, 91), c.E13, 1e-6)
			t.absolute(who+"ll", known.LogLikelihood(h), c.LL, 1e-8)
		}
	}
	for i, h := range g.Hard {
		m := btyd.ParetoNBD{R: h.R, Alpha: h.Alpha, S: h.S, Beta: h.Beta, Per: h.Unit}
		t.absolute(fmt.Sprintf("pnbd hard point %d", i+1), m.LogLikelihood(btyd.History{X: h.X, Tx: h.Tx, T: h.T}), h.LL, 1e-10)
	}
	t.contracts(&g)
	return t.all, nil
}

// contracts fits the shifted beta-geometric to the curve of its paper.
func (t *selfTest) contracts(g *golden) {
	left := g.SBG.Start
	var spells []survival.Spell
	for i, n := range g.SBG.Lost {
		spells = append(spells, survival.Spell{Length: i + 1, Ended: true, Count: n})
		left -= n
	}
	spells = append(spells, survival.Spell{Length: len(g.SBG.Lost), Count: left})
	f := survival.FitSBG(survival.Collapse(spells))
	t.absolute("sbg LL", f.LL, g.SBG.LL, 1e-4)
	t.relative("sbg alpha", f.Alpha, g.SBG.Alpha, 1e-3)
	t.relative("sbg beta", f.Beta, g.SBG.Beta, 1e-3)
}

type selfTest struct{ all []Checked }

func (t *selfTest) absolute(what string, got, want, most float64) {
	t.add(Checked{What: what, Got: got, Want: want, Error: math.Abs(got - want), Most: most})
}

func (t *selfTest) relative(what string, got, want, most float64) {
	t.add(Checked{What: what, Got: got, Want: want, Error: math.Abs(got-want) / max(math.Abs(want), 1e-12), Most: most})
}

func (t *selfTest) add(c Checked) {
	if math.IsNaN(c.Error) || math.IsInf(c.Error, 0) {
		c.Got, c.Error = finite(c.Got), -1
	}
	c.OK = c.Error >= 0 && c.Error <= c.Most
	t.all = append(t.all, c)
}
