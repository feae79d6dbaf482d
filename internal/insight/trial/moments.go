// Package trial tells what a measure brought against customers who were left alone, and how sure that is: differences with
// intervals, what corrections gain, whether the shares came out as drawn, and how many customers it takes to see an effect.
//
// It knows no database and no business. Counts, means and variances of the arms go in (Moments, gathered in one pass or by the
// SQL of a warehouse), a Reading comes out. The plain difference after Welch is the answer; everything that adjusts or
// corrects (winsorised, CUPED, always valid, Holm) stands beside it and never takes its place. What cannot be told says so:
// no result is NaN or infinite.
package trial

import "math"

// Largest is the greatest magnitude of a value that may be counted: squares of deviations then stay far inside a float64. Whoever
// reads values from outside refuses greater ones.
const Largest = 1e15

// Moments are count, mean and sum of squared deviations of the values of one arm. The zero value has seen none.
type Moments struct {
	N    int64
	Mean float64
	M2   float64 // sum of the squared deviations from the mean
}

// Of returns the moments of n values with that mean and variance (with n-1), as a database computes them.
func Of(n int64, mean, variance float64) Moments {
	if n < 1 {
		return Moments{}
	}
	return Moments{N: n, Mean: mean, M2: max(variance, 0) * float64(n-1)}
}

// Add counts a value by Welford's update, which loses nothing to large means (Welford 1962, Technometrics 4(3), 419).
func (m *Moments) Add(x float64) {
	m.N++
	d := x - m.Mean
	m.Mean += d / float64(m.N)
	m.M2 += d * (x - m.Mean)
}

// Merge counts the values of another sample (Chan, Golub, LeVeque 1983, The American Statistician 37(3), 242).
func (m *Moments) Merge(o Moments) {
	switch {
	case o.N == 0:
	case m.N == 0:
		*m = o
	default:
		n := m.N + o.N
		d := o.Mean - m.Mean
		share := float64(o.N) / float64(n)
		m.Mean += d * share
		m.M2 += o.M2 + d*d*share*float64(m.N)
		m.N = n
	}
}

// Variance is that of the population the values are drawn from, with n-1; 0 below two values.
func (m Moments) Variance() float64 {
	if m.N < 2 {
		return 0
	}
	return m.M2 / float64(m.N-1)
}

// SD is the square root of Variance.
func (m Moments) SD() float64 { return math.Sqrt(m.Variance()) }

// varianceOfMean is the squared standard error of the mean; 0 below two values.
func (m Moments) varianceOfMean() float64 {
	if m.N < 2 {
		return 0
	}
	return m.Variance() / float64(m.N)
}

// Joint are the moments of pairs: the outcome of a customer and what was known of her before. The zero value has seen none.
type Joint struct {
	Outcome, Before Moments
	C               float64 // sum of the products of both deviations
}

// JointOf returns the moments of pairs whose covariance (with n-1) is known.
func JointOf(outcome, before Moments, covariance float64) Joint {
	return Joint{Outcome: outcome, Before: before, C: covariance * float64(max(outcome.N-1, 0))}
}

// Add counts a pair.
func (j *Joint) Add(outcome, before float64) {
	d := outcome - j.Outcome.Mean
	j.Outcome.Add(outcome)
	j.Before.Add(before)
	j.C += d * (before - j.Before.Mean)
}

// Merge counts the pairs of another sample.
func (j *Joint) Merge(o Joint) {
	if n := j.Outcome.N + o.Outcome.N; n > 0 {
		share := float64(j.Outcome.N) / float64(n) * float64(o.Outcome.N)
		j.C += o.C + (o.Outcome.Mean-j.Outcome.Mean)*(o.Before.Mean-j.Before.Mean)*share
	}
	j.Outcome.Merge(o.Outcome)
	j.Before.Merge(o.Before)
}

// adjusted are the moments of outcome - theta·(before - center).
func (j Joint) adjusted(theta, center float64) Moments {
	m := Moments{N: j.Outcome.N, Mean: j.Outcome.Mean - theta*(j.Before.Mean-center)}
	m.M2 = max(j.Outcome.M2-2*theta*j.C+theta*theta*j.Before.M2, 0)
	return m
}
