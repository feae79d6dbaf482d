package predict

import (
	"context"
	"fmt"
	"math"

	"stamm/internal/insight/predict/btyd"
)

// mostSampled is how many patterns totals are estimated from where only a share of a total is wanted: its standard error, its
// spread over weeks. Every so many-th is taken, so that the same data give the same sample.
const mostSampled = 4000

// mostCounted is how many patterns customers are counted from by the models that are shown for comparison.
const mostCounted = 50_000

// sample are patterns spread evenly over all.
func (cr *crowd) sample(most int) []btyd.Pattern {
	step := (len(cr.patterns) + most - 1) / most
	var some []btyd.Pattern
	for k := 0; k < len(cr.patterns); k += max(1, step) {
		some = append(some, cr.patterns[k])
	}
	return some
}

// relative is the standard error of a total over all customers, as a share of it, that comes from the parameters being estimates.
func (cr *crowd) relative(f btyd.Fit, of func(btyd.Model, btyd.History) float64) float64 {
	some := cr.sample(mostSampled)
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
	var up, down, chanceOnly float64
	for _, x := range s.of {
		// What everybody is off by together adds up. What the parameters leave open differs from customer to customer, and its share in
		// the total has shown in the stretches before.
		all := chance{x.active, x.active, x.active}.unsure(f.card.Unsure)
		first.Active += x.active
		up += all.hi - x.active
		down += x.active - all.lo
		chanceOnly += x.active * (1 - x.active)
	}
	first.spread(up, down, chanceOnly)
	if f.card.Chosen == btyd.NameCovariates {
		f.stayLayered(t, &first)
	}
	out := []Stay{first}
	for _, name := range []string{btyd.NameParetoNBD, btyd.NameMBGNBD, btyd.NameBGNBD} {
		fit := f.panel.fits[name]
		if fit.Withheld() {
			continue
		}
		some, all := f.panel.patterns, f.panel.said[name]
		if all == nil {
			var err error
			some = f.panel.sample(mostCounted)
			if all, err = fit.Predict(ctx, some, t.days); err != nil {
				return nil, err
			}
		}
		by := f.stayBy(fit, some, all, t.days)
		if name == f.card.Chosen {
			out[0].Alive, out[0].AliveLo, out[0].AliveHi = by.Alive, by.AliveLo, by.AliveHi
			continue
		}
		out = append(out, by)
	}
	return out, nil
}

// stayLayered counts by the model with covariates who has not left.
func (f *foretelling) stayLayered(t *table, s *Stay) {
	l := f.panel.layers
	var alive, dice float64
	for i := range f.panel.ID {
		p := within(t.chosen[l.of[i]].Alive)
		alive += p
		dice += p * (1 - p)
	}
	off := f.unsureOf(btyd.NameCovariates)
	half := math.Hypot(math.Hypot(z95*alive*l.relative(f.panel.layered, func(m btyd.Model, h btyd.History) float64 { return m.Alive(h) }), off*dice), z95*math.Sqrt(dice))
	lo, hi := max(0, alive-half), alive+half
	s.Alive, s.AliveLo, s.AliveHi = &alive, &lo, &hi
}

// stayBy counts by one model; all is what it says of some, the patterns or a sample of them.
func (f *foretelling) stayBy(fit btyd.Fit, some []btyd.Pattern, all []btyd.Prediction, days float64) Stay {
	off := f.unsureOf(fit.Name)
	count := func(of func(btyd.Prediction) float64, again func(btyd.Model, btyd.History) float64) (n, lo, hi float64) {
		n = f.panel.total(some, func(k int) float64 { return within(of(all[k])) })
		dice := f.panel.total(some, func(k int) float64 { return within(of(all[k])) * (1 - within(of(all[k]))) })
		half := math.Hypot(z95*n*f.panel.relative(fit, again), off*dice)
		half = math.Hypot(half, z95*math.Sqrt(dice))
		return n, max(0, n-half), n + half
	}
	by := Stay{Model: fit.Name}
	by.Active, by.ActiveLo, by.ActiveHi = count(func(p btyd.Prediction) float64 { return p.Active },
		func(m btyd.Model, h btyd.History) float64 { return m.Active(h, days) })
	alive, lo, hi := count(func(p btyd.Prediction) float64 { return p.Alive }, func(m btyd.Model, h btyd.History) float64 { return m.Alive(h) })
	by.Alive, by.AliveLo, by.AliveHi = &alive, &lo, &hi
	return by
}

