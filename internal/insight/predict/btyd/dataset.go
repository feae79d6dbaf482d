package btyd

import "slices"

// dataset is the histories of a fit, arranged so that what depends on one of the three numbers alone is worked out once per
// value: a million customers of ten years have 3,653 different T, not a million.
type dataset struct {
	unit      Unit
	customers float64
	purchases float64   // repeat purchases in all
	times     []float64 // distinct values of T and t_x, rising, in units
	xs        []group   // customers by x: value is x
	ts        []group   // customers by T: value is an index into times
	rows      []row     // distinct histories
	repeaters float64   // customers with x > 0
}

// group is customers that share a value.
type group struct {
	value     int
	customers float64
	purchases float64 // of groups by T only
}

// row is a distinct history, as indices into xs and times, and how many customers share it.
type row struct {
	x, tx, t int32
	n        float64
}

// newDataset arranges patterns, which may come in any order.
func newDataset(patterns []Pattern, unit Unit) *dataset {
	if !isTidy(patterns) {
		patterns = tidy(patterns)
	}
	d := &dataset{unit: unit}
	index := d.indexTimes(patterns)
	byT := make([]group, len(d.times))
	d.rows = make([]row, 0, len(patterns))
	for _, p := range patterns {
		d.add(row{tx: index(p.Tx), t: index(p.T), n: float64(p.N)}, int(p.X), byT)
	}
	d.gather(byT)
	return d
}

// isTidy reports whether patterns are as Collapse makes them.
func isTidy(patterns []Pattern) bool {
	for i, p := range patterns {
		if p.N <= 0 || p.History != p.admissible() || i > 0 && patterns[i-1].compare(p.History) >= 0 {
			return false
		}
	}
	return true
}

// tidy is a copy of patterns without the empty ones, admissible, sorted and merged.
func tidy(patterns []Pattern) []Pattern {
	all := make([]Pattern, 0, len(patterns))
	for _, p := range patterns {
		if p.N > 0 {
			all = append(all, Pattern{p.admissible(), p.N})
		}
	}
	return merge(all)
}

// indexTimes fills times and returns where a number of days stands in it.
func (d *dataset) indexTimes(patterns []Pattern) func(int32) int32 {
	var most int32
	for _, p := range patterns {
		most = max(most, p.T)
	}
	if most < 1<<20 {
		place := make([]int32, most+1)
		for _, p := range patterns {
			place[p.T], place[p.Tx] = 1, 1
		}
		for day, seen := range place {
			if seen == 1 {
				place[day] = int32(len(d.times))
				d.times = append(d.times, d.unit.Of(float64(day)))
			}
		}
		return func(day int32) int32 { return place[day] }
	}
	days := make([]int32, 0, 2*len(patterns))
	for _, p := range patterns {
		days = append(days, p.T, p.Tx)
	}
	slices.Sort(days)
	days = slices.Compact(days)
	for _, day := range days {
		d.times = append(d.times, d.unit.Of(float64(day)))
	}
	return func(day int32) int32 {
		at, _ := slices.BinarySearch(days, day)
		return int32(at)
	}
}

// medianT is the median observation of the customers, at least a day.
func (d *dataset) medianT() float64 {
	var below float64
	for _, g := range d.ts {
		if below += g.customers; 2*below >= d.customers {
			return max(d.times[g.value], d.unit.Of(1))
		}
	}
	return d.unit.Of(1)
}

// longest is the longest observation.
func (d *dataset) longest() float64 {
	if len(d.ts) == 0 {
		return 0
	}
	return d.times[d.ts[len(d.ts)-1].value]
}

// add appends a row of customers with x purchases, which come in rising order.
func (d *dataset) add(r row, x int, byT []group) {
	if last := len(d.xs) - 1; last < 0 || d.xs[last].value != x {
		d.xs = append(d.xs, group{value: x})
	}
	r.x = int32(len(d.xs) - 1)
	d.xs[r.x].customers += r.n
	byT[r.t].customers += r.n
	byT[r.t].purchases += r.n * float64(x)
	d.customers += r.n
	d.purchases += r.n * float64(x)
	d.rows = append(d.rows, r)
	if x > 0 {
		d.repeaters += r.n
	}
}

// gather keeps the groups that have customers.
func (d *dataset) gather(byT []group) {
	for i, g := range byT {
		if g.value = i; g.customers > 0 {
			d.ts = append(d.ts, g)
		}
	}
}

// thin is a dataset of every n-th row.
func (d *dataset) thin(n int) *dataset {
	t := &dataset{unit: d.unit, times: d.times}
	byT := make([]group, len(d.times))
	for i := n / 2; i < len(d.rows); i += n {
		t.add(d.rows[i], d.xs[d.rows[i].x].value, byT)
	}
	t.gather(byT)
	return t
}
