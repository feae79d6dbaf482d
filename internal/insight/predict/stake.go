package predict

import (
	"context"
	"math"

	"stamm/internal/insight/predict/btyd"
)

// stakes are what the bands hold: how many customers, and the value at risk of them.
type stakes struct{ n, atRisk []float64 } // by place in Bands

func newStakes() stakes {
	return stakes{make([]float64, len(Bands())), make([]float64, len(Bands()))}
}

func (k stakes) add(band uint8, atRisk float64) {
	k.n[band]++
	k.atRisk[band] += atRisk
}

// drifting is the value at risk of those with whom a call is still worth it.
func (k stakes) drifting() float64 {
	sum := 0.0
	for i, b := range Bands() {
		if b.drifts() {
			sum += k.atRisk[i]
		}
	}
	return sum
}

// drifts tells whether what a customer of the band has at risk counts as at risk: with those lost a call is hardly worth it.
func (b Band) drifts() bool { return b == Cooling || b == AtRisk }

// squares add up how far stakes differ from those by the estimates.
type squares struct {
	stakes
	all float64 // of the value at risk of those who drift
}

func (s *squares) add(to, by stakes, weight float64) {
	for b := range s.n {
		s.n[b] += weight * (to.n[b] - by.n[b]) * (to.n[b] - by.n[b])
		s.atRisk[b] += weight * (to.atRisk[b] - by.atRisk[b]) * (to.atRisk[b] - by.atRisk[b])
	}
	off := to.drifting() - by.drifting()
	s.all += weight * off * off
}

// ends sets the intervals of 95 % of the bands, of the value at risk and of the value of all customers, by the method of the sales to
// expect: the variances of chance, of the parameters, and of how far totals were off before add up.
//
// How many customers are in a band is no matter of chance but of the parameters, and of how far all chances may be off together. Value at
// risk is what they will buy less of within a year than was to be expected of a year on the day of their last purchase; so its chance
// is that of the purchases of the year ahead.
func (f *foretelling) ends(ctx context.Context, t *table, w worth, s *Scores) error {
	r, _ := rateShape(f.panel.fits[f.card.Keeper].Model)
	by, off, err := f.shaken(ctx, t, s)
	if err != nil {
		return err
	}
	bands := s.Card.Bands
	dice := newStakes()
	var own float64
	spread := make([]Stay, len(bands))
	up, down, chanceOnly := make([]float64, len(bands)), make([]float64, len(bands)), make([]float64, len(bands))
	for i, x := range s.of {
		if f.book.Erased[i] {
			continue
		}
		k, value := f.panel.of[i], float64(x.worth)
		dice.add(x.band, f.scatter(w, i, t.keep[k].Alive, r, finite(t.fall[k].Now), value))
		own += f.scatter(w, i, t.keep[k].Alive, r, finite(t.future[t.countsOf[i]].Value), value)
		all := chance{x.active, x.active, x.active}.unsure(f.card.Unsure)
		spread[x.band].Active += x.active
		up[x.band] += all.hi - x.active
		down[x.band] += x.active - all.lo
		chanceOnly[x.band] += x.active * (1 - x.active)
	}
	share := func(square, of float64) float64 { return square / max(of*of, 1) }
	for b := range bands {
		c := &bands[b]
		half := z95 * float64(s.Len()) * math.Sqrt(off.n[b]) / max(1, total(by.n))
		c.NLo, c.NHi = max(0, round(float64(c.N)-half)), min(int64(s.Len()), round(float64(c.N)+half))
		spread[b].spread(up[b], down[b], chanceOnly[b])
		c.Buyers, c.BuyersLo, c.BuyersHi = spread[b].Active, spread[b].ActiveLo, min(spread[b].ActiveHi, float64(c.N))
		c.AtRiskLo, c.AtRiskHi = around(c.AtRisk, dice.atRisk[b], share(off.atRisk[b], by.atRisk[b])+w.off*w.off)
	}
	card := &s.Card
	card.AtRiskLo, card.AtRiskHi = around(card.AtRisk, dice.drifting(), share(off.all, by.drifting())+w.off*w.off)
	relative := f.relativeOf(f.card.Counts, float64(card.ValueYears)*float64(btyd.Year))
	card.CLVLo, card.CLVHi = around(card.CLV, own, relative*relative+w.off*w.off)
	return nil
}

