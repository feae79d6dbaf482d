package report

import (
	"context"
	"maps"
	"math/bits"
	"slices"
)

// histogram counts equal values; it stands for the list of all values in ascending order. Median, quantiles and shares of the
// largest follow from it exactly, and it is small where the list has millions of entries.
type histogram struct {
	values []int64 // ascending
	counts []int64
	n      int64 // sum of counts
	sum    int64
}

// histogram runs a query of value and count, ascending by value.
func (s *session) histogram(ctx context.Context, query string) (*histogram, error) {
	h := &histogram{}
	var v, n int64
	err := s.each(ctx, query, func(scan func(...any) error) error {
		if err := scan(&v, &n); err != nil {
			return err
		}
		h.add(v, n)
		return nil
	})
	return h, err
}

// add appends the next larger value.
func (h *histogram) add(v, count int64) {
	if k := len(h.values) - 1; k >= 0 && h.values[k] == v {
		h.counts[k] += count
	} else {
		h.values, h.counts = append(h.values, v), append(h.counts, count)
	}
	h.n += count
	h.sum += v * count
}

// at returns the values at ascending positions of the list, counted from 0.
func (h *histogram) at(positions ...int64) []int64 {
	out := make([]int64, 0, len(positions))
	i, before := 0, int64(0)
	for _, p := range positions {
		for i < len(h.counts)-1 && p >= before+h.counts[i] {
			before += h.counts[i]
			i++
		}
		out = append(out, h.values[i])
	}
	return out
}

// quantile is a quantile of type 7 of Hyndman and Fan (as in R, NumPy and Excel): between the values lo and hi, part/whole of
// the way. Kept in whole numbers, it can be compared with values exactly.
type quantile struct{ lo, hi, part, whole int64 }

// quantile returns the k/whole quantile; there must be values.
func (h *histogram) quantile(k, whole int64) quantile { return quantileOf(h, k, whole) }

// ordered is a list of values in ascending order, as far as it is known.
type ordered interface {
	size() int64
	at(positions ...int64) []int64       // the values at ascending positions from 0
	place(v int64) (before, equal int64) // how many values are less than a value of the list, and how many equal
}

// quantileOf returns the k/whole quantile of a list that has values.
func quantileOf(list ordered, k, whole int64) quantile {
	pos := (list.size() - 1) * k
	lo := pos / whole
	v := list.at(lo, min(lo+1, list.size()-1))
	return quantile{v[0], v[1], pos % whole, whole}
}

func (h *histogram) size() int64 { return h.n }

func (h *histogram) place(v int64) (before, equal int64) {
	return h.n - h.over(v-1), h.between(v, v)
}

// places is a list of which only some positions, and the groups of equal values there, are known.
type places struct {
	n      int64
	values map[int64]int64    // by position
	groups map[int64][2]int64 // by value: how many are less and how many equal
}

func (p *places) size() int64 { return p.n }

func (p *places) at(positions ...int64) (values []int64) {
	for _, at := range positions {
		values = append(values, p.values[at])
	}
	return values
}

func (p *places) place(v int64) (before, equal int64) { return p.groups[v][0], p.groups[v][1] }

// float returns the quantile as a number, divided by unit.
func (q quantile) float(unit float64) float64 {
	lo, hi := float64(q.lo)/unit, float64(q.hi)/unit
	return lo + (hi-lo)*(float64(q.part)/float64(q.whole))
}

// round returns the quantile as a whole number, half away from zero.
func (q quantile) round() int64 {
	twice := 2*(q.hi-q.lo)*q.part + q.whole // hi >= lo
	return q.lo + twice/(2*q.whole)
}

// above returns the largest whole number that is not above the quantile: v > quantile exactly if v > above.
func (q quantile) above() int64 { return q.lo + (q.hi-q.lo)*q.part/q.whole }

// exact reports whether the quantile is a whole number.
func (q quantile) exact() bool { return (q.hi-q.lo)*q.part%q.whole == 0 }

// quantileFloat is the quantile as a number, nothing if there are no values.
func (h *histogram) quantileFloat(k, whole int64, unit float64) decimal {
	if h.n == 0 {
		return nothing()
	}
	return decimal(h.quantile(k, whole).float(unit))
}

// over counts the values greater than v.
func (h *histogram) over(v int64) int64 {
	n := int64(0)
	for i := len(h.values) - 1; i >= 0 && h.values[i] > v; i-- {
		n += h.counts[i]
	}
	return n
}

// between counts the values from lo to hi.
func (h *histogram) between(lo, hi int64) int64 { return h.over(lo-1) - h.over(hi) }

// gini returns the Gini coefficient of the values, negative ones counted as 0: 0 if all are equal, near 1 if one has
// everything; nothing if the sum is 0. It is (2·Σ i·x_i)/(n·Σ x_i) − (n+1)/n with x ascending and i from 1.
func (h *histogram) gini() decimal {
	var hi, lo uint64 // Σ i·x_i, beyond 64 bits with a million large customers
	rank, sum := int64(0), int64(0)
	for i, v := range h.values {
		c := h.counts[i]
		if v > 0 {
			ranks := uint64(c)*uint64(rank) + uint64(c)*uint64(c+1)/2
			ph, pl := bits.Mul64(ranks, uint64(v))
			var carry uint64
			lo, carry = bits.Add64(lo, pl, 0)
			hi, _ = bits.Add64(hi, ph, carry)
			sum += v * c
		}
		rank += c
	}
	if sum == 0 {
		return nothing()
	}
	weighted := float64(hi)*(1<<64) + float64(lo)
	n := float64(h.n)
	return decimal(2*weighted/(n*float64(sum)) - (n+1)/n)
}

// sorted makes a histogram of counted values.
func sorted(counts map[int64]int64) *histogram {
	h := &histogram{}
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		h.add(v, counts[v])
	}
	return h
}
