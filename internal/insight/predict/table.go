package predict

import (
	"cmp"
	"context"
	"math"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
)

// table is what the models say, by pattern and by group of patterns with the same purchases.
type table struct {
	days     float64           // the horizon
	keep     []btyd.Prediction // by the keeper: alive, active, expected within the horizon
	future   []btyd.Residual   // by the model of counts: discounted purchases over the years of value
	within   []float64         // by whatever foretells counts: purchases within the horizon
	unsure   []float64         // standard error of within, from the parameters; nil for a rule
	chosenOf []int32           // customer → place in chosen
	countsOf []int32           // customer → place in future and within
	chosen   []btyd.Prediction // by the chosen model; nil where the chance does not come from one of the models
	known    *known            // what the logistic regression looks at, where it is the chosen one
	fall     []btyd.Fall       // by the keeper: how the purchases within a year have fallen since the last one
	first    []float64         // by group: the chance within the horizon on the day of the last purchase
	since    []int32           // by group: time from the first purchase after which she is at risk by the keeper; 0 not up to now
}

const riskDays = 365 // days whose value is at risk

// table asks the models. Predictions with standard errors are made once a model.
func (f *foretelling) table(ctx context.Context) (*table, error) {
	p, card := f.panel, &f.card
	keeper := p.fits[card.Keeper]
	t := &table{days: p.ahead(card.Horizon)}
	rate, years := float64(card.Discount)/100, float64(card.ValueYears)*float64(btyd.Year)
	var err error
	if t.keep, err = p.predict(ctx, card.Keeper); err != nil {
		return nil, err
	}
	counts := keeper
	if fit, ok := p.fits[card.Counts]; ok {
		counts = fit
	}
	t.chosenOf, t.countsOf = p.patternOf(card.Chosen), p.patternOf(card.Counts)
	if card.Counts == btyd.NameCovariates {
		t.future, err = p.layers.residuals(ctx, p.layered, years, rate)
	} else {
		t.future, err = counts.Residuals(ctx, p.patterns, years, rate)
	}
	if err != nil {
		return nil, err
	}
	if _, ok := p.fits[card.Chosen]; ok || card.Chosen == btyd.NameCovariates {
		if t.chosen, err = p.predict(ctx, card.Chosen); err != nil {
			return nil, err
		}
	} else if card.Chosen == NameLogistic {
		if t.known, err = p.known(ctx); err != nil {
			return nil, err
		}
	}
	if r, ok := p.rule(card.Counts); ok {
		for k, pattern := range p.patterns {
			t.future[k] = btyd.Residual{Value: r.residual(pattern.History, rate, years)}
		}
	}
	if t.within, err = t.expected(ctx, f, t.days); err != nil {
		return nil, err
	}
	if err := t.errors(ctx, p, card.Counts); err != nil {
		return nil, err
	}
	if t.fall, err = keeper.Falls(ctx, p.patterns, riskDays); err != nil {
		return nil, err
	}
	return t, f.groups(ctx, t, keeper.Model)
}

// expected is how many purchases of each pattern are foretold within so many days.
func (t *table) expected(ctx context.Context, f *foretelling, days float64) ([]float64, error) {
	p := f.panel
	if r, ok := p.rule(f.card.Counts); ok {
		return p.perPattern(ctx, func(h btyd.History) float64 { return r.expected(h, days) })
	}
	var said []btyd.Prediction
	var err error
	switch {
	case days == t.days:
		said, err = p.predict(ctx, f.card.Counts)
	case f.card.Counts == btyd.NameCovariates:
		said, err = p.layers.predict(ctx, p.layered, days)
	default:
		m := p.fits[f.card.Counts].Model
		return p.perPattern(ctx, func(h btyd.History) float64 { return finite(m.Expected(h, days)) })
	}
	out := make([]float64, len(said))
	for k := range out {
		out[k] = finite(said[k].Expected)
	}
	return out, err
}

