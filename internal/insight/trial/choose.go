package trial

import (
	"cmp"
	"slices"
)

// Cell is what one action brought to one part of the customers, in one of two halves drawn by chance.
type Cell struct {
	Half    int // 0 or 1
	Part    string
	Action  string
	Outcome Moments
}

// Choice says whether to choose an action for each part of the customers or one for all.
type Choice struct {
	Best     string            // the best single action
	ByPart   map[string]string // the best action of each part
	Gain     Estimate          // of choosing by part over the best single action, per customer
	Personal bool              // the gain is above 0 for sure; otherwise the best single action is the answer
}

// Choose finds the best action for all and for each part, and what choosing by part would gain. The gain is measured honestly: actions are chosen
// by one half and valued by the other, both ways (sample splitting, Athey and Wager 2021, Econometrica 89(1), 133). Targeting often adds nothing, and
// a gain measured on the customers it was chosen by is too large by construction. Nil without two actions in both halves.
func Choose(cells []Cell) *Choice {
	best, byPart, ok := choices(cells, func(Cell) bool { return true })
	if !ok {
		return nil
	}
	c := &Choice{Best: best, ByPart: byPart}
	var value, variance, weight float64
	for half := range 2 {
		single, parts, ok := choices(cells, func(c Cell) bool { return c.Half != half })
		if !ok {
			return c
		}
		v, s, n, ok := gain(cells, half, single, parts)
		if !ok {
			return c
		}
		value, variance, weight = value+v*n, variance+s*n*n, weight+n
	}
	if weight == 0 {
		return c
	}
	c.Gain = Estimate{Effect: value / weight}
	if v := variance / (weight * weight); v > 0 { // the two halves know nothing of each other
		c.Gain = normal(value/weight, v)
	}
	c.Personal = c.Gain.Known && c.Gain.Lo > 0
	return c
}

// choices are the best single action and the best of each part, by mean, among some cells.
func choices(cells []Cell, use func(Cell) bool) (best string, byPart map[string]string, ok bool) {
	all, parts := map[string]Moments{}, map[string]map[string]Moments{}
	for _, c := range cells {
		if !use(c) || c.Outcome.N == 0 {
			continue
		}
		m := all[c.Action]
		m.Merge(c.Outcome)
		all[c.Action] = m
		if parts[c.Part] == nil {
			parts[c.Part] = map[string]Moments{}
		}
		m = parts[c.Part][c.Action]
		m.Merge(c.Outcome)
		parts[c.Part][c.Action] = m
	}
	if len(all) < 2 {
		return "", nil, false
	}
	byPart = map[string]string{}
	best = greatestMean(all)
	for part, actions := range parts {
		byPart[part] = greatestMean(actions)
		if len(actions) < len(all) { // some action was never tried there
			byPart[part] = best
		}
	}
	return best, byPart, true
}

func greatestMean(of map[string]Moments) string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b].Mean, of[a].Mean), cmp.Compare(a, b))
	})
	return names[0]
}

// gain is what choosing by part brings in one half over the single action, per customer, with its variance and the customers of the half.
func gain(cells []Cell, half int, single string, byPart map[string]string) (value, variance, n float64, ok bool) {
	type pair struct{ chosen, single Moments }
	parts, size := map[string]*pair{}, map[string]float64{}
	for _, c := range cells {
		if c.Half != half {
			continue
		}
		n += float64(c.Outcome.N)
		size[c.Part] += float64(c.Outcome.N)
		p := parts[c.Part]
		if p == nil {
			p = &pair{}
			parts[c.Part] = p
		}
		if c.Action == single {
			p.single.Merge(c.Outcome)
		}
		if c.Action == byPart[c.Part] {
			p.chosen.Merge(c.Outcome)
		}
	}
	for part, p := range parts {
		if byPart[part] == single || byPart[part] == "" {
			continue
		}
		if p.single.N < 2 || p.chosen.N < 2 {
			return 0, 0, 0, false
		}
		w := size[part] / n
		value += w * (p.chosen.Mean - p.single.Mean)
		variance += w * w * (p.chosen.varianceOfMean() + p.single.varianceOfMean())
	}
	return value, variance, n, n > 0
}
