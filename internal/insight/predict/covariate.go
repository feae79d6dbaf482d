package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"gonum.org/v1/gonum/stat/distuv"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/company"
)

// Bounds of the levels of a covariate. A level with fewer customers counts with the others, and the others with the most frequent level
// where even together they are too few: an effect that cannot be told is not looked for.
const (
	mostLevels      = 5   // of a covariate, the most frequent one and the others included
	fewestOfLevel   = 200 // customers
	fewestRepeating = 50  // of them those with a repeat purchase
)

// OtherLevel stands for all levels that have too few customers of their own.
const OtherLevel = "*"

// trait is a covariate of all customers of a book.
type trait struct {
	name   string
	levels []string // the most frequent one first; it is what the others are held against
	counts []int64  // customers of each
	of     []uint8  // customer → place in levels
}

// Level is a level of a covariate and what it does.
type Level struct {
	Covariate string  `json:"covariate"`
	Level     string  `json:"level"`     // OtherLevel for all that are too few
	Against   string  `json:"against"`   // the most frequent level, for which all factors are 1
	Customers int64   `json:"customers"` // of the level
	Buys      float64 `json:"gamma_buys"`
	BuysSE    float64 `json:"gamma_buys_se"`
	Leaves    float64 `json:"gamma_leaves"`
	LeavesSE  float64 `json:"gamma_leaves_se"`
}

// BuysFactor is by how much more often customers of the level buy while they are customers, with an interval of 95 %.
func (l Level) BuysFactor() (factor, lo, hi float64) { return factorOf(l.Buys, l.BuysSE) }

// LeavesFactor is how much faster they leave, with an interval of 95 %.
func (l Level) LeavesFactor() (factor, lo, hi float64) { return factorOf(l.Leaves, l.LeavesSE) }

func factorOf(log, se float64) (factor, lo, hi float64) {
	return math.Exp(log), math.Exp(log - z95*se), math.Exp(log + z95*se)
}

// readTraits reads the covariates of the scope. Those with one level only are left out.
func (b *Book) readTraits(ctx context.Context, q Querier) error {
	columns := map[string]string{"country": "country", "region": "region", "type": "kind", "source": "source", "language": "language"}
	var names, selected []string
	for _, name := range b.Covariates {
		column, ok := columns[name]
		if !ok {
			return fault.New(fault.Invalid, "predict.error.covariate", "text", name, "choices", strings.Join(company.Covariates(), ", ")).On("covariates")
		}
		if !slices.Contains(names, name) {
			names, selected = append(names, name), append(selected, "coalesce("+column+", '')")
		}
	}
	if len(names) == 0 || b.Len() == 0 {
		return nil
	}
	texts := make([]string, len(names))
	var id int64
	into := []any{&id}
	for i := range texts {
		into = append(into, &texts[i])
	}
	all := make([][]uint16, len(names))
	known := make([]map[string]uint16, len(names))
	for i := range all {
		all[i], known[i] = make([]uint16, b.Len()), map[string]uint16{"": 0}
	}
	at := 0
	query := fmt.Sprintf("SELECT id, %s FROM customer WHERE %s ORDER BY id", strings.Join(selected, ", "), b.some("id"))
	err := each(ctx, q, query, into, func() {
		k, ok := b.find(&at, id)
		if !ok {
			return
		}
		for i, text := range texts {
			code, seen := known[i][text]
			if !seen && len(known[i]) < math.MaxUint16 {
				code = uint16(len(known[i]))
				known[i][strings.Clone(text)] = code
			}
			all[i][k] = code
		}
	})
	for i, name := range names {
		if t := b.levelled(name, all[i], known[i]); len(t.levels) > 1 {
			b.traits = append(b.traits, t)
		}
	}
	return err
}

