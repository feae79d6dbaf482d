package predict

import (
	"context"
	"slices"
	"strings"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/fault"
)

// Names of models that are fitted on demand, beside those of btyd: the value of a purchase; how long contracts last; purchases on
// occasions such as months.
const (
	NameGammaGamma = "gg"
	NameSBG        = "sbg"
	NameBGBB       = "bgbb"
)

// FitNames are the models Fit knows.
func FitNames() []string {
	return append(btyd.Names(), btyd.NameCovariates, NameGammaGamma, NameSBG, NameBGBB)
}

// Fit fits the models named to the histories in scope, those of btyd and Gamma-Gamma if none is (with covariates where
// the scope has some), and returns them by name. It never
// fails for what the data are like: what cannot be told from them is said in Status and Warnings. An unknown name is an Invalid
// fault.
func Fit(ctx context.Context, q Querier, s Scope, names ...string) (map[string]ModelCard, error) {
	if len(names) == 0 {
		names = append(btyd.Names(), NameGammaGamma)
		if len(s.Covariates) > 0 {
			names = append(names, btyd.NameCovariates)
		}
	}
	for _, name := range names {
		if !slices.Contains(FitNames(), name) {
			return nil, unknownModel(name, append([]string{Auto}, FitNames()...))
		}
	}
	if s.From > s.AsOf {
		return nil, fault.New(fault.Invalid, "predict.error.from", "from", s.From, "until", s.AsOf).On("from")
	}
	var cr *crowd
	out := map[string]ModelCard{}
	for _, name := range names {
		if name != NameSBG && name != NameBGBB && cr == nil {
			b, err := Load(ctx, q, s)
			if err != nil {
				return nil, err
			}
			cr = newCrowd(b)
		}
		var err error
		switch name {
		case NameSBG:
			out[name], err = fitContracts(ctx, q, s)
		case NameBGBB:
			out[name], err = fitOccasions(ctx, q, s)
		default:
			out[name], err = cr.fit(ctx, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (cr *crowd) fit(ctx context.Context, name string) (ModelCard, error) {
	if name == NameGammaGamma {
		f, err := btyd.FitGammaGamma(ctx, cr.spends())
		return spendCard(f).ModelCard, err
	}
	if name == btyd.NameCovariates {
		l, f, err := cr.fitCovariates(ctx, nil)
		if err != nil || l == nil {
			return noCovariates(), err
		}
		return l.covariateCard(f), nil
	}
	f, err := btyd.FitModel(ctx, name, cr.patterns, btyd.Week)
	if err != nil {
		return ModelCard{}, err
	}
	return modelCard(f), nil
}

// fitCovariates fits Pareto/NBD with the covariates of the book, beginning with plain, which is fitted first where it is nil; nil layers
// where no covariate has several levels.
func (cr *crowd) fitCovariates(ctx context.Context, plain *btyd.Fit) (*layers, btyd.CovariateFit, error) {
	l := newLayers(cr)
	if l == nil {
		return nil, btyd.CovariateFit{}, nil
	}
	if plain == nil {
		f, err := btyd.FitParetoNBD(ctx, cr.patterns, btyd.Week)
		if err != nil {
			return nil, btyd.CovariateFit{}, err
		}
		plain = &f
	}
	f, err := btyd.FitCovariates(ctx, l.cells, *plain)
	return l, f, err
}

// noCovariates is the card where no covariate has several levels with enough customers.
func noCovariates() ModelCard {
	return ModelCard{Name: btyd.NameCovariates, Status: btyd.TooFew, Params: map[string]float64{}, SE: map[string]float64{},
		Warnings: []Notice{{Code: "covariates_none", Numbers: []float64{fewestOfLevel, fewestRepeating}}}}
}

// fitContracts fits sBG to all contracts, in months.
func fitContracts(ctx context.Context, q Querier, s Scope) (ModelCard, error) {
	c := ModelCard{Name: NameSBG, Status: btyd.TooFew, Params: map[string]float64{}, SE: map[string]float64{}, Warnings: []Notice{}}
	segments, err := survival.Contracts(ctx, q, s.AsOf, "")
	if fault.CodeOf(err) == fault.NotFound {
		c.Warnings = append(c.Warnings, Notice{Code: "no_contracts"})
		return c, nil
	}
	if err != nil {
		return c, asked(ctx, err)
	}
	f := survival.FitSBG(segments[0].Table)
	c.discrete(f.Status, f.LL, f.N)
	c.param("alpha", f.Alpha)
	c.param("beta", f.Beta)
	if f.SE != nil {
		c.SE["alpha"], c.SE["beta"] = finite(f.SE[0]), finite(f.SE[1])
	}
	return c, nil
}

// fitOccasions fits BG/BB to the purchases, counted by the longest unit of time in which hardly anybody buys twice.
func fitOccasions(ctx context.Context, q Querier, s Scope) (ModelCard, error) {
	c := ModelCard{Name: NameBGBB, Status: btyd.TooFew, Params: map[string]float64{}, SE: map[string]float64{}, Warnings: []Notice{}}
	days, err := s.purchases(ctx, q, s.AsOf)
	if err != nil {
		return c, err
	}
	patterns, unit, fits, err := survival.Occasions(ctx, q, days.SQL, s.AsOf, s.From)
	if err != nil {
		return c, asked(ctx, err)
	}
	f, err := survival.FitBGBB(ctx, patterns)
	if err != nil {
		return c, err
	}
	c.discrete(f.Status, f.LL, f.N)
	if len(patterns) == 0 {
		c.Warnings = append(c.Warnings, Notice{Code: btyd.WarnFewCustomers, Numbers: []float64{0, 0}})
		return c, nil
	}
	c.Warnings = append(c.Warnings, Notice{Code: "occasion_" + string(unit)})
	if !fits {
		c.Warnings = append(c.Warnings, Notice{Code: "occasions_merged"})
	}
	for i, p := range []btyd.Param{{Name: "alpha", Value: f.Alpha}, {Name: "beta", Value: f.Beta}, {Name: "gamma", Value: f.Gamma}, {Name: "delta", Value: f.Delta}} {
		c.param(p.Name, p.Value)
		if f.SE != nil {
			c.SE[p.Name] = finite(f.SE[i])
		}
	}
	return c, nil
}

// discrete notes what a model of contracts or occasions found.
func (c *ModelCard) discrete(status survival.Status, ll float64, n int64) {
	c.Status, c.LL, c.N = btyd.Status(status), finite(ll), n
	if status == survival.ConstantHazard || status == survival.AllOrNothing {
		c.Status = btyd.OK
		c.Warnings = append(c.Warnings, Notice{Code: string(status)})
	}
}

func (c *ModelCard) param(name string, value float64) { c.Params[name] = finite(value) }

func unknownModel(name string, names []string) error {
	return fault.New(fault.Invalid, "predict.error.model", "text", name, "choices", strings.Join(names, ", ")).On("model")
}

// modelCard shows a fit. The parameters are those of the model that predicts, which is an NBD where the status is not ok.
func modelCard(f btyd.Fit) ModelCard {
	c := ModelCard{Name: f.Name, Status: f.Status, Params: map[string]float64{}, SE: map[string]float64{}, LL: finite(f.LL), N: f.N, Warnings: notices(f.Warnings)}
	for i, p := range f.Model.Params() {
		c.Params[p.Name] = finite(p.Value)
		if i < len(f.SE) {
			c.SE[p.Name] = finite(f.SE[i])
		}
	}
	return c
}

func spendCard(f btyd.SpendFit) SpendCard {
	c := SpendCard{ModelCard: ModelCard{Name: NameGammaGamma, Status: f.Status, Params: map[string]float64{}, SE: map[string]float64{}, LL: finite(f.LL), N: f.N,
		Warnings: notices(f.Warnings)}, Mean: finite(f.Model.Population()), Corr: finite(f.Corr)}
	for i, p := range f.Model.Params() {
		c.Params[p.Name] = finite(p.Value)
		if i < len(f.SE) {
			c.SE[p.Name] = finite(f.SE[i])
		}
	}
	return c
}

func notices(warnings []btyd.Warning) []Notice {
	out := make([]Notice, len(warnings))
	for i, w := range warnings {
		out[i] = Notice{Code: w.Code, Numbers: slices.Clone(w.Numbers)}
		for j, v := range out[i].Numbers {
			out[i].Numbers[j] = finite(v)
		}
	}
	return out
}
