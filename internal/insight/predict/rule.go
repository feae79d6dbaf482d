package predict

import (
	"math"

	"stamm/internal/insight/predict/btyd"
)

// A rule is what people use without a model. Rules take part in every backtest, and where one of them wins it is used and named.
type rule struct {
	name string
	mean float64 // purchases a day of a customer on average, for overall_mean

	// For activity: who bought within so many days comes back with the chance lately, everybody else with the chance before; in
	// each case of so many customers.
	within           int32
	lately, before   float64
	nLately, nBefore float64
}

// rate is how many purchases a day a customer with this history is taken to make.
func (r rule) rate(h btyd.History) float64 {
	switch r.name {
	case NameSameRate:
		if h.T == 0 {
			return 0
		}
		return float64(h.X) / float64(h.T)
	case NameOverallMean:
		return r.mean
	}
	return 0
}

// counts reports whether the rule foretells numbers of purchases.
func (r rule) counts() bool { return r.name != NameActivity }

// expected is the number of purchases within days.
func (r rule) expected(h btyd.History, days float64) float64 { return r.rate(h) * days }

// residual is expected with each purchase discounted by a yearly rate.
func (r rule) residual(h btyd.History, annual, days float64) float64 {
	force := math.Log1p(annual) / float64(btyd.Year)
	if force == 0 {
		return r.rate(h) * days
	}
	return r.rate(h) * -math.Expm1(-force*days) / force
}

// chance is the probability of at least one purchase within days, with an interval that says how well the rule knows its rate.
func (r rule) chance(h btyd.History, days float64) chance {
	switch r.name {
	case NameZero:
		return chance{}
	case NameActivity:
		p, n := r.before, r.nBefore
		if h.T-h.Tx < r.within {
			p, n = r.lately, r.nLately
		}
		lo, hi := wilson(p*n, n)
		return chance{p, lo, hi}
	}
	bought := func(rate float64) float64 { return within(-math.Expm1(-max(0, rate) * days)) }
	rate, sd := r.rate(h), 0.0
	if r.name == NameSameRate && h.T > 0 {
		sd = math.Sqrt(float64(h.X)+0.5) / float64(h.T)
	}
	return chance{bought(rate), bought(rate - z95*sd), bought(rate + z95*sd)}
}

// overallMean is the rule of the mean rate: all repeat purchases over all days observed.
func overallMean(cr *crowd) rule {
	var purchases, days float64
	for _, p := range cr.patterns {
		purchases += float64(p.N) * float64(p.X)
		days += float64(p.N) * float64(p.T)
	}
	if days == 0 {
		return rule{name: NameOverallMean}
	}
	return rule{name: NameOverallMean, mean: purchases / days}
}

// activity is the rule of who bought lately, taught by what customers of an earlier book did after it; false where one of the two
// kinds is missing.
func activity(b *crowd, did []bool, within int) (rule, bool) {
	r := rule{name: NameActivity, within: int32(within)}
	for i := range b.ID {
		n, k := &r.nBefore, &r.before
		if h := b.patterns[b.of[i]].History; h.T-h.Tx < r.within {
			n, k = &r.nLately, &r.lately
		}
		*n++
		*k += flag(did[i])
	}
	if r.nLately == 0 || r.nBefore == 0 {
		return rule{}, false
	}
	r.lately /= r.nLately
	r.before /= r.nBefore
	return r, true
}