// around is the interval of 95 % of an amount with a variance of its own and one that is a share of its square.
func around(amount int64, variance, share float64) (lo, hi int64) {
	mean := float64(amount)
	half := z95 * math.Sqrt(max(0, variance)+max(0, share)*mean*mean)
	return max(0, round(mean-half)), round(mean + half)
}

func total(all []float64) (sum float64) {
	for _, v := range all {
		sum += v
	}
	return sum
}

// shaken is what the bands of a sample hold, and the variance of it: customers are put into bands anew by models around that by which
// silence is judged, and with all chances a little higher or lower together.
func (f *foretelling) shaken(ctx context.Context, t *table, s *Scores) (by stakes, off squares, err error) {
	var some []int
	for i, step := 0, max(1, (s.Len()+mostSampled-1)/mostSampled); i < s.Len(); i += step {
		if !f.book.Erased[i] {
			some = append(some, i)
		}
	}
	by, off = newStakes(), squares{stakes: newStakes()}
	for _, i := range some {
		by.add(s.of[i].band, float64(s.of[i].atRisk))
	}
	keeper := f.panel.fits[f.card.Keeper]
	models := keeper.Around()
	for _, m := range models {
		moved, err := f.moved(ctx, t, s, some, m)
		if err != nil {
			return by, off, err
		}
		off.add(moved, by, 1/float64(len(models)))
	}
	for _, shift := range []float64{-1, 1} {
		off.add(f.shifted(t, s, some, shift*f.card.Unsure/z95), by, 0.5)
	}
	return by, off, nil
}

// moved is what the bands of some customers hold by another model of who keeps on buying.
func (f *foretelling) moved(ctx context.Context, t *table, s *Scores, some []int, m btyd.Model) (stakes, error) {
	bands, atRisk := make([]uint8, len(some)), make([]float64, len(some))
	own := f.card.Chosen == f.card.Keeper // then the chance comes from the model that is moved
	err := spread(ctx, len(some), func(from, to int) {
		for n := from; n < to; n++ {
			i := some[n]
			x, h := s.of[i], f.panel.patterns[f.panel.of[i]].History
			now := within(m.Active(h, t.days))
			year := finite(m.Expected(h, riskDays))
			h.T = h.Tx
			first, top := within(m.Active(h, t.days)), finite(m.Expected(h, riskDays))
			active := x.active
			if own {
				active = now
			}
			bands[n], atRisk[n] = f.bandOf(i, active, left(active, now, first)), max(0, (top-year)*float64(x.worth))
		}
	})
	all := newStakes()
	for n := range some {
		all.add(bands[n], atRisk[n])
	}
	return all, err
}

// shifted is what the bands of some customers hold if something is added to the log odds of every chance.
func (f *foretelling) shifted(t *table, s *Scores, some []int, by float64) stakes {
	all := newStakes()
	for _, i := range some {
		x, k := s.of[i], f.panel.of[i]
		active := x.active
		if active > 0 && active < 1 {
			active = 1 / (1 + math.Exp(-logit(active)-by))
		}
		all.add(f.bandOf(i, active, t.kept(x.active, int(k), f.panel.group[k])), float64(x.atRisk))
	}
	return all
}

// bandOf is the place of the band of customer i.
func (f *foretelling) bandOf(i int, active, kept float64) uint8 {
	b := f.book
	return bandPlace(f.card.Limits.Band(Standing{Active: active, Kept: kept, Purchases: b.X[i] + 1, Tenure: int32(b.AsOf - b.First[i])}))
}
