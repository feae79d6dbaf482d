package survival

import "math"

// Interval is the scale on which the confidence interval of a survival curve is symmetric.
type Interval int

// The scales. Log is what R's survfit takes by default; LogLog stays between 0 and 1 by itself and is better where few
// have ended.
const (
	Log Interval = iota
	LogLog
)

// Step is a point of a survival curve: what is so from the end of period T on.
type Step struct {
	T        int
	AtRisk   int64 // contracts that came to the end of period T
	Events   int64 // of these, ended there
	Censored int64 // of these, observed no further
	S        float64
	SE       float64 // standard error of S, after Greenwood
	Lo, Hi   float64
}

// Curve is the share of contracts that still run, by period: the estimate of Kaplan and Meier (1958), which assumes
// nothing but that those still running are like those that came as far before.
type Curve struct {
	N, Events int64
	Level     float64 // of the intervals, such as .95
	Steps     []Step

	// Median is the first period after which at most half still run, nil while more than half do. Where the curve
	// lies at exactly one half for a while it is the middle of that while, as in R. MedianLo and MedianHi are the same of the
	// lower and upper limit (Brookmeyer and Crowley 1982).
	Median, MedianLo, MedianHi *float64
}

// KaplanMeier estimates the curve with intervals of the given level between 0 and 1. Where the last contract under
// observation ends the curve falls to 0; its interval there is from 0 to what the upper limit was before, because the formula has
// no value.
func KaplanMeier(t *Table, level float64, scale Interval) *Curve {
	c := &Curve{N: t.N - t.Dropped, Events: t.Events, Level: level}
	z := normalQuantile(level)
	atRisk := t.atRisk()
	s, greenwood, hi := 1.0, 0.0, 1.0
	for i := 1; i < len(atRisk); i++ {
		n, d := float64(atRisk[i]), float64(t.ended[i])
		if t.ended[i]+t.running[i] == 0 {
			continue
		}
		step := Step{T: i, AtRisk: atRisk[i], Events: t.ended[i], Censored: t.running[i]}
		if s *= (n - d) / n; s > 0 {
			greenwood += d / (n * (n - d))
			step.S, step.SE = s, s*math.Sqrt(greenwood)
			step.Lo, step.Hi = limits(s, math.Sqrt(greenwood), z, scale)
			hi = step.Hi
		} else {
			step.Hi = hi
		}
		c.Steps = append(c.Steps, step)
	}
	c.Median = c.crossing(func(s Step) float64 { return s.S })
	c.MedianLo = c.crossing(func(s Step) float64 { return s.Lo })
	c.MedianHi = c.crossing(func(s Step) float64 { return s.Hi })
	return c
}

// limits are the ends of the interval; se is the standard error of ln s.
func limits(s, se, z float64, scale Interval) (lo, hi float64) {
	if s >= 1 || se == 0 {
		return s, s
	}
	if scale == LogLog {
		w := z * se / -math.Log(s)
		return math.Pow(s, math.Exp(w)), math.Pow(s, math.Exp(-w))
	}
	return s * math.Exp(-z*se), min(1, s*math.Exp(z*se))
}

// crossing finds where a falling curve comes to one half. Products of many shares miss an exact half by their
// rounding, hence the tolerance, which is R's.
func (c *Curve) crossing(of func(Step) float64) *float64 {
	const tolerance = 1.5e-8
	for i, s := range c.Steps {
		if of(s) > .5+tolerance {
			continue
		}
		at := float64(s.T)
		if of(s) > .5-tolerance {
			for _, later := range c.Steps[i:] {
				if of(later) < .5-tolerance {
					at = (at + float64(later.T)) / 2
					break
				}
			}
		}
		return &at
	}
	return nil
}

// At returns the share that still runs after t periods, with its interval. Beyond what was observed it is what it was last.
func (c *Curve) At(t int) (s, lo, hi float64) {
	s, lo, hi = 1, 1, 1
	for _, step := range c.Steps {
		if step.T > t {
			break
		}
		s, lo, hi = step.S, step.Lo, step.Hi
	}
	return s, lo, hi
}
