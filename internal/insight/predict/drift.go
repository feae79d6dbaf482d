package predict

import (
	"context"
	"math"
	"slices"
	"time"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
)

// Bounds of the cohorts whose parameters are shown.
const (
	mostCohorts   = 12
	fewestCohort  = 100 // customers
	shortestWatch = 182 // days a cohort must have been watched since its end
)

// halfYear is the first day of the half year of a day.
func halfYear(d clock.Day) clock.Day {
	year, month, _ := d.Date()
	if month >= time.July {
		return clock.NewDay(year, time.July, 1)
	}
	return clock.NewDay(year, time.January, 1)
}

// drift fits MBG/NBD to the customers of each half year alone. What a cohort alone says is unsure, so its values are pulled
// towards those of all: by the share of the variance between cohorts in the variance of the cohort's own estimate (empirical
// Bayes, method of moments), on the scale of logarithms.
func drift(ctx context.Context, b *Book) ([]Cohort, error) {
	members := map[clock.Day][]btyd.History{}
	for i, first := range b.First {
		if from := halfYear(first); from.AddMonths(6).AddDays(shortestWatch) <= b.AsOf {
			members[from] = append(members[from], b.history(i))
		}
	}
	var begins []clock.Day
	for from, m := range members {
		if len(m) >= fewestCohort {
			begins = append(begins, from)
		}
	}
	slices.Sort(begins)
	if len(begins) > mostCohorts {
		begins = begins[len(begins)-mostCohorts:]
	}
	var all []Cohort
	var rates, leaves []estimate
	for _, from := range begins {
		f, err := btyd.FitMBGNBD(ctx, btyd.Collapse(members[from]), btyd.Week)
		if err != nil {
			return nil, err
		}
		if f.Status != btyd.OK {
			continue
		}
		c := Cohort{From: from, Customers: int64(len(members[from])), RateAlone: rateOf(f.Model), LeavingAlone: leavingOf(f.Model)}
		rates = append(rates, newEstimate(c.RateAlone, f.StdErr(rateOf)))
		leaves = append(leaves, newEstimate(c.LeavingAlone, f.StdErr(leavingOf)))
		all = append(all, c)
	}
	rate, weights := shrink(rates)
	leave, _ := shrink(leaves)
	for i := range all {
		all[i].Rate, all[i].Leaving, all[i].Weight = finite(rate[i]), within(leave[i]), within(weights[i])
		all[i].RateAlone, all[i].LeavingAlone = finite(all[i].RateAlone), within(all[i].LeavingAlone)
	}
	return all, nil
}

// rateOf is the mean number of purchases a year of a customer who has not left.
func rateOf(m btyd.Model) float64 {
	if m, ok := m.(btyd.MBGNBD); ok {
		return m.R / m.Alpha * float64(btyd.Year) / float64(m.Per)
	}
	return 0
}

// leavingOf is the mean probability to leave after a purchase.
func leavingOf(m btyd.Model) float64 {
	if m, ok := m.(btyd.MBGNBD); ok {
		return m.A / (m.A + m.B)
	}
	return 0
}

// estimate is the logarithm of a value and the variance of that.
type estimate struct{ log, variance float64 }

func newEstimate(value, se float64) estimate {
	value = max(value, 1e-9)
	relative := max(se/value, 1e-4)
	return estimate{math.Log(value), min(relative*relative, 1e4)}
}

// shrink pulls the estimates towards their common mean and says how much each of them weighs on its own.
func shrink(all []estimate) (values, weights []float64) {
	values, weights = make([]float64, len(all)), make([]float64, len(all))
	if len(all) == 0 {
		return values, weights
	}
	var sum, precision float64
	for _, e := range all {
		sum += e.log / e.variance
		precision += 1 / e.variance
	}
	mean := sum / precision
	between := 0.0 // variance between cohorts (DerSimonian, Laird 1986)
	if n := float64(len(all)); n > 1 {
		var q, squares float64
		for _, e := range all {
			q += (e.log - mean) * (e.log - mean) / e.variance
			squares += 1 / e.variance / e.variance
		}
		between = max(0, (q-(n-1))/(precision-squares/precision))
	}
	for i, e := range all {
		weights[i] = between / (between + e.variance)
		values[i] = math.Exp(weights[i]*e.log + (1-weights[i])*mean)
	}
	return values, weights
}

// Left truncation: where the file begins in the middle of customers' lives, everybody who had been a customer before seems to begin
// in its first weeks.
const (
	earlyWeeks   = 8   // in which they show
	firstWeeks   = 4   // in which those who buy often show; holidays may come after
	laterWeeks   = 44  // of the year after them, to compare with
	suspectRatio = 2.0 // so many times more beginners than later
)

// truncated reports how many customers begin a week in the first weeks of the data and how many later (the median week), if it
// looks as though the first had been customers before. A file that holds one cohort, with nobody beginning later, does not.
func truncated(b *Book) (early, later float64, yes bool) {
	if b.Len() == 0 {
		return 0, 0, false
	}
	first := slices.Min(b.First)
	weeks := min(laterWeeks, int(b.AsOf-first+1)/7-earlyWeeks)
	if weeks < earlyWeeks {
		return 0, 0, false
	}
	begun := make([]float64, weeks)
	atFirst := 0.0
	for _, d := range b.First {
		switch week := int(d-first) / 7; {
		case week < earlyWeeks:
			early++
			if week < firstWeeks {
				atFirst++
			}
		case week < earlyWeeks+weeks:
			begun[week-earlyWeeks]++
		}
	}
	slices.Sort(begun)
	early, later = max(early/earlyWeeks, atFirst/firstWeeks), begun[weeks/2]
	return early, later, later*float64(weeks) >= 30 && early > suspectRatio*later
}
