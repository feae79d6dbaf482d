package predict

import (
	"context"
	"math"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/predict/survival"
)

// featureNames are what the logistic regression looks at, in the order of putFeatures. All of it is behaviour known on the day of
// the book: how often, how lately, for how long, for how much, how silent held against her own rhythm, returns, unpaid invoices.
// Products of two let the curve bend: a silence of ten weeks means something else after three purchases than after thirty. The first
// is what Pareto/NBD says, as log odds: the regression begins where that model ends, and corrects what it gets wrong.
func featureNames() []string {
	return []string{"model", "repeat", "silent", "tenure", "recent", "rhythm", "one_time", "value", "returns", "last_returned", "unpaid", "trend",
		"silent_silent", "repeat_silent", "rhythm_rhythm", "repeat_tenure"}
}

// usualGap is a gap in days that everybody's rhythm is mixed with once, so that a rhythm of two purchases is not taken at its word.
const usualGap = 91

// known is a book with what Pareto/NBD, fitted to it, says of each pattern: the chance within the horizon.
type known struct {
	*crowd
	said []btyd.Prediction
}

// putFeatures writes the features of customer i into row.
func (b *known) putFeatures(row []float32, i int) {
	h := b.patterns[b.of[i]].History
	x, quiet := float64(b.X[i]), float64(h.T-h.Tx)
	repeat := math.Log1p(x)
	silent := math.Log1p(quiet)
	tenure := math.Log1p(float64(h.T))
	gap := (float64(h.Tx) + usualGap) / (x + 1)
	rhythm := math.Log((quiet + 7) / (gap + 7))
	value := math.Log1p(max(0, float64(b.Begun[i]+b.Repeat[i])/float64(pow10(b.Digits))) / (x + 1))
	trend := 0.0
	if b.AsOf-b.First[i] >= 730 {
		base := max(1, float64(b.Begun[i]+b.Repeat[i])/(x+1))
		trend = math.Log((max(0, float64(b.Year[i])) + base) / (max(0, float64(b.Prior[i])) + base))
	}
	for j, v := range [...]float64{logit(b.said[b.of[i]].Active), repeat, silent, tenure, math.Log1p(float64(b.Recent[i])), rhythm, flag(b.X[i] == 0), value,
		min(1, float64(b.Returns[i])/(x+1)), flag(b.LastReturned[i]), flag(b.Unpaid[i] > 0), min(3, max(-3, trend)),
		silent * silent, repeat * silent, rhythm * rhythm, repeat * tenure} {
		row[j] = float32(v)
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// features are the features of every step-th customer.
func (b *known) features(ctx context.Context, step int) (survival.Features, error) {
	names := featureNames()
	f := survival.Features{Names: names, Data: make([]float32, (b.Len()+step-1)/step*len(names))}
	err := spread(ctx, f.Rows(), func(from, to int) {
		for r := from; r < to; r++ {
			b.putFeatures(f.Row(r), r*step)
		}
	})
	return f, err
}

// Bounds of what the logistic regression learns from.
const (
	fewestTaught = 200    // customers, fewer teach nothing
	mostTaught   = 50_000 // every so many-th customer is taken where there are more; that teaches as well
)

// behaviour is a logistic regression taught by what the customers of a book did in the time after it; nil where there was too
// little to learn from. did is by customer of the book.
func behaviour(ctx context.Context, b *known, did []bool) (*survival.Logistic, error) {
	if b.Len() < fewestTaught {
		return nil, nil
	}
	step := (b.Len() + mostTaught - 1) / mostTaught
	f, err := b.features(ctx, step)
	if err != nil {
		return nil, err
	}
	happened := make([]bool, f.Rows())
	for r := range happened {
		happened[r] = did[r*step]
	}
	m, err := survival.FitLogistic(ctx, f, happened)
	if err != nil || m.Status != survival.OK {
		return nil, err
	}
	return m, nil
}

// chance is a probability with the interval of 95 % that comes from its parameters being estimates.
type chance struct{ p, lo, hi float64 }

// behaving foretells the chance of a purchase of every customer.
func behaving(ctx context.Context, m *survival.Logistic, b *known) ([]chance, error) {
	out := make([]chance, b.Len())
	err := spread(ctx, len(out), func(from, to int) {
		row := make([]float32, len(m.Names))
		for i := from; i < to; i++ {
			b.putFeatures(row, i)
			c := m.Predict(row, 0.95)
			out[i] = chance{within(c.P), within(c.Lo), within(c.Hi)}
		}
	})
	return out, err
}