// levelled brings the texts of a covariate to levels that are frequent enough.
func (b *Book) levelled(name string, codes []uint16, known map[string]uint16) trait {
	type level struct {
		text         string
		code         uint16
		n, repeating int64
	}
	levels := make([]level, len(known))
	for text, code := range known {
		levels[code].text, levels[code].code = text, code
	}
	for i, code := range codes {
		levels[code].n++
		if b.X[i] > 0 {
			levels[code].repeating++
		}
	}
	slices.SortFunc(levels, func(a, c level) int { return cmp.Or(cmp.Compare(c.n, a.n), cmp.Compare(a.text, c.text)) })
	t := trait{name: name, of: make([]uint8, len(codes))}
	place := make([]uint8, len(known))
	var rest level
	for _, l := range levels {
		if l.text != "" && l.n >= fewestOfLevel && l.repeating >= fewestRepeating && len(t.levels) < mostLevels-1 {
			place[l.code] = uint8(len(t.levels))
			t.levels, t.counts = append(t.levels, l.text), append(t.counts, l.n)
			continue
		}
		place[l.code] = math.MaxUint8
		rest.n, rest.repeating = rest.n+l.n, rest.repeating+l.repeating
	}
	if len(t.levels) == 0 {
		return t
	}
	others := uint8(0)
	if rest.n >= fewestOfLevel && rest.repeating >= fewestRepeating {
		others = uint8(len(t.levels))
		t.levels, t.counts = append(t.levels, OtherLevel), append(t.counts, 0)
	}
	for i, code := range codes {
		if t.of[i] = place[code]; t.of[i] == math.MaxUint8 {
			t.of[i] = others
			t.counts[others]++
		}
	}
	return t
}

// layers are the customers of a book by their covariates and patterns.
type layers struct {
	traits []trait
	cells  []btyd.Cell
	begin  []int32 // where the patterns of each cell begin, and the number of all
	of     []int32 // customer → pattern, counted over all cells
}

// newLayers parts a crowd by covariates; nil where there are none.
func newLayers(cr *crowd) *layers {
	if len(cr.traits) == 0 {
		return nil
	}
	type place struct{ cell, pattern, customer int32 }
	cellOf := func(i int) (c int32) {
		for _, t := range cr.traits {
			c = c*int32(len(t.levels)) + int32(t.of[i])
		}
		return c
	}
	all := make([]place, cr.Len())
	for i := range all {
		all[i] = place{cellOf(i), cr.of[i], int32(i)}
	}
	slices.SortFunc(all, func(a, c place) int {
		return cmp.Or(cmp.Compare(a.cell, c.cell), cmp.Compare(a.pattern, c.pattern), cmp.Compare(a.customer, c.customer))
	})
	l := &layers{traits: cr.traits, of: make([]int32, len(all))}
	n := int32(0)
	for i, p := range all {
		if i == 0 || p.cell != all[i-1].cell {
			l.cells, l.begin = append(l.cells, btyd.Cell{Z: l.dummies(p.cell)}), append(l.begin, n)
		}
		cell := &l.cells[len(l.cells)-1]
		if i == 0 || p.cell != all[i-1].cell || p.pattern != all[i-1].pattern {
			cell.Patterns = append(cell.Patterns, btyd.Pattern{History: cr.patterns[p.pattern].History})
			n++
		}
		cell.Patterns[len(cell.Patterns)-1].N++
		l.of[p.customer] = n - 1
	}
	l.begin = append(l.begin, n)
	return l
}

// dummies are the covariates of a cell as numbers: for each level but the first of each trait, whether it is its own.
func (l *layers) dummies(cell int32) []float64 {
	var parts [][]float64
	for _, t := range slices.Backward(l.traits) {
		n := int32(len(t.levels))
		z := make([]float64, n-1)
		if at := cell % n; at > 0 {
			z[at-1] = 1
		}
		parts = append(parts, z)
		cell /= n
	}
	slices.Reverse(parts)
	return slices.Concat(parts...)
}

// predict asks the fit for every pattern.
func (l *layers) predict(ctx context.Context, f btyd.CovariateFit, days float64) ([]btyd.Prediction, error) {
	return perCell(l, func(c btyd.Cell) ([]btyd.Prediction, error) { return f.Of(c.Z).Predict(ctx, c.Patterns, days) })
}

// residuals are the discounted purchases of every pattern.
func (l *layers) residuals(ctx context.Context, f btyd.CovariateFit, days, annualRate float64) ([]btyd.Residual, error) {
	return perCell(l, func(c btyd.Cell) ([]btyd.Residual, error) {
		return f.Of(c.Z).Residuals(ctx, c.Patterns, days, annualRate)
	})
}

