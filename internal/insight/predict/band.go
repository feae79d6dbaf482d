package predict

import "math"

// Band is where a customer stands, in a word people understand.
type Band string

// The bands, from the best to the worst; New is apart.
const (
	New          Band = "new"           // her first purchase is not long ago and she has made no second
	Loyal        Band = "loyal"         // buys often and is as likely to go on as ever
	Promising    Band = "promising"     // as likely to go on as ever
	Cooling      Band = "cooling"       // the chance of another purchase has begun to fall
	AtRisk       Band = "at_risk"       // less than half of the chance is left
	ProbablyLost Band = "probably_lost" // next to nothing of it is left
)

// Bands are all bands in the order people expect them.
func Bands() []Band { return []Band{Loyal, Promising, New, Cooling, AtRisk, ProbablyLost} }

// atRisk tells whether less than the half of her chance is left.
func (b Band) atRisk() bool { return b == AtRisk || b == ProbablyLost }

// Thresholds are where one band ends and the next begins. Kept is the share that is left of the chance of buying within the
// horizon, held against that chance on the day of her last purchase: it falls with silence, quickly for somebody who buys every
// week and slowly for somebody who buys once a year, so that one set of thresholds fits them all. Nobody has ever had a chance of
// more than 1, so that no less than the chance itself is kept: who is probably lost buys with less than Lost, who is at risk with
// less than AtRisk.
type Thresholds struct {
	New      int32   `json:"new"`      // days since the only purchase up to which somebody is new
	Cooling  float64 `json:"cooling"`  // kept below it: cooling
	AtRisk   float64 `json:"at_risk"`  // kept below it: at risk
	Lost     float64 `json:"lost"`     // kept below it: probably lost
	Hopeless float64 `json:"hopeless"` // chance below it and less than half kept: probably lost
	Loyal    float64 `json:"loyal"`    // chance from which on somebody with enough purchases is loyal
	Often    int32   `json:"often"`    // purchase days from which on somebody can be loyal
}

// DefaultThresholds are those in force.
func DefaultThresholds() Thresholds {
	return Thresholds{New: 91, Cooling: 0.75, AtRisk: 0.5, Lost: 0.2, Hopeless: 0.02, Loyal: 0.5, Often: 3}
}

// Standing is what a band is decided by.
type Standing struct {
	Active    float64 // chance of a purchase within the horizon
	Kept      float64 // share left of that chance, 0 to 1
	Purchases int32   // purchase days
	Tenure    int32   // days since the first purchase
}

// Band decides. The first rule that fits counts: new, probably lost, at risk, cooling, loyal, promising.
func (t Thresholds) Band(s Standing) Band {
	switch {
	case s.Purchases <= 1 && s.Tenure < t.New:
		return New
	case s.Kept < t.Lost || s.Kept < t.AtRisk && s.Active < t.Hopeless:
		return ProbablyLost
	case s.Kept < t.AtRisk:
		return AtRisk
	case s.Kept < t.Cooling:
		return Cooling
	case s.Purchases >= t.Often && s.Active >= t.Loyal:
		return Loyal
	}
	return Promising
}

// left is what Kept is: active, the chance that is shown, over that of the day of the last purchase. On that day only the model by
// which silence is judged can be asked; it says first of it, and now of today. Where the chance comes from something else, a rule that
// won the backtest or a regression, first is moved by as much as the two differ today, on the scale of log odds, as in the curve that
// a customer's page shows.
func left(active, now, first float64) float64 {
	then := meeting(first, active, now)
	if then <= 0 {
		return 1
	}
	return min(1, active/then)
}

// meeting is a chance that a model tells of another day, moved so that it meets active where the model tells now.
func meeting(of, active, now float64) float64 {
	if active == now || of <= 0 {
		return of
	}
	return 1 / (1 + math.Exp(-logit(of)-logit(active)+logit(now)))
}
