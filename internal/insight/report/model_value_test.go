package report_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

func (l ledger) name(c int64) string {
	if l.Ext[c] == "" {
		return fmt.Sprintf("#%d", c)
	}
	return l.Ext[c]
}

// byName is the customers who bought, by number and id.
func (l ledger) byName() []int64 {
	return slices.SortedFunc(maps.Keys(l.of), func(x, y int64) int { return cmp.Or(cmp.Compare(l.name(x), l.name(y)), cmp.Compare(x, y)) })
}

func (l ledger) rfm() map[string]any {
	ids := l.byName()
	measure := map[string]map[int64]float64{"R": {}, "F": {}, "M": {}}
	for _, c := range ids {
		days := l.of[c]
		measure["R"][c] = float64(l.asOf - days[len(days)-1].day)
		measure["F"][c] = float64(len(days))
		measure["M"][c] = float64(l.value[c])
	}
	ntile, pct := map[int64]string{}, map[int64]string{}
	for _, m := range []string{"R", "F", "M"} {
		sorted := slices.Clone(ids)
		slices.SortStableFunc(sorted, func(x, y int64) int {
			if m == "R" {
				x, y = y, x
			}
			return cmp.Compare(measure[m][x], measure[m][y])
		})
		for i, c := range sorted {
			n, group := len(sorted), 1
			for begin := 0; group <= 5; group++ { // the first groups take the remainder
				begin += n/5 + min(1, max(0, n%5-group+1))
				if i < begin {
					break
				}
			}
			ntile[c] += fmt.Sprint(group)
		}
		for _, c := range ids {
			score := 1
			for k := 1; k <= 4; k++ {
				t := type7(slices.Collect(maps.Values(measure[m])), float64(k)/5).(float64)
				if measure[m][c] > t+1e-7 {
					score++
				}
			}
			if m == "R" {
				score = 6 - score
			}
			pct[c] += fmt.Sprint(score)
		}
	}
	list := []any{}
	for _, c := range ids {
		list = append(list, map[string]any{"id": l.name(c), "R": int(measure["R"][c]), "F": len(l.of[c]), "M": euros(l.value[c]), "ntile": ntile[c], "pct": pct[c]})
	}
	if len(list) == 0 {
		return map[string]any{}
	}
	return map[string]any{"customers": list}
}

func (l ledger) abc() map[string]any {
	ids := l.byName()
	total, n := int64(0), len(ids)
	clipped := func(c int64) int64 { return max(0, l.value[c]) }
	for _, c := range ids {
		total += clipped(c)
	}
	slices.SortStableFunc(ids, func(x, y int64) int { return cmp.Compare(clipped(y), clipped(x)) })
	counts, sums, last := map[string]int{"A": 0, "B": 0, "C": 0}, map[string]int64{}, map[string]any{"A": nil, "B": nil}
	before := int64(0)
	for _, c := range ids {
		class := "C"
		if before*100 < total*80 {
			class = "A"
		} else if before*100 < total*95 {
			class = "B"
		}
		counts[class]++
		sums[class] += clipped(c)
		last[class] = map[string]any{"id": l.name(c), "value": euros(clipped(c))}
		before += clipped(c)
	}
	top := map[string]any{}
	for _, p := range []int{1, 5, 10, 20, 50} {
		sum := int64(0)
		for _, c := range ids[:(n*p+99)/100] {
			sum += clipped(c)
		}
		top[fmt.Sprintf("top_%d%%", p)] = share(int(sum), int(total))
	}
	var gini any
	if total > 0 {
		apart := int64(0)
		for _, x := range ids {
			for _, y := range ids {
				apart += max(clipped(x)-clipped(y), clipped(y)-clipped(x))
			}
		}
		gini = float64(apart) / (2 * float64(n) * float64(total))
	}
	return map[string]any{"counts": map[string]any{"A": counts["A"], "B": counts["B"], "C": counts["C"]},
		"revenue": map[string]any{"A": euros(sums["A"]), "B": euros(sums["B"]), "C": euros(sums["C"])},
		"last_A":  last["A"], "last_B": last["B"], "top_share": top, "gini": gini}
}
