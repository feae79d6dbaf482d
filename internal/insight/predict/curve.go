package predict

import (
	"math"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
)

// model is the fitted model of that name as the card has it; false where the card has none.
func (c *Card) model(name string) (btyd.Model, bool) {
	i := slices.IndexFunc(c.Models, func(m ModelCard) bool { return m.Name == name })
	if i < 0 {
		return nil, false
	}
	m := c.Models[i]
	order := map[string][]string{btyd.NameBGNBD: {"r", "alpha", "a", "b"}, btyd.NameMBGNBD: {"r", "alpha", "a", "b"},
		btyd.NameParetoNBD: {"r", "alpha", "s", "beta"}, btyd.NameNBD: {"r", "alpha"}}
	if m.Status != btyd.OK {
		name = btyd.NameNBD
	}
	var params []float64
	for _, p := range order[name] {
		params = append(params, m.Params[p])
	}
	return btyd.New(name, btyd.Week, params...)
}

// keeper is the model by which silence is judged.
func (c *Card) keeper() (btyd.Model, bool) {
	for _, name := range append([]string{c.Keeper, c.Counts}, keepOrder...) {
		if m, ok := c.model(name); ok {
			return m, true
		}
	}
	return nil, false
}

// mostPoints is how many points a curve has at most.
const mostPoints = 160

// curve is the chance of a purchase within the horizon from the first of these purchase days on, as the model says it by what was
// known on each day: after AsOf as if she stayed away. It is shifted, on the scale of log odds, so that it meets the present
// chance of her score on AsOf, which may come from somewhere else.
//
// then is the chance on the day of her last purchase, which the band holds the present one against: for as much season as lies ahead
// now, so that nobody is at risk because it is summer. 0 where nothing can be told.
func (c *Card) curve(purchases []clock.Day, present float64) (points []Point, then float64) {
	m, ok := c.keeper()
	if len(purchases) == 0 || !ok || purchases[0] > c.AsOf {
		return nil, 0
	}
	first, last := purchases[0], c.AsOf.AddDays(c.Horizon)
	season := c.Season.clock(first, c.AsOf)
	seen := func(d clock.Day, days float64) float64 {
		n := 0
		for n < len(purchases) && purchases[n] <= d {
			n++
		}
		h := btyd.History{X: int32(n - 1), Tx: season.whole(first, purchases[n-1]), T: season.whole(first, d)}
		return within(m.Active(h, days))
	}
	at := func(d clock.Day) float64 { return seen(d, season.between(d, d.AddDays(c.Horizon))) }
	now := at(c.AsOf)
	step := max(1, (int(last-first)+mostPoints-1)/mostPoints)
	for d := first; d <= last; d = d.AddDays(step) {
		points = append(points, Point{d, within(meeting(at(d), present, now))})
		if next := d.AddDays(step); d < c.AsOf && next > c.AsOf {
			points = append(points, Point{c.AsOf, present})
		}
	}
	met := seen(purchases[len(purchases)-1], season.between(c.AsOf, c.AsOf.AddDays(c.Horizon)))
	return points, within(meeting(met, present, now))
}

// logit is the logarithm of the odds, of chances not nearer to 0 and 1 than a ten-thousandth.
func logit(p float64) float64 {
	p = min(1-1e-4, max(1e-4, p))
	return math.Log(p / (1 - p))
}