// errors notes how well the purchases within the horizon are known; of rules nothing is.
func (t *table) errors(ctx context.Context, p *panel, counts string) error {
	if _, rule := p.rule(counts); rule {
		return nil
	}
	said, err := p.predict(ctx, counts)
	if err != nil {
		return err
	}
	t.unsure = make([]float64, len(said))
	for k := range said {
		t.unsure[k] = finite(said[k].ExpectedSE)
	}
	return nil
}

// groups asks how things stood when customers bought last, and since when they have been at risk: customers with the same
// purchases differ only in how long ago that was.
func (f *foretelling) groups(ctx context.Context, t *table, m btyd.Model) error {
	p, limit := f.panel, f.card.Limits.AtRisk
	n := len(p.groups) - 1
	t.first, t.since = make([]float64, n), make([]int32, n)
	return spread(ctx, n, func(from, to int) {
		for g := from; g < to; g++ {
			h := p.patterns[p.groups[g]].History
			longest := p.patterns[p.groups[g+1]-1].T
			h.T = h.Tx
			t.first[g] = within(m.Active(h, t.days))
			fallen := func(total int32) bool {
				h.T = total
				return m.Active(h, t.days) < limit*t.first[g]
			}
			low, high := h.Tx, longest // not fallen yet, fallen
			if low == high || !fallen(high) {
				continue
			}
			for high-low > 1 {
				if mid := low + (high-low)/2; fallen(mid) {
					high = mid
				} else {
					low = mid
				}
			}
			t.since[g] = high
		}
	})
}

// riskSince is the time from her first purchase after which customer i, of whom active is shown and who is at risk, has been so: where
// the chance on the curve of her page has fallen below the limit. That curve is the keeper's, moved by as much as the two differ today.
func (f *foretelling) riskSince(t *table, i int, active float64) int32 {
	k := f.panel.of[i]
	g, h, now := f.panel.group[k], f.panel.patterns[k].History, within(t.keep[k].Active)
	if active == now && t.since[g] > 0 {
		return min(h.T, t.since[g])
	}
	m, limit := f.panel.fits[f.card.Keeper].Model, f.card.Limits.AtRisk*meeting(t.first[g], active, now)
	low, high := h.Tx, h.T // not fallen yet, fallen
	odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
	above, below := odds(meeting(t.first[g], active, now))-odds(limit), odds(meeting(now, active, now))-odds(limit)
	if !(below < 0 && above > 0) { // a rule that is certain: the curve says nothing
		return max(1, min(h.T, cmp.Or(t.since[g], h.T)))
	}
	// The keeper's own day is near, and from there the log odds fall in about a straight line.
	for next := t.since[g]; high-low > 1; next = low + int32(math.Round(above/(above-below)*float64(high-low))) {
		h.T = min(high-1, max(low+1, next))
		if at := odds(meeting(within(m.Active(h, t.days)), active, now)) - odds(limit); at < 0 {
			high, below, above = h.T, at, above*0.75
		} else {
			low, above, below = h.T, at, below*0.75
		}
	}
	return max(1, high)
}

// kept is the share of the chance on the day of the last purchase that is left, for a pattern of which the chance shown is active.
func (t *table) kept(active float64, k int, group int32) float64 {
	return left(active, within(t.keep[k].Active), t.first[group])
}

