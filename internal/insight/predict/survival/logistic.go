package survival

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"stamm/internal/platform/fault"

	"gonum.org/v1/gonum/mat"
)

// Features is what is known of many customers, one row each.
type Features struct {
	Names []string
	Data  []float32 // rows one after the other, len(Names) values each
}

// Rows is how many customers there are.
func (f *Features) Rows() int {
	if len(f.Names) == 0 {
		return 0
	}
	return len(f.Data) / len(f.Names)
}

// Row is one customer's values, part of Data.
func (f *Features) Row(i int) []float32 { k := len(f.Names); return f.Data[i*k : (i+1)*k] }

// Logistic foresees whether something happens within some time ("leaves within 91 days", "buys within 91 days") from
// features: ln p/(1-p) = intercept + sum of coefficient · feature.
type Logistic struct {
	Names        []string
	Intercept    float64   // where all features are 0
	Coefficients []float64 // per unit of the feature as given
	SE           []float64 // of the coefficients
	InterceptSE  float64
	N, Events    int64
	LL           float64 // log-likelihood, the penalty not counted
	Iterations   int
	// Status is OK, or TooFew where all rows have the same outcome: then only the intercept says something.
	Status Status

	mean, sd []float64     // of the features; sd 0 for one that never varies, which is left out
	std      []float64     // intercept and coefficients of the standardised features
	cov      *mat.SymDense // of std
}

// Penalty is what a coefficient of a standardised feature is held back by: half of it times the square is taken off
// the log-likelihood. It weighs like one observation, so it does nothing but keep coefficients finite where a feature tells the
// outcomes apart without an error, and share evenly between features that say the same.
const Penalty = 1.0

// FitLogistic fits the model by Newton's method on standardised features. A feature that is NaN or infinite is an
// Invalid fault that names it. The result does not depend on the number of processors.
func FitLogistic(ctx context.Context, f Features, happened []bool) (*Logistic, error) {
	k, n := len(f.Names), len(happened)
	if len(f.Data) != k*n {
		return nil, errors.New("survival: as many rows of features are needed as outcomes")
	}
	m := &Logistic{Names: f.Names, N: int64(n), Status: OK, mean: make([]float64, k), sd: make([]float64, k), std: make([]float64, k+1)}
	if err := m.standardise(ctx, f); err != nil {
		return nil, err
	}
	for _, h := range happened {
		if h {
			m.Events++
		}
	}
	p := (float64(m.Events) + .5) / (float64(n) + 1)
	m.std[0] = math.Log(p / (1 - p))
	fit := newton{m: m, f: f, happened: happened}
	if m.Events == 0 || m.Events == m.N {
		m.Status = TooFew
		clear(m.sd) // nothing tells outcomes apart that are all the same
	} else if n > 20*sampleRows { // a twentieth brings the start so near that two or three rounds over all rows are enough
		fit.every = 20
		if err := fit.climb(ctx); err != nil {
			return nil, err
		}
		m.Iterations = 0
	}
	fit.every = 1
	if err := fit.climb(ctx); err != nil {
		return nil, err
	}
	m.unstandardise()
	return m, nil
}

// sampleRows is how many rows a start is estimated from at least.
const sampleRows = 5000

// chunkRows is how many rows are summed up at a time. Chunks are cut by the rows alone and added in their order, so
// that sums come out the same on any machine.
const chunkRows = 8192

// chunks runs do on all chunks of n rows, as many at a time as there are processors, and then add in their order.
func chunks[T any](ctx context.Context, n int, do func(from, until int) T, add func(T)) error {
	count := (n + chunkRows - 1) / chunkRows
	results := make([]T, count)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), count) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < count && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				results[i] = do(i*chunkRows, min((i+1)*chunkRows, n))
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range results {
		add(r)
	}
	return nil
}