// perCell asks for the patterns of each cell and returns what is said of all, in their order.
func perCell[T any](l *layers, ask func(btyd.Cell) ([]T, error)) ([]T, error) {
	all := make([]T, 0, l.begin[len(l.begin)-1])
	for _, c := range l.cells {
		said, err := ask(c)
		if err != nil {
			return nil, err
		}
		all = append(all, said...)
	}
	return all, nil
}

// relative is the standard error of a total over all customers as a share of it, from a sample of the patterns.
func (l *layers) relative(f btyd.CovariateFit, of func(btyd.Model, btyd.History) float64) float64 {
	step := int(l.begin[len(l.begin)-1])/mostSampled + 1
	total := func(m btyd.Covariates) float64 {
		sum := 0.0
		for _, c := range l.cells {
			here := m.Of(c.Z)
			for k := 0; k < len(c.Patterns); k += step {
				sum += float64(c.Patterns[k].N) * of(here, c.Patterns[k].History)
			}
		}
		return sum
	}
	all := total(f.Model)
	if all <= 0 {
		return 0
	}
	return finite(f.StdErr(total) / all)
}

// covariateCard shows a fit with covariates.
func (l *layers) covariateCard(f btyd.CovariateFit) ModelCard {
	c := ModelCard{Name: btyd.NameCovariates, Status: f.Status, Params: map[string]float64{}, SE: map[string]float64{}, LL: finite(f.LL), N: f.N, Warnings: notices(f.Warnings)}
	if f.Status != btyd.OK {
		return c
	}
	for i, p := range f.Model.Base.Params() {
		c.Params[p.Name], c.SE[p.Name] = finite(p.Value), finite(f.SE[i])
	}
	k := 0
	for _, t := range l.traits {
		for i, level := range t.levels[1:] {
			c.Levels = append(c.Levels, Level{Covariate: t.name, Level: level, Against: t.levels[0], Customers: t.counts[i+1],
				Buys: finite(f.Model.Buys[k]), BuysSE: finite(f.BuysSE[k]), Leaves: finite(f.Model.Leaves[k]), LeavesSE: finite(f.LeavesSE[k])})
			k++
		}
	}
	// That twice the likelihood gained is as large by chance has the probability of a chi-squared with two effects a level.
	chance := distuv.ChiSquared{K: float64(2 * k)}.Survival(f.LR)
	gain := Notice{Code: "covariates_gain", Numbers: []float64{math.Round(f.LR*10) / 10, finite(chance)}}
	if chance < 0.005 {
		gain.Code = "covariates_sure"
	}
	c.Warnings = append(c.Warnings, gain)
	return c
}

// Name is what customers of the level are called.
func (l Level) Name(p *i18n.Printer) string { return levelName(p, l.Covariate, l.Level) }

// Words says what the level does, with intervals of 95 %.
func (l Level) Words(p *i18n.Printer) string {
	number := func(f float64) string { return p.Decimal(f, 2) }
	buys, buysLo, buysHi := l.BuysFactor()
	leaves, leavesLo, leavesHi := l.LeavesFactor()
	return p.T("predict.covariate.words", "level", l.Name(p), "what", p.T("predict.covariate."+l.Covariate), "n", l.Customers, "against", levelName(p, l.Covariate, l.Against),
		"buys", number(buys), "buys_lo", number(buysLo), "buys_hi", number(buysHi), "leaves", number(leaves), "leaves_lo", number(leavesLo), "leaves_hi", number(leavesHi))
}

func levelName(p *i18n.Printer, covariate, level string) string {
	switch {
	case level == OtherLevel:
		return p.T("predict.covariate.rest")
	case covariate == "type" && p.Has("predict.covariate.type_of."+level):
		return p.T("predict.covariate.type_of." + level)
	case covariate == "country":
		if r, err := language.ParseRegion(level); err == nil {
			if name := display.Regions(language.Make(p.Lang())).Name(r); name != "" {
				return name
			}
		}
	}
	return level
}
