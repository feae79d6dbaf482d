package predict

import (
	"stamm/internal/insight/predict/btyd"
	"stamm/internal/platform/clock"
)

// Version is the version of the method: how purchases are counted, which models there are, how one is chosen, what the numbers
// of a score mean. It grows when a change of the program changes scores.
const Version = 2

// Notice is something a person should know about the models: a code, and the numbers of its sentence. Its words are the texts
// predict.notice.CODE.
type Notice struct {
	Code    string    `json:"code"`
	Numbers []float64 `json:"numbers,omitempty"`
}

// Names of what can foretell the chance of a purchase and the number of purchases, beside those of btyd.
const (
	NameLogistic    = "logistic"     // logistic regression on the behaviour of each customer
	NameActivity    = "activity"     // rule: one chance for who bought lately, one for all others
	NameZero        = "zero"         // rule: nobody comes back
	NameSameRate    = "same_rate"    // rule: everybody goes on at her own rate so far
	NameOverallMean = "overall_mean" // rule: everybody buys at the mean rate
)

// Card is the model card of a scoring: everything that can be said about all customers together.
type Card struct {
	Version   int       `json:"version"`
	AsOf      clock.Day `json:"as_of"`
	First     clock.Day `json:"first"`     // first purchase in the data
	Latest    clock.Day `json:"latest"`    // newest purchase in the data
	DataHash  string    `json:"data_hash"` // of the histories of all customers
	Customers int64     `json:"customers"`
	Purchases int64     `json:"purchases"` // purchase days
	Currency  string    `json:"currency"`
	Horizon   int       `json:"horizon"` // days

	ValueYears int `json:"value_years"`
	Discount   int `json:"discount"`             // percent a year
	Margin     int `json:"margin"`               // percent
	Merge      int `json:"merge_days,omitempty"` // days after a counted purchase within which others are a part of it; 0 is its own day

	Chosen string      `json:"chosen"` // what foretells the chance of a purchase
	Counts string      `json:"counts"` // what foretells the number of purchases
	Keeper string      `json:"keeper"` // the model by which silence is judged
	Models []ModelCard `json:"models"`
	Spend  SpendCard   `json:"spend"`
	Limits Thresholds  `json:"limits"`
	Season *Season     `json:"season,omitempty"` // nil where there are less than two years
	Test   *Backtest   `json:"backtest,omitempty"`
	Before []Window    `json:"windows,omitempty"` // stretches before that of Test, the newest first
	Unsure float64     `json:"unsure"`            // by how much the log odds of all chances may be off together: half the interval of 95 %
	Drift  []Cohort    `json:"drift,omitempty"`
	Notes  []Notice    `json:"notes,omitempty"`
	Blind  []string    `json:"blind"` // codes of what the model cannot see: texts predict.blind.CODE

	Stay  []Stay      `json:"stay"`  // how many customers stay, by model; the chosen one first
	Bands []BandCount `json:"bands"` // in the order of Bands
	Sales Sales       `json:"sales"`

	// Totals in minor units with intervals of 95 %; cards from before there were any have 0 as upper ends.
	AtRisk   int64 `json:"at_risk"` // value at risk of those who are cooling or at risk
	AtRiskLo int64 `json:"at_risk_lo"`
	AtRiskHi int64 `json:"at_risk_hi"`
	CLV      int64 `json:"clv"` // of all customers
	CLVLo    int64 `json:"clv_lo"`
	CLVHi    int64 `json:"clv_hi"`
}

// ModelCard is one fitted model.
type ModelCard struct {
	Name     string             `json:"name"`
	Status   btyd.Status        `json:"status"`
	Params   map[string]float64 `json:"params"` // times in weeks
	SE       map[string]float64 `json:"se"`     // empty where not known
	LL       float64            `json:"LL"`
	N        int64              `json:"n"`
	Warnings []Notice           `json:"warnings"`
	Levels   []Level            `json:"covariates,omitempty"` // of pnbd_cov: what each level of a covariate does
}

// SpendCard is the fitted model of the value of a purchase; money in units of the currency.
type SpendCard struct {
	ModelCard
	Mean float64 `json:"mean"` // of a purchase, over all customers
	Corr float64 `json:"corr"` // of number and value of purchases; the model assumes 0
}

// Stay is how many customers there will be, by one model. The interval holds chance, the unsure parameters, and how far the candidate
// was off in the backtest and in the stretches before it.
type Stay struct {
	Model    string   `json:"model"`
	Active   float64  `json:"active"` // customers to expect with a purchase within the horizon
	ActiveLo float64  `json:"active_lo"`
	ActiveHi float64  `json:"active_hi"` // interval of 95 %
	Alive    *float64 `json:"alive"`     // customers to expect who have not left; nil where the model cannot say
	AliveLo  *float64 `json:"alive_lo"`
	AliveHi  *float64 `json:"alive_hi"` // interval of 95 %
}

