package survival

import (
	"math"
	"sort"
)

// SBG is the shifted beta-geometric model of Fader and Hardie (2007): everybody leaves at the end of a period with a
// probability of his own, which is beta distributed over all customers. The rate of renewal therefore rises with age,
// because those who leave readily have left.
//
// Inside, it is held as the mean m = alpha/(alpha+beta) of the probability to leave and the spread f = 1/(alpha+beta):
// P(leave at the end of period t, if still there) = m / (1 + f(t-1)). So the limit of equal customers is the point
// f = 0 and no place at infinity.
type SBG struct {
	// Alpha and Beta of the beta distribution. Where they run off (ConstantHazard) or to 0 (AllOrNothing) they stand for the
	// limit and mean nothing but their ratio.
	Alpha, Beta float64
	// SE are their standard errors, nil where there are none.
	SE *[2]float64
	// LL is the log-likelihood; ConstantLL that of equal customers. Twice the difference is the likelihood ratio.
	LL, ConstantLL float64
	Status         Status
	N, Events      int64 // spells used, and of these the ended

	mean, spread float64
	cov          [3]float64 // of mean and spread: mean·mean, mean·spread, spread·spread
}

const (
	// limitSize is alpha + beta where the spread is 0, and widestSpread the spread beyond which nothing changes.
	limitSize    = 1e8
	widestSpread = 1e6
	// fewEvents is how many must have left for the parameters to be called so.
	fewEvents = 5
	// flat is the likelihood ratio below which different customers explain no more than equal ones.
	flat = .1
)

// FitSBG fits the model by maximum likelihood. Contracts that still run count with the probability to have come that far.
func FitSBG(t *Table) *SBG {
	l := newLikelihood(t)
	b := &SBG{N: t.N - t.Dropped, Events: t.Events}
	b.mean, b.ConstantLL = l.best(0)
	b.LL = b.ConstantLL
	if t.Events > 0 && t.Longest() > 1 {
		if spread := l.bestSpread(); spread > 0 {
			if mean, ll := l.best(spread); ll > b.LL {
				b.mean, b.spread, b.LL = mean, spread, ll
			}
		}
	}
	b.Status = b.status(t)
	b.Alpha, b.Beta = shape(b.mean, b.spread)
	b.errors(l)
	return b
}

// NewSBG is the model with known parameters, both above 0.
func NewSBG(alpha, beta float64) *SBG {
	return &SBG{Alpha: alpha, Beta: beta, Status: OK, mean: alpha / (alpha + beta), spread: 1 / (alpha + beta)}
}

func shape(mean, spread float64) (alpha, beta float64) {
	size := limitSize
	if spread > 0 {
		size = min(size, 1/spread)
	}
	return mean * size, (1 - mean) * size
}

func (b *SBG) status(t *Table) Status {
	switch {
	case t.Events == 0:
		return NoDropout
	case t.Events < fewEvents || t.Longest() < 2:
		return TooFew
	case b.spread >= widestSpread:
		return AllOrNothing
	case 2*(b.LL-b.ConstantLL) < flat:
		return ConstantHazard
	}
	return OK
}

// likelihood of a life table: LL = sum over t of d ln p + (n-d) ln(1-p), p = m/(1+f(t-1)).
type likelihood struct {
	at, stayed []float64 // per period from 0: at risk, and of these those who stayed
	left       float64
}

func newLikelihood(t *Table) *likelihood {
	l := &likelihood{left: float64(t.Events)}
	for i, n := range t.atRisk() {
		if i > 0 {
			l.at = append(l.at, float64(n))
			l.stayed = append(l.stayed, float64(n-t.ended[i]))
		}
	}
	return l
}

func (l *likelihood) ll(m, f float64) float64 {
	ll := 0.0
	if l.left > 0 {
		ll = l.left * math.Log(m)
	}
	for k, n := range l.at {
		ll -= n * math.Log1p(f*float64(k))
		if l.stayed[k] > 0 {
			ll += l.stayed[k] * math.Log1p(f*float64(k)-m)
		}
	}
	return ll
}

// best finds the mean for a given spread. In the mean the likelihood is concave, so its slope is followed to 0 by halving.
func (l *likelihood) best(f float64) (m, ll float64) {
	if l.left == 0 {
		return 0, 0
	}
	slope := func(m float64) float64 {
		g := l.left / m
		for k, s := range l.stayed {
			if s > 0 {
				g -= s / (1 - m + f*float64(k))
			}
		}
		return g
	}
	if l.stayed[0] == 0 && slope(1) >= 0 {
		return 1, l.ll(1, f)
	}
	lo, hi := 0.0, 1.0
	for range 200 {
		if m = (lo + hi) / 2; m == lo || m == hi {
			break
		}
		if slope(m) > 0 {
			lo = m
		} else {
			hi = m
		}
	}
	return m, l.ll(m, f)
}

// spreadSlope is the derivative of the likelihood by the spread where the mean is best.
func (l *likelihood) spreadSlope(f float64) float64 {
	m, _ := l.best(f)
	g := 0.0
	for k, n := range l.at[1:] {
		k := float64(k + 1)
		g -= n * k / (1 + f*k)
		if s := l.stayed[int(k)]; s > 0 {
			g += s * k / (1 - m + f*k)
		}
	}
	return g
}

