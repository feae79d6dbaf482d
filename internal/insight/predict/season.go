package predict

import (
	"context"
	"fmt"
	"math"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
)

// Season is how much more or less is bought in each week of the year than on average.
type Season struct {
	Index    []float64 `json:"index"`     // 52 weeks from 1 January, mean 1; the last has eight or nine days
	Years    float64   `json:"years"`     // of data behind it
	On       bool      `json:"on"`        // forecasts use it, because the backtest was better with it
	ErrorOff float64   `json:"error_off"` // of weekly purchases in the backtest without it (root of the mean square)
	ErrorOn  float64   `json:"error_on"`  // and with it
}

const (
	yearWeeks   = 52
	seasonYears = 2 // of data that an index needs
)

// weekOf is the week of the year, 0 to 51.
func weekOf(d clock.Day) int {
	year, _, _ := d.Date()
	return min(yearWeeks-1, int(d-clock.NewDay(year, 1, 1))/7)
}

// daily counts purchases by day, from the first to AsOf.
type daily struct {
	first clock.Day
	n     []float64
}

// loadDaily counts the purchase days of all customers, those of newcomers included.
func loadDaily(ctx context.Context, q Querier, scope Scope) (daily, error) {
	asOf := scope.AsOf
	days, err := report.Purchases(ctx, q, report.Params{AsOf: asOf, Basis: scope.basis()})
	if err != nil || days.First == nil {
		return daily{}, err
	}
	s := daily{first: *days.First, n: make([]float64, asOf-*days.First+1)}
	var day int32
	var n int64
	query := fmt.Sprintf("SELECT CAST(day - DATE '1970-01-01' AS INTEGER) AS on_day, count(*) FROM %s d GROUP BY on_day ORDER BY on_day", days.SQL)
	return s, each(ctx, q, query, []any{&day, &n}, func() { s.n[clock.Day(day)-s.first] = float64(n) })
}

// upTo is the series as of an earlier day.
func (s daily) upTo(asOf clock.Day) daily {
	if int(asOf-s.first)+1 >= len(s.n) {
		return s
	}
	return daily{s.first, s.n[:max(0, int(asOf-s.first)+1)]}
}

// season estimates the index; nil where there are less than two years of purchases.
//
// Index and trend are found in turns: the index of a week is what was bought in it over what the trend says; the trend is the
// mean over half a year to each side of purchases divided by the index. A few turns settle both.
func (s daily) season() *Season {
	if len(s.n) < seasonYears*365 {
		return nil
	}
	index := make([]float64, yearWeeks)
	for w := range index {
		index[w] = 1
	}
	for range 8 {
		trend := s.trend(index)
		var bought, expected [yearWeeks]float64
		for i, n := range s.n {
			w := weekOf(s.first.AddDays(i))
			bought[w] += n
			expected[w] += trend[i]
		}
		for w := range index {
			index[w] = 1
			if expected[w] > 0 {
				index[w] = bought[w] / expected[w]
			}
		}
		index = smoothed(index)
	}
	return &Season{Index: index, Years: math.Round(float64(len(s.n))/365.25*10) / 10}
}

// trend is the mean of purchases, divided by the index, over half a year to each side of each day.
func (s daily) trend(index []float64) []float64 {
	sums := make([]float64, len(s.n)+1)
	for i, n := range s.n {
		sums[i+1] = sums[i] + n/max(index[weekOf(s.first.AddDays(i))], 0.01)
	}
	out := make([]float64, len(s.n))
	for i := range out {
		from, to := max(0, i-182), min(len(s.n), i+183)
		out[i] = (sums[to] - sums[from]) / float64(to-from)
	}
	return out
}

// smoothed mixes each week with its neighbours, over the end of the year too, and brings the mean to 1.
func smoothed(index []float64) []float64 {
	out, sum := make([]float64, len(index)), 0.0
	for w := range index {
		before, after := index[(w+len(index)-1)%len(index)], index[(w+1)%len(index)]
		out[w] = min(20, max(0.02, (before+2*index[w]+after)/4))
		sum += out[w]
	}
	for w := range out {
		out[w] *= float64(len(out)) / sum
	}
	return out
}

// factor is the mean of the index over the days from..to, both included; 1 where there is no season or it is not used.
func (s *Season) factor(from, to clock.Day) float64 {
	if s == nil || !s.On || to < from {
		return 1
	}
	sum := 0.0
	for d := from; d <= to; d++ {
		sum += s.Index[weekOf(d)]
	}
	return sum / float64(to-from+1)
}

// ahead is how many times as often people buy in the days after a day as in the time from which the candidate of that name knows
// its chance: the behaviour was learned from as many days before, everything else from whole years.
func (s *Season) ahead(name string, day clock.Day, days int) float64 {
	f := s.factor(day.AddDays(1), day.AddDays(days))
	if name == NameLogistic || name == NameActivity {
		f /= s.factor(day.AddDays(1-days), day)
	}
	return f
}

// judge decides on a season by the weeks of a backtest after its cut.
func (s *Season) judge(tracking []Tracked, cut clock.Day) {
	var off, on, n float64
	always := Season{Index: s.Index, On: true}
	for i := 1; i < len(tracking); i++ {
		before, now := tracking[i-1], tracking[i]
		if before.Day < cut {
			continue
		}
		expected, actual := now.Expected-before.Expected, now.Actual-before.Actual
		off += (expected - actual) * (expected - actual)
		expected *= always.factor(before.Day.AddDays(1), now.Day)
		on += (expected - actual) * (expected - actual)
		n++
	}
	if n == 0 {
		return
	}
	s.ErrorOff, s.ErrorOn = math.Sqrt(off/n), math.Sqrt(on/n)
	s.On = s.ErrorOn < s.ErrorOff
}