// BandCount is one band. Intervals are of 95 %; in cards from before there were any their upper ends are 0.
type BandCount struct {
	Band   Band  `json:"band"`
	N      int64 `json:"n"`
	NLo    int64 `json:"n_lo"` // as the parameters and all chances may be off
	NHi    int64 `json:"n_hi"`
	Value  int64 `json:"value"`   // minor units: value to expect within the horizon
	AtRisk int64 `json:"at_risk"` // minor units: value at risk

	AtRiskLo int64   `json:"at_risk_lo"`
	AtRiskHi int64   `json:"at_risk_hi"`
	Buyers   float64 `json:"buyers"` // of them, customers to expect with a purchase within the horizon
	BuyersLo float64 `json:"buyers_lo"`
	BuyersHi float64 `json:"buyers_hi"`
}

// Sales are the sales to expect in the weeks after AsOf, in minor units, with intervals of 95 %.
//
// The interval adds three variances: that of chance (each customer buys more or less often, for more or less), that of the
// parameters, and the mean square of the error the total had in the backtest and in the stretches before it.
type Sales struct {
	Weeks     []Week `json:"weeks"` // 13
	Expected  int64  `json:"expected"`
	Lo        int64  `json:"lo"`
	Hi        int64  `json:"hi"`
	Newcomers int64  `json:"newcomers"` // part of Expected from customers who have not bought yet, as in the last year
}

// Week is the week that begins on a day.
type Week struct {
	Day      clock.Day `json:"day"`
	Expected int64     `json:"expected"`
	Lo       int64     `json:"lo"`
	Hi       int64     `json:"hi"`
}

// Backtest is how all candidates foretold the time from Cut to Until (last day included) from what was known on Cut.
type Backtest struct {
	Cut       clock.Day `json:"cut"`
	Until     clock.Day `json:"until"`
	Customers int       `json:"customers"`
	Actual    float64   `json:"actual"` // purchases
	Active    float64   `json:"active"` // customers who bought
	Value     Foretold  `json:"value"`  // of their purchases
	Rows      []TestRow `json:"rows"`
	Deciles   []Decile  `json:"deciles"`  // of the chosen one, from the lowest chance to the highest
	Tracking  []Tracked `json:"tracking"` // of the model of counts
	Notes     []Notice  `json:"notes,omitempty"`
	Season    *Season   `json:"season,omitempty"` // as it was known on Cut; nil where there were less than two years
}

// Foretold is an amount in minor units: what was foretold, and what came.
type Foretold struct {
	Predicted int64 `json:"predicted"`
	Actual    int64 `json:"actual"`
}

// TestRow is how one candidate did. Numbers of purchases are missing for those that only foretell a chance, and the other way
// round.
type TestRow struct {
	Model      string   `json:"model"`
	Predicted  *float64 `json:"total_predicted"`
	Bias       *float64 `json:"bias_pct"` // of the total, in percent; nil if nothing was bought
	MAE        *float64 `json:"MAE"`
	RMSE       *float64 `json:"RMSE"`
	AUC        *float64 `json:"auc_active"`      // chance to rank who bought above who did not; nil where all are alike
	Brier      *float64 `json:"brier"`           // mean squared error of the chance: the smaller the better; it decides
	ChanceBias *float64 `json:"chance_bias_pct"` // of the number of customers who bought, in percent
	Shift      *float64 `json:"shift"`           // what added to the log odds of every chance makes that number right
	ShiftSE    *float64 `json:"shift_se"`        // its standard error by chance alone
}

// Window is a stretch of time before that of the backtest, foretold in the same way from what was known on Cut: how far the candidates
// were off from stretch to stretch says how far they may be off in the next. In big companies it is told from a sample.
type Window struct {
	Cut    clock.Day `json:"cut"`
	Until  clock.Day `json:"until"`
	Active float64   `json:"active"` // customers who bought
	Value  Foretold  `json:"value"`  // of their purchases, by what foretold numbers best then
	Rows   []TestRow `json:"rows"`
}

// Decile is a tenth of the customers. The interval of 95 % holds chance, and how far the candidate was off in the stretches before
// that of the backtest.
type Decile struct {
	N         int     `json:"n"`
	Predicted float64 `json:"predicted"` // mean chance
	Actual    float64 `json:"actual"`    // share who bought
	Lo        float64 `json:"lo"`
	Hi        float64 `json:"hi"` // within which the share who buy was to be expected
}

// Inside tells whether what happened lies within the interval.
func (d Decile) Inside() bool { return d.Actual >= d.Lo && d.Actual <= d.Hi }

// Tracked is a week: all repeat purchases from the beginning to its end of the customers known on Cut.
type Tracked struct {
	Day      clock.Day `json:"day"` // last day of the week
	Expected float64   `json:"expected"`
	Actual   float64   `json:"actual"`
}

// Cohort are the customers who began within half a year, and what the model says of them alone. Rate and Leaving are pulled
// towards those of all customers, the more the less is known of the cohort.
type Cohort struct {
	From         clock.Day `json:"from"`
	Customers    int64     `json:"customers"`
	Rate         float64   `json:"rate"` // purchases a year while she is a customer, shrunk
	RateAlone    float64   `json:"rate_alone"`
	Leaving      float64   `json:"leaving"` // probability to leave after a purchase, shrunk
	LeavingAlone float64   `json:"leaving_alone"`
	Weight       float64   `json:"weight"` // of the cohort's own data in the shrunk values, 0 to 1
}