// standardise finds mean and standard deviation of each feature, in two passes so that a large mean costs no digits.
func (m *Logistic) standardise(ctx context.Context, f Features) error {
	k, n := len(f.Names), float64(f.Rows())
	sum := func(to []float64, of func(j int, x float64) float64) error {
		return chunks(ctx, f.Rows(), func(from, until int) []float64 {
			part := make([]float64, k)
			for i := from; i < until; i++ {
				for j, x := range f.Row(i) {
					part[j] += of(j, float64(x))
				}
			}
			return part
		}, func(part []float64) {
			for j, x := range part {
				to[j] += x / n
			}
		})
	}
	if err := sum(m.mean, func(_ int, x float64) float64 { return x }); err != nil {
		return err
	}
	for j, mean := range m.mean {
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			return fault.New(fault.Invalid, "survival.error.feature", "name", f.Names[j])
		}
	}
	if err := sum(m.sd, func(j int, x float64) float64 { return (x - m.mean[j]) * (x - m.mean[j]) }); err != nil {
		return err
	}
	for j, variance := range m.sd {
		if m.sd[j] = math.Sqrt(variance); m.sd[j] <= 1e-7*math.Abs(m.mean[j]) { // what float32 cannot tell from none
			m.sd[j] = 0
		}
	}
	return nil
}

// put writes a row's standardised features behind a 1 into z.
func (m *Logistic) put(z []float64, row []float32) {
	z[0] = 1
	for j, x := range row {
		z[j+1] = 0
		if m.sd[j] > 0 {
			z[j+1] = (float64(x) - m.mean[j]) / m.sd[j]
		}
	}
}

// newton climbs the penalised likelihood of every so manieth row.
type newton struct {
	m        *Logistic
	f        Features
	happened []bool
	every    int
}

// sums are the log-likelihood, its slope and minus its curvature (upper triangle, row by row).
type sums struct {
	ll    float64
	slope []float64
	bend  []float64
}

func (c *newton) climb(ctx context.Context) error {
	m := c.m
	at, err := c.sums(ctx, m.std)
	if err != nil {
		return err
	}
	for range 50 {
		m.Iterations++
		direction, bend, err := newtonStep(at)
		if err != nil {
			return err
		}
		better := false
		for shrink := 1.0; shrink > 1e-6; shrink /= 2 {
			next := make([]float64, len(m.std))
			for i := range next {
				next[i] = m.std[i] + shrink*direction[i]
			}
			there, err := c.sums(ctx, next)
			if err != nil {
				return err
			}
			gain := there.ll - penaltyOf(next) - at.ll + penaltyOf(m.std)
			if gain >= 0 {
				better = gain > 1e-10*math.Abs(at.ll)
				at, m.std = there, next
				break
			}
		}
		m.cov, m.LL = bend, at.ll
		if !better {
			break
		}
	}
	_, m.cov, err = newtonStep(at)
	return err
}

func penaltyOf(std []float64) float64 {
	sum := 0.0
	for _, b := range std[1:] {
		sum += b * b
	}
	return Penalty / 2 * sum
}

// newtonStep returns the step to where the slope vanishes, and the inverse of the curvature.
func newtonStep(s sums) ([]float64, *mat.SymDense, error) {
	k := len(s.slope)
	bend := mat.NewSymDense(k, nil)
	at := 0
	for i := range k {
		for j := i; j < k; j++ {
			bend.SetSym(i, j, s.bend[at])
			at++
		}
	}
	for i := range k {
		// the intercept is not held back; its curvature is kept off 0 where all probabilities are 0 or 1
		bend.SetSym(i, i, bend.At(i, i)+1e-9)
	}
	var c mat.Cholesky
	var d mat.VecDense
	cov := &mat.SymDense{}
	if !c.Factorize(bend) || c.SolveVecTo(&d, mat.NewVecDense(k, s.slope)) != nil || c.InverseTo(cov) != nil {
		return nil, nil, errors.New("survival: the curvature of a penalised likelihood is positive; it was not")
	}
	return d.RawVector().Data, cov, nil
}

// sums goes through the rows once. The penalty is in slope and curvature, not in the likelihood.
func (c *newton) sums(ctx context.Context, std []float64) (sums, error) {
	k := len(std)
	total := sums{slope: make([]float64, k), bend: make([]float64, k*(k+1)/2)}
	scale := float64(c.every) // of a sample: as if all rows were like it
	err := chunks(ctx, len(c.happened), func(from, until int) sums { return c.chunk(std, from, until) }, func(part sums) {
		total.ll += scale * part.ll
		for i, x := range part.slope {
			total.slope[i] += scale * x
		}
		for i, x := range part.bend {
			total.bend[i] += scale * x
		}
	})
	for i, at := 0, 0; i < k; i++ {
		if i > 0 {
			total.slope[i] -= Penalty * std[i]
			total.bend[at] += Penalty
		}
		at += k - i
	}
	return total, err
}

