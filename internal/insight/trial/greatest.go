package trial

import (
	"cmp"
	"slices"
)

// greatest is a heap of the customers with the greatest outcomes, the smallest of them on top.
type greatest []pair

func (g greatest) Len() int           { return len(g) }
func (g greatest) Less(i, j int) bool { return g[i].outcome < g[j].outcome }
func (g greatest) Swap(i, j int)      { g[i], g[j] = g[j], g[i] }

// Push adds the last element for package heap.
func (g *greatest) Push(x any) { *g = append(*g, x.(pair)) }

// Pop removes the last element for package heap.
func (g *greatest) Pop() any {
	old := *g
	last := old[len(old)-1]
	*g = old[:len(old)-1]
	return last
}

// sorted are the outcomes from the greatest down.
func (g greatest) sorted() []float64 {
	all := make([]float64, len(g))
	for i, p := range g {
		all[i] = p.outcome
	}
	slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
	return all
}