// bestSpread looks along the spread, the mean always at its best: first on a grid of decades, which no shape of
// likelihood can lead astray, then by halving where the slope changes its sign.
func (l *likelihood) bestSpread() float64 {
	grid := []float64{0}
	for e := -9.0; e <= 6; e += .5 {
		grid = append(grid, math.Pow(10, e))
	}
	top, at := math.Inf(-1), 0
	for i, f := range grid {
		if _, ll := l.best(f); ll > top {
			top, at = ll, i
		}
	}
	if at == len(grid)-1 {
		return widestSpread
	}
	if at == 0 && l.spreadSlope(0) <= 0 {
		return 0
	}
	lo, hi := math.Log(grid[max(at-1, 1)]), math.Log(grid[at+1])
	if at <= 1 {
		lo = math.Log(1e-13)
	}
	const steps = 1 << 44
	i := sort.Search(steps, func(i int) bool { return l.spreadSlope(math.Exp(lo+(hi-lo)*float64(i)/steps)) <= 0 })
	return math.Exp(lo + (hi-lo)*float64(i)/steps)
}

// errors fills in the covariance from the curvature at the maximum.
func (b *SBG) errors(l *likelihood) {
	if b.mean <= 0 || b.mean >= 1 {
		return
	}
	var mm, mf, ff float64 // minus the second derivatives
	mm = l.left / (b.mean * b.mean)
	for k, n := range l.at {
		k := float64(k)
		stay := 1 - b.mean + b.spread*k
		if s := l.stayed[int(k)]; s > 0 {
			mm += s / (stay * stay)
			mf -= s * k / (stay * stay)
			ff += s * k * k / (stay * stay)
		}
		ff -= n * k * k / ((1 + b.spread*k) * (1 + b.spread*k))
	}
	det := mm*ff - mf*mf
	if b.spread == 0 || b.spread >= widestSpread || det <= 0 || ff <= 0 {
		b.cov = [3]float64{1 / mm, 0, 0}
		return
	}
	b.cov = [3]float64{ff / det, -mf / det, mm / det}
	if b.Status == ConstantHazard {
		return
	}
	// alpha = m/f, beta = (1-m)/f
	f := b.spread
	square := func(dm, df float64) float64 {
		return math.Sqrt(max(0, dm*dm*b.cov[0]+2*dm*df*b.cov[1]+df*df*b.cov[2]))
	}
	b.SE = &[2]float64{square(1/f, -b.mean/(f*f)), square(-1/f, -(1-b.mean)/(f*f))}
}

// Survival is the share that still runs after t periods, 1 for t = 0.
func (b *SBG) Survival(t int) float64 {
	ln := 0.0
	for k := range t {
		if b.Retention(k+1) <= 0 {
			return 0
		}
		ln += math.Log1p(-b.mean / (1 + b.spread*float64(k)))
	}
	return math.Exp(ln)
}

// Retention is the share of those who came to the end of period t that stays, t from 1.
func (b *SBG) Retention(t int) float64 { return 1 - b.mean/(1+b.spread*float64(t-1)) }

// MeanChurn is the probability to leave at the end of a period, averaged over all who begin.
func (b *SBG) MeanChurn() float64 { return b.mean }

// SurvivalInterval is the interval of Survival(t) that the uncertainty of the parameters leaves, at the given level
// such as .95, by the delta method on ln(-ln S). Without a covariance it is the value itself.
func (b *SBG) SurvivalInterval(t int, level float64) (lo, hi float64) {
	s := b.Survival(t)
	if s <= 0 || s >= 1 {
		return s, s
	}
	var dm, df float64 // of ln S
	for k := range t {
		k := float64(k)
		stay := 1 - b.mean + b.spread*k
		dm -= 1 / stay
		df += k/stay - k/(1+b.spread*k)
	}
	se := math.Sqrt(max(0, dm*dm*b.cov[0]+2*dm*df*b.cov[1]+df*df*b.cov[2]))
	return limits(s, se, normalQuantile(level), LogLog)
}

// Expected is how many of the next horizon periods a contract is expected to run that has completed t.
func (b *SBG) Expected(t, horizon int) float64 {
	sum, s := 0.0, 1.0
	for j := range horizon {
		s *= b.Retention(t + j + 1)
		sum += s
	}
	return sum
}

// DERL is the discounted expected residual lifetime, in renewals, of a customer at the start of period n (from 1),
// before his n-th decision to renew: the next renewal counts in full, each later one 1+discount less (Fader and
// Hardie 2010). The discount is per period and taken as at least one in ten thousand.
func (b *SBG) DERL(n int, discount float64) float64 {
	discount = max(discount, 1e-4)
	sum, term := 0.0, 1.0
	for t := n; ; t++ {
		term *= b.Retention(t)
		sum += term
		if term /= 1 + discount; term < 1e-16*discount*sum || term == 0 {
			return sum
		}
	}
}
