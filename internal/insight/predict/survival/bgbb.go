package survival

import (
	"context"
	"math"

	"stamm/internal/platform/fault"
)

// Pattern is the history of customers who had the same occasions to buy: a yearly appeal, a season, a market day.
type Pattern struct {
	X     int   // occasions used, the first purchase, which made the customer one, not counted
	TX    int   // the last occasion used, 0 for none
	N     int   // occasions so far
	Count int64 // customers of that history
}

// BGBB is the beta-geometric beta-binomial model of Fader, Hardie and Shang (2010): on each occasion a living customer
// buys with a probability of his own (beta distributed, Alpha and Beta) and before each he is lost for good with a
// probability of his own (beta distributed, Gamma and Delta).
type BGBB struct {
	Alpha, Beta, Gamma, Delta float64
	SE                        *[4]float64 // nil where there are none
	// LL is the log-likelihood; StayLL that of the beta-binomial model, in which nobody is ever lost. Twice the
	// difference is the likelihood ratio.
	LL, StayLL float64
	// Status is OK, NoDropout or TooFew. Without visible dropout P(alive) says nothing and should not be shown.
	Status Status
	// AtBound says that a parameter ran to the end of its range: customers do not differ in what it is about.
	AtBound bool
	N       int64 // customers
}

// maxOccasions bounds the histories; a model of occasions is of no use for more.
const maxOccasions = 2000

// FitBGBB fits the model by maximum likelihood. Histories that cannot be (more purchases than occasions up to the last
// purchase, none with a last one) are an Invalid fault.
func FitBGBB(ctx context.Context, patterns []Pattern) (*BGBB, error) {
	b := &BGBB{}
	bought := int64(0)
	for _, p := range patterns {
		if p.X < 0 || p.X > p.TX || p.TX > p.N || p.X == 0 && p.TX > 0 || p.N > maxOccasions || p.Count < 0 {
			return nil, fault.New(fault.Invalid, "survival.error.pattern", "x", p.X, "last", p.TX, "occasions", p.N)
		}
		if p.X > 0 {
			bought += p.Count
		}
		b.N += p.Count
	}
	stay := maximise(func(theta, slope []float64) float64 {
		return stayLikelihood(patterns, theta, slope)
	}, []float64{0, 0})
	best := optimum{value: math.Inf(-1)}
	for _, start := range [][]float64{{0, 0, -1, 1}, {.5, .5, 0, 2}, {stay.at[0], stay.at[1], -2, 3}} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if o := maximise(func(theta, slope []float64) float64 { return lostLikelihood(patterns, theta, slope) }, start); o.value > best.value {
			best = o
		}
	}
	b.LL, b.StayLL, b.AtBound = best.value, stay.value, best.atBound
	b.Alpha, b.Beta, b.Gamma, b.Delta = math.Exp(best.at[0]), math.Exp(best.at[1]), math.Exp(best.at[2]), math.Exp(best.at[3])
	switch {
	case bought < fewEvents:
		b.Status = TooFew
	case 2*(b.LL-b.StayLL) < flat:
		b.Status = NoDropout
	default:
		b.Status = OK
	}
	if best.variance != nil {
		b.SE = &[4]float64{}
		for i, p := range []float64{b.Alpha, b.Beta, b.Gamma, b.Delta} { // of the logarithm, to first order
			b.SE[i] = p * math.Sqrt(best.variance[i])
		}
	}
	return b, nil
}

// rising holds sums over i < n of ln(base+i) and their derivative by the base: ratios of beta functions with whole
// steps are made of them and of nothing else, so that no difference of two large numbers loses digits.
type rising struct{ ln, slope []float64 }

func newRising(base float64, n int) rising {
	r := rising{make([]float64, n+1), make([]float64, n+1)}
	for i := range n {
		r.ln[i+1] = r.ln[i] + math.Log(base+float64(i))
		r.slope[i+1] = r.slope[i] + 1/(base+float64(i))
	}
	return r
}

// pair is ln B(a+i, b+j) / B(a, b) with its derivatives by a and b.
type pair struct {
	a, b       float64
	as, bs, cs rising // of a, b and a+b
}

func newPair(a, b float64, n int) pair {
	return pair{a, b, newRising(a, n), newRising(b, n), newRising(a+b, n)}
}

func (p pair) ln(i, j int) float64 { return p.as.ln[i] + p.bs.ln[j] - p.cs.ln[i+j] }

