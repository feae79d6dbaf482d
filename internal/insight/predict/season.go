package predict

import (
	"context"
	"fmt"
	"math"
	"sort"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
)

// Season is how much more or less is bought in each week of the year than on average.
type Season struct {
	Index    []float64 `json:"index"`     // 52 weeks from 1 January, mean 1; the last has eight or nine days
	Years    float64   `json:"years"`     // of data behind it
	On       bool      `json:"on"`        // forecasts use it, because the backtest was better with it
	ErrorOff float64   `json:"error_off"` // of weekly purchases in the backtest without it (root of the mean square)
	ErrorOn  float64   `json:"error_on"`  // and with it
	BrierOff float64   `json:"brier_off"` // of the chances in the backtest without it; this decides
	BrierOn  float64   `json:"brier_on"`  // and with it
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

// daily counts purchases by day, from the first to AsOf: the first ones of customers, and the repeat purchases.
type daily struct {
	first clock.Day
	begun []float64
	n     []float64
}

// loadDaily counts the purchase days of all customers, those of newcomers included.
func loadDaily(ctx context.Context, q Querier, scope Scope) (daily, error) {
	asOf := scope.AsOf
	days, err := scope.purchases(ctx, q, asOf)
	if err != nil || days.First == nil {
		return daily{}, err
	}
	length := asOf - *days.First + 1
	s := daily{first: *days.First, begun: make([]float64, length), n: make([]float64, length)}
	var day int32
	var begun, repeated int64
	query := fmt.Sprintf(`SELECT CAST(day - DATE '1970-01-01' AS INTEGER) AS on_day, count(*) FILTER (nth = 1), count(*) FILTER (nth > 1)
FROM %s d GROUP BY on_day ORDER BY on_day`, days.SQL)
	return s, each(ctx, q, query, []any{&day, &begun, &repeated}, func() {
		s.begun[clock.Day(day)-s.first], s.n[clock.Day(day)-s.first] = float64(begun), float64(repeated)
	})
}

// starts are the days on which customers began.
func (s daily) starts() (all []btyd.Start) {
	for i, n := range s.begun {
		if n > 0 {
			all = append(all, btyd.Start{Day: int32(s.first) + int32(i), N: int64(n)})
		}
	}
	return all
}

// long tells whether there are enough days for an index.
func (s daily) long() bool { return len(s.n) >= seasonYears*365 }

// expected are the repeat purchases to expect on each day by a model that knows no season: those of all customers who had begun by then.
func (s daily) expected(m btyd.Model) []float64 {
	perDay := make([]float64, len(s.n)) // of one customer, by days since the first purchase
	before := 0.0
	for t := 1; t < len(perDay); t++ {
		now := finite(m.Mean(float64(t)))
		perDay[t], before = max(0, now-before), now
	}
	out := make([]float64, len(s.n))
	for from, begun := range s.begun {
		if begun == 0 {
			continue
		}
		for i := from + 1; i < len(out); i++ {
			out[i] += begun * perDay[i-from]
		}
	}
	return out
}

// season estimates the index by a model of how much is bought without a season; nil where there are less than two years of
// purchases.
//
// The model says how much is to be expected as customers come and leave, so that growth is not taken for a season. Index and level
// are found in turns: the index of a week is what was bought in it over what was expected, times the level; the level is the
// mean over half a year to each side of purchases, divided by the index, over what was expected. A few turns settle both.
func (s daily) season(m btyd.Model) *Season {
	if !s.long() {
		return nil
	}
	due := s.expected(m)
	index := make([]float64, yearWeeks)
	for w := range index {
		index[w] = 1
	}
	for range 12 {
		level := s.level(index, due)
		var bought, expected [yearWeeks]float64
		for i, n := range s.n {
			w := weekOf(s.first.AddDays(i))
			bought[w] += n
			expected[w] += due[i] * level[i]
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

// level is how much more is bought than expected, apart from the season, over half a year to each side of each day.
func (s daily) level(index, due []float64) []float64 {
	bought, expected := make([]float64, len(s.n)+1), make([]float64, len(s.n)+1)
	for i, n := range s.n {
		bought[i+1] = bought[i] + n/max(index[weekOf(s.first.AddDays(i))], 0.01)
		expected[i+1] = expected[i] + due[i]
	}
	out := make([]float64, len(s.n))
	for i := range out {
		from, to := max(0, i-182), min(len(s.n), i+183)
		out[i] = (bought[to] - bought[from]) / max(expected[to]-expected[from], 1e-9)
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

// weekly is the error of the weeks after the cut in a tracking: the root of the mean square of expected less actual.
func weekly(tracking []Tracked, cut clock.Day) float64 {
	var sum, n float64
	for i := 1; i < len(tracking); i++ {
		before, now := tracking[i-1], tracking[i]
		if before.Day < cut {
			continue
		}
		off := now.Expected - before.Expected - now.Actual + before.Actual
		sum += off * off
		n++
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / n)
}

// seasonClock measures time by how much is bought in it: a day before Christmas is longer than one in summer. Models that see the
// histories by it expect more where more is bought, and do not take a quiet summer for silence. Over a year it goes as fast as
// the calendar. A nil clock is the calendar.
type seasonClock struct {
	first clock.Day
	sum   []float64 // length of all days before the i-th
}

// mostAhead is how far the clock reaches beyond the day of a book: the years of value, and the longest horizon.
const mostAhead = 12 * 366

// clock is the clock of the season for the days of a book; nil where there is no season or it is not used.
func (s *Season) clock(first, asOf clock.Day) *seasonClock {
	if s == nil || !s.On {
		return nil
	}
	c := &seasonClock{first: first, sum: make([]float64, int(asOf-first)+mostAhead+1)}
	for i := 1; i < len(c.sum); i++ {
		c.sum[i] = c.sum[i-1] + s.Index[weekOf(first.AddDays(i-1))]
	}
	return c
}

// at is the time from the first day of the clock to the end of a day.
func (c *seasonClock) at(d clock.Day) float64 {
	i := int(d-c.first) + 1
	last := len(c.sum) - 1
	switch {
	case i < 0:
		return float64(i)
	case i > last:
		return c.sum[last] + float64(i-last)
	}
	return c.sum[i]
}

// between is the time from the end of a day to the end of another, in days of the mean length.
func (c *seasonClock) between(from, to clock.Day) float64 {
	if c == nil {
		return float64(to - from)
	}
	return c.at(to) - c.at(from)
}

// whole is between in whole days.
func (c *seasonClock) whole(from, to clock.Day) int32 { return int32(math.Round(c.between(from, to))) }

// after is the first day whose end lies at least so much time after the end of from.
func (c *seasonClock) after(from clock.Day, days float64) clock.Day {
	if c == nil {
		return from.AddDays(int(math.Ceil(days)))
	}
	n := sort.Search(mostAhead, func(n int) bool { return c.between(from, from.AddDays(n)) >= days-1e-9 })
	return from.AddDays(n)
}