// score puts everything together, customer by customer.
func (f *foretelling) score(ctx context.Context) (*Scores, error) {
	p := f.panel
	s := &Scores{Card: f.card, options: f.o, book: f.book, crowd: p.crowd, of: make([]figures, p.Len())}
	if p.Len() == 0 {
		s.Card.Bands = countBands(s)
		return s, nil
	}
	t, err := f.table(ctx)
	if err != nil {
		return nil, err
	}
	f.card.Unsure = f.unsureOf(f.card.Chosen)
	s.Card.Unsure = f.card.Unsure
	w := f.worth()
	err = spread(ctx, p.Len(), func(from, to int) {
		row := make([]float32, len(featureNames()))
		for i := from; i < to; i++ {
			s.of[i] = f.figures(t, w, i, row)
		}
	})
	if err != nil {
		return nil, err
	}
	s.Card.Bands = countBands(s)
	for _, b := range s.Card.Bands {
		if b.Band.drifts() {
			s.Card.AtRisk += b.AtRisk
		}
	}
	for i, x := range s.of {
		if !s.book.Erased[i] {
			s.Card.CLV += x.clv
		}
	}
	if err = f.ends(ctx, t, w, s); err != nil {
		return nil, err
	}
	if s.Card.Stay, err = f.stay(ctx, t, s); err != nil {
		return nil, err
	}
	s.Card.Sales, err = f.sales(ctx, t)
	return s, err
}

// worth is what a purchase brings after the margin, in minor units.
type worth struct {
	model  btyd.GammaGamma
	known  bool    // else everybody is expected to spend the mean
	factor float64 // minor units of a unit of the currency, times the margin
	off    float64 // relative standard error of all values together, from the stretches before
}

func (f *foretelling) worth() worth {
	return worth{f.spend.Model, f.spend.Status == btyd.OK, float64(pow10(f.book.Digits)) * float64(f.card.Margin) / 100, f.unsureValue() / z95}
}

// of is what a purchase of customer i brings, and its relative standard error. Where the model is known the error is that of her own mean
// value given her purchases so far: 1 / sqrt(p·x + q - 2).
func (w worth) of(b *Book, i int) (value, relative float64) {
	mean := b.mean(i)
	value = finite(w.model.Conditional(b.X[i], mean)) * w.factor
	if !w.known {
		return value, 0
	}
	x := float64(b.X[i])
	if mean <= 0 {
		x = 0
	}
	return value, 1 / math.Sqrt(max(0.5, w.model.P*x+w.model.Q-2))
}

// figures is the score of customer i; row is room for her features.
func (f *foretelling) figures(t *table, w worth, i int, row []float32) figures {
	b, k := f.book, f.panel.of[i]
	g := f.panel.group[k]
	c := f.chance(t, i, row)
	value, relative := w.of(b, i)
	expected := t.within[t.countsOf[i]]
	x := figures{active: c.p, lo: c.lo, hi: c.hi, alive: -1, expected: expected,
		value: round(expected * value), worth: round(value)}
	if keeper := f.panel.fits[f.card.Keeper]; !keeper.Withheld() {
		x.alive = within(t.keep[k].Alive)
		x.aliveLo, x.aliveHi = btyd.ProbabilityInterval(x.alive, finite(t.keep[k].AliveSE), z95)
		x.alive, x.aliveHi = max(x.alive, c.p), max(x.aliveHi, c.p) // who will buy has not left, whoever says so
	}
	x.between(t, w, t.countsOf[i], value, relative)
	ahead := t.future[t.countsOf[i]]
	clv, se := finite(ahead.Value)*value, 0.0
	if ahead.Value > 0 {
		se = math.Hypot(math.Hypot(finite(ahead.SE)/ahead.Value, relative), w.off) * clv
	}
	lo, hi := btyd.PositiveInterval(clv, se, z95)
	x.clv, x.clvLo, x.clvHi = round(clv), round(lo), round(hi)
	x.stake(t.fall[k], w, value, relative)
	x.band = f.bandOf(i, c.p, t.kept(c.p, int(k), g))
	switch Bands()[x.band] {
	case AtRisk:
		x.since, x.next = f.riskSince(t, i, c.p), f.nextDay(i, c.p)
	case ProbablyLost:
		x.since = f.riskSince(t, i, c.p)
	default:
		x.next = f.nextDay(i, c.p)
	}
	return x
}