// spread sets the interval from the half widths of what is unsure, upwards and downwards, and the variance of chance.
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
// w²/p by Gamma-Gamma. Customers are independent, so variances add up.
func (f *foretelling) sales(ctx context.Context, t *table) (Sales, error) {
	days := f.book.ahead(salesWeeks * 7)
	counts, ok := f.panel.fits[f.card.Counts]
	var of func(btyd.History, float64) float64
	switch {
	case ok:
		of = counts.Model.Expected
	case f.card.Counts == btyd.NameCovariates: // how it spreads over the weeks does not depend on them
		of = f.panel.fits[btyd.NameParetoNBD].Model.Expected
	default:
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
		e := expected[t.countsOf[i]]
		value, _ := w.of(f.book, i)
		total += e * value
		scatter := 1 / max(w.model.P, 0.1)
		if !w.known {
			scatter = 1
		}
		alive := min(1, max(t.keep[k].Alive, 0.01))
		variance += value * value * (e + e*e*((1+1/(max(r, 0.01)+float64(f.book.X[i])))/alive-1) + e*scatter)
	}
	relative, within := 0.0, func(m btyd.Model, h btyd.History) float64 { return m.Expected(h, days) }
	switch {
	case ok:
		relative = f.panel.relative(counts, within)
	case f.card.Counts == btyd.NameCovariates:
		relative = f.panel.layers.relative(f.panel.layered, within)
	}
	newcomers, theirs, err := f.newcomers(ctx)
	if err != nil {
		return Sales{}, err
	}
	return f.weekly(of, total, variance+theirs, math.Hypot(relative, f.unsureValue()/z95), newcomers), nil
}

// newcomerWindows is from how many stretches of time, each as long as the sales foreseen, newcomers are known.
const newcomerWindows = 4

// newcomers is what customers bring within the weeks who have not bought yet: what those brought who began in each of the last four
// stretches of as many weeks, up to the end of that stretch, put into the season ahead; and the variance of the total, from how it
// differed between the stretches.
func (f *foretelling) newcomers(ctx context.Context) (perWeek [salesWeeks]float64, variance float64, err error) {
	b, length := f.book, salesWeeks*7
	windows := min(newcomerWindows, int(b.AsOf-f.card.First+1)/length)
	if windows < 1 {
		return perWeek, 0, nil
	}
	days, err := b.purchases(ctx, f.q, b.AsOf)
	if err != nil {
		return perWeek, 0, err
	}
	from := b.AsOf.AddDays(-windows * length)
	query := fmt.Sprintf(`SELECT CAST((d.day - %[1]s - 1) // 7 AS INTEGER) AS week, CAST(sum(d.value) AS BIGINT)
FROM %[2]s d JOIN (SELECT customer, min(day) AS first FROM %[2]s f GROUP BY customer HAVING min(day) > %[1]s) k ON k.customer = d.customer
WHERE (d.day - %[1]s - 1) // %[3]d = (k.first - %[1]s - 1) // %[3]d GROUP BY week ORDER BY week`, date(from), days.SQL, length)
	totals := make([]float64, windows)
	var week int32
	var sold int64
	err = each(ctx, f.q, query, []any{&week, &sold}, func() {
		end := from.AddDays(int(week)*7 + 7)
		ahead := b.AsOf.AddDays(int(week)%salesWeeks*7 + 7)
		value := float64(sold) * b.season.between(ahead.AddDays(-7), ahead) / b.season.between(end.AddDays(-7), end)
		perWeek[int(week)%salesWeeks] += value / float64(windows)
		totals[int(week)/salesWeeks] += value
	})
	mean := 0.0
	for _, t := range totals {
		mean += t / float64(windows)
	}
	for _, t := range totals {
		variance += (t - mean) * (t - mean)
	}
	if windows == 1 {
		return perWeek, mean * mean / 4, err
	}
	return perWeek, variance / float64(windows-1) * (1 + 1/float64(windows)), err
}

// weekly spreads a total over the weeks as the model does on a sample of the customers, and by the season.
func (f *foretelling) weekly(of func(btyd.History, float64) float64, total, variance, relative float64, newcomers [salesWeeks]float64) Sales {
	var upTo [salesWeeks + 1]float64
	for _, p := range f.panel.sample(mostSampled) {
		for w := 1; w <= salesWeeks; w++ {
			upTo[w] += float64(p.N) * finite(of(p.History, f.book.ahead(7*w)))
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
		means[w] = total*part + newcomers[w]
		fresh += newcomers[w]
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