func (c *newton) chunk(std []float64, from, until int) sums {
	k := len(std)
	s := sums{slope: make([]float64, k), bend: make([]float64, k*(k+1)/2)}
	z := make([]float64, k)
	for i := from; i < until; i += c.every {
		c.m.put(z, c.f.Row(i))
		eta := 0.0
		for j, x := range z {
			eta += std[j] * x
		}
		p, lnStay := probability(eta)
		miss := -p
		s.ll += lnStay
		if c.happened[i] {
			miss = 1 - p
			s.ll += eta
		}
		w := p * (1 - p)
		at := 0
		for j, x := range z {
			s.slope[j] += miss * x
			wx := w * x
			row := s.bend[at : at+k-j]
			for l, y := range z[j:] {
				row[l] += wx * y
			}
			at += k - j
		}
	}
	return s
}

// probability is 1/(1+exp(-eta)), and the logarithm of what is left to 1, without overflow.
func probability(eta float64) (p, lnRest float64) {
	if eta > 0 {
		e := math.Exp(-eta)
		return 1 / (1 + e), -eta - math.Log1p(e)
	}
	e := math.Exp(eta)
	return e / (1 + e), -math.Log1p(e)
}

// unstandardise gives coefficients and errors for the features as they came.
func (m *Logistic) unstandardise() {
	k := len(m.Names)
	m.Intercept, m.Coefficients, m.SE = m.std[0], make([]float64, k), make([]float64, k)
	shift := make([]float64, k+1) // the intercept as a sum over std
	shift[0] = 1
	for j, sd := range m.sd {
		if sd > 0 {
			m.Coefficients[j] = m.std[j+1] / sd
			m.SE[j] = math.Sqrt(m.cov.At(j+1, j+1)) / sd
			m.Intercept -= m.Coefficients[j] * m.mean[j]
			shift[j+1] = -m.mean[j] / sd
		}
	}
	m.InterceptSE = math.Sqrt(max(0, m.variance(shift)))
}

func (m *Logistic) variance(z []float64) float64 {
	sum := 0.0
	for i, x := range z {
		if x == 0 {
			continue
		}
		for j, y := range z {
			sum += x * y * m.cov.At(i, j)
		}
	}
	return sum
}

// Chance is a probability with its interval.
type Chance struct{ P, Lo, Hi float64 }

// Predict returns the probability for a customer with these features, and the interval of the given level (such as
// .95) that the uncertainty of the coefficients leaves.
func (m *Logistic) Predict(row []float32, level float64) Chance {
	z := make([]float64, len(row)+1)
	return m.predict(z, row, normalQuantile(level))
}

func (m *Logistic) predict(z []float64, row []float32, quantile float64) Chance {
	m.put(z, row)
	eta := 0.0
	for j, x := range z {
		eta += m.std[j] * x
	}
	half := quantile * math.Sqrt(max(0, m.variance(z)))
	var c Chance
	c.P, _ = probability(eta)
	c.Lo, _ = probability(eta - half)
	c.Hi, _ = probability(eta + half)
	return c
}

// PredictAll is Predict for many.
func (m *Logistic) PredictAll(ctx context.Context, f Features, level float64) ([]Chance, error) {
	all := make([]Chance, f.Rows())
	q := normalQuantile(level)
	err := chunks(ctx, len(all), func(from, until int) struct{} {
		z := make([]float64, len(f.Names)+1)
		for i := from; i < until; i++ {
			all[i] = m.predict(z, f.Row(i), q)
		}
		return struct{}{}
	}, func(struct{}) {})
	return all, err
}

// Contributions is what each feature adds to ln p/(1-p) compared with the average customer: above 0 it makes what is
// foreseen more likely. They are the reasons for a score.
func (m *Logistic) Contributions(row []float32) []float64 {
	c := make([]float64, len(row))
	for j, x := range row {
		if m.sd[j] > 0 {
			c[j] = m.std[j+1] * (float64(x) - m.mean[j]) / m.sd[j]
		}
	}
	return c
}
