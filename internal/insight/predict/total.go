package predict

import (
	"context"
	"math"

	"stamm/internal/insight/predict/btyd"
)

// mostSampled is how many patterns totals are estimated from where only a share of a total is wanted: its standard error, its
// spread over weeks. Every so many-th is taken, so that the same data give the same sample.
const mostSampled = 4000

// sample are patterns spread evenly over all.
func (cr *crowd) sample() []btyd.Pattern {
	step := (len(cr.patterns) + mostSampled - 1) / mostSampled
	var some []btyd.Pattern
	for k := 0; k < len(cr.patterns); k += max(1, step) {
		some = append(some, cr.patterns[k])
	}
	return some
}

// relative is the standard error of a total over all customers, as a share of it, that comes from the parameters being estimates.
func (cr *crowd) relative(f btyd.Fit, of func(btyd.Model, btyd.History) float64) float64 {
	some := cr.sample()
	total := func(m btyd.Model) float64 {
		sum := 0.0
		for _, p := range some {
			sum += float64(p.N) * of(m, p.History)
		}
		return sum
	}
	all := total(f.Model)
	if all <= 0 {
		return 0
	}
	return finite(f.StdErr(total) / all)
}

// stay counts the customers who will buy within the horizon, and those who have not left, by each model.
func (f *foretelling) stay(ctx context.Context, t *table, s *Scores) ([]Stay, error) {
	first := Stay{Model: f.card.Chosen}
	var chanceOnly float64
	for _, x := range s.of {
		first.Active += x.active
		first.ActiveLo += x.lo
		first.ActiveHi += x.hi
		chanceOnly += x.active * (1 - x.active)
	}
	first.spread(first.ActiveHi-first.Active, first.Active-first.ActiveLo, chanceOnly)
	out := []Stay{first}
	for _, name := range []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameBGNBD} {
		fit := f.panel.fits[name]
		if fit.Withheld() {
			continue
		}
		all, err := fit.Predict(ctx, f.panel.patterns, t.days, 0)
		if err != nil {
			return nil, err
		}
		alive := f.panel.total(func(k int) float64 { return within(all[k].Alive) })
		if name == f.card.Chosen {
			out[0].Alive = &alive
			continue
		}
		by := Stay{Model: name, Active: f.panel.total(func(k int) float64 { return within(all[k].Active) }), Alive: &alive}
		chanceOnly = f.panel.total(func(k int) float64 { return within(all[k].Active) * (1 - within(all[k].Active)) })
		half := z95 * by.Active * f.panel.relative(fit, func(m btyd.Model, h btyd.History) float64 { return m.Active(h, t.days) })
		by.spread(half, half, chanceOnly)
		out = append(out, by)
	}
	return out, nil
}

// spread sets the interval from the half widths that come from the parameters, upwards and downwards, and the variance of chance.
func (s *Stay) spread(up, down, variance float64) {
	dice := z95 * math.Sqrt(variance)
	s.ActiveHi = s.Active + math.Hypot(up, dice)
	s.ActiveLo = max(0, s.Active-math.Hypot(down, dice))
}

// salesWeeks is how many weeks of sales are foreseen.
const salesWeeks = 13

// sales foresees the sales of the next weeks, returns netted, before the margin.
//
// A customer's purchases within the time have the mean E and, with a rate that is unsure by 1/(r+x) of its square and a customer
// who is there with the probability p, the variance E + E²·((1 + 1/(r+x))/p - 1). Each purchase is worth w, with a variance of
// w²/p by Gamma-Gamma. Customers are independent, so variances add up. Newcomers arrive as they did within the last year.
func (f *foretelling) sales(ctx context.Context, t *table) (Sales, error) {
	days := float64(salesWeeks * 7)
	counts, ok := f.panel.fits[f.card.Counts]
	var of func(btyd.History, float64) float64
	if ok {
		of = counts.Model.Expected
	} else {
		r, _ := f.panel.rule(f.card.Counts)
		of = r.expected
	}
	expected, err := t.expected(ctx, f, days)
	if err != nil {
		return Sales{}, err
	}
	w := f.worth()
	w.factor = float64(pow10(f.book.Digits))
	r, _ := rateShape(f.panel.fits[f.card.Keeper].Model)
	var total, variance float64
	for i, k := range f.panel.of {
		e := expected[k]
		value, _ := w.of(f.book, i)
		total += e * value
		scatter := 1 / max(w.model.P, 0.1)
		if !w.known {
			scatter = 1
		}
		alive := min(1, max(t.keep[k].Alive, 0.01))
		variance += value * value * (e + e*e*((1+1/(max(r, 0.01)+float64(f.book.X[i])))/alive-1) + e*scatter)
	}
	relative := 0.0
	if ok {
		relative = f.panel.relative(counts, func(m btyd.Model, h btyd.History) float64 { return m.Expected(h, days) })
	}
	newcomers, theirs := f.newcomers()
	wrong := f.error() // of the total in the backtest
	return f.weekly(of, total, variance+theirs, math.Hypot(relative, wrong), newcomers), nil
}

