package btyd

import (
	"cmp"
	"math/bits"
	"slices"
)

// Collapse counts equal histories, sorted by X, Tx, T. What is not admissible is brought there (see History).
func Collapse(histories []History) []Pattern {
	var most History
	for _, h := range histories {
		h = h.admissible()
		most.X, most.Tx, most.T = max(most.X, h.X), max(most.Tx, h.Tx), max(most.T, h.T)
	}
	txBits, tBits := bits.Len32(uint32(most.Tx)), bits.Len32(uint32(most.T))
	if bits.Len32(uint32(most.X))+txBits+tBits > 64 {
		return collapseWide(histories)
	}
	// A history as one number: sorting numbers by their digits is ten times as fast as comparing structs.
	keys := make([]uint64, len(histories))
	for i, h := range histories {
		h = h.admissible()
		keys[i] = (uint64(h.X)<<txBits|uint64(h.Tx))<<tBits | uint64(h.T)
	}
	keys = radixSort(keys)
	distinct := 0
	for i, k := range keys {
		if i == 0 || k != keys[i-1] {
			distinct++
		}
	}
	patterns := make([]Pattern, 0, distinct)
	for i, k := range keys {
		if i > 0 && k == keys[i-1] {
			patterns[len(patterns)-1].N++
			continue
		}
		rest := k >> tBits
		patterns = append(patterns, Pattern{History{int32(rest >> txBits), int32(rest & (1<<txBits - 1)), int32(k & (1<<tBits - 1))}, 1})
	}
	return patterns
}

// admissible is the history with what cannot be brought to what can.
func (h History) admissible() History {
	h.X, h.T = max(h.X, 0), max(h.T, 0)
	h.Tx = min(max(h.Tx, 0), h.T)
	if h.X == 0 {
		h.Tx = 0
	}
	return h
}

// compare orders by X, Tx, T.
func (h History) compare(o History) int {
	return cmp.Or(cmp.Compare(h.X, o.X), cmp.Compare(h.Tx, o.Tx), cmp.Compare(h.T, o.T))
}

// collapseWide is Collapse for numbers too large to fit into one.
func collapseWide(histories []History) []Pattern {
	sorted := make([]Pattern, len(histories))
	for i, h := range histories {
		sorted[i] = Pattern{h.admissible(), 1}
	}
	return merge(sorted)
}

// merge sorts patterns and adds up those of the same history, in place.
func merge(patterns []Pattern) []Pattern {
	slices.SortFunc(patterns, func(a, b Pattern) int { return a.compare(b.History) })
	last := -1
	for _, p := range patterns {
		if last >= 0 && patterns[last].History == p.History {
			patterns[last].N += p.N
			continue
		}
		last++
		patterns[last] = p
	}
	return patterns[:last+1]
}

// radixSort sorts by digits of 11 bits, the lowest first, skipping digits that are all alike. It may use the memory of keys.
func radixSort(keys []uint64) []uint64 {
	const width, size = 11, 1 << 11
	var all uint64
	for _, k := range keys {
		all |= k
	}
	other := make([]uint64, len(keys))
	for shift := 0; shift < 64 && all>>shift != 0; shift += width {
		var count [size]int
		for _, k := range keys {
			count[k>>shift%size]++
		}
		if len(keys) > 0 && count[keys[0]>>shift%size] == len(keys) {
			continue
		}
		at := 0
		for d, n := range count {
			count[d] = at
			at += n
		}
		for _, k := range keys {
			d := k >> shift % size
			other[count[d]] = k
			count[d]++
		}
		keys, other = other, keys
	}
	return keys
}