// slope returns the derivatives by ln a and ln b.
func (p pair) slope(i, j int) (da, db float64) {
	c := p.cs.slope[i+j]
	return p.a * (p.as.slope[i] - c), p.b * (p.bs.slope[j] - c)
}

func occasions(patterns []Pattern) int {
	n := 0
	for _, p := range patterns {
		n = max(n, p.N)
	}
	return n
}

func stayLikelihood(patterns []Pattern, theta, slope []float64) float64 {
	buy := newPair(math.Exp(theta[0]), math.Exp(theta[1]), occasions(patterns)+1)
	ll := 0.0
	clear(slope)
	for _, p := range patterns {
		w := float64(p.Count)
		ll += w * buy.ln(p.X, p.N-p.X)
		da, db := buy.slope(p.X, p.N-p.X)
		slope[0] += w * da
		slope[1] += w * db
	}
	return ll
}

// lostLikelihood is the log-likelihood with dropout and its derivatives by the logarithms of the parameters.
func lostLikelihood(patterns []Pattern, theta, slope []float64) float64 {
	n := occasions(patterns) + 1
	buy := newPair(math.Exp(theta[0]), math.Exp(theta[1]), n)
	stay := newPair(math.Exp(theta[2]), math.Exp(theta[3]), n)
	ll := 0.0
	clear(slope)
	terms := make([]float64, 0, n+1)
	for _, p := range patterns {
		if p.Count == 0 {
			continue
		}
		l, terms := history(buy, stay, p, terms)
		w := float64(p.Count)
		ll += w * l
		for k, term := range terms { // each way to have come about, by its share
			share := w * math.Exp(term-l)
			lost, until := wayOf(p, k)
			da, db := buy.slope(p.X, until-p.X)
			dg, dd := stay.slope(lost, until)
			slope[0] += share * da
			slope[1] += share * db
			slope[2] += share * dg
			slope[3] += share * dd
		}
	}
	return ll
}

// wayOf is the k-th way a history may have come about: alive after all N occasions, or lost after the TX+k-1st.
func wayOf(p Pattern, k int) (lost, until int) {
	if k == 0 {
		return 0, p.N
	}
	return 1, p.TX + k - 1
}

// history is the log-likelihood of one history, and that of each way it may have come about.
func history(buy, stay pair, p Pattern, terms []float64) (float64, []float64) {
	terms = terms[:0]
	top := math.Inf(-1)
	for k := range p.N - p.TX + 1 {
		lost, until := wayOf(p, k)
		term := buy.ln(p.X, until-p.X) + stay.ln(lost, until)
		terms = append(terms, term)
		top = max(top, term)
	}
	sum := 0.0
	for _, term := range terms {
		sum += math.Exp(term - top)
	}
	return top + math.Log(sum), terms
}

// LogLikelihood is the log-likelihood of one customer with that history.
func (b *BGBB) LogLikelihood(p Pattern) float64 {
	l, _ := history(newPair(b.Alpha, b.Beta, p.N+1), newPair(b.Gamma, b.Delta, p.N+1), p, nil)
	return l
}

// PAlive is the probability that a customer with that history is not lost before the occasion ahead more occasions
// from now: 1 for the next one, 0 for having been alive on the last.
func (b *BGBB) PAlive(p Pattern, ahead int) float64 {
	buy, stay := newPair(b.Alpha, b.Beta, p.N+1), newPair(b.Gamma, b.Delta, p.N+ahead+1)
	l, _ := history(buy, stay, p, nil)
	return math.Exp(buy.ln(p.X, p.N-p.X) + stay.ln(0, p.N+ahead) - l)
}

// Expected is how many of the next ahead occasions a customer with that history is expected to use.
func (b *BGBB) Expected(p Pattern, ahead int) float64 {
	buy, stay := newPair(b.Alpha, b.Beta, p.N+2), newPair(b.Gamma, b.Delta, p.N+ahead+1)
	l, _ := history(buy, stay, p, nil)
	once := buy.ln(p.X+1, p.N-p.X) - l
	sum := 0.0
	for i := range ahead {
		sum += math.Exp(once + stay.ln(0, p.N+i+1))
	}
	return sum
}

// Mean is how many of the first n occasions a new customer is expected to use.
func (b *BGBB) Mean(n int) float64 { return b.Expected(Pattern{}, n) }