// error is the error of the total number of purchases in the backtest, as a share of it.
func (f *foretelling) error() float64 {
	if f.card.Test == nil {
		return 0.25 // nothing is known: a quarter is what such forecasts are wrong by
	}
	for _, r := range f.card.Test.Rows {
		if r.Model == f.card.Counts && r.Bias != nil {
			return min(1, math.Abs(*r.Bias)/100)
		}
	}
	return 0.25
}

// newcomers is what customers bring within the weeks who have not bought yet: those of an average week of the last year, with
// their first purchase and what the model expects after it; and the variance of that, from the variance of newcomers by week.
func (f *foretelling) newcomers() (perWeek [salesWeeks]float64, variance float64) {
	b := f.book
	weeks := min(52, int(b.AsOf-f.card.First)/7)
	if weeks < 4 {
		return perWeek, 0
	}
	arrived, begun := make([]float64, weeks), 0.0
	n := 0.0
	for i, first := range b.First {
		if w := int(b.AsOf-first) / 7; w < weeks {
			arrived[w]++
			begun += float64(b.Begun[i])
			n++
		}
	}
	if n == 0 {
		return perWeek, 0
	}
	mean := n / float64(weeks)
	spread := 0.0
	for _, a := range arrived {
		spread += (a - mean) * (a - mean)
	}
	model := f.panel.fits[f.card.Keeper].Model
	again := finite(f.spend.Model.Population()) * float64(pow10(b.Digits))
	each := 0.0 // what one of them brings on average
	for w := range perWeek {
		perWeek[w] = mean * begun / n
		for came := range w {
			days := float64(7 * (w - came))
			perWeek[w] += mean * again * finite(model.Mean(days)-model.Mean(days-7))
		}
		each += perWeek[w] / mean / salesWeeks
	}
	return perWeek, spread / float64(max(1, weeks-1)) * salesWeeks * each * each
}

// weekly spreads a total over the weeks as the model does on a sample of the customers, and by the season.
func (f *foretelling) weekly(of func(btyd.History, float64) float64, total, variance, relative float64, newcomers [salesWeeks]float64) Sales {
	var upTo [salesWeeks + 1]float64
	for _, p := range f.panel.sample() {
		for w := 1; w <= salesWeeks; w++ {
			upTo[w] += float64(p.N) * finite(of(p.History, float64(7*w)))
		}
	}
	s := Sales{Weeks: make([]Week, salesWeeks)}
	var means [salesWeeks]float64
	sum, fresh := 0.0, 0.0
	for w := range means {
		part := 1.0 / salesWeeks
		if upTo[salesWeeks] > 0 {
			part = (upTo[w+1] - upTo[w]) / upTo[salesWeeks]
		}
		from := f.book.AsOf.AddDays(7*w + 1)
		swing := f.card.Season.factor(from, from.AddDays(6))
		means[w] = (total*part + newcomers[w]) * swing
		fresh += newcomers[w] * swing
		sum += means[w]
		s.Weeks[w].Day = from
	}
	interval := func(mean, variance float64) (lo, hi int64) {
		half := z95 * math.Sqrt(variance+relative*relative*mean*mean)
		return max(0, round(mean-half)), round(mean + half)
	}
	for w, mean := range means {
		s.Weeks[w].Expected = round(mean)
		s.Weeks[w].Lo, s.Weeks[w].Hi = interval(mean, variance*mean/max(sum, 1))
	}
	s.Expected, s.Newcomers = round(sum), round(fresh)
	s.Lo, s.Hi = interval(sum, variance)
	return s
}
