// Package survival tells how long relations last that end visibly: how many contracts are still there after so many
// periods, how long one that runs today will go on, and what makes somebody leave.
//
// The models know no business and no database: counts go in, curves and parameters come out; Contracts gathers the
// counts. Lengths are whole periods (of whatever length the caller has chosen: months, years), so that everything is
// computed on the table of at risk, ended and still running per period, however many contracts there are. A fit never fails: a likelihood without a maximum
// inside its range is recognised, labelled (Status) and answered with the limit it runs towards, which predicts as
// well. No result is NaN or infinite.
package survival

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Status says whether the parameters of a fit mean what they say.
type Status string

// What a fit may come to.
const (
	OK             Status = "ok"              // a maximum inside the range
	ConstantHazard Status = "constant_hazard" // all leave at the same rate: alpha and beta run off together
	AllOrNothing   Status = "all_or_nothing"  // some leave at once, the others never: alpha and beta run to 0
	NoDropout      Status = "no_dropout"      // nobody leaves, or nothing tells leaving from buying rarely
	TooFew         Status = "too_few"         // too little was seen to tell
)

// Spell is how long a contract has lasted.
type Spell struct {
	// Length counts periods from 1: the period at whose end it ended, or the periods it has completed and goes on.
	Length int
	Ended  bool
	Count  int64 // contracts of that length
}

// maxPeriods bounds the table; longer spells count as still running there.
const maxPeriods = 100_000

// Table is the life table of many spells.
type Table struct {
	N       int64 // contracts, the dropped included
	Events  int64 // of those at risk, how many ended
	Dropped int64 // contracts without one completed period: they tell nothing about any renewal

	ended, running []int64 // by length, from 0 (unused) to the longest
}

// Collapse counts spells per length. Those shorter than one period are only counted as dropped.
func Collapse(spells []Spell) *Table {
	longest := 0
	for _, s := range spells {
		longest = max(longest, min(s.Length, maxPeriods))
	}
	t := &Table{ended: make([]int64, longest+1), running: make([]int64, longest+1)}
	for _, s := range spells {
		t.N += s.Count
		switch {
		case s.Length < 1:
			t.Dropped += s.Count
		case s.Length > maxPeriods || !s.Ended:
			t.running[min(s.Length, maxPeriods)] += s.Count
		default:
			t.ended[s.Length] += s.Count
			t.Events += s.Count
		}
	}
	return t
}

// Longest returns the length of the longest spell, in periods.
func (t *Table) Longest() int { return len(t.ended) - 1 }

// atRisk returns for each period, from 1, how many came to its end; element 0 is unused.
func (t *Table) atRisk() []int64 {
	n := make([]int64, len(t.ended))
	sum := int64(0)
	for i := len(n) - 1; i > 0; i-- {
		sum += t.ended[i] + t.running[i]
		n[i] = sum
	}
	return n
}

// Sorted returns the spells of the table, shortest first, those that ended before those that go on.
func (t *Table) Sorted() []Spell {
	var all []Spell
	for i := 1; i < len(t.ended); i++ {
		all = append(all, Spell{Length: i, Ended: true, Count: t.ended[i]}, Spell{Length: i, Count: t.running[i]})
	}
	return slices.DeleteFunc(all, func(s Spell) bool { return s.Count == 0 })
}

// normalQuantile is how many standard errors to each side hold the given share, 1.96 for .95.
func normalQuantile(level float64) float64 { return distuv.UnitNormal.Quantile(.5 + level/2) }
