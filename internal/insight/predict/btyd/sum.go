package btyd

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// moments is a log-likelihood with its first and, where asked for, second derivatives, by up to four parameters; of the second
// the upper triangle, row by row.
type moments struct {
	ll     float64
	first  [4]float64
	second [10]float64
}

// packed is where the second derivative by parameters i ≤ j stands in moments.second.
func packed(i, j int) int { return i*(7-i)/2 + j }

// likelihood is the log-likelihood of a model with given parameters over a dataset, and its derivatives by the parameters as
// they are.
type likelihood interface {
	// groups adds what depends on x or on T alone.
	groups(m *moments)
	// rows adds what depends on whole histories; the second derivatives only where asked for.
	rows(rows []row, second bool, m *moments)
}

// chunk is how many rows are added up plainly. It is fixed, so that sums do not depend on the number of cores.
const chunk = 1024

// sum is the likelihood over the dataset.
func (d *dataset) sum(l likelihood, second bool) moments {
	return sumPieces(len(d.rows), second, l.groups, func(from, to int, m *moments) { l.rows(d.rows[from:to], second, m) })
}

// sumPieces adds up n rows in pieces of fixed size, on all cores, in their order and with compensation, and the groups.
func sumPieces(n int, second bool, groups func(m *moments), rows func(from, to int, m *moments)) moments {
	pieces := make([]moments, (n+chunk-1)/chunk+1)
	parallel(len(pieces)-1, func(i int) { rows(i*chunk, min((i+1)*chunk, n), &pieces[i]) })
	groups(&pieces[len(pieces)-1])
	var total moments
	total.ll = compensated(pieces, func(m *moments) float64 { return m.ll })
	for k := range total.first {
		total.first[k] = compensated(pieces, func(m *moments) float64 { return m.first[k] })
	}
	if second {
		for k := range total.second {
			total.second[k] = compensated(pieces, func(m *moments) float64 { return m.second[k] })
		}
	}
	return total
}

// compensated adds one number of each piece, carrying along what rounding loses (Neumaier).
func compensated(pieces []moments, of func(*moments) float64) float64 {
	var sum, lost float64
	for i := range pieces {
		v := of(&pieces[i])
		next := sum + v
		if math.Abs(sum) >= math.Abs(v) {
			lost += (sum - next) + v
		} else {
			lost += (v - next) + sum
		}
		sum = next
	}
	return sum + lost
}

// parallel calls f for 0 to n-1 on all cores, in any order.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	done.Wait()
}
