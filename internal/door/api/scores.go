package api

import (
	"context"
	"net/http"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Score is what is foreseen of a customer. Intervals are of 95 %; amounts are in the currency of the company. What is left out
// cannot be told.
type Score struct {
	ID          int64         `json:"id"`
	AsOf        string        `json:"as_of" format:"date"`
	HorizonDays int           `json:"horizon_days"`
	Model       string        `json:"model"`
	Currency    string        `json:"currency"`
	Band        predict.Band  `json:"band" enum:"loyal,promising,new,cooling,at_risk,probably_lost"`
	Active      float64       `json:"p_active"`
	ActiveLo    float64       `json:"p_active_lo"`
	ActiveHi    float64       `json:"p_active_hi"`
	Alive       *float64      `json:"p_alive,omitempty"`
	AliveLo     *float64      `json:"p_alive_lo,omitempty"`
	AliveHi     *float64      `json:"p_alive_hi,omitempty"`
	Expected    float64       `json:"expected_purchases"`
	ExpectedLo  float64       `json:"expected_purchases_lo"`
	ExpectedHi  float64       `json:"expected_purchases_hi"`
	Value       Decimal       `json:"expected_value"`
	ValueLo     Decimal       `json:"expected_value_lo"`
	ValueHi     Decimal       `json:"expected_value_hi"`
	CLV         Decimal       `json:"clv"`
	CLVLo       Decimal       `json:"clv_lo"`
	CLVHi       Decimal       `json:"clv_hi"`
	AtRisk      Decimal       `json:"value_at_risk"`
	AtRiskLo    Decimal       `json:"value_at_risk_lo"`
	AtRiskHi    Decimal       `json:"value_at_risk_hi"`
	AtRiskSince string        `json:"at_risk_since,omitempty" format:"date"`
	Next        string        `json:"next_purchase,omitempty" format:"date"`
	Reasons     []ScoreReason `json:"reasons" nullable:"false"`
}

// ScoreReason is one reason of a score: a code with its numbers, and in words.
type ScoreReason struct {
	Code    string `json:"code"`
	Days    int32  `json:"days,omitempty"`
	Since   string `json:"since,omitempty" format:"date"`
	Silent  int32  `json:"silent_days,omitempty"`
	Count   int32  `json:"count,omitempty"`
	Percent int32  `json:"percent,omitempty"`
	Text    string `json:"text"`
}

func (s *server) addScores() {
	add(s, route{id: "list_scores", method: http.MethodGet, path: "/scores", tag: "scores", scope: auth.ReadReports}, s.listScores)
	add(s, route{id: "get_score", method: http.MethodGet, path: "/scores/{id}", tag: "scores", scope: auth.ReadReports}, s.getScore)
}

func (s *server) listScores(ctx context.Context, c *call, in *PageQuery) (page Page[Score], err error) {
	page.Items = []Score{}
	after, err := in.id()
	if err != nil {
		return page, err
	}
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		o, known, err := predict.Newest(ctx, tx)
		if err != nil || !known {
			return err
		}
		all, err := predict.ScoresAfter(ctx, tx, after, in.Limit)
		for _, f := range all {
			page.Items = append(page.Items, scoreOf(p, o, f))
		}
		if len(all) == in.Limit {
			page.Next = idText(all[len(all)-1].Customer)
		}
		return err
	})
	return page, err
}

func (s *server) getScore(ctx context.Context, c *call, in *IDPath) (found Score, err error) {
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		o, known, err := predict.Newest(ctx, tx)
		if err != nil {
			return err
		}
		of, err := predict.ScoresOf(ctx, tx, []int64{in.ID})
		if err != nil {
			return err
		}
		f, scored := of[in.ID]
		if !known || !scored {
			return fault.New(fault.NotFound, "api.score_unknown", "id", in.ID).On("id")
		}
		found = scoreOf(p, o, f)
		return nil
	})
	return found, err
}

// scoreOf is a score as it is shown, with what the card of the scoring says of all.
func scoreOf(p *i18n.Printer, o predict.Outlook, f predict.Score) Score {
	amount := func(minor int64) Decimal { return Decimal(money.FormatScaled(minor, money.Digits(o.Currency))) }
	out := Score{ID: f.Customer, AsOf: o.AsOf.String(), HorizonDays: o.Horizon, Model: o.Chosen, Currency: o.Currency, Band: f.Band,
		Active: f.Active, ActiveLo: f.ActiveLo, ActiveHi: f.ActiveHi, Alive: f.Alive, AliveLo: f.AliveLo, AliveHi: f.AliveHi,
		Expected: f.Expected, ExpectedLo: f.ExpectedLo, ExpectedHi: f.ExpectedHi,
		Value: amount(f.Value), ValueLo: amount(f.ValueLo), ValueHi: amount(f.ValueHi), CLV: amount(f.CLV), CLVLo: amount(f.CLVLo), CLVHi: amount(f.CLVHi),
		AtRisk: amount(f.AtRisk), AtRiskLo: amount(f.AtRiskLo), AtRiskHi: amount(f.AtRiskHi), AtRiskSince: dayText(f.RiskSince), Next: dayText(f.NextDay), Reasons: []ScoreReason{}}
	for _, r := range f.Reasons {
		var since *clock.Day
		if r.Since != 0 {
			since = &r.Since
		}
		out.Reasons = append(out.Reasons, ScoreReason{Code: r.Code, Days: r.Days, Since: dayText(since), Silent: r.Silent(o.AsOf),
			Count: r.Count, Percent: r.Percent, Text: r.Words(p, o.AsOf)})
	}
	return out
}
