package predict

import (
	"cmp"
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"stamm/internal/insight/predict/btyd"
)

// crowd are the customers of a book by pattern: models look only at X, Tx and T, and many customers share them.
type crowd struct {
	*Book
	patterns []btyd.Pattern // by X, Tx, T
	of       []int32        // customer → pattern
	groups   []int32        // where patterns of another X or Tx begin, and the number of patterns
	group    []int32        // pattern → group
}

func newCrowd(b *Book) *crowd {
	type keyed struct {
		btyd.History
		customer int32
	}
	all := make([]keyed, b.Len())
	for i := range all {
		all[i] = keyed{b.history(i), int32(i)}
	}
	slices.SortFunc(all, func(a, c keyed) int {
		return cmp.Or(cmp.Compare(a.X, c.X), cmp.Compare(a.Tx, c.Tx), cmp.Compare(a.T, c.T), cmp.Compare(a.customer, c.customer))
	})
	cr := &crowd{Book: b, of: make([]int32, len(all))}
	for i, k := range all {
		if i == 0 || k.History != all[i-1].History {
			if i == 0 || k.X != all[i-1].X || k.Tx != all[i-1].Tx {
				cr.groups = append(cr.groups, int32(len(cr.patterns)))
			}
			cr.patterns = append(cr.patterns, btyd.Pattern{History: k.History})
			cr.group = append(cr.group, int32(len(cr.groups)-1))
		}
		cr.of[k.customer] = int32(len(cr.patterns) - 1)
		cr.patterns[len(cr.patterns)-1].N++
	}
	cr.groups = append(cr.groups, int32(len(cr.patterns)))
	return cr
}

// piece is how many places of a slice one core works on at a time.
const piece = 2048

// spread calls fn for pieces of 0 to n on all cores. What fn writes must belong to its own piece, so that the result is the
// same on any number of cores.
func spread(ctx context.Context, n int, fn func(from, to int)) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n && ctx.Err() == nil; from += piece {
		g.Go(func() error {
			fn(from, min(n, from+piece))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// perPattern is a number for each pattern.
func (cr *crowd) perPattern(ctx context.Context, fn func(h btyd.History) float64) ([]float64, error) {
	out := make([]float64, len(cr.patterns))
	err := spread(ctx, len(out), func(from, to int) {
		for k := from; k < to; k++ {
			out[k] = fn(cr.patterns[k].History)
		}
	})
	return out, err
}

// total sums numbers of patterns over all customers. some are all patterns, or a sample that stands for them.
func (cr *crowd) total(some []btyd.Pattern, of func(k int) float64) float64 {
	sum, n := 0.0, 0.0
	for k, p := range some {
		sum += of(k) * float64(p.N)
		n += float64(p.N)
	}
	if len(some) == len(cr.patterns) {
		return sum
	}
	return sum / n * float64(cr.Len())
}