// stake sets the value at risk with its interval, which is of the kind of those that between sets.
func (x *figures) stake(fall btyd.Fall, w worth, value, relative float64) {
	fewer := max(0, finite(fall.Then)-finite(fall.Now))
	x.atRisk = max(0, round(fewer*value))
	if x.atRisk == 0 {
		return
	}
	se := math.Hypot(math.Hypot(finite(fall.SE)/fewer, relative), w.off)
	lo, hi := btyd.PositiveInterval(fewer*value, se*fewer*value, z95)
	x.atRiskLo, x.atRiskHi = round(lo), round(hi)
}

// between sets the intervals of purchases and their value: what the parameters leave open, what is not known of the value of her
// purchases, and how far totals were off before.
func (x *figures) between(t *table, w worth, place int32, value, relative float64) {
	own := 0.0
	if t.unsure != nil && x.expected > 0 {
		own = t.unsure[place] / x.expected
	}
	x.expectedLo, x.expectedHi = btyd.PositiveInterval(x.expected, math.Hypot(own, w.off)*x.expected, z95)
	all := x.expected * value
	lo, hi := btyd.PositiveInterval(all, math.Hypot(math.Hypot(own, relative), w.off)*all, z95)
	x.valueLo, x.valueHi = round(lo), round(hi)
}

func bandPlace(b Band) uint8 {
	for i, known := range Bands() {
		if known == b {
			return uint8(i)
		}
	}
	return 0
}

// chance is the chance that customer i buys within the horizon, by the chosen candidate.
func (f *foretelling) chance(t *table, i int, row []float32) chance {
	k := f.panel.of[i]
	var c chance
	switch {
	case t.chosen != nil:
		p := t.chosen[t.chosenOf[i]]
		c.p = within(p.Active)
		c.lo, c.hi = btyd.ProbabilityInterval(c.p, finite(p.ActiveSE), z95)
	case f.card.Chosen == NameLogistic:
		t.known.putFeatures(row, i)
		l := f.panel.logistic.Predict(row, 0.95)
		c = chance{within(l.P), within(l.Lo), within(l.Hi)}
	default:
		r, _ := f.panel.rule(f.card.Chosen)
		c = r.chance(f.panel.patterns[k].History, t.days)
	}
	return c.unsure(f.card.Unsure)
}

// hopeless is a chance below which no day is named for the next purchase.
const hopeless = 0.1

// nextDay is around when the next purchase of customer i is to be expected: her usual gap after the last one where that lies
// ahead, else half the time in which a customer with her rate buys if she is still there (the median, from the posterior of the
// rate); 0 where it is not to be expected.
func (f *foretelling) nextDay(i int, active float64) clock.Day {
	b := f.book
	if active < hopeless {
		return 0
	}
	if b.X[i] >= 2 {
		gap := float64(b.Last[i]-b.First[i]) / float64(b.X[i])
		if due := b.Last[i].AddDays(int(math.Round(gap))); due > b.AsOf {
			return due
		}
	}
	r, alpha := rateShape(f.panel.fits[f.card.Keeper].Model)
	if r <= 0 {
		return 0
	}
	days := (alpha + b.season.between(b.First[i], b.AsOf)) * math.Expm1(math.Ln2/(r+float64(b.X[i])))
	if !(days < 3*365) {
		return 0
	}
	return b.season.after(b.AsOf, max(1, math.Round(days)))
}

// rateShape are the shape of the distribution of purchase rates, and its scale in days.
func rateShape(m btyd.Model) (r, alpha float64) {
	for _, p := range m.Params() {
		switch p.Name {
		case "r":
			r = p.Value
		case "alpha":
			alpha = p.Value * float64(m.Unit())
		}
	}
	return r, alpha
}

func countBands(s *Scores) []BandCount {
	all := make([]BandCount, len(Bands()))
	for i, b := range Bands() {
		all[i].Band = b
	}
	for i, x := range s.of {
		if s.book.Erased[i] {
			continue
		}
		c := &all[x.band]
		c.N++
		c.Value += x.value
		c.AtRisk += x.atRisk
	}
	return all
}
