package predict

import (
	"context"
	"slices"
	"strings"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/fault"
)

// NameGammaGamma is the model of the value of a purchase.
const NameGammaGamma = "gg"

// FitNames are the models Fit knows.
func FitNames() []string { return append(btyd.Names(), NameGammaGamma) }

// Fit fits the models named, all if none is, and returns them by name. It never fails for what the data are like: what cannot
// be told from them is said in Status and Warnings. An unknown name is an Invalid fault.
func Fit(ctx context.Context, b *Book, names ...string) (map[string]ModelCard, error) {
	if len(names) == 0 {
		names = FitNames()
	}
	cr := newCrowd(b)
	out := map[string]ModelCard{}
	for _, name := range names {
		switch {
		case name == NameGammaGamma:
			f, err := btyd.FitGammaGamma(ctx, b.spends())
			if err != nil {
				return nil, err
			}
			out[name] = spendCard(f).ModelCard
		case slices.Contains(btyd.Names(), name):
			f, err := btyd.FitModel(ctx, name, cr.patterns, btyd.Week)
			if err != nil {
				return nil, err
			}
			out[name] = modelCard(f)
		default:
			return nil, unknownModel(name, FitNames())
		}
	}
	return out, nil
}

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
