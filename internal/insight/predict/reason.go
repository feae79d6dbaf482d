package predict

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// Reason is why a score is what it is: a code, and the numbers of its sentence. Dates are kept rather than numbers of days, so
// that a reason stays the same while time goes by.
type Reason struct {
	Code    string    `json:"code"`
	Days    int32     `json:"days,omitempty"`    // usual number of days between purchases
	Since   clock.Day `json:"since,omitempty"`   // last purchase, or first one
	Count   int32     `json:"count,omitempty"`   // purchases, returns, invoices
	Percent int32     `json:"percent,omitempty"` // change
}

// Codes of reasons.
const (
	ReasonRhythm       = "rhythm"        // silent for longer than usual: Days, Since; Count 1 where she came back only once, which is no habit
	ReasonInRhythm     = "in_rhythm"     // buys as usual: Days, Since, Count likewise
	ReasonOneTime      = "one_time"      // bought once: Since
	ReasonYoung        = "young"         // became a customer lately: Since
	ReasonOften        = "often"         // has bought often: Count
	ReasonLastReturned = "last_returned" // gave back from the last purchase, or a whole one after it
	ReasonReturns      = "returns"       // gave back often: Count
	ReasonFalling      = "falling"       // bought for less than in the year before: Percent
	ReasonRising       = "rising"        // bought for more than in the year before: Percent
	ReasonUnpaid       = "unpaid"        // invoices unpaid for long: Count
)

// mostReasons is how many reasons a score names.
const mostReasons = 3

// weighed is a reason with how much it says. Weights are on the scale of log odds, by which they can be compared: being silent
// for e times the usual gap weighs 1.
type weighed struct {
	Reason
	weight float64
}

// overdue is how silent, as a logarithm of usual gaps, a customer is who is not in her rhythm any more: half a gap over.
const overdue = 0.4

// reasonsOf names the strongest reasons of customer i, the strongest first.
func (b *Book) reasonsOf(i int, young int32) []Reason {
	var all []weighed
	add := func(weight float64, r Reason) {
		if weight > 0 {
			all = append(all, weighed{r, weight})
		}
	}
	silent := float64(b.AsOf - b.Last[i])
	tenure := int32(b.AsOf - b.First[i])
	switch {
	case b.X[i] > 0:
		gap := float64(b.Last[i]-b.First[i]) / float64(b.X[i])
		days := max(1, int32(math.Round(gap)))
		over := math.Log(max(silent, 1) / max(gap, 1))
		once := int32(0)
		if b.X[i] == 1 {
			once = 1
		}
		if over > overdue {
			add(over, Reason{Code: ReasonRhythm, Days: days, Since: b.Last[i], Count: once})
		} else {
			add(min(2, 0.7+overdue-over), Reason{Code: ReasonInRhythm, Days: days, Since: b.Last[i], Count: once})
		}
		if b.X[i] >= 4 {
			add(0.5*math.Log(float64(b.X[i])/2), Reason{Code: ReasonOften, Count: b.X[i] + 1})
		}
	case tenure >= young:
		add(1+math.Log(float64(tenure)/float64(young)), Reason{Code: ReasonOneTime, Since: b.Last[i]})
	default:
		add(1, Reason{Code: ReasonYoung, Since: b.First[i]})
	}
	if b.X[i] > 0 && tenure < young {
		add(0.6, Reason{Code: ReasonYoung, Since: b.First[i]})
	}
	if b.LastReturned[i] {
		add(0.9, Reason{Code: ReasonLastReturned})
	} else if n := b.Returns[i]; n > 0 && 3*n >= b.X[i]+1 {
		add(0.5, Reason{Code: ReasonReturns, Count: n})
	}
	if n := b.Unpaid[i]; n > 0 {
		add(0.7, Reason{Code: ReasonUnpaid, Count: n})
	}
	if before, now := float64(b.Prior[i]), float64(b.Year[i]); before > 0 && now > 0 && tenure >= 730 {
		change := math.Log(now / before)
		percent := int32(math.Round(min(1000, 100*math.Abs(now/before-1))))
		if change < -0.2 {
			add(-change, Reason{Code: ReasonFalling, Percent: percent})
		} else if change > 0.2 {
			add(0.7*change, Reason{Code: ReasonRising, Percent: percent})
		}
	}
	slices.SortStableFunc(all, func(a, c weighed) int { return cmp.Compare(c.weight, a.weight) })
	named := make([]Reason, 0, mostReasons)
	for _, w := range all[:min(len(all), mostReasons)] {
		named = append(named, w.Reason)
	}
	return named
}

// Silent is how many days have gone since the day the reason names; 0 where it names none.
func (r Reason) Silent(asOf clock.Day) int32 {
	if r.Since == 0 {
		return 0
	}
	return max(0, int32(asOf-r.Since))
}

// Words is the reason in words, without a full stop.
func (r Reason) Words(p *i18n.Printer, asOf clock.Day) string {
	key := "predict.reason." + r.Code
	if !p.Has(key) {
		return r.Code // of a newer version
	}
	if r.Days == 1 && p.Has(key+"_daily") {
		key += "_daily"
	}
	if r.Count == 1 && p.Has(key+"_once") {
		key += "_once"
	}
	for silent, ending := range []string{"_now", "_one"} {
		if r.Since != 0 && r.Silent(asOf) == int32(silent) && p.Has(key+ending) {
			key += ending
			break
		}
	}
	times := ""
	if r.Code == ReasonRising && r.Percent >= 100 { // per cent of more than twice as much are hard to read
		key, times = key+"_times", p.Decimal(1+float64(r.Percent)/100, 1)
	}
	return p.T(key, "days", int64(r.Days), "silent", int64(r.Silent(asOf)), "count", int64(r.Count), "percent", int64(r.Percent), "times", times, "since", r.Since)
}

// Sentence is all reasons in one sentence; empty where there are none.
func Sentence(p *i18n.Printer, reasons []Reason, asOf clock.Day) string {
	parts := make([]string, len(reasons))
	for i, r := range reasons {
		parts[i] = r.Words(p, asOf)
	}
	return strings.Join(parts, "; ")
}
